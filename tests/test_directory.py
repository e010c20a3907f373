"""Finding a council: the directory, its search and the nearest ones."""

import re

import pytest

from app.extensions import db
from app.models import Council, CouncilLink, Precision, TerritoryKind
from app.models.types import utcnow
from tests.factories import make_commune, make_council, make_territory


def found(client, query, **arguments):
    response = client.get("/conseils", query_string={"q": query, **arguments})
    assert response.status_code == 200, query
    return response.text


def names(page):
    """Return the councils of a list, in its order."""
    return re.findall(r'<li><a href="/conseils/[^"]+">([^<]+)</a>', page)


@pytest.mark.parametrize(
    "query",
    [
        "Grande Reyssouze", "grande reyssouze terre des fleurs", "REYSSOUZE", "reysouze", "reyssouse", "ressouze",
        "terre fleurs", "la grande reyssouze", "conseil citoyen grande reyssouze", "QP001001", "reyss",
        "reyssouze 01000",
        "reyssouze bourg en bresse", "grandereyssouzeterredesfleurs", "  Grande   Reyssouze ", "fleurs-terre",
        "réyssoùze", "teyssouze",
    ],
)  # fmt: skip
def test_a_council_is_found_despite_accents_case_hyphens_and_slips(client, country, query):
    assert names(found(client, query))[0] == "Grande Reyssouze Terre des Fleurs"


@pytest.mark.parametrize(
    "query",
    ["01000", "01053", "bourg en bresse", "Bourg-en-Bresse", "BOURG EN BRESSE CEDEX", "bourgenbresse", "bourg en brese",
     "bour en bresse"],
)  # fmt: skip
def test_a_commune_or_its_postal_code_gives_all_its_councils(client, country, query):
    assert set(names(found(client, query))) == {"Grande Reyssouze Terre des Fleurs", "Croix Blanche"}


@pytest.mark.parametrize(
    "query", ["St Etienne", "saint-etienne", "ST-ÉTIENNE", "l'hay st etienne", "hay saint etienne"]
)
def test_saint_may_be_written_in_every_way(client, country, query):
    make_council("La Ronce", country.hay)
    assert names(found(client, query)) == ["La Ronce"]


@pytest.mark.parametrize("query", ["Vieu", "01260", "vieux", "01442"])
def test_a_place_without_council_shows_the_nearest_ones_with_their_distance(client, country, query):
    page = found(client, query)
    assert "Les conseils les plus proches de Vieu (01)" in page
    assert names(page)[0] == "Croix Blanche"
    assert re.search(r"Bourg-en-Bresse, Ain, à 4\d\xa0km", page)


def test_a_commune_that_shares_its_name_is_offered_beside(client, country):
    make_commune("38900", "Vieu", country.isere, postal_codes=["38900"], place=(45.2, 5.7))
    page = found(client, "vieu")
    assert "D’autres communes de ce nom" in page
    assert 'href="/conseils?commune=38900"' in page


def test_a_department_is_offered_by_its_name_and_its_number(client, country):
    for query in ("ain", "01"):
        assert 'href="/conseils?departement=01"' in found(client, query)


def test_words_that_nothing_answers_to_lead_elsewhere(client, country):
    page = found(client, "zzzzzz")
    assert "Aucun conseil citoyen ne répond" in page
    assert 'href="/carte"' in page


@pytest.mark.parametrize("query", ["", " ", " \t ", "\xa0", "\0", "\x1b\x07"])
def test_an_empty_search_shows_the_departments(client, country, query):
    page = found(client, query)
    assert "choisissez un département" in page


@pytest.mark.parametrize("query", ["%", "''", '"', "*", "_", "(", "😀", "x" * 101, "x" * 10_000])
def test_a_search_without_sense_is_refused_calmly_and_kept(client, country, query):
    response = client.get("/conseils", query_string={"q": query})
    assert response.status_code == 422
    assert "<title>Erreur : " in response.text
    assert 'href="#q"' in response.text
    assert 'aria-invalid="true"' in response.text


@pytest.mark.parametrize("query", ["a%b", "l'", "x\0y", "1=1 OR", "<script>alert(1)</script>", "🏠 bourg", "x" * 100])
def test_odd_signs_among_words_do_no_harm(client, country, query):
    page = found(client, query)
    assert "<script" not in page


def test_a_control_sign_in_the_search_is_not_printed(client, country):
    page = client.get("/conseils", query_string={"q": "bourg\0\x1b"}).text
    assert "\0" not in page and "\x1b" not in page


def test_lists_are_cut_into_pages(client, country):
    for number in range(45):
        make_council(f"Cité {number:02}", country.grenoble)
    first = client.get("/conseils?departement=38")
    assert len(names(first.text)) == 20
    assert 'rel="next" href="/conseils?departement=38&amp;page=2"' in first.text
    last = client.get("/conseils?departement=38&page=3")
    assert len(names(last.text)) == 6
    assert "Page suivante" not in last.text
    assert len(names(found(client, "grenoble", page=2))) == 20


@pytest.mark.parametrize(
    "address",
    ["/conseils?departement=99", "/conseils?region=zz", "/conseils?commune=00000", "/conseils?departement=01&page=9",
     "/conseils?departement=01&page=0", "/conseils?departement=01&page=-1", "/conseils?departement=01&page=deux",
     "/conseils?q=bourg&page=99999999999999999999", "/conseils/inconnu", "/carte/99", "/carte/x"],
)  # fmt: skip
def test_an_unknown_address_is_a_404_that_helps_to_search(client, country, address):
    response = client.get(address)
    assert response.status_code == 404
    assert 'name="q"' in response.text


def test_the_home_page_says_how_to_fill_an_empty_directory(client, app):
    assert "reference import" in client.get("/").text
    assert client.get("/conseils").status_code == 200


def test_a_region_lists_its_departments_and_councils(client, country):
    page = client.get("/conseils?region=84").text
    assert len(names(page)) == 3
    assert 'href="/conseils?departement=38"' in page


def test_a_blank_page_says_so_and_asks_the_members(client, country):
    page = client.get("/conseils/" + country.croix.slug).text
    assert "Page pas encore remplie" in page
    assert "Vous êtes membre de ce conseil" in page


def test_a_page_shows_place_neighbours_and_structured_data(client, country):
    page = client.get("/conseils/" + country.reyssouze.slug).text
    assert "Grande Reyssouze Terre des Fleurs" in re.search(r"<h1>(.+?)</h1>", page, re.S)[1]
    assert 'href="geo:46.2105,5.22199"' in page
    assert "openstreetmap.org/?mlat=46.2105&amp;mlon=5.22199" in page
    assert names(page)[:2] == ["Croix Blanche", "Mistral - Eaux Claires"]
    assert 'itemtype="https://schema.org/Organization"' in page
    assert 'itemprop="latitude" content="46.2105"' in page
    assert "position approchée" not in page


def test_an_approximate_place_is_said_to_be_so(client, country):
    council = make_council("La Mairie", country.bourg, precision=Precision.COMMUNE)
    page = client.get("/conseils/" + council.slug).text
    assert "Position approchée" in page
    assert "position approchée" in client.get("/carte/01").text


def test_a_council_without_place_has_a_page_and_stands_in_the_list(client, country):
    council = make_council("Nulle Part", country.bourg, latitude=None, longitude=None, precision=Precision.UNKNOWN)
    page = client.get("/conseils/" + council.slug)
    assert page.status_code == 200
    assert "geo:" not in page.text
    assert "Nulle Part" in client.get("/carte/01").text


def test_what_the_council_wrote_is_shown(client, country, app):
    council = db.session.get(Council, country.croix.id)
    council.description_html, council.email = "<p>Nous sommes <em>douze</em>.</p>", "croix@demo.example"
    council.phone, council.edited_at = "04 65 71 00 01", utcnow()
    council.links = [CouncilLink(label="Notre site", url="https://croix.demo.example/")]
    db.session.commit()
    page = client.get("/conseils/" + council.slug).text
    for text in (
        "<em>douze</em>",
        "/courriel",
        "tel:0465710001",
        "https://croix.demo.example/",
        "Page modifiée le",
    ):
        assert text in page
    assert "Page pas encore remplie" not in page


def test_a_council_that_changes_its_name_is_listed_and_found_under_the_new_one(client, country):
    client.get("/conseils?departement=01")
    db.session.get(Council, country.croix.id).name = "Croix Bleue"
    db.session.commit()
    assert "Croix Bleue" in names(client.get("/conseils?departement=01").text)
    assert names(found(client, "croix bleue")) == ["Croix Bleue"]


def test_a_council_that_is_no_more_leaves_the_lists(client, country):
    client.get("/conseils?departement=01")
    db.session.delete(db.session.get(Council, country.croix.id))
    db.session.commit()
    assert names(client.get("/conseils?departement=01").text) == ["Grande Reyssouze Terre des Fleurs"]


def test_a_neighbourhood_that_changes_its_name_is_shown_so(client, country):
    address = "/conseils/" + country.croix.slug
    etag = client.get(address).headers["ETag"]
    db.session.get(Council, country.croix.id).neighbourhoods[0].name = "La Rose Blanche"
    db.session.commit()
    assert "La Rose Blanche" in client.get(address, headers={"If-None-Match": etag}).text
    assert names(found(client, "rose blanche")) == ["Croix Blanche"]


def test_a_change_of_text_alone_does_not_read_the_directory_again(client, app, country):
    client.get("/conseils?departement=01")
    before = app.extensions["directory"]
    db.session.get(Council, country.croix.id).email = "croix@demo.example"
    db.session.commit()
    client.get("/conseils?departement=01")
    assert app.extensions["directory"] is before


@pytest.mark.parametrize(
    ("query", "first", "words"),
    [
        ("Bourg-en-Bresse (01)", "Croix Blanche", ""), ("bourg en bresse 01", "Croix Blanche", ""),
        ("Bourg en Bresse France", "Croix Blanche", "Mots laissés de côté : france"),
        ("1000", "Croix Blanche", ""), ("01 000", "Croix Blanche", ""),
        ("mistral 38", "Mistral - Eaux Claires", ""), ("grenble", "Mistral - Eaux Claires", "noms les plus proches"),
        ("reyssouze 01000", "Grande Reyssouze Terre des Fleurs", ""),
    ],
)  # fmt: skip
def test_what_people_add_to_a_name_does_not_hide_it(client, country, query, first, words):
    page = found(client, query)
    assert names(page)[0] == first
    assert words in page


def test_an_unknown_postal_code_leads_to_its_department(client, country):
    page = found(client, "01999")
    assert 'href="/conseils?departement=01"' in page
    assert "Aucun conseil" not in page


@pytest.mark.parametrize("query", ["conseil citoyen", "les conseils citoyens", "quartier prioritaire"])
def test_the_words_of_every_council_show_them_all(client, country, query):
    assert "choisissez un département" in found(client, query)


def test_the_commune_that_was_typed_comes_before_names_that_resemble_it(client, country):
    make_council("Le Petit Grenoble", country.bourg)
    assert names(found(client, "grenoble")) == ["Mistral - Eaux Claires", "Le Petit Grenoble"]
    make_council("Le Grenobleu", country.bourg)
    assert "Le Grenobleu" not in names(found(client, "grenoble"))


def test_two_communes_of_one_name_are_told_apart(client, country):
    twin = make_commune("38053", "Bourg-en-Bresse", country.isere, place=(45.3, 5.6), population=100)
    make_council("Les Lys", twin)
    page = found(client, "bourg en bresse")
    assert "Bourg-en-Bresse (Ain)" in page and "Bourg-en-Bresse (Isère)" in page
    assert set(names(found(client, "bourg en bresse 38"))) == {"Les Lys"}


def test_an_arrondissement_leads_to_the_whole_city_and_says_so(client, country):
    paris = make_territory(TerritoryKind.DEPARTMENT, "75", "Paris", region_id=country.region.id)
    city = make_commune("75056", "Paris", paris, postal_codes=["75001", "75018"], place=(48.86, 2.35), population=1)
    make_council("Goutte d’Or", city)
    for query in ("paris 18", "Paris 18e", "paris 18ème arrondissement"):
        page = found(client, query)
        assert names(page) == ["Goutte d’Or"]
        assert "L’annuaire ne connaît pas les arrondissements" in page
