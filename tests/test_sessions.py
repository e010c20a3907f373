"""Logging in and out, what limits attempts, and what a session that ended does not lose."""

import hashlib
import re
from datetime import timedelta
from html import unescape

import pytest
import time_machine
from argon2 import PasswordHasher
from sqlalchemy import select, update

from app import passwords
from app.blueprints.web import is_local
from app.extensions import db
from app.labels import Role, UserStatus
from app.models import Login, Tally, User
from app.models.types import utcnow
from app.services import limits
from tests.factories import PASSWORD, make_user

HERE = {"Origin": "http://localhost"}
ANOTHER = passwords.hash_password("cinq souris dans un pré")


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


@pytest.mark.parametrize("headers", [HERE, {"Referer": "http://localhost/"}])
def test_the_home_page_logs_in_without_a_token_because_the_browser_says_where_it_comes_from(client, cast, headers):
    form = {"email": cast.alice.email, "password": PASSWORD}
    assert client.post("/connexion", data=form, headers=headers).location == "/mon-conseil"


@pytest.mark.parametrize(
    "headers",
    [
        {}, {"Origin": "https://attaquant.example"}, {"Origin": "null"}, {"Referer": "https://attaquant.example/x"},
        {"Origin": "https://attaquant.example", "Referer": "http://localhost/"},
    ],
)  # fmt: skip
def test_without_a_token_another_site_logs_nobody_in_and_the_address_is_kept(client, cast, headers):
    answer = client.post("/connexion", data={"email": cast.alice.email, "password": PASSWORD}, headers=headers)
    if "https://attaquant.example" not in headers.values():
        assert answer.status_code == 422 and cast.alice.email in answer.text
    assert answer.status_code in (403, 422) and PASSWORD not in answer.text
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


def test_each_visit_makes_the_login_last_and_is_noted_now_and_then(client, cast, queries):
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


def test_one_guesser_does_not_shut_the_owner_out_and_many_do_not_where_the_owner_has_been_before(app, cast):
    owner, home = app.test_client(), {"REMOTE_ADDR": "192.0.2.7"}
    right = {"email": cast.alice.email, "password": PASSWORD}
    owner.post("/connexion", data=right, headers=HERE, environ_overrides=home)
    limits.hit(*[(limits.LOGIN_ACCOUNT, cast.alice.email)])
    form = {**right, "password": "au hasard, bien sûr"}
    guesser = app.test_client()
    for _ in range(limits.LOGIN_ACCOUNT.most + 5):
        guesser.post("/connexion", data=form, headers=HERE)
    elsewhere = {"REMOTE_ADDR": "192.0.2.8"}
    assert (
        app.test_client().post("/connexion", data=right, headers=HERE, environ_overrides=elsewhere).status_code == 302
    )
    for _ in range(limits.LOGIN_ACCOUNT.most):
        limits.hit((limits.LOGIN_ACCOUNT, cast.alice.email))
    db.session.commit()
    elsewhere = {"REMOTE_ADDR": "192.0.2.9"}
    assert (
        app.test_client().post("/connexion", data=right, headers=HERE, environ_overrides=elsewhere).status_code == 429
    )
    assert app.test_client().post("/connexion", data=right, headers=HERE, environ_overrides=home).status_code == 302


@pytest.mark.parametrize("change", [{"status": UserStatus.SUSPENDED}, {"password_hash": ANOTHER}])
def test_a_password_changed_while_it_was_being_checked_opens_nothing(client, cast, monkeypatch, change):
    check = passwords.is_right

    def check_slowly(kept, password):
        answer = check(kept, password)
        db.session.execute(update(User).where(User.id == cast.alice.id).values(**change))
        db.session.commit()
        return answer

    monkeypatch.setattr(passwords, "is_right", check_slowly)
    assert log_in(client, cast.alice).status_code == 422
    assert db.session.scalar(select(Login).where(Login.user_id == cast.alice.id)) is None
    if "password_hash" in change:
        assert db.session.get(User, cast.alice.id).password_hash == ANOTHER


@pytest.mark.parametrize("page", ["99999999999999999999", "0", "x", "-1", "2"])
@pytest.mark.parametrize(
    "address", ["/animation/courrier", "/animation/referents", "/animation/inscriptions", "/animation/comptes"]
)
def test_a_page_of_a_list_that_is_none_is_a_404(client_as, cast, address, page):
    assert client_as(cast.animator).get(f"{address}?page={page}").status_code == 404


def test_a_member_whose_council_is_gone_comes_to_the_profile(client, cast):
    make_user("Zoé Lent")
    db.session.commit()
    form = {"email": "zoe@essai.example", "password": PASSWORD}
    assert client.post("/connexion", data=form, headers=HERE).location == "/mon-profil"


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
    assert limits.network("::ffff:192.0.2.1") == limits.network("192.0.2.1") == "192.0.2.1"
    assert limits.network(None) == ""


def test_the_key_of_a_count_cannot_be_found_by_trying_addresses(app):
    limits.hit((limits.LOGIN_ADDRESS, "192.0.2.1"))
    key = db.session.scalar(select(Tally.key))
    assert key != hashlib.sha256(f"{limits.LOGIN_ADDRESS.name}\0192.0.2.1".encode()).hexdigest()


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


WRITTEN = "Un long texte, « avec » des <signes> & des accents.\r\nDeux lignes."


def write_too_late(client, address="/mon-profil", headers=HERE, **fields):
    """Send a form when the session is over; return what the page keeps of it."""
    asked = client.post(address, data={"csrf_token": "vieux", **fields}, headers=headers)
    assert asked.status_code == 403 and "Reconnectez-vous" in asked.text
    found = re.search(r'name="kept"[^>]*value="([^"]+)"', asked.text)
    return unescape(found[1]) if found else ""


def test_what_was_written_when_the_session_ended_is_kept_and_sent_after_the_login(client, cast):
    kept = write_too_late(client, presentation=WRITTEN, password="secret")  # noqa: S106
    page = log_in(client, cast.alice, kept=kept)
    assert page.status_code == 200 and "Il reste à envoyer" in page.text
    assert 'action="/mon-profil"' in page.text and "secret" not in page.text
    fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.text.split("<main")[1]))
    assert unescape(fields["presentation"]) == WRITTEN
    sent = {name: unescape(value) for name, value in fields.items()} | {"first_name": "Alice", "last_name": "Martin"}
    assert client.post("/mon-profil", data=sent).status_code == 302
    assert "Deux lignes." in db.session.get(User, cast.alice.id).presentation


def test_a_wrong_password_on_the_way_loses_nothing_either(client, cast):
    kept = write_too_late(client, presentation=WRITTEN)
    refused = log_in(client, cast.alice, password="quelque chose d’autre", kept=kept)  # noqa: S106
    again = unescape(re.search(r'name="kept"[^>]*value="([^"]+)"', refused.text)[1])
    assert "Deux lignes." in log_in(client, cast.alice, kept=again).text


def test_a_button_pressed_when_the_session_was_over_is_offered_again(client, cast):
    kept = write_too_late(client, "/mon-profil/telephone/retrait")
    page = log_in(client, cast.alice, kept=kept)
    assert 'action="/mon-profil/telephone/retrait"' in page.text
    token = token_of(page)
    assert client.post("/mon-profil/telephone/retrait", data={"csrf_token": token}).status_code == 302


def test_what_another_site_sends_is_not_kept(client, cast):
    attack = {"Referer": "https://attaquant.example/piege"}
    assert write_too_late(client, f"/animation/inscriptions/{cast.dora.id}", attack, decision="oui") == ""


def test_what_was_written_in_another_browser_or_by_nobody_is_not_offered_for_sending(app, client, cast):
    planted = write_too_late(app.test_client(), f"/animation/inscriptions/{cast.dora.id}", decision="oui")
    for kept in (planted, "forged.token.x"):
        assert log_in(client, cast.animator, kept=kept).location == "/animation"
        client.post("/deconnexion", data={"csrf_token": token_of(client.get("/animation"))})


def test_a_page_of_another_site_sends_nothing_even_with_a_token(client, cast):
    form = {"csrf_token": token_of(client.get("/connexion")), "email": cast.alice.email, "password": PASSWORD}
    assert client.post("/connexion", data=form, headers={"Origin": "https://attaquant.example"}).status_code == 403
    assert client.post("/connexion", data=form, headers={"Origin": "null"}).status_code == 302


def test_a_text_longer_than_any_form_is_refused(client, cast):
    answer = client.post("/connexion", data={"email": "a" * 3_000_000}, headers=HERE)
    assert answer.status_code == 413 and "Envoi trop lourd" in answer.text


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
    browser.get("/mon-conseil/membres")
    queries.clear()
    browser.get("/mon-conseil/membres")
    assert len(queries) <= 5, queries


def test_a_password_hashed_with_weaker_settings_is_hashed_anew_at_login(client, cast):
    weak = "$argon2id$v=19$m=16,t=1,p=1$"
    db.session.get(User, cast.alice.id).password_hash = PasswordHasher(1, 16, 1).hash(PASSWORD)
    db.session.commit()
    log_in(client, cast.alice)
    assert not db.session.get(User, cast.alice.id).password_hash.startswith(weak)
