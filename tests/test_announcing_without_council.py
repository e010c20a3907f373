"""Events that no council holds: a referent announces them for a territory, the animator for the whole country."""

import pytest
from sqlalchemy import select

from app.extensions import db
from app.labels import Role, Visibility
from app.models import Event
from tests.browse import submit
from tests.factories import make_commune, make_publication, make_territory

NEW = "/mon-conseil/evenements/nouveau"
DAY = {"title": "Une demi-journée", "start_day": "25/12/2030", "start_time": "9 h", "end_time": "12 h 30"}


@pytest.fixture
def referent(cast, client_as):
    return client_as(cast.referent)


def only():
    db.session.expire_all()
    return db.session.scalars(select(Event)).one()


def page_of(event, view=""):
    return f"/evenements/{event.id}-{event.slug}{view}"


def test_a_referent_announces_a_half_day_for_their_department(cast, referent, client_as, client):
    answer = submit(referent, NEW, "Publier", **DAY, level="public")
    event = only()
    assert answer.location == page_of(event) and event.published_at
    assert (event.council_id, event.territory_id) == (None, cast.country.ain.id)
    assert event.organiser == "Centre de ressources de l’Ain"
    for browser in (client, client_as(cast.chloe), referent):
        page = browser.get(page_of(event)).text
        assert page.count("Centre de ressources de l’Ain</") + page.count("Centre de ressources de l’Ain<br>") == 1
        assert "Département : Ain" in page and "<dt>Organisateur" not in page
    assert "Renée Moreau" in client_as(cast.chloe).get(page_of(event)).text
    assert "Renée Moreau" not in client.get(page_of(event)).text


def test_the_animator_announces_for_the_whole_country(cast, animator):
    submit(animator, NEW, "Publier", **DAY, organiser="La fédération", level="members")
    event = only()
    assert (event.council_id, event.territory_id, event.time_zone) == (None, None, "Europe/Paris")


def test_whoever_announces_says_for_which_structure(referent):
    answer = submit(referent, NEW, "Publier", **DAY, organiser="")
    assert answer.status_code == 422 and "Écrivez le nom de votre structure" in answer.text


@pytest.mark.parametrize("level", [Visibility.COUNCIL, Visibility.GROUPS])
def test_without_a_council_nothing_is_for_a_council_alone(referent, level):
    answer = submit(referent, NEW, "Publier", **DAY, level=level)
    assert answer.status_code == 422 and not db.session.scalars(select(Event.published_at)).first()
    assert 'value="council"' not in answer.text.split('name="admission"')[0].split("Niveau d’accès")[-1]


def test_a_territory_that_is_not_theirs_becomes_their_own(cast, referent):
    submit(referent, NEW, "Publier", **DAY, territory=str(cast.country.isere.id))
    assert only().territory_id == cast.country.ain.id


@pytest.mark.parametrize("kind", ["department", "region", "epci", "ept", "commune"])
def test_hours_are_those_of_the_territory_that_is_chosen(cast, referent, kind):
    """In whatever way it reaches into the department of La Réunion."""
    region = make_territory("region", "04", "La Réunion")
    place = department = make_territory("department", "974", "La Réunion", region_id=region.id)
    commune = make_commune("97411", "Saint-Denis", department)
    if kind in ("epci", "ept"):
        place = make_territory("epci", "249740119", "CINOR")
        setattr(commune, f"{kind}_id", place.id)
    elif kind != "department":
        place = {"region": region, "commune": commune}[kind]
    cast.referent.territories = [place]
    db.session.commit()
    page = referent.get(NEW).text
    assert "Les heures sont celles du territoire choisi." in page and "celle du territoire choisi." in page
    submit(referent, NEW, "Publier", **DAY)
    assert only().time_zone == "Indian/Reunion" and only().starts_at.isoformat() == "2030-12-25T05:00:00+00:00"


def test_a_referent_finds_their_events_changes_them_and_takes_them_out_of_the_bin(cast, referent, client_as):
    event = make_publication(Event, cast.referent, title="La journée", level="members", organiser="Le centre")
    db.session.commit()
    assert "La journée" in referent.get("/mon-conseil/evenements").text
    submit(referent, page_of(event, "/modifier"), "Enregistrer", place="Salle des fêtes")
    assert only().place == "Salle des fêtes"
    assert referent.get(page_of(event, "/versions")).status_code == 200
    submit(referent, page_of(event, "/suppression"))
    assert only().deleted_at and "La journée" in referent.get("/mon-conseil/corbeille").text
    submit(referent, "/mon-conseil/corbeille", "Remettre")
    assert only().deleted_at is None
    for other in (cast.away, cast.animator, cast.alice):
        assert client_as(other).get(page_of(event, "/modifier")).status_code == 403


def test_a_former_referent_changes_nothing_any_more(cast, referent):
    event = make_publication(Event, cast.referent, level="public", organiser="Le centre")
    cast.referent.role = Role.MEMBER
    db.session.commit()
    assert referent.get(page_of(event, "/modifier")).status_code == 403
    assert referent.get(NEW).status_code == 403


@pytest.mark.parametrize("path", ["documents", "actions"])
def test_referents_share_no_documents_in_the_name_of_a_council(referent, path):
    assert referent.get(f"/mon-conseil/{path}/nouveau").status_code == 403


def test_the_pages_of_those_of_no_council_lead_to_what_they_have(cast, referent):
    assert "Mes événements" in referent.get("/animation").text
    page = referent.get(NEW).text
    assert "Modifier la fiche" not in page and "Dossier" not in page and "Pour quel territoire" in page


def test_the_words_are_those_of_who_is_of_no_council(cast, referent, alice):
    event = make_publication(Event, cast.referent, title="La journée", level="members", organiser="Le centre")
    db.session.commit()
    for address in (NEW, page_of(event), page_of(event, "/modifier"), "/mon-conseil/evenements"):
        page = referent.get(address).text
        assert "Mes événements" in page and "Nos événements" not in page and "otre conseil" not in page, address
    assert "Le nom de votre structure." in referent.get(NEW).text
    assert "Nos événements" in alice.get(NEW).text and "Si ce n’est pas votre conseil" in alice.get(NEW).text
