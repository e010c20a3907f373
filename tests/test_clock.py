"""The clock: one process runs the jobs, a missed run catches up once, an error stays in its row."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
import time_machine
from apscheduler.triggers.interval import IntervalTrigger
from sqlalchemy import select, update

from app import jobs
from app.extensions import db
from app.jobs import Recurring, clock, dispatching
from app.labels import Channel
from app.localtime import at
from app.models import Activity, Council, Delivery, Job, Lease
from app.models.types import utcnow
from app.notifications import dispatch
from app.notifications.dispatch import Alert
from app.notifications.message import Message
from tests.factories import make_country


@pytest.fixture
def counted(app, monkeypatch):
    """A job that counts its runs, alone in the table of jobs."""
    runs = []
    trigger = IntervalTrigger(seconds=60, timezone=UTC)
    monkeypatch.setattr(jobs, "JOBS", {"count": Recurring(lambda: runs.append(1), trigger, "Compter")})
    monkeypatch.setattr(clock, "JOBS", jobs.JOBS)
    clock.set_up()
    return runs


def row(name="count"):
    db.session.expire_all()
    return db.session.get(Job, name)


def tick():
    return [clock.run(name) for name in clock.claim_due()]


def test_a_job_runs_at_its_time_and_tells_how_it_went(counted):
    assert tick() == [True]
    assert tick() == []
    told = row()
    assert (told.runs, told.outcome, told.owner) == (1, "", None)
    assert timedelta(seconds=50) < told.next_run - utcnow() <= timedelta(seconds=61)
    assert told.last_success >= told.last_run
    with time_machine.travel(utcnow() + timedelta(seconds=62)):
        assert tick() == [True]
    assert len(counted) == 2


def test_a_run_that_was_missed_for_hours_catches_up_once(counted):
    tick()
    with time_machine.travel(utcnow() + timedelta(hours=5)):
        assert tick() == [True]
        assert tick() == []


def test_of_two_who_claim_a_job_one_gets_it(counted, monkeypatch):
    assert clock.claim("count")
    monkeypatch.setattr(clock, "this_process", lambda: "another")
    assert not clock.claim("count")
    with time_machine.travel(utcnow() + clock.JOB_LEASE + timedelta(seconds=1)):
        assert clock.claim("count")  # the first one died


def test_a_long_job_keeps_its_claim(counted, monkeypatch):
    clock.claim("count")
    with time_machine.travel(utcnow() + timedelta(seconds=40)):
        clock.keep_up({"count"})
    monkeypatch.setattr(clock, "this_process", lambda: "another")
    with time_machine.travel(utcnow() + timedelta(seconds=60)):
        assert not clock.claim("count")


def test_an_error_stays_in_the_row_of_its_job_and_stops_no_other(app, monkeypatch):
    done, trigger = [], IntervalTrigger(seconds=60, timezone=UTC)
    table = {
        "bad": Recurring(lambda: 1 // 0, trigger, "Échouer"),
        "good": Recurring(lambda: done.append(1), trigger, "Réussir"),
    }
    monkeypatch.setattr(clock, "JOBS", table)
    clock.set_up()
    assert sorted(tick()) == [False, True]
    assert "ZeroDivisionError" in row("bad").outcome
    assert (row("bad").failures, row("good").failures, done) == (1, 0, [1])


def test_the_lease_of_the_clock_is_held_by_one_process_and_passes_on(app, monkeypatch):
    assert clock.hold_lease() and clock.hold_lease()
    monkeypatch.setattr(clock, "this_process", lambda: "another")
    assert not clock.hold_lease()
    with time_machine.travel(utcnow() + clock.LEASE + timedelta(seconds=1)):
        assert clock.hold_lease()
    assert db.session.scalar(select(Lease.owner)) == "another"


def test_a_new_table_of_jobs_brings_rows_and_drops_others(counted, app, monkeypatch):
    row().next_run = later = utcnow() + timedelta(hours=3)
    db.session.add(Job(name="old", next_run=utcnow()))
    db.session.commit()
    clock.set_up()
    assert row("old") is None
    assert row().next_run == later  # a start of the site forgets no run


def test_health_fails_when_a_job_has_not_succeeded_for_three_periods(counted, client):
    tick()
    assert client.get("/sante").status_code == 200
    db.session.execute(update(Job).values(last_success=utcnow() - timedelta(minutes=4)))
    db.session.commit()
    assert client.get("/sante").status_code == 200  # three minutes are three periods, five the least
    db.session.execute(update(Job).values(last_success=utcnow() - timedelta(minutes=6)))
    db.session.commit()
    answer = client.get("/sante")
    assert answer.status_code == 503
    assert answer.json["checks"]["jobs"]["late"] == ["count"]


def test_the_jobs_are_listed_and_run_by_hand(app):
    runner = app.test_cli_runner()
    assert "send-mails" in runner.invoke(args=["jobs", "list"]).output
    assert runner.invoke(args=["jobs", "run", "purge"]).exit_code == 0
    assert row("purge").runs == 1
    assert runner.invoke(args=["jobs", "run", "rien"]).exit_code == 2


# Activities -------------------------------------------------------------------------------------------------------


@pytest.fixture
def rule(app, monkeypatch):
    """A rule that tells two people, one of them by SMS too."""

    def tell(activity):
        message = Message("Un nouveau document", ("Lisez-le.",))
        for person, channel, to in (("1", Channel.MAIL, "a@ex.fr"), ("2", Channel.MAIL, "b@ex.fr"),
                                    ("2", Channel.SMS, "+33612345678")):  # fmt: skip
            yield Alert(person, to, message, "alert", channel)

    monkeypatch.setitem(dispatch.RULES, "published", tell)
    return tell


def deliveries():
    return sorted((d.recipient, d.channel) for d in db.session.scalars(select(Delivery)))


EXPECTED = [("+33612345678", "sms"), ("a@ex.fr", "mail"), ("b@ex.fr", "mail")]


def test_an_activity_becomes_one_delivery_for_each_person_and_channel(app, rule):
    dispatch.record("published", make_country().croix)
    db.session.commit()
    dispatching.dispatch()
    dispatching.dispatch()
    assert deliveries() == EXPECTED


def test_an_activity_dispatched_twice_at_once_tells_nobody_twice(app, rule):
    activity = dispatch.record("published", make_country().croix)
    assert dispatch.dispatch_one(activity.id) == 3
    assert dispatch.dispatch_one(activity.id) == 0
    db.session.execute(update(Activity).values(dispatched_at=None))  # as if its mark had been lost
    assert dispatch.dispatch_one(activity.id) == 0
    assert deliveries() == EXPECTED


def test_a_rule_that_fails_half_way_leaves_nothing_and_is_tried_again(app, rule, monkeypatch):
    dispatch.record("published", make_country().croix)
    db.session.commit()

    def half(activity):
        yield from list(rule(activity))[:1]
        raise RuntimeError("half-way")

    monkeypatch.setitem(dispatch.RULES, "published", half)
    dispatch.record("other", db.session.scalar(select(Council).limit(1)))
    other = Alert("9", "c@ex.fr", Message("Autre", ("texte",)), "alert")
    monkeypatch.setitem(dispatch.RULES, "other", lambda activity: iter([other]))
    db.session.commit()
    with pytest.raises(RuntimeError):
        dispatching.dispatch()
    assert deliveries() == [("c@ex.fr", "mail")]  # the next one is not held up
    monkeypatch.setitem(dispatch.RULES, "published", rule)
    with time_machine.travel(utcnow() + timedelta(minutes=11)):
        dispatching.dispatch()
    assert deliveries() == sorted([*EXPECTED, ("c@ex.fr", "mail")])


# Hours ------------------------------------------------------------------------------------------------------------


def test_the_morning_of_a_day_with_25_hours_comes_once():
    assert at("Europe/Paris", date(2026, 10, 25), time(8)) == datetime(2026, 10, 25, 7, tzinfo=UTC)
    assert at("Europe/Paris", date(2026, 10, 24), time(8)) == datetime(2026, 10, 24, 6, tzinfo=UTC)
    assert at("Pacific/Tahiti", date(2026, 10, 25), time(8)) == datetime(2026, 10, 25, 18, tzinfo=UTC)
    assert at("Europe/Paris", date(2026, 3, 29), time(2, 30)) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
