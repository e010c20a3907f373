"""What a person chose to be told of: how often by mail, and whether by SMS."""

from typing import NamedTuple

from sqlalchemy import select, update

from app.extensions import db
from app.labels import DEFAULT_RHYTHM, AlertTopic, Channel, Rhythm
from app.models import AlertChoice, User
from app.models.types import utcnow
from app.notifications import outbox
from app.notifications.digests import TOPICS


class Choice(NamedTuple):
    """How one topic is told. The reminder knows two rhythms only: `NOW` (by mail) and `NEVER`."""

    rhythm: Rhythm
    by_sms: bool | None = False


# SMS cost the association money and ring in a pocket: only for those who ask.
DEFAULTS = {topic: Choice(rhythm) for topic, rhythm in DEFAULT_RHYTHM.items()}


def choices_of(user: User) -> dict[AlertTopic, Choice]:
    """Return what `user` chose for each topic, or what the site does for those who chose nothing."""
    rows = db.session.scalars(select(AlertChoice).where(AlertChoice.user_id == user.id))
    chosen = {AlertTopic(row.topic): Choice(Rhythm(row.rhythm), row.by_sms) for row in rows}
    return DEFAULTS | chosen


def set_choices(user: User, choices: dict[AlertTopic, Choice | tuple[Rhythm, bool | None]]) -> None:
    """Write down these choices; other topics stay as they are, and so does `by_sms` where it is None.

    Those that are the default are written too: what somebody has read and kept does not change with the site's mind.
    What was to come in a digest still comes in the next one.
    """
    theirs = select(AlertChoice).where(AlertChoice.user_id == user.id).execution_options(populate_existing=True)
    rows = {AlertTopic(row.topic): row for row in db.session.scalars(theirs)}
    for topic, (rhythm, by_sms) in choices.items():
        if (row := rows.get(topic)) is None:
            row = AlertChoice(user_id=user.id, topic=topic, **DEFAULTS[topic]._asdict())
            db.session.add(row)
        if rhythm != row.rhythm:
            row.told_until = row.told_until or _told_until(user, topic, row.rhythm)
        row.rhythm, row.by_sms = rhythm, row.by_sms if by_sms is None else by_sms
    db.session.flush()


def _told_until(user, topic, rhythm):
    """Return up to when digests have told of a topic at a rhythm; None when that does not matter: of what is told at
    once, they leave out what alerts have told."""
    if topic not in TOPICS:
        return None
    return {Rhythm.DAILY: user.daily_until, Rhythm.WEEKLY: user.weekly_until, Rhythm.NEVER: utcnow()}.get(rhythm)


def unheard(user: User, kind: str) -> str:
    """Return why no mail of a kind of messages reaches `user`: the end of a sentence; "" when they do."""
    if outbox.is_stopped(Channel.MAIL, user.email, kind):
        return "vous avez arrêté ces courriels"
    if user.alerts_paused_at:
        return "vos alertes sont en pause"
    if outbox.why_off(Channel.MAIL, user.email) is not None:
        return "les courriels envoyés à votre adresse sont refusés"
    return ""


def stop_texts(user: User) -> None:
    """Tell nothing by SMS any more: there is no number left."""
    db.session.execute(update(AlertChoice).where(AlertChoice.user_id == user.id).values(by_sms=False))
