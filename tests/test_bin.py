"""The bin of a council: what is deleted leaves everybody's sight, can come back for 30 days, and then is gone."""

import gzip
import os
import time
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import func, select

from app import storage
from app.extensions import db
from app.jobs.accounts import tend_accounts
from app.jobs.bin import empty_bins
from app.jobs.dispatching import dispatch
from app.labels import UserStatus, Visibility
from app.models import Attachment, Document, Event, Publication, Revision, StoredFile, User
from app.models.types import utcnow
from app.services import attachments, bin, closing, contents, councils
from tests.browse import submit
from tests.factories import PASSWORD, make_publication
from tests.samples import PDF, picture
from tests.test_files import address, attach

BIN = "/mon-conseil/corbeille"
FILES = f"{BIN}?quoi=fichiers"


@pytest.fixture
def row(cast):
    row = make_publication(Event, cast.alice, level=Visibility.PUBLIC, title="La fête du square")
    attach(row, cast.alice, picture(), "affiche.png")
    db.session.commit()
    return row


def place(row, view=""):
    return f"/{row.path}/{row.id}-{row.slug}{view}"


def discard(client, row):
    answer = submit(client, place(row, "/suppression"), "Oui")
    assert answer.status_code == 302, answer.text
    db.session.expire_all()


def recover(client, row, address=BIN):
    answer = submit(client, address, "Remettre")
    db.session.expire_all()
    return answer


# There and back ---------------------------------------------------------------------------------------------------


def test_what_is_deleted_leaves_everybodys_sight_at_once(client, client_as, cast, row):
    alice, bruno = client_as(cast.alice), client_as(cast.bruno)
    files = [row for row in db.session.scalars(select(StoredFile))]
    assert client.get(place(row)).status_code == 200
    discard(alice, row)
    for browser in (client, alice, bruno, client_as(cast.animator)):
        assert browser.get(place(row)).status_code == 404
        assert {browser.get(address(file)).status_code for file in files} == {404}
        assert row.title not in browser.get("/ressources/publications").text
    assert "<li>" not in bruno.get("/mon-conseil/evenements").text.partition("<main")[2].replace("<li><a", "")


def test_the_bin_says_who_deleted_it_when_and_until_when(client_as, cast, row):
    with time_machine.travel("2026-11-22T10:00:00Z", tick=False):
        discard(client_as(cast.alice), row)
        page = client_as(cast.bruno).get(BIN).text
    assert "événement, supprimé par Alice Martin le 22 novembre 2026 ; sera effacé le 22 décembre 2026" in page
    assert "Remettre" not in page.partition("La fête du square")[2].partition("<nav")[0].partition("Seul l’auteur")[0]


def test_its_author_takes_it_out_again_for_the_readers_it_had(client, client_as, cast, row):
    alice = client_as(cast.alice)
    discard(alice, row)
    assert recover(alice, row).headers["Location"] == place(row)
    assert client.get(place(row)).status_code == 200
    assert "C’est remis à sa place" in alice.get(place(row)).text


def test_deleting_and_restoring_twice_end_calmly(client_as, cast, row):
    alice = client_as(cast.alice)
    first, second = (alice.get(place(row, "/suppression")) for _ in range(2))
    assert first.status_code == second.status_code == 200
    discard(alice, row)
    again = alice.post(place(row, "/suppression"), follow_redirects=True)
    assert again.request.path == BIN and "C’est déjà dans la corbeille." in again.text
    opened = alice.get(BIN)
    recover(alice, row)
    token = opened.text.partition('name="csrf_token" value="')[2].partition('"')[0]
    back = alice.post(f"{BIN}/{row.id}/retour", data={"csrf_token": token}, follow_redirects=True)
    assert back.request.path == place(row) and "C’est déjà à sa place." in back.text


def test_restoring_what_was_erased_meanwhile_says_so(client_as, cast, row):
    alice = client_as(cast.alice)
    discard(alice, row)
    token = alice.get(BIN).text.partition('name="csrf_token" value="')[2].partition('"')[0]
    number = row.id
    bin.erase([number])
    db.session.commit()
    for which in (number, f"fichiers/{number}"):
        page = alice.post(f"{BIN}/{which}/retour", data={"csrf_token": token}, follow_redirects=True)
        assert page.status_code == 200 and "Ce n’est plus dans la corbeille" in page.text


def test_nobody_else_deletes_or_restores_it(client, client_as, cast, row):
    for name, status in (("bruno", 403), ("chloe", 403), ("animator", 403), ("dora", 403)):
        browser = client_as(getattr(cast, name))
        assert browser.get(place(row, "/suppression")).status_code == status, name
    assert client.get(place(row, "/suppression")).status_code == 302
    discard(client_as(cast.alice), row)
    bruno, chloe = client_as(cast.bruno), client_as(cast.chloe)
    for browser, status in ((bruno, 403), (chloe, 302)):
        token = browser.get("/mon-profil").text.partition('name="csrf_token" value="')[2].partition('"')[0]
        assert browser.post(f"{BIN}/{row.id}/retour", data={"csrf_token": token}).status_code == status
    db.session.expire_all()
    assert row.deleted_at and row.title not in chloe.get(BIN).text


def test_what_its_author_left_in_the_bin_is_taken_out_by_another_member(client_as, cast, row):
    discard(client_as(cast.alice), row)
    draft = make_publication(Document, cast.alice, published_at=None, deleted_at=utcnow())
    cast.alice.status = UserStatus.CLOSED
    db.session.commit()
    bruno = client_as(cast.bruno)
    assert recover(bruno, row).headers["Location"] == place(row)
    assert "Reprendre cette publication" in bruno.get(place(row)).text
    token = bruno.get(place(row)).text.partition('name="csrf_token" value="')[2].partition('"')[0]
    bruno.post(f"{BIN}/{draft.id}/retour", data={"csrf_token": token})
    db.session.expire_all()
    assert draft.deleted_at


def test_its_former_address_leads_to_the_bin_those_who_see_it_there(client, client_as, cast, row):
    discard(client_as(cast.alice), row)
    for name, is_told in (("alice", True), ("bruno", True), ("chloe", False), ("animator", False), ("dora", False)):
        page = client_as(getattr(cast, name)).get(place(row)).text
        assert ("C’est dans la corbeille" in page) is is_told and (BIN in page.partition("<main")[2]) is is_told
    assert "corbeille" not in client.get(place(row)).text
    assert "corbeille" not in client_as(cast.alice).get(place(row).replace("evenements", "documents")).text


def test_a_draft_in_the_bin_is_shown_to_its_author_alone_and_its_date_is_forgotten(client_as, cast):
    draft = make_publication(
        Document, cast.alice, published_at=None, publish_on=utcnow() + timedelta(1), title="À voir"
    )
    db.session.commit()
    alice = client_as(cast.alice)
    discard(alice, draft)
    assert draft.publish_on is None
    assert (
        "document, brouillon, supprimé" in alice.get(BIN).text and "À voir" not in client_as(cast.bruno).get(BIN).text
    )


def test_a_file_that_was_taken_away_comes_back(client_as, cast, row):
    alice, bruno = client_as(cast.alice), client_as(cast.bruno)
    (poster,) = db.session.scalars(select(Attachment))
    attachments.remove(poster, cast.alice)
    db.session.commit()
    assert "affiche.png" not in bruno.get(place(row)).text
    assert "de « La fête du square », retiré par Alice Martin" in bruno.get(FILES).text
    assert "Remettre" not in bruno.get(FILES).text.partition("Fichiers retirés")[2].partition("Seul l’auteur")[0]
    assert "affiche" not in client_as(cast.chloe).get(FILES).text
    assert recover(alice, row, FILES).headers["Location"] == place(row)
    assert "affiche.png" in bruno.get(place(row)).text
    assert "Aucun fichier retiré." in alice.get(FILES).text


def test_a_file_does_not_come_back_where_there_are_twenty(client_as, cast, row, monkeypatch):
    monkeypatch.setattr(attachments, "MOST", 1)
    (poster,) = db.session.scalars(select(Attachment))
    attachments.remove(poster, cast.alice)
    attach(row, cast.alice)
    db.session.commit()
    alice = client_as(cast.alice)
    recover(alice, row, FILES)
    assert poster.removed_at and "c’est le plus possible" in alice.get(place(row)).text


def test_a_full_bin_costs_no_more_queries_and_comes_page_by_page(client_as, cast, queries):
    alice = client_as(cast.alice)
    alice.get(BIN)

    def count(address):
        queries.clear()
        page = alice.get(address)
        assert page.status_code == 200
        return len(queries), page

    for number in range(30):
        one = make_publication(
            (Document, Event)[number % 2], (cast.alice, cast.bruno)[number % 2], title=f"N° {number}"
        )
        attachments.remove(attach(one, cast.alice), cast.alice)
        bin.discard(make_publication(Document, cast.alice), (cast.alice, cast.bruno)[number % 2])
    db.session.commit()
    for place in (BIN, FILES):
        number, page = count(place)
        assert number <= 12 and page.text.count("<strong>") == 20 and "Page suivante" in page.text
        assert len(gzip.compress(page.data)) < 8_000
        assert count(page.text.partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&"))[0] <= 12
    assert "quoi=fichiers" in page.text.partition('rel="next" href="')[2].partition('"')[0]


# The end ----------------------------------------------------------------------------------------------------------


def contents_of(row):
    columns = (Attachment.file_id, Attachment.picture_id, Attachment.thumbnail_id)
    ids = [i for column in columns for i in db.session.scalars(select(column).filter_by(publication_id=row.id)) if i]
    return [
        storage.path(digest) for digest in db.session.scalars(select(StoredFile.digest).where(StoredFile.id.in_(ids)))
    ]


def count(model):
    return db.session.scalar(select(func.count()).select_from(model))


def test_after_thirty_days_the_job_erases_it_with_all_that_hangs_on_it(client_as, cast, row):
    paths, number = contents_of(row), row.id
    db.session.add(Revision(publication_id=row.id, number=1, content={}, author_id=cast.alice.id))
    discard(client_as(cast.alice), row)
    row.deleted_at = utcnow() - timedelta(days=29)
    db.session.commit()
    empty_bins()
    assert len(paths) == 3 and all(path.exists() for path in paths)
    row.deleted_at = utcnow() - timedelta(days=30, minutes=1)
    db.session.commit()
    empty_bins()
    empty_bins()
    assert not any(path.exists() for path in paths)
    assert [count(model) for model in (Publication, Event, Attachment, StoredFile, Revision)] == [0] * 5
    assert db.session.get(Event, number) is None


def test_the_job_erases_files_that_were_taken_away_and_those_of_forms_never_saved(cast, row):
    taken = attach(row, cast.alice, PDF + b"%%EOF 1")
    forgotten = attach(row, cast.alice, PDF + b"%%EOF 2", is_shown=False)
    fresh = attach(row, cast.alice, PDF + b"%%EOF 3", is_shown=False)
    attachments.remove(taken, cast.alice)
    taken.removed_at = forgotten.removed_at = utcnow() - timedelta(days=31)
    paths = {one: storage.path(one.file.digest) for one in (taken, forgotten, fresh)}
    db.session.commit()
    empty_bins()
    assert [path.exists() for path in paths.values()] == [False, False, True]
    assert count(Attachment) == 2


def test_a_content_that_another_file_still_names_stays(cast, row):
    kept, gone = attach(row, cast.alice), attach(row, cast.alice)
    attachments.remove(gone, cast.alice)
    gone.removed_at = utcnow() - timedelta(days=31)
    db.session.commit()
    empty_bins()
    assert storage.path(kept.file.digest).exists()


def test_one_that_cannot_be_erased_holds_up_no_other(cast, row, monkeypatch):
    bad = make_publication(Document, cast.alice, deleted_at=utcnow() - timedelta(days=31))
    row.deleted_at = utcnow() - timedelta(days=31)
    db.session.commit()
    bad_id, erase = bad.id, bin.erase

    def stumble(ids):
        if ids == [bad_id]:
            raise RuntimeError
        return erase(ids)

    monkeypatch.setattr(bin, "erase", stumble)
    with pytest.raises(RuntimeError):
        empty_bins()
    assert db.session.scalars(select(Publication.id)).all() == [bad_id]


def test_the_job_clears_away_what_dead_processes_have_left(app, cast, row):
    staged, orphan = contents.stage(b"half a file"), storage.path(storage.save(b"no row"))
    young = contents.stage(b"being sent")
    long_ago = time.time() - 2 * 86400
    for path in (staged.path, orphan, *contents_of(row)):
        os.utime(path, (long_ago, long_ago))
    empty_bins()
    assert not staged.path.exists() and not orphan.exists()
    assert young.path.exists() and all(path.exists() for path in contents_of(row))
    contents.discard(young)


# Those who leave --------------------------------------------------------------------------------------------------


def close(client, **choice):
    fields = {"when": "later", "contributions": "stay", "password": PASSWORD} | choice
    assert submit(client, "/mon-profil/fermeture", **fields).status_code == 302
    db.session.expire_all()


def end(user):
    user.closing_at = utcnow() - timedelta(minutes=1)
    db.session.commit()
    tend_accounts()
    db.session.expire_all()


def test_what_stays_of_somebody_who_leaves_is_signed_former_member_and_their_drafts_go(client, client_as, cast, row):
    draft = make_publication(Document, cast.alice, published_at=None)
    attach(draft, cast.alice)
    db.session.add(Revision(publication_id=row.id, content={}, author_id=cast.alice.id))
    db.session.commit()
    paths = contents_of(draft)
    close(client_as(cast.alice))
    assert client.get(place(row)).status_code == 200 and count(Publication) == 2
    end(cast.alice)
    assert count(Publication) == 1 and count(Revision) == 0 and not paths[0].exists()
    page = client_as(cast.bruno).get(place(row)).text
    assert "ancien membre" in page and "Alice" not in page and "affiche.png" in page


def test_what_is_withdrawn_is_read_by_nobody_and_comes_back_with_the_account(client, client_as, cast, row):
    other = make_publication(Document, cast.alice, title="Le banc", deleted_at=utcnow())
    db.session.commit()
    assert row.title in client.get("/ressources/publications").text
    close(client_as(cast.alice), contributions="go")
    bruno = client_as(cast.bruno)
    for browser in (client, bruno, client_as(cast.animator)):
        assert browser.get(place(row)).status_code == 404
        assert row.title not in browser.get("/ressources/publications").text
    assert other.title not in bruno.get(BIN).text
    closing.reopen(db.session.get(User, cast.alice.id))
    db.session.commit()
    assert client.get(place(row)).status_code == 200
    assert row.title in client.get("/ressources/publications").text and other.title in bruno.get(BIN).text


def test_what_is_withdrawn_is_erased_with_its_files_at_the_end(client_as, cast, row):
    paths = contents_of(row)
    close(client_as(cast.alice), contributions="go")
    dispatch()  # that an event does not take place
    end(cast.alice)
    assert count(Publication) == count(StoredFile) == 0 and not any(path.exists() for path in paths)


def test_who_closes_at_once_takes_all_along_at_once(client_as, cast, row):
    theirs = make_publication(Document, cast.bruno)
    db.session.commit()
    paths = contents_of(row)
    close(client_as(cast.alice), contributions="go", when="now")
    assert client_as(cast.bruno).get(place(row)).status_code == 404
    with time_machine.travel(utcnow() + bin.TELLING + timedelta(hours=1), tick=False):
        empty_bins()  # an event has waited for people to be told that it does not take place
    assert db.session.scalars(select(Publication.id)).all() == [theirs.id] and not any(path.exists() for path in paths)


def test_what_an_open_account_has_is_not_given_back_twice(cast, row):
    row.withdrawn_at = utcnow()
    db.session.commit()
    closing.reopen(cast.alice)
    assert row.withdrawn_at


def test_the_demo_goes_with_what_it_shared(cast, row):
    cast.council.is_demo = True
    real = make_publication(Document, cast.emile)
    attach(real, cast.emile)
    db.session.commit()
    kept, gone = contents_of(real), contents_of(row)
    _, unused = councils.remove_demo()
    db.session.commit()
    assert {path.name for path in gone} <= set(unused) and not {path.name for path in kept} & set(unused)
    assert db.session.scalars(select(Publication.id)).all() == [real.id] and count(StoredFile) == 1
