"""Names made comparable: without accents, case, hyphens or the spellings of « saint »; and made into addresses."""

import re
import unicodedata
from itertools import groupby

from slugify import slugify

LIGATURES = str.maketrans({"œ": "oe", "Œ": "oe", "æ": "ae", "Æ": "ae", "ß": "ss", "’": "'", "ʼ": "'", "°": "o"})
SHORTENED = {"saint": "st", "sainte": "ste", "saints": "sts", "saintes": "stes"}
DIRECTIONS = dict.fromkeys([0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)])
BESIDE_A_SIGN = re.compile(r" (?=[:;?!»])|(?<=«) ")
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
    plain = ("".join(sign if sign.isprintable() else " " for sign in line).rstrip() for line in lines)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(plain)).strip()


def tables(text: str | None) -> str:
    """Return what was pasted from a word processor or a spreadsheet with its tables as Markdown writes them: lines that
    follow one another and have as many tabs."""
    found = []
    for width, lines in groupby((text or "").replace("\r\n", "\n").split("\n"), key=lambda line: line.count("\t")):
        rows = [line.split("\t") for line in lines]
        found += ["\t".join(row) for row in rows] if not width or len(rows) < 2 else _table(rows)
    return "\n".join(found)


def _table(rows):
    rows = [[cell.strip().replace("|", "\\|") for cell in row] for row in rows]
    rows.insert(1, ["---"] * len(rows[0]))
    return ["", *(f"| {' | '.join(row)} |" for row in rows), ""]


def unbroken(text: str) -> str:
    """Return a French sentence whose double signs stay on the line of their word: « Confirmé : venez ! »."""
    return BESIDE_A_SIGN.sub("\N{NO-BREAK SPACE}", text)


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
