"""What a file is, told by its content: never by its name, nor by what the browser says of it."""

import codecs
import re
import struct
import zipfile
from dataclasses import dataclass
from pathlib import Path

import filetype

from app.services import pictures
from app.text import one_line

ODF = "application/vnd.oasis.opendocument."
OOXML = "application/vnd.openxmlformats-officedocument."
# The endings that go with each type, the usual one first.
ENDINGS = {
    "application/pdf": ("pdf",),
    ODF + "text": ("odt",),
    ODF + "spreadsheet": ("ods",),
    ODF + "presentation": ("odp",),
    OOXML + "wordprocessingml.document": ("docx",),
    OOXML + "spreadsheetml.sheet": ("xlsx",),
    OOXML + "presentationml.presentation": ("pptx",),
    "image/jpeg": ("jpg", "jpeg"),
    "image/png": ("png",),
    "image/webp": ("webp",),
    "image/gif": ("gif",),
    "text/plain": ("txt", "md"),
    "text/csv": ("csv",),
    "audio/mpeg": ("mp3",),
    "audio/ogg": ("ogg", "oga", "opus"),
    "audio/mp4": ("m4a",),
    "audio/x-wav": ("wav",),
    "audio/x-flac": ("flac",),
    "video/mp4": ("mp4", "m4v"),
    "video/webm": ("webm",),
    "video/quicktime": ("mov",),
    "video/3gpp": ("3gp",),
}
PICTURES = ("image/jpeg", "image/png", "image/webp", "image/gif")
# The first four signs of the brand of what telephones record → its type.
BRANDS = {
    b"M4A ": "audio/mp4", b"M4B ": "audio/mp4", b"qt  ": "video/quicktime", b"M4V ": "video/mp4", b"isom": "video/mp4",
    b"iso2": "video/mp4", b"iso4": "video/mp4", b"iso5": "video/mp4", b"iso6": "video/mp4", b"mp41": "video/mp4",
    b"mp42": "video/mp4", b"avc1": "video/mp4", b"dash": "video/mp4", b"MSNV": "video/mp4", b"3gp4": "video/3gpp",
    b"3gp5": "video/3gpp", b"3gp6": "video/3gpp", b"3gp7": "video/3gpp",
}  # fmt: skip
PROGRAMS = (
    b"MZ", b"\x7fELF", b"#!", b"\xfe\xed\xfa\xce", b"\xfe\xed\xfa\xcf", b"\xce\xfa\xed\xfe", b"\xcf\xfa\xed\xfe",
    b"\xca\xfe\xba\xbe", b"dex\n", b"L\0\0\0\x01\x14\x02\0", b"\0asm",
)  # fmt: skip
ARCHIVES = (b"Rar!", b"7z\xbc\xaf\x27\x1c", b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd")
OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ACTIVE = re.compile(rb"<\s*(!doctype|html|script|svg|iframe|body|head|\?xml|\?php)\b", re.IGNORECASE)
NOT_IN_TEXT = re.compile("[\0-\x08\x0b\x0e-\x1f\x7f]")  # of control signs, a text has tabs, line ends and page ends
HEAD = 2**16  # bytes that are looked at for what should not be there
MOST_NAME = 120

# A compressed document: bytes of its list of parts, of all parts when they are laid out, and how many times more.
LARGEST_LIST, LARGEST_WHOLE, MOST_TIMES = 2 * 2**20, 200_000_000, 200
LARGEST_PART = 2**20  # of the parts that are read here
COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # of the others, Python lays out much more than it is asked

EMPTY = "Ce fichier est vide : vérifiez qu’il s’ouvre chez vous, puis choisissez-le encore une fois."
PROGRAM = "Le site ne prend pas de programmes, qui peuvent abîmer les ordinateurs des autres. Envoyez plutôt un PDF."
PAGE = (
    "C’est une page web ou un dessin SVG, qui peut cacher un programme. Enregistrez-le en PDF, ou faites-en une copie "
    "d’écran, puis envoyez cela."
)
ARCHIVE = (
    "C’est une archive compressée, dont le site ne peut pas vérifier le contenu : décompressez-la et envoyez les "
    "fichiers."
)
MACROS = "Ce document contient des macros, qui sont des programmes : enregistrez-le sans elles, ou en PDF."
LOCKED = (
    "Ce document est protégé par un mot de passe : personne ne pourrait le lire. Envoyez une copie sans mot de passe."
)
OLD = (
    "C’est un ancien format de Word, Excel ou PowerPoint, ou un document protégé par un mot de passe : enregistrez-le "
    "en PDF, ou en .docx, .xlsx ou .pptx, sans mot de passe."
)
RICH_TEXT = "C’est un texte RTF : ouvrez-le, puis enregistrez-le en PDF, en .odt ou en .docx."
BOMB = "Ce document prendrait une place énorme une fois ouvert : enregistrez-le en PDF, puis envoyez cela."
PACKED = "Ce document est compressé d’une façon que le site ne lit pas : enregistrez-le en PDF, puis envoyez cela."
DAMAGED = "Ce document est abîmé, ou il en manque la fin : vérifiez qu’il s’ouvre chez vous, ou envoyez-le en PDF."
OTHER_TEXT = "Ce texte est enregistré d’une façon que le site ne lit pas : enregistrez-le en PDF, puis envoyez cela."
UNKNOWN = (
    "Le site ne prend pas ce genre de fichier. Il prend les PDF, les documents LibreOffice, Word, Excel et PowerPoint, "
    "les images, les textes, les sons et les courtes vidéos."
)


class BadFile(ValueError):
    """What was sent will not do; the message is a French sentence that says why, and what to do."""


@dataclass(frozen=True)
class Look:
    """What a file turned out to be, and the name it is given back under."""

    media_type: str
    name: str

    @property
    def is_picture(self) -> bool:
        """Whether smaller copies can be made of it."""
        return self.media_type in PICTURES


def look(path: Path, name: str) -> Look:
    """Tell what lies at `path`; `name` is what its sender called it. Raises `BadFile`."""
    with path.open("rb") as file:
        head = file.read(HEAD)
    media_type = _type(path, head, name)
    return Look(media_type, clean_name(name, media_type))


def _type(path, head, name):
    _refuse(head)
    if head.startswith(b"%PDF-"):
        return _pdf(path)
    if head.startswith(b"PK"):
        return _zipped(path, head)
    if head[4:8] == b"ftyp":
        return _recorded(head[8:12])
    guessed = filetype.guess_mime(head)
    if guessed is None or (guessed not in ENDINGS and b"\0" not in head):  # « BM » begins a picture, or a text
        return _text(path, head, name)
    if guessed not in ENDINGS:
        raise BadFile(pictures.NOT_A_PICTURE if guessed.startswith("image/") else UNKNOWN)
    return guessed


def _refuse(head):
    """Raise for what has a sentence of its own."""
    if not head:
        raise BadFile(EMPTY)
    if head.startswith(PROGRAMS):
        raise BadFile(PROGRAM)
    if head.startswith(ARCHIVES):
        raise BadFile(ARCHIVE)
    if head.startswith(OLD_OFFICE):
        raise BadFile(OLD)
    if head.lstrip().startswith(b"{\\rtf"):
        raise BadFile(RICH_TEXT)


def _pdf(path):
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 4096))
        tail = file.read()
    if b"%%EOF" not in tail:
        raise BadFile(DAMAGED)
    return "application/pdf"


def _recorded(brand):
    """Return the type of what a telephone recorded or took."""
    if brand in pictures.HEIC:
        raise BadFile(pictures.FROM_IPHONE)
    if brand not in BRANDS:
        raise BadFile(UNKNOWN)
    return BRANDS[brand]


# Documents of office programs, which are archives -----------------------------------------------------------------


def _zipped(path, head):
    if not head.startswith(b"PK\x03\x04"):
        raise BadFile(ARCHIVE)
    count = _measure_list(path)
    try:
        with zipfile.ZipFile(path) as parts:
            return _document(parts, count)
    except BadFile:
        raise
    except Exception as error:  # a damaged or hostile archive raises whatever it pleases
        raise BadFile(DAMAGED) from error


def _measure_list(path):
    """Refuse an archive whose list of parts would fill the memory as soon as it is opened; return how many it says.

    Its end has 22 bytes, and a comment of less than 2**16; the 20 bytes before may lead to another list.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(0, size - 2**16 - 22 - 20))
        tail = file.read()
    end = tail.rfind(b"PK\x05\x06")
    if end < 0 or len(tail) < end + 22:
        raise BadFile(DAMAGED)
    count, length, start = struct.unpack("<HLL", tail[end + 10 : end + 20])
    if b"PK\x06\x07" in tail or length > LARGEST_LIST:
        raise BadFile(BOMB)
    if start + length != size - len(tail) + end:
        raise BadFile(DAMAGED)
    return count


def _document(parts, count):
    """Return the type of a document, of which only the parts that tell it are laid out."""
    listed = parts.infolist()
    if len(listed) != count:
        raise BadFile(DAMAGED)
    if any(part.flag_bits & 1 for part in listed):
        raise BadFile(LOCKED)
    if any(part.compress_type not in COMPRESSIONS for part in listed):
        raise BadFile(PACKED)
    whole, packed = sum(part.file_size for part in listed), sum(part.compress_size for part in listed)
    if whole > LARGEST_WHOLE or whole > MOST_TIMES * max(packed, 50_000):
        raise BadFile(BOMB)
    names = {part.filename for part in listed}
    return _odf(parts, names) if "mimetype" in names else _ooxml(parts, names)


def _odf(parts, names):
    media_type = _part(parts, "mimetype").decode("ascii", "replace").strip()
    if media_type not in ENDINGS or not media_type.startswith(ODF):
        raise BadFile(UNKNOWN)
    if any(name.startswith(("Basic/", "Scripts/")) for name in names):
        raise BadFile(MACROS)
    if b"encryption-data" in _part(parts, "META-INF/manifest.xml"):
        raise BadFile(LOCKED)
    return media_type


def _ooxml(parts, names):
    if "[Content_Types].xml" not in names:
        raise BadFile(ARCHIVE)
    types = _part(parts, "[Content_Types].xml")
    if b"macroEnabled" in types or any(name.lower().endswith("vbaproject.bin") for name in names):
        raise BadFile(MACROS)
    for kind in ("wordprocessingml.document", "spreadsheetml.sheet", "presentationml.presentation"):
        if f"{OOXML}{kind}.main+xml".encode() in types:
            return OOXML + kind
    raise BadFile(UNKNOWN)


def _part(parts, name):
    with parts.open(name) as part:
        content = part.read(LARGEST_PART + 1)
    if len(content) > LARGEST_PART:
        raise BadFile(BOMB)
    return content


# Texts ------------------------------------------------------------------------------------------------------------


def _text(path, head, name):
    bare = head.removeprefix(codecs.BOM_UTF8).lstrip(b"\0 \t\r\n\x0b\x0c")
    if bare.startswith(b"<") or ACTIVE.search(head):
        raise BadFile(PAGE)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise BadFile(OTHER_TEXT)
    if not any(_reads(path, coding) for coding in ("utf-8", "cp1252")):
        raise BadFile(UNKNOWN)
    return "text/csv" if name.lower().endswith(".csv") and re.search(rb"[,;\t]", head) else "text/plain"


def _reads(path, coding):
    try:
        with path.open(encoding=coding, newline="") as file:
            return not any(NOT_IN_TEXT.search(piece) for piece in iter(lambda: file.read(HEAD), ""))
    except UnicodeDecodeError:
        return False


# Names ------------------------------------------------------------------------------------------------------------


def clean_name(name: str, media_type: str) -> str:
    """Return a name that every system can save under, whose ending tells the type: « a/b.exe » of a PDF → « b.pdf »."""
    stem, ending = _split(plain_name(name))
    right = ENDINGS[media_type]
    ending = ending if ending.lower() in right else right[0]
    stem = stem.removesuffix(f".{ending}").strip(" .") or "fichier"
    return f"{stem[: MOST_NAME - len(ending) - 1].strip(' .')}.{ending}"


def plain_name(name: str) -> str:
    """Return a name without the folders before it and without signs that some systems do not take."""
    plain = one_line(re.split(r"[/\\]", (name or "").replace("\0", ""))[-1])
    return " ".join(re.sub(r'["*:<>?|%;]', " ", plain).split()).strip(" .")[:MOST_NAME]


def _split(name):
    """Return (stem, ending) of a name; a year at its end is no ending."""
    found = re.fullmatch(r"(.*)\.([A-Za-z0-9]{1,5})", name)
    return found.groups() if found and not found[2].isdigit() else (name, "")
