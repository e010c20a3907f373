"""Files and pictures in messages: sent, kept while a form is corrected, read by those who read the message."""

import re
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from app import storage
from app.access import VISITOR, may_read, readable, viewer_of
from app.extensions import db
from app.jobs.bin import empty_bins
from app.models import Attachment, Category, Document, Message, MessageText, Topic
from app.models.types import utcnow
from app.services import attachments, posting
from app.services.attachments import Envelope
from tests.browse import send, submit
from tests.factories import make_category, make_group, make_message, make_publication, make_topic
from tests.samples import PDF, SCRIPT, picture
from tests.test_files import PEOPLE, address, all_files, attach, post_large, readers, upload

ANSWER = "Répondre"
BIN = "/mon-conseil/corbeille?quoi=fichiers"


@pytest.fixture
def group(cast):
    return make_group("Les quartiers de Bourg", cast.council, cast.country.reyssouze)


@pytest.fixture
def topic(cast):
    found = make_topic(cast.alice, make_category())
    db.session.commit()
    return found


@pytest.fixture
def place(topic):
    return f"/forum/sujets/{topic.id}-{topic.slug}/repondre"


def write(user, topic, *contents):
    """Add a message with files, without its form."""
    message = make_message(user, topic)
    envelope = Envelope(message.key, user.council_id)
    for number, content in enumerate(contents):
        attach(envelope, user, content, f"{number}.{'pdf' if content.startswith(b'%PDF') else 'png'}")
    attachments.join(envelope, message, user)
    db.session.commit()
    return message


def last_message():
    return db.session.scalar(select(Message).order_by(Message.id.desc()).limit(1))


# Sending ----------------------------------------------------------------------------------------------------------


def test_a_file_and_a_picture_go_with_an_answer_and_are_shown_below_it(client_as, cast, topic, place):
    files = [upload(PDF, "plan.pdf"), upload(picture(size=(900, 600)), "square.png")]
    answer = submit(client_as(cast.bruno), place, ANSWER, text="Voici.", files=files)
    assert answer.status_code == 302, answer.text
    message = last_message()
    assert message.has_files and not topic_start(topic).has_files
    page = client_as(cast.chloe).get(answer.location.partition("#")[0]).text
    shown = page.partition("Voici.")[2].partition("</article>")[0]
    paper, image = all_files()
    assert address(paper.file) in shown and f'<img src="{address(image.thumbnail)}"' in shown
    assert (paper.council_id, paper.form_key, paper.added_by_id) == (cast.council.id, message.key, cast.bruno.id)
    assert client_as(cast.chloe).get(address(paper.file)).data == PDF


def topic_start(topic):
    return db.session.scalar(select(Message).filter_by(topic_id=topic.id, number=1))


def test_a_new_topic_takes_files_in_the_forum_and_in_a_group(client_as, cast, topic, group):
    db.session.commit()
    for path in ("/forum/vie-des-conseils/nouveau", f"/groupes/{group.slug}/discussions/nouveau"):
        fields = {"title": "Un plan", "text": "Le voici.", "files": [upload(PDF)]}
        answer = submit(client_as(cast.alice), path, "Publier", **fields)
        assert answer.status_code == 302 and last_message().has_files
        assert "a.pdf" in client_as(cast.chloe).get(answer.location).text


def test_what_was_sent_for_a_preview_waits_unseen_and_goes_with_the_message(client_as, cast, topic, place):
    bruno = client_as(cast.bruno)
    page = submit(bruno, place, "aperçu", text="Voici.", files=[upload(PDF)])
    (waiting,) = all_files()
    assert "Retirer « a.pdf »" in page.text and waiting.removed_at and waiting.message_id is None
    assert bruno.get(address(waiting.file)).status_code == 200
    for other in (cast.alice, cast.chloe, cast.animator):
        assert client_as(other).get(address(waiting.file)).status_code == 404
    page = send(bruno, page, "aperçu", text="Voici donc.")
    assert "Retirer « a.pdf »" in page.text
    assert send(bruno, page, ANSWER).status_code == 302
    db.session.expire_all()
    assert waiting.removed_at is None and waiting.message_id == last_message().id
    assert "a.pdf" in client_as(cast.chloe).get(place.removesuffix("/repondre")).text


def test_a_file_that_is_refused_says_why_and_the_good_one_waits(client_as, cast, place):
    bruno = client_as(cast.bruno)
    page = submit(bruno, place, ANSWER, text="Voici.", files=[upload(PDF, "bon.pdf"), upload(SCRIPT, "m.html")])
    assert page.status_code == 422 and "« m.html » n’est pas gardé." in page.text and "Voici." in page.text
    assert last_message().number == 1 and "Retirer « bon.pdf »" in page.text
    assert send(bruno, page, ANSWER).status_code == 302
    assert [one.file.name for one in attachments.of_messages([last_message().id])[last_message().id]] == ["bon.pdf"]


def test_a_file_comes_back_with_a_text_that_was_forgotten(client_as, cast, place):
    page = submit(client_as(cast.bruno), place, ANSWER, text="", files=[upload(PDF)])
    assert page.status_code == 422 and "Écrivez votre message." in page.text and "Retirer « a.pdf »" in page.text


def test_a_form_that_is_sent_twice_brings_its_files_once(client_as, cast, place):
    bruno = client_as(cast.bruno)
    page = bruno.get(place)
    for _ in range(2):
        assert send(bruno, page, ANSWER, text="Voici.", files=[upload(PDF)]).status_code == 302
    page = submit(bruno, place, "aperçu", text="Encore.", files=[upload(PDF)])
    page = send(bruno, page, "aperçu", files=[upload(PDF)])
    assert page.text.count("Retirer « a.pdf »") == 1 and len(all_files()) == 2


def test_a_file_that_waits_is_taken_away_by_its_box_and_leaves_nothing(client_as, cast, place):
    bruno = client_as(cast.bruno)
    page = submit(bruno, place, "aperçu", text="Voici.", files=[upload(PDF)])
    (waiting,) = all_files()
    assert send(bruno, page, ANSWER, **{f"retirer-{waiting.id}": "y"}).status_code == 302
    assert not all_files() and not last_message().has_files


def test_a_message_has_five_files_at_most_and_one_that_leaves_makes_room(client_as, cast, place, topic):
    message, bruno = write(cast.bruno, topic, *(PDF + b"%%EOF" * number for number in range(5))), client_as(cast.bruno)
    edit = f"/forum/messages/{message.id}/modifier"
    page = submit(bruno, edit, "Enregistrer", files=[upload(PDF, "six.pdf")])
    assert page.status_code == 422 and "« six.pdf » n’est pas gardé. Un message a 5 fichiers au plus." in page.text
    box = {f"retirer-{all_files()[0].id}": "y"}
    assert send(bruno, page, "Enregistrer", files=[upload(PDF, "six.pdf")], **box).status_code == 302
    names = [one.file.name for one in attachments.of_messages([message.id])[message.id]]
    assert names == ["1.pdf", "2.pdf", "3.pdf", "4.pdf", "six.pdf"]


def test_a_correction_takes_a_file_away_and_says_what_an_image_shows(client_as, cast, topic):
    message = write(cast.bruno, topic, PDF, picture())
    paper, image = all_files()
    fields = {f"retirer-{paper.id}": "y", f"image-{image.id}": "Le square en mai"}
    edit = f"/forum/messages/{message.id}/modifier"
    assert submit(client_as(cast.bruno), edit, "Enregistrer", **fields).status_code == 302
    db.session.expire_all()
    assert (paper.removed_by_id, image.alternative, message.has_files) == (cast.bruno.id, "Le square en mai", True)
    assert {name: may_read(viewer_of(getattr(cast, name)), paper) for name in ("alice", "bruno", "animator")} == {
        "alice": False, "bruno": True, "animator": False,
    }  # fmt: skip
    assert "0.pdf" not in client_as(cast.bruno).get(BIN).text
    submit(client_as(cast.bruno), edit, "Enregistrer", **{f"retirer-{image.id}": "y"})
    db.session.expire_all()
    assert not message.has_files


def test_what_is_over_the_quota_of_the_council_is_refused_and_the_text_comes_back(
    client_as, cast, place, app, monkeypatch
):
    monkeypatch.setitem(app.config, "COUNCIL_QUOTA_MB", 1)
    attach(make_publication(Document, cast.alice), cast.alice, PDF * 12_000)
    db.session.commit()
    page = submit(client_as(cast.bruno), place, ANSWER, text="Voici.", files=[upload(PDF * 6_000, "lourd.pdf")])
    assert "« lourd.pdf » n’est pas gardé. Il ne reste plus assez de place" in page.text and "Voici." in page.text
    assert last_message().number == 1
    answer = submit(client_as(cast.chloe), place, ANSWER, text="Voici.", files=[upload(PDF * 6_000, "lourd.pdf")])
    assert answer.status_code == 302


def test_the_files_of_messages_take_the_place_of_the_council_of_who_sends_them(cast, topic):
    write(cast.bruno, topic, PDF)
    write(cast.animator, topic, PDF * 2)
    attach(Envelope("a" * 32, cast.council.id), cast.alice, PDF * 3)  # it waits
    attach(make_publication(Document, cast.alice), cast.alice, PDF * 4)
    size = len(PDF)
    assert attachments.taken(cast.council.id) == (1 + 3 + 4) * size
    assert (attachments.taken(None), attachments.taken(cast.country.reyssouze.id)) == (2 * size, 0)


def test_members_send_several_large_files_at_once(client_as, client, cast, place):
    assert post_large(client_as(cast.alice), place, 100).status_code == 400  # read, and it breaks off
    assert post_large(client_as(cast.animator), place, 100).status_code == 400
    assert post_large(client, place, 30).status_code == 413


# Reading ----------------------------------------------------------------------------------------------------------

MEMBERS = set(PEOPLE) - {"dora", "visitor"}


def test_a_file_of_a_group_is_read_by_the_members_of_its_councils_alone(cast, client, client_as, group):
    message = write(cast.alice, make_topic(cast.alice, category_of(group)), picture())
    for file in (all_files()[0].file, all_files()[0].picture, all_files()[0].thumbnail):
        assert readers(cast, client, client_as, file) == {"alice", "bruno", "chloe"}
    group.councils = [cast.council]
    db.session.commit()
    assert readers(cast, client, client_as, all_files()[0].file) == {"alice", "bruno"}
    assert message.has_files


def category_of(group):
    return db.session.scalar(select(Category).filter_by(group_id=group.id))


def test_a_file_of_the_forum_is_read_by_the_members_of_all_councils(cast, client, client_as, topic):
    write(cast.alice, topic, PDF)
    assert readers(cast, client, client_as, all_files()[0].file) == MEMBERS
    answer = client_as(cast.bruno).get(address(all_files()[0].file))
    assert answer.headers["Cache-Control"] == "private, no-store"


def test_a_file_goes_out_of_sight_with_its_message_and_comes_back_with_it(cast, client, client_as, topic):
    message = write(cast.alice, topic, PDF)
    (row,) = all_files()
    posting.take_back(message)
    db.session.commit()
    assert readers(cast, client, client_as, row.file) == {"alice"}
    assert attachments.of_messages([message.id]) == {}
    posting.put_back(message)
    message.hidden_at = utcnow()
    db.session.commit()
    assert readers(cast, client, client_as, row.file) == {"alice", "animator"}
    message.hidden_at, topic.hidden_at = None, utcnow()
    db.session.commit()
    assert readers(cast, client, client_as, row.file) == {"alice", "animator"}
    topic.hidden_at = None
    db.session.commit()
    assert readers(cast, client, client_as, row.file) == MEMBERS


def test_a_list_and_a_single_file_give_the_same_answer(cast, topic, group):
    for where in (topic, make_topic(cast.alice, category_of(group))):
        for author in (cast.alice, cast.chloe):
            for change in ({}, {"removed_at": utcnow()}, {"hidden_at": utcnow()}):
                vars_of(write(author, where, PDF), change)
            attach(Envelope(f"{where.id:032}", author.council_id), author)
    db.session.commit()
    for viewer in (VISITOR, *(viewer_of(getattr(cast, name)) for name in PEOPLE if name != "visitor")):
        for model in (Attachment, Message):
            listed = set(db.session.scalars(select(model.id).where(readable(model, viewer))))
            joined = select(model.id).where(readable(model, viewer))
            assert all(may_read(viewer, row) is (row.id in listed) for row in db.session.scalars(select(model)))
            assert set(db.session.scalars(joined)) == listed
        through = select(Message.id).join(Topic, Topic.id == Message.topic_id).where(readable(Message, viewer))
        assert set(db.session.scalars(through)) == listed


def vars_of(row, change):
    for name, value in change.items():
        setattr(row, name, value)


def test_nobody_joins_what_another_person_has_sent_even_with_its_key(client_as, cast, topic, place):
    attach(Envelope("a" * 32, cast.council.id), cast.alice)
    db.session.commit()
    bruno = client_as(cast.bruno)
    page = submit(bruno, place, "aperçu", text="Voici.", key="a" * 32)
    assert "a.pdf" not in page.text
    assert send(bruno, page, ANSWER).status_code == 302
    (row,) = all_files()
    assert row.message_id is None and row.removed_at and last_message().number == 2


def test_a_page_of_twenty_messages_with_files_asks_once_for_them(cast, topic, queries):
    ids = [write(cast.alice, topic, PDF, picture()).id for _ in range(3)]
    db.session.expire_all()
    queries.clear()
    found = attachments.of_messages(ids)
    assert [one.thumbnail and one.thumbnail.width for one in found[ids[0]]] == [None, 320]
    assert all(len(found[number]) == 2 and found[number][0].file.name for number in ids) and len(queries) == 1
    assert attachments.of_messages([]) == {} and len(queries) == 1


# The end ----------------------------------------------------------------------------------------------------------


def at_night(days):
    with time_machine.travel(utcnow() + timedelta(days=days, minutes=1), tick=False):
        empty_bins()
    db.session.expire_all()


def test_a_file_whose_message_never_came_is_erased_after_thirty_days(client_as, cast, place):
    submit(client_as(cast.bruno), place, "aperçu", text="Voici.", files=[upload(PDF)])
    (waiting,) = all_files()
    path = storage.path(waiting.file.digest)
    at_night(29)
    assert all_files() and path.exists()
    at_night(30)
    assert not all_files() and not path.exists()


def test_a_file_that_was_taken_from_its_message_is_erased_after_thirty_days(cast, topic):
    message = write(cast.bruno, topic, PDF, PDF + b"%%EOF")
    attachments.remove(all_files()[0], cast.bruno)
    db.session.commit()
    at_night(30)
    assert [one.file.name for one in all_files()] == ["1.pdf"] and db.session.get(Message, message.id).has_files


def test_what_a_message_said_is_erased_thirty_days_after_it_was_taken_away(cast, topic, client_as):
    item = make_publication(Document, cast.bruno)
    text = f"Le secret est [ici](/documents/{item.id}-x)."
    message = posting.post(topic, cast.bruno, key="b" * 32, words=posting.rendered(text))
    envelope = Envelope(message.key, cast.council.id)
    attach(envelope, cast.bruno)
    attachments.join(envelope, message, cast.bruno)
    posting.take_back(message)
    db.session.commit()
    path, row_id = storage.path(all_files()[0].file.digest), message.id
    assert message.has_cards and db.session.get(MessageText, row_id)
    at_night(29)
    assert message.text == text and path.exists()
    at_night(30)
    assert (message.text, message.html, message.opening) == ("", "", "")
    assert not (message.has_files or message.has_cards or all_files() or path.exists())
    assert db.session.get(MessageText, row_id) is None
    assert message.number == 2 and topic.last_number == 2
    page = client_as(cast.bruno).get(f"/forum/sujets/{topic.id}-{topic.slug}")
    assert "Message retiré par son auteur." in page.text and "secret" not in page.text
    at_night(31)


def test_a_message_that_is_there_or_was_just_taken_away_keeps_its_text(cast, topic):
    kept, fresh = make_message(cast.bruno, topic), make_message(cast.bruno, topic, removed_at=utcnow())
    db.session.commit()
    at_night(29)
    assert kept.text and fresh.text


def test_no_file_of_a_message_is_given_back_through_the_bin(client_as, cast, topic):
    write(cast.alice, topic, PDF)
    row = attach(make_publication(Document, cast.alice), cast.alice, name="b.pdf")
    for one in all_files():
        attachments.remove(one, cast.alice)
    db.session.commit()
    alice = client_as(cast.alice)
    page = alice.get(BIN)
    token = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', page.text)[1]
    other = next(one.id for one in all_files() if one.id != row.id)
    answer = alice.post(f"/mon-conseil/corbeille/fichiers/{other}/retour", data={"csrf_token": token})
    db.session.expire_all()
    assert answer.status_code == 302 and db.session.get(Attachment, other).removed_at
