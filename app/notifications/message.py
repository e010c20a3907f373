"""A message as one value, and the text and the HTML that are made from it."""

from dataclasses import dataclass
from textwrap import shorten

from flask import current_app
from itsdangerous import BadSignature, URLSafeSerializer

from app.text import one_line

SUBJECT_LENGTH = 78  # characters, as RFC 5322 section 2.1.1 advises for a line


@dataclass(frozen=True)
class Message:
    """What one person is told, in French.

    `paragraphs` are plain texts; `link` is (words, address), an address of the site or None; `short` is the same in
    one SMS, without its link; `why` ends the sentence « Vous recevez ce message parce que… ».
    """

    subject: str
    paragraphs: tuple[str, ...]
    link: tuple[str, str] | None = None
    short: str = ""
    why: str = "vous avez un compte sur ce site"

    def to_json(self) -> dict:
        """Return the message as the outbox keeps it. Line ends cannot reach a header: the subject is one line."""
        return {
            "subject": shorten(one_line(self.subject), SUBJECT_LENGTH, placeholder="…"),
            "paragraphs": [text.replace("\0", "").strip() for text in self.paragraphs],
            "link": [one_line(part) for part in self.link] if self.link else None,
            "short": one_line(self.short or self.subject),
            "why": one_line(self.why),
        }


def body(content: dict, template: str, **links: str | None) -> str:
    """Return the text (« txt ») or the HTML (« html ») of a kept message. `links`: `stop`, the address that ends it."""
    page = current_app.jinja_env.get_template(f"mail/message.{template}")  # a job has no request to render in
    return page.render(message=content, site=current_app.config, **links)


def stop_address(channel: str, address: str, kind: str) -> str:
    """Return the address where this person stops this kind of messages, without having to log in."""
    token = _signer().dumps([channel, address, kind])
    path = current_app.url_map.bind("").build("public.stop.edit", {"token": token})
    return current_app.config["BASE_URL"] + path


def read_stop_token(token: str) -> tuple[str, str, str]:
    """Return (channel, address, kind) of a token made by `stop_address`. Raises `ValueError` for any other."""
    try:
        channel, address, kind = _signer().loads(token)
    except (BadSignature, ValueError, TypeError) as error:
        raise ValueError("this token was not made here") from error
    return channel, address, kind


def _signer():
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt="stop")
