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
    "public.stop.receive": ("/sms/recus/faux", 405),
    "public.stop.edit": ("/desabonnement/faux", 404),
    "moderation.mailbox.index": ("/animation/courrier", 403),
    "moderation.mailbox.show": ("/animation/courrier/1", 403),
}


AWAY = {"REMOTE_ADDR": "192.0.2.1"}


@pytest.fixture
def country(app):
    return make_country()


def test_every_address_of_the_site_is_listed(app):
    assert set(ROUTES) == {rule.endpoint for rule in app.url_map.iter_rules()}


@pytest.mark.parametrize("endpoint", ROUTES)
def test_a_visitor_gets_the_expected_answer(client, app, country, endpoint):
    address, status = ROUTES[endpoint]
    css = app.extensions["assets"].names["site.css"]
    answer = client.get(address.format(council=country.croix, css=css), environ_overrides=AWAY)
    assert answer.status_code == status


ANIMATOR = {"moderation.mailbox.index": 200, "moderation.mailbox.show": 404}


@pytest.mark.parametrize("endpoint", ROUTES)
def test_the_animator_gets_the_expected_answer(client, app, country, endpoint):
    """On a demonstration, whoever sits at the machine is the animator."""
    address, status = ROUTES[endpoint]
    css = app.extensions["assets"].names["site.css"]
    answer = client.get(address.format(council=country.croix, css=css))
    assert answer.status_code == ANIMATOR.get(endpoint, status)


@pytest.mark.parametrize("endpoint", ROUTES)
def test_an_address_refuses_the_methods_it_does_not_know(client, country, app, endpoint):
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint == endpoint]
    address = ROUTES[endpoint][0].format(council=country.croix, css="x")
    for method in {"POST", "PUT", "DELETE", "PATCH", "TRACE"} - set().union(*(rule.methods for rule in rules)):
        assert client.open(address, method=method).status_code == 405, method
