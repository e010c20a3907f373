"""French mobile numbers, of the mainland and overseas: read as people type them, shown, and their time zone."""

import re
import unicodedata
from zoneinfo import ZoneInfo

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat, PhoneNumberType

TERRITORIES = {  # department code → region of the library
    "971": "GP", "972": "MQ", "973": "GF", "974": "RE", "975": "PM", "976": "YT",
    "977": "BL", "978": "MF", "986": "WF", "987": "PF", "988": "NC",
}  # fmt: skip
# Ten digits that begin with 0 belong to one region only, so all may be tried. The six to eight digits of PM, WF, PF
# and NC overlap, and look like a mainland number with digits missing: they are read as such only for a member who
# lives there. Saint-Barthélemy and Saint-Martin share the numbers of Guadeloupe.
TEN_DIGITS = ("FR", "GP", "MQ", "GF", "RE", "YT")
ZONES = {
    "FR": "Europe/Paris", "GP": "America/Guadeloupe", "MQ": "America/Martinique", "GF": "America/Cayenne",
    "RE": "Indian/Reunion", "YT": "Indian/Mayotte", "PM": "America/Miquelon", "BL": "America/St_Barthelemy",
    "MF": "America/Marigot", "NC": "Pacific/Noumea", "PF": "Pacific/Tahiti", "WF": "Pacific/Wallis",
}  # fmt: skip
LANDLINES = {PhoneNumberType.FIXED_LINE, PhoneNumberType.VOIP}
TYPED = re.compile(r"\+?[\d\s().\-/]{1,30}", re.ASCII)

EMPTY = "Indiquez un numéro de téléphone mobile, par exemple 06 12 34 56 78."
NOT_A_NUMBER = "Ce texte n’est pas un numéro de téléphone : écrivez par exemple 06 12 34 56 78."
WRONG = "Ce numéro n’existe pas : vérifiez qu’il ne manque aucun chiffre et qu’il n’y en a pas un de trop."
LANDLINE = "Ce numéro est celui d’un téléphone fixe : indiquez un numéro de mobile, seul à recevoir des SMS."
NOT_A_MOBILE = "Ce numéro est un numéro spécial : indiquez un numéro de mobile, par exemple 06 12 34 56 78."
FOREIGN = "Ce numéro est étranger : indiquez un numéro de mobile français, de métropole ou d’outre-mer."


class InvalidNumber(ValueError):
    """What was typed is no French mobile number; the message is one French sentence that says why."""


def parse_mobile(text: str | None, department: str | None = None) -> str:
    """Return the E.164 form (« +33612345678 ») of a French mobile number as a person types it.

    National and international forms (+33…, 0033…) are read. `department`, the code of the member's department,
    decides where the same digits could mean two places, and is needed for the short national numbers of
    Saint-Pierre-et-Miquelon, Wallis-et-Futuna, French Polynesia and New Caledonia. Raises `InvalidNumber`.
    """
    typed = _clean(text)
    found = [number for number in _readings(typed, department) if phonenumbers.is_valid_number(number)]
    for number in found:
        if _region(number) in ZONES and phonenumbers.number_type(number) == PhoneNumberType.MOBILE:
            return phonenumbers.format_number(number, PhoneNumberFormat.E164)
    raise InvalidNumber(_refusal(found))


def display(e164: str) -> str:
    """Return an E.164 number as it is written where it belongs: « 06 12 34 56 78 », « 0692 12 34 56 »."""
    return phonenumbers.format_number(phonenumbers.parse(e164), PhoneNumberFormat.NATIONAL)


def time_zone(e164: str) -> ZoneInfo:
    """Return the time zone of the territory that an E.164 number belongs to; Paris when it is none of ours.

    The Marquesas and the Gambier Islands, half an hour and an hour ahead of Tahiti, cannot be told by the number.
    """
    return ZoneInfo(ZONES.get(_region(phonenumbers.parse(e164)), "Europe/Paris"))


def _clean(text):
    """Return `text` in plain signs, with 00 as +. Letters are refused: the library would read them as a keypad."""
    plain = unicodedata.normalize("NFKC", text or "")  # no-break spaces, full-width digits
    plain = "".join(sign for sign in plain if unicodedata.category(sign) != "Cf").strip()  # pasted invisible marks
    plain = re.sub(r"^\((\+|00)", r"\1", plain)
    plain = re.sub(r"[‐‑‒–—−·]", "-", plain)
    if not plain:
        raise InvalidNumber(EMPTY)
    if not TYPED.fullmatch(plain) or not re.search(r"\d", plain):
        raise InvalidNumber(NOT_A_NUMBER)
    return "+" + plain[2:] if plain.startswith("00") else plain


def _readings(typed, department):
    """Yield each number that these digits may be: one when the country is written, else one for each region."""
    regions = [None] if typed.startswith("+") else [TERRITORIES.get(department or ""), *TEN_DIGITS]
    for region in dict.fromkeys(regions):
        if region or typed.startswith("+"):
            try:
                yield phonenumbers.parse(typed, region)
            except NumberParseException:
                continue


def _region(number: PhoneNumber):
    return phonenumbers.region_code_for_number(number)


def _refusal(found):
    """Return why none of these valid numbers will do."""
    if not found:
        return WRONG
    if all(_region(number) not in ZONES for number in found):
        return FOREIGN
    kinds = {phonenumbers.number_type(number) for number in found}
    return LANDLINE if kinds & LANDLINES else NOT_A_MOBILE
