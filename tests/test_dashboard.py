"""« Gérer mon conseil »: what is new, what is to be done, and the folders of a council."""

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from app.blueprints.council import folders
from app.extensions import begin_write, db
from app.labels import UserStatus, Visibility
from app.models import Document, Event, Folder, Publication, User
from app.models.types import utcnow
from app.services import publishing, revisions
from app.templating import quoted
from tests.browse import submit
from tests.factories import make_group, make_publication, make_user
from tests.test_lists import titles

HOME = "/mon-conseil"


def later(**span):
    return time_machine.travel(utcnow() + timedelta(**span), tick=False)


# Visits -----------------------------------------------------------------------------------------------------------


def seen(user):
    db.session.expire_all()
    row = db.session.execute(select(User.former_visit_at, User.last_seen_at).where(User.id == user.id)).one()
    return row.former_visit_at, row.last_seen_at


def test_a_visit_ends_with_the_last_request_before_a_pause_of_half_an_hour(cast, client_as):
    alice, start = client_as(cast.alice), utcnow()
    with time_machine.travel(start, tick=False) as clock:
        for minutes in (0, 20, 40, 60):
            clock.move_to(start + timedelta(minutes=minutes))
            alice.get(HOME)
        assert seen(cast.alice) == (None, start + timedelta(minutes=60))
        clock.move_to(start + timedelta(minutes=91))
        alice.get(HOME)
        assert seen(cast.alice) == (start + timedelta(minutes=60), start + timedelta(minutes=91))
        clock.move_to(start + timedelta(minutes=111))
        alice.get(HOME)
        assert seen(cast.alice)[0] == start + timedelta(minutes=60)


def test_a_visit_is_written_down_rarely(cast, client_as, queries):
    alice = client_as(cast.alice)
    with later(minutes=16):
        alice.get(HOME)
        queries.clear()
        for _ in range(5):
            alice.get(HOME)
        assert not [query for query in queries if query.startswith("UPDATE")]


def test_logging_in_again_begins_a_visit_too(cast, client_as):
    start = cast.alice.last_seen_at
    with later(days=3):
        client_as(cast.alice)
        assert seen(cast.alice)[0] == start


# What the page says -----------------------------------------------------------------------------------------------


@pytest.fixture
def visited(cast):
    """Alice's former visit was ten days ago."""
    cast.alice.former_visit_at = utcnow() - timedelta(days=10)
    cast.council.edited_at = cast.council.verified_at = utcnow() - timedelta(days=20)
    db.session.commit()
    return cast


def test_what_is_new_is_what_others_shared_since_the_former_visit(visited, client_as):
    cast, recent = visited, utcnow() - timedelta(days=2)
    group = make_group("Un groupe", cast.council, cast.country.reyssouze)
    make_publication(Document, cast.bruno, title="Titre-bruno", published_at=recent)
    make_publication(Document, cast.bruno, title="Titre-vieux", published_at=utcnow() - timedelta(days=11))
    make_publication(Document, cast.bruno, title="Titre-brouillon", published_at=None)
    make_publication(Document, cast.alice, title="Titre-moi", published_at=recent)
    theirs = make_publication(Document, cast.chloe, title="Titre-groupe", published_at=recent, level=Visibility.GROUPS)
    theirs.groups = [group]
    make_publication(Document, cast.chloe, title="Titre-public", published_at=recent, level=Visibility.PUBLIC)
    make_publication(Document, cast.chloe, title="Titre-chloe", published_at=recent)
    db.session.commit()
    page = client_as(cast.alice).get(HOME)
    assert set(titles(page)) == {"Titre-bruno", "Titre-groupe"}


def test_new_members_and_a_changed_page_are_told(visited, client_as):
    cast = visited
    alice = client_as(cast.alice)
    assert "Rien de nouveau" in alice.get(HOME).text
    make_user("Nora Neuve", cast.council, decided_at=utcnow())
    cast.council.edited_at = utcnow() - timedelta(days=1)
    db.session.commit()
    page = alice.get(HOME).text
    assert "Nora Neuve" in page and "La fiche du conseil</a> a changé" in page and "Rien de nouveau" not in page


def test_the_first_members_are_named_and_all_are_a_link_away(cast, client_as):
    for letter in "ABCDEFGHIJ":
        make_user(f"Nora{letter} Aa", cast.council)
    db.session.commit()
    page = client_as(cast.alice).get(HOME).text
    assert "NoraA Aa, NoraB Aa" in page and "NoraH Aa…" in page and "Dora" not in page
    assert "Tous les membres (12)" in page


def test_what_is_to_be_done_is_said(visited, client_as):
    cast = visited
    alice = client_as(cast.alice)
    assert "1 inscription à valider" in alice.get(HOME).text
    cast.dora.status = UserStatus.REFUSED
    db.session.commit()
    assert "Rien ne vous attend" in alice.get(HOME).text
    cast.council.verified_at = utcnow() - timedelta(days=400)
    db.session.commit()
    assert "Personne n’a confirmé depuis plus d’un an" in alice.get(HOME).text
    cast.council.verified_at = None
    db.session.commit()
    assert "Rien ne vous attend" in alice.get(HOME).text  # it was written three weeks ago
    cast.council.edited_at = None
    db.session.commit()
    assert "La fiche de votre conseil est vide" in alice.get(HOME).text


def test_drafts_events_to_come_and_unsaved_changes_lead_back_to_them(visited, client_as):
    cast = visited
    make_publication(Document, cast.alice, title="Titre-brouillon", published_at=None)
    make_publication(Document, cast.bruno, title="Titre-autre", published_at=None)
    make_publication(Event, cast.alice, title="Titre-fete")
    row = make_publication(Document, cast.alice, title="Titre-change")
    revisions.set_aside(row, publishing.content_of(row), cast.alice)
    revisions.set_aside(row, publishing.content_of(row), cast.bruno)
    revisions.set_aside(cast.council, {}, cast.alice)
    db.session.commit()
    page = client_as(cast.alice).get(HOME)
    assert set(titles(page)) == {"Titre-brouillon", "Titre-fete", "Titre-change"}
    assert f"/documents/{row.id}-{row.slug}/modifier" in page.text and ">la fiche</a>" in page.text
    assert set(titles(client_as(cast.emile).get(HOME))) == set()


def test_the_menu_keeps_the_words_of_the_printed_guide(cast, client_as):
    page = client_as(cast.alice).get(HOME).text
    for words in ("Modifier la fiche", "Les membres", "Inscriptions à valider", "Créer un document",
                  "Créer une nouvelle action", "Créer un nouvel événement"):  # fmt: skip
        assert f">{words}</a>" in page


def test_the_dashboard_is_light_however_much_there_is(visited, client_as, queries):
    cast = visited
    group = make_group("Un groupe", cast.council, cast.country.reyssouze)
    for number in range(60):
        make_publication((Document, Event)[number % 2], cast.bruno, title=f"Titre{number}")
        draft = make_publication(Document, cast.alice, title=f"Titre-d{number}", published_at=None)
        revisions.set_aside(draft, {}, cast.alice)
        theirs = make_publication(Document, cast.chloe, title=f"Titre-g{number}", level=Visibility.GROUPS)
        theirs.groups = [group]
        make_user(f"U{number} Nouveau", cast.council, decided_at=utcnow())
    db.session.commit()
    alice = client_as(cast.alice)
    queries.clear()
    page = alice.get(HOME, headers={"Accept-Encoding": "gzip"})
    assert page.status_code == 200 and len(queries) <= 12, len(queries)
    assert len(page.data) <= 14_000


# Folders ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def folder(cast):
    row = Folder(council_id=cast.council.id, name="Réunions")
    db.session.add(row)
    db.session.commit()
    return row


def test_any_member_makes_renames_and_deletes_a_folder_and_what_is_in_it_stays(cast, client_as):
    bruno = client_as(cast.bruno)
    assert submit(bruno, f"{HOME}/dossiers", "Créer le dossier", name="Réunions").status_code == 302
    folder = db.session.scalar(select(Folder))
    inside = make_publication(Document, cast.alice, folder_id=folder.id, level=Visibility.PUBLIC)
    make_publication(Document, cast.alice, folder_id=folder.id, published_at=None)
    db.session.commit()
    assert "1 publication<" in bruno.get(f"{HOME}/dossiers").text
    alice = client_as(cast.alice)
    assert "2 publications<" in alice.get(f"{HOME}/dossiers").text
    submit(alice, f"{HOME}/dossiers/{folder.id}/modifier", "Enregistrer", name="Le square", is_series="y")
    page = f"/documents/{inside.id}-{inside.slug}"
    assert f"Épisode 1 sur 1 de la série {quoted('Le square')}" in bruno.get(page).text
    assert "Supprimer" in bruno.get(f"{HOME}/dossiers/{folder.id}/modifier").text
    submit(bruno, f"{HOME}/dossiers/{folder.id}/suppression", "Oui")
    assert "Ce qu’il contenait est toujours là" in bruno.get(f"{HOME}/dossiers").text
    db.session.expire_all()
    assert db.session.get(Publication, inside.id).folder_id is None and not db.session.scalar(select(Folder))


def test_a_renamed_or_deleted_series_shows_on_kept_pages_at_once(cast, client, client_as, folder):
    folder.is_series = True
    inside = make_publication(Document, cast.alice, folder_id=folder.id, level=Visibility.PUBLIC)
    db.session.commit()
    page = f"/documents/{inside.id}-{inside.slug}"
    assert quoted("Réunions") in client.get(page).text
    submit(client_as(cast.alice), f"{HOME}/dossiers/{folder.id}/modifier", "Enregistrer", name="Fêtes")
    assert quoted("Fêtes") in client.get(page).text
    submit(client_as(cast.alice), f"{HOME}/dossiers/{folder.id}/suppression", "Oui")
    assert "Fêtes" not in client.get(page).text


def test_two_folders_of_one_council_have_two_names(cast, client_as, folder):
    alice = client_as(cast.alice)
    page = submit(alice, f"{HOME}/dossiers", "Créer le dossier", name="Réunions")
    assert page.status_code == 422 and "a déjà un dossier « Réunions »" in page.text
    other = Folder(council_id=cast.council.id, name="Fêtes")
    db.session.add(other)
    db.session.commit()
    assert submit(alice, f"{HOME}/dossiers/{other.id}/modifier", "Enregistrer", name="Réunions").status_code == 422
    assert submit(alice, f"{HOME}/dossiers/{folder.id}/modifier", "Enregistrer", name="Réunions").status_code == 302
    assert submit(client_as(cast.chloe), f"{HOME}/dossiers", "Créer", name="Réunions").status_code == 302
    assert submit(alice, f"{HOME}/dossiers", "Créer le dossier", name=" ").status_code == 422


def test_a_folder_opens_as_a_whole_page_after_page(cast, client_as, folder, queries):
    for number in range(30):
        make_publication((Document, Event)[number % 2], cast.alice, title=f"Titre{number:02}", folder_id=folder.id)
        db.session.add(Folder(council_id=cast.council.id, name=f"Dossier {number:02}"))
    db.session.commit()
    bruno = client_as(cast.bruno)
    queries.clear()
    first = bruno.get(f"{HOME}/dossiers/{folder.id}", headers={"Accept-Encoding": "gzip"})
    assert len(queries) <= 12 and len(first.data) <= 14_000
    pages = [bruno.get(f"{HOME}/dossiers/{folder.id}?page={number}") for number in (1, 2)]
    assert [title for page in pages for title in titles(page)] == [f"Titre{number:02}" for number in range(29, -1, -1)]
    queries.clear()
    listed = bruno.get(f"{HOME}/dossiers?page=2").text
    assert len(queries) <= 12 and f'/dossiers/{folder.id}">Réunions</a>' in listed and "30 publications" in listed


def test_the_episodes_of_a_series_stand_in_their_order_in_its_folder(cast, client_as, folder):
    folder.is_series = True
    for number, day in enumerate((3, 2, None, 1)):
        at = day and utcnow() - timedelta(days=day)
        make_publication(Document, cast.alice, title=f"Titre{number}", folder_id=folder.id, published_at=at)
    db.session.commit()
    page = client_as(cast.alice).get(f"{HOME}/dossiers/{folder.id}")
    assert titles(page) == ["Titre0", "Titre1", "Titre3", "Titre2"]


def test_a_folder_of_another_council_is_no_page(cast, client_as, folder):
    assert client_as(cast.chloe).get(f"{HOME}/dossiers/{folder.id}").status_code == 404


@pytest.mark.parametrize("address", ["", "/{}/modifier", "/{}/suppression"])
def test_a_member_suspended_meanwhile_changes_no_folder(cast, client_as, folder, monkeypatch, address):
    def begin_after_suspending():
        cast.alice.status = UserStatus.SUSPENDED
        begin_write()

    monkeypatch.setattr(folders, "begin_write", begin_after_suspending)
    asked = submit(client_as(cast.alice), f"{HOME}/dossiers{address.format(folder.id)}", name="Fêtes")
    db.session.expire_all()
    assert asked.status_code == 403 and [row.name for row in db.session.scalars(select(Folder))] == ["Réunions"]
