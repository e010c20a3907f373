"""Pictures that people send: made upright, small and silent, and every awkward file is refused with a sentence."""

import io
import struct
import zlib

import pytest
from PIL import Image

from app.services import pictures
from app.services.pictures import BadPicture, make_picture

ORIENTATION, GPS, ROTATED_RIGHT = 0x0112, 0x8825, 6


def file_of(size=(400, 300), kind="JPEG", mode="RGB", colour="red", **options):
    output = io.BytesIO()
    Image.new(mode, size, colour).save(output, kind, **options)
    return output.getvalue()


def portrait(content):
    return make_picture(content, width=320, height=320, crop=True)


def opened(picture):
    return Image.open(io.BytesIO(picture.content))


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_that_claims(width, height):
    """A PNG of a few bytes whose head announces as many pixels as one likes."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0" * 99)) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("kind", "mode", "colour"),
    [("JPEG", "RGB", "red"), ("JPEG", "L", 76), ("JPEG", "CMYK", (0, 255, 255, 0)), ("PNG", "RGBA", "red"),
     ("PNG", "P", 1), ("PNG", "1", 1), ("PNG", "LA", (76, 255)), ("PNG", "I;16", 9000), ("WEBP", "RGB", "red"),
     ("GIF", "P", 1)],
)  # fmt: skip
def test_every_usual_format_becomes_a_square_webp(kind, mode, colour):
    picture = portrait(file_of(kind=kind, mode=mode, colour=colour))
    assert (picture.width, picture.height) == (320, 320)
    assert opened(picture).format == "WEBP" and opened(picture).size == (320, 320)


def test_a_transparent_picture_is_laid_on_white():
    picture = opened(portrait(file_of(kind="PNG", mode="RGBA", colour=(0, 0, 0, 0))))
    assert picture.convert("RGB").getpixel((9, 9)) == (255, 255, 255)


def test_a_picture_is_turned_upright_and_says_nothing_of_where_it_was_taken():
    exif = Image.Exif()
    exif[ORIENTATION] = ROTATED_RIGHT
    exif.get_ifd(GPS)[2] = (46.0, 12.0, 20.0)
    taken = Image.new("RGB", (400, 300), "red")
    taken.paste("blue", (0, 0, 200, 300))  # on the left; turned to the right, it is on top
    output = io.BytesIO()
    taken.save(output, "JPEG", exif=exif, comment=b"rue des Lilas")
    picture = make_picture(output.getvalue(), width=1000, height=1000, crop=False)
    made = opened(picture)
    assert (picture.width, picture.height) == (300, 400)
    assert made.convert("RGB").getpixel((100, 20))[2] > 200
    assert not made.getexif() and not {"exif", "xmp", "icc_profile", "comment"} & set(made.info)
    assert b"Lilas" not in picture.content


def test_without_crop_a_picture_fits_and_is_never_enlarged():
    small = make_picture(file_of((100, 80)), width=960, height=540, crop=False)
    large = make_picture(file_of((2000, 1000)), width=960, height=540, crop=False)
    assert (small.width, small.height) == (100, 80)
    assert (large.width, large.height) == (960, 480)


@pytest.mark.parametrize(
    ("size", "fitted"),
    [((900, 1200), (600, 800)), ((900, 1600), (600, 800)), ((1200, 600), (1200, 600)), ((3000, 600), (1200, 600)),
     ((300, 300), (300, 300))],
)  # fmt: skip
def test_without_crop_a_picture_is_cut_only_where_its_proportions_are_extreme(size, fitted):
    made = make_picture(file_of(size), width=1200, height=800, crop=False)
    assert (made.width, made.height) == fitted


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", pictures.EMPTY),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", pictures.NOT_A_PICTURE),
        (b"%PDF-1.4\n%%EOF", pictures.NOT_A_PICTURE),
        (b"\0" * 5000, pictures.NOT_A_PICTURE),
        (file_of(kind="BMP"), pictures.NOT_A_PICTURE),
        (file_of(kind="TIFF"), pictures.NOT_A_PICTURE),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 99, pictures.FROM_IPHONE),
        (file_of(kind="JPEG", quality=95)[:800], pictures.DAMAGED),
        (file_of(kind="PNG")[:90], pictures.DAMAGED),
        (file_of(kind="GIF")[:60], pictures.DAMAGED),
        (png_that_claims(300, 300), pictures.DAMAGED),
        (png_that_claims(4000, 4001), pictures.TOO_MANY_PIXELS),
        (png_that_claims(10_000, 10_000), pictures.TOO_MANY_PIXELS),
        (png_that_claims(60_000, 60_000), pictures.TOO_MANY_PIXELS),
        (file_of((59, 400)), pictures.TOO_SMALL),
        (b"\xff\xd8\xff" + b"x" * pictures.HEAVIEST, pictures.TOO_HEAVY),
    ],
    ids=lambda value: value[:20] if isinstance(value, str) else "",
)
@pytest.mark.filterwarnings("error")
def test_what_will_not_do_is_refused_with_its_own_sentence(content, sentence):
    with pytest.raises(BadPicture) as refusal:
        portrait(content)
    assert str(refusal.value) == sentence


# A JPEG that is slow, or large once it is open ----------------------------------------------------------------------


def with_scans(count, **options):
    """A JPEG whose last scan comes again and again, as hostile ones do."""
    whole = file_of(progressive=True, **options)
    last = whole[whole.rindex(b"\xff\xda") : -2]
    return whole[:-2] + last * (count - whole.count(b"\xff\xda")) + whole[-2:]


def refusal_of(content):
    with pytest.raises(BadPicture) as refusal:
        portrait(content)
    return str(refusal.value)


def test_a_jpeg_that_is_drawn_over_and_over_is_refused_before_it_is_decoded():
    assert refusal_of(with_scans(pictures.MOST_SCANS + 1)) == pictures.UNUSUAL
    assert portrait(with_scans(pictures.MOST_SCANS)).width == 320


def test_only_the_scans_of_the_picture_itself_are_counted():
    many = b"\xff\xda\0\x02" * 50
    plain = file_of()
    hidden = plain[:2] + b"\xff\xe5" + (len(many) + 2).to_bytes(2) + many + plain[2:]
    assert portrait(hidden + many).width == 320


@pytest.mark.parametrize("mode", ["RGB", "CMYK"])
def test_a_jpeg_that_is_held_whole_has_fewer_points(mode, monkeypatch):
    monkeypatch.setattr(pictures, "MOST_PIXELS_READ_WHOLE", 100_000)
    colour = "red" if mode == "RGB" else (0, 255, 255, 0)
    assert refusal_of(file_of(mode=mode, colour=colour, progressive=True)) == pictures.TOO_MANY_PIXELS
    assert portrait(file_of(mode=mode, colour=colour)).width == 320


def test_a_large_photo_is_read_at_half_its_size_at_most_however_narrow_it_is(monkeypatch, tmp_path):
    turned, turn = [], pictures.ImageOps.exif_transpose
    monkeypatch.setattr(pictures, "MOST_PIXELS_READ_WHOLE", 100_000)
    monkeypatch.setattr(
        pictures.ImageOps, "exif_transpose", lambda image, **how: turned.append(image.size) or turn(image, **how)
    )
    (tmp_path / "a").write_bytes(file_of((2000, 80)))
    pictures.make_copies(tmp_path / "a", (1600, 320))
    assert turned == [(1000, 40)]
