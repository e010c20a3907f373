"""The monthly letter as mails: one text for all its readers, and who gets it."""

import json
import secrets
import textwrap
from binascii import b2a_qp
from functools import lru_cache

from flask import current_app
from markupsafe import escape
from sqlalchemy import Select, bindparam, exists, literal, null, or_, select

from app.access import VISITOR, out, readable
from app.extensions import db
from app.labels import Channel, IssueState, UserStatus
from app.markup import absolute
from app.models import Address, Article, Delivery, Event, NewsletterIssue, OptOut, Publication, Subscriber, User
from app.notifications.message import LONGEST_LINE
from app.notifications.outbox import ALL
from app.notifications.plain import plain
from app.text import cut

LETTER = "letter"  # the kind of its deliveries
WHY = "vous avez demandé la lettre d’information"
HEAVIEST = 28_500  # bytes of text and HTML together, as they travel: with the headers 30 KB
# The characters of each text, and the items of each section, that stay where the whole is too heavy.
SHORTER = ((200, None), (120, None), (80, 20), (0, 20), (0, 12), (0, 8), (0, 5), (0, 3), (0, 2), (0, 1))
LONGEST_INTRODUCTION = 2000  # characters: forms let nobody write more
WIDTH = 72  # characters of a line of plain text
HELD = "Non envoyé : l’envoi de cette lettre a été arrêté."
GONE = "Non envoyé : cette lettre n’existe plus."
UNWANTED = "Non envoyé : cette personne ne veut plus de la lettre."
MEMBER = (User.status == UserStatus.ACTIVE, User.letter_since.is_not(None))  # who gets it by their account
ABOUT = {"article_id": Article, "publication_id": Publication}  # what its items may tell of
_MARK = secrets.token_hex(20)  # stands for the address that stops, in a text drawn up once for all


# What it says -----------------------------------------------------------------------------------------------------


def body(content: dict, template: str, stop: str | None) -> str:
    """Return the text (« txt ») or the HTML (« html ») of a letter as it is sent, light enough for a mail. `stop`: the
    address that ends the letter for its reader; None in a test, which nobody unsubscribes from."""
    return _print(fitted(content), template, stop)


def _print(content, template, stop):
    page = current_app.jinja_env.get_template(f"mail/letter.{template}")  # a job has no request to render in
    letter = _in_lines(content) if template == "txt" else content
    return page.render(letter=letter, site=current_app.config, why=WHY, stop=stop)


def _in_lines(content):
    """Return a letter whose texts are lines of plain text."""
    sections = [one | {"items": list(map(_item_in_lines, one["items"]))} for one in content["sections"]]
    return content | {"introduction": _wrap(plain(content["introduction_html"])), "sections": sections}


def _item_in_lines(item):
    return item | {"title": _wrap(item["title"], 2).strip()} | {n: _wrap(item.get(n, ""), 2) for n in ("text", "facts")}


def _wrap(text, indent=0):
    shape = {"width": WIDTH, "break_long_words": False, "break_on_hyphens": False}
    shape |= {"initial_indent": " " * indent, "subsequent_indent": " " * indent}
    return "\n".join(textwrap.fill(line, **shape) for line in text.split("\n"))


def fitted(content: dict) -> dict:
    """Return a letter that is light enough for a mail: where it is too heavy its texts are cut, then the last items of
    each section are left to its page and counted as `others`."""
    letter = whole = _whole(content)
    lighter = (_shortened(whole, *most) for most in SHORTER)
    while _weight(letter) > HEAVIEST and (shorter := next(lighter, None)):
        letter = shorter
    return letter


def is_cut(content: dict) -> bool:
    """Tell whether the mail of a letter must leave something out to stay light."""
    return fitted(content) != _whole(content)


def _whole(content):
    html = absolute(content["introduction_html"], content["address"])
    sections = [section for section in content["sections"] if section["items"]]
    return content | {"introduction_html": html, "sections": sections, "others": 0}


def _weight(content):
    return sum(map(_travelling, _both(content, _MARK)))


def _travelling(text):
    """Return the bytes of a text in a mail, where one with a long line is folded."""
    text = text.encode()
    return len(b2a_qp(text) if max(map(len, text.split(b"\n"))) > LONGEST_LINE else text)


def _shortened(content, length, most):
    sections = [
        one | {"items": [_with_text(item, length) for item in one["items"][:most]]} for one in content["sections"]
    ]
    others = sum(len(one["items"][most:]) for one in content["sections"]) if most else 0
    introduction = _short_introduction(content["introduction_html"])
    return content | {"sections": sections, "introduction_html": introduction, "others": others}


def _with_text(item, most):
    return item | {"text": cut(item.get("text", ""), most) if most else ""}


def _short_introduction(html):
    text = plain(html)
    if len(text) <= LONGEST_INTRODUCTION:
        return html
    return "".join(f"<p>{escape(one)}</p>" for one in cut(text, LONGEST_INTRODUCTION).split("\n\n"))


def still_readable(content: dict) -> dict:
    """Return a letter without what visitors may not read any more at this instant. Its items say `is_cancelled` of
    events that were called off: pages mark them, mails leave them out (`still_to_tell`)."""
    items = [item for section in content["sections"] for item in section["items"]]
    ids = {name: {item[name] for item in items if item.get(name)} for name in ABOUT}
    left = {name: _readable(name, ids[name]) for name in ABOUT}
    called_off = select(Event.id).where(Event.id.in_(left["publication_id"]), Event.cancelled_at.is_not(None))
    called_off = set(db.session.scalars(called_off)) if left["publication_id"] else set()

    def stands(item):
        return all(item[name] in left[name] for name in ABOUT if item.get(name))

    def marked(item):
        return item | {"is_cancelled": item.get("publication_id") in called_off}

    return _narrowed(content, lambda items: [marked(item) for item in items if stands(item)])


def still_to_tell(content: dict) -> dict:
    """Return a letter as its mails tell it at this instant: `still_readable`, without the events called off."""
    return _narrowed(still_readable(content), lambda items: [item for item in items if not item["is_cancelled"]])


def _narrowed(content, keep):
    sections = [one | {"items": keep(one["items"])} for one in content["sections"]]
    return content | {"sections": [one for one in sections if one["items"]]}


def _readable(name, ids):
    model, conditions = ABOUT[name], [out()] if name == "publication_id" else []
    if not ids:
        return set()
    query = select(model.id).where(model.id.in_(ids), readable(model, VISITOR), *conditions)
    return set(db.session.scalars(query))


# Its mails --------------------------------------------------------------------------------------------------------


def is_letter(delivery: Delivery) -> bool:
    """Tell whether a delivery is an issue of the letter, or a test of one."""
    return delivery.issue_id is not None or "letter" in (delivery.content or {})


def texts(delivery: Delivery, stop: str | None, drawn: dict) -> tuple[str, str]:
    """Return the text and the HTML of a delivery that is a letter. `drawn` keeps them for the next ones, as long as
    what visitors may read need not be looked up again: for the mails of one batch."""
    if delivery.issue_id is None:
        return _both(fitted(delivery.content["letter"]), None)
    if delivery.issue_id not in drawn:
        content = db.session.scalar(select(NewsletterIssue.content).where(NewsletterIssue.id == delivery.issue_id))
        drawn[delivery.issue_id] = _draw(json.dumps(still_to_tell(content)))
    text, html = drawn[delivery.issue_id]
    return text.replace(_MARK, stop), html.replace(_MARK, stop)


@lru_cache(4)  # drawing up a letter takes longer than sending it
def _draw(content):
    return _both(fitted(json.loads(content)), _MARK)


def _both(content, stop):
    return _print(content, "txt", stop), _print(content, "html", stop)


def objection(delivery: Delivery) -> str:
    """Return why a letter must not leave any more, in French; nothing when it may."""
    about = {"issue_id": delivery.issue_id, "address": delivery.recipient, "person_id": delivery.person_id}
    state, is_wanted = db.session.execute(_STILL, about).one_or_none() or (None, False)
    if state is None:
        return GONE
    if state == IssueState.STOPPED:
        return HELD
    return "" if is_wanted else UNWANTED


# Its readers ------------------------------------------------------------------------------------------------------


def key_of(issue_id: int, user_id: int | None, address: str) -> str:
    """Return the key of the mail of an issue to one person: that of a member stays when their address changes."""
    return f"letter:{issue_id}:{f'#{user_id}' if user_id else address}"


def addresses(without: int | None = None) -> Select:
    """Return the query of those who get the letter: `address`, `user_id` (or None) and `name`, each address once.
    `without`: an issue, those who have a mail of it aside, were it at a former address. Alerts that rest do not
    concern the letter."""
    name = (User.first_name + " " + User.last_name).label("name")
    members = select(User.email.label("address"), User.id.label("user_id"), name).where(*MEMBER)
    outside = select(Subscriber.address, null(), literal("")).where(~_is_member(Subscriber.address))
    both = members.union_all(outside).subquery()
    address = both.c.address
    is_off = exists().where(Address.address == address, Address.channel == Channel.MAIL, Address.off_since.is_not(None))
    kinds = OptOut.kind.in_([LETTER, ALL])
    is_stopped = exists().where(OptOut.address == address, OptOut.channel == Channel.MAIL, kinds)
    query = select(both).where(~is_off, ~is_stopped)
    return query if without is None else query.where(*_have_none(both, without))


def _have_none(both, issue_id):
    # Two lists read once: an EXISTS would read all the mails of the issue again for each person.
    mails = select(Delivery.recipient).where(Delivery.issue_id == issue_id)
    known = mails.with_only_columns(Delivery.person_id).where(Delivery.person_id.is_not(None))
    return both.c.address.not_in(mails), or_(both.c.user_id.is_(None), both.c.user_id.not_in(known))


def _is_member(address):
    """Return the condition that an address is that of a member who wants the letter."""
    return exists().where(User.email == address, *MEMBER)


# Asked for each mail: built once. One that was taken up as its reader's address changed may still leave.
_WANTED = or_(
    _is_member(bindparam("address")),
    exists().where(User.id == bindparam("person_id"), *MEMBER),
    exists().where(Subscriber.address == bindparam("address")),
)
_STILL = select(NewsletterIssue.state, _WANTED).where(NewsletterIssue.id == bindparam("issue_id"))
