"""The page of a council: written, shown before it is saved, saved by two at once, its pictures, its mail address."""

import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from PIL import Image
from sqlalchemy import func, select

from app import storage
from app.extensions import db
from app.labels import UserStatus, Visibility
from app.models import Council, CouncilLink, CouncilPicture, Document, Publication, Revision, StoredFile
from app.models.types import utcnow
from app.services import contents, fiches, limits
from tests.browse import send, submit
from tests.factories import PASSWORD, make_publication
from tests.test_pages import bytes_on_the_wire

FICHE = "/mon-conseil/fiche"
SAVE, PREVIEW = "Enregistrer", "aperçu"
MINE = "J’ai écrit ceci."


def council_of(cast):
    db.session.expire_all()
    return db.session.get(Council, cast.alice.council_id)


def page_of(client, cast):
    return client.get(f"/conseils/{council_of(cast).slug}").text


def kept(cast):
    """The saved versions, oldest first."""
    query = select(Revision).filter_by(council_id=cast.alice.council_id).where(Revision.number.is_not(None))
    return db.session.scalars(query.order_by(Revision.number)).all()


def image(colour="red", size=(900, 1200), kind="JPEG", name="photo.jpg", **options):
    content = io.BytesIO()
    Image.new("RGB", size, colour).save(content, kind, **options)
    content.seek(0)
    return content, name


def pictures(cast):
    return council_of(cast).pictures


def field_of(picture):
    return f"picture_{picture.id}"


def put_picture(client, cast, words="Une photo du square", colour="red"):
    """Add one picture to the page, and save it."""
    page = submit(client, FICHE, SAVE, files=[image(colour)])
    new = db.session.scalar(select(CouncilPicture).order_by(CouncilPicture.id.desc()))
    assert send(client, page, SAVE, **{field_of(new): words}).status_code == 302
    return new.id


# Writing it --------------------------------------------------------------------------------------------------------


def test_a_member_writes_the_page_and_everybody_reads_it(alice, client, cast):
    answer = submit(
        alice, FICHE, SAVE, description="Nous sommes **douze**.", meetings="Le mardi à 18 h", host="Centre social",
        meeting_place="Salle des fêtes", address="1 rue Haute", phone="04 74 00 00 00", residents="12",
        local_actors="8", recognised_on="25/12/2016", link_label_0="Notre site", link_url_0="www.croix.example",
    )  # fmt: skip
    assert answer.status_code == 302
    page = page_of(client, cast)
    for text in (
        "<strong>douze</strong>", "Le mardi à 18 h", "Centre social", "Salle des fêtes", "1 rue Haute",
        "tel:0474000000", "12 habitants, 8 associations et acteurs locaux", "le 25 décembre 2016",
        'href="https://www.croix.example"', "Vérifiée le",
    ):  # fmt: skip
        assert text in page, text
    assert [revision.author_id for revision in kept(cast)] == [cast.alice.id]


def test_the_form_shows_what_the_page_says_and_saves_it_unchanged(alice, cast):
    submit(alice, FICHE, SAVE, description=MINE, residents="3", recognised_on="2016-12-25", link_url_0="http://a.fr/")
    before = fiches.content_of(council_of(cast))
    answer = submit(alice, FICHE, SAVE)
    assert "Rien n’a changé" in alice.get(answer.location).text
    assert fiches.content_of(council_of(cast)) == before
    assert len(kept(cast)) == 1


def test_what_the_page_said_before_is_a_version_too(alice, cast):
    council = council_of(cast)
    council.description, council.edited_at = "Venu de l’import.", utcnow()
    db.session.commit()
    submit(alice, FICHE, SAVE, description=MINE)
    assert [(row.author_id, row.content["description"]) for row in kept(cast)] == [
        (None, "Venu de l’import."),
        (cast.alice.id, MINE),
    ]
    assert [row.number for row in kept(cast)] == [0, 1]
    shown = alice.get(f"{FICHE}/versions").text
    assert "par le site" in shown and "État avant la première modification" in shown


def test_of_two_first_forms_the_second_keeps_what_it_left_alone_as_it_was_before(alice, bruno, cast):
    council = council_of(cast)
    council.description, council.meetings, council.edited_at = "Venu de l’import.", "Le lundi", utcnow()
    db.session.commit()
    opened = alice.get(FICHE)
    submit(bruno, FICHE, SAVE, description="Bruno est passé.")
    page = send(alice, opened, SAVE, meetings="Le jeudi")
    assert page.status_code == 422 and "Bruno est passé." in page.text
    send(alice, page, SAVE)
    assert (council_of(cast).description, council_of(cast).meetings) == ("Bruno est passé.", "Le jeudi")


@pytest.mark.parametrize("name", ["chloe", "emile"])
def test_a_member_of_another_council_writes_the_page_of_their_own(client_as, cast, name):
    person = getattr(cast, name)
    submit(client_as(person), FICHE, SAVE, description=MINE)
    assert db.session.get(Council, person.council_id).description == MINE
    assert not council_of(cast).description


@pytest.mark.parametrize("name", ["dora", "referent", "animator"])
def test_whoever_is_no_member_neither_opens_nor_sends_it(client_as, cast, name):
    browser = client_as(getattr(cast, name))
    token = {
        "csrf_token": browser.get("/affichage").text.split('name="csrf_token"')[1].split('value="')[1].split('"')[0]
    }
    for path in ("", "/versions", "/versions/1"):
        assert browser.get(FICHE + path).status_code == 403
    for path in ("", "/verification", "/oubli", "/versions/1/retour"):
        assert browser.post(FICHE + path, data=token).status_code == 403
    assert not kept(cast)


@pytest.mark.parametrize(
    ("name", "typed", "sentence"),
    [
        ("email", "croix", "adresse électronique complète"),
        ("phone", "appelez-moi", "Écrivez un numéro de téléphone"),
        ("residents", "douze", "en chiffres"),
        ("residents", "99999", "en chiffres"),
        ("local_actors", "-1", "en chiffres"),
        ("recognised_on", "31/02/2016", "Écrivez le jour"),
        ("recognised_on", "01/01/2090", "pas encore passée"),
        ("link_url_0", "javascript:alert(1)", "adresse entière"),
        ("link_url_0", "https://[", "adresse entière"),
        ("link_url_0", "https://moi@site.fr", "adresse entière"),
        ("link_label_0", "Un nom sans adresse", "Écrivez l’adresse de la page"),
        ("meetings", "x" * 10_000, "300 caractères"),
        ("phone", "0" * 10_000, "20 caractères"),
        ("link_url_0", "https://a.fr/" + "x" * 10_000, "500 caractères"),
        ("charter", "12", "plus dans la liste"),
        ("description", "[" * 400, "signes"),
        ("description", "x" * 20_001, "Coupez-le en deux"),
    ],
)
def test_what_will_not_do_is_refused_with_a_sentence_and_kept_in_the_form(alice, cast, name, typed, sentence):
    page = submit(alice, FICHE, SAVE, **{"description": MINE, name: typed})
    assert page.status_code == 422
    assert "<title>Erreur : " in page.text and sentence in page.text
    assert name == "description" or MINE in page.text
    assert not kept(cast)


def test_ten_thousand_characters_with_strange_signs_are_a_description(alice, client, cast):
    text = (
        "Bonjour \U0001f600 \u202eà tous\0 <script>alert(1)</script> [x](javascript:alert(1))\r\n\r\n" + "mot " * 2400
    )[:10_000]
    assert submit(alice, FICHE, SAVE, description=text).status_code == 302
    page = page_of(client, cast)
    assert "<script" not in page and "javascript:" not in page
    assert "\0" not in page and "\u202e" not in page
    assert submit(alice, FICHE, SAVE).status_code == 302
    assert len(kept(cast)) == 1  # the same text comes back from the form


# Seen before it is saved -------------------------------------------------------------------------------------------


def test_a_preview_shows_the_page_and_saves_nothing(alice, client, cast):
    answer = submit(alice, FICHE, PREVIEW, description="Nous sommes **treize**.", residents="13", email="a@b.fr")
    assert answer.location == f"{FICHE}?apercu=1"  # one comes back to it from elsewhere without sending it again
    page = alice.get(answer.location)
    assert "Pas encore enregistré" in page.text and "ne se montre qu’à qui la demande" in page.text
    assert "<strong>treize</strong>" in page.text and "13 habitants" in page.text
    assert "treize" not in page_of(client, cast)
    assert not kept(cast)
    assert send(alice, page, SAVE).status_code == 302
    assert "<strong>treize</strong>" in page_of(client, cast)
    assert db.session.scalar(select(func.count()).select_from(Revision)) == 1


def test_what_was_only_previewed_waits_for_its_author_alone(alice, bruno, cast):
    submit(alice, FICHE, PREVIEW, description=MINE)
    assert "la reprendre" in alice.get(FICHE).text
    assert MINE not in alice.get(FICHE).text
    assert "la reprendre" not in bruno.get(FICHE).text
    assert MINE in alice.get(f"{FICHE}?reprise=1").text
    assert MINE not in bruno.get(f"{FICHE}?reprise=1").text
    assert submit(alice, f"{FICHE}?reprise=1", SAVE).status_code == 302
    assert council_of(cast).description == MINE
    assert "la reprendre" not in alice.get(FICHE).text


def test_what_was_only_previewed_can_be_forgotten(alice, cast):
    submit(alice, FICHE, PREVIEW, description=MINE)
    submit(alice, FICHE, "L’oublier")
    assert "la reprendre" not in alice.get(FICHE).text
    assert db.session.scalar(select(func.count()).select_from(Revision)) == 0


def test_what_waited_while_another_saved_is_noticed(alice, bruno, cast):
    submit(alice, FICHE, PREVIEW, description=MINE)
    submit(bruno, FICHE, SAVE, description="Bruno est passé.")
    page = submit(alice, f"{FICHE}?reprise=1", SAVE)
    assert page.status_code == 422
    assert council_of(cast).description == "Bruno est passé."


# Two at once -------------------------------------------------------------------------------------------------------


def test_of_two_tabs_the_second_sees_what_the_first_changed_and_decides(alice, bruno, cast):
    submit(alice, FICHE, SAVE, description="Nous sommes douze habitants.", meetings="Le mardi")
    opened = alice.get(FICHE)
    submit(bruno, FICHE, SAVE, description="Nous sommes treize habitants.")
    page = send(alice, opened, SAVE, meetings="Le jeudi")
    assert page.status_code == 422
    assert "La fiche a changé pendant que vous écriviez" in page.text and "Bruno Petit" in page.text
    assert "<del><i>[retiré : </i>douze<i>]</i></del><ins><i>[ajouté : </i>treize<i>]</i></ins>" in page.text
    assert "Le jeudi" in page.text
    assert council_of(cast).meetings == "Le mardi"
    assert send(alice, page, SAVE).status_code == 302
    council = council_of(cast)
    assert (council.meetings, council.description) == ("Le jeudi", "Nous sommes treize habitants.")
    assert len(kept(cast)) == 3


def test_what_both_tabs_changed_is_the_choice_of_the_second(alice, bruno, cast):
    number = put_picture(alice, cast)
    opened = alice.get(FICHE)
    other = put_picture(bruno, cast, "La fontaine", colour="blue")
    submit(bruno, FICHE, SAVE, description="Nous sommes treize.", **{f"drop_{number}": "y"})
    page = send(alice, opened, SAVE, description=MINE)
    assert MINE in page.text and "treize" in page.text and 'value="La fontaine"' in page.text
    assert "la reprendre" in alice.get(FICHE).text  # closing the page here would lose nothing
    assert send(alice, page, SAVE).status_code == 302
    assert council_of(cast).description == MINE
    assert [picture.id for picture in pictures(cast)] == [other]


def test_a_double_click_makes_one_version(alice, cast):
    opened = alice.get(FICHE)
    answers = [send(alice, opened, SAVE, description=MINE).status_code for _ in range(2)]
    assert answers == [302, 302]
    assert len(kept(cast)) == 1


@pytest.mark.parametrize("start", ["", "1.0", "x", "1.99999999999999999999", "99.0", "\0"])
def test_a_form_that_does_not_tell_what_it_started_from_overwrites_nothing(alice, cast, start):
    submit(alice, FICHE, SAVE, description="Déjà là.")
    page = submit(alice, FICHE, SAVE, description=MINE, start=start)
    assert page.status_code == 422
    assert council_of(cast).description == "Déjà là."


def test_a_member_suspended_meanwhile_writes_nothing(alice, cast):
    opened = alice.get(FICHE)
    cast.alice.status = UserStatus.SUSPENDED
    db.session.commit()
    assert send(alice, opened, SAVE, description=MINE).status_code == 403
    assert not council_of(cast).description


def test_a_member_suspended_while_the_text_was_laid_out_writes_nothing(alice, cast, monkeypatch):
    def suspend(content):
        cast.alice.status = UserStatus.SUSPENDED
        db.session.commit()
        return ""

    opened = alice.get(FICHE)
    monkeypatch.setattr(fiches, "html_of", suspend)
    assert send(alice, opened, SAVE, description=MINE).status_code == 403
    assert not council_of(cast).description and not kept(cast)


def test_a_member_who_changed_councils_does_not_write_on_the_page_of_the_new_one(alice, cast):
    opened = alice.get(FICHE)
    cast.alice.council_id = cast.chloe.council_id
    db.session.commit()
    page = send(alice, opened, SAVE, description=MINE)
    assert page.status_code == 422 and MINE in page.text
    assert not cast.chloe.council.description


def test_a_text_whose_session_has_expired_is_brought_back_after_the_login(alice, cast):
    opened = alice.get(FICHE)
    with alice.session_transaction() as session:
        del session["_user_id"]
    origin = {"Referer": "http://localhost/mon-conseil/fiche"}
    data = {"description": MINE, "start": "x", "link_label_0": "Notre site", "link_url_0": "http://a.fr/"}
    page = alice.post(FICHE, data=data, headers=origin)
    assert page.status_code == 403 and "Rien de ce que vous avez écrit n’est perdu" in page.text
    page = send(alice, page, "Se connecter", email=cast.alice.email, password=PASSWORD)
    assert MINE in page.text
    page = send(alice, page, "Reprendre mon texte")
    assert page.status_code == 200 and MINE in page.text and not kept(cast)
    page = send(alice, page, SAVE)
    assert page.status_code == 422 and MINE in page.text  # it had not told what it started from
    assert send(alice, page, SAVE).status_code == 302
    assert council_of(cast).links[0].url == "http://a.fr/"
    assert opened.status_code == 200


# Verified ----------------------------------------------------------------------------------------------------------


def test_a_member_says_that_all_is_right_and_the_page_shows_how_long_ago(alice, client, cast):
    submit(alice, FICHE, SAVE, description=MINE)
    submit(alice, FICHE, "Tout est juste")
    assert council_of(cast).verified_at > utcnow() - timedelta(minutes=1)
    council_of(cast).verified_at = datetime(2026, 3, 3, 12, tzinfo=UTC)
    db.session.commit()
    with time_machine.travel("2026-03-20T12:00:00Z", tick=False):
        before = page_of(client, cast)
    with time_machine.travel("2026-11-20T12:00:00Z", tick=False):
        after = page_of(client, cast)
    assert "3 mars 2026</time>. " in before
    assert "3 mars 2026</time>, il y a 8\N{NO-BREAK SPACE}mois" in after


def test_a_page_that_nobody_verified_for_a_year_asks_its_members(alice, client, client_as, cast):
    council = council_of(cast)
    council.edited_at = council.verified_at = utcnow() - timedelta(days=400)
    db.session.commit()
    asked = "depuis plus d’un an"
    assert asked in page_of(alice, cast)
    assert asked not in page_of(client, cast) and asked not in page_of(client_as(cast.chloe), cast)
    submit(alice, f"/conseils/{council.slug}", "Tout est juste")
    assert asked not in page_of(alice, cast)
    assert not kept(cast)


# Pictures ----------------------------------------------------------------------------------------------------------


def test_a_picture_is_described_before_it_is_shown(alice, client, cast):
    page = submit(alice, FICHE, SAVE, files=[image(), image("blue")], description=MINE)
    assert page.status_code == 200
    assert "2 images reçues" in page.text and MINE in page.text
    assert not pictures(cast) and not kept(cast)
    files = db.session.scalars(select(StoredFile)).all()
    for file in files:
        address = f"/fichiers/{file.id}/{file.name}"
        assert (alice.get(address).status_code, client.get(address).status_code) == (200, 404)
    first, second = db.session.scalars(select(CouncilPicture).order_by(CouncilPicture.id)).all()
    page = send(alice, page, SAVE, **{field_of(first): "Le square"})
    assert page.status_code == 422 and "Écrivez ce que l’on voit" in page.text and "Le square" in page.text
    assert send(alice, page, SAVE, **{field_of(second): "La fontaine"}).status_code == 302
    assert [picture.alternative for picture in pictures(cast)] == ["Le square", "La fontaine"]
    shown = page_of(client, cast)
    assert 'alt="Le square"' in shown and client.get(f"/fichiers/{files[0].id}/{files[0].name}").status_code == 200


def test_a_picture_is_made_to_fit_and_loses_what_it_says_beside(alice, cast):
    exif = Image.Exif()
    exif[0x8825] = {1: "N", 2: (45.0, 0.0, 0.0)}
    submit(alice, FICHE, SAVE, files=[image(size=(3000, 3000), exif=exif)])
    file = db.session.scalar(select(StoredFile))
    made = Image.open(storage.path(file.digest))
    assert (made.format, made.size, dict(made.getexif())) == ("WEBP", (800, 800), {})
    assert (file.width, file.height) == made.size


def test_a_picture_without_words_is_previewed_and_asks_for_them_at_the_save(alice, cast):
    answer = submit(alice, FICHE, PREVIEW, files=[image()], description=MINE)
    (new,) = db.session.scalars(select(CouncilPicture))
    page = alice.get(answer.location)
    assert page.text.count(new.file.name) == 2 and MINE in page.text  # in the preview, and in the form
    page = send(alice, page, SAVE)
    assert page.status_code == 422 and "Écrivez ce que l’on voit" in page.text
    assert send(alice, page, SAVE, **{field_of(new): "Le square"}).status_code == 302
    assert [picture.id for picture in pictures(cast)] == [new.id]


def test_what_is_no_picture_is_refused_with_its_name_and_the_good_ones_are_kept(alice, cast):
    bad = io.BytesIO(b"<svg xmlns='http://www.w3.org/2000/svg'></svg>")
    page = submit(alice, FICHE, SAVE, files=[image(), (bad, "dessin.svg")], description=MINE)
    assert page.status_code == 422
    assert "« dessin.svg » : Ce fichier n’est pas une photo" in page.text
    assert "1 image reçue" in page.text and MINE in page.text
    assert db.session.scalar(select(func.count()).select_from(CouncilPicture)) == 1


def test_an_error_elsewhere_keeps_the_pictures_that_were_sent(alice, cast):
    page = submit(alice, FICHE, SAVE, files=[image()], email="croix")
    new = db.session.scalar(select(CouncilPicture))
    assert page.status_code == 422 and page.text.count("Écrivez ce que l’on voit") == 2  # in the list, and beside it
    assert send(alice, page, SAVE, email="croix@a.fr", **{field_of(new): "Le square"}).status_code == 302
    assert [picture.id for picture in pictures(cast)] == [new.id]


def test_six_pictures_are_enough(alice, cast):
    page = submit(
        alice, FICHE, SAVE, files=[image(colour) for colour in ("red", "blue", "green", "pink", "gray", "tan", "gold")]
    )
    assert page.status_code == 422 and "6 images au plus" in page.text
    assert db.session.scalar(select(func.count()).select_from(CouncilPicture)) == 6


def test_a_picture_is_retired_by_a_tick_and_stays_for_the_members(alice, client, cast):
    number = put_picture(alice, cast)
    file = db.session.get(CouncilPicture, number).file
    address = f"/fichiers/{file.id}/{file.name}"
    submit(alice, FICHE, SAVE, **{f"drop_{number}": "y"})
    assert not pictures(cast)
    assert (alice.get(address).status_code, client.get(address).status_code) == (200, 404)


def test_a_picture_of_another_council_is_not_taken(alice, client_as, cast):
    number = put_picture(client_as(cast.chloe), cast)
    page = submit(alice, FICHE, SAVE, description=MINE, **{f"picture_{number}": "La leur"})
    assert page.status_code == 422 and "a été effacée entre-temps" in page.text
    assert not pictures(cast)
    assert db.session.get(CouncilPicture, number).alternative == "Une photo du square"


def test_pictures_sent_with_an_old_token_are_not_kept(alice, cast):
    page = submit(alice, FICHE, SAVE, files=[image()], csrf_token="faux", description=MINE)  # noqa: S106
    assert page.status_code == 422
    assert "Choisissez vos images encore une fois" in page.text and MINE in page.text
    assert db.session.scalar(select(func.count()).select_from(CouncilPicture)) == 0


def test_too_many_pictures_in_a_day_are_refused(alice, cast, monkeypatch):
    monkeypatch.setattr(fiches, "receive", lambda council, made: [])
    monkeypatch.setattr(limits, "COUNCIL_PICTURES", replace(limits.COUNCIL_PICTURES, most=2))
    for _ in range(2):
        page = submit(alice, FICHE, SAVE, files=[image(size=(60, 60))])
    assert "recommencez demain" not in page.text
    page = submit(alice, FICHE, SAVE, files=[image(size=(60, 60))])
    assert page.status_code == 422 and "recommencez demain" in page.text


def test_pictures_on_no_page_go_after_thirty_days(alice, cast):
    on_page, taken_off = put_picture(alice, cast), put_picture(alice, cast, colour="blue")
    submit(alice, FICHE, SAVE, **{f"drop_{taken_off}": "y"})
    digest = db.session.get(CouncilPicture, taken_off).file.digest
    with time_machine.travel(utcnow() + timedelta(days=29), tick=False):
        assert fiches.purge() == []
    with time_machine.travel(utcnow() + timedelta(days=31), tick=False):
        assert fiches.purge() == [digest]
        assert fiches.purge() == []
    contents.delete_unused([digest])
    assert not storage.path(digest).exists()
    assert db.session.scalars(select(CouncilPicture.id)).all() == [on_page]
    assert db.session.scalar(select(func.count()).select_from(StoredFile)) == 1


# The charter -------------------------------------------------------------------------------------------------------


def test_one_document_is_the_charter_and_only_its_readers_see_its_link(alice, client, cast):
    first = make_publication(Document, cast.alice, title="Notre charte", level=Visibility.PUBLIC)
    second = make_publication(Document, cast.bruno, title="La charte des membres", level=Visibility.MEMBERS)
    make_publication(Document, cast.chloe, title="Celle des autres", level=Visibility.PUBLIC)
    make_publication(Document, cast.alice, title="Un brouillon", published_at=None)
    db.session.commit()
    offered = alice.get(FICHE).text
    assert "Notre charte" in offered and "La charte des membres" in offered
    assert "Celle des autres" not in offered and "Un brouillon" not in offered
    submit(alice, FICHE, SAVE, charter=str(first.id))
    assert "Notre charte" in page_of(client, cast)
    submit(alice, FICHE, SAVE, charter=str(second.id))
    assert "La charte des membres" in page_of(alice, cast)
    assert "La charte des membres" not in page_of(client, cast)
    chosen = db.session.scalars(select(Publication.id).where(Publication.is_charter)).all()
    assert chosen == [second.id]
    submit(alice, FICHE, SAVE, charter="")
    assert not db.session.scalars(select(Publication.id).where(Publication.is_charter)).all()


# The mail address --------------------------------------------------------------------------------------------------


def test_the_mail_address_is_on_no_page_that_robots_read(client, alice, client_as, cast):
    dora = client_as(cast.dora)
    submit(alice, FICHE, SAVE, email="croix@essai.example")
    slug = council_of(cast).slug
    for address in (
        f"/conseils/{slug}",
        f"/conseils/{slug}/courriel",
        "/donnees/conseils.csv",
        "/donnees/conseils.geojson",
    ):
        assert "croix@essai.example" not in client.get(address).text, address
    assert "croix@essai.example" not in dora.get(f"/conseils/{slug}").text
    assert f"/conseils/{slug}/courriel" in page_of(client, cast)
    assert "mailto:croix@essai.example" in page_of(alice, cast)
    assert "mailto:croix@essai.example" in submit(client, f"/conseils/{slug}/courriel").text


def test_mail_addresses_are_shown_thirty_times_an_hour_to_a_network(client, alice, cast):
    submit(alice, FICHE, SAVE, email="croix@essai.example")
    address = f"/conseils/{council_of(cast).slug}/courriel"
    pages = [submit(client, address) for _ in range(31)]
    assert "mailto:" in pages[29].text
    assert pages[30].status_code == 429 and "mailto:" not in pages[30].text
    assert "Trop d’essais" in pages[30].text or "trop d’essais" in pages[30].text
    assert pages[30].headers["Retry-After"]


def test_a_council_without_an_address_says_so(client, cast):
    page = client.get(f"/conseils/{council_of(cast).slug}/courriel")
    assert page.status_code == 200 and "pas donné d’adresse" in page.text


# Costs -------------------------------------------------------------------------------------------------------------


def fill(cast):
    """Write as much on the page as there is room for."""
    council = council_of(cast)
    council.description = "\n\n".join(f"## Titre {n}\n\nNous avons vu {n} personnes au square {n}." for n in range(60))
    council.description_html, council.edited_at = f"<p>{council.description}</p>", utcnow()
    council.links = [CouncilLink(label=f"Lien {n}", url=f"https://a.fr/{n}", position=n) for n in range(15)]
    for number in range(6):
        council.pictures.append(
            CouncilPicture(
                alternative=f"Image {number}",
                position=number,
                file=StoredFile(digest=f"{number}" * 64, name="a.webp", media_type="image/webp", size=9),
            )
        )
    for number in range(40):
        make_publication(Document, cast.alice, title=f"Document {number} du conseil", level=Visibility.PUBLIC)
    db.session.commit()


def test_the_form_and_the_page_cost_few_queries_and_few_bytes(alice, client, cast, queries):
    fill(cast)
    page_of(client, cast)  # the directory is read once
    packed = {"Accept-Encoding": "gzip"}
    for browser, address in (
        (alice, FICHE),
        (alice, f"/conseils/{cast.council.slug}"),
        (client, f"/conseils/{cast.council.slug}"),
    ):
        queries.clear()
        page = browser.get(address, headers=packed)
        assert page.status_code == 200
        assert len(queries) <= 12, address
        assert bytes_on_the_wire(page) <= 14_000, address
