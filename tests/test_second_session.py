"""A second session of an event: the same once more, offered first to those who found no place."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.extensions import db
from app.jobs.bin import empty_bins
from app.labels import Question, RegistrationStatus, Visibility
from app.models import Attachment, Event, Registration, StoredFile, Theme
from app.models.types import utcnow
from app.services import attachments, sessions
from tests.browse import send, submit
from tests.factories import make_group
from tests.samples import PDF, picture
from tests.test_files import attach
from tests.test_organising import enter, make_event, page_of

ASK = "Préparer la nouvelle séance"


@pytest.fixture
def event(cast):
    group = make_group("Ain", cast.council, cast.country.reyssouze)
    event = make_event(
        cast.alice, level=Visibility.GROUPS, groups=[group], themes=list(db.session.scalars(select(Theme).limit(2))),
        summary="Apprendre.", description="**Venez**", description_html="<p><strong>Venez</strong></p>",
        agenda="- vélo", agenda_html="<ul><li>vélo</li></ul>", place="Maison", address="3 rue des Lilas",
        organiser="Régie", admission=Visibility.COUNCIL, questions=[Question.DIET], own_question="Quel atelier ?",
        minutes="Nous étions dix.", register_until=utcnow() + timedelta(days=2),
    )  # fmt: skip
    attach(event, cast.alice, PDF + b"1", "programme.pdf")
    attach(event, cast.alice, picture(), "plan.png")
    attach(event, cast.alice, PDF + b"2", "compte-rendu.pdf", is_minutes=True)
    db.session.commit()
    return event


def drafts():
    db.session.expire_all()
    return list(db.session.scalars(select(Event).where(Event.published_at.is_(None)).order_by(Event.id)))


def test_a_second_session_has_the_same_programme_and_files_and_no_date(cast, event, bruno):
    enter(event, "Paul Noir", "Ali Gris", "Léa Vert", "Zoé Blanc", entered_by=cast.alice)
    opened = bruno.get(page_of(event, "/rattrapage"))
    said = "elle sera d’abord proposée aux 2 personnes de la liste d’attente"
    assert said in opened.text and "les mêmes fichiers" in opened.text
    answer = send(bruno, opened, ASK)
    (draft,) = drafts()
    assert answer.location == page_of(draft, "/modifier")
    page = bruno.get(answer.location).text
    assert said in page and "Le vélo en ville (2e séance)" in page
    for name in (*sessions.SAME, "themes", "groups", "council_id"):
        assert getattr(draft, name) == getattr(event, name), name
    assert (draft.author, draft.follows_id, draft.starts_at, draft.ends_at, draft.register_until) == (
        cast.bruno, event.id, None, None, None,
    )  # fmt: skip
    assert draft.minutes == "" and draft.day is None and draft.remind_at is None
    assert [one.file.name for one in attachments.of(draft)] == ["programme.pdf", "plan.png"]


def test_its_files_are_the_same_contents_and_stay_when_the_first_event_goes(cast, event, alice):
    submit(alice, page_of(event, "/rattrapage"), ASK)
    (draft,) = drafts()
    copied, former = attachments.of(draft), attachments.of(event, is_minutes=False)
    assert [one.file.digest for one in copied] == [one.file.digest for one in former]
    assert not {one.file_id for one in copied} & {one.file_id for one in former}
    assert copied[1].thumbnail.width == former[1].thumbnail.width
    event.deleted_at = utcnow() - timedelta(days=31)
    db.session.commit()
    empty_bins()
    page = alice.get(page_of(drafts()[0], "/modifier")).text
    address = f"/fichiers/{attachments.of(drafts()[0])[0].file_id}/programme.pdf"
    assert address in page and alice.get(address).status_code == 200


def test_files_without_room_are_left_out_and_said(cast, event, alice, app, monkeypatch):
    room = attachments.taken(cast.council.id) + 1
    monkeypatch.setattr(attachments, "allowed", lambda: room)
    answer = submit(alice, page_of(event, "/rattrapage"), ASK)
    assert "2 fichiers n’ont pas été copiés" in alice.get(answer.location).text
    assert attachments.of(drafts()[0]) == []


def test_pressed_twice_it_makes_one_draft_which_keeps_what_was_written(event, alice):
    opened = alice.get(page_of(event, "/rattrapage"))
    send(alice, opened, ASK)
    drafts()[0].summary = "Autre chose"
    db.session.commit()
    again = send(alice, opened, ASK)
    (draft,) = drafts()
    assert again.location == page_of(draft, "/modifier") and draft.summary == "Autre chose"
    assert db.session.scalar(select(func.count(Attachment.id))) == 5
    assert db.session.scalar(select(func.count(StoredFile.id))) == 9


def test_once_published_it_is_offered_to_those_who_wait_and_another_may_follow(cast, event, alice):
    event.level, event.admission = Visibility.PUBLIC, None
    enter(event, "Paul Noir", "Ali Gris", "Léa Vert", "Zoé Blanc", entered_by=cast.alice)
    answer = submit(alice, page_of(event, "/rattrapage"), ASK)
    start = f"{utcnow() + timedelta(days=20):%d/%m/%Y}"
    submit(alice, answer.location, "Publier", start_day=start, start_time="18:00")
    second = db.session.scalar(select(Event).where(Event.follows_id == event.id))
    assert second.published_at
    rows = select(Registration.name, Registration.status).where(Registration.event_id == second.id)
    assert dict(db.session.execute(rows).all()) == {
        "Léa Vert": RegistrationStatus.OFFERED, "Zoé Blanc": RegistrationStatus.OFFERED,
    }  # fmt: skip
    submit(alice, page_of(event, "/rattrapage"), ASK)
    submit(alice, page_of(second, "/rattrapage"), ASK)
    assert {(one.title, one.follows_id) for one in drafts()} == {
        ("Le vélo en ville (2e séance)", event.id), ("Le vélo en ville (3e séance)", second.id),
    }  # fmt: skip


def test_it_lasts_as_long_as_the_first_one_and_says_whom_it_is_offered_to_first(cast, event, alice):
    event.level, event.admission = Visibility.PUBLIC, None
    event.ends_at = event.starts_at + timedelta(hours=3, minutes=30)
    enter(event, "Paul Noir", "Ali Gris", "Léa Vert", "Zoé Blanc", entered_by=cast.alice)
    answer = submit(alice, page_of(event, "/rattrapage"), ASK)
    opened = alice.get(answer.location)
    assert "La même durée que la séance d’avant" in opened.text
    said = "Quand vous publierez, 2 personnes de la liste d’attente de la séance d’avant recevront d’abord"
    assert said in opened.text
    start = f"{utcnow() + timedelta(days=20):%d/%m/%Y}"
    send(alice, opened, "Publier", start_day=start, start_time="18:00")
    second = db.session.scalar(select(Event).where(Event.follows_id == event.id))
    assert second.ends_at - second.starts_at == timedelta(hours=3, minutes=30)
    assert said not in alice.get(page_of(second, "/modifier")).text


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Le vélo", "Le vélo (2e séance)"), ("Le vélo (2e séance)", "Le vélo (3e séance)"),
        ("Le vélo (9e séance)", "Le vélo (10e séance)"), ("é" * 200, "é" * 188 + " (2e séance)"),
    ],
)  # fmt: skip
def test_the_title_says_which_session_it_is(title, expected):
    assert sessions.next_title(title) == expected
    assert len(sessions.next_title(title)) <= 200


def test_a_cancelled_event_and_one_of_no_council_may_be_followed_too(cast, client_as):
    event = make_event(
        cast.referent, council_id=None, organiser="Centre de ressources", territory_id=cast.country.ain.id,
        cancelled_at=utcnow(), cancelled_reason="La salle.",
    )  # fmt: skip
    referent = client_as(cast.referent)
    answer = submit(referent, page_of(event, "/rattrapage"), ASK)
    (draft,) = drafts()
    assert (draft.council_id, draft.territory_id, draft.cancelled_at) == (None, cast.country.ain.id, None)
    assert referent.get(answer.location).status_code == 200


def test_those_of_other_councils_make_no_second_session(event, client, client_as, cast):
    assert client.get(page_of(event, "/rattrapage")).status_code == 302
    assert client_as(cast.chloe).get(page_of(event, "/rattrapage")).status_code == 403
    assert client_as(cast.emile).get(page_of(event, "/rattrapage")).status_code == 404
    draft = make_event(cast.alice, published_at=None)
    assert client_as(cast.alice).get(page_of(draft, "/rattrapage")).status_code == 403
