"""A message as one value, and the text and the HTML that are made from it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from flask import current_app

from app.labels import Priority
from app.models import Delivery
from app.notifications.links import site_address
from app.signing import sign
from app.text import cut, one_line

SUBJECT_LENGTH = 78  # characters, as RFC 5322 section 2.1.1 advises for a line
LONGEST_LINE = 998  # bytes (RFC 5322 section 2.1.1); some servers refuse a longer one, others cut it
_line = lru_cache(256)(one_line)  # thousands of messages say the same but for a name


@dataclass(frozen=True)
class Line:
    """One thing in a list of many: its id, what is new about it, its title and address, and what more may be told. Of
    a topic that people discuss, `first` and `last` are the numbers of the messages that it tells of, and `answer` is
    the address where its reader answers, None where nobody does."""

    publication_id: int | None
    state: str
    title: str
    address: str
    more: str = ""
    answer: str | None = None
    topic_id: int | None = None
    first: int | None = None
    last: int | None = None


@dataclass(frozen=True)
class Section:
    """Lines under one heading."""

    heading: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Message:
    """What one person is told, in French.

    `paragraphs` are plain texts; `link` is (words, address), an address of the site or None; `short` is the same in
    one SMS, without its link; `why` ends the sentence « Vous recevez ce message parce que… ». A mail may have other
    links (`also`). A digest has `sections` after its paragraphs, and counts `others`: the lines that it has no room
    for.
    """

    subject: str
    paragraphs: tuple[str, ...]
    link: tuple[str, str] | None = None
    short: str = ""
    why: str = "vous avez un compte sur ce site"
    sections: tuple[Section, ...] = ()
    others: tuple[Line, ...] = ()
    also: tuple[tuple[str, str], ...] = ()

    def to_json(self) -> dict:
        """Return the message as the outbox keeps it. Line ends cannot reach a header: the subject is one line."""
        listed = {}
        if self.sections:
            sections = [{"heading": one.heading, "lines": list(map(kept, one.lines))} for one in self.sections]
            listed = {"sections": sections, "others": list(map(_counted, self.others))}
        if self.also:
            listed["also"] = [list(map(_line, link)) for link in self.also]
        return listed | {
            "subject": cut(_line(self.subject), SUBJECT_LENGTH),
            "paragraphs": [text.replace("\0", "").strip() for text in self.paragraphs],
            "link": [_line(part) for part in self.link] if self.link else None,
            "short": _line(self.short or self.subject),
            "why": _line(self.why),
        }


def kept(line: Line) -> dict:
    """Return a line of a digest as the outbox keeps it."""
    return {name: value for name, value in vars(line).items() if value is not None}


def _counted(line):
    return {name: value for name, value in kept(line).items() if name not in ("title", "address", "more", "answer")}


def items_of(content: dict) -> set[int]:
    """Return the ids of the publications that a kept message lists or counts."""
    return {line["publication_id"] for line in _lines(content) if "publication_id" in line}


def topics_of(content: dict) -> dict[int, tuple[int, int]]:
    """Return the topics that a kept message lists or counts, by their id: the numbers of the first and of the last
    message that it tells of."""
    return {line["topic_id"]: (line["first"], line["last"]) for line in _lines(content) if "topic_id" in line}


def _lines(content):
    yield from (line for section in content.get("sections", ()) for line in section["lines"])
    yield from map(_other, content.get("others", ()))


def _other(one):
    # An earlier program kept no more than the id of a publication; its messages may still wait.
    return {"publication_id": one, "state": ""} if isinstance(one, int) else one


def only(content: dict, restate: Callable[[dict], dict | None]) -> dict:
    """Return a kept message as it is to be read at this instant: `restate` gives what a line says now; None: nothing
    any more."""
    sections = []
    for section in content["sections"]:
        if lines := [line for line in map(restate, section["lines"]) if line]:
            sections.append({**section, "lines": lines})
    return content | {"sections": sections, "others": [one for one in content["others"] if restate(_other(one))]}


def body(content: dict, template: str, choices: str, stop: str | None) -> str:
    """Return the text (« txt ») or the HTML (« html ») of a kept message.

    `choices`: the address where its reader chooses; `stop`: the one that ends such messages, None where none does.
    """
    page = current_app.jinja_env.get_template(f"mail/message.{template}")  # a job has no request to render in
    return page.render(message=content, site=current_app.config, choices=choices, stop=stop)


def choices_address(delivery: Delivery) -> str:
    """Return the address where the reader of a mail chooses what they are told.

    Not everybody who gets mails about an account can log in: those lead to the page that tells all the ways.
    """
    return site_address("public.pages.privacy") if is_account(delivery) else stop_address(delivery)


def stop_address(delivery: Delivery) -> str:
    """Return the address where the reader of a message stops such messages, without having to log in.

    The token in it tells its finder nothing: neither the person nor the address.
    """
    return site_address("public.stop.edit", token=sign("stop", delivery.id))


def is_account(delivery: Delivery) -> bool:
    """Tell whether a message is about the reader's own account: such messages cannot be stopped."""
    return delivery.priority == Priority.ACCOUNT
