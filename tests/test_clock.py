"""The clock: one process runs the jobs, a missed run catches up once, an error stays in its row."""

import re
from datetime import UTC, date, datetime, time, timedelta

import pytest
import time_machine
from apscheduler.triggers.interval import IntervalTrigger
from sqlalchemy import event, func, select, text, update

from app import jobs
from app.extensions import db
from app.jobs import Recurring, clock, dispatching, purging, sending
from app.labels import Channel
from app.localtime import at
from app.models import Activity, Council, Delivery, Job, Lease
from app.models.types import utcnow
from app.notifications import dispatch, outbox
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


def test_a_job_that_fails_tries_again_soon_and_later_each_time(app, counted, monkeypatch):
    daily = Recurring(lambda: 1 / 0, jobs.daily(3), "Échouer")
    monkeypatch.setitem(jobs.JOBS, "count", daily)
    waits = []
    for _ in range(3):
        row().next_run = utcnow()
        db.session.commit()
        assert tick() == [False]
        waits.append(round((row().next_run - utcnow()).total_seconds()))
    assert waits == [5, 10, 20]
    job = row()
    job.failures, job.next_run = 40, utcnow()
    db.session.commit()
    tick()
    assert row().next_run == clock.next_run("count", row().last_run), "but never after its time"


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


def test_a_start_of_the_site_forgets_no_run_and_leaves_the_jobs_of_a_newer_program_alone(counted, client):
    tick()
    row().next_run = later = utcnow() + timedelta(hours=3)
    long_ago = utcnow() - timedelta(days=2)
    db.session.add(Job(name="newer", next_run=long_ago, last_success=long_ago))
    db.session.commit()
    clock.set_up()
    assert row().next_run == later
    assert tick() == []
    assert (row("newer").owner, row("newer").next_run) == (None, long_ago)
    assert clock.late_jobs() == []


def test_the_row_of_a_job_that_no_program_has_run_for_a_month_is_purged(counted):
    for name, days in (("gone", 31), ("newer", 29)):
        db.session.add(Job(name=name, next_run=utcnow() - timedelta(days=days)))
    row().next_run = utcnow() - timedelta(days=40)  # ours, on a site that slept
    db.session.commit()
    purging.purge()
    assert db.session.scalars(select(Job.name).order_by(Job.name)).all() == ["count", "newer"]


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
    assert re.search(r"^send-mails +jamais lancée$", runner.invoke(args=["jobs", "list"]).output, re.MULTILINE)
    assert db.session.scalars(select(Job)).all() == []  # looking writes nothing
    assert runner.invoke(args=["jobs", "run", "purge"]).exit_code == 0
    assert row("purge").runs == 1
    assert re.search(r"^purge +bien .* prochaine fois", runner.invoke(args=["jobs", "list"]).output, re.MULTILINE)
    assert runner.invoke(args=["jobs", "run", "rien"]).exit_code == 2


def test_work_starts_with_the_next_tick_and_not_after_a_period(app, monkeypatch):
    ran, work = [], []
    trigger = IntervalTrigger(seconds=600, timezone=UTC)
    table = {"busy": Recurring(lambda: ran.append(work.pop()), trigger, "Travailler", lambda: bool(work))}
    monkeypatch.setattr(clock, "JOBS", table)
    clock.set_up()
    work.append(1)
    clock.hasten()
    assert tick() == [True] and ran == [1]
    clock.hasten()
    assert tick() == []
    work.append(2)
    assert clock.claim("busy", even_if_not_due=True)  # another is at it
    clock.hasten()
    assert row("busy").next_run > utcnow()
    clock.run("busy")
    work.append(3)
    clock.hasten()
    assert tick() == [True] and ran == [1, 2, 3]


def test_what_is_due_is_seen_by_its_job_alone(app, rule, monkeypatch):
    def busy():
        return {name for name, job in jobs.JOBS.items() if job.has_work()}

    assert busy() == set()
    happens()
    assert busy() == {"dispatch"}
    dispatching.dispatch()
    assert busy() == {"send-mails", "send-texts"}
    monkeypatch.setitem(app.config, "MAIL_DAILY_QUOTA", 1)
    sending.send_mails()
    sending.send_texts()
    assert busy() == set()  # the second mail is for tomorrow


def test_a_look_for_work_that_fails_stops_no_other_job(app, monkeypatch):
    def broken():
        db.session.execute(text("SELECT 1 FROM nowhere"))

    good = Recurring(lambda: None, IntervalTrigger(seconds=600, timezone=UTC), "Réussir", lambda: True)
    monkeypatch.setattr(clock, "JOBS", {"bad": Recurring(broken, good.trigger, "Échouer", broken), "good": good})
    clock.set_up()
    tick()
    clock.hasten()
    assert tick() == [True]
    assert "nowhere" in row("bad").outcome


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


def happens(verb="published"):
    """Record that something happened; return the id of the activity."""
    activity = dispatch.record(verb, db.session.scalar(select(Council).limit(1)) or make_country().croix)
    db.session.commit()
    return activity.id


def crowd(number):
    """A rule that tells so many people."""
    message = Message("Un nouveau document", ("Lisez-le.",))
    return lambda activity: (Alert(str(person), f"p{person}@ex.fr", message, "alert") for person in range(number))


@pytest.fixture
def written(app):
    """How many deliveries each transaction wrote, the last one after its lot."""
    lots, seen = [], [0]

    def note(session):
        number = session.scalar(select(func.count()).select_from(Delivery))
        lots.append(number - seen[0])
        seen[0] = number

    event.listen(db.session, "before_commit", note)
    yield lots
    event.remove(db.session, "before_commit", note)


def later(**span):
    return time_machine.travel(utcnow() + timedelta(**span))


def test_an_activity_whose_mark_was_lost_tells_nobody_twice(app, rule):
    happens()
    dispatching.dispatch()
    db.session.execute(update(Activity).values(dispatched_at=None, next_attempt_at=utcnow()))
    db.session.commit()
    dispatching.dispatch()
    assert deliveries() == EXPECTED


def test_of_two_who_claim_an_activity_one_gets_it_until_the_lease_ends(app, rule):
    activity_id = happens()
    assert dispatch.claim(activity_id, timedelta(minutes=5))
    assert not dispatch.claim(activity_id, timedelta(minutes=5))
    db.session.commit()
    dispatching.dispatch()
    assert deliveries() == []  # the other one is at it
    with later(minutes=6):
        dispatching.dispatch()
    assert deliveries() == EXPECTED


def test_recipients_are_found_while_others_may_write(app, monkeypatch):
    order, begin_write = [], dispatching.begin_write

    def tell(activity):
        order.append("rule")
        return crowd(1)(activity)

    def note():
        begin_write()
        order.append("begin")

    def end(session):
        order.append("commit")

    monkeypatch.setitem(dispatch.RULES, "published", tell)
    monkeypatch.setattr(dispatching, "begin_write", note)
    happens()
    event.listen(db.session, "after_commit", end)
    dispatching.dispatch()
    event.remove(db.session, "after_commit", end)
    assert order[order.index("begin") :] == ["begin", "commit", "rule", "commit", "begin", "commit"]


def test_a_crowd_is_told_in_lots_of_one_statement_each(app, monkeypatch, written, queries):
    number = 2 * dispatching.LOT + 50
    monkeypatch.setitem(dispatch.RULES, "published", crowd(number))
    activity_id = happens()
    queries.clear()
    dispatching.dispatch()
    assert len(deliveries()) == number
    assert [lot for lot in written if lot] == [dispatching.LOT, dispatching.LOT, 50]
    assert sum(statement.startswith("INSERT INTO deliveries") for statement in queries) == 3
    assert db.session.get(Activity, activity_id).dispatched_at


def test_an_activity_that_concerns_nobody_is_done(app, monkeypatch):
    monkeypatch.setitem(dispatch.RULES, "published", crowd(0))
    activity_id = happens()
    dispatching.dispatch()
    assert db.session.get(Activity, activity_id).dispatched_at


def test_a_process_killed_between_two_lots_is_followed_and_nobody_is_told_twice_or_forgotten(app, monkeypatch):
    number, lots = 2 * dispatching.LOT + 50, []
    monkeypatch.setitem(dispatch.RULES, "published", crowd(number))
    happens()
    post_many = outbox.post_many

    def die(rows):
        if lots:
            raise SystemExit
        lots.append(post_many(rows))

    with monkeypatch.context() as patch, pytest.raises(SystemExit):
        patch.setattr(outbox, "post_many", die)
        dispatching.dispatch()
    db.session.rollback()
    assert len(deliveries()) == dispatching.LOT
    dispatching.dispatch()
    assert len(deliveries()) == dispatching.LOT  # the lease of the dead
    with later(minutes=6):
        dispatching.dispatch()
    assert len(deliveries()) == number


def test_a_rule_that_fails_half_way_writes_nothing_is_tried_again_and_holds_up_no_other(app, rule, monkeypatch):
    def half(activity):
        yield from list(rule(activity))[:1]
        raise RuntimeError("half-way")

    monkeypatch.setitem(dispatch.RULES, "published", half)
    happens()
    other = Alert("9", "c@ex.fr", Message("Autre", ("texte",)), "alert")
    monkeypatch.setitem(dispatch.RULES, "other", lambda activity: iter([other]))
    happens("other")
    with pytest.raises(RuntimeError):
        dispatching.dispatch()
    assert deliveries() == [("c@ex.fr", "mail")]
    monkeypatch.setitem(dispatch.RULES, "published", rule)
    with later(minutes=6):
        dispatching.dispatch()
    assert deliveries() == sorted([*EXPECTED, ("c@ex.fr", "mail")])


def test_an_activity_that_no_rule_knows_waits_shows_in_its_job_and_holds_up_no_other(app, rule):
    unknown = happens("of a newer program")
    happens()
    clock.set_up()
    assert clock.claim("dispatch") and not clock.run("dispatch")
    assert "no rule says whom to tell of « of a newer program »" in row("dispatch").outcome
    assert deliveries() == EXPECTED
    assert db.session.get(Activity, unknown).dispatched_at is None


def test_activities_are_forgotten_after_a_year_and_a_month_and_what_still_waits_stays(app, rule):
    happens()
    dispatching.dispatch()
    kept, waiting = happens(), happens("of a newer program")
    db.session.execute(update(Activity).where(Activity.id == kept).values(created_at=utcnow() + timedelta(days=2)))
    db.session.execute(update(Activity).where(Activity.id == kept).values(dispatched_at=utcnow()))
    db.session.commit()
    with later(days=401):
        purging.purge()
    assert set(db.session.scalars(select(Activity.id))) == {kept, waiting}
    assert deliveries() == EXPECTED


# Hours ------------------------------------------------------------------------------------------------------------


def test_the_morning_of_a_day_with_25_hours_comes_once():
    assert at("Europe/Paris", date(2026, 10, 25), time(8)) == datetime(2026, 10, 25, 7, tzinfo=UTC)
    assert at("Europe/Paris", date(2026, 10, 24), time(8)) == datetime(2026, 10, 24, 6, tzinfo=UTC)
    assert at("Pacific/Tahiti", date(2026, 10, 25), time(8)) == datetime(2026, 10, 25, 18, tzinfo=UTC)
    assert at("Europe/Paris", date(2026, 3, 29), time(2, 30)) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
