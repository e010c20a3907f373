"""The secret address by which a telephone reads somebody's agenda."""

import logging
import re
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
import time_machine
from sqlalchemy import select

from app.extensions import db
from app.labels import RegistrationStatus, UserStatus
from app.models import Registration, Theme
from app.services import calendars
from tests.browse import send, submit
from tests.factories import make_group
from tests.test_agenda import LEVELS, MAY_READ, make
from tests.test_calendars import names, read

NOW = datetime(2026, 11, 10, 9, tzinfo=UTC)
PAGE = "/mon-profil/agenda"


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


def address_of(user):
    calendars.give_key(user)
    db.session.commit()
    return f"/agenda/{user.agenda_key}.ics"


def test_one_makes_changes_and_stops_ones_address(cast, client_as, client):
    make(cast.alice, "entre-nous", level="council")
    db.session.commit()
    alice = client_as(cast.alice)
    assert "secrète" not in alice.get(PAGE).text
    page = alice.get(submit(alice, PAGE, "Créer mon adresse").location)
    assert "Votre adresse est prête\xa0: suivez" in page.text
    whole, close = shown(page)
    assert names(client.get(whole)) == names(client.get(close)) == ["entre-nous"]
    assert f'href="webcal://{whole.partition("//")[2]}"' in page.text
    alice.post(PAGE, data={"act": "make", "csrf_token": token(page)})  # the same button, pressed twice
    assert shown(alice.get(PAGE)) == (whole, close)
    page = alice.get(send(alice, page, "Changer d’adresse").location)
    other, _ = shown(page)
    assert other != whole
    assert (client.get(whole).status_code, client.get(other).status_code) == (404, 200)
    send(alice, page, "Supprimer mon adresse")
    assert client.get(other).status_code == 404
    assert "Créer mon adresse" in alice.get(PAGE).text


def shown(page):
    """Return the whole address and that of what concerns one, as they stand in their fields."""
    found = re.findall(r'value="(https?://[^"]+)"', page.text)
    whole, close = sorted(found, key=len)
    return whole, close.replace("&amp;", "&")


def token(page):
    return re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)[1]


def test_the_address_tells_nothing_of_its_owner_and_cannot_be_guessed(cast):
    keys = set()
    for user in (cast.alice, cast.bruno, cast.alice):
        keys.add(address_of(user))
    assert len(keys) == 3
    assert all(re.fullmatch(r"/agenda/[a-z2-7]{32}\.ics", address) for address in keys)


def test_an_address_that_is_nearly_right_is_none(cast, client):
    address = address_of(cast.alice)
    key = cast.alice.agenda_key
    other = "a" if key[-1] != "a" else "b"
    near = (key[:-1] + other, key[:8], key[:-1], key + "a", key.upper(), key[:8] + "%", other * 32, "z" * 32)
    assert [client.get(f"/agenda/{wrong}.ics").status_code for wrong in near] == [404] * len(near)
    assert client.get(address).status_code == 200


@pytest.mark.parametrize("who", [who for who in MAY_READ if who not in ("visitor", "dora")])
def test_each_address_opens_what_its_owner_may_read_whoever_asks(cast, client, client_as, who):
    group = make_group("Les deux rives", cast.council, cast.country.reyssouze)
    for level in LEVELS:
        make(cast.alice, level, level=level).groups = [group] if level == "groups" else []
    make(cast.alice, "brouillon", published_at=None)
    make(cast.alice, "masque", hidden_at=NOW)
    db.session.commit()
    address = address_of(getattr(cast, who))
    for browser in (client, client_as(cast.bruno), client_as(cast.emile)):
        assert set(names(browser.get(address))) == MAY_READ[who]


def test_a_calendar_may_hold_only_what_concerns_its_owner(cast, client):
    make(cast.alice, "croix", level="council")
    make(cast.chloe, "reyssouze")
    make(cast.emile, "mistral")
    make(cast.referent, "ain", territory_id=cast.country.ain.id, organiser="Centre")
    make(cast.away, "isere", territory_id=cast.country.isere.id, organiser="Centre")
    event = make(cast.emile, "inscrit")
    known = {"key": uuid4().hex, "name": "Alice", "status": RegistrationStatus.WAITING}
    db.session.add(Registration(event_id=event.id, user_id=cast.alice.id, **known))
    db.session.commit()
    found = {who: set(names(client.get(f"{address_of(getattr(cast, who))}?choix=proches"))) for who in
             ("alice", "bruno", "emile", "referent", "away")}  # fmt: skip
    assert found == {
        "alice": {"croix", "ain", "inscrit"}, "bruno": {"croix", "ain"}, "emile": {"mistral", "inscrit", "isere"},
        "referent": {"reyssouze", "ain"}, "away": {"mistral", "inscrit", "isere"},
    }  # fmt: skip


@pytest.mark.parametrize("status", [UserStatus.SUSPENDED, UserStatus.CLOSED, UserStatus.PENDING])
def test_the_address_of_an_account_that_is_not_open_answers_nothing(cast, client, status):
    address = address_of(cast.alice)
    cast.alice.status = status
    db.session.commit()
    assert client.get(address).status_code == 404
    cast.alice.status = UserStatus.ACTIVE
    db.session.commit()
    assert client.get(address).status_code == 200


def test_rights_that_are_gone_are_gone_from_the_calendar(cast, client):
    make(cast.alice, "croix", level="council")
    db.session.commit()
    address = address_of(cast.bruno)
    assert names(client.get(address)) == ["croix"]
    cast.bruno.council_id = cast.country.mistral.id
    db.session.commit()
    assert names(client.get(address)) == []


def test_a_personal_calendar_is_kept_by_its_telephone_alone_and_answers_304(cast, client, queries):
    event = make(cast.alice, "croix", level="council")
    db.session.commit()
    address = address_of(cast.alice)
    first = client.get(address)
    assert first.headers["Cache-Control"] == "private, no-cache" and "Set-Cookie" not in first.headers
    tag = {"If-None-Match": first.headers["ETag"]}
    queries.clear()
    again = client.get(address, headers=tag)
    assert (again.status_code, again.data) == (304, b"") and len(queries) <= 12
    assert client.get(f"{address}?choix=proches", headers=tag).status_code == 200
    event.starts_at += timedelta(hours=1)
    db.session.commit()
    assert read(client.get(address, headers=tag)).events[0].start.astimezone(UTC) == event.starts_at


def test_a_telephone_reads_a_renamed_theme_again(cast, client):
    theme = db.session.scalar(select(Theme).filter_by(slug="sante"))
    make(cast.alice, "fete").themes = [theme]
    db.session.commit()
    address = address_of(cast.alice)
    tag = {"If-None-Match": client.get(address).headers["ETag"]}
    theme.name = "Soins"
    db.session.commit()
    assert read(client.get(address, headers=tag)).events[0].categories == ["Soins"]


def test_an_address_is_not_written_in_the_logs(cast, app, client, monkeypatch, caplog):
    address = address_of(cast.alice)
    monkeypatch.setattr(calendars, "rows", lambda *args: 1 / 0)
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    with caplog.at_level(logging.DEBUG):
        answer = client.get(address)
    assert answer.status_code == 500 and cast.alice.agenda_key not in answer.text
    assert caplog.records and cast.alice.agenda_key not in caplog.text


def test_a_form_that_says_nothing_comes_back(cast, client_as):
    alice = client_as(cast.alice)
    page = alice.get(PAGE)
    answer = alice.post(PAGE, data={"csrf_token": token(page), "act": "autre"})
    assert answer.status_code == 422 and "<title>Erreur : " in answer.text
    db.session.expire_all()
    assert cast.alice.agenda_key is None
