"""Files of publications: sent, kept, shown, refused, and read by those who read the publication."""

import io
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from flask_migrate import upgrade
from PIL import Image
from sqlalchemy import delete, select

from app import storage
from app.blueprints.publications import saving
from app.extensions import begin_write, db
from app.labels import Visibility
from app.models import Attachment, Document, Event, StoredFile, User
from app.models.types import utcnow
from app.services import attachments, contents
from app.services.attachments import FileRefused
from tests import samples
from tests.browse import send, submit
from tests.factories import make_cast, make_group, make_publication
from tests.samples import PDF, SCRIPT, picture

NEW = "/mon-conseil/documents/nouveau"
DRAFT = "Garder en brouillon"


def upload(content, name="a.pdf"):
    return (io.BytesIO(content), name)


def all_files():
    return list(db.session.scalars(select(Attachment).order_by(Attachment.id)))


def address(file):
    return f"/fichiers/{file.id}/{file.name}"


def attach(publication, user, content=PDF, name="a.pdf", **options):
    """Join a file to a publication without its form."""
    return attachments.add(publication, attachments.receive(io.BytesIO(content), name), user, **options)


def edit_address(row):
    return f"/documents/{row.id}-{row.slug}/modifier"


def on_disk(app):
    folder = Path(app.config["INSTANCE_DIR"]) / "files"
    return {path for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def row(cast):
    row = make_publication(Document, cast.alice)
    db.session.commit()
    return row


# Sending ----------------------------------------------------------------------------------------------------------


def test_several_files_go_with_a_new_document_and_come_back_as_they_were(client_as, cast):
    alice, photo = client_as(cast.alice), samples.noise((900, 600))
    files = [upload(PDF, "Compte rendu.pdf"), upload(photo, "photo.png")]
    assert submit(alice, NEW, DRAFT, title="Le square", files=files).status_code == 302
    paper, image = all_files()
    assert (paper.file.name, paper.picture, image.file.name) == ("Compte rendu.pdf", None, "photo.jpg")
    assert alice.get(address(paper.file)).data == PDF
    assert alice.get(address(image.file)).data == photo
    assert (image.picture.width, image.thumbnail.width) == (900, 320)
    page = alice.get(f"/documents/{paper.publication_id}-le-square").text
    assert all(address(file).replace(" ", "%20") in page for file in (paper.file, image.file, image.thumbnail))
    assert 'loading="lazy"' in page and "PDF, 1\xa0Ko" in page and "Original" in page


def test_what_is_refused_says_why_and_what_was_right_waits_in_the_form(client_as, cast):
    alice = client_as(cast.alice)
    files = [upload(PDF, "bon.pdf"), upload(SCRIPT, "mauvais.html"), upload(b"MZ", "pire.exe")]
    page = submit(alice, NEW, "Publier", title="Le square", files=files)
    assert page.status_code == 422 and page.text.count("« mauvais.html » n’est pas gardé.") == 2
    assert "programmes" in page.text and "Retirer « bon.pdf »" in page.text
    (waiting,) = all_files()
    assert waiting.removed_at and not waiting.removed_by_id and waiting.publication.is_draft
    assert send(alice, page, "Publier").status_code == 302
    db.session.expire_all()
    assert waiting.removed_at is None and waiting.publication.published_at


def test_files_of_a_form_that_was_wrong_are_seen_by_nobody_else_before_it_is_saved(client_as, cast, row):
    row.level = Visibility.PUBLIC
    db.session.commit()
    alice, bruno = client_as(cast.alice), client_as(cast.bruno)
    page = submit(alice, edit_address(row), "Enregistrer", title="", files=[upload(PDF)])
    (waiting,) = all_files()
    assert page.status_code == 422 and alice.get(address(waiting.file)).status_code == 200
    for browser in (bruno, client_as(cast.emile)):
        assert browser.get(address(waiting.file)).status_code == 404
        assert "a.pdf" not in browser.get(f"/documents/{row.id}-{row.slug}").text
    assert "a.pdf" not in bruno.get("/mon-conseil/corbeille?quoi=fichiers").text
    page = send(alice, page, "Enregistrer", title="y" * 201)
    assert page.status_code == 422 and "a.pdf" in page.text
    send(alice, page, "Enregistrer", title="Le square")
    assert bruno.get(address(waiting.file)).status_code == 200


def test_nobody_brings_in_sight_what_another_person_has_sent(client_as, cast, row):
    other = make_publication(Document, cast.bruno)
    theirs = attach(other, cast.bruno, is_shown=False)
    db.session.commit()
    submit(client_as(cast.alice), edit_address(row), "Enregistrer", title="Mien", sent=f"{theirs.id},9999,x,²")
    attachments.show(other, [theirs.id], cast.alice)
    attachments.show(row, [theirs.id], cast.bruno)
    db.session.expire_all()
    assert theirs.removed_at


def test_a_file_is_taken_away_and_an_image_gets_its_words(client_as, cast, row):
    paper, image = attach(row, cast.alice), attach(row, cast.alice, picture(), "b.png")
    db.session.commit()
    words = {f"retirer-{paper.id}": "y", f"image-{image.id}": "Le square\u202e en mai"}
    assert submit(client_as(cast.alice), edit_address(row), "Enregistrer", **words).status_code == 302
    db.session.expire_all()
    assert (paper.removed_by_id, image.alternative) == (cast.alice.id, "Le square en mai")
    page = client_as(cast.bruno).get(f"/documents/{row.id}-{row.slug}").text
    assert "a.pdf" not in page and 'alt="Le square en mai"' in page


def test_words_that_are_too_long_come_back_to_be_shortened(client_as, cast, row):
    image = attach(row, cast.alice, picture(), "b.png")
    db.session.commit()
    page = submit(client_as(cast.alice), edit_address(row), "Enregistrer", **{f"image-{image.id}": "é" * 301})
    assert page.status_code == 422 and "é" * 301 in page.text


def test_a_photo_that_says_where_it_was_taken_loses_that_and_its_author_is_told(client_as, cast):
    alice = client_as(cast.alice)
    content = picture("JPEG", (2000, 1500), place=True)
    submit(alice, NEW, DRAFT, title="Le square", files=[upload(content, "IMG_1.jpg")])
    (image,) = all_files()
    kept = Image.open(io.BytesIO(alice.get(address(image.file)).data))
    assert (image.file.name, image.file.media_type, kept.format) == ("IMG_1.jpg", "image/jpeg", "JPEG")
    assert kept.size == (2000, 1500) and not kept.getexif()
    assert "disait où elle a été prise" in alice.get("/mon-conseil").text
    assert content not in {path.read_bytes() for path in on_disk(alice.application)}


def test_no_more_than_twenty_files(client_as, cast, row):
    for number in range(attachments.MOST):
        attach(row, cast.alice, PDF + b"%%EOF" * number, f"{number}.pdf")
    db.session.commit()
    page = submit(client_as(cast.alice), edit_address(row), files=[upload(PDF, "encore.pdf")], act="save")
    assert "« encore.pdf » n’est pas gardé. Il y a déjà 20 fichiers" in page.text
    assert len(all_files()) == attachments.MOST


def test_a_file_that_is_too_large_is_refused_and_leaves_nothing(client_as, cast, app, monkeypatch):
    monkeypatch.setitem(app.config, "FILE_MB", 1)
    before = on_disk(app)
    page = submit(client_as(cast.alice), NEW, DRAFT, title="Le square", files=[upload(PDF + b"x" * 2**20)])
    assert page.status_code == 422 and "trop lourd : 1 Mo au plus" in page.text
    assert on_disk(app) == before and not all_files()


def test_a_file_without_a_name_is_kept_under_one_and_no_file_at_all_is_none(client_as, cast):
    alice = client_as(cast.alice)
    body = '--x\r\nContent-Disposition: form-data; name="{}"{}\r\n\r\n{}\r\n'
    token = alice.get(NEW).text.partition('name="csrf_token" value="')[2].partition('"')[0]
    for content in ("Bonjour", ""):
        fields = {"csrf_token": token, "title": f"Note {content}", "act": "draft", "level": "council", "folder": "0"}
        fields["key"] = "0123456789abcdef" + "01"[bool(content)] * 16
        parts = [body.format(name, "", value) for name, value in fields.items()]
        sent = "".join([*parts, body.format("files", '; filename=""', content), "--x--\r\n"])
        answer = alice.post(NEW, data=sent.encode(), content_type="multipart/form-data; boundary=x")
        assert answer.status_code == 302, answer.text
    assert [one.file.name for one in all_files()] == ["fichier.txt"]


def test_a_disk_that_is_full_loses_no_text(client_as, cast, monkeypatch):
    def fail(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(storage, "_copy", fail)
    alice = client_as(cast.alice)
    page = submit(alice, NEW, "Publier", title="Le square", files=[upload(PDF)])
    assert page.status_code == 422 and "n’a pas pu garder ce fichier" in page.text and 'value="Le square"' in page.text
    assert not list((Path(alice.application.config["INSTANCE_DIR"]) / "files" / "staged").glob("*"))


def test_a_bomb_and_a_polyglot_of_each_kind(client_as, cast):
    alice = client_as(cast.alice)
    bombs = [upload(samples.bomb(), "a.png"), upload(samples.office("docx", big=b"\0" * 30_000_000), "b.docx")]
    page = submit(alice, NEW, DRAFT, title="Le square", files=bombs)
    assert page.status_code == 422 and "trop de points" in page.text and "énorme" in page.text
    both = [upload(picture() + SCRIPT, "a.html"), upload(PDF + SCRIPT, "b.html")]
    assert send(alice, page, DRAFT, files=both).status_code == 302
    for row in all_files():
        answer = alice.get(address(row.file))
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert answer.mimetype in ("image/png", "application/pdf")


def post_large(browser, place, megabytes):
    """Send a head that announces so much."""
    sent = {"CONTENT_LENGTH": str(megabytes * 2**20), "CONTENT_TYPE": "multipart/form-data; boundary=x"}
    return browser.post(place, environ_overrides=sent, input_stream=io.BytesIO(b"--x--"))


def test_members_send_several_large_files_at_once_and_who_sends_more_is_told_what_to_do(client_as, client, cast):
    alice = client_as(cast.alice)
    assert post_large(alice, NEW, 100).status_code == 400  # read, and it breaks off
    page = post_large(alice, NEW, 103)
    assert page.status_code == 413 and "Revenez en arrière : votre texte y est encore." in page.text
    assert post_large(alice, "/mon-profil", 30).status_code == 413
    for browser, status in ((client, 413), (client_as(cast.dora), 403), (client_as(cast.animator), 403)):
        assert post_large(browser, NEW, 30).status_code == status


def test_who_was_logged_out_while_sending_files_keeps_the_text(client_as, cast):
    alice = client_as(cast.alice)
    page = alice.get(NEW)
    alice.post("/deconnexion")
    with alice.session_transaction() as session:
        session["_user_id"] = "a login that has ended"
    headers = {"Referer": "http://localhost" + NEW}
    answer = alice.post(NEW, data={"title": "Le square", "files": [upload(PDF)]}, headers=headers)
    assert page.status_code == 200 and answer.status_code == 403
    assert "les fichiers joints" in answer.text
    assert (post_large(alice, NEW, 90).status_code, post_large(alice, NEW, 103).status_code) == (400, 413)


def test_the_same_content_sent_twice_lies_on_the_disk_once(app, cast, row):
    first, second = attach(row, cast.alice), attach(row, cast.alice, name="b.pdf")
    db.session.commit()
    assert first.file.digest == second.file.digest and first.file_id != second.file_id
    unused = attachments.erase([first])
    db.session.commit()
    begin_write()
    contents.delete_unused(unused)
    assert storage.path(second.file.digest).exists()
    assert not list((Path(app.config["INSTANCE_DIR"]) / "files" / "staged").glob("*"))


# The quota --------------------------------------------------------------------------------------------------------


@pytest.fixture
def quota(app, monkeypatch):
    monkeypatch.setitem(app.config, "COUNCIL_QUOTA_MB", 1)


def test_the_place_that_a_council_takes_counts_drafts_copies_and_the_bin_and_no_other_council(cast, row):
    image = attach(row, cast.alice, picture(), "b.png")
    draft = make_publication(Document, cast.bruno, published_at=None, deleted_at=utcnow())
    attach(draft, cast.bruno)
    attach(make_publication(Document, cast.chloe), cast.chloe, PDF * 9)
    sizes = [file.size for file in (image.file, image.picture, image.thumbnail)]
    assert attachments.taken(cast.council.id) == sum(sizes) + len(PDF)


def test_what_is_over_the_quota_is_refused_the_rest_is_kept_and_the_bar_shows_it(client_as, cast, row, quota):
    attach(row, cast.alice, PDF * 12_000)
    db.session.commit()
    alice = client_as(cast.alice)
    size = attachments.taken(cast.council.id)
    files = [upload(PDF * 6_000, "lourd.pdf"), upload(PDF, "petit.pdf")]
    page = submit(alice, edit_address(row), "Enregistrer", files=files)
    assert "« lourd.pdf » n’est pas gardé. Il ne reste plus assez de place" in page.text
    assert "petit.pdf" in page.text and f'value="{size + len(PDF)}" max="1000000"' in page.text
    assert {one.file.name for one in all_files()} == {"a.pdf", "petit.pdf"}


def test_two_at_once_do_not_pass_the_quota(own_app, monkeypatch):
    monkeypatch.setitem(own_app.config, "COUNCIL_QUOTA_MB", 1)
    with own_app.app_context():
        upgrade()
        cast = make_cast()
        rows = [make_publication(Document, cast.alice).id for _ in range(4)]
        db.session.commit()
        alice_id, council_id = cast.alice.id, cast.council.id
    ready, outcomes = threading.Barrier(4), []

    def send_one(row_id):
        with own_app.app_context():
            incoming = attachments.receive(io.BytesIO(PDF * 6_000 + str(row_id).encode()), "a.pdf")
            ready.wait(10)
            begin_write()
            row, alice = db.session.get(Document, row_id), db.session.get(User, alice_id)
            try:
                attachments.add(row, incoming, alice)
                outcomes.append("kept")
            except FileRefused:
                outcomes.append("refused")
            db.session.commit()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(send_one, rows))
    with own_app.app_context():
        assert sorted(outcomes) == ["kept", "kept", "refused", "refused"]
        assert attachments.taken(council_id) <= 10**6


# Reading ----------------------------------------------------------------------------------------------------------

READERS = {
    Visibility.COUNCIL: {"alice", "bruno"},
    Visibility.GROUPS: {"alice", "bruno", "chloe"},
    Visibility.MEMBERS: {"alice", "bruno", "chloe", "emile", "referent", "away", "animator"},
    Visibility.PUBLIC: {"alice", "bruno", "chloe", "emile", "referent", "away", "animator", "dora", "visitor"},
}
PEOPLE = sorted(READERS[Visibility.PUBLIC])


def readers(cast, client, client_as, file):
    """Return who gets a file; of those, none may get half an answer."""
    answers = {}
    for name in PEOPLE:
        browser = client if name == "visitor" else client_as(getattr(cast, name))
        answers[name] = {browser.open(address(file), method=method).status_code for method in ("GET", "HEAD")}
    assert all(statuses in ({200}, {404}) for statuses in answers.values()), answers
    return {name for name, statuses in answers.items() if statuses == {200}}


@pytest.mark.parametrize("level", [Visibility.GROUPS, Visibility.PUBLIC])  # tests/test_items.py has them all
def test_every_file_of_a_publication_is_read_by_its_readers_alone(cast, client, client_as, level):
    group = make_group("Le fleuve", cast.council, cast.country.reyssouze)
    row = make_publication(Event, cast.alice, level=level, groups=[group])
    image = attach(row, cast.alice, picture(), "b.png")
    db.session.commit()
    for file in (image.file, image.picture, image.thumbnail):
        assert readers(cast, client, client_as, file) == READERS[level]


@pytest.mark.parametrize("column", ["published_at", "deleted_at", "withdrawn_at", "hidden_at", "removed_at"])
def test_a_file_of_what_is_not_shown_follows_it(cast, client, client_as, column):
    row = make_publication(Document, cast.alice, level=Visibility.PUBLIC)
    image = attach(row, cast.alice, picture(), "b.png")
    if column == "removed_at":
        attachments.remove(image, cast.alice)
    else:
        setattr(row, column, None if column == "published_at" else utcnow())
    db.session.commit()
    expected = {
        "published_at": {"alice"}, "deleted_at": set(), "withdrawn_at": set(),
        "hidden_at": {"alice", "animator", "referent"}, "removed_at": {"alice", "bruno"},
    }[column]  # fmt: skip
    for file in (image.file, image.thumbnail):
        assert readers(cast, client, client_as, file) == expected


def test_what_people_sent_is_saved_not_opened_and_what_the_site_drew_is_shown(client_as, client, cast, row):
    row.level = Visibility.PUBLIC
    image = attach(row, cast.alice, picture(), "L’été à l’école.png")
    db.session.commit()
    sent, drawn = client.get(address(image.file)), client.get(address(image.thumbnail))
    disposition = sent.headers["Content-Disposition"]
    assert disposition.startswith("attachment;") and "filename*=UTF-8''L%E2%80%99%C3%A9t%C3%A9" in disposition
    assert drawn.headers["Content-Disposition"].startswith("inline;") and drawn.mimetype == "image/webp"
    for answer in (sent, drawn):
        assert answer.headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'; sandbox"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "private, no-cache"
    row.level = Visibility.MEMBERS
    db.session.commit()
    assert client_as(cast.bruno).get(address(image.file)).headers["Cache-Control"] == "private, no-store"


def test_a_file_comes_by_parts_and_not_again(client, cast, row):
    row.level = Visibility.PUBLIC
    file = attach(row, cast.alice).file
    db.session.commit()
    whole = client.get(address(file))
    assert whole.headers["Accept-Ranges"] == "bytes" and whole.content_length == len(PDF)
    part = client.get(address(file), headers={"Range": "bytes=5-9"})
    assert (part.status_code, part.data) == (206, PDF[5:10])
    assert part.headers["Content-Range"] == f"bytes 5-9/{len(PDF)}"
    rest = client.get(address(file), headers={"Range": "bytes=60-", "If-Range": whole.headers["ETag"]})
    assert (rest.status_code, rest.data) == (206, PDF[60:])
    past = client.get(address(file), headers={"Range": f"bytes={len(PDF)}-"})
    assert (past.status_code, past.headers["Content-Range"]) == (416, f"bytes */{len(PDF)}")
    known = client.get(address(file), headers={"If-None-Match": whole.headers["ETag"]})
    assert (known.status_code, known.data) == (304, b"")
    head = client.head(address(file))
    assert (head.status_code, head.data, head.content_length) == (200, b"", len(PDF))


def test_another_name_leads_to_the_present_one_and_a_file_without_its_content_nowhere(client, cast, row):
    row.level = Visibility.PUBLIC
    file = attach(row, cast.alice).file
    db.session.commit()
    other = client.get(f"/fichiers/{file.id}/page.html")
    assert (other.status_code, other.location) == (302, address(file))
    storage.delete(file.digest)
    assert client.get(address(file)).status_code == 404


def test_a_file_costs_few_queries(client, client_as, cast, row, queries):
    row.level = Visibility.PUBLIC
    file = attach(row, cast.alice, picture(), "a.png").thumbnail
    db.session.commit()
    bruno, place = client_as(cast.bruno), address(file)
    for browser, most in ((client, 3), (bruno, 6)):
        queries.clear()
        assert browser.get(place).status_code == 200
        assert len(queries) <= most, queries


def test_without_images_no_thumbnail_is_shown(client_as, cast, row):
    image = attach(row, cast.alice, picture(), "b.png")
    db.session.commit()
    page = client_as(cast.bruno).get(f"/documents/{row.id}-{row.slug}", headers={"Save-Data": "on"}).text
    assert address(image.thumbnail) not in page and address(image.picture) in page


def test_twenty_images_cost_no_more_than_one(client_as, cast, queries):
    bruno = client_as(cast.bruno)

    def count(number):
        row = make_publication(Document, cast.alice)
        for index in range(number):
            attach(row, cast.alice, picture(size=(40 + index, 40)), f"{index}.png")
        db.session.commit()
        place = f"/documents/{row.id}-{row.slug}"
        queries.clear()
        assert bruno.get(place).status_code == 200
        return len(queries)

    assert count(1) == count(attachments.MOST) <= 12


def test_names_are_never_paths(cast, row):
    file = attach(row, cast.alice, b"x", "../../../../tmp/evade.txt").file
    assert file.name == "evade.txt" and re.fullmatch("[0-9a-f]{64}", storage.path(file.digest).name)


# What nobody else has seen ----------------------------------------------------------------------------------------


def test_a_file_that_left_a_draft_stays_its_senders_once_that_is_published(client_as, cast):
    alice, bruno = client_as(cast.alice), client_as(cast.bruno)
    submit(alice, NEW, DRAFT, title="Le square", files=[upload(PDF, "salaires.pdf")])
    (left,) = all_files()
    submit(alice, edit_address(left.publication), "Publier", **{f"retirer-{left.id}": "y"})
    assert left.publication.published_at and left.removed_at
    for browser, status, is_listed in ((alice, 200, True), (bruno, 404, False)):
        assert browser.get(address(left.file)).status_code == status
        assert ("salaires.pdf" in browser.get("/mon-conseil/corbeille?quoi=fichiers").text) == is_listed


def test_a_file_that_waited_and_is_ticked_away_is_gone_however_often_the_form_is_sent(client_as, cast, row):
    alice = client_as(cast.alice)
    page = submit(alice, edit_address(row), "Enregistrer", title="", files=[upload(PDF)])
    (waiting,) = all_files()
    away = {f"retirer-{waiting.id}": "y"}
    for _ in range(2):
        assert send(alice, page, "Enregistrer", title="Le square", **away).status_code == 302
        assert all_files() == [] and db.session.scalars(select(StoredFile)).all() == []


def test_a_file_that_is_erased_while_its_form_is_sent_takes_nothing_with_it(client_as, cast, row, monkeypatch):
    alice = client_as(cast.alice)
    page = submit(alice, edit_address(row), "Enregistrer", title="", files=[upload(PDF)])
    (waiting,) = all_files()

    def begin_after_erasing():
        db.session.execute(delete(Attachment).execution_options(synchronize_session=False))
        begin_write()

    monkeypatch.setattr(saving, "begin_write", begin_after_erasing)
    away = {f"retirer-{waiting.id}": "y"}
    assert send(alice, page, "Enregistrer", title="Le square", **away).status_code == 302
