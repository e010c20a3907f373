"""Who is told of a sign-up, and what: its peers, the safety net, and the candidate."""

import hashlib

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from app.access import may_decide, may_vouch, members_of, viewer_of
from app.extensions import db
from app.labels import COLLEGE, Priority, Role, UserStatus, VouchAnswer
from app.models import Activity, User, Vouch
from app.notifications.dispatch import Alert
from app.notifications.links import site_address
from app.notifications.message import Message
from app.signing import sign

KIND = "signup"


def vouch_address(candidate: User, peer: User) -> str:
    """Return the address where `peer`, and nobody else, answers for this candidate without having to log in."""
    return site_address("account.vouches.edit", token=sign("vouch", vouch_value(candidate, peer)))


def vouch_value(candidate: User, peer: User) -> list:
    """Return what the link of a peer holds. A mark of the address ends it when the peer has another one: who still
    reads the mails of the former one is perhaps not the peer."""
    return [candidate.id, peer.id, hashlib.sha256(peer.email.encode()).hexdigest()[:16]]


def approval(candidate: User) -> Message:
    """Return the mail that says that the account is open."""
    return Message(
        "Bienvenue : votre compte est ouvert",
        (
            f"Bonjour {candidate.first_name},",
            f"Votre inscription{_where(candidate, ' au ')} est validée. Votre compte est ouvert.",
            f"Connectez-vous avec votre adresse {candidate.email} et le mot de passe que vous avez choisi.",
        ),
        link=("Se connecter", site_address("account.sessions.new")),
        why="vous avez demandé un compte sur ce site",
    )


def refusal(candidate: User, decider: User) -> Message:
    """Return the mail that says that the sign-up is refused, why, and whom to ask."""
    return Message(
        "Votre inscription n’est pas acceptée",
        (
            f"Bonjour {candidate.first_name},",
            f"Votre inscription{_where(candidate, ' au ')} n’a pas été acceptée.",
            f"La raison donnée : {candidate.why}",
            f"Une question, une erreur ? Adressez-vous à : {_whom_to_ask(decider)}.",
        ),
        why="vous avez demandé un compte sur ce site",
    )


def _whom_to_ask(decider):
    config = current_app.config
    if decider.role != Role.REFERENT:
        return f"{config['OPERATOR_NAME']}, {config['OPERATOR_EMAIL']}"
    parts = (decider.name, decider.organisation, decider.public_contact or config["OPERATOR_EMAIL"])
    return ", ".join(filter(None, parts))


def _where(candidate, before=""):
    return f"{before}conseil citoyen « {candidate.council.name} »" if candidate.council else ""


# Rules: read again when the activity is dispatched, with the rights of that moment --------------------------------


def _ask_peers(activity: Activity):
    """Yield the question to each active member of the council, with a link of their own."""
    if (candidate := _candidate(activity)) and candidate.council_id:
        members = select(User).where(members_of(candidate.council_id))
        for peer in db.session.scalars(members.order_by(User.id)):
            if may_vouch(viewer_of(peer), candidate) and not peer.alerts_paused_at:
                yield _alert(peer, candidate, _question(candidate, peer))


def _question(candidate, peer):
    college = f" (collège « {COLLEGE[candidate.college]} »)" if candidate.college else ""
    return Message(
        f"Connaissez-vous {candidate.name} ?",
        (
            f"Bonjour {peer.first_name},",
            f"{candidate.name}{college} demande un compte au nom de votre{_where(candidate, ' ')}.",
            *([f"Cette personne se présente ainsi :\n« {candidate.words} »"] if candidate.words else []),
            "La connaissez-vous ? Merci de répondre dans les 48 heures : il suffit qu’un seul membre la valide.",
            "Vous pouvez aussi répondre que vous ne la connaissez pas, ou que ce n’est pas un membre.",
            "Le lien qui suit est le vôtre. Ne le transmettez à personne.",
        ),
        link=("Répondre, sans mot de passe", vouch_address(candidate, peer)),
        why="vous êtes membre de ce conseil citoyen",
    )


def _ask_the_net(activity: Activity):
    """Yield the request to the referents of the territory and the animators, unless it is late: that is told apart."""
    candidate = _candidate(activity)
    if candidate and not candidate.late_at:
        text = (
            f"{candidate.name} demande un compte{_where(candidate, ' au ')}. {why_held(candidate)} La décision vous "
            "revient."
        )
        yield from _to_the_net(candidate, f"Inscription à décider : {candidate.name}", text)


def _press_the_net(activity: Activity):
    """Yield the reminder to the same people, 48 hours after the sign-up."""
    if candidate := _candidate(activity):
        text = (
            f"{candidate.name} demande un compte{_where(candidate, ' au ')} et attend depuis plus de 48 heures, le "
            "délai promis. La décision vous revient."
        )
        yield from _to_the_net(candidate, f"Inscription en retard : {candidate.name}", text)


def _to_the_net(candidate, subject, text):
    link = ("Lire la demande et décider", site_address("moderation.signups.show", candidate_id=candidate.id))
    people = select(User).where(User.role.in_([Role.REFERENT, Role.ANIMATOR]), User.status == UserStatus.ACTIVE)
    for person in db.session.scalars(people.options(selectinload(User.territories)).order_by(User.id)):
        if may_decide(viewer_of(person), candidate):
            words = (f"Bonjour {person.first_name},", text, "La première réponse compte : les autres en sont informés.")
            message = Message(subject, words, link=link, why=_duty(person))
            # Nobody can stop what is their duty: the promise of the 48 hours hangs on it.
            yield _alert(person, candidate, message, "account", Priority.ACCOUNT)


def _duty(person):
    is_referent = person.role == Role.REFERENT
    return "vous êtes référente ou référent local de ce territoire" if is_referent else "vous animez ce site"


def why_held(candidate: User) -> str:
    """Say why a sign-up is with the safety net."""
    peers = set(db.session.scalars(select(User.id).where(members_of(candidate.council_id))))
    vouches = db.session.scalars(select(Vouch).filter_by(candidate_id=candidate.id))
    said = {vouch.peer_id: vouch.answer for vouch in vouches if vouch.peer_id in peers}
    if VouchAnswer.NO in said.values():
        return "Un membre du conseil a répondu : « Ce n’est pas un membre »."
    if not peers:
        return "Ce conseil n’a aucun membre actif sur le site."
    if said.keys() == peers and VouchAnswer.YES not in said.values():
        return "Les membres du conseil répondent qu’ils ne connaissent pas cette personne."
    return "Aucun membre du conseil ne l’a validée en 24 heures."


def _candidate(activity):
    return db.session.get(User, activity.subject_id)  # withdrawn meanwhile, it is no more


def _alert(person, candidate, message, kind=KIND, priority=Priority.REMINDER):
    columns = {"name": person.name, "council_id": candidate.council_id}
    return Alert(str(person.id), person.email, message, kind, priority=priority, columns=columns)


RULES = {"signup.confirmed": _ask_peers, "signup.escalated": _ask_the_net, "signup.late": _press_the_net}
