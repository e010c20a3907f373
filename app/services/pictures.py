"""Pictures that people send: read with care, turned upright, cut to size, and stripped of all they say beside."""

import io
import re
import threading
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError
from PIL.JpegImagePlugin import JpegImageFile

FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
MEDIA_TYPE = "image/webp"
HEAVIEST = 15 * 2**20  # bytes
# A large JPEG is read at half its size or less, the others whole, at 4 bytes a pixel and several copies. One of several
# scans is held whole too, and each scan takes as long as all of a usual JPEG: those that exist have about ten.
MOST_PIXELS = {"JPEG": 40_000_000, "MPO": 40_000_000}  # MPO: a JPEG with others behind it, which are not read
MOST_PIXELS_READ_WHOLE = 16_000_000
MOST_SCANS = 20
MARKER = re.compile(rb"\xff([^\x00\xff])")
SCAN, END, ALONE = 0xDA, 0xD9, {0x01, *range(0xD0, 0xD9)}  # markers of a JPEG; those alone have no length
TALLEST, WIDEST = 3 / 4, 2  # width for one of height: beyond, a picture would fill a page, or be a mere strip
SAFE_SIDE = 2560  # pixels: of a picture that is written anew in the place of its original
SMALLEST = 60  # pixels of a side: any less shows nobody
GPS = 0x8825  # where EXIF says the place
HEIC = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}

TOO_HEAVY = (
    f"Cette photo est trop lourde : {HEAVIEST // 2**20} Mo au plus. Choisissez-en une autre, ou une copie d’écran "
    "de celle-ci."
)
EMPTY = "Ce fichier est vide : choisissez votre photo encore une fois."
NOT_A_PICTURE = "Ce fichier n’est pas une photo que le site sait lire : choisissez une image JPEG, PNG, WebP ou GIF."
FROM_IPHONE = (
    "Cette photo est au format HEIC des iPhone, que le site ne sait pas lire. Envoyez une copie d’écran de la photo ; "
    "ou, pour les prochaines, choisissez « Le plus compatible » dans Réglages, Appareil photo, Formats."
)
DAMAGED = "Cette photo est abîmée, ou il en manque la fin : ouvrez-la pour vérifier, ou choisissez-en une autre."
TOO_MANY_PIXELS = "Cette photo a trop de points pour le site : envoyez-en plutôt une copie d’écran."
UNUSUAL = "Cette photo est faite d’une façon que le site ne sait pas lire : envoyez-en plutôt une copie d’écran."
TOO_SMALL = f"Cette image est trop petite : il faut au moins {SMALLEST} points de côté."


_one_at_a_time = threading.Lock()  # in a process: it bounds the memory


class BadPicture(ValueError):
    """What was sent will not do; the message is a French sentence that says why, and what to do."""


@dataclass(frozen=True)
class Picture:
    """A picture, in WebP unless something else is said, with its size in pixels."""

    content: bytes
    width: int
    height: int


def make_picture(content: bytes, *, width: int, height: int, crop: bool) -> Picture:
    """Return the picture that was sent, in WebP, without its EXIF, hence without the place where it was taken.

    `crop` cuts the middle out to exactly this size; otherwise it is made as large as fits, never enlarged, and cut
    only where it is much taller than wide, or much wider than tall.
    Takes up to a second: call it before a write transaction. Raises `BadPicture`.
    """
    image = _open(content)
    try:
        with _one_at_a_time:
            decoded = _decode(image, 2 * max(width, height))
            plain = _on_white(_scale(decoded if crop else _within_reason(decoded), (width, height), crop))
    except Exception as error:  # the decoders of damaged or hostile files raise whatever they please
        raise BadPicture(DAMAGED) from error
    return _written(plain)


@dataclass(frozen=True)
class Copies:
    """Smaller copies of an image. `safe`: the same image in its own format, where it says where it was taken and
    must not be given on as it is."""

    copies: list[Picture]
    safe: Picture | None


def make_copies(path: Path, sides: tuple[int, ...]) -> Copies:
    """Return copies of an image as `make_picture` makes them: one for each of these largest sides, the longest first.

    However small the image is, it has its copies.
    """
    image = _look(path)
    try:
        with _one_at_a_time:
            kind, had_place = "JPEG" if image.format == "MPO" else image.format, _has_place(image)
            plain = _on_white(_decode(image, max(SAFE_SIDE, 2 * sides[0])))
            copies = [_scale(plain.copy(), (side, side), crop=False) for side in sides]
            safe = _written(_scale(plain, (SAFE_SIDE, SAFE_SIDE), crop=False), kind, quality=85) if had_place else None
    except Exception as error:  # as above
        raise BadPicture(DAMAGED) from error
    return Copies([_written(copy) for copy in copies], safe)


def _has_place(image):
    notes = image.info.get("xmp", b"") + str(image.info.get("XML:com.adobe.xmp", "")).encode()
    return bool(image.getexif().get_ifd(GPS)) or b"GPSL" in notes


def _written(plain, kind="WEBP", quality=80):
    output = io.BytesIO()
    plain.save(output, kind, quality=quality, method=4)
    return Picture(output.getvalue(), *plain.size)


def _open(content):
    """Return the picture, of which only the head is read. Its name and declared type are not asked."""
    if not content:
        raise BadPicture(EMPTY)
    if len(content) > HEAVIEST:
        raise BadPicture(TOO_HEAVY)
    if content[4:8] == b"ftyp" and content[8:12] in HEIC:
        raise BadPicture(FROM_IPHONE)
    image = _look(io.BytesIO(content))
    if min(image.size) < SMALLEST:
        raise BadPicture(TOO_SMALL)
    return image


def _look(source):
    try:
        image = Image.open(source, formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise BadPicture(TOO_MANY_PIXELS) from None
    except UnidentifiedImageError:
        raise BadPicture(NOT_A_PICTURE) from None
    except Exception as error:  # as above
        raise BadPicture(DAMAGED) from error
    if image.width * image.height > MOST_PIXELS.get(image.format, MOST_PIXELS_READ_WHOLE):
        raise BadPicture(TOO_MANY_PIXELS)
    if isinstance(image, JpegImageFile):
        _look_at_scans(image)
    return image


def _look_at_scans(image):
    """Refuse a JPEG that would take hours or fill the memory, which nothing but its scans tells."""
    scans = _scans(image)
    if len(scans) > MOST_SCANS:
        raise BadPicture(UNUSUAL)
    is_held = "progressive" in image.info or len(scans) > 1 or any(scan < image.layers for scan in scans)
    if is_held and image.width * image.height > MOST_PIXELS_READ_WHOLE:
        raise BadPicture(TOO_MANY_PIXELS)


def _scans(image):
    """Return the number of components in each scan of a JPEG, found as its decoder finds them."""
    image.fp.seek(0)
    content, scans, place = image.fp.read(), [], 0
    while (found := MARKER.search(content, place)) and found[1][0] != END and len(scans) <= MOST_SCANS:
        place, kind = found.end(), found[1][0]
        if kind == SCAN:
            scans.append(content[place + 2] if len(content) > place + 2 else 0)
        if kind not in ALONE:
            place += int.from_bytes(content[place : place + 2])
    return scans


def _decode(image, side):
    """Return the first picture of the file, upright, in colours that can be scaled, no larger than `side` needs."""
    is_large = image.width * image.height > MOST_PIXELS_READ_WHOLE
    times = max(min(image.size) // side, 2 if is_large else 1)
    image.draft("RGB", (image.width // times, image.height // times))
    image.load()
    ImageOps.exif_transpose(image, in_place=True)
    if image.mode not in ("RGB", "RGBA", "L", "LA"):
        image = image.convert(_colours(image))
    return image.reduce(max(1, min(image.size) // side))


def _colours(image):
    return "RGBA" if "transparency" in image.info or image.mode == "PA" else "RGB"


def _within_reason(image):
    """Cut what is too much from both ends of a picture of extreme proportions."""
    width = min(image.width, round(image.height * WIDEST))
    height = min(image.height, round(image.width / TALLEST))
    return image if (width, height) == image.size else ImageOps.fit(image, (width, height))


def _scale(image, size, crop):
    if crop:
        return ImageOps.fit(image, size)
    image.thumbnail(size)
    return image


def _on_white(image):
    """Return a copy that holds nothing but its pixels."""
    plain = Image.new("RGB", image.size, "white")
    has_alpha = image.mode in ("RGBA", "LA")
    plain.paste(image.convert("RGBA") if has_alpha else image, mask=image.getchannel("A") if has_alpha else None)
    return plain
