"""The page of a document, an action or an event; who reads which of them, by whatever way."""

import io
import re
from datetime import UTC, date, datetime, timedelta
from itertools import product
from urllib.parse import unquote

import pytest
import time_machine
from sqlalchemy import select

from app import storage
from app.extensions import db
from app.labels import Carrier, Pillar, Stage, TerritoryKind, UserStatus, Visibility
from app.models import (
    Action,
    Activity,
    Attachment,
    AuditEntry,
    Document,
    Event,
    Folder,
    Publication,
    Revision,
    StoredFile,
    Theme,
)
from app.models.types import utcnow
from app.services import attachments, texts
from app.templating import sitting
from tests.browse import forms, send, submit
from tests.factories import make_commune, make_council, make_group, make_publication, make_territory, make_user
from tests.samples import PDF

KINDS = {Document: "documents", Action: "actions", Event: "evenements"}
EVERYONE = {"visitor", "alice", "bruno", "chloe", "emile", "dora", "referent", "away", "animator"}
MEMBERS = EVERYONE - {"visitor", "dora"}
READERS = {
    Visibility.COUNCIL: {"alice", "bruno"},
    Visibility.GROUPS: {"alice", "bruno", "chloe"},
    Visibility.MEMBERS: MEMBERS,
    Visibility.PUBLIC: EVERYONE,
}


def address(publication, view="", **arguments):
    query = "&".join(f"{name}={value}" for name, value in arguments.items())
    return f"/{publication.path}/{publication.id}-{publication.slug}{view}" + (f"?{query}" if query else "")


def make_file(publication, name="plan.txt", **columns):
    file = StoredFile(digest=storage.save(name.encode()), name=name, media_type="text/plain", size=len(name))
    attachment = Attachment(publication=publication, file=file, added_by_id=publication.author_id, **columns)
    db.session.add(attachment)
    db.session.flush()
    return attachment


def browser_of(name, cast, client, client_as):
    return client if name == "visitor" else client_as(getattr(cast, name))


@pytest.fixture
def twelve(cast):
    """One item of each kind at each level, by Alice, in one series, each with a file; (model, level) → item."""
    group = make_group("Quartiers de Bourg", cast.council, cast.country.reyssouze)
    series = Folder(council_id=cast.council.id, name="Le square", is_series=True)
    db.session.add(series)
    db.session.flush()
    items = {}
    for number, (model, level) in enumerate(product(KINDS, Visibility)):
        item = make_publication(
            model, cast.alice, title=f"Titre{number:02}x", summary="Une balançoire", level=level, folder_id=series.id,
            published_at=utcnow() - timedelta(days=20 - number),
        )  # fmt: skip
        item.groups = [group] if level == Visibility.GROUPS else []
        texts.index(item)
        item.file = make_file(item, f"plan{number}.txt").file
        items[model, level] = item
    db.session.commit()
    return items


def test_exactly_the_readers_of_a_level_reach_an_item_by_whatever_way(cast, client, client_as, twelve):
    for name in sorted(EVERYONE):
        check_what_is_reached(name, cast, browser_of(name, cast, client, client_as), twelve)


def check_what_is_reached(name, cast, browser, twelve):
    mine = [item for (_, level), item in twelve.items() if name in READERS[level]]
    listed = browser.get("/ressources/publications").text
    found = browser.get("/ressources/publications?q=balancoires").text
    fiche = browser.get(f"/conseils/{cast.council.slug}").text
    own = {path: browser.get(f"/mon-conseil/{path}") for path in KINDS.values()}
    coming = [item for item in mine if item.kind == "event"][:3]
    newest = [item for item in mine if item not in coming][-5:]
    for item in twelve.values():
        may = item in mine
        page = browser.get(address(item))
        assert page.status_code == (200 if may else 404), (name, item.title)
        assert browser.get(f"/fichiers/{item.file.id}/{item.file.name}").status_code == (200 if may else 404), name
        assert (item.title in listed) is may, (name, item.title)
        assert (item.title in found) is may, (name, item.title)
        assert (item.title in own[item.path].text) is (name in ("alice", "bruno")), (name, item.title)
        assert (item.title in fiche) is (item in newest + coming), (name, item.title)
        if may:
            place = mine.index(item)
            assert f"Épisode {place + 1} sur {len(mine)}" in page.text, name
            beside = {other.title for other in (mine[max(0, place - 1) : place + 2])}
            assert {other.title for other in twelve.values() if other.title in page.text} == beside, name
    counts = {"alice": "12 publications", "bruno": "12 publications", "chloe": "pas encore de dossier"}
    if name in counts:
        assert counts[name] in browser.get("/mon-conseil/dossiers").text
    if name == "bruno":
        assert all(other.title in browser.get(f"/mon-conseil/dossiers/{item.folder_id}").text for other in mine)


def test_a_draft_and_a_scheduled_item_are_their_authors_alone_and_say_so(cast, client, client_as):
    later = utcnow() + timedelta(days=3)
    draft = make_publication(Document, cast.alice, level=Visibility.PUBLIC, published_at=None)
    scheduled = make_publication(Document, cast.alice, level=Visibility.PUBLIC, published_at=None, publish_on=later)
    db.session.commit()
    alice = client_as(cast.alice)
    assert "Brouillon." in alice.get(address(draft)).text
    assert "À paraître le" in alice.get(address(scheduled)).text
    for other in (client, client_as(cast.bruno), client_as(cast.animator)):
        assert {other.get(address(item)).status_code for item in (draft, scheduled)} == {404}


def test_a_date_to_come_is_said_as_the_clocks_of_the_council_show_it(cast, client_as):
    island = make_territory(TerritoryKind.DEPARTMENT, "974", "La Réunion")
    council = make_council("Le Chaudron", make_commune("97411", "Saint-Denis", island, place=(-20.9, 55.5)))
    nina = make_user("Nina Payet", council)
    at = datetime(2027, 3, 14, 4, tzinfo=UTC)
    item = make_publication(Document, nina, published_at=None, publish_on=at)
    db.session.commit()
    said = "À paraître le dimanche 14 mars 2027, à 8 h (heure locale"
    nina = client_as(nina)
    for page in (address(item), "/mon-conseil/documents", "/mon-conseil"):
        assert said.lower() in nina.get(page).text.replace("\N{NO-BREAK SPACE}", " ").lower()


def test_those_who_may_not_change_it_read_who_may(cast, client_as):
    action = make_publication(Action, cast.alice, level=Visibility.PUBLIC)
    db.session.commit()
    said = "Seule la personne qui l’a publiée, Alice Martin, peut la modifier."
    assert said in client_as(cast.bruno).get(address(action)).text
    assert all(said not in client_as(who).get(address(action)).text for who in (cast.alice, cast.chloe))


def test_groups_are_those_of_the_author_for_the_author_alone(cast, client_as):
    item = make_publication(Document, cast.alice, level=Visibility.GROUPS)
    item.groups = [make_group("Quartiers de Bourg", cast.council, cast.country.reyssouze)]
    db.session.commit()
    assert "Visible par les membres de mes groupes : Quartiers" in client_as(cast.alice).get(address(item)).text
    assert "Visible par les membres des groupes : Quartiers" in client_as(cast.bruno).get(address(item)).text
    assert "Réservé à des groupes" in client_as(cast.chloe).get(address(item)).text


def test_what_is_hidden_says_so_and_why_to_those_who_still_see_it(cast, client, client_as):
    item = make_publication(Document, cast.alice, level=Visibility.PUBLIC, hidden_at=utcnow(), hidden_reason="Injures.")
    db.session.commit()
    for reader in (cast.alice, cast.animator, cast.referent):
        page = client_as(reader).get(address(item)).text
        assert "Masqué par la modération" in page and "Injures." in page and 'href="/contact">Écrivez-nous' in page
    assert {b.get(address(item)).status_code for b in (client, client_as(cast.bruno), client_as(cast.away))} == {404}


def test_the_name_of_the_author_is_for_members_and_a_former_one_has_none(cast, client, client_as):
    item = make_publication(Document, cast.alice, level=Visibility.PUBLIC)
    left = make_publication(Document, None, cast.council, level=Visibility.PUBLIC)
    db.session.commit()
    assert "Alice Martin" not in client.get(address(item)).text
    assert "Par Alice Martin" in client_as(cast.emile).get(address(item)).text
    assert "Par un ancien membre" in client_as(cast.emile).get(address(left)).text
    cast.alice.status = UserStatus.CLOSED
    db.session.commit()
    assert "Par un ancien membre" in client_as(cast.emile).get(address(item)).text


def test_an_action_shows_its_facts_and_texts(cast, client):
    item = make_publication(
        Action, cast.alice, level=Visibility.PUBLIC, need_html="<p>Un besoin</p>", description_html="<p>Fait</p>",
        results_html="<p>Gagné</p>", lessons_html="<p>Plus tôt</p>", stage=Stage.FOLLOW_UP, carrier=Carrier.PARTNER,
        carrier_name="La régie", partners="Le bailleur\nLa ville", pillar=Pillar.HOUSING, budget="300 €",
        starts_on=date(2026, 3, 1), ends_on=date(2026, 5, 2), contact="Au local",
    )  # fmt: skip
    db.session.commit()
    page = client.get(address(item)).text
    for words in ("<p>Un besoin</p>", "<p>Gagné</p>", "<p>Plus tôt</p>", "Suivi", "Une structure partenaire : La régie",
                  "Le bailleur<br>", "du 1er mars 2026 au 2 mai 2026", "300 €", "Au local"):  # fmt: skip
        assert words in page


@pytest.mark.parametrize(
    ("starts", "ends", "zone", "said"),
    [
        ((2026, 3, 14, 17), (2026, 3, 14, 19, 30), "Europe/Paris", "samedi 14 mars 2026, de 18 h à 20 h 30"),
        ((2026, 7, 1, 7, 5), None, "Europe/Paris", "mercredi 1er juillet 2026, à 9 h 05"),
        ((2026, 3, 14, 17), (2026, 3, 15, 11), "Europe/Paris",
         "du samedi 14 mars 2026 à 18 h au dimanche 15 mars 2026 à 12 h"),
        ((2026, 3, 14, 14), (2026, 3, 14, 16), "Indian/Reunion",
         "samedi 14 mars 2026, de 18 h à 20 h (heure locale : La Réunion)"),
    ],
)  # fmt: skip
def test_when_an_event_is_is_said_as_clocks_show_it_there(starts, ends, zone, said):
    instants = (datetime(*starts, tzinfo=UTC), datetime(*ends, tzinfo=UTC) if ends else None)
    assert sitting(*instants, zone).replace("\N{NO-BREAK SPACE}", " ") == said


def test_a_past_event_says_so_on_the_page_that_visitors_keep_too(cast, client):
    event = make_publication(Event, cast.alice, level=Visibility.PUBLIC, place="Maison de quartier")
    db.session.commit()
    first = client.get(address(event))
    assert "(passé)" not in first.text and "Maison de quartier" in first.text
    with time_machine.travel(utcnow() + timedelta(days=9), tick=False):
        assert "(passé)" in client.get(address(event), headers={"If-None-Match": first.headers["ETag"]}).text


def test_a_former_title_leads_to_the_present_address(cast, client):
    item = make_publication(Document, cast.alice, level=Visibility.PUBLIC)
    db.session.commit()
    answer = client.get(f"/documents/{item.id}-ancien-titre?comme=visiteur")
    assert (answer.status_code, answer.location) == (301, address(item, comme="visiteur"))
    assert client.get(f"/actions/{item.id}-{item.slug}").status_code == 404


# Kept pages -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("change", [
    {"level": Visibility.MEMBERS}, {"deleted_at": utcnow()}, {"hidden_at": utcnow()}, {"withdrawn_at": utcnow()},
])  # fmt: skip
def test_a_kept_page_vanishes_at_once_with_its_item(cast, client, queries, change):
    item = make_publication(Document, cast.alice, level=Visibility.PUBLIC)
    db.session.commit()
    first = client.get(address(item))
    assert first.headers["Cache-Control"] == "public, max-age=60"
    queries.clear()
    assert client.get(address(item)).text == first.text and len(queries) == 1
    known = {"If-None-Match": first.headers["ETag"]}
    assert client.get(address(item), headers=known).status_code == 304
    for name, value in change.items():
        setattr(item, name, value)
    db.session.commit()
    assert client.get(address(item)).status_code == 404
    assert client.get(address(item), headers=known).status_code == 404


def test_the_page_of_a_member_is_kept_by_nobody(cast, client, client_as):
    item = make_publication(Document, cast.alice, level=Visibility.PUBLIC)
    db.session.commit()
    assert client_as(cast.alice).get(address(item)).headers["Cache-Control"] == "private, no-store, max-age=0"
    assert "Modifier" not in client.get(address(item)).text.split("</header>")[1]


# « Voir comme » ---------------------------------------------------------------------------------------------------

SEEN_AS = {"visiteur": "visitor", "membre": "emile", "groupe": "chloe", "conseil": "bruno"}


def main_of(page):
    """The main part of a page, without its notice and without what only changes with who is logged in."""
    main = page.text.split("<main")[1].split("</main>")[0]
    start, _, end = main.partition('<p class="notice"><strong>Vous voyez')
    return start + end.partition("</p>\n")[2] if end else main


def test_seeing_as_somebody_shows_exactly_what_they_get(cast, client, client_as, twelve):
    alice = client_as(cast.alice)
    for word, name in SEEN_AS.items():
        other = browser_of(name, cast, client, client_as)
        for (_, level), item in twelve.items():
            tried = alice.get(address(item, comme=word))
            if name in READERS[level]:
                assert "Vous voyez cette page comme" in tried.text
                assert main_of(tried) == main_of(other.get(address(item)))
            else:
                assert "Cette personne ne voit pas cette page" in tried.text


def test_only_the_author_sees_as_others(cast, client_as, twelve):
    item = twelve[Document, Visibility.PUBLIC]
    for reader in (cast.bruno, cast.animator):
        page = client_as(reader).get(address(item, comme="visiteur")).text
        assert "Vous voyez cette page comme" not in page and "Voir comme" not in page


# Taking over ------------------------------------------------------------------------------------------------------


def test_a_member_takes_over_what_somebody_left_behind_and_the_journal_says_so(cast, client_as):
    gone = make_user("Gina Gone", cast.council, status=UserStatus.SUSPENDED)
    item = make_publication(Document, gone)
    db.session.commit()
    bruno = client_as(cast.bruno)
    assert "vous pouvez reprendre cette publication" in bruno.get(address(item)).text
    answer = submit(bruno, address(item), "Reprendre")
    assert answer.location == address(item)
    assert "C’est à vous maintenant" in bruno.get(address(item)).text
    assert db.session.get(Publication, item.id).author_id == cast.bruno.id
    entry = db.session.scalar(select(AuditEntry).filter_by(verb="publication.taken_over"))
    assert (entry.actor_id, entry.subject_id) == (cast.bruno.id, item.id)


def test_two_who_take_over_at_once_are_both_told_calmly(cast, client_as):
    item = make_publication(Document, None, cast.council, level=Visibility.PUBLIC)
    db.session.commit()
    bruno, alice = client_as(cast.bruno), client_as(cast.alice)
    pages = [browser.get(address(item)) for browser in (bruno, alice, bruno)]
    for browser, page in zip((bruno, alice, bruno), pages, strict=True):
        assert send(browser, page, "Reprendre").status_code == 302
    assert "Bruno Petit s’en occupe" in alice.get(address(item)).text
    assert db.session.get(Publication, item.id).author_id == cast.bruno.id
    assert len(db.session.scalars(select(AuditEntry).filter_by(verb="publication.taken_over")).all()) == 1


def test_nobody_takes_over_what_its_author_looks_after_or_another_council_shares(cast, client_as):
    item = make_publication(Document, cast.alice, level=Visibility.PUBLIC)
    left = make_publication(Document, None, cast.council, level=Visibility.PUBLIC)
    db.session.commit()
    token = forms(client_as(cast.bruno).get(address(left)).text)[0].fields["csrf_token"]
    assert "reprendre" not in client_as(cast.bruno).get(address(item)).text
    chloe = client_as(cast.chloe)
    assert chloe.post(address(left, "/reprise"), data={"csrf_token": token}).status_code == 403


# Minutes ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def meeting(cast):
    event = make_publication(Event, cast.alice, title="Réunion", starts_at=utcnow() - timedelta(hours=3), ends_at=None)
    db.session.commit()
    return event


def test_the_author_writes_minutes_once_the_event_has_begun(cast, client_as, meeting):
    alice, bruno = client_as(cast.alice), client_as(cast.bruno)
    assert "Ajouter un compte-rendu" in alice.get(address(meeting)).text
    answer = submit(alice, address(meeting, "/compte-rendu"), "Enregistrer", minutes="Nous étions **dix**.")
    assert answer.location == address(meeting) + "#compte-rendu"
    page = bruno.get(address(meeting)).text
    assert "<strong>dix</strong>" in page and "Modifier le compte-rendu" not in page
    revision = db.session.scalar(select(Revision).filter_by(publication_id=meeting.id))
    assert revision.content["minutes"] == "Nous étions **dix**." and revision.number == 1
    assert bruno.get(address(meeting, "/compte-rendu")).status_code == 403


def test_minutes_sent_twice_make_one_version_and_one_activity(cast, client_as, meeting):
    alice = client_as(cast.alice)
    page = alice.get(address(meeting, "/compte-rendu"))
    for _ in range(2):
        assert send(alice, page, "Enregistrer", minutes="Dix.").status_code == 302
    assert len(db.session.scalars(select(Revision)).all()) == 1
    assert len(db.session.scalars(select(Activity).filter_by(verb="event.minutes")).all()) == 1


def test_minutes_written_in_two_tabs_show_both_and_lose_none(cast, client_as, meeting):
    alice = client_as(cast.alice)
    tabs = [alice.get(address(meeting, "/compte-rendu")) for _ in range(2)]
    send(alice, tabs[0], "Enregistrer", minutes="Le premier texte")
    back = send(alice, tabs[1], "Enregistrer", minutes="Le second texte")
    assert back.status_code == 422 and "Erreur" in back.text.split("</title>")[0]
    assert "Le premier texte" in back.text and "Le second texte" in back.text
    assert send(alice, back, "Enregistrer").status_code == 302
    assert db.session.get(Event, meeting.id).minutes == "Le second texte"


def test_a_preview_of_minutes_is_kept_for_its_author_alone(cast, client_as, meeting):
    alice = client_as(cast.alice)
    page = submit(alice, address(meeting, "/compte-rendu"), "Voir l’aperçu", minutes="Un *essai*")
    assert page.status_code == 200 and "<em>essai</em>" in page.text
    assert "essai" not in client_as(cast.bruno).get(address(meeting)).text
    assert "Un *essai*" in alice.get(address(meeting, "/compte-rendu")).text
    assert send(alice, page, "Enregistrer").status_code == 302
    assert "<em>essai</em>" in client_as(cast.bruno).get(address(meeting)).text


def paper(name="compte-rendu.pdf"):
    return [(io.BytesIO(PDF), name)]


def test_a_file_of_minutes_previewed_twice_then_saved_is_shown_and_can_be_taken_away(cast, client_as, meeting):
    make_file(meeting, "affiche.txt")
    db.session.commit()
    alice, bruno, form = client_as(cast.alice), client_as(cast.bruno), address(meeting, "/compte-rendu")
    page = submit(alice, form, "Voir l’aperçu", minutes="Un essai", files=paper())
    page = send(alice, page, "Voir l’aperçu", minutes="Deux essais", files=paper("annexe.pdf"))
    assert "affiche.txt" not in page.text and "compte-rendu.pdf" not in bruno.get(address(meeting)).text
    assert send(alice, page, "Enregistrer").status_code == 302
    minutes = bruno.get(address(meeting)).text.partition('id="compte-rendu"')[2]
    assert "Deux essais" in minutes and "compte-rendu.pdf" in minutes and "annexe.pdf" in minutes
    file = db.session.scalar(select(Attachment).where(Attachment.is_minutes).order_by(Attachment.id))
    submit(alice, form, "Enregistrer", **{f"retirer-{file.id}": "y"})
    assert "compte-rendu.pdf" not in bruno.get(address(meeting)).text


def test_a_file_that_came_with_refused_minutes_is_shown_once_they_are_saved(cast, client_as, meeting):
    alice = client_as(cast.alice)
    page = submit(alice, address(meeting, "/compte-rendu"), "Enregistrer", minutes="[a] " * 400, files=paper())
    assert page.status_code == 422
    assert send(alice, page, "Enregistrer", minutes="Plus court").status_code == 302
    assert "compte-rendu.pdf" in client_as(cast.bruno).get(address(meeting)).text


def test_minutes_may_be_nothing_but_files(cast, client_as, meeting):
    alice = client_as(cast.alice)
    assert submit(alice, address(meeting, "/compte-rendu"), "Enregistrer", files=paper()).status_code == 302
    page = alice.get(address(meeting)).text
    assert "Modifier le compte-rendu" in page and "compte-rendu.pdf" in page
    submit(alice, address(meeting, "/compte-rendu"), "Enregistrer", files=paper("annexe.pdf"))
    assert len(db.session.scalars(select(Activity).filter_by(verb="event.minutes")).all()) == 1
    assert len(db.session.scalars(select(Revision).filter_by(publication_id=meeting.id)).all()) == 1


def test_minutes_over_the_quota_are_saved_and_the_form_goes_on_from_them(cast, client_as, meeting, monkeypatch):
    monkeypatch.setattr(attachments, "MOST", 0)
    alice = client_as(cast.alice)
    page = submit(alice, address(meeting, "/compte-rendu"), "Enregistrer", minutes="Dix.", files=paper())
    assert page.status_code == 422 and "Le compte-rendu est enregistré. Il manque encore un fichier" in page.text
    assert send(alice, page, "Enregistrer", minutes="Onze.").status_code == 302
    assert db.session.get(Event, meeting.id).minutes == "Onze."


def test_minutes_put_back_as_they_were_forget_their_preview(cast, client_as, meeting):
    alice, form = client_as(cast.alice), address(meeting, "/compte-rendu")
    submit(alice, form, "Enregistrer", minutes="Dix.")
    submit(alice, form, "Voir l’aperçu", minutes="Onze.")
    submit(alice, form, "Enregistrer", minutes="Dix.")
    assert "Dix." in alice.get(form).text and "Onze." not in alice.get(form).text


def test_minutes_wait_for_the_event_and_for_its_publication(cast, client_as):
    coming = make_publication(Event, cast.alice)
    draft = make_publication(Event, cast.alice, published_at=None, starts_at=utcnow() - timedelta(hours=1))
    db.session.commit()
    for event in (coming, draft):
        assert client_as(cast.alice).get(address(event, "/compte-rendu")).location == address(event)


def test_minutes_too_complex_come_back_with_a_sentence_and_the_text(cast, client_as, meeting):
    page = submit(client_as(cast.alice), address(meeting, "/compte-rendu"), "Enregistrer", minutes="[a] " * 400)
    assert page.status_code == 422 and "signes [" in page.text and "[a] [a]" in page.text


def test_whoever_lost_the_right_meanwhile_saves_no_minutes(cast, client_as, meeting):
    alice = client_as(cast.alice)
    page = alice.get(address(meeting, "/compte-rendu"))
    meeting.author_id = cast.bruno.id
    db.session.commit()
    assert send(alice, page, "Enregistrer", minutes="Trop tard").status_code == 403


def test_minutes_sent_when_the_event_is_in_the_bin_keep_their_text(cast, client_as, meeting):
    alice = client_as(cast.alice)
    page = alice.get(address(meeting, "/compte-rendu"))
    meeting.deleted_at = utcnow()
    db.session.commit()
    answer = send(alice, page, "Enregistrer", minutes="Dix personnes", files=paper())
    assert answer.status_code == 422 and "corbeille" in answer.text and "Dix personnes" in answer.text
    assert db.session.scalar(select(Attachment)) is None


def test_minutes_sent_twice_bring_their_file_once(cast, client_as, meeting):
    alice = client_as(cast.alice)
    page = alice.get(address(meeting, "/compte-rendu"))
    for _ in range(2):
        assert send(alice, page, "Enregistrer", minutes="Dix.", files=paper()).status_code == 302
    assert len(db.session.scalars(select(Attachment)).all()) == 1


def test_minutes_that_wait_survive_a_change_of_the_event_and_a_version_put_back(cast, client_as, meeting):
    alice, form = client_as(cast.alice), address(meeting, "/compte-rendu")
    submit(alice, form, "Voir l’aperçu", minutes="Presque fini")
    submit(alice, address(meeting, "/modifier"), "Voir l’aperçu", summary="Un résumé")
    submit(alice, address(meeting, "/modifier"), "Enregistrer", summary="Un résumé")
    assert "Presque fini" in alice.get(form).text
    submit(alice, form, "Enregistrer")
    meeting = db.session.get(Event, meeting.id)
    submit(alice, address(meeting, "/versions/1"))
    assert db.session.get(Event, meeting.id).minutes == "Presque fini"


# Weight -----------------------------------------------------------------------------------------------------------


def test_an_item_costs_at_most_twelve_queries_whatever_surrounds_it(cast, client, client_as, queries):
    series = Folder(council_id=cast.council.id, name="Le square", is_series=True)
    db.session.add(series)
    db.session.flush()
    themes = db.session.scalars(select(Theme)).all()
    for number in range(60):
        last = make_publication(Document, cast.alice, level=Visibility.PUBLIC, folder_id=series.id, title=f"N{number}")
    last.themes = themes
    group = make_group("Un groupe", cast.council, cast.country.reyssouze)
    inner = make_publication(Action, cast.alice, level=Visibility.GROUPS, folder_id=series.id)
    inner.groups = [group]
    for number in range(20):
        make_file(last, f"fichier-{number}.txt")
        make_file(inner, f"fichier-{number}.txt")
    db.session.commit()
    for name in ("visitor", "alice", "chloe", "referent", "animator"):
        browser = browser_of(name, cast, client, client_as)
        for item, comme in product((last, inner), ("", "membre")):
            db.session.expire_all()
            queries.clear()
            page = browser.get(address(item, comme=comme), headers={"Accept-Encoding": "gzip"})
            assert len(queries) <= 12, (name, queries)
            assert page.status_code == (200 if item is last or name in ("alice", "chloe") else 404), name
            assert len(page.data) <= 14_000, name


@pytest.mark.parametrize(
    "asked",
    ["slug=x", "path=evenements", "item_id=a", "item_id=5", "_method=X", "_scheme=javascript", "_external=1",
     "endpoint=x", "rien=%C3%A9%0d%0aA:b"],
)  # fmt: skip
def test_nothing_that_is_asked_behind_an_address_leads_elsewhere(cast, client, client_as, asked):
    item = make_publication(Document, cast.alice, level=Visibility.PUBLIC)
    for _ in range(20):
        make_publication(Document, cast.alice)
    db.session.commit()
    answer = client.get(f"/documents/{item.id}-ancien-titre?{asked}")
    assert (answer.status_code, answer.headers["Location"]) == (301, f"/documents/{item.id}-{item.slug}?{asked}")
    page = client_as(cast.alice).get(f"/mon-conseil/documents?{asked}").text
    assert 'rel="next" href="/mon-conseil/documents?' in page


def test_thirty_groups_cost_no_more_than_one(cast, client_as, queries):
    item = make_publication(Document, cast.alice, level=Visibility.GROUPS)
    item.groups = [make_group(f"G{number}", cast.country.reyssouze) for number in range(30)]  # the author's left them
    db.session.commit()
    browsers = client_as(cast.alice), client_as(cast.chloe)
    places = address(item, comme="membre"), address(item)
    for browser, place in zip(browsers, places, strict=True):
        db.session.expunge_all()
        queries.clear()
        assert browser.get(place).status_code == 200
        assert len(queries) <= 12, queries


@pytest.mark.parametrize("view", ["", "/modifier", "/suppression", "/versions"])
def test_whoever_may_not_read_it_is_not_handed_its_title_back(client, cast, view):
    item = make_publication(Document, cast.alice, title="Licenciement")
    db.session.commit()
    answer = client.get(address(item, view))
    assert "licenciement" not in (answer.text + str(answer.headers)).lower()
    log_in = answer.location or re.search(r'href="(/connexion[^"]+)"', answer.text)[1]
    assert unquote(log_in) == f"/connexion?suite=/documents/{item.id}-x{view}"
