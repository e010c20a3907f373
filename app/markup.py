"""Text written by people, made into safe HTML: the only place that makes `Markup`.

Markdown first, then bleach's allow-list, then nh3 as the last word, because bleach no longer receives security
fixes. Rendering is slow by the standards of a page: it is done when a text is saved, and the HTML is stored. Of a long
text, only the parts that changed are rendered.
"""

import re
from itertools import accumulate

import bleach
import markdown
import nh3
from babel.numbers import format_decimal
from markupsafe import Markup, escape

from app import glossary, parts
from app.parts import Part

MAX_LENGTH = 20_000  # characters
# Markdown's time grows with the square of some signs; at these limits the worst text takes about half a second.
MAX_SIGNS = 300  # [ ( and <
MAX_DEPTH = 20  # [ that are not closed
MAX_LINES = 1500
# Of a long text, whose parts keep to the limits above.
MAX_LONG = 250_000  # characters
MAX_LONG_SIGNS = 2000  # [ ( and <
MAX_LONG_LINES = 10_000
MAX_PARTS = 500
PART_END = "\f"
UNSEEN = re.compile("[\0\f\2\3]")
HIGHEST = 3  # a page has its own h1 and the section its h2
WHOLE = 2  # of a text that is all that its page is about
TAGS = {"p", "br", "hr", "h2", "h3", "h4", "h5", "ul", "ol", "li", "strong", "em", "del", "blockquote", "code", "pre",
        "a", "abbr", "table", "thead", "tbody", "tr", "th", "td"}  # fmt: skip
ATTRIBUTES = {"a": {"href", "title"}, "abbr": {"title"}, "ol": {"start"}}
SCHEMES = {"http", "https", "mailto", "tel"}
HEADING = re.compile(r"(</?h)([1-6])\b")
BRACKET = re.compile(r"[\[\]]")
OPENING = re.compile(r"<h[1-6]\b")
IMAGE = re.compile(r'<img alt="([^"]*)" src="[^"]*"(?: title="[^"]*")? ?/?>')  # as Markdown writes it
NOWHERE = re.compile(r"<a(?![^>]*\bhref=)[^>]*>(.*?)</a>", re.DOTALL)
# What people type for an address on the Web: without its beginning it would lead to a page of this site.
BARE = re.compile(r'(<a href=")(?=www\.|(?:[\w-]+\.)+(?:fr|com|org|net|eu|info|re|gp|mq|gf|yt|nc|pf)(?:[/?#"]))')
PLAIN_EXTENSIONS = ["tables", "sane_lists", "nl2br", "toc"]
EXTENSIONS = [*PLAIN_EXTENSIONS, "pymdownx.magiclink"]
ADDRESSED = ("://", "www.", "@")  # what the last one makes links of; without any of it, a sixth of the time is saved
EXTENSION_CONFIGS = {"toc": {"baselevel": HIGHEST, "marker": "", "permalink": False}}


class TextTooComplex(ValueError):
    """A text over the limits of length or brackets; the message tells the writer in French."""


def check(text: str) -> None:
    """Raise `TextTooComplex` when `text` is too long, or has too many lines or brackets, to be rendered."""
    _check(text, "Ce texte", "coupez-le en deux, ou joignez un fichier.", "retirez-en, ou joignez un fichier.")


def check_parts(text: str) -> None:
    """Raise `TextTooComplex` when a long text, or one of its parts, is too long or too complex to be rendered."""
    if len(text) > MAX_LONG:
        raise TextTooComplex(
            f"Ce texte a {_number(len(text))} caractères : {_number(MAX_LONG)} au plus. "
            "Retirez-en, ou joignez un fichier."
        )
    if sum(map(text.count, "[(<")) > MAX_LONG_SIGNS:
        raise TextTooComplex(
            f"Ce texte a plus de {_number(MAX_LONG_SIGNS)} signes [, ( ou < : retirez-en, ou joignez un fichier."
        )
    if text.count("\n") > MAX_LONG_LINES:
        raise TextTooComplex(
            f"Ce texte a plus de {_number(MAX_LONG_LINES)} lignes : retirez-en, ou joignez un fichier."
        )
    pieces = parts.split(text)
    if len(pieces) - 1 > MAX_PARTS:
        raise TextTooComplex(
            f"Ce texte a {_number(len(pieces) - 1)} titres : {MAX_PARTS} au plus. Retirez les # devant quelques-uns."
        )
    for part in pieces:
        cut = f"coupez-{'la' if part.number else 'le'} en deux avec un titre : une ligne qui commence par ##."
        _check(_body(part), _name(part, len(pieces)), cut, "retirez-en, ou " + cut)


def _check(text, name, cut, fewer):
    if len(text) > MAX_LENGTH:
        raise TextTooComplex(
            f"{name} a {_number(len(text))} caractères : {_number(MAX_LENGTH)} au plus. {cut[0].upper()}{cut[1:]}"
        )
    if sum(map(text.count, "[(<")) > MAX_SIGNS:
        raise TextTooComplex(f"{name} a plus de {MAX_SIGNS} signes [, ( ou < : {fewer}")
    brackets = (1 if sign == "[" else -1 for sign in BRACKET.findall(text))
    if max(accumulate(brackets, lambda depth, step: max(0, depth + step)), default=0) > MAX_DEPTH:
        raise TextTooComplex(f"{name} ouvre plus de {MAX_DEPTH} crochets [ sans les fermer : fermez-les.")
    if text.count("\n") > MAX_LINES:
        raise TextTooComplex(f"{name} a plus de {_number(MAX_LINES)} lignes : {cut}")


def _name(part, count):
    if not part.number:
        return "Le début du texte, avant le premier titre," if count > 1 else "Ce texte, qui n’a pas de titre,"
    return f"La partie « {part.title} »" if part.title else f"La partie n° {part.number}, dont le titre est vide,"


def _number(value):
    return format_decimal(value, locale="fr")


def render(text: str, highest: int = HIGHEST) -> str:
    """Return the safe HTML of a Markdown text, to be stored beside it; its highest headings are of rank `highest`.
    Raises `TextTooComplex`."""
    text = _plain(text)
    check(text)
    html = _convert(text)
    return _sanitise(_close(html, _ranks(html), highest))


def render_parts(text: str, known_text: str = "", known_html: str = "") -> str:
    """Return the safe HTML of a long Markdown text, to be stored beside it: that of each part alone, `PART_END` between
    them; `html_parts` takes it apart. Raises `TextTooComplex`.

    `known_text`, `known_html`: a text, and what this function made of it. The parts that both texts share are not
    rendered again, as long as the same ranks of headings are used. The result is the same without them.
    """
    text, known_text = _plain(text), _plain(known_text)
    check_parts(text)
    pieces, known, stored = parts.split(text), parts.split(known_text), known_html.split(PART_END)
    if not known_html or len(known) != len(stored):  # it was made by `render`, or of another text
        known, stored = [], []
    html = {_body(part): safe for part, safe in zip(known, stored, strict=True)}
    made = Converted()
    ranks = made.ranks(pieces, html)
    if made.ranks(known, html) != ranks:
        html = {}
    for part in pieces:
        if _body(part) not in html:
            html[_body(part)] = _sanitise(_close(made[_body(part)], ranks))
    return PART_END.join(html[_body(part)] for part in pieces)


def html_parts(html: str) -> list[Markup]:
    """Return what `render_parts` made, part by part as `parts.split` numbers them, to be printed unescaped."""
    return [trusted(part) for part in html.split(PART_END)]


class Converted(dict):
    """The HTML that Markdown makes of the bodies of parts, each converted once; not safe yet."""

    def __missing__(self, body):
        self[body] = _convert(body)
        return self[body]

    def ranks(self, pieces: list[Part], safe: dict[str, str]) -> frozenset[str]:
        """Return the ranks of all headings in these parts, as Markdown makes them. `safe`: final HTML of some."""
        return frozenset().union(*(self._own(part, safe.get(_body(part))) for part in pieces))

    def _own(self, part, safe):
        """What is known to have no heading but its own, as most parts, is not converted to learn its ranks."""
        known = {HIGHEST + part.level - 1} if part.level else set()
        if safe is not None and "<" not in part.text and len(OPENING.findall(safe)) == len(known):
            if not known or OPENING.match(safe):
                return {str(min(rank, 6)) for rank in known}
        return _ranks(self[_body(part)])


def _body(part):
    return part.text.strip("\n")


def _plain(text):
    """Return a text without the signs that stand between the parts of stored HTML, or that only Markdown leaves out:
    a heading after one of them would be none for `parts`."""
    return UNSEEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def _convert(text):
    # One converter for each call: a shared one mixes the texts of two threads.
    extensions = EXTENSIONS if any(sign in text for sign in ADDRESSED) else PLAIN_EXTENSIONS
    return markdown.markdown(text, extensions=extensions, extension_configs=EXTENSION_CONFIGS)


def _sanitise(html):
    html = IMAGE.sub(r"\1", html)  # texts have no images: the words for those who do not see them stay
    html = bleach.clean(html, tags=TAGS, attributes={k: list(v) for k, v in ATTRIBUTES.items()}, protocols=SCHEMES)
    html = nh3.clean(html, tags=TAGS, attributes=ATTRIBUTES, url_schemes=SCHEMES, link_rel="nofollow ugc noopener")
    html = BARE.sub(r"\1https://", NOWHERE.sub(r"\1", html))
    return glossary.explain(html.replace(PART_END, " "))  # « &#12; » makes one


def _ranks(html):
    return {rank for _, rank in HEADING.findall(html)}


def _close(html, ranks, highest=HIGHEST):
    """Return HTML whose highest headings are of rank `highest`, whatever the writer began with, the next ones one
    below, and so on down to h5: a page that skips a level is hard to follow for those who hear it. `ranks`: all that
    the whole text has."""
    closed = {rank: str(min(number, 5)) for number, rank in enumerate(sorted(ranks), start=highest)}
    return HEADING.sub(lambda tag: tag[1] + closed[tag[2]], html)


def trusted(html: str | None) -> Markup:
    """Return stored HTML, made by `render` when it was saved, as what a template prints unescaped."""
    return Markup(html or "")  # noqa: S704 - sanitised when it was saved


def absolute(html: str, address: str) -> str:
    """Return stored HTML as it is read elsewhere than on the page at `address`: its links lead to the same places."""
    base = ("rewrite_with_base", address)
    rules = {"tags": TAGS, "attributes": ATTRIBUTES, "url_schemes": SCHEMES, "url_relative": base}
    return nh3.clean(html.replace(PART_END, "\n"), link_rel="nofollow ugc noopener", **rules)


def explained(text: str) -> Markup:
    """Return a plain text with `<abbr>` at the first place where it uses each acronym of the glossary."""
    return Markup(glossary.explain(str(escape(text))))  # noqa: S704 - escaped, and marked with words of our own


def lines(text: str) -> Markup:
    """Return a plain text with its line ends kept."""
    return Markup("<br>\n").join(text.split("\n"))


def stylesheet(css: str) -> Markup:
    """Return the site's own style sheet for its `<style>` element."""
    if "</" in css:
        raise ValueError("a style sheet that would close its own element")
    return Markup(css)  # noqa: S704 - a file of the project, not a person's text
