"""What people are told of working groups: asked for, made, joined and left."""

from collections.abc import Iterator

from flask import current_app
from sqlalchemy import and_, select

from app.access import gathered
from app.extensions import db
from app.labels import AlertTopic, Channel, Priority, Rhythm, UserStatus
from app.models import Activity, Category, Council, Group, GroupRequest, User, group_councils
from app.notifications.dispatch import Alert
from app.notifications.links import site_address
from app.notifications.message import Message
from app.notifications.recipients import animators, others_than, takes, told
from app.templating import quoted

KIND = "group"
SOONER = (Rhythm.NOW, Rhythm.DAILY, Rhythm.WEEKLY)  # whoever is told of discussions at all: it happens once
WHY = "votre conseil est dans ce groupe de travail"


def address_of(group: Group) -> str:
    """Return the address of the page of a group."""
    return site_address("community.groups.show", slug=group.slug)


# Answers to a request -----------------------------------------------------------------------------------------------


def creation(request: GroupRequest, *, is_in: bool) -> Message:
    """Return the mail that tells somebody that the group they asked for is there. `is_in`: they may read it."""
    group = request.group
    sentence = "Vous pouvez y écrire, et y partager des documents." if is_in else "Ses conseils peuvent y échanger."
    return Message(
        f"Votre groupe de travail est créé : {quoted(group.name)}",
        (
            f"Bonjour {request.author.first_name},",
            f"Vous aviez demandé un groupe de travail, {quoted(request.name)}. Il est créé : {quoted(group.name)}.",
            sentence,
        ),
        link=("Voir le groupe", address_of(group)) if is_in else _groups(),
        why="vous avez demandé ce groupe de travail",
    )


def refusal(request: GroupRequest) -> Message:
    """Return the mail that tells somebody that their group is not made, and why."""
    return Message(
        "Votre demande de groupe de travail",
        (
            f"Bonjour {request.author.first_name},",
            f"Vous aviez demandé un groupe de travail, {quoted(request.name)}. L’équipe du site ne le crée pas.",
            f"La raison donnée : {request.reason}",
            _question(),
        ),
        link=_groups(),
        why="vous avez demandé ce groupe de travail",
    )


def _groups():
    return "Voir mes groupes de travail", site_address("community.groups.index")


def _question():
    return f"Une question ? Écrivez à {current_app.config['OPERATOR_EMAIL']}."


# Rules: read again when the activity is dispatched, with the rights of that moment ----------------------------------


def _ask_animators(activity: Activity) -> Iterator[Alert]:
    """Yield a request to the animators, unless it is answered by now."""
    request = db.session.get(GroupRequest, activity.subject_id)
    if request is None or not request.is_open:
        return
    who = request.author.name if request.author else "Un ancien membre"
    for person in animators():
        message = Message(
            f"Groupe de travail demandé : {quoted(request.name)}",
            (
                f"Bonjour {person.first_name},",
                f"{who} demande un groupe de travail, {quoted(request.name)}.",
                "Le site lui promet une réponse sous 48 heures.",
            ),
            link=("Lire la demande et répondre", site_address("moderation.groups.index")),
            why="vous animez ce site",
        )
        yield _alert(person, message, "account", Priority.ACCOUNT)  # nobody can stop what is their duty


def _welcome(activity: Activity) -> Iterator[Alert]:
    """Yield that a group is there, or that their council is in it from now on, to the members of the councils that came
    in."""
    group = db.session.get(Group, activity.subject_id)
    place = db.session.scalar(select(Category).filter_by(group_id=activity.subject_id))
    if group is None or place is None or group.archived_at:
        return
    others = others_than(activity.actor_id, *activity.data.get("told", ()))
    them = and_(gathered(place), User.council_id.in_(activity.data["councils"]), others)
    for person, by_mail, _ in db.session.execute(told(them, AlertTopic.FORUM, KIND, SOONER)).all():
        if by_mail:
            yield _alert(person, _welcoming(group, person, is_new=activity.verb == "group.opened"))


def _welcoming(group, person, *, is_new):
    what = "Un groupe de travail est créé, et votre conseil en fait partie" if is_new else (
        "Votre conseil fait maintenant partie d’un groupe de travail"
    )  # fmt: skip
    return Message(
        f"Votre conseil fait partie d’un {'nouveau ' if is_new else ''}groupe de travail",
        (
            f"Bonjour {person.first_name},",
            f"{what} : {quoted(group.name)}.",
            "Vous y échangez des messages et des documents avec les membres des autres conseils du groupe, et avec "
            "eux seulement.",
        ),
        link=("Voir le groupe", address_of(group)),
        why=WHY,
    )


def _part(activity: Activity) -> Iterator[Alert]:
    """Yield that their council is not in a group any more, to the members of the councils that are still not back; of
    one that has left by itself, to the animators too."""
    group = db.session.get(Group, activity.subject_id)
    if group is None:
        return
    there = select(group_councils.c.council_id).where(group_councils.c.group_id == group.id)
    gone = [one for one in activity.data["councils"] if one not in set(db.session.scalars(there))]
    has_left, actor = activity.verb == "group.left", db.session.get(User, activity.actor_id or 0)
    them = and_(User.council_id.in_(gone), User.status == UserStatus.ACTIVE, User.alerts_paused_at.is_(None))
    them = and_(them, takes(Channel.MAIL, KIND), others_than(activity.actor_id))
    for person in db.session.scalars(select(User).where(them).order_by(User.id)).all():
        yield _alert(person, _parting(group, person, actor.name if has_left and actor else ""))
    for council in db.session.scalars(select(Council).where(Council.id.in_(gone))) if has_left else ():
        yield from _tell_animators(group, council, activity)


def _parting(group, person, by):
    """`by`: who has left in the name of the council; nothing: the animator took it out."""
    what = f"{by} a fait sortir votre conseil du" if by else "L’équipe du site a retiré votre conseil du"
    after = (
        "Pendant 30 jours, un membre de votre conseil peut y revenir." if by and not group.archived_at else _question()
    )
    return Message(
        f"Votre conseil n’est plus dans un groupe : {quoted(group.name)}",
        (
            f"Bonjour {person.first_name},",
            f"{what} groupe de travail {quoted(group.name)}. Ses membres n’en lisent plus rien.",
            after,
        ),
        link=_groups(),
        why="votre conseil était dans ce groupe de travail",
    )


def _tell_animators(group, council, activity):
    reason = activity.data.get("reason")
    for person in animators():
        if person.id == activity.actor_id or person.council_id == council.id:
            continue
        words = (
            f"Bonjour {person.first_name},",
            f"Le conseil {quoted(council.name)} a quitté le groupe de travail {quoted(group.name)}.",
            f"La raison donnée : {reason}" if reason else "Il ne dit pas pourquoi.",
            "Le groupe est archivé." if group.archived_at else "Pendant 30 jours, il peut y revenir de lui-même.",
        )
        link = ("Voir le groupe", site_address("moderation.groups.edit", group_id=group.id))
        message = Message(
            f"Un conseil a quitté un groupe : {quoted(group.name)}", words, link=link, why="vous animez ce site"
        )
        yield _alert(person, message, priority=Priority.REMINDER)


def _alert(person, message, kind=KIND, priority=Priority.ALERT):
    return Alert(str(person.id), person.email, message, kind, priority=priority, columns={"name": person.name})


RULES = {
    "group.asked": _ask_animators,
    "group.opened": _welcome,
    "group.joined": _welcome,
    "group.left": _part,
    "group.removed": _part,
}
