"""What stands in an issue of the letter, and in which order, as the animator decides. Issues are locked; each verb that
comes twice does what it does once."""

from app.extensions import db
from app.labels import IssueSection
from app.models import Article, NewsletterIssue, NewsletterItem, Publication
from app.services import newsletter, texts
from app.services.newsletter import subject_of

OFFERED = 8  # articles, and as many publications
KINDS = {"a": ("article", Article), "p": ("publication", Publication)}  # letter in the name of a button → what it adds


def write(issue: NewsletterIssue, columns: dict, items: dict[int, dict]) -> None:
    """Change columns of an issue, and of its items by their ids."""
    for name, value in columns.items():
        setattr(issue, name, value)
    for item in issue.items:
        for name, value in items.get(item.id, {}).items():
            setattr(item, name, value)
    issue.version += 1
    db.session.flush()


def in_section(issue: NewsletterIssue, name: str) -> list[NewsletterItem]:
    """Return the items of a section in their order, those that were left out last."""
    its_own = [item for item in issue.items if item.section == name]
    return sorted(its_own, key=lambda item: (item.is_dropped, item.position, item.id))


def place(issue: NewsletterIssue, item_id: int, number: int) -> None:
    """Give an item this place in its section, 1 for the first one; the others make room."""
    if item := _item(issue, item_id):
        rows = in_section(issue, item.section)
        rows.remove(item)
        rows.insert(max(0, number - 1), item)
        for position, row in enumerate(rows, 1):
            row.position = position
        db.session.flush()


def drop(issue: NewsletterIssue, item_id: int, is_dropped: bool) -> None:
    """Leave an item out, or put it back at the end of its section."""
    item = _item(issue, item_id)
    if item is None or item.is_dropped == is_dropped:
        return
    item.is_dropped = is_dropped
    item.position = _end(issue, item.section)
    db.session.flush()


def place_section(issue: NewsletterIssue, name: str, number: int) -> None:
    """Give a section this place, 1 for the first one; one that was left out comes back."""
    if name in set(IssueSection):
        names = [other for other in issue.sections if other != name]
        names.insert(max(0, number - 1), name)
        issue.sections = names  # a new list: changes inside the old one would not be noticed


def drop_section(issue: NewsletterIssue, name: str) -> None:
    """Leave a section out, with all that is in it."""
    issue.sections = [other for other in issue.sections if other != name]


def add_brief(issue: NewsletterIssue, title: str, text: str, address: str) -> None:
    """Add a few words of the animator's own at the end of « En bref »."""
    words = {"title": title, "text": text, "address": address}
    known = in_section(issue, IssueSection.BRIEFS)
    if not any(all(getattr(item, name) == value for name, value in words.items()) for item in known):
        _append(issue, NewsletterItem(section=IssueSection.BRIEFS.value, **words))


def add(issue: NewsletterIssue, letter: str, row_id: int) -> None:
    """Add an article (« a ») or a publication (« p ») with this id at the end of its section, if visitors read it; put
    it back when it was left out."""
    subject = (KINDS[letter][0], row_id)
    known = next((item for item in issue.items if subject_of(item) == subject), None)
    if known is not None:
        drop(issue, known.id, is_dropped=False)
        return
    if row := db.session.scalar(_offered(letter, KINDS[letter][1].id == row_id)):
        _append(issue, newsletter.item_of(row))


def offers(issue: NewsletterIssue, question: str) -> list[tuple[str, NewsletterItem]]:
    """Return what else could stand in an issue, each as an item that is none yet, after the name that `add` takes: what
    has the words of `question`, or the newest things when it has none."""
    held = {subject_of(item) for item in issue.items}
    found = []
    for letter, (kind, model) in KINDS.items():
        its_own = {subject[1] for subject in held if subject and subject[0] == kind}
        words = texts.matching(question, texts.ARTICLES if letter == "a" else texts.PUBLICATIONS)
        conditions = [model.id.not_in(its_own), *([words] if words is not None else [])]
        rows = db.session.scalars(_offered(letter, *conditions).limit(OFFERED)).all()
        found += [(f"{letter}-{row.id}", newsletter.item_of(row)) for row in rows]
    return found


def _offered(letter, *conditions):
    return newsletter.articles(*conditions) if letter == "a" else newsletter.publications(Publication, *conditions)


def _append(issue, item):
    item.position = _end(issue, item.section)
    issue.items.append(item)
    if item.section not in issue.sections:
        issue.sections = [*issue.sections, str(item.section)]
    db.session.flush()


def _end(issue, section):
    return max((item.position for item in issue.items if item.section == section), default=0) + 1


def _item(issue, item_id):
    return next((item for item in issue.items if item.id == item_id), None)
