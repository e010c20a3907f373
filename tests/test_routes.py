"""Every address × every kind of viewer → the answer; a new address fails here until it is listed."""

import io
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from PIL import Image
from sqlalchemy import select

from app.blueprints.account import passwords as password_views
from app.extensions import db
from app.labels import ArticleKind, DeliveryState, IssueState, UserStatus, Visibility
from app.models import Category, Delivery, Departure, Document, Event, Folder, GroupRequest
from app.models import Message as Post
from app.models.types import utcnow
from app.notifications import outbox
from app.notifications.message import Message, stop_address
from app.notifications.registrations import token_of
from app.notifications.signups import vouch_address
from app.services import (
    articles,
    attachments,
    closing,
    fiches,
    pictures,
    profiles,
    publishing,
    registrations,
    renewals,
    revisions,
    signups,
)
from app.signing import sign
from tests.browse import forms
from tests.factories import (
    EMPTY_LETTER,
    PASSWORD,
    make_article,
    make_category,
    make_group,
    make_issue,
    make_message,
    make_publication,
    make_topic,
    make_user,
    make_workshop,
)
from tests.samples import PDF

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
    "public.glossary.show": ("/glossaire", everybody(200)),
    "public.pages.help": ("/aide", everybody(200)),
    "public.pages.contact": ("/contact", everybody(200)),
    "public.pages.legal": ("/mentions-legales", everybody(200)),
    "public.pages.privacy": ("/donnees-personnelles", everybody(200)),
    "public.pages.accessibility": ("/accessibilite", everybody(200)),
    "public.display.edit": ("/affichage", everybody(200)),
    "public.data.index": ("/donnees", everybody(200)),
    "public.data.councils_csv": ("/donnees/conseils.csv", everybody(200)),
    "public.data.councils_geojson": ("/donnees/conseils.geojson", everybody(200)),
    "public.agenda.index": ("/agenda", everybody(200)),
    "public.agenda.feed": ("/agenda.ics", everybody(200)),
    "public.agenda.of_council": ("/conseils/{council.slug}/agenda.ics", everybody(200)),
    "public.news.index": ("/actualites", everybody(200)),
    "public.toolbox.root": ("/ressources", everybody(302)),
    "public.toolbox.index": ("/ressources/boite-a-outils", everybody(200)),
    "public.articles.show": ("/actualites/rien", everybody(404)),
    "public.articles.qr": ("/actualites/rien/qr.svg", everybody(404)),
    "public.councils.qr": ("/conseils/{council.slug}/qr.svg", everybody(200)),
    "public.feeds.news": ("/actualites.atom", everybody(200)),
    "public.feeds.toolbox": ("/ressources/boite-a-outils.atom", everybody(200)),
    "public.feeds.publications": ("/ressources/publications.atom", everybody(200)),
    "public.feeds.actions": ("/actions.atom", everybody(200)),
    "public.agenda.event": ("/evenements/1-rien.ics", everybody(404)),
    "public.agenda.personal": ("/agenda/faux.ics", everybody(404)),
    "public.agenda.of_group": ("/agenda/faux/groupes/rien.ics", everybody(404)),
    "public.files.show": ("/fichiers/1/rien.webp", everybody(404)),
    "public.health.show": ("/sante", everybody(200)),
    "public.referents.index": ("/referents", everybody(200)),
    "public.stop.receive": ("/sms/recus/faux", everybody(405)),
    "public.stop.edit": ("/desabonnement/faux", everybody(404)),
    "account.calendar.edit": ("/mon-profil/agenda", members()),
    "account.data.export": ("/mon-profil/donnees", asked(**dict.fromkeys(VIEWERS[1:], 200))),
    "account.data.close": ("/mon-profil/fermeture", members() | {"dora": 302}),
    "account.data.reopen": ("/reouverture/faux", everybody(404)),
    "account.sessions.new": ("/connexion", everybody(302) | {"visitor": 200}),
    "account.sessions.delete": ("/deconnexion", everybody(405)),
    "account.passwords.forgotten": ("/mot-de-passe-oublie", everybody(200)),
    "account.passwords.sent": ("/mot-de-passe-oublie/envoye", everybody(200)),
    "account.passwords.reset": ("/mot-de-passe/faux", everybody(404)),
    "account.profile.edit": ("/mon-profil", members() | {"dora": 302}),
    "account.profile.followed": ("/mon-profil/suivis", members()),
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
    "community.forum.show": ("/forum/rien", members(404)),
    "community.forum.read": ("/forum/rubriques/1/lu", everybody(405)),
    "community.topics.show": ("/forum/sujets/1-rien", members(404)),
    "community.topics.unread": ("/forum/sujets/1-rien/non-lus", members(404)),
    "community.topics.reply": ("/forum/sujets/1-rien/repondre", members(404)),
    "community.topics.new": ("/forum/rien/nouveau", members(404)),
    "community.topics.new_in_group": ("/groupes/rien/discussions/nouveau", members(404)),
    "community.messages.show": ("/forum/messages/1", members(404)),
    "community.messages.whole": ("/forum/messages/1/entier", members(404)),
    "community.messages.edit": ("/forum/messages/1/modifier", members(404)),
    "community.messages.take_back": ("/forum/messages/1/retrait", members(404)),
    "community.messages.put_back": ("/forum/messages/1/retour", everybody(405)),
    "community.following.topic": ("/forum/sujets/1-rien/suivi", everybody(405)),
    "community.following.category": ("/forum/rubriques/1/suivi", everybody(405)),
    "community.searching.show": ("/forum/recherche", members()),
    "community.arranging.pin": ("/forum/sujets/1-rien/epingle", everybody(405)),
    "community.arranging.close": ("/forum/sujets/1-rien/fermeture", everybody(405)),
    "community.arranging.settle": ("/forum/sujets/1-rien/reponse", everybody(405)),
    "community.arranging.rename": ("/forum/sujets/1-rien/titre", members(404)),
    "community.arranging.move": ("/forum/sujets/1-rien/deplacement", members(404)),
    "community.groups.index": ("/groupes", members()),
    "community.groups.ask": ("/groupes/demande", members() | {"animator": 403}),
    "community.groups.show": ("/groupes/rien", members(404)),
    "community.groups.topics": ("/groupes/rien/discussions", members(404)),
    "community.groups.shared": ("/groupes/rien/documents", members(404)),
    "community.groups.members": ("/groupes/rien/membres", members(404)),
    "community.groups.leave": ("/groupes/rien/depart", members(404)),
    "community.groups.come_back": ("/groupes/rien/retour", everybody(405)),
    "council.dashboard.show": ("/mon-conseil", asked(alice=200, chloe=200)),
    "council.dashboard.members": ("/mon-conseil/membres", asked(alice=200, chloe=200)),
    "council.fiche.edit": ("/mon-conseil/fiche", asked(alice=200, chloe=200)),
    "council.fiche.verify": ("/mon-conseil/fiche/verification", everybody(405)),
    "council.fiche.forget": ("/mon-conseil/fiche/oubli", everybody(405)),
    "council.fiche.versions": ("/mon-conseil/fiche/versions", asked(alice=200, chloe=200)),
    "council.fiche.version": ("/mon-conseil/fiche/versions/9", asked(alice=404, chloe=404)),
    "council.fiche.restore": ("/mon-conseil/fiche/versions/9/retour", everybody(405)),
    "public.councils.email": ("/conseils/{council.slug}/courriel", everybody(200)),
    "publications.bin.index": ("/mon-conseil/corbeille", members()),
    "publications.bin.discard": ("/documents/1-rien/suppression", members(404)),
    "publications.bin.recover": ("/mon-conseil/corbeille/1/retour", everybody(405)),
    "publications.bin.recover_file": ("/mon-conseil/corbeille/fichiers/1/retour", everybody(405)),
    "publications.versions.index": ("/documents/1-rien/versions", everybody(404)),
    "publications.versions.show": ("/documents/1-rien/versions/1", everybody(404)),
    "publications.versions.restore": ("/documents/1-rien/versions/1/retour", everybody(405)),
    "publications.versions.compare": ("/documents/1-rien/versions/comparer", everybody(404)),
    "publications.versions.authors": ("/documents/1-rien/versions/auteurs", everybody(404)),
    "publications.adopting.adopt": ("/documents/1-rien/versions/adoption", everybody(404)),
    "publications.adopting.lift": ("/documents/1-rien/versions/adoption/levee", everybody(404)),
    "publications.reading.download": ("/documents/1-rien.md", everybody(404)),
    "publications.reading.printed": ("/documents/1-rien/imprimer", everybody(404)),
    "council.contributions.edit": ("/mon-conseil/appels/un-appel", asked(alice=404, chloe=404)),
    "council.folders.index": ("/mon-conseil/dossiers", asked(alice=200, chloe=200)),
    "council.folders.show": ("/mon-conseil/dossiers/1", asked(alice=404, chloe=404)),
    "council.folders.edit": ("/mon-conseil/dossiers/1/modifier", asked(alice=404, chloe=404)),
    "council.folders.delete": ("/mon-conseil/dossiers/1/suppression", asked(alice=404, chloe=404)),
    "publications.lists.index": ("/ressources/publications", everybody(200)),
    "publications.lists.actions": ("/actions", everybody(200)),
    "publications.lists.mine": ("/mon-conseil/documents", asked(alice=200, chloe=200)),
    "publications.editing.new": ("/mon-conseil/documents/nouveau", asked(alice=200, chloe=200)),
    "publications.editing.edit": ("/documents/1-rien/modifier", asked(alice=404, chloe=404)),
    "publications.editing.forget": ("/documents/1-rien/modifier/oubli", everybody(405)),
    "publications.items.show": ("/documents/1-rien", everybody(404)),
    "publications.items.minutes": ("/evenements/1-rien/compte-rendu", members(404)),
    "publications.registering.edit": ("/evenements/1-rien/inscription", everybody(404)),
    "publications.registering.sent": ("/evenements/1-rien/inscription/envoyee", everybody(404)),
    "publications.registering.delete": ("/evenements/1-rien/desinscription", everybody(405)),
    "publications.registering.show": ("/inscriptions/faux", everybody(404)),
    "publications.registering.code": ("/inscriptions/faux/code", everybody(404)),
    "publications.organising.index": ("/evenements/1-rien/inscrits", members(404)),
    "publications.organising.new": ("/evenements/1-rien/inscrits/nouveau", members(404)),
    "publications.organising.show": ("/evenements/1-rien/inscrits/1", members(404)),
    "publications.organising.message": ("/evenements/1-rien/inscrits/message", members(404)),
    "publications.papers.csv": ("/evenements/1-rien/inscrits.csv", members(404)),
    "publications.papers.ods": ("/evenements/1-rien/inscrits.ods", members(404)),
    "publications.papers.sheet": ("/evenements/1-rien/emargement", members(404)),
    "publications.papers.poster": ("/evenements/1-rien/affiche", everybody(404)),
    "publications.papers.bulletin": ("/evenements/1-rien/bulletin", everybody(404)),
    "publications.papers.qr": ("/evenements/1-rien/qr.svg", everybody(404)),
    "publications.papers.short": ("/e/1", everybody(404)),
    "publications.sessions.follow": ("/evenements/1-rien/rattrapage", members(404)),
    "publications.sessions.cancel": ("/evenements/1-rien/annulation", members(404)),
    "publications.items.take_over": ("/documents/1-rien/reprise", everybody(405)),
    "publications.following.edit": ("/documents/1-rien/suivi", everybody(405)),
    "publications.cowriting.edit": ("/documents/1-rien/ecrire", everybody(404)),
    "publications.cowriting.index": ("/documents/1-rien/a-part", everybody(404)),
    "publications.cowriting.settle": ("/documents/1-rien/a-part/1", everybody(404)),
    "publications.cowriting.whole": ("/documents/1-rien/a-part/1/texte", everybody(404)),
    "publications.cowriting.close": ("/documents/1-rien/a-part/1/etat", everybody(405)),
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
    "moderation.groups.index": ("/animation/groupes", asked(animator=200)),
    "moderation.groups.new": ("/animation/groupes/nouveau", asked(animator=200)),
    "moderation.groups.edit": ("/animation/groupes/1", asked(animator=404)),
    "moderation.groups.archive": ("/animation/groupes/1/archivage", asked(animator=404)),
    "moderation.groups.reopen": ("/animation/groupes/1/reouverture", everybody(405)),
    "moderation.groups.refuse": ("/animation/groupes/demandes/1/refus", asked(animator=404)),
    "moderation.categories.index": ("/animation/forum", asked(animator=200)),
    "moderation.categories.edit": ("/animation/forum/1/modifier", asked(animator=404)),
    "moderation.categories.move": ("/animation/forum/1/place/1", everybody(405)),
    "moderation.categories.close": ("/animation/forum/1/fermeture", everybody(405)),
    "moderation.categories.delete": ("/animation/forum/1/suppression", asked(animator=404)),
    "moderation.users.index": ("/animation/comptes", asked(animator=200)),
    "moderation.users.show": ("/animation/comptes/{dora.id}", asked(animator=200)),
    "moderation.users.suspend": ("/animation/comptes/{dora.id}/suspension", asked(animator=302)),
    "moderation.users.restore": ("/animation/comptes/{dora.id}/reouverture", asked(animator=302)),
    "moderation.articles.index": ("/animation/articles", asked(referent=200, away=200, animator=200)),
    "moderation.articles.discarded": ("/animation/articles/corbeille", asked(referent=200, away=200, animator=200)),
    "moderation.articles.new": ("/animation/articles/nouveau", asked(referent=200, away=200, animator=200)),
    "moderation.articles.show": ("/animation/articles/99", asked(referent=404, away=404, animator=404)),
    "moderation.articles.edit": ("/animation/articles/99/modifier", asked(referent=404, away=404, animator=404)),
    "moderation.articles.forget": ("/animation/articles/99/modifier/oubli", everybody(405)),
    "moderation.articles.publish": ("/animation/articles/99/publication", everybody(405)),
    "moderation.articles.unschedule": ("/animation/articles/99/brouillon", everybody(405)),
    "moderation.articles.take_back": ("/animation/articles/99/reprise", everybody(405)),
    "moderation.articles.give_back": ("/animation/articles/99/retour", asked(animator=404)),
    "moderation.articles.pin": ("/animation/articles/99/une", everybody(405)),
    "moderation.articles.expire": ("/animation/articles/99/fin", everybody(405)),
    "moderation.articles.duplicate": ("/animation/articles/99/copie", everybody(405)),
    "moderation.articles.delete": ("/animation/articles/99/suppression", asked(referent=404, away=404, animator=404)),
    "moderation.articles.recover": ("/animation/articles/99/retour-de-la-corbeille", everybody(405)),
    "moderation.articles.versions": ("/animation/articles/99/versions", asked(referent=404, away=404, animator=404)),
    "moderation.articles.version": ("/animation/articles/99/versions/1", asked(referent=404, away=404, animator=404)),
    "moderation.articles.recover_file": ("/animation/articles/99/fichiers/1/retour", everybody(405)),
    "moderation.articles.restore": ("/animation/articles/99/versions/1/retour", everybody(405)),
    "moderation.newsletter.index": ("/animation/lettre", asked(animator=200)),
    "moderation.newsletter.prepare": ("/animation/lettre/preparation", asked(animator=404)),
    "moderation.newsletter.edit": ("/animation/lettre/2026-01", asked(animator=404)),
    "moderation.newsletter.preview": ("/animation/lettre/2026-01/apercu", asked(animator=404)),
    "moderation.newsletter.mail": ("/animation/lettre/2026-01/apercu.html", asked(animator=404)),
    "moderation.newsletter.text": ("/animation/lettre/2026-01/apercu.txt", asked(animator=404)),
    "moderation.sending.show": ("/animation/lettre/2026-01/envoi", asked(animator=404)),
    "moderation.sending.send": ("/animation/lettre/2026-01/depart", asked(animator=404)),
    "moderation.sending.test": ("/animation/lettre/2026-01/essai", everybody(405)),
    "moderation.sending.cancel": ("/animation/lettre/2026-01/annulation", everybody(405)),
    "moderation.sending.stop": ("/animation/lettre/2026-01/arret", everybody(405)),
    "moderation.sending.resume": ("/animation/lettre/2026-01/reprise", everybody(405)),
    "moderation.sending.skip": ("/animation/lettre/2026-01/sans-lettre", asked(animator=404)),
    "moderation.sending.take_up": ("/animation/lettre/2026-01/retour", everybody(405)),
    "public.newsletter.index": ("/lettre", everybody(200)),
    "public.newsletter.ask": ("/lettre/abonnement", everybody(200)),
    "public.newsletter.sent": ("/lettre/envoyee", everybody(200)),
    "public.newsletter.confirm": ("/lettre/confirmation/faux", everybody(404)),
    "public.newsletter.leave": ("/lettre/desabonnement/faux", everybody(404)),
    "public.issues.show": ("/lettre/2026-01", everybody(404)),
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


def test_an_address_refuses_the_methods_it_does_not_know(client, cast, app):
    for endpoint in ROUTES:
        rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint == endpoint]
        for method in {"POST", "PUT", "DELETE", "PATCH", "TRACE"} - set().union(*(rule.methods for rule in rules)):
            answer = client.open(address_of(app, cast, endpoint), method=method)
            assert answer.status_code == 405, (endpoint, method)


# What is sent, and links that serve -------------------------------------------------------------------------------


def told(**statuses):
    """As `asked`, for what is sent: what a visitor wrote is kept on the page that asks to log in."""
    return {"visitor": 403} | {viewer: statuses.get(viewer, 403) for viewer in VIEWERS[1:]}


PENDING, MEMBERS = VIEWERS[1:2], VIEWERS[2:]
NEW = "une girafe mange des tartines"
PERSON = {"first_name": "Fanny", "last_name": "Faure", "college": "resident", "words": "Rue des Lilas."}
ALERTS = dict.fromkeys(("document", "action", "event", "forum"), "now")
REFERENT = {"organisation": "Fédération", "public_contact": "04 00 00 00 00", "departments": "{ain}"}
LINKS = ("confirm", "reset", "address", "reopen", "vouch", "stop")

TOGETHER = everybody(404) | dict.fromkeys(MEMBERS, 403) | {"alice": 200}  # of what members read, its council writes

GATHERED = members(404) | {"alice": 200, "chloe": 200}  # of a group, its councils

# Links that were really sent, and things that really are there → the answers to who opens them.
OPENED = {f"{{{name}}}": everybody(200) for name in LINKS} | {
    "/lettre/confirmation/{letter_join}": everybody(200),
    "/lettre/desabonnement/{letter_leave}": everybody(200),
    "/fichiers/{photo}/portrait.webp": everybody(404) | dict.fromkeys(MEMBERS, 200),
    "/animation/courrier/{delivery}": asked(animator=200),
    "/animation/comptes/{sami}/reouverture": asked(animator=200),
    "/animation/comptes/{alice}/suspension": asked(animator=200),
    "/mon-conseil/inscriptions/{gael}": asked(alice=404, chloe=404),
    "/mon-conseil/appels/un-appel": asked(alice=200, chloe=200),
    "/mon-conseil/fiche/versions/1": asked(alice=200, chloe=404),
    "/documents/{orphan}-un-square/versions": asked(alice=200),
    "/documents/{orphan}-un-square/versions/1": asked(alice=200),
    "/documents/{note}-une-note/versions": everybody(404) | {"alice": 200},
    "/documents/{note}-une-note/versions/comparer": everybody(404) | {"alice": 200},
    "/documents/{note}-une-note/versions/auteurs": everybody(404),
    "/documents/{note}-une-note/versions/adoption": everybody(404) | {"alice": 403},
    "/documents/{note}-une-note.md": everybody(404) | {"alice": 200},
    "/documents/{note}-une-note/imprimer": everybody(404) | {"alice": 200},
    "/documents/{orphan}-un-square/versions/comparer": asked(alice=200),
    "/documents/{orphan}-un-square/versions/comparer?de=1&a=2": asked(alice=422),
    "/documents/{orphan}-un-square.md": everybody(200),
    "/documents/{orphan}-un-square.md?version=1": asked(alice=200),
    "/documents/{orphan}-un-square/imprimer": everybody(200),
    "/documents/{together}-une-charte/versions": TOGETHER,
    "/documents/{together}-une-charte/versions/1": TOGETHER,
    "/documents/{together}-une-charte/versions/auteurs": TOGETHER,
    "/documents/{together}-une-charte/versions/adoption": TOGETHER,
    "/documents/{together}-une-charte/versions/adoption/levee": TOGETHER | {"alice": 302},  # nothing is adopted
    "/documents/{note}-une-note": everybody(404) | {"alice": 200},
    "/documents/{note}-une-note/ecrire": everybody(404) | {"alice": 302},
    "/documents/{together}-une-charte/ecrire": everybody(404) | dict.fromkeys(MEMBERS, 403) | {"alice": 200},
    "/documents/{together}-une-charte/a-part": everybody(404) | dict.fromkeys(MEMBERS, 403) | {"alice": 200},
    "/documents/{note}-une-note/modifier": asked(alice=200, chloe=404),
    "/documents/{orphan}-un-square/modifier": asked(),
    "/documents/{orphan}-un-square": everybody(200),
    "/evenements/{meeting}-la-reunion/compte-rendu": members(403) | {"visitor": 302, "dora": 403, "alice": 200},
    "/evenements/{meeting}-la-reunion.ics": everybody(404) | dict.fromkeys(MEMBERS, 200),
    "/evenements/{workshop}-l-atelier": everybody(200),
    "/evenements/{workshop}-l-atelier/inscription": everybody(200),
    "/evenements/{workshop}-l-atelier/inscription/envoyee": everybody(200),
    "/evenements/{board}-le-bureau/inscription": everybody(404) | {"alice": 200},
    **{
        f"/evenements/{{workshop}}-l-atelier/{page}": asked(alice=200)
        for page in (
            "inscrits",
            "inscrits/nouveau",
            "inscrits/{person}",
            "inscrits/message",
            "emargement",
            "rattrapage",
            "annulation",
        )
    },
    "/evenements/{workshop}-l-atelier/inscrits.csv": asked(alice=200),
    "/evenements/{workshop}-l-atelier/inscrits.ods": asked(alice=200),
    "/evenements/{workshop}-l-atelier/affiche": everybody(200),
    "/evenements/{workshop}-l-atelier/bulletin": everybody(200),
    "/evenements/{workshop}-l-atelier/qr.svg": everybody(200),
    "/documents/{orphan}-un-square/qr.svg": everybody(200),
    "/actualites/un-appel": everybody(200),
    "/actualites/un-appel/qr.svg": everybody(200),
    "/ressources/un-appel": everybody(301),
    "/evenements/{board}-le-bureau/affiche": everybody(404) | {"alice": 200},
    "/e/{workshop}": everybody(302),
    "/e/{board}": everybody(404) | {"alice": 302},
    "/inscriptions/{registered}": everybody(200),
    "/inscriptions/{awaited}/code": everybody(200),
    **{
        f"/groupes/les-quartiers{page}": GATHERED
        for page in ("", "/discussions", "/documents", "/actions", "/evenements", "/membres", "/depart")
    },
    "/animation/groupes/{group}": asked(animator=200),
    "/animation/groupes/{group}/archivage": asked(animator=200),
    "/animation/groupes/demandes/{wish}/refus": asked(animator=200),
    "/animation/groupes/nouveau?demande={wish}": asked(animator=200),
    "/forum/vie-des-conseils": members(),
    "/forum/vie-des-conseils/nouveau": members(),
    "/groupes/bourg/discussions/nouveau": GATHERED,
    "/animation/articles/{proposal}": asked(referent=200, away=404, animator=200),
    "/animation/articles/{proposal}/modifier": asked(referent=200, away=404, animator=200),
    "/animation/articles/{proposal}/retour": asked(animator=200),
    "/animation/articles/{proposal}/suppression": asked(referent=200, away=404, animator=302),
    "/animation/articles/{news}": asked(referent=404, away=404, animator=200),
    "/animation/articles/{news}/modifier": asked(referent=404, away=404, animator=200),
    "/animation/articles/{news}/versions": asked(referent=404, away=404, animator=200),
    "/animation/articles/{news}/versions/1": asked(referent=404, away=404, animator=200),
    "/forum/sujets/{topic}-un-local-pour-se-reunir": members(),
    "/forum/sujets/{secret}-un-local-pour-se-reunir": GATHERED,
    "/forum/sujets/{topic}-un-local-pour-se-reunir/repondre": members(),
    "/forum/sujets/{secret}-un-local-pour-se-reunir/repondre": GATHERED,
    "/forum/sujets/{topic}-un-local-pour-se-reunir/non-lus": members(302),
    "/forum/sujets/{secret}-un-local-pour-se-reunir/non-lus": members(404) | {"alice": 302, "chloe": 302},
    "/forum/messages/{said}": members(302),
    "/forum/messages/{whispered}": members(404) | {"alice": 302, "chloe": 302},
    "/forum/messages/{said}/entier": members(),
    "/forum/messages/{whispered}/entier": GATHERED,
    "/forum/messages/{said}/modifier": asked(alice=200),
    "/forum/messages/{whispered}/modifier": members(404) | {"alice": 200, "chloe": 403},
    "/forum/messages/{said}/retrait": asked(alice=200),
    "/forum/messages/{whispered}/retrait": members(404) | {"alice": 200, "chloe": 403},
    "/forum/sujets/{topic}-un-local-pour-se-reunir/titre": asked(animator=200),
    "/forum/sujets/{topic}-un-local-pour-se-reunir/deplacement": asked(animator=200),
    "/forum/sujets/{secret}-un-local-pour-se-reunir/titre": GATHERED,
    "/forum/sujets/{secret}-un-local-pour-se-reunir/deplacement": members(404) | {"alice": 403, "chloe": 403},
    "/lettre/2020-02": everybody(200),
    "/lettre/2020-03": everybody(404) | {"animator": 200},
    **{
        f"/animation/lettre/2020-03{page}": asked(animator=200)
        for page in ("", "/apercu", "/apercu.html", "/apercu.txt", "/envoi", "/depart", "/sans-lettre")
    },
    "/animation/lettre/2020-02": asked(animator=302),
    "/animation/lettre/2020-02/envoi": asked(animator=200),
    "/animation/forum/{rubric}/modifier": asked(animator=200),
    "/animation/forum/{vacant}/suppression": asked(animator=200),
    "/animation/forum/{discussions}/modifier": asked(animator=404),
    "/mon-conseil/dossiers/{folder}": asked(alice=200, chloe=404),
    "/mon-conseil/dossiers/{folder}/modifier": asked(alice=200, chloe=404),
    "/mon-conseil/dossiers/{folder}/suppression": asked(alice=200, chloe=404),
    "/documents/{note}-une-note/suppression": members(404) | {"visitor": 302, "dora": 403, "alice": 200},
    "/documents/{orphan}-un-square/suppression": asked(),
    "/fichiers/{paper}/a.pdf": everybody(404) | {"alice": 200},
    "/fichiers/{removed}/b.pdf": everybody(404) | {"alice": 200},
    "/animation/inscriptions/{gael}": asked(referent=404, away=200, animator=200),
}

# Address → (what is sent with the token of a form, the answers). Each is sent to the site as it was before.
SENT = {
    "/lettre/abonnement": ({"email": "ida@ex.fr", "wish": "join", "stamp": "{stamp}"}, everybody(302)),
    "/lettre/confirmation/{letter_join}": ({}, everybody(302)),
    "/lettre/desabonnement/{letter_leave}": ({}, everybody(302)),
    "/animation/articles/nouveau": (
        {"title": "Un", "kind": "news", "act": "draft", "key": "a" * 32, "version": "0"},
        told(referent=302, away=302, animator=302),
    ),
    "/animation/articles/{proposal}/modifier": (
        {"title": "Un", "kind": "news", "act": "submit", "version": "1"},
        told(referent=302, away=404, animator=302),
    ),
    "/animation/articles/{proposal}/modifier/oubli": ({}, told(referent=302, away=404, animator=302)),
    "/animation/articles/{proposal}/publication": ({}, told(animator=302)),
    "/animation/articles/{proposal}/brouillon": ({}, told(animator=302)),
    "/animation/articles/{proposal}/reprise": ({}, told(referent=302, away=404, animator=302)),
    "/animation/articles/{proposal}/retour": ({"reason": "Non."}, told(animator=302)),
    "/animation/articles/{proposal}/une": ({}, told(animator=302)),
    "/animation/articles/{proposal}/fin": ({}, told(animator=302)),
    "/animation/articles/{proposal}/copie": ({"act": "a" * 32}, told(referent=302, away=404, animator=302)),
    "/animation/articles/{proposal}/suppression": ({}, told(referent=302, away=404, animator=302)),
    "/animation/articles/{binned}/retour-de-la-corbeille": ({}, told(referent=302, away=302, animator=302)),
    "/animation/articles/{proposal}/fichiers/9999/retour": ({}, told(referent=302, away=404, animator=302)),
    "/animation/articles/{news}/versions/1/retour": ({"newest": "1"}, told(referent=404, away=404, animator=302)),
    "/affichage": ({"images": "non"}, everybody(302)),
    "/connexion": ({"email": "bruno@essai.example", "password": PASSWORD}, everybody(302)),
    "/deconnexion": ({}, everybody(302)),
    "/sms/recus/le-secret": ({"from": "+33612345678", "text": "STOP"}, everybody(200)),
    "{stop}": ({"choice": "stop"}, everybody(302)),
    "{confirm}": ({"password": PASSWORD}, everybody(302)),
    "{vouch}": ({"answer": "yes"}, everybody(302)),
    "{address}": ({}, everybody(302)),
    "{reset}": ({"new_password": NEW}, everybody(302)),
    "{reopen}": ({}, everybody(302)),
    "/mot-de-passe-oublie": ({"email": "bruno@essai.example"}, everybody(302)),
    "/inscription/{slug}": (
        PERSON | {"email": "ida@essai.example", "password": NEW, "stamp": "{stamp}"},
        everybody(302),
    ),
    "/mon-inscription/corriger": (PERSON, told(**dict.fromkeys(PENDING + MEMBERS, 302))),
    "/mon-inscription/retrait": ({}, told(**dict.fromkeys(PENDING + MEMBERS, 302))),
    "/mon-profil/donnees": ({}, told(**dict.fromkeys(PENDING + MEMBERS, 200))),
    "/mon-profil/fermeture": (
        {"when": "later", "contributions": "stay", "password": PASSWORD},
        told(**dict.fromkeys(MEMBERS, 302)) | {"animator": 422},  # somebody has to run the site
    ),
    "/mon-profil": (PERSON | ALERTS, told(**dict.fromkeys(PENDING + MEMBERS, 302))),
    "/mon-profil/agenda": ({"act": "make"}, told(**dict.fromkeys(MEMBERS, 302))),
    "/mon-profil/mot-de-passe": ({"password": PASSWORD, "new_password": NEW}, told(**dict.fromkeys(MEMBERS, 302))),
    "/mon-profil/adresse": ({"email": "a@b.fr", "password": PASSWORD}, told(**dict.fromkeys(MEMBERS, 302))),
    "/mon-profil/adresse/confirmation": ({}, told(**dict.fromkeys(MEMBERS, 302))),
    "/mon-profil/reprise": ({}, told(**dict.fromkeys(MEMBERS, 302))),
    "/mon-profil/telephone": ({"phone": "06 12 34 56 78"}, told(**dict.fromkeys(MEMBERS, 302))),
    "/mon-profil/telephone/code": ({"code": "000000"}, told(**dict.fromkeys(MEMBERS, 422))),
    "/mon-profil/telephone/retrait": ({}, told(**dict.fromkeys(MEMBERS, 302))),
    "/mon-conseil/appels/un-appel": ({}, told(alice=302, chloe=302)),
    "/animation/lettre": ({"day": "7"}, told(animator=302)),
    "/animation/lettre/preparation": ({}, told(animator=302)),
    "/animation/lettre/2020-03": ({"subject": "La lettre 2020-03"}, told(animator=302)),
    "/animation/lettre/2020-03/envoi": ({"day": "01/01/2090"}, told(animator=302)),
    **{
        f"/animation/lettre/2020-03/{act}": ({}, told(animator=302))
        for act in ("depart", "essai", "annulation", "arret", "reprise", "sans-lettre", "retour")
    },
    "/mon-conseil/inscriptions/{dora}": ({"answer": "yes"}, told(alice=302, chloe=404)),
    "/mon-conseil/inscriptions/{gael}": ({"answer": "yes"}, told(alice=404, chloe=404)),
    "/mon-conseil/documents/nouveau": ({"title": "Un plan"}, told(alice=302, chloe=302)),
    "/mon-conseil/evenements/nouveau": ({"title": "La fête", "level": "members"}, told(**dict.fromkeys(MEMBERS, 302))),
    "/documents/{note}-une-note/modifier": ({"title": "Une note"}, told(alice=302, chloe=404)),
    "/documents/{note}-une-note/modifier/oubli": ({}, told(alice=302, chloe=404)),
    "/conseils/{slug}/courriel": ({}, everybody(200)),
    "/mon-conseil/fiche": ({"description": "Nous"}, told(alice=422, chloe=422)),  # which does not say what it changes
    "/mon-conseil/fiche/verification": ({}, told(alice=302, chloe=302)),
    "/mon-conseil/fiche/oubli": ({}, told(alice=302, chloe=302)),
    "/mon-conseil/fiche/versions/1/retour": ({}, told(alice=302, chloe=404)),
    "/documents/{note}-une-note/versions/1/retour": ({}, everybody(404) | {"alice": 302}),
    "/documents/{orphan}-un-square/versions/1/retour": ({}, told()),
    "/documents/{together}-une-charte/versions/1/retour": ({"newest": "1"}, TOGETHER | {"alice": 302}),
    "/documents/{together}-une-charte/versions/adoption": ({"number": "1"}, TOGETHER | {"alice": 422}),  # on no day
    "/documents/{together}-une-charte/versions/adoption/levee": ({}, TOGETHER | {"alice": 302}),
    "/documents/{orphan}-un-square/reprise": ({}, told(alice=302)),
    "/documents/{orphan}-un-square/suivi": ({"act": "suivre"}, told()),  # its author alone writes it
    "/documents/{together}-une-charte/ecrire": ({"description": "Nous tous.", "base": "1"}, told(alice=302)),
    "/documents/{together}-une-charte/a-part/1": ({"own_place_1": "Nous."}, told(alice=404)),
    "/documents/{together}-une-charte/a-part/1/etat": (
        {},
        everybody(404) | dict.fromkeys(MEMBERS, 403) | {"alice": 404},
    ),
    "/documents/{note}-une-note/ecrire": ({"description": "Nous."}, told()),
    "/documents/{together}-une-charte/suivi": ({"act": "suivre"}, everybody(404) | dict.fromkeys(MEMBERS, 302)),
    "/evenements/{meeting}-la-reunion/compte-rendu": ({"minutes": "Nous étions dix."}, told(alice=302)),
    "/evenements/{workshop}-l-atelier/inscription": (
        {"name": "Ida Blanc", "email": "ida@ex.fr", "stamp": "{stamp}"},
        everybody(302),
    ),
    "/evenements/{board}-le-bureau/inscription": ({}, everybody(404) | {"alice": 302}),
    "/evenements/{workshop}-l-atelier/desinscription": ({}, told(**dict.fromkeys(PENDING + MEMBERS, 302))),
    "/evenements/{workshop}-l-atelier/inscrits/nouveau": ({"name": "Ida Blanc"}, told(alice=302)),
    "/evenements/{workshop}-l-atelier/inscrits/{person}": ({}, told(alice=302)),
    "/evenements/{workshop}-l-atelier/inscrits/message": (
        {"group": "placed", "subject": "Un mot", "text": "Pour vous.", "act": "send"},
        told(alice=200),  # it is shown first
    ),
    "/evenements/{workshop}-l-atelier/rattrapage": ({}, told(alice=302)),
    "/evenements/{workshop}-l-atelier/annulation": ({"reason": "La salle."}, told(alice=302)),
    "/inscriptions/{registered}": ({"act": "cancel"}, everybody(302)),
    "/inscriptions/{awaited}/code": ({"code": "000000"}, everybody(422)),
    "/groupes/demande": (
        {"name": "Ensemble", "purpose": "Une fête.", "where": "{ain}"},
        told(alice=302, chloe=302, referent=302, away=422),  # of another department
    ),
    "/groupes/les-quartiers/depart": (
        {"shared": "stay"},
        told(**dict.fromkeys(MEMBERS, 404)) | {"alice": 302, "chloe": 302},
    ),
    "/groupes/ancien/retour": ({}, told(**dict.fromkeys(MEMBERS, 404)) | {"alice": 302}),
    "/animation/groupes/nouveau": ({"name": "Ensemble", "names": "Croix Blanche\nMistral"}, told(animator=302)),
    "/animation/groupes/{group}": ({"name": "Ensemble", "names": "Mistral"}, told(animator=302)),
    "/animation/groupes/{group}/archivage": ({}, told(animator=302)),
    "/animation/groupes/{group}/reouverture": ({}, told(animator=302)),
    "/animation/groupes/demandes/{wish}/refus": ({"reason": "Essai"}, told(animator=302)),
    "/mon-conseil/dossiers": ({"name": "Fêtes"}, told(alice=302, chloe=302)),
    "/mon-conseil/dossiers/{folder}/modifier": ({"name": "Fêtes"}, told(alice=302, chloe=404)),
    "/mon-conseil/dossiers/{folder}/suppression": ({}, told(alice=302, chloe=404)),
    "/documents/{note}-une-note/suppression": ({}, told(**dict.fromkeys(MEMBERS, 404)) | {"alice": 302}),
    "/mon-conseil/corbeille/{thrown}/retour": ({}, told(**dict.fromkeys(MEMBERS, 302))),
    "/mon-conseil/corbeille/fichiers/{attachment}/retour": ({}, told(**dict.fromkeys(MEMBERS, 302))),
    "/forum/rubriques/{rubric}/lu": ({}, told(**dict.fromkeys(MEMBERS, 302))),
    "/forum/rubriques/{discussions}/lu": ({}, told(**dict.fromkeys(MEMBERS, 404)) | {"alice": 302, "chloe": 302}),
    "/forum/vie-des-conseils/nouveau": ({"title": "Un bal", "text": "Oui ?"}, told(**dict.fromkeys(MEMBERS, 302))),
    "/groupes/bourg/discussions/nouveau": (
        {"title": "Un bal", "text": "Oui ?"},
        told(**dict.fromkeys(MEMBERS, 404)) | {"alice": 302, "chloe": 302},
    ),
    "/forum/sujets/{topic}-un-local/repondre": ({"text": "Oui."}, told(**dict.fromkeys(MEMBERS, 302))),
    "/forum/sujets/{secret}-un-local/repondre": (
        {"text": "Oui."},
        told(**dict.fromkeys(MEMBERS, 404)) | {"alice": 302, "chloe": 302},
    ),
    "/forum/messages/{said}/modifier": ({"title": "Un bal", "text": "Oui ?"}, told(alice=302)),
    "/forum/messages/{said}/retrait": ({}, told(alice=302)),
    "/forum/messages/{whispered}/retrait": ({}, told(**dict.fromkeys(MEMBERS, 404)) | {"alice": 302, "chloe": 403}),
    "/forum/messages/{removed_message}/retour": ({}, told(**dict.fromkeys(MEMBERS, 404)) | {"alice": 302}),
    "/forum/sujets/{topic}-un-local/suivi": ({"act": "suivre"}, told(**dict.fromkeys(MEMBERS, 302))),
    "/forum/rubriques/{rubric}/suivi": ({"act": "suivre"}, told(**dict.fromkeys(MEMBERS, 302))),
    "/forum/sujets/{secret}-entre-nous/suivi": (
        {"act": "cancel"},
        told(**dict.fromkeys(MEMBERS, 404)) | {"alice": 302, "chloe": 302},
    ),
    "/forum/rubriques/{discussions}/suivi": (
        {"act": "cancel"},
        told(**dict.fromkeys(MEMBERS, 404)) | {"alice": 302, "chloe": 302},
    ),
    "/forum/sujets/{topic}-un-local/epingle": ({"act": "epingler"}, told(animator=302)),
    "/forum/sujets/{topic}-un-local/fermeture": ({"act": "fermer"}, told(animator=302)),
    "/forum/sujets/{topic}-un-local/reponse": ({"number": "2"}, told(alice=302, animator=302)),
    "/forum/sujets/{topic}-un-local/titre": ({"title": "Un lieu"}, told(animator=302)),
    "/forum/sujets/{topic}-un-local/deplacement": ({"rubric": "{vacant}"}, told(animator=302)),
    **{
        f"/forum/sujets/{{secret}}-entre-nous/{what}": (
            sent,
            told(**dict.fromkeys(MEMBERS, 404)) | {"alice": 302, "chloe": 302},
        )
        for what, sent in {
            "epingle": {"act": "epingler"},
            "fermeture": {"act": "fermer"},
            "reponse": {"number": "2"},
            "titre": {"title": "Un lieu"},
        }.items()
    },
    "/animation/forum": ({"name": "Fêtes"}, told(animator=302)),
    "/animation/forum/{rubric}/modifier": ({"name": "Jardins"}, told(animator=302)),
    "/animation/forum/{rubric}/place/2": ({}, told(animator=302)),
    "/animation/forum/{rubric}/fermeture": ({"act": "fermer"}, told(animator=302)),
    "/animation/forum/{vacant}/suppression": ({}, told(animator=302)),
    "/animation/inscriptions/{dora}": ({"decision": "oui"}, told(referent=302, away=404, animator=302)),
    "/animation/inscriptions/{gael}": ({"decision": "oui"}, told(referent=404, away=302, animator=302)),
    "/animation/courrier/{delivery}": ({"act": "retry"}, told(animator=302)),
    "/animation/referents/nouveau": (PERSON | REFERENT | {"email": "nadia@essai.example"}, told(animator=302)),
    "/animation/referents/{referent}": (REFERENT, told(animator=302)),
    "/animation/referents/{referent}/fin": ({}, told(animator=302)),
    "/animation/comptes/{alice}/suspension": ({"reason": "Essai"}, told(animator=302)),
    "/animation/comptes/{sami}/reouverture": ({}, told(animator=302)),
}


@pytest.fixture
def places(app, cast, monkeypatch):
    """What stands in braces in the tables: links as they are mailed, and the ids of what they are about."""
    monkeypatch.setattr(password_views, "SAME_TIME", 0)
    monkeypatch.setitem(app.config, "SMS_INBOUND_SECRET", "le-secret")
    council = cast.council
    fanny = make_user("Fanny Faure", council, status=UserStatus.UNCONFIRMED, confirmed_at=None)
    flora = make_user("Flora Gris", council, status=UserStatus.CLOSED, closing_at=utcnow() + timedelta(days=9))
    sami = make_user("Sami Suspendu", council, status=UserStatus.SUSPENDED)
    gael = make_user("Gaël Gris", cast.country.mistral, status=UserStatus.PENDING, escalated_at=utcnow())
    cast.dora.escalated_at = utcnow()
    _photo(cast.alice)
    signups.ask_to_confirm(fanny)
    renewals.offer_reset(cast.emile.email)
    renewals.ask_new_address(cast.emile, "emile.neuf@essai.example")
    closing.ask_to_reopen(flora)
    outbox.post(Message("Un mot", ("Pour vous.",)), to="x@y.fr", key="word", kind="alert", priority=2)
    begun = {"title": "La réunion", "starts_at": utcnow() - timedelta(hours=1), "level": Visibility.MEMBERS}
    together = {"level": Visibility.MEMBERS, "is_collaborative": True, "description": "# Qui\n\nNous."}
    shared = {
        "note": make_publication(Document, cast.alice, title="Une note"),
        "orphan": make_publication(Document, None, council, title="Un square", level=Visibility.PUBLIC),
        "meeting": make_publication(Event, cast.alice, **begun),
        "workshop": make_workshop(cast.alice),
        "board": make_workshop(cast.alice, title="Le bureau", level=Visibility.COUNCIL),
        "folder": Folder(council_id=council.id, name="Réunions"),
        "thrown": make_publication(Document, cast.alice, deleted_at=utcnow()),
        "together": make_publication(Document, cast.alice, title="Une charte", **together),
    }
    make_article("Un appel", kind=ArticleKind.CALL)
    asked_for = {"published_at": None, "submitted_at": utcnow(), "author_id": cast.referent.id}
    shared |= {
        "proposal": make_article("Un article", **asked_for), "news": make_article("Publié"),
        "binned": make_article("Jeté", deleted_at=utcnow()),
    }  # fmt: skip
    revisions.keep(shared["news"], articles.content_of(shared["news"]), None)
    make_issue("2020-02", state=IssueState.SENT, content=EMPTY_LETTER)
    make_issue("2020-03")
    group, former = make_group("Les quartiers", council, cast.country.reyssouze), make_group("Ancien")
    shared |= {"group": group, "wish": GroupRequest(key="k" * 32, name="Un", purpose="", territory=cast.country.ain)}
    db.session.add(Departure(group=former, council=council, user=cast.alice))
    shared |= _discussed(cast)
    paper, removed = (_attach(shared["note"], name) for name in ("a.pdf", "b.pdf"))
    removed.removed_at, removed.removed_by_id = utcnow(), cast.alice.id
    db.session.add_all(shared.values())
    fiches.save(council, fiches.content_of(council) | {"host": "Centre social"}, "", cast.bruno)
    for item in (shared["note"], shared["orphan"], shared["together"]):
        revisions.keep(item, publishing.content_of(item), item.author)
    db.session.commit()
    delivery = db.session.scalar(select(Delivery).filter_by(key="word"))
    delivery.state = DeliveryState.FAILED
    db.session.commit()
    known = {
        "letter_join": sign("letter-join", delivery.id), "letter_leave": sign("letter-leave", delivery.id),
        "slug": council.slug, "stamp": sign("form", utcnow().timestamp() - 60), "ain": cast.country.ain.id,
        "photo": cast.alice.photo_id, "delivery": delivery.id, "stop": stop_address(delivery),
        "vouch": vouch_address(cast.dora, cast.bruno), "dora": cast.dora.id, "gael": gael.id, "sami": sami.id,
        "alice": cast.alice.id, "referent": cast.referent.id, "confirm": _mailed("/confirmation/"),
        "reset": _mailed("/mot-de-passe/"), "address": _mailed("/adresse/"), "reopen": _mailed("/reouverture/"),
    }  # fmt: skip
    known |= {name: row.id for name, row in shared.items()}
    known |= _registered(shared["workshop"])
    known |= {"paper": paper.file_id, "removed": removed.file_id, "attachment": removed.id}
    return {name: urlsplit(str(value)).path if name in LINKS else str(value) for name, value in known.items()}


def _discussed(cast):
    """Return a rubric of the forum and the place where a group discusses, each with a topic."""
    rubric, group = make_category("Vie des conseils"), make_group("Bourg", cast.council, cast.country.reyssouze)
    discussions = db.session.scalar(select(Category).where(Category.group_id == group.id))
    topics = {"topic": make_topic(cast.alice, rubric), "secret": make_topic(cast.alice, discussions)}
    said, whispered = (db.session.scalar(select(Post).filter_by(topic_id=one.id)) for one in topics.values())
    known = {"said": said, "whispered": whispered, "vacant": make_category("Fêtes")}
    known["removed_message"] = make_message(cast.alice, topics["topic"], removed_at=utcnow())
    make_message(cast.bruno, topics["topic"])
    return {"rubric": rubric, "discussions": discussions} | known | topics


def _registered(event):
    """Return the tokens of somebody who registered, and of somebody whose number is not proved yet."""
    registered = registrations.register(event, name="Zoé Faure", email="zoe@ex.fr")
    awaited = registrations.ask(event, name="Ida Blanc", phone="+33612345678")
    db.session.commit()
    tokens = {"registered": token_of(registered), "person": registered.id}
    return tokens | {"awaited": registrations.code_token(awaited)}


def _photo(user):
    content = io.BytesIO()
    Image.new("RGB", (99, 99), "red").save(content, "PNG")
    profiles.set_photo(user, pictures.make_picture(content.getvalue(), width=90, height=90, crop=True))


def _attach(publication, name):
    incoming = attachments.receive(io.BytesIO(PDF + name.encode() + b"%%EOF"), name)
    return attachments.add(publication, incoming, publication.author)


def _mailed(part):
    """Return the link with this part that was mailed."""
    links = (mail.content["link"] for mail in db.session.scalars(select(Delivery)))
    return next(link[1] for link in links if link and part in link[1])


def browser_of(viewer, cast, client, client_as):
    return client if viewer == "visitor" else client_as(getattr(cast, viewer))


@pytest.mark.parametrize("viewer", VIEWERS)
def test_each_viewer_may_open_what_is_theirs_to_open(cast, client, client_as, places, viewer):
    browser = browser_of(viewer, cast, client, client_as)
    answers = {address: browser.get(address.format(**places)).status_code for address in OPENED}
    assert answers == {address: statuses[viewer] for address, statuses in OPENED.items()}


@pytest.mark.parametrize("viewer", VIEWERS)
def test_each_viewer_may_send_what_is_theirs_to_send(app, cast, client, client_as, places, viewer):
    browser = browser_of(viewer, cast, client, client_as)
    token = forms(browser.get("/affichage").text)[0].fields["csrf_token"]
    with browser.session_transaction() as session:
        opened = dict(session)
    answers = {}
    for address, (fields, _) in SENT.items():
        with browser.session_transaction() as session:  # what was sent before may have logged out
            session.clear()
            session.update(opened)
        with undone(app):
            data = {"csrf_token": token} | {name: value.format(**places) for name, value in fields.items()}
            answers[address] = browser.post(address.format(**places), data=data).status_code
    assert answers == {address: statuses[viewer] for address, (_, statuses) in SENT.items()}


class undone:  # noqa: N801 - used as a function
    """A part of a test whose writes are undone after it, committed or not."""

    def __init__(self, app):
        self.connection = db._app_engines[app][None]

    def __enter__(self):
        db.session.remove()
        self.savepoint = self.connection.begin_nested()

    def __exit__(self, *error):
        db.session.remove()
        self.savepoint.rollback()


def test_all_that_can_be_sent_is_listed(app, places):
    adapter = app.url_map.bind("")
    listed = {adapter.match(address.format(**places), method="POST")[0] for address in SENT}
    assert listed == {rule.endpoint for rule in app.url_map.iter_rules() if "POST" in rule.methods}


def test_reading_a_page_locks_no_row(app, cast, client_as, places, locks):
    browser = client_as(cast.animator)
    locks.clear()
    for address in [*(address_of(app, cast, endpoint) for endpoint in ROUTES), *OPENED]:
        browser.get(address.format(**places))
        assert not locks, address
