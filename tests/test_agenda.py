"""The agenda: what is coming, what is over, months and days, near a place; each one finds there what they may read."""

import re
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
import time_machine
from sqlalchemy import select

from app.extensions import db
from app.jobs.registrations import pass_places_on
from app.labels import RegistrationStatus, Visibility
from app.models import Event, Registration, Theme
from app.services import agenda
from app.services.directory import directory
from tests.factories import make_commune, make_council, make_group, make_publication
from tests.test_lists import link, titles

NOW = datetime(2026, 11, 10, 9, tzinfo=UTC)
LEVELS = ("council", "groups", "members", "public")
# Everything that each one may read of Alice's council, of which Chloé's is in a group.
MAY_READ = {
    "visitor": {"public"},
    "dora": {"public"},
    "alice": {"council", "groups", "members", "public"},
    "bruno": {"council", "groups", "members", "public"},
    "chloe": {"groups", "members", "public"},
    "emile": {"members", "public"},
    "referent": {"members", "public"},
    "animator": {"members", "public"},
}


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


def make(author, title, starts_at=None, *, hours=2, **columns):
    """Add an event for everybody, tomorrow unless said otherwise."""
    starts_at = starts_at or NOW + timedelta(days=1)
    known = {"level": Visibility.PUBLIC, "starts_at": starts_at, "ends_at": starts_at + timedelta(hours=hours)}
    return make_publication(Event, author, title=f"Titre-{title}", **known | columns)


def names(page):
    return [word.removeprefix("Titre-") for word in titles(page)]


def browser_of(who, cast, client, client_as):
    return client if who == "visitor" else client_as(getattr(cast, who))


# Lists ------------------------------------------------------------------------------------------------------------


def test_what_goes_on_stands_first_then_the_next_one_under_its_month(cast, client):
    make(cast.alice, "loin", datetime(2027, 1, 3, 17, tzinfo=UTC))
    make(cast.alice, "demain")
    make(cast.alice, "fete", NOW - timedelta(days=1), hours=48)
    make(cast.alice, "hier", NOW - timedelta(days=1))
    make(cast.alice, "matin", NOW - timedelta(hours=1), ends_at=None)
    db.session.commit()
    page = client.get("/agenda")
    assert names(page) == ["fete", "demain", "loin"]
    headings = [part.partition("</h2>")[0] for part in page.text.split("<h2>")[1:]]
    assert headings == ["En ce moment", "Novembre 2026", "Janvier 2027"]


def test_past_events_stand_the_last_one_first_with_their_minutes(cast, client):
    make(cast.alice, "jadis", NOW - timedelta(days=400))
    make(cast.alice, "hier", NOW - timedelta(days=1), minutes_at=NOW, minutes_html="<p>Dix.</p>")
    make(cast.alice, "fete", NOW - timedelta(days=1), hours=48)
    make(cast.alice, "demain")
    db.session.commit()
    page = client.get("/agenda?quand=passes")
    assert names(page) == ["hier", "jadis"]
    assert page.text.count(">compte-rendu</a>") == 1


@pytest.mark.parametrize("when", ["", "quand=passes", "jour=2026-12-01"])
def test_pages_follow_one_another_by_cursor_and_come_back(cast, client, when):
    start = {"": NOW + timedelta(days=1), "quand=passes": NOW - timedelta(days=90)}.get(when)
    start = start or datetime(2026, 12, 1, 8, tzinfo=UTC)
    known = [f"{number:02}" for number in range(45)]
    for name in known:
        make(cast.alice, name, start + timedelta(minutes=int(name) // 3))
    if not when:
        make(cast.alice, "encours", NOW - timedelta(hours=1))
        known = ["encours", *known]
    db.session.commit()
    first = page = client.get(f"/agenda?{when}")
    seen = names(page)
    while address := link(page, "next"):
        last, page = page, client.get(address)
        seen += names(page)
    assert seen == (known[::-1] if "passes" in when else known)
    assert names(client.get(link(page, "prev"))) == names(last)
    assert not link(first, "prev")


@pytest.mark.parametrize(
    "query",
    ["avant=x", "apres=1", "jour=demain", "jour=2026-02-30", "jour=", "vue=mois&mois=2026-13", "vue=mois&mois=x",
     "vue=mois&mois=1999-01", "vue=mois&mois=2032-01", "vue=mois&mois=%00", "conseil=rien", "conseil=%00",
     "commune=99999", "commune=%00", "jour=20261122", "jour=2026-W47-7", "jour=0001-01-01", "jour=9999-12-31",
     "jour=2013-12-31", "jour=2032-01-01", "jour=2026-11-1٣", "vue=mois&mois=2026-1"],
)  # fmt: skip
def test_an_address_that_the_site_did_not_write_is_no_page(client, cast, query):
    assert client.get(f"/agenda?{query}").status_code == 404


@pytest.mark.parametrize("query", ["theme=x", "departement=x", "pres=" + "a" * 101, "pres=%25%25"])
def test_what_is_in_no_list_comes_back_with_a_sentence(client, cast, query):
    page = client.get(f"/agenda?{query}")
    assert page.status_code == 422 and "<title>Erreur : " in page.text
    assert client.get(f"/agenda.ics?{query}").status_code == 404


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
@pytest.mark.parametrize("query", ["pres=zzzz", "jour=x"])
def test_what_comes_back_is_as_light_as_other_pages(client, cast, query, coding):
    page = client.get(f"/agenda?{query}", headers={"Accept-Encoding": coding})
    assert page.status_code in (404, 422) and page.headers["Content-Encoding"] == coding
    assert len(page.data) <= 14_000


# Who may read it --------------------------------------------------------------------------------------------------


@pytest.fixture
def levels(cast):
    """An event of each level, and those that nobody finds in the agenda."""
    group = make_group("Les deux rives", cast.council, cast.country.reyssouze)
    for level in LEVELS:
        make(cast.alice, level, level=level).groups = [group] if level == "groups" else []
    make(cast.alice, "brouillon", published_at=None)
    make(cast.alice, "jete", deleted_at=NOW)
    make(cast.alice, "retire", withdrawn_at=NOW)
    make(cast.alice, "sansdate", starts_at=None).starts_at = None
    db.session.commit()


@pytest.mark.parametrize("who", MAY_READ)
@pytest.mark.parametrize("query", ["", "jour=2026-11-11", "vue=mois&mois=2026-11"])
def test_each_one_finds_what_they_may_read_in_lists_days_and_months(cast, client, client_as, levels, who, query):
    page = browser_of(who, cast, client, client_as).get(f"/agenda?{query}")
    found = set(names(page))
    if "vue" not in query:
        assert found == MAY_READ[who]
        return
    others = len(MAY_READ[who]) - len(found)
    assert found <= MAY_READ[who] and len(found) == min(3, len(MAY_READ[who]))
    assert ("et 1\xa0autre" in page.text or "et 1 autre" in page.text) == (others == 1)


def test_what_moderation_hides_is_seen_by_its_author_and_by_moderators(cast, client, client_as):
    make(cast.alice, "masque", hidden_at=NOW, hidden_reason="Essai")
    db.session.commit()
    assert names(client.get("/agenda")) == names(client_as(cast.bruno).get("/agenda")) == []
    for who in ("alice", "animator", "referent"):
        page = client_as(getattr(cast, who)).get("/agenda")
        assert names(page) == ["masque"] and "masqué par la modération" in page.text
        assert "(masqué)" in client_as(getattr(cast, who)).get("/agenda?vue=mois").text


def test_a_cancelled_event_stays_and_says_so(cast, client):
    make(cast.alice, "annule", cancelled_at=NOW)
    db.session.commit()
    assert names(client.get("/agenda")) == ["annule"]
    assert "(annulé)" in client.get("/agenda?vue=mois").text


# Filters ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def spread(cast):
    """Events of three councils, and of referents."""
    health = db.session.scalar(select(Theme).filter_by(slug="sante"))
    make(cast.alice, "croix").themes = [health]
    make(cast.chloe, "reyssouze")
    make(cast.emile, "mistral")
    common = {"organiser": "Centre de ressources"}
    make(cast.referent, "ain", territory_id=cast.country.ain.id, **common)
    make(cast.referent, "bourg", territory_id=cast.country.bourg.id, **common)
    make(cast.animator, "region", territory_id=cast.country.region.id, **common)
    make(cast.animator, "france", **common)
    db.session.commit()


EVERYTHING = {"croix", "reyssouze", "mistral", "ain", "bourg", "region", "france"}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", EVERYTHING),
        ("departement=01", {"croix", "reyssouze", "ain", "bourg", "region"}),
        ("departement=38", {"mistral", "region"}),
        ("conseil=croix-blanche-bourg-en-bresse", {"croix"}),
        ("theme=sante", {"croix"}),
        ("theme=sante&departement=38", set()),
        ("pres=Bourg-en-Bresse", {"croix", "reyssouze", "ain", "bourg"}),
        ("pres=01000", {"croix", "reyssouze", "ain", "bourg"}),
        ("pres=vieu", {"ain"}),  # 48 km away
        ("commune=38185", {"mistral"}),
        ("qui=proches", EVERYTHING),  # visitors have no council: what they cannot choose is left aside
    ],
)
def test_one_narrows_the_agenda(client, spread, query, found):
    assert set(names(client.get(f"/agenda?{query}"))) == found
    month = client.get(f"/agenda?vue=mois&{query}")
    assert month.status_code == 200
    assert set(names(month)) <= found and len(names(month)) == min(3, len(found))
    assert bool(found) or "Revoir tout l’agenda" in client.get(f"/agenda?{query}").text


def test_the_lists_of_publications_find_what_referents_announce_too(client, spread):
    page = client.get("/ressources/publications?departement=01")
    assert set(names(page)) == {"croix", "reyssouze", "ain", "bourg", "region"}


def test_members_see_what_concerns_them_and_where_they_are_registered(cast, client_as, spread):
    event = make(cast.emile, "inscrite")
    event.takes_registrations = True
    for user, status in ((cast.alice, RegistrationStatus.CONFIRMED), (cast.bruno, RegistrationStatus.CANCELLED)):
        db.session.add(Registration(event_id=event.id, user_id=user.id, key=uuid4().hex, name="X", status=status))
    db.session.commit()
    alice, bruno = client_as(cast.alice), client_as(cast.bruno)
    assert set(names(alice.get("/agenda?qui=proches"))) == {"croix", "ain", "bourg", "region", "france"}
    assert names(alice.get("/agenda?qui=inscrit")) == ["inscrite"]
    assert names(bruno.get("/agenda?qui=inscrit")) == []
    assert "sur inscription" in alice.get("/agenda?qui=inscrit").text
    referent = client_as(cast.referent)
    assert set(names(referent.get("/agenda?qui=proches"))) >= {"croix", "reyssouze", "ain", "bourg"}
    assert "mistral" not in names(referent.get("/agenda?qui=proches"))


def test_lists_and_pages_say_in_which_town(cast, client, client_as, spread):
    both = make_council("Deux rives", cast.country.bourg)
    both.territories.append(cast.country.vieu)
    make(cast.alice, "rives", council=both, council_id=both.id)
    db.session.commit()
    said = {
        "croix": "Croix Blanche · Bourg-en-Bresse (01) · ", "mistral": "Mistral - Eaux Claires · Grenoble (38) · ",
        "ain": "Centre de ressources · Ain · ", "bourg": "Centre de ressources · Bourg-en-Bresse (01) · ",
        "france": "Centre de ressources · mercredi", "rives": "Deux rives · Bourg-en-Bresse et Vieu (01) · ",
    }  # fmt: skip
    for address in ("/agenda", "/ressources/publications"):
        page = client.get(address).text
        assert all(words in page for words in said.values()), address
    assert "Bourg-en-Bresse (01)" not in client.get(f"/agenda?conseil={cast.council.slug}").text
    titled = {event.title.removeprefix("Titre-"): event for event in db.session.scalars(select(Event))}
    pages = {name: client.get(f"/evenements/{event.id}-{event.slug}").text for name, event in titled.items()}
    assert "Croix Blanche</a>, Bourg-en-Bresse (01)" in pages["croix"]
    assert "Commune : Bourg-en-Bresse (01)" in pages["bourg"] and "Région : Auvergne" in pages["region"]


def test_the_home_page_says_in_which_town(cast, client):
    make(cast.alice, "croix")
    db.session.commit()
    assert "Croix Blanche · Bourg-en-Bresse (01)" in client.get("/").text


# Near a commune ---------------------------------------------------------------------------------------------------


def test_the_distance_is_said_and_the_limit_is_thirty_kilometres(cast, client):
    far = make_council("Loin", cast.country.bourg, place=(46.2051 + 29 / 111.2, 5.246))
    beyond = make_council("Trop loin", make_commune("01004", "Ambérieu", cast.country.ain, place=(46.5, 5.0)))
    beyond.latitude, beyond.longitude = 46.2051 + 22 / 111.2, 5.246 + 22 / 77
    make(cast.alice, "loin", council=far, council_id=far.id)
    make(cast.alice, "beyond", council=beyond, council_id=beyond.id)
    db.session.commit()
    page = client.get("/agenda?pres=bourg en bresse")
    assert names(page) == ["loin"]
    assert "à 29\xa0km de Bourg-en-Bresse" in page.text


def test_a_name_of_several_communes_offers_the_choice(cast, client):
    other = make_commune("38053", "Bourg-en-Bresse", cast.country.isere, place=(45.1, 5.7))
    make_council("Autre", other)
    make(cast.alice, "croix")
    make(cast.emile, "mistral")
    db.session.commit()
    page = client.get("/agenda?pres=Bourg-en-Bresse&theme=&quand=")
    assert page.status_code == 200 and "<h2>Choisissez votre commune</h2>" in page.text
    assert "À corriger" not in page.text and "Erreur" not in page.text
    assert client.get("/agenda.ics?pres=Bourg-en-Bresse").status_code == 404
    assert 'href="/agenda?commune=38053">Bourg-en-Bresse (Isère)' in page.text
    chosen = client.get("/agenda?commune=38053")
    assert names(chosen) == ["mistral"] and 'value="Bourg-en-Bresse (38)"' in chosen.text
    assert names(client.get("/agenda?pres=Bourg-en-Bresse (38)")) == ["mistral"]


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [("Xyzzyville", "Aucune commune"), ("Isère", "choisissez-le dans la liste"), ("%", "Écrivez le nom"),
     ("Auvergne-Rhône-Alpes", "écrivez le nom"), ("12345", "Aucune commune")],
)  # fmt: skip
def test_a_place_that_is_no_commune_comes_back_with_what_to_do(client, cast, typed, sentence):
    page = client.get("/agenda", query_string={"pres": typed})
    assert page.status_code == 422 and sentence in page.text and f'value="{typed}"' in page.text


def test_a_commune_whose_place_is_unknown_has_its_own_councils(cast, app):
    nowhere = make_commune("01005", "Nulle-Part", cast.country.ain)
    council = make_council("Ici", nowhere, place=(None, None))
    db.session.commit()
    places = directory()
    assert agenda.around(places, places.communes["01005"]).distances == {council.id: 0.0}


# The month --------------------------------------------------------------------------------------------------------


def test_a_month_is_a_table_with_three_titles_a_day_and_the_way_to_the_others(cast, client):
    for number in range(12):
        make(cast.alice, f"n{number:02}", datetime(2026, 11, 14, 8, number, tzinfo=UTC))
    db.session.commit()
    page = client.get("/agenda?vue=mois&mois=2026-11")
    assert names(page) == ["n00", "n01", "n02"]
    assert page.text.count('<th scope="col">') == 7 and "<caption>Novembre 2026</caption>" in page.text
    assert 'href="/agenda?jour=2026-11-14">et 9 autres</a>' in page.text
    assert "<b><span>samedi </span>14</b>" in page.text and "<td>1er</td>" in page.text
    assert "vue=mois&amp;mois=2026-10" in page.text and "vue=mois&amp;mois=2026-12" in page.text
    assert len(names(client.get("/agenda?jour=2026-11-14"))) == 12
    assert "Aucun événement ce mois-ci" in client.get("/agenda?vue=mois&mois=2027-02").text


def test_the_months_that_one_leafs_through_have_an_end(client, cast):
    assert 'rel="prev"' not in client.get("/agenda?vue=mois&mois=2014-01").text
    assert 'rel="next"' not in client.get("/agenda?vue=mois&mois=2031-12").text
    assert "Décembre 2025" in client.get("/agenda?vue=mois&mois=2026-01").text


@pytest.mark.parametrize(("zone", "day"), [("Pacific/Tahiti", "2026-11-30"), ("Indian/Reunion", "2026-12-01")])
def test_an_event_stands_on_the_day_of_its_own_place(cast, client, zone, day):
    make(cast.alice, "minuit", datetime(2026, 11, 30, 22, tzinfo=UTC), time_zone=zone)
    db.session.commit()
    assert names(client.get(f"/agenda?jour={day}")) == ["minuit"]
    assert names(client.get(f"/agenda?vue=mois&mois={day[:7]}")) == ["minuit"]
    heading = {"2026-11": "Novembre 2026", "2026-12": "Décembre 2026"}[day[:7]]
    assert f"<h2>{heading}</h2>" in client.get("/agenda").text


def test_months_stand_in_order_where_it_is_still_the_evening_before(cast):
    paris = make(cast.alice, "paris", datetime(2026, 12, 1, 7, tzinfo=UTC))
    tahiti = make(cast.alice, "tahiti", datetime(2026, 12, 1, 8, tzinfo=UTC), time_zone="Pacific/Tahiti")
    groups = agenda.by_month([paris, tahiti])
    assert [(month.month, events) for month, events in groups] == [(11, [tahiti]), (12, [paris])]


def test_an_empty_month_leads_to_the_next_one_that_has_something(cast, client):
    assert "Il y en a en" not in client.get("/agenda?vue=mois").text
    make(cast.alice, "jadis", datetime(2026, 9, 1, 7, tzinfo=UTC))
    make(cast.alice, "entre-nous", datetime(2026, 12, 1, 7, tzinfo=UTC), level=Visibility.COUNCIL)
    make(cast.alice, "loin", datetime(2027, 2, 1, 7, tzinfo=UTC))
    make(cast.emile, "ailleurs", datetime(2027, 1, 1, 7, tzinfo=UTC))
    make(cast.emile, "trop-loin", datetime(2040, 1, 1, 7, tzinfo=UTC))
    db.session.commit()
    for month in ("", "2026-10", "2026-12"):
        page = client.get(f"/agenda?vue=mois&departement=01&mois={month}").text
        assert 'mois=2027-02">février 2027</a>' in page, month
    assert "<span>lundi </span>1er" in client.get("/agenda?vue=mois&mois=2027-02").text
    assert "Il y en a en" not in client.get("/agenda?vue=mois&mois=2027-03").text


def test_from_an_empty_list_one_goes_to_the_department_or_to_all(cast, client):
    page = client.get("/agenda?commune=01442").text
    assert 'href="/agenda?departement=01">Chercher dans tout le département : Ain</a>' in page
    assert 'href="/agenda">Revoir tout l’agenda</a>' in page
    assert "Chercher dans tout" not in client.get("/agenda?departement=01").text


# Weight -----------------------------------------------------------------------------------------------------------


def fill(cast, count, first, span):
    """Add many events within some days, at different hours."""
    theme = db.session.scalar(select(Theme))
    words = "Réunion publique Fête quartier Atelier cuisine Conseil école Formation jardin partagé rue sport".split()
    rows = []
    for number in range(count):
        title = " ".join(words[(number * step) % len(words)] for step in (1, 3, 5, 7, 2)) + f" {number}"
        starts_at = first + timedelta(days=number % span, minutes=number % 600)
        rows.append(
            Event(
                author_id=cast.alice.id, council_id=cast.council.id, key=uuid4().hex, title=f"Titre-{title}",
                slug=f"titre-{title.lower().replace(' ', '-')}"[:80], level=Visibility.PUBLIC, published_at=NOW,
                starts_at=starts_at, ends_at=starts_at + timedelta(hours=2), place="Salle des fêtes", themes=[theme],
                summary="Deux phrases qui disent de quoi il s’agit. Elles tiennent sur deux lignes, rarement plus.",
            )
        )  # fmt: skip
    db.session.add_all(rows)
    db.session.commit()


VIEWS = (
    "", "vue=mois&mois=2026-11", "jour=2026-11-14", "quand=passes", "pres=01000&departement=01",
    "conseil=croix-blanche-bourg-en-bresse&theme=logement-et-cadre-de-vie", "qui=proches", "qui=inscrit",
)  # fmt: skip


def test_queries_do_not_grow_with_the_agenda_nor_pages_beyond_their_weight(cast, client, client_as, queries, app):
    browsers = {who: browser_of(who, cast, client, client_as) for who in ("visitor", "alice", "referent")}

    def measure():
        counts = {}
        for who, browser in browsers.items():
            for view in VIEWS:
                app.extensions["kept_pages"].clear()
                db.session.expire_all()
                queries.clear()
                page = browser.get(f"/agenda?{view}", headers={"Accept-Encoding": "gzip"})
                counts[who, view] = len(queries)
                assert page.status_code == 200 and len(page.data) <= 14_000, (who, view, len(page.data))
        return counts

    fill(cast, 100, datetime(2026, 11, 1, 8, tzinfo=UTC), 30)
    browsers["visitor"].get("/conseils")
    few = measure()
    fill(cast, 900, datetime(2026, 11, 1, 8, tzinfo=UTC), 30)
    assert measure() == few
    assert max(few.values()) <= 12, few


def test_five_hundred_events_on_one_day_are_read_by_pages(cast, client):
    fill(cast, 500, datetime(2026, 11, 14, 7, tzinfo=UTC), 1)
    month = client.get("/agenda?vue=mois&mois=2026-11")
    assert "et 497 autres" in month.text and len(titles(month)) == 3
    page, seen = client.get("/agenda?jour=2026-11-14"), 0
    while True:
        seen += len(titles(page))
        if not (address := link(page, "next")):
            break
        page = client.get(address)
    assert seen == 500


# Where it leads, and from where -----------------------------------------------------------------------------------


def test_the_home_page_tells_the_next_three_public_events(cast, client, client_as):
    assert "Aucun événement annoncé" in client.get("/").text
    for number in range(5):
        make(cast.alice, f"n{number}", NOW + timedelta(days=number + 1))
    make(cast.alice, "entre-nous", NOW + timedelta(hours=1), level=Visibility.COUNCIL)
    db.session.commit()
    page = client.get("/")
    assert names(page) == ["n0", "n1", "n2"]
    assert 'href="/agenda"' in page.text
    assert names(client_as(cast.alice).get("/")) == ["entre-nous", "n0", "n1"]


def test_the_page_of_a_council_leads_to_its_agenda_and_its_calendar(cast, client):
    make(cast.alice, "fete")
    db.session.commit()
    page = client.get(f"/conseils/{cast.council.slug}")
    assert f"/agenda?conseil={cast.council.slug}" in page.text
    assert f'type="text/calendar" href="/conseils/{cast.council.slug}/agenda.ics"' in page.text
    page = client.get(f"/agenda?conseil={cast.council.slug}")
    assert re.search(rf'href="webcal://[^/"]+/conseils/{cast.council.slug}/agenda.ics"', page.text)
    page = client.get(f"/agenda?conseil={cast.council.slug}&departement=01")
    assert re.search(rf"/agenda.ics\?conseil={cast.council.slug}&amp;departement=01</code>", page.text)


def test_the_agenda_is_in_the_main_menu_and_in_the_profile(cast, client, client_as):
    assert '<a href="/agenda" aria-current="page">Agenda</a>' in client.get("/agenda").text
    assert 'href="/mon-profil/agenda"' in client_as(cast.alice).get("/mon-profil").text


def test_a_kept_page_follows_what_is_published_cancelled_and_deleted(cast, client):
    event = make(cast.alice, "fete", published_at=None)
    db.session.commit()
    addresses = ("/agenda", "/agenda?vue=mois", "/agenda?jour=2026-11-11", "/")
    assert [names(client.get(address)) for address in addresses] == [[]] * 4
    event.published_at = NOW
    db.session.commit()
    assert [names(client.get(address)) for address in addresses] == [["fete"]] * 4
    event.cancelled_at = NOW
    db.session.commit()
    assert "(annulé)" in client.get("/agenda?vue=mois").text
    event.deleted_at = NOW
    db.session.commit()
    assert [names(client.get(address)) for address in addresses] == [[]] * 4


def test_a_kept_page_follows_the_clock(cast, client):
    event = make(cast.alice, "fete", NOW + timedelta(hours=2), takes_registrations=True)
    db.session.commit()
    assert "M’inscrire" in client.get(f"/evenements/{event.id}-titre-fete").text
    assert names(client.get("/agenda")) == ["fete"]
    with time_machine.travel(event.ends_at + timedelta(seconds=50), tick=False):
        pass_places_on()
        assert "M’inscrire" not in client.get(f"/evenements/{event.id}-titre-fete").text
        assert names(client.get("/agenda")) == []
