"""Digests: at seven on each one's clocks, what is new and may be read, once."""

from datetime import date, time, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from sqlalchemy import select

from app.access import viewer_of
from app.extensions import begin_write, db
from app.jobs.digests import digest
from app.jobs.dispatching import dispatch
from app.jobs.sending import send_mails
from app.labels import AlertTopic, Rhythm, Role, UserStatus, Visibility
from app.localtime import at
from app.models import Action, Delivery, Document, Event, User
from app.models.types import utcnow
from app.notifications import digests, mail
from app.notifications.recipients import concerned_by
from app.services import alerts, bin, cancelling, minutes, publishing, readings
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
    do(utcnow(), publish, draft_of(cast.alice, Event, title="Tout de suite"))
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


# Events that change, and what is known of them already -------------------------------------------------------------


def do(instant, act, *arguments, alerts=True):
    """Do something in a transaction at an instant; with `alerts`, those of it are prepared when they are due."""
    with time_machine.travel(instant, tick=False):
        begin_write()
        act(*arguments)
        db.session.commit()
    if alerts:
        with time_machine.travel(instant + publishing.TOLD_AFTER, tick=False):
            dispatch()


def edit(event, **fields):
    before = publishing.content_of(event)
    publishing.write(event, fields)
    publishing.revise(event, before, event.author)


def publish(item):
    publishing.publish(item)


def read(person, item):
    readings.note(viewer_of(person), item.id, utcnow())


def known_to_all(author, **columns):
    """Return an event that was published before anybody's digests began."""
    later = {"starts_at": seven(TUESDAY) + timedelta(days=9), "ends_at": None}
    return share(author, Event, at=utcnow() - timedelta(days=3), **{"title": "La fête", **later, **columns})


def hours(count, day=SUNDAY):
    return seven(day) + timedelta(hours=count)


def digest_of(person, day):
    """Run the job on a day; return the lines of what it prepares for a person."""
    before = {row.id for row in of(person)}
    run(seven(day))
    return [line for row in of(person) if row.id not in before for line in lines(row)]


def test_an_event_shows_its_newest_state_once(cast):
    event, other = known_to_all(cast.alice), share(cast.alice, Event, at=utcnow() - timedelta(days=30), title="Le bal")
    do(utcnow(), lambda: edit(event, place="Salle 2"))
    assert digest_of(cast.bruno, SUNDAY) == [("Modifié", "La fête")]
    assert digest_of(cast.bruno, MONDAY) == []
    fields = publishing.rendered(Event, {"minutes": "Nous étions dix."})
    do(hours(1, MONDAY), minutes.save, other, fields, cast.alice)
    assert digest_of(cast.bruno, TUESDAY) == [("Compte-rendu", "Le bal")]


def test_what_was_changed_and_changed_back_is_no_news(cast):
    event = known_to_all(cast.alice, place="Salle 1")
    for number, place in enumerate(("Salle 2", "Salle 1")):
        do(utcnow() + timedelta(hours=number), lambda place=place: edit(event, place=place))
    assert digest_of(cast.bruno, SUNDAY) == []


def test_whoever_read_what_is_new_is_told_that_it_was_changed_after_that(cast):
    choose(cast.chloe, DAILY)
    group = make_group("Bourg", cast.council, cast.country.reyssouze)
    day = {"starts_at": seven(TUESDAY) + timedelta(days=9), "ends_at": None}
    event = share(cast.alice, Event, title="La fête", level=Visibility.GROUPS, groups=[group], at=hours(-4), **day)
    do(hours(-3), read, cast.bruno, event)
    do(hours(-2), lambda: edit(event, starts_at=seven(TUESDAY) + timedelta(days=10)))
    run(seven(SUNDAY))
    assert [lines(row) for row in of(cast.bruno)] == [[("Modifié", "La fête")]]
    assert [lines(row) for row in of(cast.chloe)] == [[("Nouveau", "La fête")]]


def test_whoever_read_it_between_two_changes_is_told_of_the_second(cast):
    event = known_to_all(cast.alice)
    do(hours(-3), lambda: edit(event, place="Salle 2"), alerts=False)
    do(hours(-2.95), read, cast.bruno, event, alerts=False)
    do(hours(-2.9), lambda: edit(event, place="Salle 3"))
    assert digest_of(cast.bruno, SUNDAY) == [("Modifié", "La fête")]


def test_whoever_read_it_after_the_last_change_is_not_told(cast):
    event = known_to_all(cast.alice)
    do(hours(-3), lambda: edit(event, place="Salle 2"))
    do(hours(-1), read, cast.bruno, event)
    assert digest_of(cast.bruno, SUNDAY) == []


@pytest.mark.parametrize("is_followed", [True, False])
def test_a_change_that_is_not_settled_yet_waits_for_the_next_digest_and_is_told_once(cast, is_followed):
    event = known_to_all(cast.alice)
    do(hours(-0.05), lambda: edit(event, place="Salle 2"), alerts=not is_followed)
    assert digest_of(cast.bruno, SUNDAY) == []
    if is_followed:
        do(hours(0.1), lambda: edit(event, place="Salle 3"))
    assert digest_of(cast.bruno, MONDAY) == [("Modifié", "La fête")]
    assert digest_of(cast.bruno, TUESDAY) == []


def test_a_change_that_is_settled_in_the_last_minute_is_told_once(cast):
    event = known_to_all(cast.alice)
    do(seven(SUNDAY) - timedelta(minutes=15, seconds=30), lambda: edit(event, place="Salle 2"))
    told = [digest_of(cast.bruno, day) for day in (SUNDAY, MONDAY, TUESDAY)]
    assert sorted(told) == [[], [], [("Modifié", "La fête")]]


def test_a_cancellation_that_an_alert_told_is_not_told_once_more(cast):
    event = known_to_all(cast.alice)
    do(hours(-3), cancelling.cancel, event, "", cast.alice)
    assert [row.kind for row in everything_for(cast.bruno)] == ["alert"]
    assert digest_of(cast.bruno, SUNDAY) == []


def test_a_cancellation_of_the_last_minute_is_told_once(cast):
    event = known_to_all(cast.alice)
    digests.outbox.stop("mail", cast.bruno.email, "alert")
    do(hours(-0.01), cancelling.cancel, event, "", cast.alice, alerts=False)
    assert digest_of(cast.bruno, SUNDAY) == []
    with time_machine.travel(seven(SUNDAY), tick=False):
        dispatch()
    assert digest_of(cast.bruno, MONDAY) == [("Annulé", "La fête")]
    assert digest_of(cast.bruno, TUESDAY) == []


def everything_for(person):
    db.session.expire_all()
    return db.session.scalars(select(Delivery).where(Delivery.person_id == person.id).order_by(Delivery.id)).all()


@pytest.mark.parametrize("change", ["published", "changed", "cancelled"])
def test_of_an_event_that_is_over_nothing_is_told_but_its_minutes(cast, change):
    soon = {"starts_at": hours(-6), "ends_at": hours(-4)}
    event = share(cast.alice, Event, at=hours(-12) if change == "published" else hours(-48), title="La fête", **soon)
    if change == "changed":
        do(hours(-8), lambda: edit(event, place="Salle 2"))
    if change == "cancelled":
        digests.outbox.stop("mail", cast.bruno.email, "alert")
        do(hours(-8), cancelling.cancel, event, "", cast.alice)
    assert digest_of(cast.bruno, SUNDAY) == []


def test_an_event_that_is_written_down_after_it_took_place_is_new(cast):
    share(cast.alice, Event, at=hours(-2), title="La fête", starts_at=hours(-30), ends_at=hours(-28))
    assert digest_of(cast.bruno, SUNDAY) == [("Nouveau", "La fête")]


def test_what_is_hidden_is_no_news_even_to_those_who_may_read_it(cast):
    helper = make_user("Fatou Neuve", cast.council, role=Role.ANIMATOR)
    choose(helper, DAILY)
    run(utcnow())
    share(cast.alice, hidden_at=utcnow())
    assert digest_of(helper, SUNDAY) == []


# Another rhythm ----------------------------------------------------------------------------------------------------


def days_until(last):
    """Run the job on each day after the Monday, up to a day."""
    for number in range((last - MONDAY).days + 1):
        run(seven(MONDAY + timedelta(days=number)))


def draft_of(author, model=Document, **columns):
    item = make_publication(model, author, published_at=None, **columns)
    db.session.commit()
    return item


THURSDAY = MONDAY + timedelta(days=3)


@pytest.mark.parametrize("rhythm", [DAILY, Rhythm.NOW])
def test_what_was_to_come_on_monday_comes_in_the_next_digest_after_a_sooner_rhythm_was_chosen(cast, rhythm):
    choose(cast.bruno, WEEKLY)
    days_until(MONDAY)
    do(hours(1, TUESDAY), publish, draft_of(cast.alice, title="Mardi"))
    days_until(THURSDAY)
    do(hours(3, THURSDAY), choose, cast.bruno, rhythm)
    assert digest_of(cast.bruno, THURSDAY + timedelta(days=1)) == [("Nouveau", "Mardi")]
    days_until(MONDAY + timedelta(days=9))
    assert len(of(cast.bruno)) == 1


def test_what_was_to_come_the_next_day_still_comes_when_one_chooses_to_be_told_at_once(cast):
    run(seven(SUNDAY))
    do(hours(1), publish, draft_of(cast.alice, title="Avant"))
    do(hours(2), choose, cast.bruno, Rhythm.NOW)
    do(hours(3), publish, draft_of(cast.alice, title="Après"))
    assert digest_of(cast.bruno, MONDAY) == [("Nouveau", "Avant")]
    assert [row.subject for row in everything_for(cast.bruno) if row.kind == "alert"] == ["Nouveau document : Après"]
    assert digest_of(cast.bruno, TUESDAY) == []


@pytest.mark.parametrize("rhythm", [DAILY, WEEKLY])
def test_what_was_told_at_once_is_in_no_digest_after_that(cast, rhythm):
    choose(cast.bruno, Rhythm.NOW)
    run(seven(SUNDAY))
    event = draft_of(cast.alice, Event, title="La fête", starts_at=seven(TUESDAY) + timedelta(days=9), ends_at=None)
    do(hours(1), publish, draft_of(cast.alice, title="Dit"))
    do(hours(1), publish, event)
    do(hours(2), choose, cast.bruno, rhythm)
    do(hours(3), lambda: edit(event, place="Salle 2"))
    assert digest_of(cast.bruno, MONDAY) == [("Modifié", "La fête")]


def test_what_the_daily_digest_told_is_not_told_again_by_the_weekly_one(cast):
    days_until(MONDAY)
    do(hours(1, MONDAY), publish, draft_of(cast.alice, title="Lundi"))
    assert digest_of(cast.bruno, TUESDAY) == [("Nouveau", "Lundi")]
    do(hours(1, TUESDAY), choose, cast.bruno, WEEKLY)
    do(hours(2, TUESDAY), publish, draft_of(cast.alice, title="Mardi"))
    days_until(MONDAY + timedelta(days=6))
    assert digest_of(cast.bruno, MONDAY + timedelta(days=7)) == [("Nouveau", "Mardi")]


@pytest.mark.parametrize("others", [[DAILY], [NEVER], [Rhythm.NOW], [DAILY, NEVER, Rhythm.NOW]])
def test_a_choice_that_is_taken_back_at_once_changes_nothing(cast, others):
    choose(cast.bruno, WEEKLY)
    days_until(MONDAY)
    do(hours(1, TUESDAY), publish, draft_of(cast.alice, title="Mardi"))
    for rhythm in (*others, WEEKLY):
        do(hours(2, TUESDAY), choose, cast.bruno, rhythm)
    days_until(MONDAY + timedelta(days=6))
    assert digest_of(cast.bruno, MONDAY + timedelta(days=7)) == [("Nouveau", "Mardi")]


def test_whoever_wants_nothing_any_more_gets_no_rest(cast):
    run(seven(SUNDAY))
    do(hours(1), publish, draft_of(cast.alice, title="Avant"))
    do(hours(2), choose, cast.bruno, NEVER)
    assert digest_of(cast.bruno, MONDAY) == []
    do(hours(2, MONDAY), choose, cast.bruno, DAILY)
    assert digest_of(cast.bruno, TUESDAY) == []


def test_whoever_wanted_nothing_is_told_what_comes_after_they_chose_otherwise(cast):
    choose(cast.bruno, NEVER)
    run(seven(SUNDAY))
    do(hours(1), publish, draft_of(cast.alice, title="Avant"))
    do(hours(2), choose, cast.bruno, DAILY)
    do(hours(3), publish, draft_of(cast.alice, title="Après"))
    assert digest_of(cast.bruno, MONDAY) == [("Nouveau", "Après")]


def test_whoever_chooses_while_their_digest_is_prepared_is_told_nothing_twice(cast):
    share(cast.alice, title="Un square")
    now = seven(SUNDAY)
    with time_machine.travel(now, tick=False):
        lot = digests.turns(now, 500)
        choose(cast.bruno, WEEKLY)
        begin_write()
        assert cast.bruno.id not in {turn.marks["user_id"] for turn in digests.still_due(lot)}
        db.session.rollback()
    assert digest_of(cast.bruno, SUNDAY) == []
    assert digest_of(cast.bruno, MONDAY) == [("Nouveau", "Un square")]


# How it reads ------------------------------------------------------------------------------------------------------


def test_the_subject_says_how_much_is_new_and_where(cast):
    share(cast.alice, title="Un square")
    assert [row.subject for row in run(seven(SUNDAY))] == ["1 nouveauté dans votre conseil"]
    group = make_group("Bourg", cast.council, cast.country.reyssouze)
    for author in (cast.alice, cast.chloe):
        share(author, at=hours(1), level=Visibility.GROUPS, groups=[group])
    row = run(seven(MONDAY))[-1]
    assert (row.subject, row.content["paragraphs"][0]) == ("2 nouveautés pour vous", "Bonjour Bruno,")


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


def test_many_people_in_many_councils_cost_as_many_questions_as_few(cast, queries):
    for number in range(3):
        share(cast.alice, Event, title=f"N° {number}")
    communes = [make_commune(f"0199{number}", f"Bourg {number}", cast.country.ain) for number in range(5)]
    for number in range(20):
        council = make_council(f"Conseil {number}", communes[number % 5])
        people = [make_user(f"Membre{number}x{one} Essai", council) for one in range(3)]
        share(people[0], at=hours(-1))
        for person in people:
            choose(person, DAILY)
    announced = {"organiser": "Le centre", "level": Visibility.MEMBERS, "territory": cast.country.ain, "council": None}
    share(cast.referent, Event, at=hours(-1), **announced)
    run(utcnow())
    queries.clear()
    assert len(run(seven(SUNDAY))) == 61
    assert len(queries) < 25, queries


def test_referents_who_are_of_no_council_have_no_digest(cast):
    share(cast.alice, level=Visibility.PUBLIC)
    run(seven(SUNDAY))
    assert cast.referent.digest_at is None and of(cast.referent) == []
