"""Signing up: from « which council? » to a confirmed address, and what one sees until the peers have answered."""

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from app.extensions import db
from app.forms.base import is_name
from app.forms.signups import is_disposable, mailbox
from app.jobs.accounts import tend_accounts
from app.labels import AlertTopic, College, UserStatus, VouchAnswer
from app.models import Activity, AlertChoice, Council, Delivery, User, Vouch
from app.models.types import utcnow
from app.notifications import outbox
from app.notifications.message import Message
from app.passwords import is_right
from app.services import accounts, limits, signups, validation
from app.signing import sign
from app.templating import day, moment
from tests.browse import forms, send, submit
from tests.factories import PASSWORD, PASSWORD_HASH, make_user

NEW_PASSWORD = "un vélo rouge sous la pluie"  # noqa: S105
HORRORS = {
    "long": "é" * 10_000,
    "emoji": "👩‍👩‍👧‍👦🏳️‍🌈",
    "right to left": "\u202eeniotna\u2067\u200f",
    "null": "A\0B\0",
    "lines": "Jean\r\nBcc: tous@exemple.fr\n\n.\r\n",
    "html": "<script>alert(1)</script><b>Jean</b>",
    "template": "{{ 7*7 }}{% raw %}${7*7}%s",
    "sql": "'; DROP TABLE users; --",
    "advertisement": "Gagnez www.casino.example",
    "blank": " \u00a0\u2003\t ",
}


def sign_up(client, council, **fields):
    """Fill in the form as a person does, who takes more than three seconds."""
    known = {
        "first_name": "Fatou", "last_name": "Diop", "email": "fatou@essai.example", "password": NEW_PASSWORD,
        "college": College.RESIDENT, "words": "J’habite rue des Lilas.",
        "stamp": sign("form", utcnow().timestamp() - 60),
    }  # fmt: skip
    return submit(client, f"/inscription/{council.slug}", **(known | fields))


def user_of(email="fatou@essai.example"):
    return db.session.scalar(select(User).where(User.email == email).execution_options(populate_existing=True))


def mails_to(email="fatou@essai.example"):
    rows = select(Delivery).where(Delivery.recipient == email).order_by(Delivery.id)
    return list(db.session.scalars(rows))


def link_in(mail):
    return mail.content["link"][1].replace("http://127.0.0.1:8000", "")


def make_unconfirmed(council, **columns):
    return make_user("Fatou Diop", council, status=UserStatus.UNCONFIRMED, confirmed_at=None, **columns)


def confirmation_of(user):
    db.session.commit()
    return f"/confirmation/{sign('confirm', user.id)}"


def confirm(client, address, password=NEW_PASSWORD):
    return submit(client, address, password=password)


# Which council? ---------------------------------------------------------------------------------------------------


def test_the_search_of_the_directory_leads_to_the_form_of_a_council(client, cast):
    page = client.get("/inscription?q=croix blanche").text
    assert f'href="/inscription/{cast.council.slug}"' in page
    assert "/conseils/" + cast.council.slug not in page


@pytest.mark.parametrize("words", ["zzzzzz", "Vieu", "Auvergne", "01000", "L’Haÿ"])
def test_a_search_without_a_council_says_what_to_do(client, cast, words):
    page = client.get("/inscription", query_string={"q": words})
    assert page.status_code == 200
    assert "Votre conseil n’est pas là ?" in page.text and "/inscription" in page.text


def test_a_commune_without_a_council_offers_the_nearest_ones(client, cast):
    assert f'href="/inscription/{cast.council.slug}"' in client.get("/inscription?q=Vieu").text


def test_the_search_takes_whatever_is_typed(client, cast):
    for words in HORRORS.values():
        assert client.get("/inscription", query_string={"q": words}).status_code in (200, 422)


def test_from_its_page_a_council_is_already_chosen(client, client_as, cast):
    link = f'href="/inscription/{cast.council.slug}"'
    page = client.get(f"/conseils/{cast.council.slug}").text
    assert page.count(link) == 2  # on top, and where the page is not filled in yet
    assert link not in client_as(cast.alice).get(f"/conseils/{cast.council.slug}").text


# The form ---------------------------------------------------------------------------------------------------------


def test_a_sign_up_waits_for_its_address_to_be_confirmed(client, cast):
    answer = sign_up(client, cast.council, email=" Fatou@Essai.example ", letter="y")
    assert answer.location == "/inscription/courriel/envoye"
    user = user_of()
    assert (user.name, user.status, user.council_id) == ("Fatou Diop", UserStatus.UNCONFIRMED, cast.council.id)
    assert user.college == College.RESIDENT and user.words == "J’habite rue des Lilas." and user.letter_since
    assert user.phone is None and is_right(user.password_hash, NEW_PASSWORD)
    (mail,) = mails_to()
    assert mail.kind == "account" and mail.name == "Fatou Diop" and "/confirmation/" in link_in(mail)


def test_nothing_is_ticked_or_chosen_beforehand(client, cast):
    page = client.get(f"/inscription/{cast.council.slug}").text
    assert "checked" not in page and "selected" not in page
    sign_up(client, cast.council)
    assert user_of().letter_since is None and not db.session.scalars(select(AlertChoice)).all()


def test_the_page_says_what_is_kept_and_why(client, cast):
    page = client.get(f"/inscription/{cast.council.slug}").text
    assert "Ce que nous gardons, et pourquoi" in page and 'href="/donnees-personnelles"' in page
    assert "Croix Blanche" in page and "Changer de conseil" in page


def test_who_sees_the_address_and_the_number_is_said_as_it_is(client, client_as, cast):
    cast.dora.phone = "+33612345678"
    cast.alice.phone = cast.dora.phone
    db.session.commit()
    account, request = f"/animation/comptes/{cast.dora.id}", f"/animation/inscriptions/{cast.dora.id}"
    assert "+33612345678" in client_as(cast.animator).get(account).text
    assert cast.dora.email in client_as(cast.referent).get(request).text
    said = {
        f"/inscription/{cast.council.slug}": ("Seule l’équipe du site le voit", "et le référent local tant que"),
        "/donnees-personnelles": ("l’équipe du site", "le référent local, tant que votre inscription attend"),
        "/mon-profil/telephone": ("Seule l’équipe du site le voit",),
        "/mon-inscription": ("n’est montré qu’à l’équipe du site",),
    }
    for address, sentences in said.items():
        browser = {"/mon-profil/telephone": client_as(cast.alice), "/mon-inscription": client_as(cast.dora)}
        page = browser.get(address, client).get(address).text
        assert all(sentence in page for sentence in sentences), address


def test_the_box_of_sms_asks_for_the_alerts_that_can_come_so(client, cast):
    sign_up(client, cast.council, by_sms="y", phone="06 12 34 56 78")
    chosen = {row.topic for row in db.session.scalars(select(AlertChoice)) if row.by_sms}
    assert chosen == {AlertTopic.DOCUMENT, AlertTopic.ACTION, AlertTopic.EVENT, AlertTopic.REMINDER}
    assert user_of().phone == "+33612345678" and user_of().phone_confirmed_at is None


def test_the_box_of_sms_without_a_number_is_said_at_the_number(client, cast):
    answer = sign_up(client, cast.council, by_sms="y")
    assert answer.status_code == 422 and "ou décochez la case" in answer.text
    assert 'href="#phone"' in answer.text and user_of() is None


@pytest.mark.parametrize("field", ["first_name", "last_name", "email", "password", "college", "words", "phone"])
def test_whatever_is_typed_is_taken_or_refused_with_a_sentence(client, cast, monkeypatch, field):
    monkeypatch.setattr("app.passwords.hash_password", lambda password: PASSWORD_HASH)
    monkeypatch.setattr("app.passwords.is_right", lambda kept, password: False)
    for number, text in enumerate(HORRORS.values()):
        email = f"personne{number}@essai.example"
        answer = sign_up(client, cast.council, **({"email": email} | {field: text}))
        assert "<script>alert" not in answer.text
        if answer.status_code == 422:
            assert "<title>Erreur : " in answer.text and f'href="#{field}"' in answer.text
            assert field == "last_name" or 'value="Diop"' in answer.text
            assert NEW_PASSWORD not in answer.text and user_of(email) is None
        else:
            (mail,) = mails_to(email)
            assert answer.status_code == 302 and "\n" not in mail.name + mail.subject and "\0" not in str(mail.content)


@pytest.mark.parametrize("field", ["first_name", "last_name", "email", "password", "college", "words"])
def test_what_is_missing_is_asked_for_and_the_rest_comes_back(client, cast, field):
    answer = sign_up(client, cast.council, **{field: None if field == "college" else "  "})
    assert answer.status_code == 422 and f'href="#{field}"' in answer.text
    assert user_of() is None
    if field != "words":
        assert "rue des Lilas" in answer.text


def test_html_in_the_words_is_shown_as_it_was_typed(client_as, client, cast):
    sign_up(client, cast.council, words="<b>Moi</b>\r\n\r\n\r\n\r\nsuite")
    assert user_of().words == "<b>Moi</b>\n\nsuite"
    confirm(client, link_in(mails_to()[0]))
    assert "&lt;b&gt;Moi" in client_as(user_of()).get("/mon-inscription").text


ADVERTISED = [
    "voyez http://casino.example",
    "WWW.casino.example",
    "écrivez à moi@casino.example",
    "Gagnez sur casino.com",
]


@pytest.mark.parametrize("words", ADVERTISED)
def test_the_words_that_go_to_all_members_carry_no_address(client, client_as, cast, words):
    for answer in (
        sign_up(client, cast.council, words=words),
        submit(client_as(cast.dora), "/mon-inscription", words=words),
    ):
        assert answer.status_code == 422 and "Enlevez les adresses" in answer.text and words in answer.text
    assert user_of() is None and user_of(cast.dora.email).words == "J’habite rue des Lilas."


def test_words_of_every_day_are_no_addresses(client, cast):
    assert (
        sign_up(client, cast.council, words="J’habite au 3.Venez ! C’est l’asso. du quartier, n° 12/B.").status_code
        == 302
    )


def test_names_of_all_countries_are_names_and_the_rest_is_none():
    names = ["Éloïse", "Jean-Pierre", "N’Diaye", "J.-P.", "Nguyễn Văn", "محمد", "Ольга", "李"]
    others = ["", "---", "R2D2", "a@b.fr", "https://x.fr", "casino.example", "Jean <b>", "😀"]
    assert [name for name in names + others if is_name(name)] == names


@pytest.mark.parametrize(
    ("password", "words"),
    [("court", "12 caractères au moins"), ("motdepasse123", "plus courants"), ("fatou.diop.2026", "ressemble"),
     ("mon chat dort sous la lampe", "exemple est connu")],
)  # fmt: skip
def test_a_password_that_is_easy_to_guess_is_refused(client, cast, password, words):
    answer = sign_up(client, cast.council, password=password)
    assert answer.status_code == 422 and words in answer.text and f'value="{password}"' not in answer.text


def test_a_number_is_read_where_the_council_is(client, cast):
    cast.country.ain.code = "987"  # the councils of the Ain move to Polynesia
    db.session.commit()
    sign_up(client, cast.council, phone="87 12 34 56")
    assert user_of().phone == "+68987123456"


def test_a_form_without_its_token_comes_back_with_what_was_typed(client, cast):
    answer = sign_up(client, cast.council, csrf_token="")
    assert answer.status_code == 422 and "Rien n’est perdu" in answer.text and "rue des Lilas" in answer.text


# A council that is gone -------------------------------------------------------------------------------------------


def test_a_council_that_vanished_between_the_two_pages_loses_nothing(client, cast):
    page = client.get(f"/inscription/{cast.council.slug}")
    db.session.execute(db.update(Council).where(Council.id == cast.council.id).values(slug="autre-croix-blanche"))
    db.session.commit()
    gone = send(client, page, first_name="Fatou", words="J’habite rue des Lilas.", password=NEW_PASSWORD)
    assert gone.status_code == 404 and "rue des Lilas" in gone.text and "n’est plus dans l’annuaire" in gone.text
    again = client.get("/inscription/autre-croix-blanche").text
    assert 'value="Fatou"' in again and "rue des Lilas" in again and NEW_PASSWORD not in again
    assert "Fatou" not in client.get("/inscription/autre-croix-blanche").text


@pytest.mark.parametrize("slug", ["rien", "%00", "a%0d%0ab", "croix-blanche", "x" * 5000])
def test_an_unknown_council_gets_the_search_and_no_namesakes(client, cast, slug):
    page = client.get(f"/inscription/{slug}")
    assert f'href="/inscription/{cast.council.slug}"' not in page.text
    assert page.status_code == 404 and 'action="/inscription"' in page.text


# Machines ---------------------------------------------------------------------------------------------------------


def test_whoever_fills_in_the_hidden_field_sees_the_same_page_and_nothing_is_made(client, cast):
    assert sign_up(client, cast.council, remarque="x").location == "/inscription/courriel/envoye"
    assert user_of() is None and not mails_to()


def test_a_form_that_comes_at_once_comes_back_and_goes_through_the_second_time(client, cast):
    with time_machine.travel(utcnow(), tick=False) as clock:
        page = client.get(f"/inscription/{cast.council.slug}")
        filled = {
            "first_name": "Fatou", "last_name": "Diop", "email": "fatou@essai.example", "password": NEW_PASSWORD,
            "college": "resident", "words": "J’habite rue des Lilas.",
        }  # fmt: skip
        clock.shift(2)
        hasty = send(client, page, **filled)
        assert hasty.status_code == 422 and "envoyez encore une fois" in hasty.text and user_of() is None
        clock.shift(2)
        assert send(client, hasty, password=NEW_PASSWORD).status_code == 302
    assert user_of().words == "J’habite rue des Lilas."


@pytest.mark.parametrize("stamp", ["", "faux", "\0"])
def test_a_made_up_time_stamp_is_replaced(client, cast, stamp):
    hasty = sign_up(client, cast.council, stamp=stamp)
    assert hasty.status_code == 422 and forms(hasty.text)[0].fields["stamp"] != stamp


@pytest.mark.parametrize("email", ["a@yopmail.com", "a@x.yopmail.fr", "A@Mailinator.COM", "a@guerrillamail.com"])
def test_throw_away_addresses_are_refused(client, cast, email):
    answer = sign_up(client, cast.council, email=email)
    assert answer.status_code == 422 and "jetable" in answer.text and user_of() is None


def test_only_whole_domains_are_throw_away():
    assert not is_disposable("a@notyopmail.com") and not is_disposable("a@com") and is_disposable("a@jetable.org")


def test_spellings_of_one_mailbox_are_counted_together(client, cast):
    assert mailbox("F.a.tou+1@Googlemail.com") == mailbox("fatou@gmail.com") != mailbox("fatou@orange.fr")
    for number in range(limits.SIGNUP_ACCOUNT.most):
        assert sign_up(client, cast.council, email=f"f.atou+{number}@gmail.com").status_code == 302
    refused = sign_up(client, cast.council, email="fatou@gmail.com")
    assert refused.status_code == 429 and "Recommencez dans" in refused.text and refused.headers["Retry-After"]
    assert "rue des Lilas" in refused.text
    assert user_of("f.atou+0@gmail.com") and user_of("f.atou+1@gmail.com"), "they are accounts of their own"


def test_one_address_of_the_network_does_not_sign_up_endlessly(client, cast, monkeypatch):
    monkeypatch.setattr("app.passwords.hash_password", lambda password: PASSWORD_HASH)
    monkeypatch.setattr(limits, "SIGNUP_ADDRESS", limits.Limit("few", 2, 3600))
    answers = [sign_up(client, cast.council, email=f"f{number}@essai.example").status_code for number in range(3)]
    assert answers == [302, 302, 429]


# Known addresses --------------------------------------------------------------------------------------------------


def test_a_known_address_changes_nothing_and_tells_its_owner_alone(client, cast):
    before = (cast.alice.name, cast.alice.password_hash, cast.alice.council_id)
    answer = sign_up(client, cast.country.mistral, email="ALICE@essai.example", first_name="Intrus", last_name="Louche")
    assert answer.location == "/inscription/courriel/envoye"
    alice = user_of("alice@essai.example")
    assert (alice.name, alice.password_hash, alice.council_id) == before
    (mail,) = mails_to("alice@essai.example")
    text = str(mail.content)
    assert "Bonjour Alice Martin" in text and "/connexion" in text and "/mot-de-passe-oublie" in text
    assert "Intrus" not in text and "/confirmation/" not in text


@pytest.mark.parametrize("status", [UserStatus.REFUSED, UserStatus.SUSPENDED])
def test_an_account_that_does_not_open_learns_why(client, cast, status):
    cast.bruno.status, cast.bruno.why = status, "Inconnu du conseil"
    db.session.commit()
    sign_up(client, cast.council, email=cast.bruno.email)
    assert "Inconnu du conseil" in str(mails_to(cast.bruno.email)[0].content)
    assert user_of(cast.bruno.email).status == status


@pytest.fixture
def refused(cast):
    """Dora, refused in Alice's council, with what she left there."""
    db.session.add(Vouch(candidate_id=cast.dora.id, peer_id=cast.alice.id, answer=VouchAnswer.NO, reason="Non"))
    validation.decide(cast.referent, cast.dora, approves=False, reason="Vous n’êtes pas du quartier")
    db.session.commit()
    return cast.dora


def test_who_was_refused_may_sign_up_for_another_council(client, client_as, cast, refused):
    former = client_as(refused)
    sign_up(client, cast.country.reyssouze, email=refused.email)
    user = user_of(refused.email)
    assert (user.id, user.name, user.council_id) == (refused.id, "Fatou Diop", cast.country.reyssouze.id)
    assert (user.status, user.why, user.decided_at, user.decided_by_id) == (UserStatus.UNCONFIRMED, "", None, None)
    confirm(client, link_in(mails_to(refused.email)[-1]))
    assert user_of(refused.email).status == UserStatus.PENDING and not validation.vouches_on(user)
    assert former.get("/mon-inscription").status_code == 302, "what was open before opens nothing"
    validation.answer(cast.chloe, user_of(refused.email), VouchAnswer.YES)
    db.session.commit()
    assert "votre compte est ouvert" in mails_to(refused.email)[-1].subject


def test_who_was_refused_is_told_until_when_that_council_stays_closed(client, cast, refused):
    sign_up(client, cast.council, email=refused.email)
    assert user_of(refused.email).status == UserStatus.REFUSED
    mail = mails_to(refused.email)[-1]
    text = str(mail.content)
    assert mail.subject == "Votre inscription a été refusée" and mail.content["link"] is None
    assert "Vous n’êtes pas du quartier" in text and "Renée Moreau" in text and "un autre conseil" in text
    assert day(user_of(refused.email).decided_at + signups.REFUSED_KEPT) in text


def test_the_page_after_the_form_shows_the_address_that_was_typed_once(client, cast):
    for email, more in (("fatou@essai.example", {}), ("robot@essai.example", {"remarque": "x"})):
        answer = sign_up(client, cast.council, email=email, **more)
        assert email in client.get(answer.location).text
        assert email not in client.get(answer.location).text


def test_a_member_who_wants_another_council_is_told_what_to_do(client_as, cast):
    alice, dora = client_as(cast.alice), client_as(cast.dora)
    assert alice.get(f"/inscription/{cast.council.slug}").location == "/mon-conseil"
    assert "pour changer de conseil" not in alice.get("/mon-conseil").text
    alice.get(f"/inscription/{cast.country.reyssouze.slug}")
    assert "Vous avez déjà un compte\xa0: pour changer de conseil" in alice.get("/mon-conseil").text
    dora.get(f"/inscription/{cast.country.reyssouze.slug}")
    assert "retirez-la d’abord" in dora.get("/mon-inscription").text


def test_a_made_up_college_is_asked_for_in_our_own_words(client, cast):
    answer = sign_up(client, cast.council, college="maire")
    assert answer.status_code == 422 and "Choisissez votre collège." in answer.text


def test_a_sign_of_the_writing_direction_leaves_no_gap_in_a_name(client, cast):
    sign_up(client, cast.council, first_name="\u202bFa\u200ftou\u202c")
    assert user_of().first_name == "Fatou"


def test_the_field_for_machines_comes_after_the_button(client, cast):
    page = client.get(f"/inscription/{cast.council.slug}").text
    assert page.index("M’inscrire</button>") < page.index("Laissez ce champ vide")


def test_a_correction_comes_before_the_withdrawal_and_its_errors_on_top(client_as, cast):
    page = submit(client_as(cast.dora), "/mon-inscription", words="").text
    order = ("</h1>", "À corriger", "Qui a votre demande", "Enregistrer", "Retirer mon")
    places = [page.index(words) for words in order]
    assert places == sorted(places)


def test_a_known_address_costs_the_same_work(client, cast, monkeypatch):
    work = []
    monkeypatch.setattr("app.passwords.hash_password", lambda password: work.append("hash") or PASSWORD_HASH)
    monkeypatch.setattr("app.passwords.is_right", lambda kept, password: work.append("compare") and False)
    sign_up(client, cast.council, email="inconnue@essai.example")
    unknown, work[:] = list(work), []
    sign_up(client, cast.council, email=cast.alice.email)
    assert work == unknown == ["hash"]


def test_signing_up_again_before_confirming_counts_the_last_form(client, cast):
    user = make_unconfirmed(cast.country.mistral, created_at=utcnow() - timedelta(days=6), first_name="Fatu")
    former = confirmation_of(user)
    sign_up(client, cast.council)
    user = user_of()
    assert user.first_name == "Fatou" and user.council_id == cast.council.id
    assert is_right(user.password_hash, NEW_PASSWORD) and user.created_at > utcnow() - timedelta(minutes=1)
    assert "Fatou Diop</p>" in client.get(former).text.replace(" au conseil citoyen Croix Blanche.", "</p>")
    assert confirm(client, link_in(mails_to()[0])).status_code == 302


def test_pressing_twice_makes_one_account_one_mail_and_one_link(client, cast):
    with time_machine.travel(utcnow(), tick=False):
        sign_up(client, cast.council, by_sms="y", phone="0612345678")
        assert sign_up(client, cast.council, by_sms="y", phone="0612345678").status_code == 302
    assert len(db.session.scalars(select(User).where(User.email == "fatou@essai.example")).all()) == 1
    (mail,) = mails_to()
    assert confirm(client, link_in(mail)).status_code == 302


def test_a_password_that_is_corrected_at_once_is_the_one_that_counts(client, cast):
    with time_machine.travel(utcnow(), tick=False):
        sign_up(client, cast.council, password=NEW_PASSWORD[:-1])
        sign_up(client, cast.council)
    assert is_right(user_of().password_hash, NEW_PASSWORD)


def test_a_confirmation_is_asked_of_nobody_who_confirmed_or_vanished_meanwhile(client, cast):
    signups.ask_to_confirm(cast.dora)
    user = make_unconfirmed(cast.council)
    db.session.commit()
    assert user.name
    db.session.execute(db.delete(User).where(User.id == user.id).execution_options(synchronize_session=False))
    db.session.commit()
    signups.ask_to_confirm(user)
    assert not mails_to() and not mails_to(cast.dora.email)


# Confirming -------------------------------------------------------------------------------------------------------


def test_opening_the_link_changes_nothing_and_its_button_confirms(client, cast):
    sign_up(client, cast.council)
    link = link_in(mails_to()[0])
    page = client.get(link)
    assert "Croix Blanche" in page.text and "Fatou Diop" in page.text
    assert user_of().status == UserStatus.UNCONFIRMED
    done = client.get(send(client, page, password=NEW_PASSWORD).location)
    assert "Merci" in done.text and "48 heures" in done.text and 'href="/connexion"' in done.text
    assert user_of().status == UserStatus.PENDING and user_of().confirmed_at
    assert db.session.scalar(select(Activity).where(Activity.subject_id == user_of().id)), "the peers are asked"


def test_the_link_works_in_another_browser(app, client, cast):
    sign_up(client, cast.council)
    assert confirm(app.test_client(), link_in(mails_to()[0])).status_code == 302
    assert user_of().status == UserStatus.PENDING


def test_a_link_used_twice_says_so_and_starts_no_second_clock(client, cast):
    user = make_unconfirmed(cast.council)
    link = confirmation_of(user)
    page = client.get(link)
    send(client, page, password=PASSWORD)
    started = user_of().confirmed_at
    assert send(client, page, password=PASSWORD).status_code == 302
    assert user_of().confirmed_at == started
    assert len(db.session.scalars(select(Activity).where(Activity.subject_id == user.id)).all()) == 1
    assert "déjà confirmée" in client.get(link).text and not forms(client.get(link).text)


@pytest.mark.parametrize("status", [UserStatus.ACTIVE, UserStatus.REFUSED, UserStatus.SUSPENDED])
def test_a_link_used_after_the_decision_says_to_log_in(client, cast, status):
    user = make_unconfirmed(cast.council)
    link = confirmation_of(user)
    user.status = status
    db.session.commit()
    page = client.get(link)
    assert page.status_code == 200 and 'href="/connexion"' in page.text and not forms(page.text)


def test_a_link_serves_seven_days(client, cast):
    link = confirmation_of(make_unconfirmed(cast.council))
    with time_machine.travel(utcnow() + timedelta(days=7, minutes=1), tick=False):
        page = client.get(link)
    assert page.status_code == 410 and "Inscrivez-vous encore une fois" in page.text


@pytest.mark.parametrize("cut", ["", "x", "%00", "é" * 50, "a/b/c", "." * 3000])
def test_a_link_that_was_never_one_is_explained(client, cast, cut):
    page = client.get(f"/confirmation/{cut}")
    assert page.status_code == 404 and "Copiez le lien en entier" in page.text


def test_a_link_cut_in_two_is_explained_and_one_with_a_stop_behind_it_works(client, cast):
    link = confirmation_of(make_unconfirmed(cast.council))
    for length in (len(link) - 1, len(link) - 20, 20):
        assert client.get(link[:length]).status_code == 404
    assert client.get(link + ").").status_code == 200


def test_the_link_of_a_sign_up_that_is_gone_confirms_nobody_else(client, cast):
    """An id is never given again: what a link or the journal says of somebody is said of nobody else."""
    user = make_unconfirmed(cast.council)
    link, number = confirmation_of(user), user.id
    signups.erase(user)
    db.session.commit()
    assert make_user("Gaston Roy", cast.council, status=UserStatus.UNCONFIRMED).id > number
    db.session.commit()
    assert client.get(link).status_code == 410


OTHERS = "un hamster vert sur un fil"


def test_whoever_signs_up_with_anothers_address_gets_no_account_with_their_own_password(app, client, cast):
    """The owner of the mailbox signs up; before she confirms, somebody else does, with all that she wrote."""
    sign_up(client, cast.council)
    with time_machine.travel(utcnow() + timedelta(minutes=11), tick=False):
        sign_up(app.test_client(), cast.council, password=OTHERS)
        older, newer = map(link_in, mails_to())
        for link in (older, newer):
            page = confirm(client, link)
            assert page.status_code == 422 and "Ce n’est pas le mot de passe de cette inscription" in page.text
            assert user_of().status == UserStatus.UNCONFIRMED
        assert send(client, page, password=NEW_PASSWORD, takes="y").status_code == 302
    assert user_of().status == UserStatus.PENDING
    assert is_right(user_of().password_hash, NEW_PASSWORD) and not is_right(user_of().password_hash, OTHERS)


def test_a_form_that_comes_while_the_button_is_pressed_does_not_choose_the_password(client, cast, monkeypatch):
    sign_up(client, cast.council)
    number = user_of().id

    def begin_write():
        db.session.execute(db.update(User).where(User.id == number).values(password_hash=PASSWORD_HASH))
        db.session.commit()

    monkeypatch.setattr("app.blueprints.account.signups.begin_write", begin_write)
    confirm(client, link_in(mails_to()[0]))
    assert user_of().status == UserStatus.PENDING and is_right(user_of().password_hash, NEW_PASSWORD)


def test_a_password_that_was_forgotten_before_the_confirmation_is_chosen_anew_there(client, cast):
    sign_up(client, cast.council)
    link = link_in(mails_to()[0])
    assert "Je ne le retrouve pas" not in client.get(link).text, "one thing at a time"
    page = confirm(client, link, password=OTHERS)
    assert "Je ne le retrouve pas" in page.text and "<title>Erreur : " in page.text and OTHERS not in page.text
    page = send(client, page, password="fatou.diop.2026", takes="y")  # noqa: S106
    assert page.status_code == 422 and "ressemble" in page.text and user_of().status == UserStatus.UNCONFIRMED
    assert send(client, page, password=OTHERS, takes="y").status_code == 302
    assert is_right(user_of().password_hash, OTHERS)


@pytest.mark.parametrize("text", ["", *HORRORS.values()])
def test_whatever_is_typed_as_the_password_of_a_confirmation_is_refused(client, cast, monkeypatch, text):
    monkeypatch.setattr("app.passwords.is_right", lambda kept, password: False)
    page = confirm(client, confirmation_of(make_unconfirmed(cast.council)), text)
    assert page.status_code == 422 and 'href="#password"' in page.text


def test_the_password_of_a_sign_up_cannot_be_guessed_for_ever(client, cast, monkeypatch):
    monkeypatch.setattr("app.passwords.is_right", lambda kept, password: False)
    link = confirmation_of(make_unconfirmed(cast.council))
    answers = [confirm(client, link).status_code for _ in range(limits.LOGIN_PAIR.most + 1)]
    assert answers == [422] * limits.LOGIN_PAIR.most + [429]


def test_a_link_of_another_purpose_confirms_nothing(client, cast):
    user = make_unconfirmed(cast.council)
    db.session.commit()
    assert client.get(f"/confirmation/{sign('kept', [user.id, 0])}").status_code == 404
    assert client.get(f"/confirmation/{sign('confirm', [user.id, 0])}").status_code == 404


def test_somebody_unconfirmed_who_logs_in_gets_the_link_again_but_not_each_time(client, cast):
    make_unconfirmed(cast.council)
    db.session.commit()
    with time_machine.travel(utcnow(), tick=False):
        for _ in range(3):
            page = submit(client, "/connexion", email="fatou@essai.example", password=PASSWORD)
        at = moment(utcnow())
        with time_machine.travel(utcnow() + timedelta(seconds=1), tick=False):
            page = submit(client, "/connexion", email="fatou@essai.example", password=PASSWORD)
    assert "pas encore confirmée" in page.text and len(mails_to()) == 1
    assert f"Un courriel est parti le {at}" in page.text and "vient de partir" not in page.text
    assert client.get(link_in(mails_to()[0])).status_code == 200


# While it waits ---------------------------------------------------------------------------------------------------


def test_a_pending_person_sees_who_holds_the_request_and_since_when(client_as, cast):
    cast.dora.confirmed_at = utcnow() - timedelta(hours=17, minutes=30)
    page = client_as(cast.dora).get("/mon-inscription").text
    assert "2 personnes" in page and "il reste 31" in page and "rue des Lilas" in page
    assert "Alice" not in page and "Renée" not in page


def test_an_escalated_request_names_the_referent_of_the_place(client_as, cast):
    cast.dora.confirmed_at = cast.dora.escalated_at = utcnow() - timedelta(hours=51)
    cast.referent.public_contact = "renee@ressources.example"
    page = client_as(cast.dora).get("/mon-inscription").text
    assert "Renée Moreau" in page and "Centre de ressources de l’Ain" in page and "renee@ressources.example" in page
    assert "Yves Girard" not in page and "Dépassé il y a 3" in page


def test_a_request_can_be_corrected(client_as, cast):
    browser = client_as(cast.dora)
    answer = submit(browser, "/mon-inscription", first_name="Dorothée", phone="06 12 34 56 78", college="local")
    assert answer.location == "/mon-inscription"
    dora = user_of(cast.dora.email)
    assert (dora.first_name, dora.phone, dora.college) == ("Dorothée", "+33612345678", College.LOCAL)
    assert (
        dora.words == "J’habite rue des Lilas." and "corrections sont enregistrées" in browser.get(answer.location).text
    )


def test_another_number_has_to_be_confirmed_again(client_as, cast):
    cast.dora.phone, cast.dora.phone_confirmed_at = "+33612345678", utcnow()
    browser = client_as(cast.dora)
    submit(browser, "/mon-inscription", words="Autres mots")
    assert user_of(cast.dora.email).phone_confirmed_at
    submit(browser, "/mon-inscription", phone="0698765432")
    assert user_of(cast.dora.email).phone_confirmed_at is None


@pytest.mark.parametrize("field", ["first_name", "last_name", "college", "words", "phone"])
def test_a_correction_takes_or_refuses_whatever_is_typed(client_as, cast, field):
    browser, former = client_as(cast.dora), getattr(cast.dora, field)
    for text in HORRORS.values():
        answer = submit(browser, "/mon-inscription", **{field: text})
        assert answer.status_code in (302, 422) and "<script>alert" not in answer.text
        if answer.status_code == 422:
            assert "<title>Erreur : " in answer.text and f'href="#{field}"' in answer.text
            assert getattr(user_of(cast.dora.email), field) == former
        former = getattr(user_of(cast.dora.email), field)


def test_a_request_that_is_withdrawn_is_erased_with_all_that_belongs_to_it(client_as, cast):
    browser, number, email = client_as(cast.dora), cast.dora.id, cast.dora.email
    db.session.add(Vouch(candidate_id=number, peer_id=cast.alice.id, answer=VouchAnswer.UNKNOWN))
    outbox.post_account(cast.dora, Message("Un mot", ("Pour vous.",)), "a word")
    db.session.commit()
    assert "ne peut pas être annulé" in browser.get("/mon-inscription/retrait").text and user_of(email)
    page = browser.get(submit(browser, "/mon-inscription/retrait").location)
    assert "vos données sont effacées" in page.text and "Se déconnecter" not in page.text
    assert user_of(email) is None and not mails_to(email)
    assert not db.session.scalars(select(Vouch).where(Vouch.candidate_id == number)).all()


@pytest.mark.parametrize("path", ["/mon-inscription", "/mon-inscription/retrait"])
def test_somebody_validated_meanwhile_is_taken_home_and_nothing_is_lost(client_as, cast, path):
    browser = client_as(cast.dora)
    page = browser.get(path)
    accounts.by_email(cast.dora.email).status = UserStatus.ACTIVE
    db.session.commit()
    assert send(browser, page).status_code == 302
    assert browser.get("/mon-inscription").location == "/mon-conseil"
    assert user_of(cast.dora.email).status == UserStatus.ACTIVE


@pytest.mark.parametrize("act", ["/mon-inscription", "/mon-inscription/retrait"])
def test_of_two_at_once_the_decision_of_the_peers_stands(client_as, cast, monkeypatch, act):
    """Bruno validates between the moment when Dora's own act is checked and the moment when it is written."""
    number = cast.dora.id

    def begin_write():
        db.session.execute(db.update(User).where(User.id == number).values(status=UserStatus.ACTIVE))
        db.session.commit()

    monkeypatch.setattr("app.blueprints.account.signups.begin_write", begin_write)
    submit(client_as(cast.dora), act, **({"first_name": "Autre"} if act == "/mon-inscription" else {}))
    dora = user_of(cast.dora.email)
    assert dora and dora.first_name == "Dora" and dora.status == UserStatus.ACTIVE


def test_a_visitor_is_asked_to_log_in(client, cast):
    assert client.get("/mon-inscription").location.startswith("/connexion?suite=/mon-inscription")


# Why an account does not open; what is forgotten --------------------------------------------------------------------


def test_a_refused_person_is_told_the_reason_and_whom_to_ask(client, cast):
    cast.dora.status, cast.dora.why = UserStatus.REFUSED, "Vous n’êtes pas du quartier"
    db.session.commit()
    page = submit(client, "/connexion", email=cast.dora.email, password=PASSWORD).text
    assert "refusée" in page and "Vous n’êtes pas du quartier" in page and "Renée Moreau" in page
    assert "Yves Girard" not in page


def test_a_suspended_person_is_told_the_reason(client, cast):
    cast.bruno.status, cast.bruno.why = UserStatus.SUSPENDED, "Propos insultants"
    db.session.commit()
    page = submit(client, "/connexion", email=cast.bruno.email, password=PASSWORD).text
    assert "suspendu" in page and "Propos insultants" in page and "@" in page


def test_sign_ups_that_nobody_confirms_are_forgotten_after_seven_days(client, cast):
    user = make_unconfirmed(cast.council, created_at=utcnow() - timedelta(days=6, hours=23))
    db.session.commit()
    tend_accounts()
    assert user_of() is not None
    user.created_at -= timedelta(hours=1)
    db.session.commit()
    tend_accounts()
    assert user_of() is None
    assert user_of(cast.dora.email), "one that is confirmed stays"
