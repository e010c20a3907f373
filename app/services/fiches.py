"""The fiche, a council's public page: what its members write on it, its pictures, its versions.

A content is what a version holds: the fields by name, `links` as [label, address], `pictures` as [id, alternative],
`charter` as [id, title].
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta

from sqlalchemy import delete, exists, select

from app.access import Viewer, out, readable
from app.extensions import db
from app.markup import render
from app.models import Council, CouncilLink, CouncilPicture, Document, Revision, StoredFile, User
from app.models.types import utcnow
from app.services import contents, publishing, revisions
from app.services.pictures import MEDIA_TYPE, Picture

WIDTH, HEIGHT = 1200, 800  # pixels: a picture of the page is made to fit
KEPT_FOR = timedelta(days=30)  # pictures that are on no page: taken off one, or sent and never saved
PURGED = 50  # at once
CHARTERS = 50  # documents to choose from, the newest
STALE_AFTER = timedelta(days=365)
FORMER = "État avant la première modification sur ce site"


# What the page says ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Page:
    """A page that is not the present one, with what templates show of a council: a preview, or a former version."""

    description_html: str = ""
    meetings: str = ""
    meeting_place: str = ""
    host: str = ""
    address: str = ""
    phone: str = ""
    email: str = ""
    residents: int | None = None
    local_actors: int | None = None
    recognised_on: date | None = None
    links: list[CouncilLink] = field(default_factory=list)
    pictures: list[CouncilPicture] = field(default_factory=list)


def content_of(council: Council) -> dict:
    """Return what a version keeps of the present page."""
    charter = charter_of(council)
    return {name: getattr(council, name) for name in (*Council.texts, *Council.numbers)} | {
        "recognised_on": council.recognised_on.isoformat() if council.recognised_on else None,
        "links": [[link.label, link.url] for link in council.links],
        "pictures": [[picture.id, picture.alternative] for picture in council.pictures],
        "charter": [charter.id, charter.title] if charter else None,
    }


def page_of(council: Council, content: dict, html: str) -> Page:
    """Return a content as a page; `html` is that of its description. What is no more is left out."""
    texts = {name: content[name] for name in (*Council.texts, *Council.numbers) if name != "description"}
    kept = {picture.id: picture for picture in pictures_of(council, (pair[0] for pair in content["pictures"]))}
    return Page(
        description_html=html,
        recognised_on=date.fromisoformat(content["recognised_on"]) if content["recognised_on"] else None,
        links=[CouncilLink(label=label, url=url) for label, url in content["links"]],
        pictures=[
            CouncilPicture(file=kept[number].file, alternative=words)
            for number, words in content["pictures"]
            if number in kept
        ],
        **texts,
    )


def charter_of(council: Council, viewer: Viewer | None = None) -> Document | None:
    """Return the council's charter; None when there is none, or when this `viewer` may not read it."""
    known = select(Document).where(*_published_by(council), Document.is_charter)
    return db.session.scalar(known.where(readable(Document, viewer)) if viewer else known)


def charters(council: Council, viewer: Viewer) -> list[Document]:
    """Return the published documents that may be the council's charter: the present one, then the newest."""
    known = select(Document).where(*_published_by(council), readable(Document, viewer))
    newest_first = known.order_by(Document.is_charter.desc(), Document.published_at.desc(), Document.id.desc())
    return list(db.session.scalars(newest_first.limit(CHARTERS)))


def _published_by(council):
    """Return the conditions of what a council has published, and nobody has hidden or deleted."""
    return Document.council_id == council.id, out(), Document.hidden_at.is_(None)


def is_stale(council: Council) -> bool:
    """Tell whether nobody has said for a year that the page is right."""
    return not council.is_blank and (council.verified_at or council.edited_at) < utcnow() - STALE_AFTER


# Changing it -------------------------------------------------------------------------------------------------------


def save(council: Council, content: dict, html: str, author: User, comment: str = "") -> bool:
    """Write the whole page, and keep it as a version; return whether anything changed.

    Call it in a write transaction, with the council's row locked. `html` is that of the description. What the page
    said before anybody wrote it on this site becomes a version too, so that it can come back.
    """
    former = content_of(council)
    council.verified_at = utcnow()
    if content == former:
        revisions.drop_unsaved(council, author)
        db.session.flush()
        return False
    if council.version == 0 and not council.is_blank:
        revisions.keep_former(council, former, FORMER)
    _write(council, content, html)
    council.version = revisions.keep(council, content, author, comment).number
    council.edited_at = utcnow()
    db.session.flush()
    return True


def _write(council, content, html):
    for name in (*Council.texts, *Council.numbers):
        setattr(council, name, content[name])
    council.description_html = html
    council.recognised_on = date.fromisoformat(content["recognised_on"]) if content["recognised_on"] else None
    if content["links"] != [[link.label, link.url] for link in council.links]:
        council.links = [
            CouncilLink(label=label, url=url, position=number) for number, (label, url) in enumerate(content["links"])
        ]
    _hang(council, content["pictures"])
    charter = db.session.get(Document, content["charter"][0]) if content["charter"] else None
    if charter != charter_of(council):
        publishing.set_charter(council.id, charter)


def _hang(council, pairs):
    """Let these pictures be on the page, in this order, and take the others off it."""
    wanted = {number: (position, words) for position, (number, words) in enumerate(pairs)}
    present = [picture.id for picture in council.pictures]
    for picture in pictures_of(council, {*wanted, *present}, lock=True):
        if picture.id in wanted:
            picture.position, picture.alternative = wanted[picture.id]
            picture.removed_at = None
        else:
            picture.removed_at = utcnow()
    db.session.flush()
    db.session.expire(council, ["pictures"])


def base_of(council: Council, version: int) -> dict:
    """Return what the page was at this number of saves: that of the form that somebody started from."""
    kept = revisions.find(council, version) if version <= council.version else None
    return kept.content if kept else {}


def verify(council: Council) -> None:
    """Note that a member says: all is right."""
    council.verified_at = utcnow()
    db.session.flush()


def what_is_left(council: Council, revision: Revision, viewer: Viewer) -> tuple[dict, list[str]]:
    """Return the content of a version with what there still is of it, and in French what is gone."""
    content, gone = dict(revision.content), []
    kept = {picture.id for picture in pictures_of(council, (pair[0] for pair in content["pictures"]))}
    if lost := [words for number, words in content["pictures"] if number not in kept]:
        gone.append("une image" if len(lost) == 1 else f"{len(lost)} images")
        content["pictures"] = [pair for pair in content["pictures"] if pair[0] in kept]
    if content["charter"]:
        known = {document.id: document for document in charters(council, viewer)}
        document = known.get(content["charter"][0])
        content["charter"] = [document.id, document.title] if document else None
        gone += [] if document else ["la charte"]
    return content, gone


def html_of(content: dict) -> str:
    """Return the HTML of a content's description; it takes up to half a second. Raises `markup.TextTooComplex`."""
    return render(content["description"])


# Pictures ----------------------------------------------------------------------------------------------------------


def pictures_of(council: Council, ids: Iterable[int], *, lock: bool = False) -> list[CouncilPicture]:
    """Return the council's own pictures among these, those on no page too; `lock` keeps them from the purge."""
    own = select(CouncilPicture).where(CouncilPicture.council_id == council.id, CouncilPicture.id.in_(list(ids)))
    own = own.with_for_update(of=CouncilPicture) if lock else own
    return list(db.session.scalars(own.order_by(CouncilPicture.id)))


def receive(council: Council, pictures: list[Picture]) -> list[CouncilPicture]:
    """Keep pictures that were sent for the page. They are on no page until it is saved with them."""
    rows = [
        CouncilPicture(
            council_id=council.id, alternative="", removed_at=utcnow(),
            file=contents.keep(picture.content, name=f"image-{council.slug[:80]}.webp", media_type=MEDIA_TYPE,
                               width=picture.width, height=picture.height),
        )
        for picture in pictures
    ]  # fmt: skip
    db.session.add_all(rows)
    db.session.flush()
    return rows


def purge() -> list[str]:
    """Delete pictures that have been on no page for 30 days, a bounded number of them.

    Call it in a write transaction, again until it returns nothing. Returns the digests of their contents: the caller
    hands them to `jobs.contents.delete_unused` after its commit.
    """
    old = CouncilPicture.removed_at < utcnow() - KEPT_FOR
    first = select(CouncilPicture).where(old).order_by(CouncilPicture.id).limit(PURGED)
    gone = db.session.scalars(first.with_for_update(of=CouncilPicture, skip_locked=True)).all()
    files = {picture.file_id: picture.file.digest for picture in gone}
    db.session.execute(delete(CouncilPicture).where(CouncilPicture.id.in_([picture.id for picture in gone])))
    unnamed = StoredFile.id.in_(files) & ~exists().where(CouncilPicture.file_id == StoredFile.id)
    db.session.execute(delete(StoredFile).where(unnamed))
    return sorted(set(files.values()))
