"""What the site of the demo publishes: its articles, the actions that a call has gathered, and two letters."""

import json
from dataclasses import dataclass
from datetime import date, timedelta
from io import BytesIO
from random import Random

from sqlalchemy import delete, exists, select, update

from app.extensions import db
from app.labels import IssueState, Visibility
from app.localtime import today
from app.models import (
    Action,
    Activity,
    Article,
    Contribution,
    NewsletterIssue,
    NewsletterItem,
    Revision,
    Setting,
    Theme,
    User,
)
from app.models.stamp import PAGES, renew
from app.models.types import utcnow
from app.services import articles, attachments, demo_people, demo_pictures, erasing, newsletter, settings
from app.services.accounts import DEMO
from app.services.demo_news import ANIMATOR, CALL, PIECES, REFERENT, Piece

SEED = 2026
KEY = "demo-"
LETTERS = "demo_letters"  # the setting that knows which issues of the letter are of the demo
SENT = (("alice", "Une marche de nuit pour l’éclairage"), ("chloe", "Des parents à la sortie de l’école"))


@dataclass(frozen=True)
class Made:
    """An article of the demo, ready to be written: its columns, with the HTML of its text, its picture and its file."""

    key: str
    piece: Piece
    fields: dict
    picture: articles.Picture | None
    paper: attachments.Incoming | None


def prepare() -> list[Made]:
    """Render the articles and draw their pictures, which takes a second; nothing where there is no room for them."""
    is_there = db.session.scalar(select(exists().where(Article.key.startswith(KEY))))
    has_people = db.session.scalar(select(exists().where(demo_people.are_demo())))
    if is_there or not (has_people or db.session.scalar(select(~exists().select_from(User)))):
        return []
    return [_make(number, piece) for number, piece in enumerate(PIECES, start=1)]


def _make(number, piece):
    fields = {"kind": piece.kind, "title": piece.title, "summary": piece.summary, "body": piece.body, **piece.others}
    fields |= {name: today() + timedelta(days=days) for name, days in piece.days_off.items()}
    if piece.is_meeting:
        saturday = _saturday(today())
        fields |= {"starts_on": saturday, "ends_on": saturday + timedelta(days=1)}
        fields["expires_on"] = fields["ends_on"]
    picture = None
    if piece.has_picture:
        drawn = demo_pictures.draw(Random(f"{SEED} {number}"))  # noqa: S311 - the same demo everywhere
        picture = articles.receive_picture(drawn.content, "dessin.webp")
        fields["picture_words"] = drawn.alternative
    name, *lines = piece.paper or ("",)
    paper = attachments.receive(BytesIO(_pdf(lines)), name) if name else None
    return Made(f"{KEY}{number}", piece, articles.rendered(fields), picture, paper)


def _saturday(day: date) -> date:
    """Return the third Saturday of the month after the next: no feast is near, and calls of this month are over."""
    first = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
    first = (first + timedelta(days=32)).replace(day=1)
    return first + timedelta(days=(5 - first.weekday()) % 7 + 14)


def _pdf(lines: list[str]) -> bytes:
    """Return a page with some lines, by hand: no library of the site writes PDF."""
    shown = " ".join(f"({line}) ' " for line in lines)
    text = f"BT /F 28 Tf 72 760 Td 90 TL {shown}ET".encode("cp1252")
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>"
    parts = (
        b"<</Type/Catalog/Pages 2 0 R/Lang(fr)>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>", page,
        b"<</Length %d>>stream\n%b\nendstream" % (len(text), text),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
    )  # fmt: skip
    made, places = b"%PDF-1.4\n", []
    for number, part in enumerate(parts, start=1):
        places.append(b"%010d 00000 n \n" % len(made))
        made += b"%d 0 obj%b endobj\n" % (number, part)
    table = b"xref\n0 6\n0000000000 65535 f \n%b" % b"".join(places)
    return made + table + b"trailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % len(made)


def load(made: list[Made]) -> int:
    """Publish what was prepared; return how many, 0 when the people of the demo are not there."""
    accounts = db.session.scalars(select(User).where(demo_people.are_demo()))
    people = {user.email.removesuffix(DEMO): user for user in accounts}
    if not made or not {ANIMATOR, REFERENT} <= people.keys():
        for one in made:
            articles.discard_picture(one.picture)
            if one.paper:
                attachments.discard(one.paper)
        return 0
    themes = {theme.slug: theme for theme in db.session.scalars(select(Theme))}
    for one in made:
        _write(one, people, themes)
    _contribute(people)
    untold = Activity.verb == "article.submitted", Activity.actor_id == people[REFERENT].id
    db.session.execute(delete(Activity).where(*untold))  # nobody reads the mails of the demo
    _send_letters(people[ANIMATOR])
    renew(PAGES)
    return len(made)


def _write(one, people, themes):
    author, piece = people[one.piece.author], one.piece
    article = articles.start(author, one.key)
    chosen = [themes[name] for name in piece.themes if name in themes]
    places = author.territories[:] if piece.author == REFERENT else []
    articles.write(article, one.fields | {"themes": chosen, "territories": places})
    if one.picture:
        articles.set_picture(article, one.picture)
    if one.paper:
        attachments.add(article, one.paper, author)
    if piece.days is not None:
        articles.publish(article, author)
        _date(article, piece.days)
    elif piece.ahead is not None:
        article.publish_on = utcnow() + timedelta(days=piece.ahead)
    else:
        articles.submit(article)


def _date(article, days):
    """Let it be out for some days."""
    article.created_at = article.published_at = utcnow() - timedelta(days=days)
    db.session.flush()
    versions = update(Revision).where(Revision.article_id == article.id).values(created_at=article.published_at)
    db.session.execute(versions.execution_options(synchronize_session=False))


def _contribute(people):
    """Answer the call with two actions, of those that everybody reads."""
    call = db.session.scalar(select(Article).where(Article.title == CALL, Article.key.startswith(KEY)))
    for name, title in SENT:
        said = Action.title == title, Action.level == Visibility.PUBLIC, Action.published_at.is_not(None)
        action = db.session.scalar(select(Action).where(*said).order_by(Action.id).limit(1))
        if action and name in people:
            sent = {"sent_by_id": people[name].id, "created_at": call.published_at + timedelta(days=4)}
            db.session.add(Contribution(article_id=call.id, publication_id=action.id, **sent))
    db.session.flush()


def _send_letters(animator):
    """Make the letter of last month, as if it had left, and the draft of this month."""
    now = utcnow()
    left = now.replace(day=1) - timedelta(days=5)
    made = [newsletter.draft(left), newsletter.draft(now)]
    if issue := made[0]:
        readers = select(User).where(demo_people.are_demo(), User.letter_since.is_not(None))
        issue.recipients = issue.sent = len(db.session.scalars(readers).all())
        issue.state, issue.decided_by, issue.content = IssueState.SENT, animator, newsletter.compose(issue)
        issue.created_at, issue.started_at, issue.prepared_at, issue.ended_at = left, left, left, left
    db.session.flush()
    settings.put(LETTERS, json.dumps([issue.id for issue in made if issue]))


def remove() -> list[str]:
    """Remove the articles and letters of the demo, and what its people have written since. Returns digests of contents
    as `erasing.erase_articles` does."""
    people = select(User.id).where(demo_people.are_demo())
    theirs = select(Article.id).where(Article.key.startswith(KEY) | Article.author_id.in_(people))
    letters = json.loads(settings.get(LETTERS, "[]"))
    db.session.execute(delete(NewsletterItem).where(NewsletterItem.issue_id.in_(letters)))
    db.session.execute(delete(NewsletterIssue).where(NewsletterIssue.id.in_(letters)))
    db.session.execute(delete(Setting).where(Setting.name == LETTERS))
    found = db.session.scalars(theirs).all()
    return erasing.erase_articles(found) if found else []
