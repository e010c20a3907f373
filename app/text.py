"""Names made comparable: without accents, case, hyphens or the spellings of « saint »; and made into addresses."""

import re
import unicodedata
from itertools import groupby, pairwise

from slugify import slugify

LIGATURES = str.maketrans({"œ": "oe", "Œ": "oe", "æ": "ae", "Æ": "ae", "ß": "ss", "’": "'", "ʼ": "'", "°": "o"})
SHORTENED = {"saint": "st", "sainte": "ste", "saints": "sts", "saintes": "stes"}
DIRECTIONS = dict.fromkeys([0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)])
BESIDE_A_SIGN = re.compile(r" (?=[:;?!»])|(?<=«) ")
# What word processors write before an item of a list; and a line that is indented by a tab.
PASTED = re.compile(r"([ \t]*)([•·▪●○◦‣■➢➤✓\uf0b7\uf0a7§o–—*+-]|(?:[0-9]{1,3}|[a-zA-Z])[.)]) *\t\s*")
INDENT = re.compile(r" *\t[ \t]*|")
ITEM = re.compile(r"( *)(?:[-*+]|[0-9]+\.) ")
NOT_A_LETTER = re.compile(r"[^a-z0-9]+")


def fold(text: str) -> str:
    """Return `text` as words of plain small letters and digits with one space between: « L’Haÿ-les-Roses » →
    « l hay les roses », « Saint-Étienne » → « st etienne »."""
    plain = unicodedata.normalize("NFKD", text.translate(LIGATURES)).encode("ascii", "ignore").decode().lower()
    return " ".join(SHORTENED.get(word, word) for word in NOT_A_LETTER.sub(" ", plain).split())


def one_line(text: str | None) -> str:
    """Return what was typed in a one-line field without control signs, doubled or outer blanks.

    Signs of the writing direction, which stand inside words, leave no blank.
    """
    text = (text or "").translate(DIRECTIONS)
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


def paragraphs(text: str | None) -> str:
    """Return what was typed in a field of several lines: one kind of line end, no control signs, no outer blanks,
    no line that ends in blanks, and never more than one empty line."""
    lines = (text or "").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    plain = (
        (line if line.isprintable() else "".join(sign if sign.isprintable() else " " for sign in line)).rstrip()
        for line in lines
    )
    return re.sub(r"\n{3,}", "\n\n", "\n".join(plain)).strip()


def tables(text: str | None) -> str:
    """Return what was pasted from a word processor or a spreadsheet with its tables and lists as Markdown writes them.

    A table: lines that follow one another and have as many tabs. Lines that begin with a tab, or with the mark of a
    list and a tab, are none.
    """
    lines = (text or "").replace("\r\n", "\n").split("\n")
    if text and "\t" in text:
        lines = _lists(lines)
    found = []
    for width, group in groupby(lines, key=lambda line: line.count("\t")):
        rows = [line.split("\t") for line in group]
        found += ["\t".join(row) for row in rows] if not width or len(rows) < 2 else _table(rows)
    return "\n".join(found)


def _lists(lines):
    """Yield the lines with the items of lists as Markdown writes them, and no tab but in what may be tables."""
    levels, former, was_pasted = [], "", False  # the indents of the items that a line stands in; the line before it
    for line, following in pairwise([*lines, ""]):
        indent, mark, words = ("", "", line) if _is_corner(line, following) else _unmarked(line)
        item, tabs, outer = mark or ITEM.match(words), indent.count("\t"), len(levels)
        if item:
            level = tabs if mark or tabs else len(item[1]) // 4
            levels = [*(other for other in levels if other < level), level]
        elif words.strip() and not tabs and not words.startswith("    "):
            levels = []
        if former and (mark and not outer or was_pasted and words.strip() and not levels):
            yield ""  # or it would go on with the paragraph, or the item, before it
        former, was_pasted = words.strip(), bool(mark) or was_pasted and bool(levels)
        depth = len(levels) - 1 if item else min(tabs, len(levels))
        yield "    " * (depth if mark or tabs else 0) + words


def _unmarked(line):
    """Return the blanks before a line when there is a tab among them, the mark of an item, and the rest."""
    if match := PASTED.match(line):
        mark = match[2] if match[2][-1] in ".)" else "-"
        return match[1], mark, f"{mark} {line[match.end() :]}".replace("\t", " ")
    indent = INDENT.match(line)[0]
    return indent, "", line[len(indent) :].replace("\t", " ") if indent else line


def _is_corner(line, following):
    """Tell whether a line heads a table whose first column has no title: the next one is a row of it."""
    is_row = not any(_unmarked(following)[:2]) and line.count("\t") == following.count("\t") > 1
    return is_row and line[0] == "\t" and not line[1].isspace()


def _table(rows):
    rows = [[cell.strip().replace("|", "\\|") for cell in row] for row in rows]
    rows.insert(1, ["---"] * len(rows[0]))
    return ["", *(f"| {' | '.join(row)} |" for row in rows), ""]


def unbroken(text: str) -> str:
    """Return a French sentence whose double signs stay on the line of their word: « Confirmé : venez ! »."""
    return BESIDE_A_SIGN.sub("\N{NO-BREAK SPACE}", text)


def cut(text: str, length: int) -> str:
    """Return the beginning of a text, `length` characters at most, up to a word when that leaves half of it or more."""
    if len(text) <= length:
        return text
    kept = text[: length - 1]
    words = kept if text[length - 1] == " " else kept.rpartition(" ")[0]
    return (words if len(words) >= length // 2 else kept).rstrip(" ,;:.-") + "…"


def as_text(value):
    """Return a day, a time or an instant as text, as JSON takes it; everything else as it is."""
    return value.isoformat() if hasattr(value, "isoformat") else value


def mask_address(text: str) -> str:
    """Return a mail address that its owner recognises and nobody else learns: « a…@demo.example »."""
    name, _, host = text.rpartition("@")
    return f"{name[:1]}…@{host}"


def slug(text: str, length: int = 80) -> str:
    """Return `text` as a part of an address: « Cœur d’Agglo » → « coeur-d-agglo »."""
    return slugify(text.translate(LIGATURES).replace("'", "-"), max_length=length, word_boundary=True)


def contact_link(contact: str) -> str:
    """Return the address that a public contact leads to (mail, telephone or page); nothing when it is none."""
    if re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", contact):
        return f"mailto:{contact}"
    if re.fullmatch(r"\+?[0-9 .()-]{8,20}", contact):
        return "tel:" + re.sub(r"[^0-9+]", "", contact)
    return contact if re.fullmatch(r"https?://[^\s/]+\.[^\s]+", contact) else ""
