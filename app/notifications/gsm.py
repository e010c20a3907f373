"""The alphabet of SMS: text reduced to it, the segments that are paid for, and texts cut to fit.

Source: 3GPP TS 23.038 section 6.2.1 (default alphabet and its extension), TS 23.040 section 9.2.3.24 (segments).
"""

import re
import unicodedata
from urllib.parse import quote

BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = "\f^{}\\[~]|€"  # sent as two septets
SEPTETS = dict.fromkeys(BASIC, 1) | dict.fromkeys(EXTENSION, 2)
SINGLE, JOINED = 160, 153  # septets in a message alone, and in each part of a longer one
SINGLE_UCS2, JOINED_UCS2 = 70, 67  # the same in 16-bit units, for a text outside the alphabet
PARTS = 3  # a longer text is not for a telephone
CUT = "..."

# What decomposition alone would lose or turn into something else.
SPELLED = {
    "œ": "oe", "Œ": "OE", "ç": "c", "°": "o", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ð": "d", "þ": "th", "Þ": "Th",
    "ı": "i", "ẞ": "SS", "’": "'", "‘": "'", "‚": "'", "‛": "'", "ʼ": "'", "ʻ": "'", "′": "'", "´": "'", "`": "'",
    "«": '"', "»": '"', "“": '"', "”": '"', "„": '"', "″": '"', "‹": "'", "›": "'", "–": "-", "—": "-", "‐": "-",
    "‑": "-", "‒": "-", "―": "-", "−": "-", "•": "-", "·": ".", "…": "...", "⁄": "/", "×": "x", "÷": "/", "±": "+/-",
    "≤": "<=", "≥": ">=", "≠": "<>", "≈": "~", "→": "->", "←": "<-", "⇒": "=>", "©": "(c)", "®": "(r)", "µ": "u",
    "μ": "u", "√": "v", "∞": "infini", "†": "+", "¦": "|", "\t": " ", "\u2028": "\n", "\u2029": "\n", "\x85": "\n",
}  # fmt: skip


def transliterate(text: str) -> str:
    """Return `text` in the GSM alphabet: « ê » becomes « e », « œ » « oe », « 12 € » stays, pictures vanish.

    A letter or a digit of another script becomes « ? », so that one sees that something is missing. Doubled spaces,
    as a vanished picture leaves them, become one. A text already in the alphabet and without them stays as it is.
    """
    text = unicodedata.normalize("NFC", text)
    text = re.sub(r"(?<![nN])°(?=\s?C\b)", "", text)  # « 20 °C »; in « n° 2 » the sign stands for an o
    text = re.sub(r"(?<![nN])°", " degres", text)
    text = re.sub(r"«\s?|\s?»", '"', text)  # the blanks belong to the French sign
    return re.sub(" {2,}", " ", "".join(map(_spell, text)))


def segments(text: str) -> int:
    """Return how many messages the network makes of `text`, each of which is paid for: at least one."""
    if all(sign in SEPTETS for sign in text):
        return _fill([SEPTETS[sign] for sign in text], SINGLE, JOINED)
    return _fill([len(sign.encode("utf-16-le", "surrogatepass")) // 2 for sign in text], SINGLE_UCS2, JOINED_UCS2)


def shorten(text: str, link: str | None = None, parts: int = PARTS) -> str:
    """Return `text` in the GSM alphabet, with `link` after it, in at most `parts` segments.

    What is too long is cut at a word and ends with « ... »; the link stays whole, whatever the limit, and alone when
    it leaves no room. Signs that an address may not hold are percent-encoded.
    """
    text = transliterate(text).strip()
    end = " " + quote(link, safe="%!#$&'()*+,/:;=?@[]~") if link else ""
    short = (text + end).strip()
    limit = SINGLE if parts == 1 else parts * JOINED
    for lost in range(parts):  # a sign of two septets at the end of a part goes to the next one
        if segments(short) > parts:
            words = _cut(text, limit - lost - _length(end) - len(CUT))
            short = (words + CUT + end if words else end).strip()
    return short


def _cut(text, room):
    """Return the beginning of `text` that takes at most `room` septets, up to a word when there is one."""
    size = taken = 0
    for sign in text:
        size += SEPTETS[sign]
        if size > room:
            break
        taken += 1
    kept = text[:taken]
    if taken < len(text) and not text[taken].isspace() and re.search(r"\s", kept):
        kept = re.split(r"\s+\S*$", kept)[0]
    return kept.rstrip(" \n\r,;:.-(\"'")


def _spell(sign):
    if sign in SEPTETS:
        return sign
    if sign in SPELLED:
        return SPELLED[sign]
    parts = unicodedata.normalize("NFKD", sign)
    if parts != sign:
        return "".join(map(_spell, parts))
    kind = unicodedata.category(sign)
    return " " if kind == "Zs" else "?" if kind[0] in "LN" or kind == "Sc" else ""


def _length(text):
    return sum(SEPTETS[sign] for sign in text)


def _fill(sizes, single, joined):
    """Return the number of parts for signs of these sizes; a sign of two units is never split between two parts."""
    if sum(sizes) <= single:
        return 1
    parts, size = 1, 0
    for step in sizes:
        if size + step > joined:
            parts, size = parts + 1, 0
        size += step
    return parts
