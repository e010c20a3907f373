"""Documents that several people write, as their author makes them: the form, its two ways of writing, and the texts to
start from."""

import io
import re

import pytest
from sqlalchemy import select

from app.extensions import db
from app.labels import Channel, SideReason, Visibility
from app.markup import MAX_LENGTH, render, render_parts
from app.models import Address, Adoption, Document, Follow, Revision, SideVersion, User
from app.models.types import utcnow
from app.notifications import outbox
from app.packing import pack
from app.services import publishing, revisions, starters
from tests.browse import send, submit
from tests.factories import make_group
from tests.samples import PDF
from tests.test_pages import bytes_on_the_wire

NEW = "/mon-conseil/documents/nouveau"
TEXT = "Avant.\n\n## Qui\n\nNous.\n\n## Où\n\nIci."
LONG = "\n\n".join(f"## Partie {number}\n\n{'mot ' * 4000}fin." for number in range(12))  # 190 000 characters


def only():
    db.session.expire_all()
    return db.session.scalars(select(Document)).one()


def only_of(title):
    return db.session.scalars(select(Document).filter_by(title=title)).one()


def address(item, view="modifier"):
    return f"/{item.path}/{item.id}-{item.slug}/{view}"


def versions_of(item):
    saved = select(Revision).filter_by(publication_id=item.id).where(Revision.number.is_not(None))
    return db.session.scalars(saved.order_by(Revision.number)).all()


@pytest.fixture
def document(alice):
    """A document that several people write, just published by Alice."""
    submit(alice, NEW, "Publier", title="La charte", description=TEXT, is_collaborative="together")
    return only()


def adopt(item, **columns):
    db.session.add(Adoption(publication_id=item.id, number=1, adopted_on=utcnow().date(), **columns))
    db.session.commit()


# The two ways of writing ------------------------------------------------------------------------------------------


def test_a_document_is_classic_unless_its_author_says_else(alice):
    page = alice.get(NEW).text
    assert "Qui écrit la description ?" in page and "Classique" in page and "Collaboratif" in page
    submit(alice, NEW, "Publier", title="La charte", description="Du **vert**.")
    item = only()
    assert not item.is_collaborative and not item.groups_write
    assert item.description_html == render("Du **vert**.")
    assert 'name="description"' in alice.get(address(item)).text


def test_what_several_write_is_rendered_part_by_part_and_followed_by_its_author(cast, alice, document):
    assert document.is_collaborative and document.description == TEXT
    assert document.description_html == render_parts(TEXT)
    (first,) = versions_of(document)
    assert first.text == TEXT and "description" not in first.fields
    follows = db.session.execute(select(Follow.user_id, Follow.is_on)).all()
    assert follows == [(cast.alice.id, True)]
    assert "La description s’écrit maintenant à plusieurs" in alice.get("/mon-profil").text


def test_nothing_of_an_action_or_an_event_asks_who_writes(alice):
    for kind in ("actions", "evenements"):
        assert "is_collaborative" not in alice.get(f"/mon-conseil/{kind}/nouveau").text


def test_groups_are_asked_about_only_where_there_are_some(cast, alice):
    assert "groups_write" not in alice.get(NEW).text
    group = make_group("Quartiers ensemble", cast.council, cast.chloe.council)
    db.session.commit()
    fields = {"is_collaborative": "together", "groups_write": "y", "level": "groups", "groups": [str(group.id)]}
    submit(alice, NEW, "Publier", title="La charte", **fields)
    assert only().groups_write and only().level == Visibility.GROUPS
    assert "et ceux des groupes choisis" in alice.get("/mon-profil").text
    submit(alice, address(only()), "Enregistrer", groups_write=None)
    assert not only().groups_write


@pytest.mark.parametrize("button", ["Garder en brouillon", "Voir l’aperçu"])
def test_while_it_is_a_draft_its_author_writes_it_in_the_form(alice, button):
    fields = {"title": "La charte", "description": TEXT, "is_collaborative": "together"}
    page = alice.get(submit(alice, NEW, button, **fields).location)
    assert only().is_draft and only().is_collaborative
    assert 'name="description"' in page.text and re.search(
        r'value="together"[^>]*checked|checked[^>]*together', page.text
    )
    send(alice, page, "Publier", description=TEXT + "\n\n## Quand")
    assert only().published_at and only().description.endswith("## Quand")


def test_a_long_text_is_right_for_several_and_too_long_for_one(alice):
    answer = submit(alice, NEW, "Publier", title="Long", description=LONG)
    assert answer.status_code == 422 and "caractères" in answer.text
    assert send(alice, answer, "Voir l’aperçu", is_collaborative="together").status_code == 302
    assert only().description == LONG
    page = alice.get(address(only()) + "?apercu=1")
    assert "Partie 11" in page.text
    assert send(alice, page, "Publier").status_code == 302
    assert versions_of(only())[0].text == LONG


def test_the_longest_text_passes_in_any_alphabet(alice):
    text = "\n\n".join(f"# {number}\n\n{'ⴰⴱⴳ ' * 4500}" for number in range(13)).strip()
    data = {"title": "Long", "description": text, "is_collaborative": "together", "act": "draft"}
    page = alice.get(NEW)
    token = re.search(r'name="csrf_token" [^>]*value="([^"]+)"', page.text)[1]
    data |= {"csrf_token": token, "level": "council"}
    answer = alice.post(NEW, data=data, content_type="multipart/form-data")
    assert answer.status_code == 302 and len(only().description) > 230_000


# The form of what is published ------------------------------------------------------------------------------------


def test_once_it_is_published_the_form_leaves_the_description_to_its_own_page(alice, document):
    page = alice.get(address(document)).text
    assert 'name="description"' not in page and f'href="{address(document, "ecrire")}"' in page
    assert 'name="title"' in page and 'name="lost"' not in page


def test_what_others_wrote_meanwhile_stays_when_the_author_changes_the_rest(alice, document):
    opened = alice.get(address(document))
    document.description, document.description_html = TEXT + "\n\nBruno.", "<p>Bruno.</p>"
    db.session.commit()
    assert (
        send(alice, opened, "Enregistrer", title="Notre charte", level="public", confirmed="public").status_code == 302
    )
    item = only()
    assert (item.title, item.level, item.description) == ("Notre charte", Visibility.PUBLIC, TEXT + "\n\nBruno.")
    assert item.description_html == "<p>Bruno.</p>"
    assert [one.text for one in versions_of(item)] == [TEXT, TEXT + "\n\nBruno."]
    assert versions_of(item)[1].content["title"] == "Notre charte"


def test_saving_the_same_changes_nothing(alice, document):
    before = document.version
    submit(alice, address(document), "Enregistrer")
    assert (only().version, only().edited_at, len(versions_of(only()))) == (before, None, 1)


def test_a_preview_of_the_rest_shows_the_text_and_keeps_it_out_of_what_is_set_aside(cast, alice, document):
    answer = submit(alice, address(document), "Voir l’aperçu", title="Notre charte")
    page = alice.get(answer.location)
    assert "<h2>Notre charte</h2>" in page.text and "Nous." in page.text and only().title == "La charte"
    assert "description" not in revisions.unsaved(only(), cast.alice).content
    only().description = TEXT + "\n\nBruno."
    db.session.commit()
    resumed = alice.get(address(only()) + "?reprise=1")
    assert "Notre charte" in resumed.text and 'name="lost"' not in resumed.text
    send(alice, resumed, "Enregistrer")
    assert only().title == "Notre charte" and only().description.endswith("Bruno.")


def test_two_tabs_that_change_the_rest_compare_no_description(alice, document):
    other = alice.get(address(document))
    submit(alice, address(document), "Enregistrer", title="Notre charte")
    page = send(alice, other, "Enregistrer", summary="Les règles")
    assert page.status_code == 422 and "<h2>Ce qui change avec votre texte</h2>" in page.text
    told = page.text[page.text.index("Ce qui change") : page.text.index('id="ecrire"')]
    assert "Notre" in told and "Description" not in told and "Qui écrit" not in told


def test_a_form_sent_twice_publishes_once_and_loses_nothing(alice):
    opened = alice.get(NEW)
    fields = {"title": "La charte", "description": TEXT, "is_collaborative": "together"}
    for _ in range(2):
        assert send(alice, opened, "Publier", **fields).status_code == 302
    assert only().description == TEXT and len(versions_of(only())) == 1


# From one way to the other ----------------------------------------------------------------------------------------


def test_a_published_document_is_given_to_all_and_taken_back(cast, alice):
    submit(alice, NEW, "Publier", title="La charte", description=TEXT)
    only().origins = [1]  # of a time when it was written by several already
    db.session.commit()
    submit(alice, address(only()), "Enregistrer", is_collaborative="together", description=TEXT + "\n\nFin.")
    item = only()
    assert item.is_collaborative and item.description_html == render_parts(TEXT + "\n\nFin.") and item.origins is None
    assert "tous les membres de votre conseil peuvent la modifier" in alice.get("/mon-profil").text
    assert [one.text for one in versions_of(item)] == [TEXT, TEXT + "\n\nFin."]
    submit(alice, address(item), "Enregistrer", is_collaborative="classic")
    assert not only().is_collaborative and only().description == TEXT + "\n\nFin."
    assert "la seule personne à pouvoir modifier" in alice.get("/mon-profil").text
    submit(alice, address(only()), "Enregistrer", description="Court.")
    assert [one.text for one in versions_of(only())][-1] == "Court."


def test_a_form_opened_before_it_was_given_to_all_overwrites_nothing_and_loses_nothing(alice):
    submit(alice, NEW, "Publier", title="La charte", description=TEXT)
    item = only()
    other = alice.get(address(item))
    submit(alice, address(item), "Enregistrer", is_collaborative="together")
    page = send(alice, other, "Enregistrer", summary="Les règles", description="Mon long travail.")
    assert page.status_code == 422 and "Copiez ce dont vous avez besoin" in page.text
    assert re.search(r"<textarea[^>]*readonly[^>]*>\s*Mon long travail\.</textarea>", page.text)
    assert only().description == TEXT and only().is_collaborative
    shown = send(alice, page, "Enregistrer")  # something else was saved since: the form says so, once more
    assert shown.status_code == 422 and "Mon long travail." in shown.text
    assert send(alice, shown, "Enregistrer").status_code == 302
    assert (only().summary, only().description, only().is_collaborative) == ("Les règles", TEXT, True)


@pytest.mark.parametrize("button", ["Voir l’aperçu", "Enregistrer"])
def test_what_is_given_to_all_between_the_look_and_the_lock_is_not_overwritten(alice, monkeypatch, button):
    submit(alice, NEW, "Publier", title="La charte", description=TEXT)
    item, rendered = only(), publishing.rendered

    def meanwhile(*arguments, **options):
        monkeypatch.undo()
        item.is_collaborative = True
        db.session.commit()
        return rendered(*arguments, **options)

    monkeypatch.setattr(publishing, "rendered", meanwhile)
    page = submit(alice, address(item), button, description="Mon long travail.")
    if page.status_code == 302:  # a preview: what was typed is set aside, and shown
        page = alice.get(page.location)
    assert "Mon long travail." in page.text and "readonly" in page.text
    assert only().description == TEXT and only().is_collaborative


def test_a_form_that_has_not_touched_the_description_says_what_it_would_take_back(alice):
    submit(alice, NEW, "Publier", title="La charte", description=TEXT)
    other = alice.get(address(only()))
    submit(alice, address(only()), "Enregistrer", is_collaborative="together")
    page = send(alice, other, "Enregistrer", title="Notre charte")
    assert page.status_code == 422 and "Qui écrit la description" in page.text
    assert only().is_collaborative and only().title == "La charte"


def test_what_was_adopted_stays_with_all(alice, document):
    adopt(document)
    page = submit(alice, address(document), "Enregistrer", is_collaborative="classic", level="public")
    assert page.status_code == 422 and "Rouvrez-le d’abord, sur la page de ses versions" in page.text
    assert only().is_collaborative
    assert send(alice, send(alice, page, "Enregistrer"), "Oui, ouvrir à tout le monde").status_code == 302
    assert only().level == Visibility.PUBLIC and only().is_collaborative


@pytest.mark.parametrize("field", ["title", "summary"])
def test_what_was_adopted_keeps_its_title_and_its_summary_until_it_is_reopened(alice, document, field):
    adopt(document)
    before = getattr(document, field)
    form = alice.get(address(document)).text
    assert "Ce document est adopté depuis le" in form and "Écrire dans la description" not in form
    assert f'href="{address(document, "versions")}"' in form
    page = submit(alice, address(document), "Enregistrer", **{field: "Tout autre chose"}, is_charter="y")
    assert page.status_code == 422 and "Tout autre chose" in page.text
    assert "Ce document est adopté : son titre et son résumé ne changent plus." in page.text
    assert getattr(only(), field) == before and not only().is_charter
    assert send(alice, page, "Enregistrer", **{field: before}).status_code == 302
    assert only().is_charter and len(versions_of(only())) == 1
    adoption = db.session.scalars(select(Adoption)).one()
    adoption.lifted_at = utcnow()
    db.session.commit()
    assert submit(alice, address(only()), "Enregistrer", **{field: "Tout autre chose"}).status_code == 302
    assert getattr(only(), field) == "Tout autre chose"


def test_the_files_of_what_was_adopted_may_change_and_its_folder_too(alice, document):
    adopt(document)
    fields = {"new_folder": "Nos règles", "files": (io.BytesIO(PDF), "annexe.pdf")}
    assert submit(alice, address(document), "Enregistrer", **fields).status_code == 302
    assert only().folder.name == "Nos règles" and "annexe.pdf" in alice.get(address(only())).text


def test_an_adoption_that_was_lifted_holds_nobody(alice, document):
    adopt(document, lifted_at=utcnow())
    submit(alice, address(document), "Enregistrer", is_collaborative="classic")
    assert not only().is_collaborative


@pytest.mark.parametrize("reason,closed,is_collaborative", [
    (SideReason.CONFLICT, False, True), (SideReason.ADOPTED, False, True), (SideReason.CONFLICT, True, False),
    (SideReason.PREVIEW, False, False),
])  # fmt: skip
def test_texts_that_wait_beside_it_are_not_left_behind(cast, alice, document, reason, closed, is_collaborative):
    columns = {"publication_id": document.id, "author_id": cast.bruno.id, "base_number": 1, "key": "k", "title": ""}
    columns["closed_at"] = utcnow() if closed else None
    db.session.add(SideVersion(reason=reason, packed=pack("De Bruno."), **columns))
    db.session.commit()
    page = submit(alice, address(document), "Enregistrer", is_collaborative="classic")
    assert only().is_collaborative == is_collaborative == ("Des textes sont encore en attente d’un choix" in page.text)


def test_a_text_too_long_for_one_stays_with_all(alice, document):
    document.description = "a" * (MAX_LENGTH + 1)
    db.session.commit()
    page = submit(alice, address(document), "Enregistrer", is_collaborative="classic")
    assert page.status_code == 422 and "Ce document reste collaboratif." in page.text and only().is_collaborative


# Groups that write ------------------------------------------------------------------------------------------------


WARNED = "Ils verront aussi les anciennes versions."


def test_letting_groups_write_what_is_published_is_asked_first_and_says_that_they_see_all_versions(cast, alice):
    group = make_group("Quartiers ensemble", cast.council, cast.chloe.council)
    db.session.commit()
    together = {"title": "La charte", "is_collaborative": "together", "level": "groups", "groups": [str(group.id)]}
    submit(alice, NEW, "Publier", **together)
    form = alice.get(address(only())).text
    assert WARNED in form and "Vous pourrez changer d’avis." in form and "dès que le document sera publié" not in form
    assert form.index("Quels groupes ?") < form.index('name="groups_write"') < form.index("n’importe quel conseil")
    page = submit(alice, address(only()), "Enregistrer", groups_write="y")
    assert page.status_code == 200 and "Ouvrir à plus de personnes" in page.text and not only().groups_write
    question = page.text[page.text.index("Ouvrir à plus") : page.text.index("Rien n’est encore changé")]
    assert WARNED in question and "pourront le lire et l’écrire" in question
    assert send(alice, page, "Oui, laisser écrire ces groupes").status_code == 302
    assert only().groups_write and "Ils voient aussi ses anciennes versions." in alice.get("/mon-profil").text
    assert submit(alice, address(only()), "Enregistrer", summary="Court.").status_code == 302


def test_whoever_agreed_to_a_wider_level_is_asked_again_before_its_groups_write(cast, alice, document):
    group = make_group("Quartiers ensemble", cast.council, cast.chloe.council)
    db.session.commit()
    page = submit(alice, address(document), "Enregistrer", level="groups", groups=[str(group.id)])
    assert "pourront le lire et l’écrire" not in page.text
    page = send(alice, page, "Oui, ouvrir à ces groupes", groups_write="y")
    assert page.status_code == 200 and "pourront le lire et l’écrire" in page.text and not only().groups_write
    assert send(alice, page, "Oui, laisser écrire ces groupes").status_code == 302
    assert only().groups_write and only().level == Visibility.GROUPS


# Following what no mail tells -------------------------------------------------------------------------------------


def stop_all(user):
    outbox.stop(Channel.MAIL, user.email, outbox.ALL)


def stop_these(user):
    outbox.stop(Channel.MAIL, user.email, "following")


def pause(user):
    user.alerts_paused_at = utcnow()


def refuse(user):
    db.session.add(Address(channel=Channel.MAIL, address=user.email, refusals=3, reason="550", off_since=utcnow()))


@pytest.mark.parametrize("change,why", [
    (stop_all, "vous avez arrêté ces courriels"), (stop_these, "vous avez arrêté ces courriels"),
    (pause, "vos alertes sont en pause"), (refuse, "les courriels envoyés à votre adresse sont refusés"),
])  # fmt: skip
def test_whoever_gets_no_mail_is_promised_none_and_told_how_to_get_them_again(cast, alice, document, change, why):
    page, promise = address(document, "")[:-1], "recevez un courriel"
    assert promise in alice.get(page).text and promise in alice.get("/mon-profil/suivis").text
    submit(alice, page, "Ne plus suivre")
    change(db.session.get(User, cast.alice.id))
    db.session.commit()
    assert why in alice.get(page).text and "pour recevoir un courriel" not in alice.get(page).text
    submit(alice, page, "Suivre ce document")
    shown = alice.get(page).text.replace("\N{NO-BREAK SPACE}", " ")
    assert f"Vous suivez ce document, mais {why} : votre profil dit comment les recevoir." in shown
    assert promise not in shown and 'href="/mon-profil"' in shown and "vous recevrez" not in shown
    listed = alice.get("/mon-profil/suivis").text
    assert why in listed and promise not in listed


def test_each_button_of_the_profile_names_its_document_to_those_who_hear_it(alice, document):
    assert re.search(
        r'value="cancel" aria-label="Ne plus suivre «.La charte.»">Ne plus suivre<',
        alice.get("/mon-profil/suivis").text,
    )


# The page and the lists -------------------------------------------------------------------------------------------


def headings(sign):
    words = "Titre numéro {0} de la charte {1}\n\nbla bla bla {2}"
    return "\n".join(f"{sign(n)} {words.format(n, n * 7919, n * 104729)}" for n in range(480))


HEADINGS = {
    "one level": headings(lambda n: "##"),
    "two levels": headings(lambda n: "###" if n % 9 else "##"),
    "deep": headings(lambda n: "####"),
}


@pytest.mark.parametrize("name,count", [("one level", 61), ("two levels", 54), ("deep", 61)])
def test_a_public_text_of_many_headings_stays_light(alice, client, name, count):
    submit(
        alice,
        NEW,
        "Publier",
        title="La charte",
        description=HEADINGS[name],
        is_collaborative="together",
        level="public",
    )
    place = address(only(), "")[:-1]
    for page in ("", "?page=2"):
        answer = client.get(place + page, headers={"Accept-Encoding": "gzip"})
        assert answer.headers["Content-Encoding"] == "gzip" and bytes_on_the_wire(answer) <= 14_000
    contents = client.get(place).text.partition('aria-label="Sommaire"')[2].partition("</nav>")[0]
    titles = re.findall(r"<li><a href=\"([^\"]+)\">(.*?)</a>", contents)
    assert len(titles) == count and titles[0][1].startswith("Titre")
    assert (titles[-1][1] == "la suite…") == (count == 61)
    assert f'id="{titles[-1][0].partition("#")[2]}"' in client.get(titles[-1][0]).text


def test_lists_say_what_several_write_and_ones_own_what_was_adopted(alice, document, queries):
    submit(alice, NEW, "Publier", title="Classique")
    for text, count in (("écrit à plusieurs", 1), ("adopté le", 0)):
        assert alice.get("/mon-conseil/documents").text.count(text) == count
    queries.clear()
    alice.get("/mon-conseil/documents")
    before = len(queries)
    adopt(only_of("La charte"))
    queries.clear()
    assert alice.get("/mon-conseil/documents").text.count("adopté le") == 1
    assert len(queries) <= before + 1


# Texts to start from ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("starter", starters.ALL, ids=lambda starter: starter.slug)
def test_each_text_to_start_from_is_set_well(starter):
    html = render_parts(starter.text)
    assert {level for level in re.findall(r"<h(\d)", html)} == {"3"} and html.count("<h3") >= 5
    assert "[" in starter.text and 150 <= len(starter.text.split()) <= 900
    assert starter.text.count("## ") == html.count("<h3")
    written = " ".join((starter.title, starter.summary, starter.text))
    assert not re.search(r"\S[;?!»]|[^\s\d]:(?!-)|«\S|['\"—–]|\.\.\.|  |\t", written.replace("|---|---|---|", ""))
    assert "\N{NO-BREAK SPACE}" not in written  # forms take none


@pytest.mark.parametrize("starter", starters.ALL, ids=lambda starter: starter.slug)
def test_a_document_starts_from_a_text_which_is_saved_when_its_author_says_so(alice, starter):
    page = alice.get(NEW)
    assert "Choisissez-le avant d’écrire" in page.text and "Autres modèles" not in page.text
    assert f'href="{NEW}?modele={starter.slug}"' in page.text
    page = alice.get(f"{NEW}?modele={starter.slug}")
    assert db.session.scalars(select(Document)).all() == []
    assert "Autres modèles" in page.text and "Choisissez-le avant d’écrire" not in page.text
    assert send(alice, page, "Voir l’aperçu").status_code == 302
    item = only()
    assert (item.title, item.summary, item.description) == (starter.title, starter.summary, starter.text)
    assert item.is_collaborative and item.is_draft


@pytest.mark.parametrize("slug", ["charte-de-fonctionnement", "reglement-interieur"])
def test_the_charter_and_the_rules_say_what_the_law_asks_of_a_council(slug):
    text = starters.find(slug).text
    words = ("liberté", "égalité", "fraternité", "laïcité", "neutralité", "préfet", "arrêté", "autant de femmes")
    assert [word for word in words if word not in text] == []
    assert text.count("2014-173") == 1
    # The law does not ask for the drawing of lots any more (decree 2024-1036 of 15 November 2024): each council says.
    assert "[tirés au sort, volontaires, ou les deux]" in text


def test_the_help_and_the_texts_to_start_from_write_titles_alike(alice, client):
    for page in (alice.get(NEW).text, client.get("/aide").text):
        assert "<code>## Nos idées</code>" in page and "###" not in page
    assert all("\n## " in starter.text and "###" not in starter.text for starter in starters.ALL)


def test_a_text_to_start_from_replaces_nothing_that_was_typed(alice):
    page = alice.get(f"{NEW}?modele=ordre-du-jour")
    answer = send(alice, page, "Publier", title="", description="Le mien.")
    assert answer.status_code == 422 and "Le mien." in answer.text and "modele=" not in answer.text


@pytest.mark.parametrize(
    "place", [f"{NEW}?modele=inconnu", f"{NEW}?modele=", "/mon-conseil/actions/nouveau?modele=ordre-du-jour"]
)
def test_an_unknown_text_to_start_from_is_not_found(alice, place):
    assert alice.get(place).status_code == 404


def test_the_rest_is_changed_by_its_author_alone(cast, client_as, document):
    assert client_as(cast.bruno).get(address(document)).status_code == 403
