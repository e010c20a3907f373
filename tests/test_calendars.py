"""Calendars for telephones, read back: instants, texts, and what each one may find there."""

import io
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import icalendar
import pytest
import time_machine
from dateutil.tz import tzical
from sqlalchemy import select

from app.extensions import db
from app.localtime import clock as shows
from app.markup import render
from app.models import Event, Theme
from app.services import calendars
from tests.factories import make_group, make_publication
from tests.test_agenda import LEVELS, MAY_READ, browser_of, fill, make

NOW = datetime(2026, 11, 10, 9, tzinfo=UTC)
ALL = "/agenda.ics"


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


def read(answer):
    """Return the calendar of an answer, once it is sure that it is one."""
    assert answer.status_code == 200, answer.status_code
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    lines = answer.data.split(b"\r\n")
    assert lines[0] == b"BEGIN:VCALENDAR" and lines[-2:] == [b"END:VCALENDAR", b""]
    assert all(len(line) <= 75 and b"\n" not in line and b"\r" not in line for line in lines)
    calendar = icalendar.Calendar.from_ical(answer.data)
    assert not calendar.errors and not any(event.errors for event in calendar.events)
    assert not calendar.get_missing_tzids()
    return calendar


def names(answer):
    return [str(event["SUMMARY"]).removeprefix("Titre-") for event in read(answer).events]


def single(client, event):
    answer = client.get(f"/evenements/{event.id}-{event.slug}.ics")
    return read(answer).events[0]


# Instants ---------------------------------------------------------------------------------------------------------

PARIS = "Europe/Paris"
INSTANTS = [
    (PARIS, datetime(2027, 3, 28, 0, 30, tzinfo=UTC)),  # before summer time: 01:30
    (PARIS, datetime(2027, 3, 28, 1, 30, tzinfo=UTC)),  # after: 03:30
    (PARIS, datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),  # 02:30, the first time
    (PARIS, datetime(2026, 10, 25, 1, 30, tzinfo=UTC)),  # 02:30, the second time
    (PARIS, datetime(2026, 10, 25, 2, 30, tzinfo=UTC)),
    ("America/Guadeloupe", datetime(2026, 12, 1, 22, tzinfo=UTC)),
    ("America/Martinique", datetime(2026, 12, 1, 22, tzinfo=UTC)),
    ("America/Cayenne", datetime(2027, 7, 1, 21, tzinfo=UTC)),
    ("Indian/Reunion", datetime(2027, 3, 28, 1, 30, tzinfo=UTC)),
    ("Indian/Mayotte", datetime(2026, 12, 31, 21, 30, tzinfo=UTC)),
    ("Pacific/Tahiti", datetime(2026, 12, 1, 8, tzinfo=UTC)),
    ("Pacific/Noumea", datetime(2026, 12, 1, 8, tzinfo=UTC)),
    ("America/Miquelon", datetime(2027, 3, 14, 6, 30, tzinfo=UTC)),
]


@pytest.mark.parametrize(("zone", "instant"), INSTANTS)
def test_an_instant_is_the_same_for_telephones_that_know_the_zone_and_for_those_that_do_not(
    cast, client, zone, instant
):
    event = make(cast.alice, "heure", instant, time_zone=zone)
    db.session.commit()
    answer = client.get(f"/evenements/{event.id}-{event.slug}.ics")
    found = read(answer).events[0]
    assert found.start.astimezone(UTC) == instant and found.end.astimezone(UTC) == instant + timedelta(hours=2)
    if b"DTSTART;TZID=" in answer.data:
        assert found["DTSTART"].params["TZID"] == zone
        told = found.start.replace(tzinfo=tzical(io.StringIO(answer.text)).get(zone))
        assert told.astimezone(UTC) == instant
    else:  # clocks show this hour twice: it is told in UTC
        assert (zone, instant.hour, instant.minute) == (PARIS, 1, 30)


def test_the_zone_that_is_told_turns_when_clocks_do(cast, client):
    """An onset is told as the clock before it shows it (RFC 5545, 3.8.2.4)."""
    make(cast.alice, "heure", NOW + timedelta(days=1))
    make(cast.alice, "miquelon", NOW + timedelta(days=2), time_zone="America/Miquelon")
    db.session.commit()
    turns = {}
    for zone in read(client.get(ALL)).timezones:
        for turn in zone.subcomponents:
            onsets = [turn.DTSTART, *(day.dt for day in turn["RDATE"].dts)] if "RDATE" in turn else [turn.DTSTART]
            if turn.TZOFFSETFROM != turn.TZOFFSETTO:
                told = {(onset - turn.TZOFFSETFROM).replace(tzinfo=UTC) for onset in onsets}
                turns[zone.tz_name] = turns.get(zone.tz_name, set()) | told
    for zone, told in turns.items():
        second = timedelta(seconds=1)
        assert all(shows(zone, at - second).utcoffset() != shows(zone, at).utcoffset() for at in told), zone
    assert {datetime(2026, 10, 25, 1, tzinfo=UTC), datetime(2027, 3, 28, 1, tzinfo=UTC)} <= turns[PARIS]
    assert datetime(2027, 3, 14, 5, tzinfo=UTC) in turns["America/Miquelon"]


def test_an_event_without_an_end_has_none(cast, client):
    event = make(cast.alice, "heure", ends_at=None)
    db.session.commit()
    assert "DTEND" not in single(client, event)


# Texts ------------------------------------------------------------------------------------------------------------

ODD = 'Fête ; repas, jeux \\ « 100 % » 👩‍👩‍👧‍👦🎉 "guillemets" d’été'


@pytest.mark.parametrize(
    "title", [ODD, "é" * 200, "🎉" * 200, "a:b;c,d\\n", "BEGIN:VEVENT", "x" * 200, "", "X\nSTATUS:CANCELLED"]
)
def test_whatever_a_title_holds_it_comes_back_whole(cast, client, title):
    event = make(cast.alice, "x", place="Salle ; des, fêtes", address="1 rue\\n X")
    event.title = title
    db.session.commit()
    found = single(client, event)
    assert str(found["SUMMARY"]) == (title or "Sans titre")
    assert found["STATUS"] == "CONFIRMED" and len(read(client.get(ALL)).events) == 1
    assert str(found["LOCATION"]) == "Salle ; des, fêtes, 1 rue\\n X, Bourg-en-Bresse"


@pytest.mark.parametrize(
    ("place", "address", "said"),
    [("Salle commune", "", "Salle commune, Bourg-en-Bresse"), ("", "", "Bourg-en-Bresse"),
     ("Salle commune", "1 rue Haute, 01000 BOURG EN BRESSE", "Salle commune, 1 rue Haute, 01000 BOURG EN BRESSE"),
     ("Mairie de Bourg-en-Bresse", "", "Mairie de Bourg-en-Bresse")],
)  # fmt: skip
def test_the_town_is_part_of_the_place_unless_that_names_it(cast, client, place, address, said):
    event = make(cast.alice, "x", place=place, address=address)
    db.session.commit()
    assert str(single(client, event)["LOCATION"]) == said


def test_the_territory_stands_for_the_town_of_what_a_referent_announces(cast, client):
    there = make(cast.referent, "x", organiser="Centre", place="Salle", territory_id=cast.country.ain.id)
    everywhere = make(cast.animator, "y", organiser="Centre")
    db.session.commit()
    assert str(single(client, there)["LOCATION"]) == "Salle, Ain" and "LOCATION" not in single(client, everywhere)


def test_an_event_says_all_that_a_telephone_can_show(cast, client):
    theme = db.session.scalar(select(Theme).filter_by(slug="sante"))
    text = "Venez **nombreux** !\n\n* un\n* deux & trois"
    event = make(cast.alice, "fete", summary="En bref.", description_html=render(text), takes_registrations=True)
    event.agenda_html, event.version, event.edited_at = render("1. Accueil"), 4, NOW - timedelta(hours=1)
    event.themes, event.published_at = [theme], NOW - timedelta(days=3)
    db.session.commit()
    found = single(client, event)
    description = str(found["DESCRIPTION"])
    assert description.startswith(
        "En bref.\n\nVenez nombreux !\nun\ndeux & trois\n\nOrdre du jour\nAccueil\n\nSur inscription."
    )
    assert description.endswith(f"/evenements/{event.id}-titre-fete") and str(found["URL"]).endswith("-titre-fete")
    assert str(found["UID"]).startswith(f"evenement-{event.id}@") and found["SEQUENCE"] == 4
    assert found["LAST-MODIFIED"].dt == found["DTSTAMP"].dt == NOW - timedelta(hours=1)
    assert found["ORGANIZER"].params["CN"] == "Croix Blanche" and "mailto" not in str(found["ORGANIZER"])
    assert found.categories == ["Santé"]


@pytest.mark.parametrize("name", ['Centre "Le; Lien", n° 2 : été', "é" * 200, "Ligne\nde plus", "🎉", "", "^n^'"])
def test_whatever_the_organiser_is_called_the_calendar_can_be_read(cast, client, name):
    event = make(cast.referent, "formation", organiser=name)
    db.session.commit()
    found = single(client, event)
    if name:
        assert str(found["ORGANIZER"]) == str(found["URL"])
        assert str(found["ORGANIZER"].params["CN"]).replace('"', "'") == " ".join(name.split()).replace('"', "'")


def test_a_cancelled_event_stays_and_says_so_a_deleted_one_vanishes(cast, client):
    event = make(cast.alice, "fete", version=2)
    db.session.commit()
    before = single(client, event)
    event.cancelled_at, event.cancelled_reason = NOW, "Trop peu d’inscrits."
    db.session.commit()
    found = read(client.get(ALL)).events[0]
    assert found["STATUS"] == "CANCELLED" and str(found["SUMMARY"]) == "Annulé : Titre-fete"
    assert found["UID"] == before["UID"] and found["SEQUENCE"] > before["SEQUENCE"]
    assert "Trop peu d’inscrits." in str(found["DESCRIPTION"])
    event.deleted_at = NOW
    db.session.commit()
    assert names(client.get(ALL)) == []
    assert client.get(f"/evenements/{event.id}-{event.slug}.ics").status_code == 404


def test_a_calendar_says_its_name_and_how_often_to_come_again(cast, client):
    calendar = read(client.get(ALL))
    assert calendar["X-WR-CALNAME"] == calendar["NAME"] == "Conseils citoyens"
    assert calendar["REFRESH-INTERVAL"].to_ical() == b"PT4H" and calendar["X-PUBLISHED-TTL"] == "PT4H"
    assert b"REFRESH-INTERVAL;VALUE=DURATION:PT4H" in client.get(ALL).data
    assert (
        read(client.get(f"{ALL}?departement=01&pres=vieu"))["X-WR-CALNAME"] == "Conseils citoyens – Ain – près de Vieu"
    )


# What it holds ----------------------------------------------------------------------------------------------------


@pytest.fixture
def levels(cast):
    group = make_group("Les deux rives", cast.council, cast.country.reyssouze)
    rows = {}
    for level in LEVELS:
        rows[level] = make(
            cast.alice, level, level=level, summary="En bref.", place="Salle", description_html="<p>Long</p>"
        )
        rows[level].groups = [group] if level == "groups" else []
    rows["brouillon"] = make(cast.alice, "brouillon", published_at=None)
    rows["masque"] = make(cast.alice, "masque", hidden_at=NOW)
    rows["jete"] = make(cast.alice, "jete", deleted_at=NOW)
    rows["retire"] = make(cast.alice, "retire", withdrawn_at=NOW)
    db.session.commit()
    return rows


@pytest.mark.parametrize("who", MAY_READ)
def test_public_calendars_are_the_same_for_all_and_an_event_goes_to_its_readers(cast, client, client_as, levels, who):
    browser = browser_of(who, cast, client, client_as)
    for address in (ALL, f"/conseils/{cast.council.slug}/agenda.ics"):
        assert names(browser.get(address)) == names(browser.get(f"{address}?qui=inscrit")) == ["public"]
    for name, row in levels.items():
        page = browser.get(f"/evenements/{row.id}-{row.slug}")
        assert browser.get(f"/evenements/{row.id}-{row.slug}.ics").status_code == page.status_code, name


def test_of_what_is_not_for_everybody_a_telephone_learns_when_and_where(cast, client_as, levels):
    found = single(client_as(cast.alice), levels["members"])
    told = set(found) - {"UID", "DTSTAMP", "LAST-MODIFIED", "SEQUENCE", "STATUS"}
    assert told == {"SUMMARY", "DTSTART", "DTEND", "LOCATION", "URL"}


@pytest.mark.parametrize(
    ("query", "found"),
    [("", {"croix", "mistral", "ain"}), ("departement=01", {"croix", "ain"}), ("theme=sante", {"croix"}),
     ("conseil=mistral-eaux-claires-grenoble", {"mistral"}), ("pres=01000", {"croix", "ain"}),
     ("commune=38185", {"mistral"}), ("qui=proches", {"croix", "mistral", "ain"})],
)  # fmt: skip
def test_a_calendar_is_narrowed_as_the_agenda_is(cast, client, query, found):
    make(cast.alice, "croix").themes = [db.session.scalar(select(Theme).filter_by(slug="sante"))]
    make(cast.emile, "mistral")
    make(cast.referent, "ain", territory_id=cast.country.ain.id, organiser="Centre de ressources")
    db.session.commit()
    assert set(names(client.get(f"{ALL}?{query}"))) == found


@pytest.mark.parametrize("query", ["conseil=rien", "theme=x", "pres=xyzzyville", "commune=1", "departement=999"])
def test_a_calendar_of_nothing_known_is_none(client, cast, query):
    assert client.get(f"{ALL}?{query}").status_code == 404


def test_a_calendar_goes_from_two_months_ago_to_a_year_ahead(cast, client):
    for days in (-61, -59, 0, 364, 366):
        make(cast.alice, f"{days}", NOW + timedelta(days=days, minutes=-1 if days < 0 else 1))
    db.session.commit()
    assert names(client.get(ALL)) == ["0", "364", "-59"]


def test_of_too_many_the_nearest_thousand_are_there_in_few_queries(cast, client, queries):
    fill(cast, 30, NOW - timedelta(days=40), 30)
    fill(cast, 1010, NOW + timedelta(days=1), 300)
    client.get("/conseils")
    queries.clear()
    answer = client.get(ALL)
    events = read(answer).events
    assert len(queries) <= 12 and len(events) == 1000
    starts = [event.start.astimezone(UTC) for event in events]
    assert all(one <= other for one, other in pairwise(starts)) and starts[0] >= NOW
    assert len(client.get(ALL, headers={"Accept-Encoding": "gzip"}).data) < 100_000


def test_an_event_of_a_former_title_leads_to_its_present_calendar(cast, client):
    event = make(cast.alice, "fete")
    db.session.commit()
    answer = client.get(f"/evenements/{event.id}-ancien.ics")
    assert (answer.status_code, answer.location) == (301, f"/evenements/{event.id}-titre-fete.ics")
    answer = client.get(answer.location)
    assert answer.headers["Content-Disposition"] == "attachment; filename=titre-fete.ics"
    page = client.get(f"/evenements/{event.id}-{event.slug}")
    assert f'href="/evenements/{event.id}-{event.slug}.ics">Ajouter à mon agenda' in page.text


def test_what_has_no_date_or_is_over_is_not_offered_for_an_agenda(cast, client, client_as):
    draft = make_publication(Event, cast.alice, title="Titre-x", starts_at=None, ends_at=None, published_at=None)
    over = make(cast.alice, "fini", NOW - timedelta(days=2))
    off = make(cast.alice, "annule", cancelled_at=NOW)
    db.session.commit()
    alice = client_as(cast.alice)
    assert alice.get(f"/evenements/{draft.id}-{draft.slug}.ics").status_code == 404
    assert "Ajouter à mon agenda" not in alice.get(f"/evenements/{draft.id}-{draft.slug}").text
    assert "Ajouter à mon agenda" not in client.get(f"/evenements/{over.id}-{over.slug}").text
    assert "Ajouter à mon agenda" not in client.get(f"/evenements/{off.id}-{off.slug}").text


# Kept and read again ----------------------------------------------------------------------------------------------


def test_a_public_calendar_answers_304_until_something_changes(cast, client, queries):
    event = make(cast.alice, "fete")
    db.session.commit()
    for address in (ALL, f"/conseils/{cast.council.slug}/agenda.ics", f"/evenements/{event.id}-{event.slug}.ics"):
        first = client.get(address)
        assert "Set-Cookie" not in first.headers and "public" in first.headers["Cache-Control"]
        queries.clear()
        again = client.get(address, headers={"If-None-Match": first.headers["ETag"]})
        assert (again.status_code, len(queries)) == (304, 1)
        event.place = f"Salle {address}"
        db.session.commit()
        assert client.get(address, headers={"If-None-Match": first.headers["ETag"]}).status_code == 200


def test_a_kept_event_is_written_again_when_anything_of_it_changes(cast, client):
    theme = db.session.scalar(select(Theme).filter_by(slug="sante"))
    event = make(cast.alice, "fete")
    event.themes = [theme]
    db.session.commit()
    changes = (
        (event, "title", "Le bal"), (event, "place", "La cour"), (theme, "name", "Soins"),
        (cast.country.bourg, "name", "Brou"), (cast.council, "name", "Les Lilas"),
        (event, "summary", "Venez"), (event, "takes_registrations", True),
        (event, "cancelled_at", NOW),
    )  # fmt: skip
    before = client.get(ALL).data
    for row, name, value in changes:
        setattr(row, name, value)
        db.session.commit()
        after = client.get(ALL).data
        assert after != before, (row, name)
        before = after


def test_a_calendar_that_nobody_changes_is_the_same_each_time(cast, app, clock):
    make(cast.alice, "fete")
    db.session.commit()
    first = app.test_client().get(ALL).data
    clock.shift(timedelta(hours=20))  # another day: it is made again
    app.extensions["kept_pages"].clear()
    assert app.test_client().get(ALL).data == first


def test_the_text_of_html_has_its_lines_and_no_tag():
    html = render("Un **mot**, [un lien](https://a.b) & « x »\n\n* a\n* b\n\n1 < 2\nfin")
    assert calendars.plain(html).splitlines() == ["Un mot, un lien & « x »", "a", "b", "1 < 2", "fin"]
