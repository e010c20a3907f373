"""A copy of all that the site holds about one person: a ZIP with a page to read, the same as JSON, and their files.

A part of the site that keeps something about people adds a function to `PARTS`, and one to `FILES` for contents.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from flask import current_app
from sqlalchemy import and_, or_, select
from sqlalchemy.orm import joinedload, undefer, with_polymorphic
from zipstream import ZIP_DEFLATED, ZipStream

from app import labels, storage
from app.access import was_seen
from app.extensions import db
from app.labels import Channel, VouchAnswer
from app.models import (
    Activity,
    Address,
    Adoption,
    AlertChoice,
    Attachment,
    AuditEntry,
    Delivery,
    Event,
    Follow,
    Login,
    OptOut,
    PhoneCode,
    Presence,
    Publication,
    Reading,
    Registration,
    Revision,
    SideVersion,
    StoredFile,
    Subscriber,
    User,
    Vouch,
)
from app.models.types import utcnow
from app.notifications import bursts
from app.services import alerts, copying
from app.services.seats import is_of
from app.templating import iso, moment

# The texts of publications, of whatever kind.
TEXTS = (
    "need", "description", "results", "lessons", "agenda", "minutes", "carrier_name", "partners", "contract", "budget",
    "funders", "contact", "place", "address", "organiser", "starts_at", "ends_at", "starts_on", "ends_on",
)  # fmt: skip
ESCALATED = "La demande a été transmise au référent et à l’animation."


@dataclass(frozen=True)
class Part:
    """One chapter of the copy: each row says its values by their French names."""

    title: str
    rows: Callable[[User], list[dict]]


def archive(user: User) -> Iterator[bytes]:
    """Yield the ZIP piece by piece; all rows are read before the first one."""
    chapters = [(part.title, part.rows(user)) for part in PARTS]
    zipped = ZipStream(compress_type=ZIP_DEFLATED)
    zipped.add(_page(user, chapters), "mes-donnees.html")
    zipped.add(json.dumps(dict(chapters), ensure_ascii=False, indent=2, default=iso), "mes-donnees.json")
    for files in FILES:
        for file in files(user):
            if storage.path(file.digest).is_file():
                zipped.add_path(storage.path(file.digest), f"fichiers/{file.id}-{file.name}")
    return iter(zipped)


def _page(user, chapters):
    said = [(title, [_filled(row) for row in rows if _filled(row)]) for title, rows in chapters]
    page = current_app.jinja_env.get_template("account/data/copy.html")
    return page.render(user=user, chapters=said, now=utcnow(), site=current_app.config)


def _filled(row):
    """Return (name, words) of what is not empty; the JSON keeps the rest."""
    return [(name, _say(value)) for name, value in row.items() if value not in (None, "")]


def _say(value):
    if isinstance(value, bool):
        return "oui" if value else "non"
    if isinstance(value, datetime):
        return moment(value)
    return str(value)


# The chapters -----------------------------------------------------------------------------------------------------


def _account(user):
    return [
        {
            "Numéro du compte": user.id,
            "Prénom": user.first_name,
            "Nom": user.last_name,
            "Adresse électronique": user.email,
            "Téléphone": user.phone,
            "Téléphone confirmé le": user.phone_confirmed_at,
            "Rôle": labels.ROLE[user.role],
            "Conseil citoyen": user.council and user.council.name,
            "Collège": user.college and labels.COLLEGE[user.college],
            "Présentation": user.presentation,
            "Photo": user.photo is not None,
            "Organisation": user.organisation,
            "Contact public": user.public_contact,
            "Territoires": ", ".join(place.name for place in user.territories),
            "Dernière visite": user.last_seen_at,
            "Visite d’avant": user.former_visit_at,
            "Prévenu d’une fermeture le": user.warned_at,
            "Secret de l’adresse de mon agenda": user.agenda_key,
            "Prochain résumé le": user.digest_at,
            "Résumés du jour envoyés jusqu’au": user.daily_until,
            "Résumés de la semaine envoyés jusqu’au": user.weekly_until,
        }
    ]


def _signup(user):
    return [
        {
            "État": labels.USER_STATUS[user.status],
            "Compte créé le": user.created_at,
            "Adresse confirmée le": user.confirmed_at,
            "Mot pour les autres membres": user.words,
            "Demande transmise au référent le": user.escalated_at,
            "Demande en retard depuis le": user.late_at,
            "Décision prise le": user.decided_at,
            "Raison donnée": user.why,
        }
    ]


def _choices(user):
    until = select(AlertChoice.topic, AlertChoice.told_until).where(AlertChoice.user_id == user.id)
    told = dict(db.session.execute(until).all())
    rows = [
        {
            "Sujet": labels.ALERT_TOPIC[topic],
            "Par courriel": labels.RHYTHM[choice.rhythm],
            "Par SMS": choice.by_sms,
            "Résumés reçus jusqu’au, avant le dernier choix": told.get(topic),
        }
        for topic, choice in alerts.choices_of(user).items()
    ]
    rest = {
        "Lettre d’information demandée le": user.letter_since,
        "Suivre les sujets où j’écris": user.follows_own_topics,
    }
    return [*rows, rest, {"Toutes les alertes en pause depuis le": user.alerts_paused_at}]


def _vouches_received(user):
    """Only each « yes » is told: a « no », even with its date alone, tells who said it where there are few peers."""
    said = select(Vouch).filter_by(candidate_id=user.id, answer=VouchAnswer.YES).order_by(Vouch.id)
    rows = [
        {"Le": vouch.created_at, "Réponse": labels.VOUCH_ANSWER[vouch.answer], "De": vouch.peer.name}
        for vouch in db.session.scalars(said.options(joinedload(Vouch.peer)))
    ]
    return [*rows, *([{"Suite": ESCALATED}] if user.escalated_at else [])]


def _vouches_given(user):
    said = select(Vouch).filter_by(peer_id=user.id).options(joinedload(Vouch.candidate))
    return [
        {
            "Le": vouch.created_at,
            "Réponse": labels.VOUCH_ANSWER[vouch.answer],
            "À propos de": vouch.candidate.name,
            "Raison": vouch.reason,
        }
        for vouch in db.session.scalars(said.order_by(Vouch.id))
    ]


def _messages(user):
    """Of an SMS, not what it said: two of one household may share a telephone."""
    theirs = select(Delivery).where(_is_theirs(user, Delivery.channel, Delivery.recipient))
    return [
        {
            "Le": delivery.sent_at or delivery.created_at,
            "Par": labels.CHANNEL[delivery.channel],
            "Vers": delivery.recipient,
            "Objet": "" if delivery.channel == Channel.SMS else delivery.subject or "texte effacé",
            "Genre": labels.MESSAGE_KIND.get(delivery.kind, delivery.kind),
            "État": labels.DELIVERY_STATE[delivery.state],
        }
        for delivery in db.session.scalars(theirs.order_by(Delivery.id))
    ]


def _addresses(user):
    stops = db.session.scalars(select(OptOut).where(_is_theirs(user, OptOut.channel, OptOut.address)))
    kinds = labels.MESSAGE_KIND | {"*": "tous les messages"}
    rows = [
        {"Adresse": stop.address, "Ne veut plus": kinds.get(stop.kind, stop.kind), "Depuis le": stop.created_at}
        for stop in stops
    ]
    refused = db.session.scalars(select(Address).where(_is_theirs(user, Address.channel, Address.address)))
    rows += [{"Adresse": place.address, "Envois refusés": place.refusals, "Raison": place.reason} for place in refused]
    return rows + _subscription(user)


def _subscription(user):
    """Asked for before the account was open; that of an address which is not proved may be somebody else's."""
    rows = db.session.scalars(select(Subscriber).filter_by(address=user.email)) if user.confirmed_at else ()
    asked, agreed = "Lettre d’information demandée le", "Accord confirmé le"
    return [{"Adresse": row.address, asked: row.created_at, agreed: row.confirmed_at} for row in rows]


def _logins(user):
    rows = db.session.scalars(select(Login).filter_by(user_id=user.id).order_by(Login.created_at))
    return [
        {
            "Connecté le": login.created_at,
            "Dernière visite": login.seen_at,
            "Fin": login.expires_at,
            "Rester connecté": login.is_long,
        }
        for login in rows
    ]


def _codes(user):
    rows = db.session.scalars(select(PhoneCode).filter_by(user_id=user.id))
    return [{"Code envoyé au": code.phone, "Valable jusqu’au": code.expires_at} for code in rows]


def _activities(user):
    """What several people write is told by the versions that they have saved: of a burst, one of them is the actor."""
    theirs = select(Activity).where(Activity.actor_id == user.id, Activity.verb != bursts.WRITTEN)
    rows = db.session.scalars(theirs.order_by(Activity.id))
    return [{"Le": row.created_at, "Quoi": row.verb, "Sur": f"{row.subject_type} {row.subject_id}"} for row in rows]


def _journal_about(user):
    rows = select(AuditEntry).filter_by(subject_type=User.__tablename__, subject_id=user.id).order_by(AuditEntry.id)
    return [
        {"Le": row.created_at, "Quoi": labels.AUDIT_VERB.get(row.verb, row.verb), "Raison": row.reason}
        for row in db.session.scalars(rows)
    ]


def _journal_of(user):
    rows = db.session.scalars(select(AuditEntry).filter_by(actor_id=user.id).order_by(AuditEntry.id))
    return [
        {
            "Le": row.created_at,
            "Quoi": labels.AUDIT_VERB.get(row.verb, row.verb),
            "Sur": f"{row.subject_type} {row.subject_id}",
            "Raison": row.reason,
        }
        for row in rows
    ]


def _is_theirs(user, channel, address):
    """Return the condition of their mail address and number; one that is not confirmed may be somebody else's."""
    theirs = and_(channel == Channel.MAIL, address == user.email)
    return theirs | and_(channel == Channel.SMS, address == user.phone) if user.phone_confirmed_at else theirs


def _publications(user):
    """Drafts too, and what is in the bin; the files lie beside the page."""
    whole = with_polymorphic(Publication, "*")
    rows = db.session.scalars(select(whole).where(whole.author_id == user.id).order_by(whole.id))
    return [
        {
            "Genre": labels.PUBLICATION_KIND[row.kind],
            "Titre": row.title,
            "Résumé": row.summary,
            **_texts_of(row),
            "Niveau d’accès": labels.VISIBILITY[row.level],
            "Créé le": row.created_at,
            "À publier le": row.publish_on,
            "Publié le": row.published_at,
            "Modifié le": row.edited_at,
            "À la corbeille depuis le": row.deleted_at,
            "Masqué par la modération le": row.hidden_at,
            "Raison de la modération": row.hidden_reason,
        }
        for row in rows
    ]


def _texts_of(row):
    said = {labels.FIELD[name]: value for name in TEXTS if (value := getattr(row, name, None))}
    said["Compte-rendu écrit le"] = getattr(row, "minutes_at", None)
    return {title: str(value) if type(value) is date else value for title, value in said.items() if value}


def _attachments(user):
    rows = db.session.scalars(_sent_by(user).options(joinedload(Attachment.publication)).order_by(Attachment.id))
    return [
        {
            "Fichier": f"fichiers/{row.file_id}-{row.file.name}",
            "Joint à": row.publication.title,
            "Ce que montre l’image": row.alternative,
            "Envoyé le": row.created_at,
            "Retiré le": row.removed_at,
        }
        for row in rows
    ]


def _sent_by(user):
    """What an author before them had not shown to anybody stays that person's."""
    is_known = or_(Attachment.added_by_id == user.id, was_seen())
    return select(Attachment).join(Publication).where(Publication.author_id == user.id, is_known)


def _registrations(user):
    rows = select(Registration).where(is_of(user)).options(joinedload(Registration.event))
    return [
        {
            "Événement": row.event.title,
            "Quand": row.event.starts_at,
            "Au nom de": row.name,
            "Téléphone": row.phone,
            "Réponses": "\n".join(f"{_question(row.event, code)} : {text}" for code, text in row.answers.items()),
            "État": labels.REGISTRATION_STATUS[row.status],
            "Demandé le": row.created_at,
            "Place obtenue le": row.placed_at,
            "Place proposée jusqu’au": row.offered_until,
            "Fini le": row.ended_at,
            "Saisi par l’organisateur": "oui" if row.entered_by_id else "non",
        }
        for row in db.session.scalars(rows.order_by(Registration.id))
    ]


def _question(event: Event, code):
    return labels.QUESTION.get(code, event.own_question)


def _readings(user):
    rows = db.session.scalars(select(Reading).where(Reading.user_id == user.id).order_by(Reading.read_at))
    return [{"Page": f"publication {row.publication_id}", "Ouverte le": row.read_at} for row in rows]


def _revisions(user):
    """Of a long text that several write, the last version of this person is told whole: one may save it a thousand
    times."""
    theirs = select(Revision).filter_by(author_id=user.id).options(undefer(Revision.packed)).order_by(Revision.id)
    rows = list(db.session.scalars(theirs))
    last = {row.publication_id: row.id for row in rows if row.packed is not None}
    return [
        {
            "Le": row.created_at,
            "Sur": _versioned(row),
            "Version": row.number or "pas enregistrée",
            "Remarque": row.comment,
            "Mots ajoutés": row.added,
            "Mots retirés": row.removed,
            "Texte": json.dumps(row.content, ensure_ascii=False, default=iso)
            if row.packed is None or row.id == last[row.publication_id]
            else "voir ma dernière version de ce document",
        }
        for row in rows
    ]


def _versioned(row):
    places = {
        "fiche du conseil": row.council_id, "publication": row.publication_id, "article": row.article_id,
    }  # fmt: skip
    return next(f"{words} {number}" for words, number in places.items() if number)


def _follows(user):
    rows = db.session.scalars(select(Follow).filter_by(user_id=user.id).order_by(Follow.publication_id))
    return [{"Sur": f"publication {row.publication_id}", "Suivi": row.is_on, "Depuis le": row.since} for row in rows]


def _side_versions(user):
    mine = select(SideVersion).filter_by(author_id=user.id).options(undefer(SideVersion.packed))
    return [
        {
            "Le": row.created_at,
            "Sur": f"publication {row.publication_id}",
            "Partie": row.title,
            "Parti de la version": row.base_number,
            "Raison": labels.SIDE_REASON[row.reason],
            "Texte": row.text,
            "Réglé le": row.closed_at,
            "Devenu la version": row.settled_number,
            "Suite": labels.SIDE_OUTCOME.get(row.outcome),
        }
        for row in db.session.scalars(mine.order_by(SideVersion.id))
    ]


def _settled(user):
    rows = db.session.scalars(select(SideVersion).filter_by(closed_by_id=user.id).order_by(SideVersion.id))
    return [
        {
            "Le": row.closed_at,
            "Sur": f"publication {row.publication_id}",
            "Devenu la version": row.settled_number,
            "Suite": labels.SIDE_OUTCOME.get(row.outcome),
        }
        for row in rows
    ]


def _adoptions(user):
    theirs = or_(Adoption.adopted_by_id == user.id, Adoption.lifted_by_id == user.id)
    return [
        {
            "Sur": f"publication {row.publication_id}",
            "Version": row.number,
            "Adoptée le": row.adopted_on.isoformat(),
            "Noté par moi le": row.recorded_at if row.adopted_by_id == user.id else None,
            "Rouvert par moi le": row.lifted_at if row.lifted_by_id == user.id else None,
        }
        for row in db.session.scalars(select(Adoption).where(theirs).order_by(Adoption.id))
    ]


def _presences(user):
    rows = db.session.scalars(select(Presence).filter_by(user_id=user.id).order_by(Presence.publication_id))
    return [
        {"Sur": f"publication {row.publication_id}", "Partie": row.part, "Depuis": row.since, "Vu le": row.seen_at}
        for row in rows
    ]


PARTS = (
    Part("Mon compte", _account),
    Part("Mon inscription", _signup),
    Part("Mes choix d’alertes", _choices),
    Part("Les réponses à mon inscription", _vouches_received),
    Part("Mes réponses aux inscriptions des autres", _vouches_given),
    Part("Les messages que le site m’a envoyés", _messages),
    Part("Mes adresses : messages arrêtés, envois refusés", _addresses),
    Part("Mes connexions en cours", _logins),
    Part("Les codes envoyés à mon téléphone", _codes),
    Part("Ce que j’ai partagé", _publications),
    Part("Les fichiers joints à ce que j’ai partagé", _attachments),
    Part("Mes inscriptions à des événements", _registrations),
    Part("Pages récentes que j’ai ouvertes", _readings),
    Part("Versions que j’ai enregistrées", _revisions),
    Part("Les documents que je suis", _follows),
    Part("Mes textes en attente", _side_versions),
    Part("Les textes en attente que j’ai réglés ou écartés", _settled),
    Part("Les documents que j’ai notés adoptés, ou rouverts", _adoptions),
    Part("Les documents que j’étais en train d’écrire", _presences),
    Part("Les sujets que j’ai ouverts", copying.topics),
    Part("Mes messages dans les discussions", copying.messages),
    Part("Les fichiers joints à mes messages", copying.files),
    Part("Les sujets que j’ai lus ou que je suis", copying.topics_read),
    Part("Les rubriques que j’ai marquées comme lues ou que je suis", copying.rubrics_read),
    Part("Mes demandes de groupe de travail", copying.group_requests),
    Part("Les groupes que mon conseil a quittés par moi", copying.departures),
    Part("Les articles que j’ai écrits pour le site", copying.articles),
    Part("Les fichiers joints à ces articles", copying.article_files),
    Part("Les fiches-actions que j’ai envoyées à des appels", copying.contributions),
    Part("Ce que j’ai fait sur le site", _activities),
    Part("Ce que le journal du site dit de moi", _journal_about),
    Part("Mes actes notés au journal du site", _journal_of),
)


def _photo(user):
    return [user.photo] if user.photo else []


def _originals(user):
    return [
        row.file for which in (_sent_by, copying.sent_by, copying.joined_by) for row in db.session.scalars(which(user))
    ]


FILES: tuple[Callable[[User], list[StoredFile]], ...] = (_photo, _originals)
