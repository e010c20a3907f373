"""Every address × every kind of viewer → the answer; a new address fails here until it is listed."""

import pytest

# Dora's sign-up is pending, Alice and Bruno are of the council of the addresses, Chloé and Émile of others, the
# referent answers for its department, « away » for another one.
VIEWERS = ("visitor", "dora", "alice", "chloe", "referent", "away", "animator")


def everybody(status):
    """The same answer for all."""
    return dict.fromkeys(VIEWERS, status)


def asked(**statuses):
    """An answer for some, by name; a visitor is asked to log in, the others are refused."""
    return {"visitor": 302} | {viewer: statuses.get(viewer, 403) for viewer in VIEWERS[1:]}


def members(status=200):
    """For those whose account is validated."""
    return asked(**dict.fromkeys(VIEWERS[2:], status))


# Endpoint → (an address, the answers).
ROUTES = {
    "static": ("/static/{css}", everybody(200)),
    "favicon": ("/favicon.ico", everybody(200)),
    "public.home.show": ("/", everybody(200)),
    "public.councils.index": ("/conseils", everybody(200)),
    "public.councils.show": ("/conseils/{council.slug}", everybody(200)),
    "public.maps.france": ("/carte", everybody(200)),
    "public.maps.department": ("/carte/01", everybody(200)),
    "public.pages.help": ("/aide", everybody(200)),
    "public.pages.contact": ("/contact", everybody(200)),
    "public.pages.legal": ("/mentions-legales", everybody(200)),
    "public.pages.privacy": ("/donnees-personnelles", everybody(200)),
    "public.pages.accessibility": ("/accessibilite", everybody(200)),
    "public.display.edit": ("/affichage", everybody(200)),
    "public.data.index": ("/donnees", everybody(200)),
    "public.data.councils_csv": ("/donnees/conseils.csv", everybody(200)),
    "public.data.councils_geojson": ("/donnees/conseils.geojson", everybody(200)),
    "public.files.show": ("/fichiers/1/rien.webp", everybody(404)),
    "public.health.show": ("/sante", everybody(200)),
    "public.referents.index": ("/referents", everybody(200)),
    "public.stop.receive": ("/sms/recus/faux", everybody(405)),
    "public.stop.edit": ("/desabonnement/faux", everybody(404)),
    "account.data.export": ("/mon-profil/donnees", asked(**dict.fromkeys(VIEWERS[1:], 200))),
    "account.data.close": ("/mon-profil/fermeture", members() | {"dora": 302}),
    "account.data.reopen": ("/reouverture/faux", everybody(404)),
    "account.sessions.new": ("/connexion", everybody(302) | {"visitor": 200}),
    "account.sessions.delete": ("/deconnexion", everybody(405)),
    "account.passwords.forgotten": ("/mot-de-passe-oublie", everybody(200)),
    "account.passwords.sent": ("/mot-de-passe-oublie/envoye", everybody(200)),
    "account.passwords.reset": ("/mot-de-passe/faux", everybody(404)),
    "account.profile.edit": ("/mon-profil", members() | {"dora": 302}),
    "account.profile.password": ("/mon-profil/mot-de-passe", members()),
    "account.profile.email": ("/mon-profil/adresse", members()),
    "account.profile.email_sent": ("/mon-profil/adresse/envoye", members()),
    "account.profile.resume": ("/mon-profil/reprise", everybody(405)),
    "account.profile.prove": ("/mon-profil/adresse/confirmation", everybody(405)),
    "account.profile.confirm": ("/adresse/faux", everybody(404)),
    "account.profile.phone": ("/mon-profil/telephone", members()),
    "account.profile.code": ("/mon-profil/telephone/code", members()),
    "account.profile.remove_phone": ("/mon-profil/telephone/retrait", everybody(405)),
    "account.signups.find": ("/inscription", everybody(302) | {"visitor": 200}),
    "account.signups.new": ("/inscription/{council.slug}", everybody(302) | {"visitor": 200}),
    "account.signups.sent": ("/inscription/courriel/envoye", everybody(200)),
    "account.signups.confirm": ("/confirmation/faux", everybody(404)),
    "account.signups.show": ("/mon-inscription", everybody(302) | {"dora": 200}),
    "account.signups.correct": ("/mon-inscription/corriger", everybody(302)),
    "account.signups.withdraw": ("/mon-inscription/retrait", everybody(302) | {"dora": 200}),
    "community.forum.index": ("/forum", members()),
    "council.dashboard.show": ("/mon-conseil", asked(alice=200, chloe=200)),
    "council.dashboard.members": ("/mon-conseil/membres", asked(alice=200, chloe=200)),
    "account.vouches.edit": ("/validation/faux", everybody(404)),
    "council.signups.index": ("/mon-conseil/inscriptions", asked(alice=200, chloe=200)),
    "council.signups.show": ("/mon-conseil/inscriptions/{dora.id}", asked(alice=200, chloe=404)),
    "moderation.dashboard.show": ("/animation", asked(referent=200, away=200, animator=200)),
    "moderation.signups.index": ("/animation/inscriptions", asked(referent=200, away=200, animator=200)),
    "moderation.signups.show": ("/animation/inscriptions/{dora.id}", asked(referent=200, away=404, animator=200)),
    "moderation.referents.index": ("/animation/referents", asked(animator=200)),
    "moderation.referents.new": ("/animation/referents/nouveau", asked(animator=200)),
    "moderation.referents.edit": ("/animation/referents/{referent.id}", asked(animator=200)),
    "moderation.referents.end": ("/animation/referents/{referent.id}/fin", asked(animator=200)),
    "moderation.users.index": ("/animation/comptes", asked(animator=200)),
    "moderation.users.show": ("/animation/comptes/{dora.id}", asked(animator=200)),
    "moderation.users.suspend": ("/animation/comptes/{dora.id}/suspension", asked(animator=302)),
    "moderation.users.restore": ("/animation/comptes/{dora.id}/reouverture", asked(animator=302)),
    "moderation.mailbox.index": ("/animation/courrier", asked(animator=200)),
    "moderation.mailbox.show": ("/animation/courrier/1", asked(animator=404)),
}


def address_of(app, cast, endpoint):
    css = app.extensions["assets"].names["site.css"]
    return ROUTES[endpoint][0].format(council=cast.council, css=css, dora=cast.dora, referent=cast.referent)


def test_every_address_of_the_site_is_listed(app):
    assert set(ROUTES) == {rule.endpoint for rule in app.url_map.iter_rules()}


@pytest.mark.parametrize("viewer", VIEWERS)
def test_each_viewer_gets_the_expected_answers(app, cast, client, client_as, viewer):
    browser = client if viewer == "visitor" else client_as(getattr(cast, viewer))
    answers = {endpoint: browser.get(address_of(app, cast, endpoint)).status_code for endpoint in ROUTES}
    assert answers == {endpoint: statuses[viewer] for endpoint, (_, statuses) in ROUTES.items()}


@pytest.mark.parametrize("endpoint", ROUTES)
def test_an_address_refuses_the_methods_it_does_not_know(client, cast, app, endpoint):
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint == endpoint]
    for method in {"POST", "PUT", "DELETE", "PATCH", "TRACE"} - set().union(*(rule.methods for rule in rules)):
        assert client.open(address_of(app, cast, endpoint), method=method).status_code == 405, method
