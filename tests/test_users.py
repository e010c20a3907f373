"""The accounts as the animator sees them: found, suspended with a reason, opened again."""

import contextlib
import io
import threading
import zipfile
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask_migrate import upgrade
from sqlalchemy import select

from app.blueprints.account import data
from app.blueprints.moderation import users
from app.extensions import begin_write, db
from app.labels import Role, UserStatus
from app.models import AuditEntry, Delivery, User
from app.services import accounts, journal
from tests.browse import send, submit
from tests.factories import PASSWORD, make_user

INDEX = "/animation/comptes"


def suspend(client, user, reason="Des messages blessants"):
    page = submit(client, f"{INDEX}/{user.id}/suspension", reason=reason)
    db.session.expire_all()
    return page


@pytest.mark.parametrize("words", ["emile", "ÉMILE durand", "durand emi", "emile@essai.example", "  Émile\0"])
def test_an_account_is_found_by_its_name_without_accents_or_its_address(animator, cast, words):
    page = animator.get(INDEX, query_string={"q": words}).text
    assert "Émile Durand" in page and "Alice Martin" not in page


def test_without_words_all_accounts_are_listed_by_page(animator, cast):
    for number in range(30):
        make_user(f"Personne{number} Nom")
    db.session.commit()
    assert "38 comptes" in animator.get(INDEX).text
    assert "page 2 sur 2" in animator.get(INDEX, query_string={"page": 2}).text
    assert animator.get(INDEX, query_string={"page": 9}).status_code == 404
    assert "Aucun compte" in animator.get(INDEX, query_string={"q": "zzz" * 4000}).text


def test_a_suspended_account_is_shut_in_every_browser_and_its_owner_told_why(animator, client_as, cast):
    alice = client_as(cast.alice)
    assert suspend(animator, cast.alice).status_code == 302
    assert alice.get("/mon-conseil").status_code == 302
    mail = db.session.scalar(select(Delivery))
    said = " ".join(mail.content["paragraphs"])
    assert mail.recipient == cast.alice.email and "Des messages blessants" in said and "contact@demo.example" in said
    entry = db.session.scalar(select(AuditEntry))
    assert (entry.actor_id, entry.verb, entry.reason) == (
        cast.animator.id, "user.suspended", "Des messages blessants",
    )  # fmt: skip
    page = animator.get(f"{INDEX}/{cast.alice.id}").text
    assert "compte suspendu" in page and "par Anne Simon" in page


def test_login_says_that_the_account_is_suspended_to_who_knows_the_password(animator, client, cast):
    suspend(animator, cast.alice)
    page = submit(client, "/connexion", email=cast.alice.email, password=PASSWORD)
    assert page.status_code == 422 and "suspendu" in page.text and "Des messages blessants" in page.text


def test_a_suspended_account_opens_again_as_it_was(animator, client, cast):
    suspend(animator, cast.alice)
    submit(animator, f"{INDEX}/{cast.alice.id}/reouverture", reason="Tout est clair maintenant.")
    db.session.expire_all()
    assert (cast.alice.status, cast.alice.why, cast.alice.council_id) == (UserStatus.ACTIVE, "", cast.council.id)
    assert submit(client, "/connexion", email=cast.alice.email, password=PASSWORD).status_code == 302


def test_a_suspension_needs_a_reason(animator, cast):
    page = suspend(animator, cast.alice, reason="  ")
    assert page.status_code == 422 and "Écrivez la raison" in page.text and cast.alice.is_active
    assert suspend(animator, cast.alice, reason="r" * 10_000).status_code == 422


def test_an_animator_cannot_suspend_their_own_account_nor_one_that_is_settled(animator, cast):
    for user in (cast.animator, cast.dora):
        assert animator.get(f"{INDEX}/{user.id}/suspension").headers["Location"] == f"{INDEX}/{user.id}"


def test_of_two_animators_who_suspend_at_once_one_does(animator, client_as, cast):
    other = client_as(make_user("Zoé Autre", role=Role.ANIMATOR))
    page = other.get(f"{INDEX}/{cast.alice.id}/suspension")
    suspend(animator, cast.alice)
    assert send(other, page, reason="Encore").headers["Location"] == f"{INDEX}/{cast.alice.id}"
    db.session.expire_all()
    assert cast.alice.why == "Des messages blessants"
    assert len(db.session.scalars(select(AuditEntry)).all()) == 1


@pytest.mark.parametrize("leave", [False, True])
@pytest.mark.slow
def test_of_two_animators_who_suspend_each_other_or_leave_at_once_one_stays(own_app, monkeypatch, leave):
    """They write at the same time, and act at the same time if they can."""
    module, act = (data.closing, "close") if leave else (users.moderation, "suspend")
    monkeypatch.setattr(data if leave else users, "begin_write", meeting(begin_write, seconds=20))
    monkeypatch.setattr(data.closing, "animators", meeting(data.closing.animators, seconds=0.3))
    monkeypatch.setattr(module, act, meeting(getattr(module, act), seconds=0.3))
    with own_app.app_context():
        upgrade()
        pair = [make_user(f"{name} Anime", role=Role.ANIMATOR) for name in ("Anne", "Zoe")]
        tokens = [accounts.log_in(user) for user in pair]
        pages = [f"{INDEX}/{user.id}/suspension" for user in reversed(pair)]
        db.session.commit()

    def send_form(token, page):
        client = own_app.test_client()
        with client.session_transaction() as session:
            session["_user_id"] = token
        if leave:
            return submit(client, "/mon-profil/fermeture", when="later", contributions="stay", password=PASSWORD)
        return submit(client, page, reason="Une dispute")

    with ThreadPoolExecutor() as pool:
        answers = list(pool.map(send_form, tokens, pages))
    assert all(answer.status_code in (302, 422) for answer in answers)
    with own_app.app_context():
        assert len(db.session.scalars(select(User.id).where(User.status == UserStatus.ACTIVE)).all()) == 1


def meeting(act, seconds):
    """Let two calls wait for one another before they act, but no longer than so many seconds."""
    barrier = threading.Barrier(2, timeout=seconds)

    def wait_and_act(*args, **options):
        with contextlib.suppress(threading.BrokenBarrierError):
            barrier.wait()
        return act(*args, **options)

    return wait_and_act


def test_the_journal_of_an_account_asks_the_database_for_all_who_acted_at_once(animator, cast, queries):
    def count():
        db.session.commit()
        queries.clear()
        assert animator.get(f"{INDEX}/{cast.alice.id}").status_code == 200
        return len(queries)

    def note(number):
        other = make_user(f"Autre{number} Nom", role=Role.ANIMATOR)
        journal.note("user.restored", cast.alice, actor_id=other.id)

    note(0)
    few = count()
    for number in range(1, 4):
        note(number)
    assert count() == few


def test_a_page_without_words_reads_no_more_accounts_than_it_shows(animator, cast, queries):
    queries.clear()
    page = animator.get(INDEX).text
    lists = [query for query in queries if "FROM users" in query and "count(" not in query and "logins" not in query]
    assert lists and all("LIMIT" in query for query in lists)
    names = ["Chloé Bernard", "Émile Durand", "Yves Girard", "Alice Martin", "Renée Moreau", "Bruno Petit"]
    assert sorted(names, key=page.index) == names


def test_words_read_names_and_addresses_alone(animator, cast, queries):
    queries.clear()
    assert "Émile Durand" in animator.get(INDEX, query_string={"q": "emile"}).text
    whole = [query for query in queries if "FROM users" in query and "presentation" in query and "logins" not in query]
    assert len(whole) == 1 and "users.id IN" in whole[0]


def test_a_referent_who_is_suspended_is_off_the_public_page(animator, client, cast):
    assert "Renée Moreau" in client.get("/referents").text
    suspend(animator, cast.referent)
    assert "Renée Moreau" not in client.get("/referents").text


def test_a_closed_account_is_nowhere_to_be_found(animator, cast):
    cast.alice.status = UserStatus.CLOSED
    db.session.commit()
    assert "Alice" not in animator.get(INDEX).text
    assert animator.get(f"{INDEX}/{cast.alice.id}").status_code == 404


def rename(client, **names):
    page = submit(client, "/mon-profil", **names)
    assert page.status_code == 302
    db.session.expire_all()


def test_another_name_is_noted_for_the_animator_and_for_its_owner(animator, client_as, cast):
    alice = client_as(cast.alice)
    rename(alice, first_name="Bruno", last_name="Petit")
    entry = db.session.scalar(select(AuditEntry))
    assert (entry.verb, entry.reason, entry.actor_id) == ("user.renamed", "Alice Martin", cast.alice.id)
    shown = animator.get(f"{INDEX}/{cast.alice.id}").text
    assert "nom changé" in shown and "Alice Martin" in shown
    archive = submit(alice, "/mon-profil/donnees").data
    copy = zipfile.ZipFile(io.BytesIO(archive)).read("mes-donnees.html").decode()
    assert "nom changé" in copy and "Alice Martin" in copy


def test_the_same_name_is_not_noted(client_as, cast):
    rename(client_as(cast.alice), presentation="J’aime les arbres.", first_name=" Alice ")
    assert cast.alice.presentation and db.session.scalar(select(AuditEntry.id)) is None


def test_a_suspension_is_no_big_button_on_the_page_of_an_account(animator, cast):
    page = animator.get(f"{INDEX}/{cast.alice.id}").text
    assert f'<a href="{INDEX}/{cast.alice.id}/suspension">' in page and 'class="button"' not in page
