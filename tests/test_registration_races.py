"""Many at the same instant, on a real database: the last seat goes to one, and a form sent twice is one person."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask_migrate import upgrade
from sqlalchemy import func, select, update

from app.extensions import begin_write, db
from app.jobs.registrations import pass_places_on
from app.labels import RegistrationStatus
from app.models import Delivery, Event, Registration
from app.models.types import utcnow
from app.notifications.registrations import token_of
from app.services import accounts, bin, forgetting, offers, registrations
from app.signing import sign
from tests.browse import forms
from tests.factories import PASSWORD, make_cast, make_user, make_workshop

pytestmark = pytest.mark.slow

STATUS = RegistrationStatus
CROWD = 20


class Hall:
    """A site with a database of its own, a workshop, and people in front of its form."""

    def __init__(self, app):
        self.app = app
        with app.app_context():
            upgrade()
            cast = make_cast()
            self.author_id, self.council_id = cast.alice.id, cast.council.id
            event = make_workshop(cast.alice, seats=1)
            db.session.commit()
            self.event_id, self.address = event.id, f"/evenements/{event.id}-{event.slug}"

    def browser(self, number):
        """Return the browser of a new member, and what the button on the page of the event sends."""
        client = self.app.test_client()
        with self.app.app_context():
            user = make_user(f"N{number} Essai", email=f"n{number}@essai.example")
            token = accounts.log_in(user)
            db.session.commit()
        with client.session_transaction() as session:
            session["_user_id"] = token
        data = forms(client.get("/affichage").text)[0].fields
        return client, {"csrf_token": data["csrf_token"]}

    def at_once(self, *acts):
        """Do all these at the same instant, each in a thread of its own; return what they return."""
        ready = threading.Barrier(len(acts), timeout=30)

        def act(what):
            ready.wait()
            return what()

        with ThreadPoolExecutor(len(acts)) as pool:
            return [each.result() for each in [pool.submit(act, what) for what in acts]]

    def inside(self, what):
        """Return an act that runs in a write transaction of its own, with the event locked."""

        def act():
            with self.app.app_context():
                begin_write()
                done = what(offers.lock(self.event_id))
                db.session.commit()
                return done

        return act

    def count(self):
        """Return how many registrations there are of each status."""
        with self.app.app_context():
            return Counter(db.session.scalars(select(Registration.status)))


@pytest.fixture
def hall(own_app):
    return Hall(own_app)


def test_the_last_seat_asked_by_twenty_people_at_the_same_instant_goes_to_one(hall):
    people = [hall.browser(number) for number in range(CROWD)]
    answers = hall.at_once(*(lambda c=c, d=d: c.post(hall.address + "/inscription", data=d) for c, d in people))
    assert [answer.status_code for answer in answers] == [302] * CROWD
    assert hall.count() == {STATUS.CONFIRMED: 1, STATUS.WAITING: CROWD - 1}
    with hall.app.app_context():
        rows = db.session.scalars(select(Registration).filter_by(status=STATUS.WAITING)).all()
        assert sorted(map(offers.rank_of, rows)) == list(range(1, CROWD))
        assert db.session.scalar(select(func.count()).select_from(Delivery)) == CROWD


def test_the_same_button_pressed_twice_at_once_is_one_registration(hall):
    client, data = hall.browser(1)
    cookie = client.get_cookie("session").value

    def press():
        again = hall.app.test_client()
        again.set_cookie("session", cookie)
        return again.post(hall.address + "/inscription", data=data).status_code

    assert hall.at_once(*[press] * 4) == [302] * 4
    assert hall.count() == {STATUS.CONFIRMED: 1}


def test_the_same_visitors_form_sent_twice_at_once_is_one_registration(hall):
    client = hall.app.test_client()
    data = forms(client.get(hall.address + "/inscription").text)[0].fields.to_dict()
    cookie = client.get_cookie("session").value
    with hall.app.app_context():
        data |= {"name": "Zoé Faure", "email": "zoe@ex.fr", "stamp": sign("form", utcnow().timestamp() - 60)}

    def press():
        again = hall.app.test_client()
        again.set_cookie("session", cookie)
        return again.post(hall.address + "/inscription", data=data).status_code

    assert hall.at_once(*[press] * 4) == [302] * 4
    assert hall.count() == {STATUS.UNCONFIRMED: 1}
    with hall.app.app_context():
        token = token_of(db.session.scalars(select(Registration)).one())

    def confirm():
        again = hall.app.test_client()
        again.set_cookie("session", cookie)
        return again.post(f"/inscriptions/{token}", data=data | {"act": "confirm"}).status_code

    assert hall.at_once(*[confirm] * 4) == [302] * 4
    assert hall.count() == {STATUS.CONFIRMED: 1}


def test_registrations_at_the_moment_the_event_is_deleted_or_cancelled_are_before_it_or_refused(hall):
    def cancel(event):
        event.cancelled_at = utcnow()

    def discard(event):
        bin.discard(event, event.author)

    for change in (cancel, discard):
        with hall.app.app_context():
            db.session.execute(update(Event).values(seats=None))
            db.session.commit()
        before, people = hall.count()[STATUS.CONFIRMED], [hall.browser(f"{change.__name__}{i}") for i in range(8)]
        acts = [lambda c=c, d=d: c.post(hall.address + "/inscription", data=d).status_code for c, d in people]
        *codes, _ = hall.at_once(*acts, hall.inside(change))
        assert set(codes) <= {302, 404, 422}
        assert hall.count()[STATUS.CONFIRMED] - before == codes.count(302)
        with hall.app.app_context():
            db.session.execute(update(Event).values(cancelled_at=None))
            db.session.commit()


def test_an_offer_that_lapses_for_two_jobs_at_once_passes_on_once(hall):
    def fill(event):
        for number in range(4):
            registrations.register(event, name=f"N{number}", email=f"n{number}@ex.fr")

    def free(event):
        registrations.cancel(db.session.scalar(select(Registration).filter_by(name="N0")))
        past = utcnow() - timedelta(seconds=1)
        db.session.execute(update(Registration).filter_by(name="N1").values(offered_until=past))

    hall.inside(fill)()
    hall.inside(free)()

    def job():
        with hall.app.app_context():
            pass_places_on()

    hall.at_once(*[job] * 4)
    assert hall.count() == {STATUS.CANCELLED: 1, STATUS.LAPSED: 1, STATUS.OFFERED: 1, STATUS.WAITING: 1}
    with hall.app.app_context():
        offered = select(func.count()).where(Delivery.key.contains(":offered:"))
        assert (
            db.session.scalar(offered) == 2
            and db.session.scalar(select(func.count()).where(Delivery.key.contains(":lapsed:"))) == 1
        )


def test_a_place_accepted_at_the_instant_it_lapses_is_of_one_person(hall):
    def fill(event):
        for number in range(3):
            registrations.register(event, name=f"N{number}", email=f"n{number}@ex.fr")
        registrations.cancel(db.session.scalar(select(Registration).filter_by(name="N0")))

    def expire(event):
        db.session.execute(update(Registration).filter_by(name="N1").values(offered_until=utcnow()))

    def accept(event):
        return offers.accept(db.session.scalar(select(Registration).filter_by(name="N1")))

    hall.inside(fill)()
    hall.at_once(hall.inside(expire), hall.inside(accept), hall.inside(lambda event: offers.lapse(event)))
    counts = hall.count()
    assert counts[STATUS.CONFIRMED] + counts[STATUS.OFFERED] <= 1


def test_an_account_closes_while_its_owner_gets_a_place(own_app):
    """Whoever closes it holds the person, then takes the event; whoever gives the place has the event, and refers to
    the person. SQLite lets one write after the other anyway."""
    with own_app.app_context():
        if db.engine.dialect.name == "sqlite":
            pytest.skip("writes take their turn")
        upgrade()
        cast = make_cast()
        event = make_workshop(cast.alice, seats=5)
        asked = registrations.ask(event, name="Bruno", email=cast.bruno.email)
        token = accounts.log_in(cast.bruno)
        db.session.commit()
        event_id, asked_id, user_id = event.id, asked.id, cast.bruno.id
    has_person, has_event, release = threading.Event(), threading.Event(), forgetting.release
    client = own_app.test_client()
    with client.session_transaction() as session:
        session["_user_id"] = token
    data = forms(client.get("/mon-profil/fermeture").text)[-1].fields.to_dict()
    data |= {"password": PASSWORD, "when": "later", "contributions": "stay"}

    def release_once_the_event_is_held(user):
        has_person.set()
        has_event.wait(10)
        release(user)

    def confirm():
        has_person.wait(10)
        with own_app.app_context():
            begin_write()
            offers.lock(event_id)
            has_event.set()
            registrations.confirm(db.session.get(Registration, asked_id))
            db.session.commit()

    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(2) as pool:
        patch.setattr(forgetting, "release", release_once_the_event_is_held)
        closing, confirming = pool.submit(client.post, "/mon-profil/fermeture", data=data), pool.submit(confirm)
        confirming.result(timeout=40)
        assert closing.result(timeout=40).status_code == 302
    with own_app.app_context():
        (one,) = db.session.scalars(select(Registration))
        assert (one.user_id, one.status) == (user_id, STATUS.CANCELLED)
