"""Pictures that people send: read with care, turned upright, cut to size, and stripped of all they say beside."""

import io
import threading
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError

FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
MEDIA_TYPE = "image/webp"
HEAVIEST = 15 * 2**20  # bytes
# A JPEG is read at an eighth of its size, the others whole, at 4 bytes a pixel and several copies.
MOST_PIXELS = {"JPEG": 40_000_000}
MOST_PIXELS_READ_WHOLE = 16_000_000
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
TOO_SMALL = f"Cette image est trop petite : il faut au moins {SMALLEST} points de côté."


_one_at_a_time = threading.Lock()  # in a process: it bounds the memory


class BadPicture(ValueError):
    """What was sent will not do; the message is a French sentence that says why, and what to do."""


@dataclass(frozen=True)
class Picture:
    """A picture in WebP, with its size in pixels."""

    content: bytes
    width: int
    height: int


def make_picture(content: bytes, *, width: int, height: int, crop: bool) -> Picture:
    """Return the picture that was sent, in WebP, without its EXIF, hence without the place where it was taken.

    `crop` cuts the middle out to exactly this size; otherwise it is made as large as fits, and never enlarged.
    Takes up to a second: call it before a write transaction. Raises `BadPicture`.
    """
    image = _open(content)
    try:
        with _one_at_a_time:
            plain = _on_white(_scale(_decode(image, 2 * max(width, height)), (width, height), crop))
    except Exception as error:  # the decoders of damaged or hostile files raise whatever they please
        raise BadPicture(DAMAGED) from error
    return _written(plain)


@dataclass(frozen=True)
class Copies:
    """Smaller copies of an image. `had_place`: the image says where it was taken."""

    copies: list[Picture]
    had_place: bool


def make_copies(path: Path, sides: tuple[int, ...]) -> Copies:
    """Return copies of an image as `make_picture` makes them: one for each of these largest sides, the longest first.

    However small the image is, it has its copies.
    """
    image = _look(path)
    try:
        with _one_at_a_time:
            had_place = _has_place(image)
            plain = _on_white(_decode(image, 2 * sides[0]))
            copies = [_scale(plain.copy(), (side, side), crop=False) for side in sides]
    except Exception as error:  # as below
        raise BadPicture(DAMAGED) from error
    return Copies([_written(copy) for copy in copies], had_place)


def _has_place(image):
    notes = image.info.get("xmp", b"") + str(image.info.get("XML:com.adobe.xmp", "")).encode()
    return bool(image.getexif().get_ifd(GPS)) or b"GPSL" in notes


def _written(plain):
    output = io.BytesIO()
    plain.save(output, "WEBP", quality=80, method=4)
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
    return image


def _decode(image, side):
    """Return the first picture of the file, upright, in colours that can be scaled, no larger than `side` needs."""
    image.draft("RGB", (side, side))
    image.load()
    ImageOps.exif_transpose(image, in_place=True)
    if image.mode not in ("RGB", "RGBA", "L", "LA"):
        image = image.convert(_colours(image))
    return image.reduce(max(1, min(image.size) // side))


def _colours(image):
    return "RGBA" if "transparency" in image.info or image.mode == "PA" else "RGB"


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
