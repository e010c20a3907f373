"""Text written by people, made into safe HTML: the only place that makes `Markup`.

Markdown first, then bleach's allow-list, then nh3 as the last word, because bleach no longer receives security
fixes. Rendering is slow by the standards of a page: it is done when a text is saved, and the HTML is stored.
"""

import re
from itertools import accumulate

import bleach
import markdown
import nh3
from markupsafe import Markup

MAX_LENGTH = 20_000  # characters
# Markdown's time grows with the square of some signs; at these limits the worst text takes about half a second.
MAX_SIGNS = 300  # [ ( and <
MAX_DEPTH = 20  # [ that are not closed
MAX_LINES = 1500
# A page has its own h1 and the section its h2: a writer's headings start at h3.
TAGS = {"p", "br", "hr", "h3", "h4", "h5", "ul", "ol", "li", "strong", "em", "del", "blockquote", "code", "pre", "a",
        "abbr", "table", "thead", "tbody", "tr", "th", "td"}  # fmt: skip
ATTRIBUTES = {"a": {"href", "title"}, "abbr": {"title"}, "ol": {"start"}}
SCHEMES = {"http", "https", "mailto", "tel"}
HEADING = re.compile(r"(</?h)([1-6])\b")
EXTENSIONS = ["tables", "sane_lists", "nl2br", "pymdownx.magiclink", "toc"]
EXTENSION_CONFIGS = {"toc": {"baselevel": 3, "marker": "", "permalink": False}}


class TextTooComplex(ValueError):
    """A text over the limits of length or brackets; the message tells the writer in French."""


def check(text: str) -> None:
    """Raise `TextTooComplex` when `text` is too long, or has too many lines or brackets, to be rendered."""
    if len(text) > MAX_LENGTH:
        raise TextTooComplex(
            f"Ce texte a {len(text)} caractères : {MAX_LENGTH} au plus. Coupez-le en deux, ou joignez un fichier."
        )
    if sum(map(text.count, "[(<")) > MAX_SIGNS:
        raise TextTooComplex(f"Ce texte a plus de {MAX_SIGNS} signes [, ( ou < : retirez-en, ou joignez un fichier.")
    brackets = (1 if sign == "[" else -1 for sign in text if sign in "[]")
    if max(accumulate(brackets, lambda depth, step: max(0, depth + step)), default=0) > MAX_DEPTH:
        raise TextTooComplex(f"Ce texte ouvre plus de {MAX_DEPTH} crochets [ sans les fermer : fermez-les.")
    if text.count("\n") > MAX_LINES:
        raise TextTooComplex(f"Ce texte a plus de {MAX_LINES} lignes : coupez-le en deux, ou joignez un fichier.")


def render(text: str) -> str:
    """Return the safe HTML of a Markdown text, to be stored beside it. Raises `TextTooComplex`."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    check(text)
    # One converter for each call: a shared one mixes the texts of two threads.
    html = markdown.markdown(text, extensions=EXTENSIONS, extension_configs=EXTENSION_CONFIGS)
    html = _close_ranks(html)
    html = bleach.clean(html, tags=TAGS, attributes={k: list(v) for k, v in ATTRIBUTES.items()}, protocols=SCHEMES)
    return nh3.clean(html, tags=TAGS, attributes=ATTRIBUTES, url_schemes=SCHEMES, link_rel="nofollow ugc noopener")


def _close_ranks(html):
    """Return HTML whose highest headings are h3, whatever the writer began with, the next ones h4, the others h5: a
    page that skips a level is hard to follow for those who hear it."""
    levels = sorted({level for _, level in HEADING.findall(html)})
    rank = {level: str(min(number, 5)) for number, level in enumerate(levels, start=3)}
    return HEADING.sub(lambda tag: tag[1] + rank[tag[2]], html)


def trusted(html: str | None) -> Markup:
    """Return stored HTML, made by `render` when it was saved, as what a template prints unescaped."""
    return Markup(html or "")  # noqa: S704 - sanitised when it was saved


def lines(text: str) -> Markup:
    """Return a plain text with its line ends kept."""
    return Markup("<br>\n").join(text.split("\n"))


def stylesheet(css: str) -> Markup:
    """Return the site's own style sheet for its `<style>` element."""
    if "</" in css:
        raise ValueError("a style sheet that would close its own element")
    return Markup(css)  # noqa: S704 - a file of the project, not a person's text
