"""Logging in and out, what limits attempts, and what a session that ended does not lose."""

import re
from datetime import timedelta
from html import unescape

import pytest
import time_machine
from argon2 import PasswordHasher

from app.blueprints.web import is_local
from app.extensions import db
from app.labels import Role, UserStatus
from app.models import Login, User
from app.models.types import utcnow
from app.services import limits
from tests.factories import PASSWORD, make_user

HERE = {"Origin": "http://localhost"}


def token_of(page):
    return re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)[1]


def log_in(client, user, password=PASSWORD, **fields):
    """Log in as a person would, on the login page."""
    form = {"csrf_token": token_of(client.get("/connexion")), "email": user.email, "password": password, **fields}
    return client.post("/connexion", data=form)


@pytest.mark.parametrize(
    ("who", "home"),
    [("alice", "/mon-conseil"), ("dora", "/mon-inscription"), ("referent", "/animation"), ("animator", "/animation")],
)
def test_each_person_comes_to_their_own_pages(client, cast, who, home):
    assert log_in(client, getattr(cast, who)).location == home
    assert client.get("/connexion").location == home


def test_a_member_sees_the_orange_bar_and_the_forum_on_every_page_and_a_visitor_does_not(client, cast):
    assert "Gérer mon conseil" not in client.get("/").text
    log_in(client, cast.alice)
    for address in ("/", "/conseils", f"/conseils/{cast.council.slug}", "/carte", "/aide", "/mon-conseil"):
        page = client.get(address)
        assert all(words in page.text for words in ("Gérer mon conseil", "Modifier mon profil", ">Forum<")), address
        assert "no-store" in page.headers["Cache-Control"] and "ETag" not in page.headers
        assert "<style>" not in page.text and 'rel="stylesheet"' in page.text


def test_pages_for_visitors_still_set_no_cookie_and_are_kept(client, cast):
    page = client.get("/")
    assert "Set-Cookie" not in page.headers and "public" in page.headers["Cache-Control"]
    assert "csrf_token" not in page.text


def test_the_block_of_the_home_page_logs_in_without_a_token_because_the_browser_says_where_it_comes_from(client, cast):
    form = {"email": cast.alice.email, "password": PASSWORD}
    assert client.post("/connexion", data=form, headers=HERE).location == "/mon-conseil"


@pytest.mark.parametrize("headers", [{}, {"Origin": "https://attaquant.example"}, {"Origin": "null"}])
def test_without_a_token_another_site_logs_nobody_in_and_the_address_is_kept(client, cast, headers):
    answer = client.post("/connexion", data={"email": cast.alice.email, "password": PASSWORD}, headers=headers)
    assert answer.status_code == 422
    assert cast.alice.email in answer.text and PASSWORD not in answer.text
    assert client.get("/mon-conseil").status_code == 302


@pytest.mark.parametrize("how", [str.upper, lambda email: f"  {email} "])
def test_the_address_may_be_written_in_capitals_or_with_blanks(client, cast, how):
    form = {"email": how(cast.alice.email), "password": PASSWORD}
    assert client.post("/connexion", data=form, headers=HERE).location == "/mon-conseil"


def test_a_wrong_password_and_an_unknown_address_read_the_same(client, cast):
    texts = []
    for email in (cast.alice.email, "inconnue@essai.example"):
        answer = client.post("/connexion", data={"email": email, "password": "x" * 12}, headers=HERE)
        assert answer.status_code == 422
        texts.append(re.sub(r'value="[^"]*"', "", answer.text.replace(email, "")))
    assert texts[0] == texts[1] and "ne vont pas ensemble" in texts[0] and "<title>Erreur : " in texts[0]


@pytest.mark.parametrize("email", ["a" * 10_000 + "@b.fr", "rien", "a@b\0.fr", "😀@é.fr", "a\r\nBcc: x@y.fr", ""])
@pytest.mark.parametrize("password", ["", "x" * 10_000, "\0", "mot de passe 😀 \u202e"])
def test_whatever_is_typed_gets_a_sentence(client, cast, email, password):
    answer = client.post("/connexion", data={"email": email, "password": password}, headers=HERE)
    assert answer.status_code == 422 and "À corriger" in answer.text


@pytest.mark.parametrize("status", [UserStatus.REFUSED, UserStatus.SUSPENDED, UserStatus.UNCONFIRMED])
def test_who_knows_the_password_of_an_account_that_does_not_open_is_told_why(client, cast, status):
    make_user("Zoé Lent", cast.council, status=status, why="Doublon.")
    db.session.commit()
    form = {"email": "zoe@essai.example", "password": PASSWORD}
    answer = client.post("/connexion", data=form, headers=HERE)
    assert answer.status_code == 422 and "ne vont pas ensemble" not in answer.text
    assert client.get("/mon-conseil").status_code == 302


def test_a_closed_account_reads_like_an_unknown_one(client, cast):
    make_user("Zoé Lent", cast.council, status=UserStatus.CLOSED, password_hash="")
    db.session.commit()
    answer = client.post("/connexion", data={"email": "zoe@essai.example", "password": PASSWORD}, headers=HERE)
    assert "ne vont pas ensemble" in answer.text


def test_after_logging_out_the_former_cookie_opens_nothing(client, cast, app):
    log_in(client, cast.alice)
    page = client.get("/mon-conseil")
    kept = client.get_cookie("session").value
    assert client.get("/deconnexion").status_code == 405
    assert client.post("/deconnexion", data={"csrf_token": token_of(page)}).location == "/connexion"
    thief = app.test_client()
    thief.set_cookie("session", kept)
    assert thief.get("/mon-conseil").status_code == 302
    assert "Vous êtes déconnecté" in client.get("/connexion").text


def test_what_was_in_the_session_before_the_login_does_not_live_on(client, cast):
    with client.session_transaction() as session:
        session["planted"] = "x"
    log_in(client, cast.alice)
    with client.session_transaction() as session:
        assert "planted" not in session


@pytest.mark.parametrize(
    ("stay", "days", "is_in"), [(False, 0.9, True), (False, 1.1, False), (True, 29, True), (True, 31, False)]
)
def test_a_login_lasts_a_day_without_a_visit_or_thirty(client, cast, stay, days, is_in):
    log_in(client, cast.alice, **({"stay": "y"} if stay else {}))
    assert ("Expires" in str(client.get_cookie("session")) or client.get_cookie("session").expires is not None) is stay
    later = utcnow() + timedelta(days=days)
    with time_machine.travel(later, tick=False):
        cookie = client.get_cookie("session")
        if cookie is None:  # the browser forgets it by itself
            assert not is_in
        else:
            assert (client.get("/mon-conseil").status_code == 200) is is_in


def test_each_visit_makes_the_login_last_and_is_noted_once_an_hour(client, cast, queries):
    log_in(client, cast.alice)
    for hour in range(1, 60, 20):
        with time_machine.travel(utcnow() + timedelta(hours=hour), tick=False):
            assert client.get("/mon-conseil").status_code == 200
            queries.clear()
            client.get("/mon-conseil")
            assert not [query for query in queries if query.startswith("UPDATE")]


def test_guessing_a_password_stops_and_says_until_when_and_the_owner_still_comes_in_from_elsewhere(app, cast):
    guesser, owner = app.test_client(), app.test_client()
    form = {"email": cast.alice.email, "password": "au hasard, bien sûr"}
    answers = [guesser.post("/connexion", data=form, headers=HERE) for _ in range(limits.LOGIN_PAIR.most + 1)]
    assert [answer.status_code for answer in answers] == [422] * limits.LOGIN_PAIR.most + [429]
    assert "Recommencez dans 15 minutes" in answers[-1].text and int(answers[-1].headers["Retry-After"]) <= 900
    right = {**form, "password": PASSWORD}
    assert guesser.post("/connexion", data=right, headers=HERE).status_code == 429
    elsewhere = {"REMOTE_ADDR": "192.0.2.7"}
    assert owner.post("/connexion", data=right, headers=HERE, environ_overrides=elsewhere).location == "/mon-conseil"
    with time_machine.travel(utcnow() + timedelta(minutes=16), tick=False):
        assert guesser.post("/connexion", data=right, headers=HERE).location == "/mon-conseil"


def test_an_unknown_address_is_limited_in_the_same_way(client, cast):
    form = {"email": "inconnue@essai.example", "password": "au hasard, bien sûr"}
    codes = [client.post("/connexion", data=form, headers=HERE).status_code for _ in range(limits.LOGIN_PAIR.most + 1)]
    assert codes[-1] == 429


def test_one_address_cannot_try_many_accounts(client, cast, monkeypatch):
    monkeypatch.setattr(limits, "LOGIN_ADDRESS", limits.Limit("login from an address", 3, 900))
    codes = []
    for number in range(4):
        form = {"email": f"a{number}@essai.example", "password": "au hasard, bien sûr"}
        codes.append(client.post("/connexion", data=form, headers=HERE).status_code)
    assert codes == [422, 422, 422, 429]


def test_a_subscriber_of_ipv6_counts_as_one_address():
    assert limits.network("2001:db8::1") == limits.network("2001:db8::ffff:2") != limits.network("2001:db8:1::1")
    assert limits.network("192.0.2.1") != limits.network("192.0.2.2")
    assert limits.network(None) == ""


def test_the_person_goes_on_where_they_wanted_to_go(client, cast):
    asked = client.get("/mon-conseil/membres")
    page = client.get(asked.location)
    assert 'value="/mon-conseil/membres"' in page.text
    answer = log_in(client, cast.alice, suite="/mon-conseil/membres")
    assert answer.location == "/mon-conseil/membres"


@pytest.mark.parametrize(
    "address",
    ["//mal.example", "/\\mal.example", "https:mal.example", "http://mal.example/", "javascript:alert(1)", " /a", "",
     "\t//mal.example", "/\t/mal.example", "////mal.example", "/x\r\nLocation: //mal.example", "\\\\mal.example"],
)  # fmt: skip
def test_no_login_leads_to_another_site(client, cast, address):
    assert not is_local(address)
    assert log_in(client, cast.alice, suite=address).location == "/mon-conseil"


def test_what_was_written_when_the_session_ended_is_kept_and_sent_after_the_login(client, cast):
    written = "Un long texte, « avec » des <signes> & des accents.\r\nDeux lignes."
    asked = client.post("/mon-profil", data={"csrf_token": "vieux", "presentation": written, "password": "secret"})
    assert asked.status_code == 403 and "Rien de ce que vous avez écrit" in asked.text
    kept = unescape(re.search(r'name="kept"[^>]*value="([^"]+)"', asked.text)[1])
    form = {"email": cast.alice.email, "password": PASSWORD, "suite": "/mon-profil", "kept": kept}
    page = client.post("/connexion", data=form, headers=HERE)
    assert page.status_code == 200 and "Envoyez ce que vous aviez écrit" in page.text
    assert 'action="/mon-profil"' in page.text and "secret" not in page.text
    shown = unescape(re.search(r'name="presentation" value="([^"]*)"', page.text)[1])
    assert shown == written


def test_a_text_that_another_site_made_up_is_not_offered_for_sending(client, cast):
    form = {"email": cast.alice.email, "password": PASSWORD, "suite": "/mon-conseil", "kept": "forged.token.x"}
    assert client.post("/connexion", data=form, headers=HERE).location == "/mon-conseil"


def test_somebody_who_was_suspended_is_out_at_once(client, cast):
    log_in(client, cast.alice)
    db.session.get(User, cast.alice.id).status = UserStatus.SUSPENDED
    db.session.commit()
    assert client.get("/mon-conseil").status_code == 302


def test_an_animator_who_was_made_a_member_steers_no_more(client_as, cast):
    browser = client_as(cast.animator)
    assert browser.get("/animation/courrier").status_code == 200
    db.session.get(User, cast.animator.id).role = Role.MEMBER
    db.session.commit()
    assert browser.get("/animation/courrier").status_code == 403


def test_the_secret_of_a_login_is_not_in_the_database(client, cast):
    log_in(client, cast.alice)
    with client.session_transaction() as session:
        assert db.session.get(Login, session["_user_id"]) is None


def test_a_page_of_a_member_costs_few_queries(client_as, cast, queries):
    browser = client_as(cast.alice)
    browser.get("/mon-conseil")
    queries.clear()
    browser.get("/mon-conseil")
    assert len(queries) <= 5, queries


def test_a_password_hashed_with_weaker_settings_is_hashed_anew_at_login(client, cast):
    weak = "$argon2id$v=19$m=8,t=1,p=1$"
    db.session.get(User, cast.alice.id).password_hash = PasswordHasher(1, 8, 1).hash(PASSWORD)
    db.session.commit()
    log_in(client, cast.alice)
    assert not db.session.get(User, cast.alice.id).password_hash.startswith(weak)
