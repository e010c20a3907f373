"""Digests: at seven on each one's clocks, what is new and may be read, once."""

from datetime import date, time, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from sqlalchemy import select

from app.extensions import begin_write, db
from app.jobs.digests import digest
from app.jobs.sending import send_mails
from app.labels import AlertTopic, Rhythm, UserStatus, Visibility
from app.localtime import at
from app.models import Action, Delivery, Document, Event, User
from app.models.types import utcnow
from app.notifications import digests, mail
from app.notifications.recipients import concerned_by
from app.services import alerts, bin, cancelling, minutes, publishing
from tests.factories import make_commune, make_council, make_group, make_publication, make_territory, make_user

PARIS = "Europe/Paris"
SUNDAY = date(2026, 11, 29)
MONDAY, TUESDAY = SUNDAY + timedelta(days=1), SUNDAY + timedelta(days=2)
NEVER, DAILY, WEEKLY = Rhythm.NEVER, Rhythm.DAILY, Rhythm.WEEKLY


def seven(day, zone=PARIS):
    return at(zone, day, time(7))


def run(instant):
    """Run the job at an instant; return all digests there are, by person."""
    with time_machine.travel(instant, tick=False):
        digest()
    return mails()


def mails():
    db.session.expire_all()
    rows = select(Delivery).where(Delivery.kind == "digest").order_by(Delivery.id)
    return db.session.scalars(rows).all()


def of(person):
    return [row for row in mails() if row.person_id == person.id]


def lines(row):
    return [(line["state"], line["title"]) for section in row.content["sections"] for line in section["lines"]]


def choose(person, rhythm, topics=digests.TOPICS):
    alerts.set_choices(person, {topic: (rhythm, False) for topic in topics})
    db.session.commit()


@pytest.fixture(autouse=True)
def saturday(cast):
    """Everybody has a time for digests since Saturday noon; Bruno alone wants them, daily."""
    with time_machine.travel(seven(SUNDAY) - timedelta(hours=19), tick=False):
        for person in (cast.alice, cast.chloe, cast.emile):
            choose(person, NEVER)
        choose(cast.bruno, DAILY)
        digest()
        yield


def share(author, model=Document, at=None, **columns):
    item = make_publication(model, author, published_at=at or utcnow() + timedelta(minutes=1), **columns)
    db.session.commit()
    return item


def test_the_first_time_nobody_is_told_what_is_old(cast):
    new = make_user("Fatou Neuve", cast.council)
    choose(new, DAILY)
    share(cast.alice, at=utcnow() - timedelta(days=1))
    run(utcnow())
    assert new.digest_at == seven(SUNDAY)
    assert run(seven(SUNDAY)) == []


def test_a_digest_comes_at_seven_with_what_is_new_and_then_no_more(cast):
    item = share(cast.alice, title="Un square")
    assert run(seven(SUNDAY) - timedelta(minutes=1)) == []
    (row,) = run(seven(SUNDAY))
    assert (row.recipient, lines(row)) == (cast.bruno.email, [("Nouveau", "Un square")])
    assert row.content["sections"][0]["heading"] == "Votre conseil : Croix Blanche"
    assert row.content["sections"][0]["lines"][0]["address"].endswith(f"/documents/{item.id}-{item.slug}")
    assert len(run(seven(SUNDAY) + timedelta(minutes=1))) == 1
    assert len(run(seven(MONDAY))) == 1  # nothing new


ZONES = [
    ("America/Guadeloupe", "971"), ("America/Cayenne", "973"), ("Indian/Reunion", "974"), ("Indian/Mayotte", "976"),
    ("Pacific/Tahiti", "987"), ("America/Miquelon", "975"),
]  # fmt: skip


@pytest.mark.parametrize(("zone", "code"), ZONES)
def test_it_is_seven_on_the_clocks_of_the_council(cast, zone, code):
    department = make_territory("department", code, "Outre-mer", place=(0, 0))
    council = make_council("Outre-mer", make_commune(f"{code}01", "Là-bas", department, place=(0, 0)))
    person = make_user("Fatou Neuve", council)
    author = make_user("Luc Neuf", council)
    choose(author, NEVER)
    run(utcnow())
    due = person.digest_at
    assert due.astimezone(ZoneInfo(zone)).time() == time(7) and utcnow() < due <= utcnow() + timedelta(days=1)
    share(author)
    assert run(due - timedelta(minutes=1)) == []
    run(due)
    assert len(of(person)) == 1


@pytest.mark.parametrize("day", [date(2027, 3, 28), date(2027, 10, 31)])
def test_when_clocks_change_the_next_digest_is_still_at_seven(day):
    for before in (day - timedelta(days=1), day):
        following = digests.following(PARIS, seven(before))
        assert following.astimezone(ZoneInfo(PARIS)).isoformat()[:16] == f"{before + timedelta(days=1)}T07:00"


def test_weekly_topics_come_on_mondays_in_the_same_mail_as_the_daily_ones(cast):
    choose(cast.bruno, WEEKLY, (AlertTopic.DOCUMENT,))
    share(cast.alice, title="Hebdomadaire")
    share(cast.alice, Action, title="Quotidien")
    (row,) = run(seven(SUNDAY))
    assert lines(row) == [("Nouveau", "Quotidien")]
    with time_machine.travel(seven(SUNDAY) + timedelta(hours=2), tick=False):
        share(cast.alice, Action, title="Autre")
    *_, row = run(seven(MONDAY))
    assert sorted(lines(row)) == [("Nouveau", "Autre"), ("Nouveau", "Hebdomadaire")]
    assert len(run(seven(TUESDAY))) == 2


def test_after_days_without_a_server_each_gets_one_digest_monday_or_not(cast):
    choose(cast.bruno, WEEKLY, (AlertTopic.DOCUMENT,))
    share(cast.alice, title="Hebdomadaire")
    share(cast.alice, Action, title="Quotidien")
    late = seven(TUESDAY) + timedelta(hours=4)
    (row,) = run(late)
    assert len(lines(row)) == 2
    assert cast.bruno.digest_at == seven(TUESDAY + timedelta(days=1))
    assert len(run(late)) == 1


def test_no_digest_looks_further_back_than_a_week_or_a_month(cast):
    choose(cast.bruno, WEEKLY, (AlertTopic.DOCUMENT,))
    for days, model, title in ((9, Action, "A"), (7, Action, "B"), (36, Document, "C"), (34, Document, "D")):
        share(cast.alice, model, at=seven(MONDAY) - timedelta(days=days) + timedelta(days=42), title=title)
    (row,) = run(seven(MONDAY + timedelta(days=42)))
    assert sorted(title for _, title in lines(row)) == ["B", "D"]


def test_what_one_wrote_or_read_or_is_told_at_once_is_not_in_it(cast, bruno):
    choose(cast.bruno, Rhythm.NOW, (AlertTopic.EVENT,))
    share(cast.bruno, title="À moi")
    share(cast.alice, Event, title="Tout de suite")
    read = share(cast.alice, title="Lu")
    with time_machine.travel(utcnow() + timedelta(hours=1), tick=False):
        bruno.get(f"/documents/{read.id}-{read.slug}")
    assert run(seven(SUNDAY)) == []


@pytest.mark.parametrize("state", ["paused", "suspended", "stopped"])
def test_who_is_away_gets_none_and_who_comes_back_is_told_what_they_missed(cast, state):
    share(cast.alice)
    if state == "paused":
        cast.bruno.alerts_paused_at = utcnow()
    elif state == "suspended":
        cast.bruno.status = UserStatus.SUSPENDED
    else:
        digests.outbox.stop("mail", cast.bruno.email, "digest")
    db.session.commit()
    assert run(seven(SUNDAY)) == []
    cast.bruno.alerts_paused_at, cast.bruno.status = None, UserStatus.ACTIVE
    db.session.commit()
    assert len(run(seven(MONDAY))) == (state != "stopped")


def test_a_digest_lists_what_concerns_a_person_and_what_they_may_read_at_that_moment(cast):
    group = make_group("Bourg", cast.council, cast.country.reyssouze)
    other = make_group("Ailleurs", cast.country.mistral, cast.country.reyssouze)
    for title, level, groups, author in (
        ("Conseil", Visibility.COUNCIL, [], cast.alice), ("Groupe", Visibility.GROUPS, [group], cast.chloe),
        ("Autre groupe", Visibility.GROUPS, [other], cast.chloe), ("Leur conseil", Visibility.COUNCIL, [], cast.chloe),
        ("Leur page", Visibility.PUBLIC, [], cast.chloe),
    ):  # fmt: skip
        share(author, title=title, level=level, groups=groups)
    hidden = share(cast.alice, title="Masqué", hidden_at=utcnow())
    share(cast.alice, title="Brouillon", level=Visibility.PUBLIC).published_at = None
    db.session.commit()
    (row,) = run(seven(SUNDAY))
    assert {title for _, title in lines(row)} == {"Conseil", "Groupe"} and hidden.hidden_at
    headings = [section["heading"] for section in row.content["sections"]]
    assert headings == ["Votre conseil : Croix Blanche", "Grande Reyssouze Terre des Fleurs"]


@pytest.mark.parametrize("place", ["ain", "isere", None])
def test_what_a_referent_announces_concerns_the_councils_of_the_territory(cast, place):
    territory = getattr(cast.country, place) if place else None
    event = Event(
        author_id=cast.referent.id, key="k" * 32, title="Formation", slug="formation", organiser="Le centre",
        level=Visibility.MEMBERS, published_at=utcnow() + timedelta(minutes=1), territory=territory,
        starts_at=utcnow() + timedelta(days=9),
    )  # fmt: skip
    db.session.add(event)
    choose(cast.emile, DAILY)
    found = run(seven(SUNDAY))
    told = {row.person_id for row in found}
    wanted = {"ain": {cast.bruno}, "isere": {cast.emile}, None: {cast.bruno, cast.emile}}[place]
    assert told == {person.id for person in wanted}
    assert found[0].content["sections"][0]["heading"] == "Le centre"


def test_the_index_of_councils_says_the_same_as_the_rule_of_access(cast):
    group = make_group("Bourg", cast.council, cast.country.reyssouze)
    items = [share(cast.alice, level=level, groups=[group]) for level in Visibility]
    for item in items:
        index = digests._by_council([digests.News(item)])
        active = db.session.scalars(select(User).where(User.status == UserStatus.ACTIVE))
        mine = {person.id for person in active if index[person.council_id]}
        assert mine == set(db.session.scalars(select(User.id).where(concerned_by(item))))


def test_an_event_shows_its_newest_state_once(cast):
    event = share(cast.alice, Event, at=utcnow() - timedelta(days=3), title="La fête", place="Salle 1")
    before = publishing.content_of(event)
    publishing.write(event, {"place": "Salle 2"})
    publishing.revise(event, before, cast.alice)
    db.session.commit()
    with time_machine.travel(utcnow() + timedelta(hours=1), tick=False):
        (row,) = run(seven(SUNDAY))
        assert lines(row) == [("Modifié", "La fête")]
    with time_machine.travel(seven(SUNDAY) + timedelta(hours=1), tick=False):
        cancelling.cancel(db.session.get(Event, event.id), "", cast.alice)
        db.session.commit()
    assert lines(run(seven(MONDAY))[-1]) == [("Annulé", "La fête")]
    with time_machine.travel(seven(MONDAY) + timedelta(hours=1), tick=False):
        fields = publishing.rendered(Event, {"minutes": "Nous étions dix."})
        other = share(cast.alice, Event, at=utcnow() - timedelta(days=30), title="Le bal")
        begin_write()
        minutes.save(db.session.get(Event, other.id), fields, cast.alice)
        db.session.commit()
    assert lines(run(seven(TUESDAY))[-1]) == [("Compte-rendu", "Le bal")]


def test_what_was_changed_and_changed_back_is_no_news(cast):
    event = share(cast.alice, Event, at=utcnow() - timedelta(days=3), place="Salle 1")
    for place in ("Salle 2", "Salle 1"):
        before = publishing.content_of(event)
        publishing.write(event, {"place": place})
        publishing.revise(event, before, cast.alice)
    db.session.commit()
    assert run(seven(SUNDAY)) == []


def test_thirty_are_listed_the_newest_first_and_the_others_are_counted(cast):
    for number in range(42):
        share(cast.alice, title=f"N° {number}", at=utcnow() + timedelta(minutes=number))
    (row,) = run(seven(SUNDAY))
    assert [title for _, title in lines(row)] == [f"N° {number}" for number in range(41, 11, -1)]
    made = mail.make(row)
    assert "… et 12 autres, sur le site." in made.body and "… et 12 autres, sur le site." in made.html
    assert len(made.html.encode()) < 30_000
    assert "Votre conseil : Croix Blanche\n----" in made.body and "* Nouveau : N° 41\n" in made.body


@pytest.mark.parametrize("level", [Visibility.COUNCIL, Visibility.PUBLIC])
def test_of_what_is_not_public_a_digest_tells_the_title_alone(cast, level):
    secret = {"summary": "Un secret", "place": "Au secret", "description": "Secret"}
    share(cast.alice, Event, level=level, title="La fête", **secret)
    (row,) = run(seven(SUNDAY))
    assert "secret" not in str(row.content).lower()
    assert ("2026" in row.content["sections"][0]["lines"][0]["more"]) is (level == Visibility.PUBLIC)


# Before it leaves -------------------------------------------------------------------------------------------------


def sent(instant):
    with time_machine.travel(instant, tick=False):
        send_mails()
    return mails()


def test_what_may_no_longer_be_read_is_taken_out_just_before_it_leaves(cast):
    group = make_group("Bourg", cast.council, cast.country.reyssouze)
    theirs = share(cast.chloe, title="Leur page", level=Visibility.GROUPS, groups=[group])
    gone = share(cast.alice, title="Supprimé")
    share(cast.alice, title="Reste")
    assert len(lines(run(seven(SUNDAY))[0])) == 3
    theirs.level = Visibility.COUNCIL
    bin.discard(gone, cast.alice)
    db.session.commit()
    (row,) = sent(seven(SUNDAY))
    assert (row.state, lines(row)) == ("sent", [("Nouveau", "Reste")])


def test_the_others_that_are_counted_are_only_those_that_may_be_read(cast):
    items = [share(cast.alice, title=f"N° {n}", at=utcnow() + timedelta(minutes=n)) for n in range(35)]
    run(seven(SUNDAY))
    bin.discard(items[0], cast.alice)
    db.session.commit()
    (row,) = sent(seven(SUNDAY))
    assert len(row.content["others"]) == 4


def test_a_digest_of_which_nothing_is_left_is_not_sent(cast):
    item = share(cast.alice)
    run(seven(SUNDAY))
    bin.discard(item, cast.alice)
    db.session.commit()
    assert [row.state for row in sent(seven(SUNDAY))] == ["failed"]


def test_what_was_read_on_the_site_meanwhile_is_taken_out(cast, bruno):
    item = share(cast.alice, title="Lu")
    share(cast.alice, title="Pas lu")
    run(seven(SUNDAY))
    with time_machine.travel(seven(SUNDAY) + timedelta(minutes=5), tick=False):
        bruno.get(f"/documents/{item.id}-{item.slug}")
    (row,) = sent(seven(SUNDAY) + timedelta(minutes=6))
    assert lines(row) == [("Nouveau", "Pas lu")]


# How much, and twice ----------------------------------------------------------------------------------------------


def test_a_second_run_at_the_same_instant_tells_nothing_twice_and_loses_nothing(cast):
    share(cast.alice)
    now = seven(SUNDAY)
    with time_machine.travel(now, tick=False):
        lot = digests.turns(now, 500)
        rows = digests.rows(lot, now)
        digest()  # another process, in between
        begin_write()
        assert digests.still_due(lot) == []
        digests.outbox.post_many(list(rows.values()))
        db.session.commit()
    assert len(mails()) == 1


def test_many_people_cost_as_many_questions_as_few(cast, queries):
    for number in range(3):
        share(cast.alice, Event, title=f"N° {number}")
    for number in range(60):
        choose(make_user(f"Membre{number} Essai", cast.council), DAILY)
    run(utcnow())
    share(cast.alice, Event, at=utcnow() + timedelta(hours=1))
    queries.clear()
    assert len(run(seven(SUNDAY))) == 61
    assert len(queries) < 30, queries


def test_referents_who_are_of_no_council_have_no_digest(cast):
    share(cast.alice, level=Visibility.PUBLIC)
    run(seven(SUNDAY))
    assert cast.referent.digest_at is None and of(cast.referent) == []
