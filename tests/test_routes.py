"""Every address × every kind of viewer → the answer; a new address fails here until it is listed."""

import pytest

from tests.factories import make_country

# Endpoint → (an address, the answer to a visitor).
ROUTES = {
    "static": ("/static/{css}", 200),
    "favicon": ("/favicon.ico", 200),
    "public.home.show": ("/", 200),
    "public.councils.index": ("/conseils", 200),
    "public.councils.show": ("/conseils/{council.slug}", 200),
    "public.maps.france": ("/carte", 200),
    "public.maps.department": ("/carte/01", 200),
    "public.pages.help": ("/aide", 200),
    "public.pages.contact": ("/contact", 200),
    "public.pages.legal": ("/mentions-legales", 200),
    "public.pages.privacy": ("/donnees-personnelles", 200),
    "public.pages.accessibility": ("/accessibilite", 200),
    "public.display.edit": ("/affichage", 200),
    "public.data.index": ("/donnees", 200),
    "public.data.councils_csv": ("/donnees/conseils.csv", 200),
    "public.data.councils_geojson": ("/donnees/conseils.geojson", 200),
    "public.files.show": ("/fichiers/1/rien.webp", 404),
    "public.health.show": ("/sante", 200),
}


@pytest.fixture
def country(app):
    return make_country()


def test_every_address_of_the_site_is_listed(app):
    assert set(ROUTES) == {rule.endpoint for rule in app.url_map.iter_rules()}


@pytest.mark.parametrize("endpoint", ROUTES)
def test_a_visitor_gets_the_expected_answer(client, app, country, endpoint):
    address, status = ROUTES[endpoint]
    css = app.extensions["assets"].names["site.css"]
    assert client.get(address.format(council=country.croix, css=css)).status_code == status


@pytest.mark.parametrize("endpoint", ROUTES)
def test_an_address_refuses_the_methods_it_does_not_know(client, country, app, endpoint):
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint == endpoint]
    address = ROUTES[endpoint][0].format(council=country.croix, css="x")
    for method in {"POST", "PUT", "DELETE", "PATCH", "TRACE"} - set().union(*(rule.methods for rule in rules)):
        assert client.open(address, method=method).status_code == 405, method
