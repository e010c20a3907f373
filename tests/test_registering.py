"""Registering for an event: in one click, by a link, by a code; and the page of a registration."""

import re
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
import time_machine
from sqlalchemy import func, select, update

from app.blueprints.publications import registering
from app.extensions import begin_write, db
from app.jobs.registrations import forget_registrations
from app.labels import Channel, Question, RegistrationStatus, UserStatus, Visibility
from app.models import Delivery, Document, Event, Registration, TerritoryKind
from app.models.stamp import PAGES, read_stamp
from app.models.types import utcnow
from app.notifications import gsm, texting
from app.notifications.registrations import address_of, token_of
from app.services import bin, closing, exporting, limits, registrations, seats
from app.services.registrations import Closed
from app.signing import BadToken, read_short, short, sign
from tests.browse import forms, send, submit
from tests.factories import make_publication, make_territory, make_user, make_workshop

CONFIRMED, WAITING = RegistrationStatus.CONFIRMED, RegistrationStatus.WAITING
UNCONFIRMED, CANCELLED = RegistrationStatus.UNCONFIRMED, RegistrationStatus.CANCELLED


def page_of(event, view=""):
    return f"/evenements/{event.id}-{event.slug}{view}"


def everyone(event=None):
    db.session.expire_all()
    return db.session.scalars(select(Registration).order_by(Registration.id)).all()


def mails(to=None):
    rows = select(Delivery).order_by(Delivery.id)
    return list(db.session.scalars(rows.filter_by(recipient=to) if to else rows))


def own_page(registration):
    """Return the path of the page of a registration."""
    return urlsplit(address_of(registration)).path


def write_down(event, name="Zoé Faure", email="zoe@ex.fr", **columns):
    """Register somebody without an account, as if the link was pressed."""
    made = registrations.register(event, name=name, email=email, **columns)
    db.session.commit()
    return made


def fill(client, event, button="M’inscrire", **fields):
    known = {"name": "Zoé Faure", "email": "zoe@ex.fr", "stamp": sign("form", utcnow().timestamp() - 60)}
    return submit(client, page_of(event, "/inscription"), button, **known | fields)


# With an account --------------------------------------------------------------------------------------------------


def test_one_click_registers_a_member_and_another_cancels(cast, bruno):
    event = make_workshop(cast.alice, seats=2)
    page = bruno.get(page_of(event)).text
    assert "Il reste 2 places sur 2" in page
    answer = submit(bruno, page_of(event), "M’inscrire")
    assert answer.location == page_of(event) + "#inscription"
    (one,) = everyone()
    assert (one.user, one.status, one.name, one.email) == (cast.bruno, CONFIRMED, "Bruno Petit", "")
    assert "Votre inscription est confirmée" in bruno.get(page_of(event)).text
    (mail,) = mails()
    assert (mail.recipient, mail.kind, mail.publication_id) == (cast.bruno.email, "registration", event.id)
    assert "Inscription confirmée" in mail.subject and "L’atelier" in mail.subject
    submit(bruno, page_of(event), "Annuler mon inscription")
    assert [one.status for one in everyone()] == [CANCELLED]
    assert "Il reste 2 places sur 2" in bruno.get(page_of(event)).text


def test_questions_come_on_a_page_of_their_own_and_nobody_has_to_answer(cast, bruno, alice):
    event = make_workshop(cast.alice, questions=[Question.DIET], own_question="Quel atelier ?")
    page = bruno.get(page_of(event))
    assert page_of(event, "/inscription") in page.text and "M’inscrire" not in str(forms(page.text))
    form = bruno.get(page_of(event, "/inscription")).text
    assert "Régime alimentaire" in form and "Quel atelier ?" in form and "Prénom et nom" not in form
    submit(bruno, page_of(event, "/inscription"), "M’inscrire", diet="Sans porc", own="Le 2\u202e\0")
    submit(alice, page_of(event, "/inscription"), "M’inscrire")
    assert [one.answers for one in everyone()] == [{"diet": "Sans porc", "own": "Le 2"}, {}]


def test_an_answer_that_is_too_long_comes_back_with_its_sentence(cast, bruno):
    event = make_workshop(cast.alice, questions=[Question.DIET])
    answer = submit(bruno, page_of(event, "/inscription"), "M’inscrire", diet="x" * 10_000)
    assert answer.status_code == 422 and "Écrivez 200 caractères au plus" in answer.text
    assert "<title>Erreur : " in answer.text and everyone() == []


def test_only_those_whom_it_lets_in_register(cast, client, client_as):
    event = make_workshop(cast.alice, admission=Visibility.COUNCIL)
    assert "Inscription réservée aux membres de ce conseil" in client.get(page_of(event)).text
    assert client.get(page_of(event, "/inscription")).location.startswith("/connexion")
    chloe = client_as(cast.chloe)
    assert "M’inscrire" not in chloe.get(page_of(event)).text
    assert chloe.get(page_of(event, "/inscription")).status_code == 403
    ours = make_workshop(cast.alice, level=Visibility.COUNCIL)
    assert chloe.get(page_of(ours, "/inscription")).status_code == 404


def test_somebody_who_registered_by_mail_is_known_once_logged_in(cast, bruno):
    event = make_workshop(cast.alice)
    write_down(event, email="inconnu@ex.fr")
    cast.bruno.email = "inconnu@ex.fr"
    db.session.commit()
    assert "Votre inscription est confirmée" in bruno.get(page_of(event)).text
    begin_write()
    registrations.register(event, user=cast.bruno, name=cast.bruno.name)
    db.session.commit()
    (one,) = everyone()
    assert (one.user, one.key) == (cast.bruno, f"user:{cast.bruno.id}")


def test_the_page_of_an_event_costs_twelve_queries_at_most_and_the_state_of_it_one(cast, bruno, queries):
    event = make_workshop(cast.alice, seats=1, level=Visibility.GROUPS)
    write_down(event, "Un", "un@ex.fr", entered_by=cast.alice)
    registrations.register(event, user=cast.bruno, name=cast.bruno.name)
    db.session.commit()
    queries.clear()
    assert "en tête de la liste d’attente" in bruno.get(page_of(event)).text
    assert len(queries) <= 12, queries
    assert event.seats == 1  # it is loaded
    queries.clear()
    seats.state_of(event)
    assert len(queries) == 1


def test_an_author_who_looks_as_a_visitor_finds_no_button(cast, alice):
    event = make_workshop(cast.alice, seats=3)
    page = alice.get(page_of(event) + "?comme=visiteur").text
    assert "Il reste 3 places" in page and "desinscription" not in page
    assert not [form for form in forms(page) if "inscription" in form.action]


def test_documents_and_events_without_registration_have_no_box(cast, bruno):
    for item in (make_publication(Document, cast.alice), make_publication(Event, cast.alice)):
        address = f"/{item.path}/{item.id}-{item.slug}"
        assert 'id="inscription"' not in bruno.get(address).text


# Without an account -----------------------------------------------------------------------------------------------


def test_a_visitor_confirms_by_the_link_of_a_mail(cast, client):
    event = make_workshop(cast.alice, seats=5)
    answer = fill(client, event, email="Zoe@Ex.fr ")
    assert "zoe@ex.fr" in client.get(answer.location).text.lower()
    (one,) = everyone()
    assert one.status == UNCONFIRMED and seats.state_of(event).left == 5
    (mail,) = mails("zoe@ex.fr")
    assert (mail.kind, mail.priority) == ("account", 0)
    path = urlsplit(mail.content["link"][1]).path
    page = client.get(path)
    assert "Confirmer mon inscription" in page.text and everyone()[0].status == UNCONFIRMED
    answer = send(client, page, "Confirmer mon inscription")
    assert "Votre inscription est confirmée" in client.get(answer.location).text
    assert everyone()[0].status == CONFIRMED
    send(client, page, "Confirmer mon inscription")  # twice
    assert len(mails("zoe@ex.fr")) == 2 and seats.state_of(event).left == 4


def test_a_visitor_confirms_by_the_code_of_an_sms(cast, client):
    event = make_workshop(cast.alice)
    answer = fill(client, event, email="", phone="06 12 34 56 78")
    assert answer.location.endswith("/code")
    page = client.get(answer.location)
    assert "06 12 34 56 78" in page.text
    (text,) = mails("+33612345678")
    assert (text.channel, text.kind) == (Channel.SMS, "code")
    code = re.search(r"\d{6}", text.content["short"])[0]
    wrong = f"{(int(code) + 1) % 10**6:06}"
    refused = send(client, page, code=wrong)
    assert refused.status_code == 422 and "Ce n’est pas le code du dernier SMS" in refused.text
    answer = send(client, page, code=f"{code[:3]} {code[3:]}")
    assert "Votre inscription est confirmée" in client.get(answer.location).text
    (one,) = everyone()
    assert (one.status, one.phone, one.code_digest) == (CONFIRMED, "+33612345678", "")
    assert "Inscription confirmée" in mails("+33612345678")[1].content["short"]


def test_the_page_of_a_code_opens_nothing_else_and_a_code_is_tried_five_times(cast, client):
    event = make_workshop(cast.alice)
    address = fill(client, event, email="", phone="06 12 34 56 78").location
    (one,) = everyone()
    assert token_of(one) not in address and token_of(one) not in client.get(address).text
    assert client.get(address.removesuffix("/code")).status_code == 404
    code = re.search(r"\d{6}", mails()[0].content["short"])[0]
    wrong = f"{(int(code) + 1) % 10**6:06}"
    page = client.get(address)
    assert [send(client, page, code=wrong).status_code for _ in range(5)] == [422] * 5
    assert "Demander un autre code" in send(client, page, code=code).text
    assert everyone()[0].status == UNCONFIRMED


def test_a_code_serves_for_ten_minutes(cast, client):
    event = make_workshop(cast.alice)
    page = client.get(fill(client, event, email="", phone="06 12 34 56 78").location)
    code = re.search(r"\d{6}", mails()[0].content["short"])[0]
    with time_machine.travel(utcnow() + timedelta(minutes=11), tick=False):
        assert "plus de dix minutes" in send(client, page, code=code).text
    assert everyone()[0].status == UNCONFIRMED


def test_an_address_or_a_number_is_needed_and_each_error_is_a_sentence(cast, client):
    event = make_workshop(cast.alice)
    for fields, sentence in (
        ({"email": "", "phone": ""}, "Donnez une adresse électronique ou un numéro de mobile"),
        ({"email": "zoe@"}, "Écrivez une adresse électronique complète"),
        ({"email": "z@yopmail.com"}, "Cette adresse est jetable"),
        ({"email": "", "phone": "01 23 45 67 89"}, "téléphone fixe"),
        ({"email": "", "phone": "x" * 10_000}, "Ce numéro est trop long"),
        ({"name": ""}, "Écrivez votre prénom et votre nom"),
        ({"name": "www.casino.com"}, "Écrivez seulement votre prénom et votre nom"),
        ({"name": "a" * 10_000}, "80 caractères au plus"),
    ):
        answer = fill(client, event, **fields)
        assert answer.status_code == 422 and sentence in answer.text, fields
    assert everyone() == [] and mails() == []


def test_machines_and_the_hasty_register_nobody(cast, client):
    event = make_workshop(cast.alice)
    assert fill(client, event, remarque="acheter").status_code == 302
    hasty = fill(client, event, stamp=sign("form", utcnow().timestamp()))
    assert hasty.status_code == 422 and "C’était très rapide" in hasty.text
    assert everyone() == [] and mails() == []
    assert send(client, hasty, "M’inscrire", stamp=sign("form", utcnow().timestamp() - 9)).status_code == 302


def test_nothing_tells_whether_an_address_is_known(cast, client):
    event = make_workshop(cast.alice)
    write_down(event, email="zoe@ex.fr")
    begin_write()
    registrations.register(event, user=cast.bruno, name=cast.bruno.name)
    db.session.commit()
    seen = set()
    for email in ("nouvelle@ex.fr", "zoe@ex.fr", cast.bruno.email, cast.chloe.email):
        answer = fill(client, event, email=email)
        page = client.get(answer.location)
        seen.add((answer.status_code, answer.location, page.text.replace(email, "")))
    assert len(seen) == 1
    for email, registration in zip(("zoe@ex.fr", cast.bruno.email), everyone()[:2], strict=True):
        *_, mail = mails(email)
        assert "Vous avez déjà demandé une place" in mail.subject and mail.content["link"][1] == address_of(
            registration
        )
    assert [one.status for one in everyone()[:2]] == [CONFIRMED] * 2


def test_a_number_that_is_registered_gets_a_code_as_any_other(cast, client):
    event = make_workshop(cast.alice)
    made = write_down(event, email="", phone="+33612345678")
    address = fill(client, event, "M’inscrire", name="Quelqu’un Autre", email="", phone="06 12 34 56 78").location
    assert token_of(made) not in address
    code = re.search(r"\d{6}", mails()[-1].content["short"])[0]
    assert own_page(made) in send(client, client.get(address), code=code).location
    assert [(one.name, one.status) for one in everyone()] == [("Zoé Faure", CONFIRMED)]


def test_the_address_of_an_account_makes_it_the_registration_of_that_account(cast, client, bruno):
    event = make_workshop(cast.alice)
    fill(client, event, email=cast.bruno.email)
    send(client, client.get(own_page(everyone()[0])), "Confirmer")
    (one,) = everyone()
    assert (one.user, one.status, one.email) == (cast.bruno, CONFIRMED, "")
    assert "Votre inscription est confirmée" in bruno.get(page_of(event)).text


def test_an_account_that_registered_between_form_and_link_is_registered_once(cast, client, bruno):
    event = make_workshop(cast.alice)
    fill(client, event, email=cast.bruno.email)
    page = client.get(own_page(everyone()[0]))
    db.session.execute(update(Registration).values(key="mail:" + cast.bruno.email))
    db.session.add(Registration(event_id=event.id, user=cast.bruno, key=f"user:{cast.bruno.id}", name="Bruno Petit",
                                status=CONFIRMED))  # fmt: skip
    db.session.commit()
    answer = send(client, page, "Confirmer")
    assert [one.key for one in everyone()] == [f"user:{cast.bruno.id}"]
    assert client.get(answer.location).status_code == 200
    assert send(client, page, "Confirmer").status_code == 410  # a link that is not needed any more


def test_the_last_form_counts_and_one_mail_leaves_in_ten_minutes(cast, client):
    event = make_workshop(cast.alice)
    with time_machine.travel("2026-11-23 10:01", tick=False):
        event.starts_at = utcnow() + timedelta(days=5)
        db.session.commit()
        fill(client, event)
        fill(client, event, name="Zoé Dubois")
    assert [one.name for one in everyone()] == ["Zoé Dubois"] and len(mails()) == 1


def test_too_many_forms_are_refused_for_a_while(cast, client):
    event = make_workshop(cast.alice)
    for _ in range(limits.REGISTER_MAIL.most):
        assert fill(client, event, email="z.o.e+a@gmail.com").status_code == 302
    answer = fill(client, event, email="zoe@gmail.com")
    assert answer.status_code == 429 and "trop d’essais" in answer.text and answer.headers["Retry-After"]
    assert fill(client, event, email="autre@ex.fr").status_code == 302


def test_codes_by_sms_have_limits_of_their_own_and_leave_those_of_accounts_alone(cast, client, monkeypatch):
    event, other = make_workshop(cast.alice), make_workshop(cast.alice)

    def answers(event, *numbers):
        return [fill(client, event, email="", phone=f"06 12 34 56 {number:02}").status_code for number in numbers]

    assert answers(event, *[1] * (limits.REGISTER_TEXT.most + 1)) == [302] * limits.REGISTER_TEXT.most + [429]
    assert not limits.has(limits.CODE_PHONE, "+33612345601")
    left = limits.REGISTER_TEXTS_NETWORK.most - limits.REGISTER_TEXT.most
    assert answers(event, *range(2, 3 + left)) == [302] * left + [429]
    refused = fill(client, event, email="", phone="06 12 34 56 90")
    assert "Donnez plutôt une adresse électronique" in refused.text
    assert fill(client, event, email="zoe@ex.fr").status_code == 302
    for name, most in (("REGISTER_TEXTS_EVENT", 2), ("REGISTER_TEXTS", 3)):
        monkeypatch.setattr(limits, name, limits.Limit(f"{name} of a test", most, 3600))
    monkeypatch.setattr(limits, "REGISTER_TEXTS_NETWORK", limits.Limit("network of a test", 99, 3600))
    assert answers(event, 50, 51, 52) == [302, 302, 429]
    assert answers(other, 60, 61) == [302, 429]


def test_a_form_that_is_not_proved_changes_nothing_of_the_person(cast, client, bruno):
    event = make_workshop(cast.alice)
    submit(bruno, page_of(event), "M’inscrire")
    submit(bruno, page_of(event), "Annuler mon inscription")
    fill(client, event, name="Gros Méchant", email=cast.bruno.email, phone="06 12 34 56 78")
    theirs, asked = everyone()
    assert (theirs.name, theirs.status, theirs.phone) == ("Bruno Petit", CANCELLED, "")
    assert (asked.status, asked.user_id, asked.key) == (UNCONFIRMED, None, f"ask:{cast.bruno.email}")
    link = own_page(asked)
    answer = send(client, client.get(link), "Confirmer mon inscription")
    (one,) = everyone()
    assert (one.id, one.user, one.status, one.phone) == (theirs.id, cast.bruno, CONFIRMED, "+33612345678")
    assert answer.location == own_page(one) and client.get(link).status_code == 410


def test_a_form_that_is_not_proved_is_dropped_once_the_person_has_a_place(cast, client, bruno):
    event = make_workshop(cast.alice)
    fill(client, event, email=cast.bruno.email)
    submit(bruno, page_of(event), "M’inscrire")
    assert [(one.user, one.status) for one in everyone()] == [(cast.bruno, CONFIRMED)]


@pytest.mark.parametrize(
    "change",
    [{"level": Visibility.MEMBERS, "admission": Visibility.PUBLIC}, {"admission": Visibility.COUNCIL}],
)
@pytest.mark.parametrize("way", ["mail", "sms"])
def test_whoever_lost_the_right_since_they_asked_gets_no_place(cast, client, change, way):
    event = make_workshop(cast.alice, seats=2)
    typed = {} if way == "mail" else {"email": "", "phone": "06 12 34 56 78"}
    answer = fill(client, event, **typed)
    page = client.get(own_page(everyone()[0]) if way == "mail" else answer.location)
    code = {} if way == "mail" else {"code": re.search(r"\d{6}", mails()[0].content["short"])[0]}
    for name, value in change.items():
        setattr(event, name, value)
    db.session.commit()
    refused = send(client, page, **({"act": "confirm"} | code))
    assert refused.status_code == 422 and "n’est plus ouvert à tout le monde" in refused.text
    assert [one.status for one in everyone()] == [UNCONFIRMED] and len(mails()) == 1


def test_a_member_who_may_come_confirms_by_their_address_what_visitors_may_not(cast, client):
    event = make_workshop(cast.alice)
    fill(client, event, email=cast.bruno.email)
    event.level = event.admission = Visibility.COUNCIL
    db.session.commit()
    page = client.get(own_page(everyone()[0]))
    assert "L’atelier" not in page.text
    send(client, page, "Confirmer mon inscription")
    assert [(one.user, one.status) for one in everyone()] == [(cast.bruno, CONFIRMED)]


@pytest.mark.parametrize(("change", "code"), [("admission", 403), ("level", 404)])
def test_an_event_that_is_narrowed_at_this_instant_gives_no_place(cast, client, client_as, monkeypatch, change, code):
    def narrow():
        setattr(event, change, Visibility.COUNCIL)
        db.session.commit()
        begin_write()

    event, chloe = make_workshop(cast.alice, questions=["diet"]), client_as(cast.chloe)
    pages = [browser.get(page_of(event, "/inscription")) for browser in (chloe, client)]
    monkeypatch.setattr(registering, "begin_write", narrow)
    assert send(chloe, pages[0], "M’inscrire").status_code == code
    setattr(event, change, Visibility.PUBLIC)
    db.session.commit()
    send(client, pages[1], "M’inscrire", name="Zoé", email="zoe@ex.fr", stamp=sign("form", utcnow().timestamp() - 60))
    assert everyone() == [] and getattr(event, change) == Visibility.COUNCIL


@pytest.mark.parametrize("status", [UserStatus.PENDING, UserStatus.SUSPENDED])
def test_somebody_whose_account_is_not_active_has_one_seat(cast, client, status):
    event = make_workshop(cast.alice, seats=5)
    user = make_user("Sami Petit", cast.council)
    registrations.register(event, name="Sami Petit", user=user)
    user.status = status
    db.session.commit()
    fill(client, event, name="Sami Petit", email=user.email)
    registrations.register(event, name="Sami P.", email=user.email, entered_by=cast.alice)
    assert [(one.user, one.status) for one in everyone()] == [(user, CONFIRMED)]


def test_a_suspended_person_registers_as_a_visitor_and_is_told(cast, client):
    event = make_workshop(cast.alice)
    cast.bruno.status = UserStatus.SUSPENDED
    db.session.commit()
    fill(client, event, email=cast.bruno.email)
    send(client, client.get(own_page(everyone()[0])), "Confirmer mon inscription")
    (one,) = everyone()
    assert (one.user, one.status, one.email) == (None, CONFIRMED, cast.bruno.email)
    assert "Inscription confirmée" in mails(cast.bruno.email)[-1].subject


def test_a_short_number_of_overseas_is_read_where_the_referent_announces(cast, client):
    polynesia = make_territory(TerritoryKind.DEPARTMENT, "987", "Polynésie française")
    known = {"level": Visibility.PUBLIC, "takes_registrations": True, "council_id": None}
    event = make_publication(Event, cast.referent, cast.council, **known, territory_id=polynesia.id)
    db.session.commit()
    assert fill(client, event, email="", phone="87 12 34 56").status_code == 302
    assert everyone()[0].phone == "+68987123456"


def test_the_codes_that_one_network_tries_are_counted(cast, client, monkeypatch):
    monkeypatch.setattr(limits, "REGISTER_CODE", limits.Limit("codes of a test", 2, 3600))
    page = client.get(fill(client, make_workshop(cast.alice), email="", phone="06 12 34 56 78").location)
    assert [send(client, page, code="000000").status_code for _ in range(3)] == [422, 422, 429]


def test_a_link_serves_in_capitals_with_signs_around_it_and_says_what_is_wrong_with_it(cast, client):
    made = write_down(make_workshop(cast.alice))
    token = token_of(made)
    assert client.get(f"/inscriptions/{token.upper()}.").status_code == 200
    for cut in (token[:-1], token[:-1] + ("a" if token[-1] != "a" else "b"), "é" * 14, "x" * 300):
        answer = client.get(f"/inscriptions/{cut}")
        assert answer.status_code == 404 and "Ce lien est incomplet" in answer.text
    assert client.get("/inscriptions").status_code == 404
    db.session.delete(made)
    db.session.commit()
    answer = client.get(f"/inscriptions/{token}")
    assert answer.status_code == 410 and "Ce lien ne sert plus" in answer.text


def test_short_tokens_are_of_one_purpose(app):
    for number in (0, 1, 35, 36, 2**31 - 1):
        assert read_short("a", short("a", number)) == number
    for token in (short("b", 7), "", "7", "zzzzzzzz" + short("a", 7)):
        with pytest.raises(BadToken):
            read_short("a", token)


def test_what_nobody_confirms_is_dropped_after_two_days(cast, client):
    event = make_workshop(cast.alice)
    fill(client, event)
    old = write_down(event, "Ida", "ida@ex.fr")
    registrations.cancel(old)
    db.session.commit()
    fill(client, event, name="Ida", email="ida@ex.fr")
    assert [one.status for one in everyone()] == [UNCONFIRMED, CANCELLED, UNCONFIRMED]
    with time_machine.travel(utcnow() + timedelta(hours=49)):
        forget_registrations()
    assert [(one.name, one.status) for one in everyone()] == [("Ida", CANCELLED)]


# What is told, and to whom ----------------------------------------------------------------------------------------


def test_mails_about_what_is_not_public_tell_its_title_alone(cast, bruno):
    for level, is_told in ((Visibility.COUNCIL, False), (Visibility.PUBLIC, True)):
        event = make_workshop(cast.alice, level=level, place="Maison de quartier")
        submit(bruno, page_of(event), "M’inscrire")
        assert any("Maison de quartier" in text for text in mails()[-1].content["paragraphs"]) is is_told


def test_texts_fit_one_segment(cast, client):
    event = make_workshop(cast.alice, seats=1, title="Une demi-journée d’échanges sur la participation des habitants")
    for number in (1, 2):
        write_down(event, f"N{number}", "", phone=f"+3361234567{number}")
    registrations.cancel(everyone()[0])
    db.session.commit()
    for one in mails():
        assert gsm.segments(texting.text_of(one)) == 1, texting.text_of(one)


def test_visitors_read_how_many_places_are_left(cast, client):
    event = make_workshop(cast.alice, seats=3)
    db.session.commit()
    assert "Il reste 3 places sur 3" in client.get(page_of(event)).text
    stamp = read_stamp(PAGES)
    write_down(event)
    assert read_stamp(PAGES) != stamp
    page = client.get(page_of(event)).text
    assert "Il reste 2 places sur 3" in page and "csrf_token" not in page


def test_the_page_of_a_registration_shows_to_its_holder_what_they_may_read(cast, client):
    event = make_workshop(cast.alice, place="Maison de quartier")
    made = write_down(event)
    page = client.get(own_page(made)).text
    assert "L’atelier" in page and "Maison de quartier" in page and "Votre inscription est confirmée" in page
    event.level = Visibility.MEMBERS
    db.session.commit()
    page = client.get(own_page(made)).text
    assert "Maison de quartier" not in page and "L’atelier" not in page and "n’est plus ouverte à tout le monde" in page
    send(client, client.get(own_page(made)), "Annuler mon inscription")
    assert everyone()[0].status == CANCELLED


def test_whoever_may_not_read_it_any_more_is_told_nothing_of_it(cast, client):
    event = make_workshop(cast.alice, seats=2)
    zoe, ida = write_down(event), write_down(event, "Ida", "", phone="+33612345678")
    asked = registrations.ask(event, name="Léo", phone="+33612345679")
    event.level, event.title, event.slug = Visibility.COUNCIL, "Réunion interne", "reunion-interne"
    event.place = "Chez Alice"
    db.session.commit()
    before = len(mails())
    for one in (zoe, ida):
        send(client, client.get(own_page(one)), "Annuler mon inscription")
    by_mail, by_sms = mails()[before:]
    assert by_mail.subject == "Inscription annulée" and "n’est plus ouverte" in str(by_mail.content["paragraphs"])
    assert "Adressez-vous à l’organisateur" in by_sms.content["short"]
    addresses = [own_page(zoe), own_page(asked), f"/inscriptions/{registrations.code_token(asked)}/code"]
    seen = [str(one.content) for one in (by_mail, by_sms)] + [client.get(address).text for address in addresses]
    assert not [text for text in seen if re.search("interne|Chez Alice", text)]


def test_a_place_that_would_be_lost_for_good_is_given_up_after_a_question(cast, client, bruno):
    event = make_workshop(cast.alice, seats=2)
    registrations.register(event, name="Bruno Petit", user=cast.bruno)
    db.session.commit()
    assert [form.action for form in forms(bruno.get(page_of(event)).text) if "desinscription" in form.action]
    zoe = write_down(event)  # it is full now
    page = bruno.get(page_of(event)).text
    assert "Annuler mon inscription" in page and "desinscription" not in page
    page = client.get(own_page(zoe)).text
    assert forms(page) == [] and "?annuler=1" in page
    asked = client.get(own_page(zoe) + "?annuler=1")
    assert "vous ne pourrez pas la reprendre" in asked.text and everyone()[1].status == CONFIRMED
    send(client, asked, "Oui, annuler mon inscription")
    assert [one.status for one in everyone()] == [CONFIRMED, CANCELLED]


def test_the_confirmation_leads_to_the_event_for_ones_calendar(cast, client):
    event = make_workshop(cast.alice)
    made = write_down(event)
    link = f"/evenements/{event.id}-{event.slug}.ics"
    assert link in str(mails()[0].content["paragraphs"]) and link in client.get(own_page(made)).text
    members = make_workshop(cast.alice, level=Visibility.MEMBERS)
    registrations.register(members, user=cast.bruno, name="Bruno Petit")
    assert ".ics" not in str(mails()[1].content["paragraphs"])
    assert mails()[1].content["paragraphs"][0] == "Bonjour Bruno,"


def test_an_event_that_is_cancelled_or_deleted_says_so_on_the_page_of_a_registration(cast, client, alice):
    event = make_workshop(cast.alice)
    made = write_down(event)
    event.cancelled_at, event.cancelled_reason = utcnow(), "La salle est fermée."
    db.session.commit()
    page = client.get(own_page(made)).text
    assert "Cet événement est annulé" in page and "La salle est fermée." in page and forms(page) == []
    assert "n’a pas lieu" in alice.get(page_of(event)).text
    bin.discard(event, cast.alice)
    db.session.commit()
    page = client.get(own_page(made)).text
    assert "Cet événement n’a plus lieu" in page and "L’atelier" not in page and forms(page) == []


# What is forgotten ------------------------------------------------------------------------------------------------


def test_who_came_is_forgotten_after_two_months_and_how_many_stays(cast, client):
    event = make_workshop(cast.alice, seats=5)
    made = write_down(event, answers={"diet": "Sans porc"}, phone="+33612345678")
    recent = write_down(make_workshop(cast.alice, starts_at=utcnow() + timedelta(days=30), ends_at=None))
    with time_machine.travel(event.ends_at + timedelta(days=60, minutes=1)):
        forget_registrations()
        forget_registrations()
    made, recent = everyone()
    assert (made.name, made.email, made.phone, made.answers, made.user_id) == ("", "", "", {}, None)
    assert made.key == f"erased:{made.id}" and made.erased_at and recent.name == "Zoé Faure"
    assert seats.state_of(event).confirmed == 1
    assert client.get(own_page(made)).status_code == 410


def test_an_account_that_closes_gives_back_its_place_and_is_forgotten(cast, bruno):
    event, past = make_workshop(cast.alice, seats=1), make_workshop(cast.alice)
    for one in (event, past):
        registrations.register(one, user=cast.bruno, name=cast.bruno.name)
    waiting = write_down(event)
    past.starts_at = past.ends_at = utcnow() - timedelta(days=3)
    db.session.commit()
    closing.close(cast.bruno, at_once=True)
    db.session.commit()
    theirs = [one for one in everyone() if one.id != waiting.id]
    assert {(one.name, one.user_id) for one in theirs} == {("", None)}
    assert [one.status for one in theirs] == [CANCELLED, CONFIRMED]
    assert waiting.status == RegistrationStatus.OFFERED


def test_what_was_registered_by_mail_goes_with_the_account(cast):
    event = make_workshop(cast.alice)
    made = write_down(event)
    registrations.ask(event, name="Bruno", email="autre@ex.fr")
    cast.bruno.email = "zoe@ex.fr"
    db.session.commit()
    closing.close(cast.bruno, at_once=True)
    db.session.commit()
    assert [(one.name, one.status) for one in everyone()] == [("", CANCELLED), ("Bruno", UNCONFIRMED)]
    assert made.erased_at


def test_closing_an_account_says_that_its_places_do_not_come_back(bruno):
    assert "ne reviennent pas" in bruno.get("/mon-profil/fermeture").text


def test_an_account_that_closes_later_gives_its_place_back_at_once(cast):
    event = make_workshop(cast.alice, seats=1)
    registrations.register(event, user=cast.bruno, name=cast.bruno.name)
    closing.close(cast.bruno, at_once=False)
    db.session.commit()
    assert [(one.status, one.name) for one in everyone()] == [(CANCELLED, "Bruno Petit")]


def test_a_copy_of_my_data_holds_my_registrations(cast, bruno):
    event = make_workshop(cast.alice, own_question="Quel atelier ?", questions=[Question.DIET])
    registrations.register(event, user=cast.bruno, name=cast.bruno.name, answers={"diet": "Sans sel", "own": "Le 2"})
    db.session.commit()
    (part,) = [part for part in exporting.PARTS if "inscriptions à des événements" in part.title]
    (row,) = part.rows(cast.bruno)
    visitors = write_down(make_workshop(cast.alice, title="Un autre"), email="autre@ex.fr")
    visitors.key, visitors.email = f"mail:{cast.bruno.email}", cast.bruno.email
    assert [row["Événement"] for row in part.rows(cast.bruno)] == ["L’atelier", "Un autre"]
    assert row["Événement"] == "L’atelier" and row["Réponses"] == "Régime alimentaire : Sans sel\nQuel atelier ? : Le 2"


# By hand ----------------------------------------------------------------------------------------------------------


def test_the_organiser_writes_people_down_after_the_deadline_too_and_the_same_person_once(cast):
    event = make_workshop(cast.alice, register_until=utcnow() - timedelta(hours=1))
    with pytest.raises(Closed, match="closes depuis le"):
        registrations.register(event, name="Zoé", email="zoe@ex.fr")
    for _ in range(2):
        registrations.register(event, name="Zoé", email="zoe@ex.fr", entered_by=cast.alice)
        registrations.register(event, name="Sans adresse", entered_by=cast.alice)
    assert sorted(one.name for one in everyone()) == ["Sans adresse"] * 2 + ["Zoé"]
    assert "L’organisateur a noté votre nom" in mails()[0].content["paragraphs"][1]


def test_an_account_that_is_suspended_is_told_nothing_and_offered_nothing(cast):
    event = make_workshop(cast.alice, seats=1)
    registrations.register(event, user=cast.bruno, name="Bruno Petit")
    sami = make_user("Sami Suspendu", cast.council)
    registrations.register(event, user=sami, name="Sami Suspendu")
    late = write_down(event)
    sami.status = UserStatus.SUSPENDED
    db.session.commit()
    registrations.cancel(everyone()[0])
    db.session.commit()
    assert late.status == RegistrationStatus.OFFERED
    assert db.session.scalar(select(func.count()).where(Delivery.recipient == sami.email)) == 1  # when they registered
