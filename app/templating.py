"""How dates, numbers, distances, sizes and names are said in French, and the static files of the site."""

import hashlib
from base64 import b64encode
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

import rcssmin
from babel.dates import format_date, get_timezone_location
from babel.numbers import format_decimal
from flask import Flask
from markupsafe import Markup

from app import glossary, labels, markup
from app.text import contact_link, fold, unbroken

PARIS = ZoneInfo("Europe/Paris")
VOWELS = set("aeiou")
NBSP = "\N{NO-BREAK SPACE}"  # a number and its unit stay on one line
FOLDER = Path(__file__).parent
SHOWN_SETTINGS = ("SITE_", "OPERATOR_", "PUBLICATION_", "HOSTING_", "BASE_URL", "SOURCE_URL", "FILE_MB")
# The length of a unit and from when on it is used, in seconds; its words.
UNITS = ((86400, 2 * 86400, "jour", "jours"), (3600, 3600, "heure", "heures"), (60, 60, "minute", "minutes"))
MEDIA_TYPES = {".css": "text/css; charset=utf-8", ".ico": "image/x-icon"}


@dataclass(frozen=True)
class Asset:
    """A static file, served for a year under a name that holds the hash of its content."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True)
class Assets:
    """What pages need beside their text: the style sheet (whole, and its CSP hash) and the static files."""

    css: Markup
    css_hash: str
    files: dict[str, Asset]  # by hashed name
    names: dict[str, str]  # plain name → hashed name
    build: str  # changes with the program and its settings, so that no page of the former ones is shown again


def load_assets(settings: dict) -> Assets:
    """Read `app/static`, once, at start. `settings` are those that pages show."""
    files, names = {}, {}
    for path in sorted((FOLDER / "static").iterdir()):
        content = path.read_bytes()
        if path.suffix == ".css":
            content = rcssmin.cssmin(content.decode()).encode()
        name = f"{path.stem}-{hashlib.sha256(content).hexdigest()[:10]}{path.suffix}"
        files[name] = Asset(name, MEDIA_TYPES[path.suffix], content)
        names[path.name] = name
    css = files[names["site.css"]].content
    build = hashlib.sha256(repr(sorted(settings.items())).encode())
    for path in sorted(p for p in FOLDER.rglob("*") if p.suffix in (".py", ".html", ".css", ".json", ".csv")):
        build.update(path.read_bytes())
    return Assets(
        css=markup.stylesheet(css.decode()),
        css_hash=f"'sha256-{b64encode(hashlib.sha256(css).digest()).decode()}'",
        files=files,
        names=names,
        build=build.hexdigest()[:8],
    )


def day(value: date | datetime) -> str:
    """Say a day: « 3 mars 2026 », « 1er mars 2026 ». An instant is told in the time of Paris."""
    return _day(value.astimezone(PARIS).date() if isinstance(value, datetime) else value)


@lru_cache(1000)
def _day(value):
    said = format_date(value, "d MMMM y", locale="fr")
    return said.replace("1 ", "1er ", 1) if value.day == 1 else said


def moment(value: datetime) -> str:
    """Say an instant in the time of Paris: « 3 mars 2026 à 8 h 05 »."""
    return f"{day(value)} à {clock(value.astimezone(PARIS))}"


def clock(value: datetime) -> str:
    """Say the time on a clock: « 18 h », « 18 h 30 », « 9 h 05 »."""
    return f"{value.hour}{NBSP}h" + (f"{NBSP}{value:%M}" if value.minute else "")


def sitting(starts_at: datetime, ends_at: datetime | None, zone: str) -> str:
    """Say when people meet, as clocks show it there: « samedi 14 mars 2026, de 18 h à 20 h 30 »."""
    starts = starts_at.astimezone(ZoneInfo(zone))
    said = f"{weekday(starts)}, à {clock(starts)}"
    if ends_at:
        ends = ends_at.astimezone(ZoneInfo(zone))
        said = f"{weekday(starts)}, de {clock(starts)} à {clock(ends)}"
        if ends.date() != starts.date():
            said = f"du {weekday(starts)} à {clock(starts)} au {weekday(ends)} à {clock(ends)}"
    if zone == PARIS.key:
        return said
    return f"{said} (heure locale : {get_timezone_location(zone, locale='fr', return_city=True)})"


def weekday(value: datetime) -> str:
    """Say a day with its name, as the calendar of this instant's time zone has it: « samedi 14 mars 2026 »."""
    return f"{format_date(value.date(), 'EEEE', locale='fr')} {day(value.date())}"


def duration(span: timedelta) -> str:
    """Say how long, in whole units: « 40 minutes », « 5 heures », « 2 jours »; days from the second one on."""
    seconds = max(0, int(span.total_seconds()))
    for size, least, one, many in UNITS:
        if seconds >= least:
            return plural(seconds // size, one, many).replace(" ", NBSP)
    return "moins d’une minute"


def ago(value: datetime) -> str:
    """Say how long since an instant: « il y a 5 heures »."""
    return f"il y a {duration(datetime.now(UTC) - value)}"


def since(value: datetime) -> str:
    """Say how long something has lasted: « depuis 4 minutes »."""
    return f"depuis {duration(datetime.now(UTC) - value)}"


def months_ago(value: datetime) -> str:
    """Say after a day how long ago it was, in whole months and then years: « , il y a 8 mois »; nothing before."""
    then, now = value.astimezone(PARIS), datetime.now(PARIS)
    months = (now.year - then.year) * 12 + now.month - then.month - (now.day < then.day)
    if months < 1:
        return ""
    return f", il y a {months}{NBSP}mois" if months < 24 else f", il y a {months // 12}{NBSP}ans"


def remaining(value: datetime) -> str:
    """Say how long until an instant, the hour that has begun counted in: « 43 heures »; nothing once it is past."""
    seconds = int((value - datetime.now(UTC)).total_seconds())
    size, _, one, many = next((unit for unit in UNITS if seconds >= unit[1]), UNITS[-1])
    return plural(-(-seconds // size), one, many).replace(" ", NBSP) if seconds > 0 else ""


def month(value: date | datetime) -> str:
    """Say the month of a day, or of an instant in the time of Paris: « mars 2026 »."""
    value = value.astimezone(PARIS).date() if isinstance(value, datetime) else value
    return format_date(value, "MMMM y", locale="fr")


def iso(value: datetime) -> str:
    """Write an instant for the `datetime` attribute of `<time>`."""
    return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def number(value: float) -> str:
    """Say a number: « 1 514 », « 0,5 »."""
    return format_decimal(value, locale="fr")


def distance(km: float) -> str:
    """Say a distance: « 350 m », « 1,2 km », « 12 km »."""
    if km < 0.95:
        return f"{max(50, round(km * 1000 / 50) * 50)}{NBSP}m"
    return f"{number(round(km, 1) if km < 9.95 else round(km))}{NBSP}km"


def weight(size: int) -> str:
    """Say the size of a file given in bytes: « 12 Ko », « 1,4 Mo »."""
    if size < 1_000_000:
        return f"{number(max(1, round(size / 1000)))}{NBSP}Ko"
    return f"{number(round(size / 1_000_000, 1))}{NBSP}Mo"


def plural(count: int, one: str, many: str) -> str:
    """Say a count with its noun: « 0 conseil », « 1 conseil », « 1 514 conseils »."""
    return f"{number(count)} {many if count > 1 else one}"


def price(cents: float) -> str:
    """Say a price given in cents: « 6,5 centimes », « 1 centime », from one euro on « 12,35 € »."""
    if round(cents, 1) >= 100:
        return f"{format_decimal(round(cents / 100, 2), '#,##0.00', locale='fr')}{NBSP}€"
    return f"{number(round(cents, 1))}{NBSP}{'centimes' if cents >= 2 else 'centime'}"


def quoted(name: str) -> str:
    """Put a name between quotation marks, which stay on its line: « affiche.pdf »."""
    return f"«{NBSP}{name}{NBSP}»"


def of(name: str) -> str:
    """Say « de » before the name of a place: « d’Aulnay », « du Havre », « des Mureaux », « de Lyon »."""
    for article, contracted in (("Le ", "du "), ("Les ", "des ")):
        if name.startswith(article):
            return contracted + name.removeprefix(article)
    return f"d’{name}" if fold(name)[:1] in {"a", "e", "i", "o", "u", "y"} else f"de {name}"


def of_person(name: str) -> str:
    """Say « de » before somebody’s name: « d’Alice Moreau », « de Yann Le Goff », « d’Yves »."""
    letters = fold(name)
    is_vowel = letters[:1] in VOWELS or letters[:1] == "y" and letters[1:2] not in VOWELS
    return f"d’{name}" if is_vowel else f"de {name}"


def init_app(app: Flask) -> None:
    """Give the templates their filters and the words of `labels`."""
    shown = {name: value for name, value in app.config.items() if name.startswith(SHOWN_SETTINGS)}
    app.extensions["assets"] = load_assets(shown)
    app.jinja_env.filters.update(
        ago=ago,
        contact_link=contact_link,
        day=day,
        distance=distance,
        duration=duration,
        explained=markup.explained,
        iso=iso,
        number=number,
        of=of,
        of_person=of_person,
        plural=plural,
        quoted=quoted,
        remaining=remaining,
        since=since,
        sitting=sitting,
        price=price,
        trusted=markup.trusted,
        unbroken=unbroken,
        weight=weight,
        lines=markup.lines,
        moment=moment,
        month=month,
        months_ago=months_ago,
    )
    app.jinja_env.globals.update(acronyms_in=glossary.used_in, labels=labels)
