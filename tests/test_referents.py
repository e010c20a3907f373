"""Local referents: appointed and dismissed by the animator, shown to everybody."""

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
import time_machine
from sqlalchemy import select

from app.extensions import db
from app.labels import Role, TerritoryKind, UserStatus
from app.models import AuditEntry, Delivery, User
from app.models.stamp import PAGES, read_stamp
from app.models.types import utcnow
from tests.browse import submit
from tests.factories import PASSWORD, make_commune, make_country, make_territory, make_user

INDEX, NEW = "/animation/referents", "/animation/referents/nouveau"


def appoint(client, cast, **changes):
    fields = {
        "email": "nadia@essai.example", "first_name": "Nadia", "last_name": "Lebrun",
        "organisation": "Fédération des centres sociaux", "public_contact": "nadia@centres.example",
        "departments": [str(cast.country.ain.id), str(cast.country.isere.id)],
    } | changes  # fmt: skip
    page = submit(client, NEW, **fields)
    db.session.expire_all()
    return page


def by_email(email):
    return db.session.scalar(select(User).where(User.email == email))


def last_mail():
    return db.session.scalar(select(Delivery).order_by(Delivery.id.desc()))


def test_somebody_without_an_account_is_invited_and_chooses_a_password(client, animator, cast):
    assert appoint(animator, cast).headers["Location"] == INDEX
    nadia = by_email("nadia@essai.example")
    assert (nadia.status, nadia.role, nadia.council_id) == (UserStatus.ACTIVE, Role.REFERENT, None)
    assert [place.name for place in nadia.territories] == ["Ain", "Isère"]
    mail = last_mail()
    assert mail.recipient == nadia.email and "Ain, Isère" in " ".join(mail.content["paragraphs"])
    submit(client, urlsplit(mail.content["link"][1]).path, new_password=PASSWORD)
    answer = submit(client, "/connexion", email=nadia.email, password=PASSWORD)
    assert answer.headers["Location"] == "/animation"


def test_an_invitation_works_for_seven_days_and_says_so(client, animator, cast):
    appoint(animator, cast)
    mail = last_mail()
    assert "Il marche 7 jours" in " ".join(mail.content["paragraphs"])
    link = urlsplit(mail.content["link"][1]).path
    with time_machine.travel(utcnow() + timedelta(days=7, minutes=1), tick=False):
        page = client.get(link)
        assert page.status_code == 410 and "demandez un nouveau lien" in page.text
    with time_machine.travel(utcnow() + timedelta(days=6, hours=23), tick=False):
        assert submit(client, link, new_password=PASSWORD).headers["Location"] == "/connexion"
        assert client.get(link).status_code == 410  # good once


def test_who_was_invited_is_shown_to_all_from_the_first_visit_on(client, animator, cast):
    appoint(animator, cast)
    assert "Nadia" not in client.get("/referents").text
    assert "N’a pas encore ouvert son compte" in animator.get(INDEX).text
    assert "seront, dès votre première visite" in " ".join(last_mail().content["paragraphs"])
    submit(client, urlsplit(last_mail().content["link"][1]).path, new_password=PASSWORD)
    assert "Nadia" not in client.get("/referents").text
    before = read_stamp(PAGES)
    submit(client, "/connexion", email="nadia@essai.example", password=PASSWORD)
    assert read_stamp(PAGES) != before and "Nadia Lebrun" in client.get("/referents").text


def test_a_suspension_lifted_shows_nobody_who_never_came(client, animator, cast):
    appoint(animator, cast)
    account = f"/animation/comptes/{by_email('nadia@essai.example').id}"
    submit(animator, f"{account}/suspension", reason="Une erreur")
    submit(animator, f"{account}/reouverture", reason="")
    assert "Nadia" not in client.get("/referents").text


@pytest.fixture
def places(cast):
    country = cast.country
    other = make_commune("38555", "Vieu", country.isere, postal_codes=["38555"])
    make_commune("38556", "Le Vieu Bourg", country.isere)
    make_territory(
        TerritoryKind.EPCI, "200071751", "CA Bresse, Veyle et Dombes",
        department_id=country.ain.id, region_id=country.region.id,
    )  # fmt: skip
    db.session.commit()
    return other


@pytest.mark.parametrize(("typed", "names"), [
    ("01053", ["Bourg-en-Bresse"]),
    ("1053", ["Bourg-en-Bresse"]),
    ("bourg en bresse, Grenoble", ["Bourg-en-Bresse", "Grenoble"]),
    ("Grenoble\r\n\r\n 200071751 ;38185", ["CA Bresse, Veyle et Dombes", "Grenoble"]),
    ("CA Bresse, Veyle et Dombes", ["CA Bresse, Veyle et Dombes"]),
    ("Vieu (Isère, 38555), Vieu (01442)", ["Vieu", "Vieu"]),
])  # fmt: skip
def test_communes_and_intercommunalites_are_named_by_code_or_name(client, animator, cast, places, typed, names):
    appoint(animator, cast, departments=None, places=typed)
    nadia = by_email("nadia@essai.example")
    assert [place.name for place in nadia.territories] == names
    nadia.last_seen_at = utcnow()
    submit(animator, f"{INDEX}/{nadia.id}", organisation="Autre")  # the form names them as it reads them
    db.session.expire_all()
    assert [place.name for place in nadia.territories] == names and nadia.organisation == "Autre"
    shown = client.get("/referents").text
    assert all(f"{place.name} ({place.department.name})" in shown for place in nadia.territories)


@pytest.mark.parametrize(("typed", "words"), [
    ("Vieu", "plusieurs lieux portent ce nom. Écrivez l’un de ceux-ci, avec son code : "
     "Vieu (Ain, 01442) ; Vieu (Isère, 38555)."),
    ("vieu bourg", "Le Vieu Bourg (Isère, 38556)"),
    ("38100", "Grenoble (Isère, 38185)"),
    ("Bresse Veyle", "CA Bresse, Veyle et Dombes (Ain, 200071751)"),
    ("Grenoble, Atlantis", "« Atlantis » : aucune commune"),
    ("999999999", "« 999999999 » : aucune commune"),
    ("\u202e(, \0)", "aucune commune"),
    ("<b>", "« &lt;b&gt; » : aucune commune"),
    ("a," * 1900, "200 lieux au plus"),
    ("zz," * 150, "« zz » : aucune"),
    ("(" * 3900, "aucune commune"),
    ("x" * 10_000, "4000 caractères"),
])  # fmt: skip
def test_a_place_that_is_unknown_or_not_the_only_one_is_refused_with_those_that_may_be_meant(
    animator, cast, places, typed, words
):
    page = appoint(animator, cast, places=typed)
    assert page.status_code == 422 and words in page.text and by_email("nadia@essai.example") is None


@pytest.mark.parametrize("name", ["Voyez www.casino.example", "a@b.fr", "<b>"])
def test_the_name_of_a_referent_is_a_name(animator, cast, name):
    page = appoint(animator, cast, first_name=name, last_name=name)
    assert page.status_code == 422 and "seulement son prénom, en lettres" in page.text
    assert by_email("nadia@essai.example") is None and last_mail() is None


def test_a_member_becomes_referent_and_keeps_name_and_council(animator, cast):
    appoint(animator, cast, email=cast.emile.email.upper(), first_name="", last_name="")
    assert (cast.emile.role, cast.emile.first_name, cast.emile.council_id) == (
        Role.REFERENT, "Émile", cast.country.mistral.id,
    )  # fmt: skip
    entry = db.session.scalar(select(AuditEntry))
    assert (entry.actor_id, entry.verb, entry.subject_id) == (cast.animator.id, "referent.appointed", cast.emile.id)


@pytest.mark.parametrize(("who", "words"), [
    ("dora", "attendez"), ("animator", "anime déjà"), ("referent", "déjà référente"),
])  # fmt: skip
def test_who_cannot_be_appointed_is_said(animator, cast, who, words):
    page = appoint(animator, cast, email=getattr(cast, who).email)
    assert page.status_code == 422 and words in page.text
    assert "Fédération des centres sociaux" in page.text
    assert db.session.scalar(select(AuditEntry.id)) is None


def test_a_sign_up_that_never_confirmed_the_address_yields_to_the_appointment(animator, cast):
    typed = make_user("Nadia Fausse", cast.council, status=UserStatus.UNCONFIRMED)
    db.session.commit()
    number = typed.id
    assert appoint(animator, cast, first_name="").status_code == 422  # the typed name is nobody's
    assert by_email("nadia@essai.example").first_name == "Nadia" and by_email("nadia@essai.example").id == number
    assert appoint(animator, cast, email="Nadia@essai.example").headers["Location"] == INDEX
    nadia = by_email("nadia@essai.example")
    assert (nadia.name, nadia.status, nadia.role) == ("Nadia Lebrun", UserStatus.ACTIVE, Role.REFERENT)
    assert (nadia.password_hash, nadia.council_id) == ("", None)


@pytest.mark.parametrize(("changes", "words"), [
    ({"email": "pas une adresse"}, "adresse électronique complète"),
    ({"first_name": ""}, "écrivez son prénom"),
    ({"organisation": " \0 "}, "Écrivez le nom de l’organisation"),
    ({"public_contact": "javascript:alert(1)"}, "une adresse en https"),
    ({"public_contact": "chez moi"}, "une adresse en https"),
    ({"departments": None}, "Cochez au moins"),
    ({"departments": ["999999"]}, "Choix"),
    ({"departments": ["x\0"]}, "Choix"),
    ({"organisation": "o" * 10_000}, "200 caractères"),
])  # fmt: skip
def test_a_form_that_is_wrong_says_what_to_do_and_appoints_nobody(animator, cast, changes, words):
    page = appoint(animator, cast, **changes)
    assert page.status_code == 422 and words.lower() in page.text.lower()
    assert by_email("nadia@essai.example") is None


def test_territories_and_contact_are_changed_and_noted(animator, cast):
    address = f"{INDEX}/{cast.referent.id}"
    fields = {"departments": None, "regions": [str(cast.country.region.id)], "public_contact": "04 65 71 00 01"}
    before = read_stamp(PAGES)
    assert submit(animator, address, organisation="Le Centre", **fields).headers["Location"] == INDEX
    db.session.expire_all()
    assert [place.name for place in cast.referent.territories] == ["Auvergne-Rhône-Alpes"]
    assert read_stamp(PAGES) != before
    assert db.session.scalar(select(AuditEntry.verb)) == "referent.changed"


def test_the_form_shows_what_is_and_keeps_a_commune_that_has_no_box(animator, cast):
    cast.referent.territories = [cast.country.ain, cast.country.bourg]
    cast.referent.public_contact = "ain@centres.example"
    db.session.commit()
    submit(animator, f"{INDEX}/{cast.referent.id}")
    db.session.expire_all()
    assert {place.name for place in cast.referent.territories} == {"Ain", "Bourg-en-Bresse"}


def test_the_role_of_a_member_ends_and_the_account_stays(animator, cast):
    cast.referent.council_id = cast.council.id
    db.session.commit()
    page = animator.get(f"{INDEX}/{cast.referent.id}/fin")
    assert "reste membre" in page.text
    submit(animator, f"{INDEX}/{cast.referent.id}/fin")
    db.session.expire_all()
    assert (cast.referent.role, cast.referent.is_active, cast.referent.territories) == (Role.MEMBER, True, [])
    assert "Vous restez membre" in last_mail().content["paragraphs"][1]


def test_the_role_of_somebody_without_a_council_ends_with_the_account(animator, client, cast):
    address = f"{INDEX}/{cast.referent.id}/fin"
    assert "son compte sera fermé" in animator.get(address).text
    submit(animator, address)
    db.session.expire_all()
    assert (cast.referent.status, cast.referent.first_name) == (UserStatus.CLOSED, "")
    assert "pris fin" in last_mail().content["paragraphs"][1]
    assert "Renée" not in client.get("/referents").text
    assert animator.get(address).status_code == 404


def test_a_right_that_ended_between_page_and_button_appoints_nobody(client_as, cast):
    browser = client_as(cast.animator)
    page = browser.get(NEW)
    cast.animator.role = Role.MEMBER
    db.session.commit()
    assert page.status_code == 200 and browser.post(NEW, data={}).status_code == 403


def test_everybody_finds_the_referents_by_region(client, cast):
    cast.referent.public_contact = "https://centre-ain.example/contact"
    cast.away.public_contact = "04 65 71 00 01"
    db.session.commit()
    page = client.get("/referents").text
    assert "<h2>Auvergne-Rhône-Alpes</h2>" in page
    assert page.index("Yves Girard") < page.index("Renée Moreau")  # by last name
    assert '<a href="https://centre-ain.example/contact">' in page and '<a href="tel:0465710001">' in page


def test_the_home_page_leads_to_the_referents(client, cast):
    assert '<a href="/referents">Trouver le référent de mon département</a>' in client.get("/").text


def test_without_a_referent_the_page_says_so(client, app):
    make_country()
    page = client.get("/referents")
    assert page.status_code == 200 and "Aucun référent" in page.text and page.headers["ETag"]


def test_an_account_that_is_not_a_referent_has_no_such_page(animator, cast):
    assert animator.get(f"{INDEX}/{cast.alice.id}").status_code == 404
    assert animator.get(f"{INDEX}/2147483647").status_code == 404
