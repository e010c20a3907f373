"""A sign-up: validated by one peer, or handed to the referent and the animator after a day, and late after two."""

import re
import threading
from datetime import timedelta

import pytest
import time_machine
from flask_migrate import upgrade
from sqlalchemy import select

from app import signing
from app.extensions import db
from app.jobs.dispatching import dispatch
from app.jobs.signups import follow_signups
from app.labels import VOUCH_ANSWER, Channel, Priority, UserStatus, VouchAnswer
from app.models import Activity, AuditEntry, Delivery, Vouch
from app.models.types import utcnow
from app.notifications import outbox
from app.notifications.signups import vouch_address, vouch_value, why_held
from app.services import accounts, validation
from app.templating import NBSP, ago, duration, remaining
from tests.browse import forms, submit
from tests.factories import make_cast, make_user

YES, UNKNOWN, NO = VouchAnswer.YES, VouchAnswer.UNKNOWN, VouchAnswer.NO
BUTTON = {"oui": "Valider l’inscription", "non": "Refuser l’inscription"}
COUNCIL_PAGE, DASHBOARD, LIST = "/mon-conseil/inscriptions", "/animation", "/animation/inscriptions"


@pytest.fixture
def dora(cast):
    """Dora, whose address has just been confirmed."""
    return begin(cast.dora)


def begin(candidate):
    candidate.status, candidate.confirmed_at = UserStatus.PENDING, utcnow()
    validation.start(candidate)
    db.session.commit()
    return candidate


def later(**span):
    return time_machine.travel(utcnow() + timedelta(**span), tick=False)


def run_jobs():
    follow_signups()
    dispatch()
    db.session.expire_all()


def mails(to=None, about=""):
    """The mails so far, told and not yet told, to somebody, with these words in the subject."""
    dispatch()
    query = select(Delivery).where(Delivery.channel == Channel.MAIL).order_by(Delivery.id)
    found = db.session.scalars(query.where(Delivery.recipient == to.email) if to else query)
    return [mail for mail in found if about in mail.subject]


def recipients(about=""):
    return {mail.recipient for mail in mails(about=about)}


def emails(*people):
    return {person.email for person in people}


def text(mail):
    return "\n".join([mail.subject, *mail.content["paragraphs"], *(mail.content["link"] or [])])


def path(address):
    return re.sub(r"^https?://[^/]+", "", address)


def link(candidate, peer):
    return path(vouch_address(candidate, peer))


def say(client, candidate, peer, word, reason=None):
    return submit(client, link(candidate, peer), VOUCH_ANSWER[word], reason=reason)


def decide(client, candidate, decision="oui", reason=None):
    return submit(client, f"{LIST}/{candidate.id}", BUTTON[decision], reason=reason)


def words_of(page):
    """The text of the main part of a page."""
    main = re.search(r"<main.*?</main>", page.text, re.DOTALL)[0]
    return " ".join(re.sub(r"<[^>]+>", " ", main).replace(NBSP, " ").split())


# From the mail ----------------------------------------------------------------------------------------------------


def test_each_active_member_of_the_council_is_asked_with_a_link_of_their_own(cast, dora):
    suspended = make_user("Sami Suspendu", cast.council, status=UserStatus.SUSPENDED)
    assert recipients("Connaissez-vous Dora Robert ?") == recipients() == emails(cast.alice, cast.bruno)
    to_alice, to_bruno = mails(cast.alice)[0], mails(cast.bruno)[0]
    assert to_alice.content["link"][1] != to_bruno.content["link"][1]
    assert "Habitant" in text(to_alice) and "J’habite rue des Lilas." in text(to_alice)
    assert "« Croix Blanche »" in text(to_alice)
    assert (to_alice.kind, to_alice.priority, to_alice.name) == ("signup", Priority.REMINDER, "Alice Martin")
    assert suspended.email not in recipients()


def test_bruno_validates_from_the_mail_without_logging_in(client, cast, dora):
    address = path(mails(cast.bruno)[0].content["link"][1])
    page = client.get(address)
    assert "Connaissez-vous Dora Robert ?" in page.text and "J’habite rue des Lilas." in page.text
    assert "arrivée il y a moins d’une minute, il reste 48 heures" in words_of(page)
    assert page.headers["Cache-Control"] == "private, no-store, max-age=0"
    assert dora.status == UserStatus.PENDING  # mail scanners open links
    answer = submit(client, address, answer=YES)
    assert answer.status_code == 302
    assert dora.status == UserStatus.ACTIVE and dora.decided_by == cast.bruno and dora.decided_at
    assert "Dora Robert a maintenant un compte" in client.get(address).text
    assert client.get("/mon-conseil").status_code == 302  # the link opened one page, not Bruno's account


def test_the_candidate_learns_that_the_account_is_open_and_not_who_said_so(client, cast, dora):
    say(client, dora, cast.bruno, YES)
    (mail,) = mails(dora)
    assert "ouvert" in mail.subject and mail.priority == Priority.ACCOUNT and mail.kind == "account"
    assert mail.content["link"][1].endswith("/connexion")
    assert "Bruno" not in text(mail)


def test_a_no_needs_a_reason_and_what_was_typed_is_kept(client, cast, dora):
    page = say(client, dora, cast.bruno, NO)
    assert page.status_code == 422 and "<title>Erreur :" in page.text
    assert "Dites en quelques mots pourquoi" in page.text
    page = say(client, dora, cast.bruno, NO, "x" * 1001)
    assert page.status_code == 422 and "1000 caractères au plus" in page.text
    assert forms(page.text)[0].fields["reason"].strip() == "x" * 1001
    for word in ("peut-être", "", None):
        page = submit(client, link(dora, cast.bruno), answer=word)
        assert page.status_code == 422 and "Appuyez sur le bouton de votre réponse" in page.text
    assert db.session.scalars(select(Vouch)).all() == []


def test_a_no_goes_at_once_to_the_referent_and_the_animator(client, client_as, cast, dora):
    say(client, dora, cast.bruno, NO, "Inconnue.\r\nElle habite\0 Lyon \u202e.")
    assert dora.status == UserStatus.PENDING and dora.escalated_at
    assert recipients("Inscription à décider : Dora Robert") == emails(cast.referent, cast.animator)
    (mail,) = mails(cast.referent)
    assert mail.content["link"][1].endswith(f"{LIST}/{dora.id}")
    assert "Lilas" not in text(mail) and "Lyon" not in text(mail)  # what is not public stays on the page
    assert mails(dora) == []
    page = client_as(cast.referent).get(f"{LIST}/{dora.id}")
    assert "Bruno Petit" in page.text and "Inconnue.<br>\nElle habite  Lyon  ." in page.text


def test_one_who_does_not_know_changes_nothing_and_all_of_them_hand_it_over(client, cast, dora):
    say(client, dora, cast.bruno, UNKNOWN)
    assert dora.status == UserStatus.PENDING and dora.escalated_at is None
    say(client, dora, cast.alice, UNKNOWN)
    assert dora.escalated_at
    assert recipients("à décider") == emails(cast.referent, cast.animator)
    assert "ne connaissent pas" in why_held(dora)


def test_a_peer_may_change_their_word_while_nothing_is_decided(client, cast, dora):
    say(client, dora, cast.bruno, UNKNOWN)
    page = client.get(link(dora, cast.bruno))
    assert "Vous avez déjà répondu : « Je ne la connais pas »." in page.text
    say(client, dora, cast.bruno, NO, "Confusion")
    say(client, dora, cast.bruno, YES)
    assert dora.status == UserStatus.ACTIVE
    assert len(validation.vouches_on(dora)) == 1


def test_after_the_no_of_a_member_the_yes_of_another_does_not_open_the_account(client, cast, dora):
    say(client, dora, cast.alice, NO, "Elle n’est pas du quartier.")
    answer = say(client, dora, cast.bruno, YES)
    assert "le référent local ou l’animateur décidera" in client.get(answer.location).text
    assert dora.status == UserStatus.PENDING
    say(client, dora, cast.alice, UNKNOWN)  # she takes it back: Bruno's word counts
    assert dora.status == UserStatus.ACTIVE and dora.decided_by == cast.bruno


def test_the_no_of_somebody_who_has_left_the_council_binds_nobody(client, cast, dora):
    say(client, dora, cast.alice, NO, "Non.")
    cast.alice.status = UserStatus.CLOSED
    db.session.commit()
    say(client, dora, cast.bruno, YES)
    assert dora.status == UserStatus.ACTIVE


# Links that serve no more -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("cut", [lambda token: token[:-7], lambda token: token.split(".")[0], lambda token: "ê\x00"])
def test_a_link_that_was_cut_says_what_to_do(client, cast, dora, cut):
    page = client.get("/validation/" + cut(link(dora, cast.bruno).removeprefix("/validation/")))
    assert page.status_code == 404 and "Copiez-le en entier" in page.text


def test_a_link_made_for_something_else_opens_nothing(client, cast, dora):
    for token in (signing.sign("stop", vouch_value(dora, cast.bruno)), signing.sign("vouch", [dora.id, cast.bruno.id])):
        assert client.get(f"/validation/{token}").status_code == 404


def test_a_link_is_too_old_after_thirty_days(client, cast, dora):
    address = link(dora, cast.bruno)
    with later(days=31):
        page = client.get(address)
        assert page.status_code == 410 and "Connectez-vous" in page.text


@pytest.mark.parametrize("change", [{"status": UserStatus.SUSPENDED}, {"status": UserStatus.CLOSED}, {"council": None}])
def test_a_peer_who_is_no_more_a_member_cannot_answer(client, cast, dora, change):
    page = client.get(link(dora, cast.bruno))
    for name, value in change.items():
        setattr(cast.bruno, name, value)
    db.session.commit()
    fields = forms(page.text)[0].fields | {"answer": YES}
    answer = client.post(link(dora, cast.bruno), data=fields)
    assert answer.status_code == 403 and "n’est plus valable" in answer.text
    assert dora.status == UserStatus.PENDING


def test_a_link_ends_with_the_address_it_was_sent_to(client, cast, dora):
    """Who reads the mails of the former address is perhaps not Bruno."""
    address = link(dora, cast.bruno)
    fields = forms(client.get(address).text)[0].fields | {"answer": YES}
    cast.bruno.email = "bruno.neuf@essai.example"
    db.session.commit()
    answer = client.post(address, data=fields)
    assert answer.status_code == 410 and "Votre adresse a changé" in answer.text
    assert dora.status == UserStatus.PENDING
    assert client.get(link(dora, cast.bruno)).status_code == 200


def test_a_withdrawn_sign_up_is_told_and_nobody_is_mailed(client, cast, dora):
    address = link(dora, cast.bruno)
    db.session.delete(dora)
    db.session.commit()
    page = client.get(address)
    assert page.status_code == 410 and "elle a été retirée" in page.text
    assert mails() == []


def test_the_second_peer_is_told_who_answered_and_when(client, app, cast, dora):
    page = client.get(link(dora, cast.alice))
    say(app.test_client(), dora, cast.bruno, YES)
    fields = forms(page.text)[0].fields | {"answer": NO, "reason": "Trop tard"}
    answer = client.post(link(dora, cast.alice), data=fields)
    assert "Bruno Petit a déjà répondu pour Dora Robert : inscription validée le" in answer.text
    assert dora.status == UserStatus.ACTIVE
    assert [vouch.answer for vouch in validation.vouches_on(dora)] == [YES]


# The clock --------------------------------------------------------------------------------------------------------


def test_a_council_without_members_goes_at_once_to_the_referent_and_the_animator(cast, country_council):
    candidate = begin(make_user("Fanny Faure", country_council, status=UserStatus.PENDING))
    assert candidate.escalated_at
    assert recipients() == emails(cast.referent, cast.animator)
    assert why_held(candidate) == "Ce conseil n’a aucun membre actif sur le site."


@pytest.fixture
def country_council(cast):
    """A council of the referent's department where nobody has an account."""
    cast.chloe.council = None
    db.session.commit()
    return cast.country.reyssouze


@pytest.mark.parametrize("place", ["bourg", "ain", "region"])
def test_a_referent_of_any_territory_of_the_council_is_asked(cast, country_council, place):
    cast.referent.territories = [getattr(cast.country, place)]
    begin(make_user("Fanny Faure", country_council, status=UserStatus.PENDING))
    assert recipients() == emails(cast.referent, cast.animator)


def test_a_candidate_whose_council_has_vanished_is_the_animators(cast):
    cast.dora.council = None
    begin(cast.dora)
    assert recipients() == emails(cast.animator)
    assert "Votre inscription est validée." in text(settle(cast.dora, cast.animator))


def settle(candidate, decider):
    validation.decide(decider, candidate, approves=True)
    db.session.commit()
    return mails(candidate)[-1]


def test_after_a_day_without_a_yes_the_safety_net_is_asked_and_after_two_it_is_late(client_as, cast, dora):
    with later(hours=23, minutes=59):
        run_jobs()
        assert dora.escalated_at is None
    with later(hours=24, minutes=1):
        run_jobs()
        assert dora.escalated_at and dora.late_at is None
        assert recipients("à décider") == emails(cast.referent, cast.animator)
    with later(hours=47, minutes=59):
        run_jobs()
        assert dora.late_at is None
        assert "il reste 1 minute" in words_of(client_as(cast.animator).get(DASHBOARD))
    with later(hours=48, minutes=1):
        run_jobs()
        assert dora.late_at
        assert recipients("en retard") == emails(cast.referent, cast.animator)
        page = words_of(client_as(cast.animator).get(DASHBOARD))
        assert "En retard" in page and "arrivée il y a 2 jours, en retard" in page
    with later(hours=90):
        run_jobs()
    assert len(mails(cast.animator)) == len(mails(cast.referent)) == 2


def test_after_a_stop_of_three_days_both_steps_are_made_up_for_and_each_is_mailed_once(cast, dora):
    with later(days=3):
        run_jobs()
        run_jobs()
        assert dora.escalated_at and dora.late_at
        assert [mail.subject for mail in mails(cast.animator)] == ["Inscription en retard : Dora Robert"]
        assert [mail.subject for mail in mails(cast.referent)] == ["Inscription en retard : Dora Robert"]
        assert mails(cast.away) == []
    verbs = db.session.scalars(select(Activity.verb).order_by(Activity.id)).all()
    assert verbs == ["signup.confirmed", "signup.escalated", "signup.late"]


def test_the_job_hands_over_when_the_last_member_has_left(client, cast, dora):
    say(client, dora, cast.alice, UNKNOWN)
    run_jobs()
    assert dora.escalated_at is None
    cast.bruno.status = UserStatus.SUSPENDED
    db.session.commit()
    run_jobs()
    assert dora.escalated_at


def test_the_job_does_a_bounded_part_and_then_the_rest(cast, monkeypatch):
    monkeypatch.setattr(validation, "BATCH", 2)
    people = [make_user(f"P{n} Un", cast.council, status=UserStatus.PENDING) for n in range(4)] + [cast.dora]
    db.session.commit()
    with later(days=3):
        for done in (2, 4, 5):
            follow_signups()
            assert sum(person.escalated_at is not None for person in people) == done
    assert all(person.late_at for person in people)


def test_what_is_decided_has_no_clock(cast, dora):
    settle(dora, cast.animator)
    with later(days=3):
        run_jobs()
    assert dora.escalated_at is None and dora.late_at is None


def test_peers_may_still_validate_what_the_safety_net_holds(client, cast, dora):
    with later(hours=30):
        run_jobs()
        say(client, dora, cast.bruno, YES)
    assert dora.status == UserStatus.ACTIVE


# The rights of the moment -----------------------------------------------------------------------------------------


def test_nobody_is_told_of_what_was_decided_before_the_mails_were_written(cast, dora):
    settle(dora, cast.animator)
    assert recipients() == {dora.email}


def test_whoever_lost_the_right_before_the_mails_were_written_gets_none(cast, dora):
    cast.bruno.status = UserStatus.SUSPENDED
    assert recipients() == emails(cast.alice)
    cast.referent.territories = [cast.country.isere]
    with later(hours=25):
        run_jobs()
    assert recipients("à décider") == emails(cast.animator)


def test_a_member_who_has_paused_all_messages_is_left_in_peace(cast, dora):
    cast.alice.alerts_paused_at = utcnow()
    assert recipients() == emails(cast.bruno)


def test_a_name_cannot_reach_the_headers_of_a_mail(cast, dora):
    dora.first_name, dora.words = "Dora\r\nBcc: tous@ex.fr\r\n", "Bonjour\r\n.\r\nMAIL FROM:<x> \u202e"
    begin(dora)
    with later(hours=49):
        run_jobs()
        settle(dora, cast.animator)
    assert len(mails()) >= 5
    for mail in mails():
        for line in (mail.subject, mail.name, *(mail.content["link"] or []), mail.content["why"]):
            assert line.isprintable(), line


# The pages --------------------------------------------------------------------------------------------------------


def test_the_council_sees_what_waits_with_its_clock_and_answers_there(client_as, cast, dora):
    alice = client_as(cast.alice)
    with later(hours=5):
        page = alice.get(COUNCIL_PAGE)
        assert "Dora Robert arrivée il y a 5 heures, il reste 43 heures" in words_of(page)
        answer = submit(alice, f"{COUNCIL_PAGE}/{dora.id}", answer=YES)
        assert answer.location == COUNCIL_PAGE
        page = alice.get(COUNCIL_PAGE)
    assert "Dora Robert a maintenant un compte" in page.text
    assert "Aucune inscription n’attend de réponse" in page.text
    assert dora.decided_by == cast.alice


def test_a_member_of_another_council_reads_and_changes_nothing(client_as, cast, dora):
    chloe = client_as(cast.chloe)
    assert "Dora" not in chloe.get(COUNCIL_PAGE).text
    assert chloe.get(f"{COUNCIL_PAGE}/{dora.id}").status_code == 404
    assert chloe.post(f"{COUNCIL_PAGE}/{dora.id}", data={"answer": YES}).status_code == 404
    assert dora.status == UserStatus.PENDING


def test_who_answers_in_the_council_after_somebody_else_is_told(client_as, cast, dora):
    alice = client_as(cast.alice)
    fields = forms(alice.get(f"{COUNCIL_PAGE}/{dora.id}").text)[0].fields | {"answer": YES}
    submit(client_as(cast.bruno), f"{COUNCIL_PAGE}/{dora.id}", answer=YES)
    late, read_again = alice.post(f"{COUNCIL_PAGE}/{dora.id}", data=fields), alice.get(f"{COUNCIL_PAGE}/{dora.id}")
    for page in (late, read_again):
        assert page.status_code == 200 and "Bruno Petit a déjà répondu" in page.text and not forms(page.text)
    assert alice.get(f"{COUNCIL_PAGE}/{cast.bruno.id}").status_code == 404  # nobody decided about Bruno here


def test_a_refusal_is_told_to_the_members_of_that_council_alone(client_as, cast, dora):
    validation.decide(cast.animator, dora, approves=False, reason="Doublon, dit-elle.")
    db.session.commit()
    page = client_as(cast.alice).get(f"{COUNCIL_PAGE}/{dora.id}")
    assert "Anne Simon a déjà répondu pour Dora Robert : inscription refusée" in page.text
    assert "Doublon" not in page.text and "Lilas" not in page.text
    assert client_as(cast.chloe).get(f"{COUNCIL_PAGE}/{dora.id}").status_code == 404


def test_what_a_member_has_answered_is_shown_and_counted_no_more(client_as, cast, dora):
    alice, bruno = client_as(cast.alice), client_as(cast.bruno)
    submit(alice, f"{COUNCIL_PAGE}/{dora.id}", VOUCH_ANSWER[UNKNOWN])
    assert "Vous avez répondu : « Je ne la connais pas »" in words_of(alice.get(COUNCIL_PAGE))
    assert "1 inscription à valider" not in words_of(alice.get("/mon-conseil"))
    assert "1 inscription à valider" in words_of(bruno.get("/mon-conseil"))
    assert "Vous avez répondu" not in bruno.get(COUNCIL_PAGE).text
    assert "animation décident" not in alice.get(COUNCIL_PAGE).text
    submit(alice, f"{COUNCIL_PAGE}/{dora.id}", VOUCH_ANSWER[NO], reason="Non.")
    assert "« Ce n’est pas un membre » . Le référent" in words_of(alice.get(COUNCIL_PAGE)).replace("».", "» .")


def test_what_is_to_be_corrected_stands_under_the_title(client, client_as, cast, dora):
    validation.answer(cast.alice, dora, NO, "Non.")
    db.session.commit()
    for page in (
        say(client, dora, cast.bruno, NO),
        submit(client_as(cast.bruno), f"{COUNCIL_PAGE}/{dora.id}", VOUCH_ANSWER[NO]),
        decide(client_as(cast.animator), dora, "non"),
    ):
        assert page.status_code == 422 and page.text.count("À corriger") == 1
        assert page.text.index("</h1>") < page.text.index("À corriger") < page.text.index("Lilas")


def test_whoever_lets_somebody_in_stands_in_the_journal(client, client_as, cast, dora):
    say(client, dora, cast.bruno, YES)
    entry = db.session.scalars(select(AuditEntry)).one()
    assert (entry.verb, entry.actor, entry.subject_id) == ("signup.vouched", cast.bruno, dora.id)
    page = words_of(client_as(cast.animator).get(f"/animation/comptes/{dora.id}"))
    assert "inscription validée par un membre du conseil, par Bruno Petit" in page


def test_after_a_yes_the_page_thanks_by_its_title(client, cast, dora):
    answer = say(client, dora, cast.bruno, YES)
    page = client.get(answer.location).text
    assert page.count("Dora Robert a maintenant un compte</h1>") == 1 and "n’est plus à valider" not in page
    assert "Cette inscription n’est plus à valider" in client.get(link(dora, cast.alice)).text


def why_told(candidate):
    (mail,) = mails(about=f"à décider : {candidate.name}")[:1] or [None]
    return text(mail)


def test_the_mail_to_the_safety_net_says_which_case_it_is(client, cast, dora, country_council):
    alone = begin(make_user("Fanny Faure", country_council, status=UserStatus.PENDING))
    contested = begin(make_user("Hugo Huet", cast.council, status=UserStatus.PENDING))
    say(client, contested, cast.bruno, NO, "Non.")
    with later(hours=25):
        run_jobs()
        assert "Ce conseil n’a aucun membre actif" in why_told(alone)
        assert "Un membre du conseil a répondu" in why_told(contested)
        assert "Aucun membre du conseil ne l’a validée en 24 heures" in why_told(dora)


def test_nobody_stops_the_mails_of_the_safety_net(cast, dora):
    for person in (cast.referent, cast.animator):
        outbox.stop(Channel.MAIL, person.email, outbox.ALL)
    with later(hours=25):
        run_jobs()
        for person, why in ((cast.referent, "référent local de ce territoire"), (cast.animator, "vous animez ce site")):
            (mail,) = mails(person, "à décider")
            assert (mail.kind, mail.priority) == ("account", Priority.ACCOUNT) and why in mail.content["why"]
            assert outbox.objection(mail) == ""


def test_an_answer_without_its_token_changes_nothing(client, client_as, cast, dora):
    validation.answer(cast.alice, dora, NO, "Non.")
    db.session.commit()
    for browser, address, data in (
        (client, link(dora, cast.bruno), {"answer": YES}),
        (client_as(cast.bruno), f"{COUNCIL_PAGE}/{dora.id}", {"answer": YES}),
        (client_as(cast.animator), f"{LIST}/{dora.id}", {"decision": "oui"}),
    ):
        assert browser.post(address, data=data).status_code == 422
    assert dora.status == UserStatus.PENDING


def test_the_dashboard_has_the_late_ones_on_top_and_counts_those_with_the_peers(client_as, cast, dora):
    other = make_user("Gaël Gris", cast.country.mistral, status=UserStatus.PENDING)
    make_user("Hana Haut", cast.council, status=UserStatus.PENDING)
    for person, hours in ((dora, 25), (other, 50)):
        person.confirmed_at = utcnow() - timedelta(hours=hours)
    db.session.commit()
    run_jobs()
    page = words_of(client_as(cast.animator).get(DASHBOARD))
    assert page.index("En retard") < page.index("Gaël Gris") < page.index("À décider") < page.index("Dora Robert")
    assert "1 inscription est chez les membres des conseils" in page and "Hana" not in page
    page = words_of(client_as(cast.referent).get(DASHBOARD))
    assert "Dora Robert" in page and "Gaël" not in page and "chez les membres" not in page
    assert "Courrier" not in page
    names = re.findall("Gaël|Dora|Hana", words_of(client_as(cast.animator).get(LIST)))
    assert names == ["Gaël", "Dora", "Hana"]
    assert re.findall("Gaël|Dora|Hana", words_of(client_as(cast.referent).get(LIST))) == ["Dora"]


def test_a_referent_decides_nothing_elsewhere_nor_before_it_is_theirs(client_as, cast, dora):
    address = f"{LIST}/{dora.id}"
    page = client_as(cast.referent).get(address)
    assert "chez les membres du conseil" in page.text and not forms(page.text)
    data = {"decision": "oui", "csrf_token": "x"}
    assert client_as(cast.referent).post(address, data=data).status_code == 200
    assert client_as(cast.away).post(address, data=data).status_code == 404
    assert client_as(cast.alice).post(address, data=data).status_code == 403
    assert dora.status == UserStatus.PENDING


# The decision -----------------------------------------------------------------------------------------------------


@pytest.fixture
def held(cast, dora):
    """Dora, whose sign-up Bruno objects to."""
    validation.answer(cast.bruno, dora, NO, "Je ne l’ai jamais vue.")
    db.session.commit()
    return dora


def test_the_referent_approves_and_the_journal_knows(client_as, cast, held):
    referent = client_as(cast.referent)
    answer = decide(referent, held)
    assert "Inscription validée\xa0: Dora Robert" in referent.get(answer.location).text
    assert held.status == UserStatus.ACTIVE and held.decided_by == cast.referent
    entry = db.session.scalars(select(AuditEntry)).one()
    assert (entry.verb, entry.actor, entry.subject_id) == ("signup.approved", cast.referent, held.id)
    assert "ouvert" in mails(held)[0].subject


def test_a_refusal_needs_a_reason_which_the_candidate_gets_with_whom_to_ask(client_as, cast, held):
    referent = client_as(cast.referent)
    page = decide(referent, held, "non")
    assert page.status_code == 422 and "pourquoi son inscription est refusée" in page.text
    cast.referent.public_contact = "04 00 00 00 00"
    db.session.commit()
    decide(referent, held, "non", "Vous n’habitez pas le quartier.")
    assert held.status == UserStatus.REFUSED and held.why == "Vous n’habitez pas le quartier."
    (mail,) = mails(held)
    assert "La raison donnée : Vous n’habitez pas le quartier." in text(mail)
    assert "Renée Moreau, Centre de ressources de l’Ain, 04 00 00 00 00" in text(mail)
    assert "Bruno" not in text(mail) and "jamais vue" not in text(mail)


def test_a_refusal_by_the_animator_names_the_operator(client_as, cast, held, app):
    decide(client_as(cast.animator), held, "non", "Doublon.")
    assert app.config["OPERATOR_EMAIL"] in text(mails(held)[0])


def test_of_two_who_decide_the_first_stands_and_the_second_is_told(client_as, cast, held):
    referent, animator = client_as(cast.referent), client_as(cast.animator)
    fields = forms(referent.get(f"{LIST}/{held.id}").text)[0].fields | {"decision": "oui"}
    decide(animator, held, "non", "Doublon.")
    answer = referent.post(f"{LIST}/{held.id}", data=fields)
    assert "Anne Simon a déjà répondu pour Dora Robert : inscription refusée le" in answer.text
    assert held.status == UserStatus.REFUSED and len(mails(held)) == 1


def test_a_peer_and_the_referent_too(client, client_as, cast, dora):
    with later(hours=25):
        run_jobs()
        page = client.get(link(dora, cast.bruno))
        decide(client_as(cast.referent), dora, "non", "Doublon.")
        answer = client.post(link(dora, cast.bruno), data=forms(page.text)[0].fields | {"answer": YES})
        assert "Renée Moreau a déjà répondu pour Dora Robert : inscription refusée le" in answer.text
    assert dora.status == UserStatus.REFUSED and len(mails(dora)) == 1


# At once ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def own_site(own_app):
    """A site with a database of its own, which several connections share."""
    with own_app.app_context():
        upgrade()
        yield own_app
        db.session.remove()


def all_at_once(acts):
    """Run the acts in a thread each, which they wait for one another in; return what they returned."""
    barrier, results = threading.Barrier(len(acts), timeout=20), [None] * len(acts)

    def run(index, act):
        results[index] = act(barrier.wait)

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def sender(app, user, address, **fields):
    """Return the act of somebody who opens a page, fills in its form and sends it when all are ready."""
    token = accounts.log_in(user) if user else None
    db.session.commit()

    def act(wait):
        client = app.test_client()
        with client.session_transaction() as session:
            session["_user_id"] = token
        data = forms(client.get(address).text)[0].fields.to_dict() | fields
        wait()
        return client.post(address, data=data, follow_redirects=True).text

    return act


def test_four_who_decide_at_once_make_one_decision_and_three_are_told(own_site):
    cast = make_cast()
    dora = begin(cast.dora)
    dora.confirmed_at -= timedelta(hours=25)
    db.session.commit()
    follow_signups()
    page = f"{LIST}/{dora.id}"
    acts = [
        sender(own_site, cast.animator, page, decision="non", reason="Doublon."),
        sender(own_site, cast.referent, page, decision="oui"),
        sender(own_site, cast.alice, f"{COUNCIL_PAGE}/{dora.id}", answer=YES),
        sender(own_site, None, link(dora, cast.bruno), answer=YES),
    ]
    pages = all_at_once(acts)
    db.session.expire_all()
    assert dora.decided_at
    assert sum("a déjà répondu pour Dora Robert" in page for page in pages) == 3, pages
    assert len(mails(dora)) == 1
    acts_written = db.session.scalars(select(AuditEntry)).all()
    assert [entry.actor for entry in acts_written] == [dora.decided_by][: len(acts_written)]


def test_the_job_run_four_times_at_once_hands_over_once(own_site):
    cast = make_cast()
    dora = begin(cast.dora)
    dora.confirmed_at -= timedelta(hours=49)
    db.session.commit()

    def run(wait):
        with own_site.app_context():
            wait()
            follow_signups()

    all_at_once([run] * 4)
    verbs = db.session.scalars(select(Activity.verb).order_by(Activity.id)).all()
    assert verbs == ["signup.confirmed", "signup.escalated", "signup.late"]


# How long ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("span", "said"),
    [
        ({"seconds": -5}, "moins d’une minute"), ({"seconds": 59}, "moins d’une minute"), ({"minutes": 1}, "1 minute"),
        ({"minutes": 40, "seconds": 59}, "40 minutes"), ({"minutes": 60}, "1 heure"), ({"hours": 5}, "5 heures"),
        ({"hours": 47, "minutes": 59}, "47 heures"), ({"days": 2}, "2 jours"), ({"days": 2.9}, "2 jours"),
        ({"days": 30.5}, "30 jours"),
    ],
)  # fmt: skip
def test_a_duration_is_said_in_whole_units(span, said):
    assert duration(timedelta(**span)).replace(NBSP, " ") == said


def test_since_when_and_how_long_to_go_add_up(app):
    with time_machine.travel(utcnow(), tick=False):
        now = utcnow()
        for hours in (5.1, 30.9, 47.5):
            since, left = ago(now - timedelta(hours=hours)), remaining(now + timedelta(hours=48 - hours))
            numbers = [int(re.search(r"\d+", said)[0]) for said in (since, left)]
            assert sum(numbers) == (48 if hours < 47 else 47 + 30), (since, left)
        assert remaining(now) == remaining(now - timedelta(days=1)) == ""
        assert remaining(now + timedelta(hours=48)).replace(NBSP, " ") == "2 jours"
        assert remaining(now + timedelta(seconds=1)).replace(NBSP, " ") == "1 minute"
