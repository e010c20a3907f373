"""Profiles: the name, the photo and the words under which the others know a person."""

from sqlalchemy import and_, exists, select

from app.extensions import db
from app.labels import Channel, Role
from app.models import OptOut, StoredFile, User
from app.models.stamp import PAGES, renew
from app.models.types import utcnow
from app.notifications import outbox
from app.services import contents, journal, subscribing
from app.services.pictures import MEDIA_TYPE, Picture

PHOTO_SIDE = 320  # pixels


def keep(
    user: User, *, first_name: str, last_name: str, presentation: str, letter: bool | None, pause: bool,
    follows_own_topics: bool,
) -> None:  # fmt: skip
    """Change what a person says of themselves, whether the letter comes and the alerts rest, and whether they follow
    the topics where they write. `letter`: None where its box was left as it was shown.

    A date that stands is kept: since when the letter was asked for is the proof that it was.
    """
    former = f"{user.first_name} {user.last_name}"
    user.first_name, user.last_name, user.presentation = first_name, last_name, presentation
    if f"{first_name} {last_name}" != former:  # or anybody could become anybody
        journal.note("user.renamed", user, actor_id=user.id, reason=former)
    if letter is not None:
        subscribing.wish(user, wants=letter)
    user.alerts_paused_at = (user.alerts_paused_at or utcnow()) if pause else None
    user.follows_own_topics = follows_own_topics
    if user.role == Role.REFERENT:  # visitors read their name
        renew(PAGES)
    db.session.flush()


def set_photo(user: User, picture: Picture | None) -> str | None:
    """Give `user` another photo, or none.

    Returns the digest of the former content when no row names it any more: the caller deletes it after the commit.
    """
    former, user.photo = user.photo, _stored(picture) if picture else None
    db.session.flush()
    if former is None:
        return None
    db.session.delete(former)
    db.session.flush()
    is_used = db.session.scalar(select(exists().where(StoredFile.digest == former.digest)))
    return None if is_used else former.digest


def _stored(picture):
    size = {"width": picture.width, "height": picture.height}
    return contents.keep(picture.content, name="portrait.webp", media_type=MEDIA_TYPE, **size)


def stops_of(user: User) -> list[OptOut]:
    """Return what this person stopped by the link of a mail or by answering STOP: stronger than what they choose.

    A number that is not confirmed may be somebody else's: what was stopped there is not theirs to see, nor to lift.
    """
    theirs = and_(OptOut.channel == Channel.MAIL, OptOut.address == user.email)
    if user.phone_confirmed_at:
        theirs |= and_(OptOut.channel == Channel.SMS, OptOut.address == user.phone)
    return list(db.session.scalars(select(OptOut).where(theirs).order_by(OptOut.channel, OptOut.kind)))


def resume(user: User) -> None:
    """Let all come again that this person had stopped."""
    for row in stops_of(user):
        outbox.resume(row.channel, row.address, row.kind)
