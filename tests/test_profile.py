"""« Modifier mon profil »: what the others read, what the site sends, and where to."""

import io
import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from PIL import Image
from sqlalchemy import func, select

from app import storage
from app.extensions import db
from app.labels import AlertTopic, Channel, DeliveryState, Priority, Rhythm, UserStatus
from app.models import Address, Delivery, OptOut, PhoneCode, StoredFile, User
from app.models.types import utcnow
from app.notifications import outbox, texting
from app.services import alerts, closing
from tests.browse import forms, send, submit
from tests.factories import PASSWORD, make_user

PAGE = "/mon-profil"
NEW, WRONG = "une girafe mange des tartines", "ce n’est pas le bon"
NUMBER, SHOWN = "+33612345678", "06 12 34 56 78"


def kept(user) -> User:
    return db.session.get(User, user.id, populate_existing=True)


def photo(colour="red", side=400):
    output = io.BytesIO()
    Image.new("RGB", (side, side), colour).save(output, "PNG")
    return output.getvalue()


def send_photo(client, content, name="moi.png", **fields):
    """Choose a file on the page of the profile, as a browser does, and press the button."""
    form = forms(client.get(PAGE).text)[0]
    data = form.fields.to_dict(flat=False) | {"photo": (io.BytesIO(content), name)} | fields
    return client.post(PAGE, data=data, content_type="multipart/form-data")


def deliveries(channel="mail", **columns):
    query = select(Delivery).filter_by(channel=channel, **columns).order_by(Delivery.id)
    return list(db.session.scalars(query))


def link_to(address):
    return re.sub(r"^https?://[^/]+", "", deliveries(recipient=address)[-1].content["link"][1])


def confirm_phone(user):
    user.phone, user.phone_confirmed_at = NUMBER, utcnow()
    db.session.commit()


# What the others read ---------------------------------------------------------------------------------------------


def test_a_profile_is_shown_and_kept_as_one_page(client_as, cast):
    browser = client_as(cast.alice)
    answer = submit(
        browser, PAGE, first_name=" Alice ", last_name="Martin-Dupré",
        presentation="Habitante depuis 1998.\r\n\r\nJardin partagé.", letter="y",
    )  # fmt: skip
    assert answer.location == PAGE
    page = browser.get(PAGE).text
    assert "Votre profil est enregistré." in page and 'value="Martin-Dupré"' in page
    assert kept(cast.alice).presentation == "Habitante depuis 1998.\n\nJardin partagé."
    assert kept(cast.alice).letter_since is not None


def test_a_page_that_is_sent_as_it_came_changes_nothing(client_as, cast):
    def state():
        user = kept(cast.alice)
        return user.name, user.presentation, user.letter_since, user.alerts_paused_at, alerts.choices_of(user)

    cast.alice.letter_since = utcnow() - timedelta(days=9)
    confirm_phone(cast.alice)
    alerts.set_choices(cast.alice, {AlertTopic.EVENT: (Rhythm.WEEKLY, True)})
    db.session.commit()
    before = state()
    assert submit(client_as(cast.alice), PAGE).status_code == 302
    assert state() == before


@pytest.mark.parametrize(
    ("fields", "words"),
    [({"first_name": ""}, "Écrivez votre prénom."), ({"last_name": " \0\u202e\t"}, "Écrivez votre nom."),
     ({"first_name": "a" * 10_000}, "80 caractères au plus"), ({"presentation": "é" * 1001}, "1000 caractères"),
     ({"document": "souvent"}, "À corriger")],
)  # fmt: skip
def test_what_will_not_do_comes_back_with_a_sentence_and_nothing_is_lost(client_as, cast, fields, words):
    answer = submit(client_as(cast.alice), PAGE, **{"presentation": "Mes mots.", "letter": "y"} | fields)
    assert answer.status_code == 422
    assert words in answer.text and "<title>Erreur : " in answer.text
    if "presentation" not in fields:
        assert "Mes mots.</textarea>" in answer.text
    assert kept(cast.alice).presentation == ""


def test_strange_signs_are_kept_out_or_kept_as_they_are(client_as, cast):
    submit(client_as(cast.alice), PAGE, first_name="Zoé\r\nAnne\0", presentation="🌻 un\0\n\n\n\n\ndeux\u202e")
    assert kept(cast.alice).first_name == "Zoé Anne"
    assert kept(cast.alice).presentation == "🌻 un\n\ndeux"


@pytest.mark.parametrize(
    "name", ["Gagnez www.casino.example", "a@b.fr", "Zoé\r\nBcc: x@y.fr", "<script>alert(1)</script>"]
)
def test_a_name_is_the_same_as_in_a_sign_up(client_as, cast, name):
    answer = submit(client_as(cast.alice), PAGE, first_name=name, last_name=name)
    assert answer.status_code == 422 and "<script" not in answer.text
    assert "seulement votre prénom, en lettres" in answer.text and "seulement votre nom, en lettres" in answer.text
    assert kept(cast.alice).name == "Alice Martin"


# The photo --------------------------------------------------------------------------------------------------------


def test_a_photo_is_cut_to_a_square_and_shown_to_members_alone(client, client_as, cast):
    browser = client_as(cast.alice)
    assert send_photo(browser, photo(side=900)).status_code == 302
    file = kept(cast.alice).photo
    assert (file.width, file.height, file.media_type) == (320, 320, "image/webp")
    address = f"/fichiers/{file.id}/portrait.webp"
    assert address in browser.get(PAGE).text
    assert client_as(cast.emile).get(address).data[8:12] == b"WEBP"
    assert client.get(address).status_code == 404


def test_a_new_photo_takes_the_place_of_the_former_one(client_as, cast):
    browser = client_as(cast.alice)
    send_photo(browser, photo("red"))
    former = kept(cast.alice).photo.digest
    send_photo(browser, photo("blue"))
    assert db.session.scalar(select(func.count()).select_from(StoredFile)) == 1
    assert not storage.path(former).exists()
    assert storage.path(kept(cast.alice).photo.digest).exists()


def test_the_same_picture_of_two_people_outlives_the_one_who_removes_it(client_as, cast):
    alice, bruno = client_as(cast.alice), client_as(cast.bruno)
    send_photo(alice, photo("green"))
    send_photo(bruno, photo("green"))
    assert submit(alice, PAGE, no_photo="y").status_code == 302
    assert kept(cast.alice).photo is None
    assert bruno.get(f"/fichiers/{kept(cast.bruno).photo_id}/portrait.webp").status_code == 200


def test_the_same_photo_sent_twice_stays(client_as, cast):
    browser = client_as(cast.alice)
    for _ in range(2):
        send_photo(browser, photo("olive"))
    assert storage.path(kept(cast.alice).photo.digest).exists()


@pytest.mark.parametrize(
    "name", ["moi.png", "../../etc/passwd", "a\0.png", "x" * 300 + ".png", "é\u202egnp.exe", "<b>.png"]
)
def test_a_file_that_is_no_photo_is_refused_whatever_its_name(client_as, cast, name):
    answer = send_photo(client_as(cast.alice), b"<script>alert(1)</script>", name, presentation="Gardé.")
    assert answer.status_code == 422
    assert "n’est pas une photo" in answer.text and "Gardé.</textarea>" in answer.text
    assert kept(cast.alice).photo_id is None and kept(cast.alice).presentation == ""


def test_a_good_photo_beside_a_bad_field_is_asked_for_again(client_as, cast):
    answer = send_photo(client_as(cast.alice), photo(), first_name="")
    assert answer.status_code == 422
    assert "Choisissez votre photo encore une fois" in answer.text


# What the site sends ----------------------------------------------------------------------------------------------


def test_without_a_choice_there_are_sane_ones_and_no_sms(client_as, cast):
    choices = alerts.choices_of(cast.alice)
    assert choices[AlertTopic.DOCUMENT].rhythm == Rhythm.DAILY
    assert choices[AlertTopic.EVENT].rhythm == Rhythm.NOW
    assert not any(choice.by_sms for choice in choices.values())


def test_each_topic_has_its_own_rhythm(client_as, cast):
    confirm_phone(cast.alice)
    submit(
        client_as(cast.alice), PAGE, document="weekly", action="never", event="daily", event_sms="y", forum="never",
        reminder=None, reminder_sms="y",
    )  # fmt: skip
    assert alerts.choices_of(cast.alice) == {
        AlertTopic.DOCUMENT: (Rhythm.WEEKLY, False),
        AlertTopic.ACTION: (Rhythm.NEVER, False),
        AlertTopic.EVENT: (Rhythm.DAILY, True),
        AlertTopic.FORUM: (Rhythm.NEVER, False),
        AlertTopic.REMINDER: (Rhythm.NEVER, True),
    }


def test_sms_are_offered_once_the_number_is_confirmed_and_a_wish_waits_until_then(client_as, cast):
    alerts.set_choices(cast.alice, {AlertTopic.EVENT: (Rhythm.NOW, True)})
    cast.alice.phone = NUMBER
    db.session.commit()
    browser = client_as(cast.alice)
    page = browser.get(PAGE).text
    assert "une fois votre numéro confirmé" in page and 'name="event_sms"' not in page
    submit(browser, PAGE, action_sms="y")
    choices = alerts.choices_of(cast.alice)
    assert choices[AlertTopic.EVENT].by_sms and not choices[AlertTopic.ACTION].by_sms


def test_somebody_without_a_council_is_not_asked_about_one(client_as, cast):
    browser = client_as(cast.referent)
    page = browser.get(PAGE).text
    assert "dans mon conseil" not in page and "dans le forum" in page
    assert submit(browser, PAGE, forum="daily").status_code == 302
    assert alerts.choices_of(cast.referent)[AlertTopic.FORUM].rhythm == Rhythm.DAILY


def test_all_alerts_can_rest_and_the_page_says_since_when(client_as, cast):
    browser = client_as(cast.alice)
    submit(browser, PAGE, pause="y")
    since = kept(cast.alice).alerts_paused_at
    assert since and "en pause depuis le" in browser.get(PAGE).text
    submit(browser, PAGE)
    assert kept(cast.alice).alerts_paused_at == since
    submit(browser, PAGE, pause=None)
    assert kept(cast.alice).alerts_paused_at is None


def test_what_was_stopped_by_a_link_is_shown_and_can_come_again(client_as, cast):
    confirm_phone(cast.alice)
    outbox.stop(Channel.MAIL, "alice@essai.example", "alert")
    outbox.stop(Channel.SMS, NUMBER, outbox.ALL)
    outbox.stop(Channel.MAIL, "bruno@essai.example", "letter")
    db.session.commit()
    browser = client_as(cast.alice)
    page = browser.get(PAGE).text
    assert "les alertes, par courriel" in page and "tous les messages, sauf pour votre compte, par SMS" in page
    submit(browser, PAGE, "Les recevoir de nouveau")
    assert list(db.session.scalars(select(OptOut.address))) == ["bruno@essai.example"]
    assert "Ce que vous avez arrêté" not in browser.get(PAGE).text


def test_what_another_one_stopped_at_a_number_typed_here_is_neither_shown_nor_lifted(client_as, cast):
    cast.alice.phone = NUMBER
    outbox.stop(Channel.SMS, NUMBER, outbox.ALL)
    outbox.stop(Channel.MAIL, "alice@essai.example", "alert")
    db.session.commit()
    browser = client_as(cast.alice)
    assert "par SMS" not in browser.get(PAGE).text.partition("Ce que vous avez arrêté")[2].partition("</ul>")[0]
    submit(browser, PAGE, "Les recevoir de nouveau")
    assert list(db.session.scalars(select(OptOut.channel))) == [Channel.SMS]


# The mail address -------------------------------------------------------------------------------------------------


def ask(client, email, password=PASSWORD):
    return submit(client, "/mon-profil/adresse", email=email, password=password)


def test_a_new_address_is_confirmed_by_a_link_even_in_another_browser(client, client_as, cast):
    assert ask(client_as(cast.alice), "Alice.Neuve@essai.example ").location == "/mon-profil/adresse/envoye"
    assert "Changement d’adresse demandé" in deliveries(recipient="alice@essai.example")[0].subject
    link = link_to("alice.neuve@essai.example")
    assert kept(cast.alice).email == "alice@essai.example"
    assert "alice.neuve@essai.example" in client.get(link).text
    assert kept(cast.alice).email == "alice@essai.example"  # a mail program that opens the link changes nothing
    assert submit(client, link).status_code == 302
    assert kept(cast.alice).email == "alice.neuve@essai.example"
    told = deliveries(recipient="alice@essai.example")[-1]
    assert told.subject == "Votre adresse a été changée" and "alice.neuve@" in told.content["paragraphs"][1]


def test_a_link_followed_twice_still_says_whose_address_it_is(client, client_as, cast):
    ask(client_as(cast.alice), "neuve@essai.example")
    link = link_to("neuve@essai.example")
    page = client.get(link)
    for _ in range(2):
        assert send(client, page).status_code == 302
    again = client.get(link)
    assert "Cette adresse est déjà celle de votre compte" in again.text and not forms(again.text)
    assert len(deliveries(subject="Votre adresse a été changée")) == 1


def test_nothing_that_was_sent_to_the_former_address_outlives_the_account(client, client_as, cast):
    ask(client_as(cast.alice), "neuve@essai.example")
    link = link_to("neuve@essai.example")
    db.session.execute(db.update(Delivery).values(state=DeliveryState.SENT))
    db.session.commit()
    submit(client, link)
    (told,) = deliveries(recipient="alice@essai.example")
    assert told.subject == "Votre adresse a été changée" and told.priority == Priority.ACCOUNT
    told.state = DeliveryState.SENT
    closing.forget_goodbyes()
    db.session.commit()
    assert deliveries(recipient="alice@essai.example") == [] and deliveries(recipient="neuve@essai.example")


def test_a_link_that_is_old_cut_or_overtaken_says_what_to_do(client, client_as, cast):
    browser = client_as(cast.alice)
    ask(browser, "neuve@essai.example")
    link = link_to("neuve@essai.example")
    with time_machine.travel(utcnow() + timedelta(hours=25), tick=False):
        assert client.get(link).status_code == 410
    cut = client.get(link[:-4])
    assert cut.status_code == 404 and "Ce lien est incomplet" in cut.text
    submit(browser, "/mon-profil/mot-de-passe", password=PASSWORD, new_password=NEW)
    answer = client.get(link)
    assert answer.status_code == 410 and "/mon-profil/adresse" in answer.text


def test_an_address_that_has_an_account_shows_the_same_page_and_its_owner_is_told(client_as, cast):
    browser = client_as(cast.alice)
    known, unknown = ask(browser, "bruno@essai.example"), ask(browser, "neuve@essai.example")
    assert (known.status_code, known.location) == (unknown.status_code, unknown.location)
    assert [row.subject for row in deliveries(recipient="bruno@essai.example")] == ["Votre adresse a déjà un compte"]
    assert len(deliveries(recipient="alice@essai.example")) == 2


def test_two_people_after_one_address_the_second_is_told(client, client_as, cast):
    links = []
    for person in (cast.alice, cast.bruno):
        ask(client_as(person), "partagee@essai.example")
        links.append(link_to("partagee@essai.example"))
    pages = [client.get(link) for link in links]
    assert [page.status_code for page in pages] == [200, 200]
    assert submit(client, links[0]).status_code == 302
    second = submit(client, links[1])
    assert second.status_code == 410
    assert "déjà un compte" in second.text and kept(cast.bruno).email == "bruno@essai.example"


def test_a_sign_up_that_never_confirmed_an_address_yields_to_its_owner(client, client_as, cast):
    squatter = make_user("Fanny Fausse", cast.council, status=UserStatus.UNCONFIRMED)
    ask(client_as(cast.alice), squatter.email)
    submit(client, link_to("fanny@essai.example"))
    assert kept(cast.alice).email == "fanny@essai.example"


def test_a_sign_up_that_is_confirmed_at_that_very_moment_keeps_its_address(client, client_as, cast, monkeypatch):
    fanny = make_user("Fanny Faure", cast.council, status=UserStatus.UNCONFIRMED)
    ask(client_as(cast.alice), fanny.email)
    page_address, number = link_to("fanny@essai.example"), fanny.id

    def begin_write():
        db.session.commit()
        assert db.session.get(User, number).status == UserStatus.UNCONFIRMED
        confirmed = db.update(User).where(User.id == number).values(status=UserStatus.PENDING)
        db.session.execute(confirmed.execution_options(synchronize_session=False))

    monkeypatch.setattr("app.blueprints.account.profile.begin_write", begin_write)
    answer = submit(client, page_address)
    assert answer.status_code == 410 and "déjà un compte" in answer.text
    assert db.session.scalar(select(User.id).where(User.email == "fanny@essai.example")) == number


def test_the_password_proves_who_asks_for_another_address(client_as, cast):
    answer = ask(client_as(cast.alice), "neuve@essai.example", WRONG)
    assert answer.status_code == 422 and "neuve@essai.example" in answer.text
    assert deliveries() == []


@pytest.mark.parametrize(
    "email", ["", "alice", "Alice@essai.example", "a\r\nBcc: b@c.fr", "x" * 10_000, "alice\u202e neuve@a.fr"]
)
def test_an_address_that_will_not_do_is_refused(client_as, cast, email):
    assert ask(client_as(cast.alice), email).status_code == 422
    assert deliveries() == []


def test_changes_of_address_have_a_limit(client_as, cast):
    browser = client_as(cast.alice)
    assert [ask(browser, f"n{number}@essai.example").status_code for number in range(6)] == [302] * 5 + [429]


def switch_off(address, channel=Channel.MAIL):
    row = {"channel": channel, "address": address, "refusals": outbox.REFUSALS, "off_since": utcnow()}
    db.session.add(Address(reason="550 boîte pleine", **row))
    db.session.commit()


def test_who_no_longer_gets_mail_is_told_at_login_and_shown_why(client, client_as, cast):
    switch_off("alice@essai.example")
    submit(client, "/connexion", email="alice@essai.example", password=PASSWORD)
    assert "Le site ne vous écrit plus" in client.get("/mon-conseil").text
    assert "550 boîte pleine" in client.get(PAGE).text


def test_an_address_that_works_again_is_proved_by_a_link(client, client_as, cast):
    switch_off("alice@essai.example")
    browser = client_as(cast.alice)
    assert submit(browser, PAGE, "Confirmer cette adresse").location == PAGE
    mail = deliveries(recipient="alice@essai.example")[0]
    assert outbox.objection(mail) == ""  # this one may leave
    submit(client, link_to("alice@essai.example"))
    assert db.session.scalar(select(Address.refusals)) == 0
    assert "Le site ne vous écrit plus" not in browser.get(PAGE).text


def test_an_address_that_refuses_again_is_off_again(client_as, cast):
    switch_off("alice@essai.example")
    submit(client_as(cast.alice), PAGE, "Confirmer cette adresse")
    mail = deliveries(recipient="alice@essai.example")[0]
    mail.state, mail.owner = "claimed", "me"
    db.session.commit()
    outbox.fail(mail, "me", "550 encore")
    assert outbox.why_off(Channel.MAIL, "alice@essai.example") == "550 encore"


# The telephone ----------------------------------------------------------------------------------------------------


def ask_code(client, phone=SHOWN):
    return submit(client, "/mon-profil/telephone", phone=phone)


def type_code(client, code):
    return submit(client, "/mon-profil/telephone/code", code=code)


def last_code():
    return re.search(r"\d{6}", deliveries("sms")[-1].content["short"])[0]


def wrong_code():
    return f"{(int(last_code()) + 1) % 10**6:06}"


def test_a_number_is_confirmed_by_the_code_that_it_receives(client_as, cast):
    outbox.stop(Channel.SMS, NUMBER, outbox.ALL)
    switch_off(NUMBER, Channel.SMS)
    browser = client_as(cast.alice)
    assert ask_code(browser).location == "/mon-profil/telephone/code"
    sms = deliveries("sms")[0]
    assert (sms.recipient, sms.council_id, sms.priority) == (NUMBER, cast.council.id, 0)
    assert kept(cast.alice).phone == NUMBER and "à confirmer" in browser.get(PAGE).text
    code = last_code()
    assert code not in sms.subject and code not in db.session.scalar(select(PhoneCode.digest))
    assert type_code(browser, f" {code[:3]} {code[3:]} ").status_code == 302
    assert kept(cast.alice).phone_confirmed_at is not None
    assert "confirmé" in browser.get(PAGE).text and 'name="event_sms"' in browser.get(PAGE).text
    assert db.session.scalar(select(OptOut)) is None and outbox.why_off(Channel.SMS, NUMBER) is None


def test_five_wrong_codes_and_the_right_one_no_longer_serves(client_as, cast):
    browser = client_as(cast.alice)
    ask_code(browser)
    assert "Ce n’est pas le code" in type_code(browser, wrong_code()).text
    for _ in range(3):
        type_code(browser, wrong_code())
    last = type_code(browser, wrong_code())
    assert last.status_code == 422 and "Demandez-en un autre" in last.text
    page = browser.get("/mon-profil/telephone/code")
    assert "Aucun code n’est attendu" in page.text
    code = last_code()
    token = forms(browser.get("/mon-profil/telephone").text)[0].fields["csrf_token"]
    assert browser.post("/mon-profil/telephone/code", data={"csrf_token": token, "code": code}).status_code == 422
    assert kept(cast.alice).phone_confirmed_at is None


def test_a_code_lives_ten_minutes_and_the_next_one_replaces_it(client_as, cast):
    browser = client_as(cast.alice)
    ask_code(browser)
    first = last_code()
    ask_code(browser)
    if first != last_code():
        assert type_code(browser, first).status_code == 422
    page = browser.get("/mon-profil/telephone/code")
    token = forms(page.text)[0].fields["csrf_token"]
    with time_machine.travel(utcnow() + timedelta(minutes=11), tick=False):
        answer = browser.post("/mon-profil/telephone/code", data={"csrf_token": token, "code": last_code()})
    assert answer.status_code == 422 and "Demandez-en un autre" in answer.text


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "１２３４５６", "12\0456", "1" * 10_000, "-1e999"])
def test_what_is_no_code_is_refused_and_not_counted(client_as, cast, code):
    browser = client_as(cast.alice)
    ask_code(browser)
    assert type_code(browser, code).status_code == 422
    assert db.session.scalar(select(PhoneCode.tries)) == 0


@pytest.mark.parametrize(
    "phone", ["", "01 23 45 67 89", "06 12", "bonjour", "+49 151 23456789", "6" * 10_000, "06\0\u202e"]
)
def test_what_is_no_mobile_number_is_refused(client_as, cast, phone):
    assert ask_code(client_as(cast.alice), phone).status_code == 422
    assert deliveries("sms") == []


def test_codes_have_a_limit_for_an_account_and_for_a_number(client_as, cast):
    alice, bruno = client_as(cast.alice), client_as(cast.bruno)
    assert [ask_code(alice).status_code for _ in range(6)] == [302] * 5 + [429]
    assert ask_code(bruno).status_code == 429
    assert ask_code(bruno, "06 12 34 56 79").status_code == 302


def test_a_family_may_share_a_number(client_as, cast):
    confirm_phone(cast.bruno)
    browser = client_as(cast.alice)
    ask_code(browser)
    type_code(browser, last_code())
    assert kept(cast.alice).phone == kept(cast.bruno).phone == NUMBER


def test_the_confirmed_number_serves_until_the_next_one_is_confirmed(client_as, cast):
    confirm_phone(cast.alice)
    browser = client_as(cast.alice)
    ask_code(browser, "06 12 34 56 79")
    assert kept(cast.alice).phone == NUMBER
    type_code(browser, last_code())
    assert kept(cast.alice).phone == "+33612345679"


def test_a_number_is_removed_and_nothing_comes_by_sms_any_more(client_as, cast):
    confirm_phone(cast.alice)
    alerts.set_choices(cast.alice, {AlertTopic.EVENT: (Rhythm.NOW, True)})
    db.session.commit()
    submit(client_as(cast.alice), "/mon-profil/telephone", "Retirer mon numéro")
    assert kept(cast.alice).phone is None and kept(cast.alice).phone_confirmed_at is None
    assert not alerts.choices_of(cast.alice)[AlertTopic.EVENT].by_sms


def test_a_code_leaves_at_night_too(client_as, cast):
    ask_code(client_as(cast.alice))
    sms = deliveries("sms")[0]
    with time_machine.travel(datetime(2026, 11, 18, 23, 0, tzinfo=UTC), tick=False):
        assert texting.admit(sms) == ""
        sms.kind = "alert"
        assert isinstance(texting.admit(sms), texting.Later)


def test_a_short_number_is_read_where_the_council_is(client_as, cast):
    cast.country.ain.code = "988"
    db.session.commit()
    ask_code(client_as(cast.alice), "75 12 34")
    assert [row.recipient for row in deliveries("sms")] == ["+687751234"]


def test_someone_suspended_meanwhile_changes_nothing(client_as, cast):
    browser = client_as(cast.alice)
    form = forms(browser.get(PAGE).text)[0]
    cast.alice.status = UserStatus.SUSPENDED
    db.session.commit()
    answer = browser.post(PAGE, data=form.fields.to_dict() | {"first_name": "Zoé"})
    assert answer.status_code == 403
    assert kept(cast.alice).first_name == "Alice"
