"""The parts of a long Markdown text: from one line that is a heading (`#` to `######`) to the next.

Part 0 is what stands before the first heading. Headings underlined with = or -, and those inside a list, a quotation or
an indented block, do not begin a line with `#`: they belong to the part they stand in.
"""

import re
import textwrap
from dataclasses import dataclass

LINE = re.compile(r"[^\n]*\n|[^\n]+")
# As Python-Markdown reads it: no blank is needed after the signs; a last \ that escapes nothing makes it no heading.
HEADING = re.compile(r"(#{1,6})((?:\\.|[^\\\n])*)\n?")
CLOSING = re.compile(r"(?<!\\)#+$")
ESCAPED = re.compile(r"\\([\\`*_{}\[\]()<>#+.!|~-])")
LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()]*\)")
MARKED = re.compile(r"(\*{1,3}|~~|`+|(?<!\w)_{1,3})(?=\S)(.+?)(?<=\S)\1(?!\w(?<=_\w))")
LONGEST_TITLE, LONGEST_PLAIN = 200, 1000  # characters
SIGN = re.compile(r"[\\*_~`\[]")
ASIDE = 0xE000  # where signs that were escaped stand while the others are taken out


@dataclass(frozen=True)
class Part:
    """A part of a text. `level`: 1 to 6, 0 before the first heading. `title`: without Markdown's signs, maybe empty.
    `text`: with its heading, and with the line ends up to the next one."""

    number: int
    level: int
    title: str
    text: str


def split(text: str) -> list[Part]:
    """Return the parts of a text, part 0 first, be it empty. `join` gives the text back to the letter."""
    groups: list[list[str]] = [[]]
    for line in LINE.findall(text):
        if HEADING.fullmatch(line):
            groups.append([])
        groups[-1].append(line)
    return [Part(number, *_heading(lines[0] if number else ""), "".join(lines)) for number, lines in enumerate(groups)]


def join(parts: list[Part]) -> str:
    """Return the text that was split."""
    return "".join(part.text for part in parts)


def replace(text: str, number: int, new: str) -> str:
    """Return `text` with `new` in the place of one part, and an empty line after it when another follows.

    `new` may hold several headings, or none: it then belongs to the part before it. Empty, the part is taken out.
    Raises `LookupError` when there is no such part.
    """
    parts = split(text)
    if not 0 <= number < len(parts):
        raise LookupError(f"no part {number} in a text of {len(parts)}")
    new = new.strip("\n")
    if new == parts[number].text.strip("\n"):
        return text
    before, after = join(parts[:number]), join(parts[number + 1 :])
    if new and before.strip("\n") and not HEADING.match(new):
        before = before.rstrip("\n") + "\n\n"  # or it would go on with the last paragraph
    if not after:
        return before + new if new else before.rstrip("\n")
    return before + (new and new + "\n\n") + after


def plain(line: str) -> str:
    """Return a line without Markdown's signs of bold, italics, links and pictures; beyond `LONGEST_PLAIN` characters
    they stay, which is not worth the time."""
    if len(line) > LONGEST_PLAIN or not SIGN.search(line):
        return line
    text = ESCAPED.sub(lambda sign: chr(ASIDE + ord(sign[1])), line)
    text = LINK.sub(r"\1", text)
    while (bare := MARKED.sub(r"\2", text)) != text:
        text = bare
    return "".join(chr(ord(sign) - ASIDE) if ASIDE <= ord(sign) < ASIDE + 128 else sign for sign in text)


def _heading(line):
    """Return the level and the title of a line that is a heading; (0, "") of none."""
    match = HEADING.fullmatch(line)
    if not match:
        return 0, ""
    title = textwrap.shorten(match[2], LONGEST_TITLE, placeholder=" …")
    return len(match[1]), plain(CLOSING.sub("", title)).strip()
