"""What a person chose to be told of: how often by mail, and whether by SMS."""

from typing import NamedTuple

from sqlalchemy import delete, select, update

from app.extensions import db
from app.labels import DEFAULT_RHYTHM, AlertTopic, Rhythm
from app.models import AlertChoice, User


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
    """
    former = choices_of(user)
    theirs = AlertChoice.user_id == user.id
    db.session.execute(delete(AlertChoice).where(theirs, AlertChoice.topic.in_(choices)))
    for topic, (rhythm, by_sms) in choices.items():
        by_sms = former[topic].by_sms if by_sms is None else by_sms
        db.session.add(AlertChoice(user_id=user.id, topic=topic, rhythm=rhythm, by_sms=by_sms))
    db.session.flush()


def stop_texts(user: User) -> None:
    """Tell nothing by SMS any more: there is no number left."""
    db.session.execute(update(AlertChoice).where(AlertChoice.user_id == user.id).values(by_sms=False))
