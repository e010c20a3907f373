"""The end of accounts: closed at once, undone within thirty days, or for want of visits; and what is erased."""

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
import time_machine
from sqlalchemy import select, update

from app import storage
from app.extensions import db
from app.jobs.accounts import tend_accounts
from app.jobs.dispatching import dispatch as dispatch_all
from app.labels import AlertTopic, Channel, DeliveryState, Priority, Role, UserStatus, VouchAnswer
from app.models import (
    Activity,
    AlertChoice,
    AuditEntry,
    Category,
    CategoryCursor,
    Delivery,
    Departure,
    Document,
    GroupRequest,
    Login,
    Message,
    OptOut,
    PhoneCode,
    Reading,
    StoredFile,
    Tally,
    Topic,
    TopicCursor,
    User,
    Vouch,
)
from app.models.stamp import PAGES, read_stamp
from app.models.types import utcnow
from app.notifications import dispatch, outbox
from app.notifications.message import Message as Mail
from app.services import accounts, attachments, closing, limits, phones, posting
from app.services.attachments import Envelope
from tests.browse import forms, send, submit
from tests.factories import PASSWORD, make_category, make_group, make_publication, make_user
from tests.samples import PDF
from tests.test_files import all_files, attach

CLOSE = "/mon-profil/fermeture"
WRONG = "un autre mot de passe"


def close(client, when="now", contributions="stay", password=PASSWORD):
    page = submit(client, CLOSE, when=when, contributions=contributions, password=password)
    db.session.expire_all()
    return page


def mails(kind=None):
    rows = select(Delivery).where(Delivery.kind == kind) if kind else select(Delivery)
    return db.session.scalars(rows.order_by(Delivery.id)).all()


def post_to(address, kind="alert", priority=Priority.ALERT, **columns):
    message = Mail(f"Nouvelle pour {address}", ("Alice, voici",))
    outbox.post(message, to=address, name="Alice", key=f"{kind}:{address}", kind=kind, priority=priority, **columns)
    db.session.commit()
    return db.session.scalar(select(Delivery).order_by(Delivery.id.desc()))


def reopening_link(user):
    (mail,) = [mail for mail in mails("account") if mail.recipient == user.email and "revenir" in mail.subject]
    return urlsplit(mail.content["link"][1]).path


def run_job():
    tend_accounts()
    db.session.expire_all()


def give_photo(user, content=b"photo"):
    digest = storage.save(content)
    user.photo = StoredFile(digest=digest, name="portrait.webp", media_type="image/webp", size=len(content))
    db.session.commit()
    return storage.path(digest)


@pytest.fixture
def alice(cast):
    """Alice with something in every table that holds people."""
    alice = cast.alice
    alice.phone, alice.presentation, alice.words = "+33639980001", "J’aime les arbres.", "La dame du 3"
    alice.letter_since = utcnow()
    alice.alert_choices = [AlertChoice(topic=AlertTopic.EVENT, rhythm="never")]
    hour = utcnow() + timedelta(hours=1)
    db.session.add_all([
        PhoneCode(user_id=alice.id, phone="+33639980002", digest="a" * 64, expires_at=hour),
        Vouch(candidate_id=alice.id, peer_id=cast.bruno.id, answer=VouchAnswer.YES),
        Vouch(candidate_id=cast.chloe.id, peer_id=alice.id, answer=VouchAnswer.NO, reason="Elle a déménagé"),
        AuditEntry(actor_id=cast.animator.id, verb="user.suspended", subject_type="users", subject_id=alice.id,
                   reason="Alice a été vive"),
    ])  # fmt: skip
    db.session.commit()
    return alice


def everything_kept():
    """All that the tables hold, as one text."""
    tables = (table for table in db.metadata.sorted_tables if table.name not in ("territories", "councils"))
    return "\n".join(str(row) for table in tables for row in db.session.execute(select(table)))


def test_closing_at_once_leaves_nothing_personal_anywhere(client_as, alice):
    photo = give_photo(alice)
    mail, text = post_to(alice.email), post_to(alice.phone, channel=Channel.SMS)
    mail.state = text.state = DeliveryState.SENT
    outbox.stop(Channel.MAIL, alice.email, "letter")
    db.session.commit()
    assert close(client_as(alice)).status_code == 302
    (goodbye,) = mails("closing")
    assert (goodbye.recipient, goodbye.state) == ("alice@essai.example", "waiting")
    assert "effacées" in " ".join(goodbye.content["paragraphs"])
    goodbye.state = DeliveryState.SENT
    db.session.commit()
    run_job()
    for trace in ("Alice", "alice", "Martin", "arbres", "dame du 3", "+3363998000", "déménagé", "vive"):
        assert trace not in everything_kept(), trace
    assert not photo.exists() and db.session.scalar(select(StoredFile.id)) is None
    assert alice.status == UserStatus.CLOSED and alice.closed_at and alice.password_hash == ""
    assert db.session.scalar(select(OptOut.id)) is None


def test_the_last_mail_leaves_although_the_account_is_erased(client_as, alice):
    post_to(alice.email)
    close(client_as(alice))
    left = [(mail.kind, mail.subject) for mail in mails() if mail.recipient == "alice@essai.example"]
    assert left == [("closing", "Votre compte est fermé")]


def test_what_is_being_sent_at_that_moment_is_emptied_once_it_has_left(client_as, alice):
    leaving = post_to(alice.email)
    leaving.state = DeliveryState.CLAIMED
    db.session.commit()
    close(client_as(alice))
    assert leaving.recipient == "alice@essai.example"
    leaving.state = DeliveryState.SENT
    db.session.commit()
    run_job()
    assert (leaving.recipient, leaving.content, leaving.name) == ("", None, "")


def test_a_telephone_of_two_people_keeps_the_messages_of_the_other_one(client_as, cast, alice):
    cast.bruno.phone, cast.bruno.phone_confirmed_at = alice.phone, utcnow()
    text = post_to(alice.phone, channel=Channel.SMS)
    close(client_as(alice))
    assert db.session.get(Delivery, text.id).recipient == cast.bruno.phone


def test_what_was_read_and_the_secret_of_the_calendar_are_erased(client_as, cast, alice):
    note = make_publication(Document, cast.bruno)
    db.session.add(Reading(user_id=alice.id, publication_id=note.id))
    alice.agenda_key, alice.daily_until = "a" * 32, utcnow()
    db.session.commit()
    close(client_as(alice))
    assert db.session.scalars(select(Reading)).all() == []
    assert (alice.status, alice.agenda_key, alice.daily_until) == (UserStatus.CLOSED, None, None)


def test_a_number_that_another_one_has_only_typed_is_erased_with_its_owner(client_as, cast, alice):
    cast.bruno.phone = alice.phone
    post_to(alice.phone, channel=Channel.SMS).state = DeliveryState.SENT
    db.session.commit()
    close(client_as(alice))
    assert not [text for text in mails() if text.recipient == cast.bruno.phone]


def test_the_codes_to_any_number_that_was_typed_are_erased(client_as, cast, alice):
    alice.phone_confirmed_at = utcnow()
    phones.send_code(alice, "+33639980005")
    phones.send_code(cast.bruno, "+33639980006")
    for code in mails("code"):
        code.state = DeliveryState.SENT
    db.session.commit()
    close(client_as(alice))
    assert [(code.recipient, code.name) for code in mails("code")] == [("", ""), ("+33639980006", "Bruno Petit")]


@pytest.mark.parametrize("state", [DeliveryState.WAITING, DeliveryState.SENT])
def test_the_mails_that_asked_others_about_the_sign_up_are_erased(client_as, cast, alice, state):
    for candidate in (alice, cast.dora):
        dispatch.record("signup.confirmed", candidate)
    db.session.execute(update(User).where(User.id == alice.id).values(status=UserStatus.PENDING))
    db.session.commit()
    dispatch_all()
    db.session.execute(update(User).where(User.id == alice.id).values(status=UserStatus.ACTIVE))
    db.session.execute(update(Delivery).values(state=state))
    db.session.commit()
    assert [mail.subject for mail in mails("signup") if mail.recipient == cast.bruno.email] == [
        "Connaissez-vous Alice Martin ?", "Connaissez-vous Dora Robert ?",
    ]  # fmt: skip
    dispatch.record("signup.late", alice)
    db.session.commit()
    close(client_as(alice))
    assert {mail.subject for mail in mails("signup")} == {"Connaissez-vous Dora Robert ?"}
    assert db.session.scalars(select(Activity.subject_id)).all() == [cast.dora.id]


def test_the_reason_of_an_erased_peer_is_kept_until_the_sign_up_is_decided(client_as, cast, alice):
    db.session.add_all([
        Vouch(candidate_id=cast.dora.id, peer_id=alice.id, answer=VouchAnswer.NO, reason="Elle habite ailleurs"),
        Vouch(candidate_id=cast.dora.id, peer_id=cast.bruno.id, answer=VouchAnswer.NO, reason="De Bruno"),
    ])  # fmt: skip
    close(client_as(alice))
    run_job()
    assert "Elle habite ailleurs" in everything_kept()
    cast.dora.status, cast.dora.decided_at = UserStatus.REFUSED, utcnow()
    db.session.commit()
    run_job()
    assert "Elle habite ailleurs" not in everything_kept() and "De Bruno" in everything_kept()


def test_the_others_read_former_member_and_nobody_is_logged_in(client_as, cast, alice):
    phone, computer = client_as(alice), client_as(alice)
    close(phone)
    assert (alice.name, alice.council_id) == ("un ancien membre", None)
    assert db.session.scalar(select(Login.digest).filter_by(user_id=alice.id)) is None
    for browser in (phone, computer):
        assert browser.get("/mon-conseil").status_code == 302
    assert "Alice" not in client_as(cast.bruno).get("/mon-conseil/membres").text


def test_closing_later_takes_the_rights_at_once_and_keeps_the_data(client_as, alice):
    browser = client_as(alice)
    post_to(alice.email)
    page = close(browser, when="later", contributions="go")
    assert page.headers["Location"] == "/connexion"
    assert "ouvrez le lien du courriel" in browser.get("/connexion").text
    assert (alice.status, alice.first_name, alice.signs_contributions) == (UserStatus.CLOSED, "Alice", False)
    assert timedelta(days=29) < alice.closing_at - utcnow() <= timedelta(days=30)
    assert browser.get("/mon-conseil").status_code == 302
    assert [mail.kind for mail in mails()] == ["account"]


def test_the_link_brings_the_account_back_as_it_was(client, client_as, alice):
    close(client_as(alice), when="later")
    link = reopening_link(alice)
    assert "jusqu’au" in client.get(link).text
    assert alice.status == UserStatus.CLOSED  # mail scanners open links
    submit(client, link)
    db.session.expire_all()
    assert (alice.status, alice.closing_at, alice.presentation) == (UserStatus.ACTIVE, None, "J’aime les arbres.")
    answer = submit(client, "/connexion", email=alice.email, password=PASSWORD)
    assert answer.headers["Location"] == "/mon-conseil"
    assert "plus rien à faire" in client.get(link).text


def test_a_link_that_is_cut_late_or_of_a_former_closure_says_what_to_do(client, client_as, alice):
    close(client_as(alice), when="later")
    link = reopening_link(alice)
    cut = client.get(link[:-5])
    assert cut.status_code == 404 and "copiez toute l’adresse" in cut.text
    submit(client, link)
    with time_machine.travel(utcnow() + timedelta(days=2), tick=False):
        close(client_as(alice), when="later")
        assert client.get(link).status_code == 404
    with time_machine.travel(utcnow() + timedelta(days=33), tick=False):
        late = client.get([mail for mail in mails("account")][-1].content["link"][1])
        assert late.status_code == 410 and "inscrire de nouveau" in late.text


def test_after_thirty_days_the_account_is_erased_once(client_as, alice):
    close(client_as(alice), when="later")
    with time_machine.travel(utcnow() + timedelta(days=29), tick=False):
        run_job()
        assert alice.first_name == "Alice"
    with time_machine.travel(utcnow() + timedelta(days=31), tick=False):
        run_job()
        run_job()
    assert (alice.first_name, alice.email) == ("", f"ferme-{alice.id}@invalid")
    (goodbye,) = mails("closing")
    assert "30 jours" in goodbye.content["paragraphs"][1]


@pytest.mark.parametrize("missing", ["when", "contributions", "password"])
def test_nothing_is_closed_until_all_is_answered(client_as, alice, missing):
    fields = {"when": "now", "contributions": "stay", "password": PASSWORD} | {missing: None}
    page = submit(client_as(alice), CLOSE, **fields)
    db.session.expire_all()
    assert page.status_code == 422 and "Erreur :" in page.text and alice.is_active


def test_a_wrong_password_closes_nothing_and_too_many_have_to_wait(client_as, alice):
    browser = client_as(alice)
    page = close(browser, password=WRONG)
    assert page.status_code == 422 and "pas votre mot de passe" in page.text and alice.is_active
    for _ in range(limits.LOGIN_PAIR.most):
        page = close(browser, password=WRONG)
    assert page.status_code == 429 and page.headers["Retry-After"]
    assert alice.is_active


def test_login_tells_who_knows_the_password_how_to_come_back(client, client_as, alice):
    close(client_as(alice), when="later")
    page = submit(client, "/connexion", email=alice.email, password=PASSWORD)
    assert page.status_code == 422 and "lien du courriel" in page.text


def test_the_last_animator_has_to_name_another_first(client_as, cast):
    browser = client_as(cast.animator)
    page = close(browser)
    assert (
        page.status_code == 422
        and "nommer quelqu’un d’autre : " in page.text
        and "contact@demo.example" in page.text
        and cast.animator.is_active
    )
    make_user("Zoé Autre", role=Role.ANIMATOR)
    db.session.commit()
    assert close(browser).status_code == 302 and not cast.animator.is_active


def test_a_pending_person_withdraws_the_sign_up_instead(client_as, cast):
    browser = client_as(cast.dora)
    assert browser.get(CLOSE).headers["Location"] == "/mon-inscription"
    page = browser.get("/mon-profil/donnees")
    token = forms(page.text)[0].fields["csrf_token"]
    answer = browser.post(CLOSE, data=dict(csrf_token=token, when="now", contributions="go", password=PASSWORD))
    assert answer.status_code == 403 and cast.dora.status == UserStatus.PENDING


def test_of_two_browsers_that_close_an_account_one_does(client_as, alice):
    phone, computer = client_as(alice), client_as(alice)
    page = computer.get(CLOSE)
    close(phone, when="later")
    closing_at = alice.closing_at
    assert send(computer, page, when="now", contributions="go", password=PASSWORD).status_code == 403
    db.session.expire_all()
    assert (alice.first_name, alice.closing_at) == ("Alice", closing_at)


def test_a_referent_who_leaves_is_off_the_public_page(client, client_as, cast):
    before = read_stamp(PAGES)
    assert "Renée Moreau" in client.get("/referents").text
    close(client_as(cast.referent))
    assert read_stamp(PAGES) != before
    assert "Renée Moreau" not in client.get("/referents").text


# The daily job ----------------------------------------------------------------------------------------------------


def seen(user, days):
    user.last_seen_at = utcnow() - timedelta(days=days)
    db.session.commit()


def test_sign_ups_that_nobody_confirms_or_that_were_refused_vanish(cast):
    now = utcnow()
    make_user("Une", status=UserStatus.UNCONFIRMED, created_at=now - timedelta(days=8))
    make_user("Deux", status=UserStatus.UNCONFIRMED, created_at=now - timedelta(days=6))
    refused = make_user("Trois", cast.council, status=UserStatus.REFUSED, decided_at=now - timedelta(days=31))
    make_user("Quatre", cast.council, status=UserStatus.REFUSED, decided_at=now - timedelta(days=29))
    post_to("trois@essai.example")
    photo = give_photo(refused)
    db.session.commit()
    run_job()
    names = set(db.session.scalars(select(User.first_name)))
    assert {"Deux", "Quatre", "Alice"} <= names and not names & {"Une", "Trois"}
    assert not mails() and not photo.exists()


def test_who_does_not_come_for_two_years_is_warned_once_and_closed_a_month_later(cast):
    seen(cast.alice, 725)
    seen(cast.bruno, 735)
    run_job()
    run_job()
    (warning,) = mails()
    assert (warning.recipient, warning.content["link"][0]) == ("bruno@essai.example", "Se connecter")
    with time_machine.travel(utcnow() + timedelta(days=20), tick=False):
        run_job()
        assert cast.bruno.is_active
    with time_machine.travel(utcnow() + timedelta(days=29), tick=False):
        run_job()
    assert (cast.bruno.status, cast.bruno.first_name) == (UserStatus.CLOSED, "")
    assert cast.alice.is_active


def test_nobody_is_closed_without_a_warning_of_four_weeks_however_late_the_job(cast):
    seen(cast.alice, 1000)
    run_job()
    assert cast.alice.is_active and cast.alice.warned_at
    with time_machine.travel(utcnow() + timedelta(days=27), tick=False):
        run_job()
        assert cast.alice.is_active


def test_a_visit_after_the_warning_keeps_the_account(cast):
    seen(cast.alice, 735)
    run_job()
    with time_machine.travel(utcnow() + timedelta(days=20), tick=False):
        accounts.log_in(cast.alice)
        db.session.commit()
    with time_machine.travel(utcnow() + timedelta(days=40), tick=False):
        run_job()
    assert cast.alice.is_active


def test_the_last_animator_is_never_closed_for_want_of_visits(cast):
    seen(cast.animator, 900)
    run_job()
    with time_machine.travel(utcnow() + timedelta(days=40), tick=False):
        run_job()
    assert cast.animator.is_active


def test_what_has_expired_is_dropped(cast):
    accounts.log_in(cast.alice)
    limits.hit((limits.LOGIN_ADDRESS, "192.0.2.1"))
    soon = utcnow() + timedelta(minutes=10)
    db.session.add(PhoneCode(user_id=cast.alice.id, phone="+33639980001", digest="a" * 64, expires_at=soon))
    db.session.commit()
    run_job()
    assert all(db.session.scalar(select(model)) for model in (Login, PhoneCode, Tally))
    with time_machine.travel(utcnow() + timedelta(days=2), tick=False):
        run_job()
    assert not any(db.session.scalar(select(model)) for model in (Login, PhoneCode, Tally))


def test_one_account_that_fails_holds_up_no_other(cast, monkeypatch):
    seen(cast.alice, 735)
    seen(cast.bruno, 735)
    monkeypatch.setattr(outbox, "post", _failing_for(cast.alice.email, outbox.post))
    with pytest.raises(RuntimeError):
        tend_accounts()
    db.session.expire_all()
    assert cast.alice.warned_at is None and cast.bruno.warned_at


def test_a_sign_up_that_cannot_be_forgotten_holds_up_nobody_and_a_run_is_bounded(cast, monkeypatch):
    old = [make_user(name, status=UserStatus.UNCONFIRMED) for name in ("Une", "Deux", "Trois", "Quatre")]
    for user in old:
        user.created_at = utcnow() - timedelta(days=8)
    seen(cast.alice, 735)
    forget = closing.forget

    def failing(user):
        if user.first_name == "Une":
            raise RuntimeError
        return forget(user)

    monkeypatch.setattr(closing, "forget", failing)
    monkeypatch.setattr("app.jobs.accounts.MOST", 3)
    with pytest.raises(RuntimeError):
        tend_accounts()
    db.session.expire_all()
    assert cast.alice.warned_at
    left = select(User.first_name).where(User.status == UserStatus.UNCONFIRMED).order_by(User.id)
    assert db.session.scalars(left).all() == ["Une", "Quatre"]


def test_what_is_kept_of_a_refused_sign_up_is_forgotten_once(cast, monkeypatch):
    make_user("Trois", cast.council, status=UserStatus.REFUSED, decided_at=utcnow() - timedelta(days=31))
    db.session.commit()
    forget, forgotten = closing.forget, []
    monkeypatch.setattr(closing, "forget", lambda user: forgotten.append(user.first_name) or forget(user))
    run_job()
    assert forgotten == ["Trois"]


def _failing_for(email, post):
    def failing(message, **options):
        if options["to"] == email:
            raise RuntimeError
        return post(message, **options)

    return failing


def test_the_page_promises_to_nobody_what_only_some_get(client_as, cast):
    for who in (cast.alice, cast.referent):
        page = client_as(who).get(CLOSE).text
        assert "ou tout de suite, sans retour" in page and "votre conseil" not in page


# What was said in discussions -------------------------------------------------------------------------------------


@pytest.fixture
def talk(cast, alice):
    """Alice's topic in a group: her question with a file, Bruno's answer, her answer to it, and what she took away."""
    group = make_group("Les quartiers", cast.council, cast.country.reyssouze)
    category = db.session.scalar(select(Category).filter_by(group_id=group.id))
    words = {name: posting.rendered(f"Paroles {name}") for name in ("question", "réponse", "reste", "regret")}
    first = posting.open_topic(category, alice, key="1" * 32, title="Un local ?", words=words["question"])
    topic = first.topic
    envelope = Envelope(first.key, cast.council.id)
    attach(envelope, alice)
    attachments.join(envelope, first, alice)
    posting.post(topic, cast.bruno, key="2" * 32, words=words["réponse"])
    topic.answer_number = posting.post(topic, alice, key="3" * 32, words=words["reste"]).number
    posting.take_back(posting.post(topic, alice, key="4" * 32, words=words["regret"]))
    attach(Envelope("5" * 32, cast.council.id), alice, PDF * 2, "attente.pdf")
    request = GroupRequest(key="6" * 32, author_id=alice.id, name="Le fleuve", purpose="Agir au bord de l’eau")
    left = Departure(group_id=group.id, council_id=cast.council.id, user_id=alice.id, reason="Trop loin de nous")
    db.session.add_all([request, left, CategoryCursor(user_id=alice.id, category_id=category.id, read_at=utcnow())])
    db.session.commit()
    return topic


def texts():
    """What can be read, by the number of its message: of which is taken away, between brackets."""
    rows = db.session.scalars(select(Message).order_by(Message.number))
    return [f"({row.text})" if row.removed_at else row.text for row in rows]


QUESTION, REPLY, LAST, REGRET = (f"Paroles {name}" for name in ("question", "réponse", "reste", "regret"))


def test_what_was_said_stays_and_what_only_its_author_saw_is_erased(client_as, alice, talk):
    close(client_as(alice))
    assert texts() == [QUESTION, REPLY, LAST, "()"]
    assert talk.answer_number == 3 and alice.name == "un ancien membre"
    assert [one.file.name for one in all_files()] == ["a.pdf"]
    assert not db.session.scalars(select(TopicCursor).filter_by(user_id=alice.id)).all()
    assert not db.session.scalars(select(CategoryCursor)).all()
    assert db.session.scalar(select(GroupRequest.purpose)) and db.session.scalar(select(Departure.reason))


def test_whoever_takes_their_words_along_leaves_nothing_of_them(client_as, alice, talk):
    path = storage.path(all_files()[0].file.digest)
    close(client_as(alice), contributions="go")
    assert texts() == ["()", REPLY, "()", "()"] and not all_files() and not path.exists()
    assert (talk.title, talk.last_number, talk.answer_number) == ("Un local ?", 4, None)
    for trace in (QUESTION, LAST, REGRET, "bord de l’eau", "loin de nous", "attente"):
        assert trace not in everything_kept(), trace


def test_words_that_were_taken_along_are_seen_by_nobody_and_come_back(client, client_as, cast, alice, talk):
    before = texts()
    close(client_as(alice), when="later", contributions="go")
    assert texts() == [f"({QUESTION})", REPLY, f"({LAST})", f"({REGRET})"]
    page = client_as(cast.bruno).get(f"/forum/sujets/{talk.id}-{talk.slug}").text
    assert QUESTION not in page and "Réponse trouvée" not in page
    submit(client, reopening_link(alice))
    db.session.expire_all()
    assert "Réponse trouvée" in client_as(cast.bruno).get(f"/forum/sujets/{talk.id}-{talk.slug}").text
    assert alice.status == UserStatus.ACTIVE and texts() == before and talk.answer_number == 3
    assert db.session.scalars(select(TopicCursor).filter_by(user_id=alice.id)).all()


def test_a_topic_that_nobody_answered_goes_with_its_author_and_comes_back(client, client_as, cast, alice):
    words = posting.rendered("Qui en a ?")
    posting.open_topic(make_category(), alice, key="1" * 32, title="Un local ?", words=words)
    db.session.commit()
    close(client_as(alice), when="later", contributions="go")
    assert "Un local ?" not in client_as(cast.bruno).get("/forum").text
    submit(client, reopening_link(alice))
    assert "Un local ?" in client_as(cast.bruno).get("/forum").text
    close(client_as(alice), contributions="go")
    assert db.session.query(Topic).count() == db.session.query(Message).count() == 0
    assert "Un local ?" not in everything_kept()


def test_words_that_were_taken_along_are_erased_when_the_time_to_come_back_is_up(client_as, alice, talk):
    close(client_as(alice), when="later", contributions="go")
    with time_machine.travel(utcnow() + closing.GRACE + timedelta(minutes=1), tick=False):
        run_job()
    assert texts() == ["()", REPLY, "()", "()"] and not all_files()


def test_words_stay_while_one_may_come_back(client_as, alice, talk):
    close(client_as(alice), when="later")
    assert texts() == [QUESTION, REPLY, LAST, f"({REGRET})"] and len(all_files()) == 2
