"""A half-day of a resource centre, from the announcement to the attendance sheet: the case that all this is for."""

import io
import re
from collections import Counter
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import pytest
import time_machine
from sqlalchemy import select

from app.extensions import db
from app.jobs.dispatching import dispatch
from app.jobs.registrations import pass_places_on
from app.jobs.reminders import remind
from app.labels import RegistrationStatus
from app.localtime import at
from app.models import Delivery, Event, Registration
from app.notifications.registrations import token_of
from tests.browse import submit
from tests.factories import make_user
from tests.samples import PDF

ANNOUNCED = datetime.fromisoformat("2026-03-02T10:00:00+01:00")
FORM = {
    "title": "Faire vivre un conseil citoyen", "start_day": "26/03/2026", "start_time": "9h30", "end_time": "12h30",
    "place": "Maison des associations", "agenda": "- 9 h 30 : accueil\n- 10 h : ateliers", "level": "public",
    "takes_registrations": "on", "seats": "25",
}  # fmt: skip


def counts(event):
    db.session.expire_all()
    query = select(Registration.status).where(Registration.event_id == event.id)
    return Counter(db.session.scalars(query))


def those(event, status):
    """Return the registrations with a status, the first in the list first."""
    query = select(Registration).where(Registration.event_id == event.id, Registration.status == status)
    return list(db.session.scalars(query.order_by(Registration.queued_at, Registration.id)))


def events():
    db.session.expire_all()
    return list(db.session.scalars(select(Event).order_by(Event.id)))


def page_of(event, view=""):
    return f"/evenements/{event.id}-{event.slug}{view}"


def mailed(kind):
    """Return the addresses that messages of a kind went to, each as often as it got one."""
    return Counter(db.session.scalars(select(Delivery.recipient).where(Delivery.kind == kind)))


@pytest.fixture
def crowd(cast):
    """Twenty-eight councillors of the department, beside Alice, Bruno and Chloé."""
    councils = (cast.council, cast.country.reyssouze)
    people = [make_user(f"Membre{n:02} Dupont", councils[n % 2], email=f"m{n:02}@essai.example") for n in range(28)]
    db.session.commit()
    return [cast.alice, cast.bruno, cast.chloe, *people]


def test_a_half_day_is_announced_filled_moved_repeated_reminded_and_signed(cast, crowd, client, client_as):
    with time_machine.travel(ANNOUNCED, tick=False):
        files = [(io.BytesIO(PDF + name.encode()), name) for name in ("programme.pdf", "plan.pdf")]
        answer = submit(client_as(cast.referent), "/mon-conseil/evenements/nouveau", "Publier", **FORM, files=files)
        (event,) = events()
        assert answer.location == page_of(event)
        page = client.get(page_of(event)).text
        assert "programme.pdf" in page and "plan.pdf" in page and "25" in page

    for minute, person in enumerate(crowd):
        with time_machine.travel(ANNOUNCED + timedelta(days=1, minutes=minute), tick=False):
            assert submit(client_as(person), page_of(event), "M’inscrire").status_code == 302
    assert counts(event) == {RegistrationStatus.CONFIRMED: 25, RegistrationStatus.WAITING: 6}

    with time_machine.travel(ANNOUNCED + timedelta(days=3), tick=False):
        for person in crowd[3:5]:
            (mine,) = [one for one in those(event, RegistrationStatus.CONFIRMED) if one.user_id == person.id]
            submit(client_as(person), f"/inscriptions/{token_of(mine)}?annuler=1", "Oui, annuler")
        assert counts(event)[RegistrationStatus.OFFERED] == 2 and counts(event)[RegistrationStatus.WAITING] == 4
        offered = those(event, RegistrationStatus.OFFERED)
        assert [one.user_id for one in offered] == [person.id for person in crowd[25:27]]
        for one in offered:
            submit(client, f"/inscriptions/{token_of(one)}", "Je prends la place")
        assert counts(event) == {"confirmed": 25, "waiting": 4, "cancelled": 2}

    with time_machine.travel(ANNOUNCED + timedelta(days=4), tick=False):
        answer = submit(client_as(cast.referent), page_of(event, "/rattrapage"))
        draft = events()[1]
        assert draft.follows_id == event.id and draft.is_draft and draft.agenda == event.agenda
        assert urlsplit(answer.location).path == page_of(draft, "/modifier")
        submit(
            client_as(cast.referent),
            page_of(draft, "/modifier"),
            "Publier",
            start_day="9/4/2026",
            start_time="9h30",
            end_time="12h30",
        )
        again = events()[1]
        waiting = {person.id for person in crowd[27:]}
        assert {one.user_id for one in those(again, RegistrationStatus.OFFERED)} == waiting
        first = those(again, RegistrationStatus.OFFERED)[0]
        submit(client, f"/inscriptions/{token_of(first)}", "Je prends la place")
        assert counts(event)["waiting"] == 3 and counts(again) == {"confirmed": 1, "offered": 3}

    with time_machine.travel(ANNOUNCED + timedelta(days=6), tick=False):
        pass_places_on()
        assert counts(again) == {"confirmed": 1, "lapsed": 3}

    eight = at("Europe/Paris", event.day, datetime.min.time().replace(hour=8))
    with time_machine.travel(eight - timedelta(minutes=1), tick=False):
        remind()
        assert not mailed("reminder")
    with time_machine.travel(eight, tick=False):
        remind()
        remind()
        dispatch()
    comes = {one.user.email for one in those(event, RegistrationStatus.CONFIRMED)}
    assert len(comes) == 25 and set(mailed("reminder").values()) == {1}
    assert comes <= set(mailed("reminder"))
    assert not {person.email for person in crowd[3:5]} & set(mailed("reminder"))

    sheet = client_as(cast.referent).get(page_of(event, "/emargement")).text
    names = re.findall(r"DUPONT Membre\d\d|MARTIN Alice|PETIT Bruno|BERNARD Chloé", sheet)
    placed = [one.user for one in those(event, RegistrationStatus.CONFIRMED)]
    assert sorted(f"{user.last_name.upper()} {user.first_name}" for user in placed) == names[:25]
    assert len(names) == 25 + 3, "three still wait, on a list of their own"
