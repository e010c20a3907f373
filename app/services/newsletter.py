"""The monthly letter: an issue drafted from what was published, and what its readers get of it."""

import re
from collections.abc import Iterable
from datetime import date, datetime, timedelta

from sqlalchemy import Select, and_, exists, func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import defer

from app.access import VISITOR, listed_articles, out, readable
from app.extensions import db
from app.labels import (
    ARTICLE_KIND,
    ISSUE_SECTION,
    ON_SHELF,
    ArticleKind,
    IssueSection,
    IssueState,
    PublicationKind,
    Role,
    Shelf,
    UserStatus,
)
from app.models import Action, Article, Event, NewsletterIssue, NewsletterItem, Publication, User
from app.models.article import STARTING
from app.models.newsletter import LEFT
from app.models.types import utcnow
from app.notifications.links import site_address
from app.notifications.newsletter import addresses
from app.notifications.publications import address_of
from app.services import settings
from app.services.shelves import PLACED, SHORT
from app.templating import PARIS, day, month, plural, sitting
from app.text import cut, one_line

DAY = "letter_day"  # the setting that says on which day of the month the issue is drafted
USUAL_DAY = 5
HOUR = 7  # of Paris, from which on it is drafted that day
FIRST_PERIOD = timedelta(days=31)  # that the first issue looks back
OVERLAP = timedelta(hours=1)  # what was being published as an issue was drafted is for the next one
AHEAD = timedelta(weeks=6)
MOST = 8  # actions, and events
MOST_ARTICLES = 20  # of a section
TEXT_LENGTH, TITLE_LENGTH, FACTS_LENGTH = 280, 200, 300
RECALLED_AFTER, RECALLED_EVERY = timedelta(days=3), timedelta(days=4)
MONTH = re.compile(r"(20[0-9]{2})-(0[1-9]|1[0-2])")
NEWS = [kind for kind in ON_SHELF[Shelf.NEWS] if kind != ArticleKind.PRESS]
KINDS = {
    IssueSection.NEWS: NEWS,
    IssueSection.RESOURCES: ON_SHELF[Shelf.RESOURCES],
    IssueSection.PRESS: [ArticleKind.PRESS],
}
SECTION_OF_KIND = {kind: section for section, kinds in KINDS.items() for kind in kinds}
NAMES = {
    PublicationKind.DOCUMENT: ("document public partagé", "documents publics partagés"),
    PublicationKind.ACTION: ("fiche-action publique partagée", "fiches-actions publiques partagées"),
    PublicationKind.EVENT: ("événement public annoncé", "événements publics annoncés"),
}
WITHOUT_BODY = (defer(Article.body), defer(Article.body_html))


# When -------------------------------------------------------------------------------------------------------------


def letter_day() -> int:
    """Return the day of the month on which the issue is drafted."""
    return int(settings.get(DAY, str(USUAL_DAY)))


def month_of(now: datetime) -> date:
    """Return the first day of the month that calendars in Paris show."""
    return now.astimezone(PARIS).date().replace(day=1)


def read_month(text: str) -> date | None:
    """Return the month that an address says: « 2026-11 »."""
    found = MONTH.fullmatch(text)
    return date(int(found[1]), int(found[2]), 1) if found else None


def is_due(now: datetime) -> bool:
    """Tell whether the issue of this month is to be drafted: its day has come, or is past, and there is none."""
    local = now.astimezone(PARIS)
    return (local.day, local.hour) >= (letter_day(), HOUR) and not _is_there(month_of(now))


def _is_there(month):
    return db.session.scalar(select(NewsletterIssue.id).filter_by(month=month)) is not None


def newest() -> NewsletterIssue | None:
    """Return the issue of the last month that has one."""
    return db.session.scalar(select(NewsletterIssue).order_by(NewsletterIssue.month.desc()).limit(1))


def waiting() -> NewsletterIssue | None:
    """Return the newest issue while it is a draft."""
    issue = newest()
    return issue if issue and issue.state == IssueState.DRAFT else None


# The draft --------------------------------------------------------------------------------------------------------


def draft(now: datetime) -> NewsletterIssue | None:
    """Make the issue of this month from what was published since the last one that was sent, or will be.

    None: this month has its issue already; of two at once, one makes it.
    """
    this_month = month_of(now)
    if _is_there(this_month):
        return None
    former = _former(this_month)
    since = former.until if former else _first_since(this_month, now)
    subject = f"La lettre des conseils citoyens – {month(this_month)}"
    sections = [section.value for section in IssueSection]
    issue = NewsletterIssue(month=this_month, subject=subject, sections=sections, since=since, until=now)
    issue.items = [*_published(since, now, former), *_coming(now), *_figures(since, now)]
    _number(issue.items)
    try:
        with db.session.begin_nested():
            db.session.add(issue)
    except IntegrityError:  # the other of the two was first
        return None
    return issue


def complete(issue: NewsletterIssue, now: datetime) -> int:
    """Add to a draft what was published since it was made, after what is in it; return how much that is."""
    held = [*_published(issue.until, now, _former(issue.month)), *_coming(now, since=issue.until)]
    known = {subject_of(item) for item in issue.items}
    added = [item for item in held if subject_of(item) not in known]
    issue.items += added
    issue.until = now
    _number(issue.items)
    db.session.flush()
    return len(added)


def subject_of(item: NewsletterItem) -> tuple[str, int] | None:
    """Return what an item tells of: an article or a publication, and its id; None for words of the animator's own."""
    if item.article_id:
        return "article", item.article_id
    return ("publication", item.publication_id) if item.publication_id else None


def _former(this_month):
    """Return the last issue before a month that was sent or will be: a draft that nobody sent has told nobody."""
    told = NewsletterIssue.state.in_([IssueState.SCHEDULED, *LEFT])
    query = select(NewsletterIssue).where(told, NewsletterIssue.month < this_month)
    return db.session.scalar(query.order_by(NewsletterIssue.month.desc()).limit(1))


def _first_since(this_month, now):
    """Return from when on nothing was sent yet: drafts that nobody sent have told nobody."""
    oldest = db.session.scalar(select(func.min(NewsletterIssue.since)).where(NewsletterIssue.month < this_month))
    return min(oldest or now, now - FIRST_PERIOD)


def newer(issue: NewsletterIssue) -> list[NewsletterIssue]:
    """Return the issues of later months: each begins where the last one that had left by then ended, and tells again
    what stands in an older draft."""
    query = select(NewsletterIssue).where(NewsletterIssue.month > issue.month).order_by(NewsletterIssue.month)
    return list(db.session.scalars(query))


def _published(since, now, former):
    """Return items of the articles and actions of a period, but those that the former issue had."""
    told = {subject_of(item) for item in former.items} if former else set()
    rows = []
    for kinds in KINDS.values():
        its_own = (Article.kind.in_(kinds), Article.published_at > since - OVERLAP, Article.published_at <= now)
        is_news = ~Article.key.startswith(STARTING)  # what was there when the site opened is no news
        rows += db.session.scalars(articles(*its_own, is_news).limit(MOST_ARTICLES))
    is_new = (Publication.published_at > since - OVERLAP, Publication.published_at <= now)
    rows += db.session.scalars(publications(Action, *is_new).limit(MOST))
    return [item for item in map(item_of, rows) if subject_of(item) not in told]


def _coming(now, since=None):
    """Return items of the next events, the first one first; `since`: of those announced from then on."""
    soon = (Event.starts_at >= now, Event.starts_at <= now + AHEAD)
    announced = (Publication.published_at > since - OVERLAP,) if since else ()
    query = publications(Event, *soon, *announced).order_by(None).order_by(Event.starts_at, Event.id)
    return [item_of(event) for event in db.session.scalars(query.limit(MOST))]


def articles(*conditions) -> Select:
    """Return the query of the articles that the letter may tell of: the pinned ones first, then the newest."""
    query = select(Article).where(*listed_articles(), readable(Article, VISITOR), *conditions).options(*WITHOUT_BODY)
    return query.order_by(Article.is_pinned.desc(), Article.published_at.desc(), Article.id.desc())


def publications(model: type[Publication], *conditions) -> Select:
    """Return the query of what councils share that the letter may tell of, the newest first: no event that is over or
    cancelled."""
    event = Event.__table__.alias().c
    is_over = func.coalesce(event.ends_at, event.starts_at) < utcnow()
    is_past = exists().where(event.id == Publication.id, or_(is_over, event.cancelled_at.is_not(None)))
    query = select(model).where(readable(model, VISITOR), out(), ~is_past, *conditions).options(*PLACED)
    return query.order_by(Publication.published_at.desc(), Publication.id.desc())


def item_of(row: Article | Publication) -> NewsletterItem:
    """Return what an issue says of an article or a publication, in the section where it belongs; it has no place
    yet."""
    is_article = isinstance(row, Article)
    return NewsletterItem(
        section=section_of(row),
        article_id=row.id if is_article else None,
        publication_id=None if is_article else row.id,
        title=cut(one_line(row.name), TITLE_LENGTH),
        text=cut(one_line(row.summary), TEXT_LENGTH),
        facts=cut(" · ".join(filter(None, _facts(row))), FACTS_LENGTH),
    )


def section_of(row: Article | Publication) -> IssueSection:
    """Return the section of the letter where something belongs."""
    if isinstance(row, Article):
        return SECTION_OF_KIND[row.kind]
    return IssueSection.EVENTS if row.kind == PublicationKind.EVENT else IssueSection.ACTIONS


def _facts(row):
    """Yield the date, the place, the council, the source."""
    if isinstance(row, Article):
        if row.kind not in (ArticleKind.NEWS, ArticleKind.PRESS):
            yield _capital(ARTICLE_KIND[row.kind])
        yield _days(row)
        yield from (row.place, row.source)
    else:
        if row.kind == PublicationKind.EVENT and row.starts_at:
            yield from (_capital(sitting(row.starts_at, row.ends_at, row.time_zone)), row.place)
        yield row.source
        yield row.town if row.kind == PublicationKind.EVENT else row.council.town


def _days(article):
    starts, ends = article.starts_on, article.ends_on
    if article.kind == ArticleKind.CALL:
        return f"Jusqu’au {day(ends)}" if ends else ""
    if starts and ends and ends != starts:
        return f"Du {day(starts)} au {day(ends)}"
    return day(starts or ends) if starts or ends else ""


def _capital(text):
    return text[:1].upper() + text[1:]


def _figures(since, now):
    """Yield items that say how many: of what is shared, only what the readers of the letter find on the site."""
    member = (User.role == Role.MEMBER, User.status == UserStatus.ACTIVE, User.council_id.is_not(None))
    present = select(func.count(func.distinct(User.council_id))).where(*member)
    welcomed = func.coalesce(User.decided_at, User.confirmed_at, User.created_at)
    new = select(func.count()).where(*member, welcomed > since, welcomed <= now)
    period = (Publication.published_at > since, Publication.published_at <= now)
    shared = select(Publication.kind, func.count()).where(readable(Publication, VISITOR), *period)
    shared = dict(db.session.execute(shared.group_by(Publication.kind)).all())
    numbers = [
        (
            db.session.scalar(present),
            ("conseil citoyen a des membres inscrits", "conseils citoyens ont des membres inscrits"),
        ),
        (db.session.scalar(new), ("nouveau membre", "nouveaux membres")),
        *((shared.get(kind, 0), words) for kind, words in NAMES.items()),
    ]
    for number, words in numbers:
        if number:
            yield NewsletterItem(section=IssueSection.FIGURES, title=one_line(plural(number, *words)))


def _number(items):
    """Give the items of each section their places, in the order in which they come."""
    places = {}
    for item in items:
        item.position = places[item.section] = places.get(item.section, 0) + 1


# What its readers get ---------------------------------------------------------------------------------------------


def compose(issue: NewsletterIssue) -> dict:
    """Return the content of an issue as its readers get it now: the sections that hold something, in their order,
    without what was left out, what visitors may not read any more, and the events that are over or cancelled."""
    rows = rows_of(issue)
    sections = []
    for name in issue.sections:
        its_own = [item for item in issue.items if item.section == name and not item.is_dropped]
        if items := [_content(item, rows) for item in its_own if stands(item, rows)]:
            sections.append({"name": name, "heading": ISSUE_SECTION[name], "items": items})
    return {
        "subject": issue.subject,
        "month": month(issue.month),
        "address": site_address("public.issues.show", month=issue.slug),
        "introduction": issue.introduction,
        "introduction_html": issue.introduction_html,
        "sections": sections,
    }


def rows_of(issue: NewsletterIssue) -> dict[tuple[str, int], Article | Publication]:
    """Return, by what `subject_of` says of their items, the rows that an issue may tell of at this instant."""
    known = [subject_of(item) for item in issue.items]
    found = _found(known)
    return {subject: row for subject, row in found.items() if not _is_past(row)}


def stands(item: NewsletterItem, rows: dict) -> bool:
    """Tell whether an item can be sent: the words of the animator always, other things while `rows` have them."""
    subject = subject_of(item)
    return subject is None or subject in rows


def _found(subjects: Iterable) -> dict:
    """Return those of these subjects that visitors may read and lists show, with one query for each table."""
    ids = {"article": [], "publication": []}
    for kind, number in filter(None, subjects):
        ids[kind].append(number)
    found = {}
    if ids["article"]:
        query = select(Article).where(Article.id.in_(ids["article"]), readable(Article, VISITOR), *listed_articles())
        found |= {("article", row.id): row for row in db.session.scalars(query.options(*WITHOUT_BODY))}
    if ids["publication"]:
        query = select(Publication).where(Publication.id.in_(ids["publication"]), readable(Publication, VISITOR), out())
        found |= {("publication", row.id): row for row in db.session.scalars(query.options(*SHORT))}
    return found


def _is_past(row):
    if not isinstance(row, Event):
        return False
    ends = row.ends_at or row.starts_at
    return bool(row.cancelled_at or ends and ends < utcnow())


def _content(item, rows):
    subject = subject_of(item)
    about = {f"{subject[0]}_id": subject[1]} if subject else {}
    address = address_in_letter(rows[subject]) if subject else item.address
    return {"title": item.title, "text": item.text, "facts": item.facts, "address": address} | about


def address_in_letter(row: Article | Publication) -> str:
    """Return where the letter leads to: of the press, to the article itself."""
    if not isinstance(row, Article):
        return address_of(row)
    if row.kind == ArticleKind.PRESS and row.source_address:
        return row.source_address
    return site_address("public.articles.show", shelf=row.shelf, slug=row.slug)


# Issues that have left, and drafts that wait ------------------------------------------------------------------------


def readers() -> tuple[int, int]:
    """Return how many members the letter would be sent to now, and how many other people."""
    rows = addresses().subquery()
    members, total = db.session.execute(select(func.count(rows.c.user_id), func.count()).select_from(rows)).one()
    return members, total - members


def beside(issue: NewsletterIssue) -> tuple[NewsletterIssue | None, NewsletterIssue | None]:
    """Return the issues before and after one, of those that everybody reads."""
    query = select(NewsletterIssue).where(readable(NewsletterIssue, VISITOR))
    former = query.where(NewsletterIssue.month < issue.month).order_by(NewsletterIssue.month.desc())
    later = query.where(NewsletterIssue.month > issue.month).order_by(NewsletterIssue.month)
    return db.session.scalar(former.limit(1)), db.session.scalar(later.limit(1))


def recall(issue_id: int, now: datetime) -> bool:
    """Note that the animators are reminded of a draft, if that is due: of two at once, one gets True."""
    is_old = or_(
        and_(NewsletterIssue.recalled_at.is_(None), NewsletterIssue.created_at <= now - RECALLED_AFTER),
        NewsletterIssue.recalled_at <= now - RECALLED_EVERY,
    )
    due = (NewsletterIssue.id == issue_id, NewsletterIssue.state == IssueState.DRAFT, is_old)
    changed = update(NewsletterIssue).where(*due).values(recalled_at=now)
    return db.session.execute(changed.execution_options(synchronize_session=False)).rowcount == 1
