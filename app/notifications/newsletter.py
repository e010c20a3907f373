"""The monthly letter as mails: one text for all its readers, and who gets it."""

import json
import secrets
import textwrap
from binascii import b2a_qp
from functools import lru_cache

from flask import current_app
from markupsafe import escape
from sqlalchemy import Select, bindparam, exists, literal, null, or_, select

from app.access import VISITOR, readable
from app.extensions import db
from app.labels import Channel, IssueState, UserStatus
from app.models import Address, Article, Delivery, NewsletterIssue, OptOut, Publication, Subscriber, User
from app.notifications.message import LONGEST_LINE
from app.notifications.outbox import ALL
from app.notifications.plain import absolute, plain
from app.text import cut

LETTER = "letter"  # the kind of its deliveries
WHY = "vous avez demandé la lettre d’information"
HEAVIEST = 28_500  # bytes of text and HTML together, as they travel: with the headers 30 KB
# The characters of each text, and the items of each section, that stay where the whole is too heavy.
SHORTER = ((200, None), (120, None), (80, 20), (0, 20), (0, 12), (0, 8), (0, 5), (0, 3), (0, 2), (0, 1))
LONGEST_INTRODUCTION = 2000  # characters, where the whole is too heavy
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
    whole = content | {"introduction_html": absolute(content["introduction_html"]), "others": 0}
    whole["sections"] = [section for section in content["sections"] if section["items"]]
    lighter = (_shortened(whole, *most) for most in SHORTER)
    letter = whole
    while _weight(letter) > HEAVIEST and (shorter := next(lighter, None)):
        letter = shorter
    return letter


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
    """Return a letter without what visitors may not read any more."""
    items = [item for section in content["sections"] for item in section["items"]]
    left = {name: _readable(model, {item[name] for item in items if item.get(name)}) for name, model in ABOUT.items()}

    def stands(item):
        return all(item[name] in left[name] for name in ABOUT if item.get(name))

    sections = [one | {"items": list(filter(stands, one["items"]))} for one in content["sections"]]
    return content | {"sections": [one for one in sections if one["items"]]}


def _readable(model, ids):
    if not ids:
        return set()
    return set(db.session.scalars(select(model.id).where(model.id.in_(ids), readable(model, VISITOR))))


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
        drawn[delivery.issue_id] = _draw(json.dumps(still_readable(content)))
    text, html = drawn[delivery.issue_id]
    return text.replace(_MARK, stop), html.replace(_MARK, stop)


@lru_cache(4)  # drawing up a letter takes longer than sending it
def _draw(content):
    return _both(fitted(json.loads(content)), _MARK)


def _both(content, stop):
    return _print(content, "txt", stop), _print(content, "html", stop)


def objection(delivery: Delivery) -> str:
    """Return why a letter must not leave any more, in French; nothing when it may."""
    about = {"issue_id": delivery.issue_id, "address": delivery.recipient}
    state, is_wanted = db.session.execute(_STILL, about).one_or_none() or (None, False)
    if state is None:
        return GONE
    if state == IssueState.STOPPED:
        return HELD
    return "" if is_wanted else UNWANTED


# Its readers ------------------------------------------------------------------------------------------------------


def addresses(without: int | None = None) -> Select:
    """Return the query of those who get the letter: `address`, `user_id` (or None) and `name`, each address once.
    `without`: an issue, those who have a mail of it aside. Alerts that rest do not concern the letter."""
    name = (User.first_name + " " + User.last_name).label("name")
    members = select(User.email.label("address"), User.id.label("user_id"), name).where(*MEMBER)
    outside = select(Subscriber.address, null(), literal(""))
    outside = outside.where(Subscriber.confirmed_at.is_not(None), ~_is_member(Subscriber.address))
    both = members.union_all(outside).subquery()
    address = both.c.address
    is_off = exists().where(Address.address == address, Address.channel == Channel.MAIL, Address.off_since.is_not(None))
    kinds = OptOut.kind.in_([LETTER, ALL])
    is_stopped = exists().where(OptOut.address == address, OptOut.channel == Channel.MAIL, kinds)
    query = select(both).where(~is_off, ~is_stopped)
    if without is not None:
        query = query.where(~exists().where(Delivery.recipient == address, Delivery.issue_id == without))
    return query


def _is_member(address):
    """Return the condition that an address is that of a member who wants the letter."""
    return exists().where(User.email == address, *MEMBER)


def _is_outside(address):
    return exists().where(Subscriber.address == address, Subscriber.confirmed_at.is_not(None))


# Asked for each mail: built once.
_WANTED = or_(_is_member(bindparam("address")), _is_outside(bindparam("address")))
_STILL = select(NewsletterIssue.state, _WANTED).where(NewsletterIssue.id == bindparam("issue_id"))
