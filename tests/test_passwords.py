"""A password that was forgotten, or that somebody wants to change: by link, once, and the other logins end."""

import re
from datetime import timedelta

import pytest
import time_machine
from argon2 import PasswordHasher
from sqlalchemy import func, select, update

from app import passwords
from app.blueprints.account import passwords as views
from app.extensions import db
from app.labels import UserStatus
from app.models import Delivery, Login, User
from app.models.types import utcnow
from tests.browse import submit
from tests.factories import PASSWORD, PASSWORD_HASH, make_user

NEW, WRONG = "une girafe mange des tartines", "ce n’est pas le bon"


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr(views, "SAME_TIME", 0)


def ask(client, email):
    return submit(client, "/mot-de-passe-oublie", email=email)


def mails_to(address):
    query = select(Delivery).where(Delivery.recipient == address, Delivery.channel == "mail").order_by(Delivery.id)
    return list(db.session.scalars(query))


def link_of(mail):
    return re.sub(r"^https?://[^/]+", "", mail.content["link"][1])


def link_for(client, user):
    ask(client, user.email)
    return link_of(mails_to(user.email)[-1])


def is_password_of(user, password):
    return passwords.is_right(db.session.get(User, user.id).password_hash, password)


def can_enter(client):
    return client.get("/mon-profil").status_code == 200


def test_a_forgotten_password_is_chosen_anew_by_the_link_that_comes_by_mail(client, cast):
    assert ask(client, " Alice@Essai.Example ").location == "/mot-de-passe-oublie/envoye"
    answer = submit(client, link_of(mails_to("alice@essai.example")[0]), new_password=NEW)
    assert answer.location == "/connexion"
    assert "Votre mot de passe est changé" in client.get("/connexion").text
    assert is_password_of(cast.alice, NEW)
    assert "changé" in mails_to("alice@essai.example")[1].subject


def test_an_address_with_an_account_and_one_without_get_the_same_answer(client, cast):
    known, unknown = ask(client, "alice@essai.example"), ask(client, "personne@essai.example")
    assert (known.status_code, known.location, known.text) == (unknown.status_code, unknown.location, unknown.text)
    assert mails_to("personne@essai.example") == []


@pytest.mark.parametrize("email", ["alice@essai.example", "personne@essai.example"])
def test_both_answers_take_the_same_time(client, cast, monkeypatch, email):
    slept = []
    monkeypatch.setattr(views, "SAME_TIME", 5)
    monkeypatch.setattr(views.time, "sleep", slept.append)
    ask(client, email)
    assert 4 < slept[0] < 5


@pytest.mark.parametrize("status", [UserStatus.REFUSED, UserStatus.SUSPENDED, UserStatus.CLOSED])
def test_an_account_that_does_not_open_gets_no_link(client, cast, status):
    cast.alice.status = status
    db.session.commit()
    assert ask(client, "alice@essai.example").status_code == 302
    assert mails_to("alice@essai.example") == []


def test_somebody_who_never_confirmed_their_address_is_asked_to_confirm_it(client, cast, monkeypatch):
    asked = []
    monkeypatch.setattr(views.renewals.signups, "ask_to_confirm", asked.append)
    fanny = make_user("Fanny Nouvelle", cast.council, status=UserStatus.UNCONFIRMED)
    ask(client, fanny.email)
    assert asked == [fanny]


def test_a_pending_sign_up_chooses_a_new_password_too(client, cast):
    submit(client, link_for(client, cast.dora), new_password=NEW)
    assert is_password_of(cast.dora, NEW)


def test_the_link_is_good_for_one_hour_and_for_one_use(client, cast):
    link = link_for(client, cast.alice)
    assert client.get(link).status_code == 200
    with time_machine.travel(utcnow() + timedelta(minutes=61), tick=False):
        late = client.get(link)
    assert late.status_code == 410 and "Ce lien ne sert plus" in late.text
    submit(client, link, new_password=NEW)
    used = client.get(link)
    assert used.status_code == 410 and "/mot-de-passe-oublie" in used.text


def test_a_used_link_sets_nothing_even_from_a_page_that_was_open(client, cast):
    link = link_for(client, cast.alice)
    page = client.get(link)
    token = re.search(r'name="csrf_token" type="hidden" value="([^"]+)"', page.text)[1]
    submit(client, link, new_password=NEW)
    answer = client.post(link, data={"csrf_token": token, "new_password": "encore un autre mot de passe"})
    assert answer.status_code == 410
    assert is_password_of(cast.alice, NEW)


@pytest.mark.parametrize("change", [lambda link: link[:-9], lambda link: link + "x", lambda link: "/mot-de-passe/%00é"])
def test_a_link_that_was_cut_says_so(client, cast, change):
    answer = client.get(change(link_for(client, cast.alice)))
    assert answer.status_code == 404
    assert "Ce lien est incomplet" in answer.text


def test_a_link_to_an_address_that_has_changed_since_is_dead(client, cast):
    link = link_for(client, cast.alice)
    cast.alice.email = "alice.martin@essai.example"
    db.session.commit()
    assert client.get(link).status_code == 410


def test_choosing_a_password_by_link_ends_every_login_this_one_too(client_as, cast):
    phone, desk = client_as(cast.alice), client_as(cast.alice)
    submit(desk, link_for(desk, cast.alice), new_password=NEW)
    assert not can_enter(phone) and not can_enter(desk)
    assert db.session.scalar(select(func.count()).select_from(Login).where(Login.user_id == cast.alice.id)) == 0


@pytest.mark.parametrize(
    ("password", "words"),
    [("", "Choisissez un mot de passe."), ("LibertéÉgalité2026", "plus courants"), ("court", "12 caractères"),
     ("alice martin 01", "ressemble à votre nom"), ("alice@essai.example", "ressemble"),
     ("azertyuiop12", "plus courants"), ("é" * 1001, "1000")],
)  # fmt: skip
def test_a_password_that_will_not_do_is_refused_and_the_link_stays_good(client, cast, password, words):
    link = link_for(client, cast.alice)
    answer = submit(client, link, new_password=password)
    assert answer.status_code == 422
    assert words in answer.text and "<title>Erreur : " in answer.text
    assert submit(client, link, new_password=NEW).status_code == 302


def test_asking_for_links_has_a_limit_by_account_whether_it_exists_or_not(client, cast):
    for email in ("alice@essai.example", "personne@essai.example"):
        assert [ask(client, email).status_code for _ in range(4)] == [302, 302, 302, 429]
    assert len(mails_to("alice@essai.example")) == 3


def test_asking_for_links_has_a_limit_by_place(client, cast):
    statuses = [ask(client, f"{number}@essai.example").status_code for number in range(21)]
    assert statuses[19:] == [302, 429]


@pytest.mark.parametrize(
    "email", ["", "alice", "a" * 10_000 + "@x.fr", "alice@essai.example\0", "\u202e@x", "a@b\r\nBcc: x@y.fr"]
)
def test_what_is_no_address_is_refused_with_a_sentence(client, cast, email):
    answer = ask(client, email)
    assert answer.status_code in (302, 422)
    if answer.status_code == 422:
        assert "adresse électronique complète" in answer.text


def test_no_row_is_locked_while_the_new_password_is_hashed(client, cast, monkeypatch, locks):
    link, held = link_for(client, cast.alice), []
    locks.clear()
    monkeypatch.setattr(views, "hash_password", lambda password: held.extend(locks) or PASSWORD_HASH)
    assert submit(client, link, new_password=NEW).status_code == 302
    assert not held and len(locks) == 1


# Changing it while logged in --------------------------------------------------------------------------------------


def change(client, **fields):
    return submit(client, "/mon-profil/mot-de-passe", **fields)


def test_a_password_is_changed_here_and_the_other_logins_end(client_as, cast):
    phone, desk = client_as(cast.alice), client_as(cast.alice)
    answer = change(desk, password=PASSWORD, new_password=NEW)
    assert answer.location == "/mon-profil"
    assert can_enter(desk) and not can_enter(phone)
    assert is_password_of(cast.alice, NEW)
    assert "a été changé" in mails_to(cast.alice.email)[0].subject


def test_a_wrong_present_password_changes_nothing(client_as, cast):
    answer = change(client_as(cast.alice), password=WRONG, new_password=NEW)
    assert answer.status_code == 422
    assert "Ce n’est pas votre mot de passe actuel" in answer.text
    assert is_password_of(cast.alice, PASSWORD)


def test_the_present_password_cannot_be_guessed_for_ever(client_as, cast, monkeypatch):
    monkeypatch.setattr("app.passwords.is_right", lambda *given: False)
    browser = client_as(cast.alice)
    statuses = {change(browser, password=WRONG, new_password=NEW).status_code for _ in range(51)}
    assert statuses == {422, 429}


def meanwhile(monkeypatch, user, **columns):
    """Let something else happen to `user` while the new password is hashed."""

    def hash_password(password):
        db.session.execute(update(User).where(User.id == user.id).values(**columns))
        db.session.commit()
        return PASSWORD_HASH

    monkeypatch.setattr(passwords, "hash_password", hash_password)


def test_of_two_changes_at_once_the_second_is_told(client_as, cast, monkeypatch):
    meanwhile(monkeypatch, cast.alice, password_hash=WRONG)
    answer = change(client_as(cast.alice), password=PASSWORD, new_password=NEW)
    assert answer.status_code == 422 and "vient d’être changé ailleurs" in answer.text
    assert db.session.get(User, cast.alice.id).password_hash == WRONG


def test_somebody_suspended_at_that_very_moment_changes_nothing(client_as, cast, monkeypatch):
    meanwhile(monkeypatch, cast.alice, status=UserStatus.SUSPENDED)
    assert change(client_as(cast.alice), password=PASSWORD, new_password=NEW).status_code == 403
    assert mails_to(cast.alice.email) == []


def test_a_password_costs_on_a_site_what_it_costs_a_thief_to_try():
    """OWASP's least for Argon2id: 19 MiB and two passes."""
    kept = PasswordHasher(**passwords.COST).hash(PASSWORD)
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert passwords.is_right(kept, PASSWORD) and passwords.is_outdated(kept)
