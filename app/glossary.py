"""The acronyms of the field and what they stand for: read once, marked where a text first uses one."""

import csv
import re
from dataclasses import dataclass
from functools import cache
from html import escape, unescape
from pathlib import Path

DATA = Path(__file__).parent / "data" / "glossary.csv"
ACRONYM = re.compile(r"\b[A-Z]{2,}\b")
WORD = re.compile(r"[^\W\d_]{2,}")
TAG = re.compile(r"<[^>]*>")
CODE = re.compile(r"<(code|pre)\b.*?</\1>", re.DOTALL)
# Where an explanation would be odd, or is there already; a tag; the text up to the next one.
PIECES = re.compile(r"<(a|abbr|code|pre|h[1-6])\b.*?</\1>|<[^>]*>|[^<]+", re.DOTALL)


@dataclass(frozen=True)
class Entry:
    """An acronym: the words that it stands for, and a sentence that says what the thing is."""

    acronym: str
    words: str
    sentence: str


@cache
def entries() -> dict[str, Entry]:
    """Return all entries by their acronym, in the order of the alphabet."""
    with DATA.open(encoding="utf-8", newline="") as file:
        found = [Entry(**row) for row in csv.DictReader(file)]
    return {entry.acronym: entry for entry in sorted(found, key=lambda entry: entry.acronym)}


def explain(html: str) -> str:
    """Return safe HTML with `<abbr>` at the first place where it uses each acronym: not in code, links or headings.
    One that the writer has explained is left alone."""
    if entries().keys().isdisjoint(ACRONYM.findall(html)):
        return html
    seen = set()

    def mark(piece):
        text = piece[0]
        if piece[1] == "abbr":
            seen.update(ACRONYM.findall(TAG.sub("", text)))
        return text if text[0] == "<" or _is_shouted(text) else ACRONYM.sub(lambda word: _marked(word[0], seen), text)

    return PIECES.sub(mark, html)


def _marked(word, seen):
    """Return an acronym as it stands where nothing in `seen` has come before."""
    if word in seen or word not in entries():
        return word
    seen.add(word)
    return f'<abbr title="{escape(entries()[word].words)}">{word}</abbr>'


def _is_shouted(text):
    """Tell whether a text is in capitals throughout: « PRE » may then be « pré »."""
    words = (word for word in WORD.findall(text) if word not in entries())
    return not any(sign.islower() for sign in text) and any(words)


def used_in(html: str) -> list[tuple[str, str]]:
    """Return each acronym that the text of HTML uses, code apart, with its words, in the order of the alphabet."""
    texts = map(unescape, TAG.split(CODE.sub("", html)))
    used = {word for text in texts if not _is_shouted(text) for word in ACRONYM.findall(text)}
    return [(entry.acronym, entry.words) for entry in entries().values() if entry.acronym in used]
