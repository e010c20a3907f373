"""What files are, told by their content: every kind that is taken, and the sentence of every kind that is not."""

import io
import zipfile

import pytest

from app.services import filetypes, pictures
from app.services.filetypes import BadFile, clean_name
from tests import samples
from tests.samples import PDF, SCRIPT, archive, libre, office, picture, recorded

TAKEN = {
    "a.pdf": PDF,
    "a.odt": libre("odt"), "a.ods": libre("ods"), "a.odp": libre("odp"),
    "a.docx": office("docx"), "a.xlsx": office("xlsx"), "a.pptx": office("pptx"),
    "a.jpg": picture("JPEG"), "a.png": picture("PNG"), "a.webp": picture("WEBP"), "a.gif": samples.moving(),
    "a.txt": "Réunion du 3 mars : l’école\r\n".encode(), "b.txt": b"\xef\xbb\xbfBonjour",
    "c.txt": "déjà €".encode("cp1252"),
    "a.csv": b"nom;age\nAlice;61\n", "a.md": b"# Titre\n\n* un\n",
    "a.mp3": b"ID3\x04" + b"\0" * 90, "b.mp3": b"\xff\xfb\x90\x64" + b"\0" * 90,
    "a.ogg": b"OggS\0\x02" + b"\0" * 90, "a.opus": b"OggS\0\x02" + b"\0" * 20 + b"OpusHead",
    "a.m4a": recorded(b"M4A "), "a.wav": samples.sound(), "a.flac": b"fLaC\0\0\0\x22" + b"\0" * 40,
    "a.mp4": recorded(b"isom"), "a.webm": b"\x1a\x45\xdf\xa3\x93\x42\x82\x84webm" + b"\0" * 40,
    "a.mov": recorded(b"qt  "), "a.3gp": recorded(b"3gp5"),
}  # fmt: skip

REFUSED = {
    "nothing": (b"", filetypes.EMPTY),
    "a program": (b"MZ\x90\0\3", filetypes.PROGRAM),
    "a Linux program": (b"\x7fELF\2\1", filetypes.PROGRAM),
    "a Mac program": (b"\xcf\xfa\xed\xfe\7", filetypes.PROGRAM),
    "a script": (b"#!/bin/sh\nrm -rf /\n", filetypes.PROGRAM),
    "a shortcut": (b"L\0\0\0\x01\x14\x02\0" + b"\0" * 20, filetypes.PROGRAM),
    "a page": (b"<html><body>x", filetypes.PAGE),
    "a page after blanks": (b"\xef\xbb\xbf \n\t<b>x</b>", filetypes.PAGE),
    "a page further down": (b"bonjour\n< SCRIPT >alert(1)", filetypes.PAGE),
    "a script in a page": (SCRIPT, filetypes.PAGE),
    "a drawing": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", filetypes.PAGE),
    "XML": (b'<?xml version="1.0"?><a/>', filetypes.PAGE),
    "a PDF without its end": (PDF[:40], filetypes.DAMAGED),
    "a ZIP": (archive({"a.txt": b"x"}), filetypes.ARCHIVE),
    "an empty ZIP": (archive({}), filetypes.ARCHIVE),
    "RAR": (b"Rar!\x1a\7\1\0", filetypes.ARCHIVE),
    "7-Zip": (b"7z\xbc\xaf\x27\x1c\0\4", filetypes.ARCHIVE),
    "gzip": (b"\x1f\x8b\x08\0\0", filetypes.ARCHIVE),
    "old Word": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 90, filetypes.OLD),
    "RTF": (b"{\\rtf1\\ansi Bonjour}", filetypes.RICH_TEXT),
    "macros of Word": (office("docx", **{"word/vbaProject.bin": b"x"}), filetypes.MACROS),
    "a .docm": (archive({"[Content_Types].xml": b"x.document.macroEnabled.main+xml"}), filetypes.MACROS),
    "macros of LibreOffice": (libre("odt", **{"Basic/Standard/a.xml": b"x"}), filetypes.MACROS),
    "a password": (libre("odt", manifest=b"<manifest:encryption-data/>"), filetypes.LOCKED),
    "another ODF": (archive({"mimetype": b"application/vnd.oasis.opendocument.database"}), filetypes.UNKNOWN),
    "a book": (archive({"mimetype": b"application/epub+zip"}), filetypes.UNKNOWN),
    "half a document": (office("docx")[:-30], filetypes.DAMAGED),
    "a document of 200 MB": (office("docx", **{"word/big.xml": b"\0" * 30_000_000}), filetypes.BOMB),
    "a list of parts that never ends": (archive({f"{n}": b"" for n in range(9)})[:-10] + b"\xff" * 10, filetypes.BOMB),
    "a second list of parts": (office("docx")[:-22] + b"PK\x06\x07\0\0" + office("docx")[-22:], filetypes.BOMB),
    "HEIC": (recorded(b"heic"), pictures.FROM_IPHONE),
    "AVIF": (recorded(b"avif"), filetypes.UNKNOWN),
    "BMP": (picture("BMP"), pictures.NOT_A_PICTURE),
    "TIFF": (picture("TIFF"), pictures.NOT_A_PICTURE),
    "bytes": (bytes(range(256)), filetypes.UNKNOWN),
    "zeros": (b"\0" * 5000, filetypes.UNKNOWN),
    "a text with control signs": (b"bonjour \x07\x1b[2J", filetypes.UNKNOWN),
    "UTF-16": ("Bonjour".encode("utf-16"), filetypes.OTHER_TEXT),
}  # fmt: skip


def look(content, name, folder):
    path = folder / "sent"
    path.write_bytes(content)
    return filetypes.look(path, name)


@pytest.mark.parametrize("name", TAKEN)
def test_every_kind_that_is_taken_keeps_its_name_and_says_its_type(name, tmp_path):
    told = look(TAKEN[name], name, tmp_path)
    assert told.name == name
    assert told.name.rpartition(".")[2] in filetypes.ENDINGS[told.media_type]


def test_the_samples_are_of_every_kind(tmp_path):
    assert {look(content, name, tmp_path).media_type for name, content in TAKEN.items()} == set(filetypes.ENDINGS)


@pytest.mark.parametrize("kind", REFUSED)
def test_what_will_not_do_is_refused_with_its_own_sentence(kind, tmp_path):
    content, sentence = REFUSED[kind]
    for name in ("x.pdf", "x.png", "x.csv"):
        with pytest.raises(BadFile) as refusal:
            look(content, name, tmp_path)
        assert str(refusal.value) == sentence


@pytest.mark.parametrize("name", ["page.html", "a.exe", "x.svg", "sans-nom"])
def test_neither_the_name_nor_what_is_hidden_at_the_end_decides(name, tmp_path):
    assert look(PDF + SCRIPT + b"%%EOF", name, tmp_path).media_type == "application/pdf"
    assert look(picture() + SCRIPT, name, tmp_path).media_type == "image/png"
    assert look(b"BMX, velo et patins", name, tmp_path).media_type == "text/plain"


@pytest.mark.slow
def test_a_bomb_is_known_before_it_is_laid_out(tmp_path, monkeypatch):
    content = office("docx", **{"word/big.xml": b"\0" * 200_000_001})

    def never(*args):
        raise AssertionError("laid out")

    monkeypatch.setattr(filetypes.zipfile.ZipFile, "read", never)
    with pytest.raises(BadFile, match="énorme"):
        look(content, "a.docx", tmp_path)


@pytest.mark.parametrize(
    ("sent", "media_type", "kept"),
    [
        ("page.htm.png", "image/png", "page.htm.png"),
        ("photo.png", "image/jpeg", "photo.jpg"),
        ("Photo.JPEG", "image/jpeg", "Photo.JPEG"),
        ("../../../../tmp/evade.txt", "text/plain", "evade.txt"),
        ("/etc/passwd", "text/plain", "passwd.txt"),
        ("C:\\Mes documents\\réunion.pdf", "application/pdf", "réunion.pdf"),
        (".htaccess", "text/plain", "htaccess.txt"),
        ("..", "application/pdf", "fichier.pdf"),
        ("", "application/pdf", "fichier.pdf"),
        ("nul\0.png", "image/png", "nul.png"),
        ("a\r\nX-Injected: 1.png", "image/png", "a X-Injected 1.png"),
        ('guille"met.pdf', "application/pdf", "guille met.pdf"),
        ("gnp.\u202efdp.exe", "application/pdf", "gnp.fdp.pdf"),
        ("Compte-rendu 12.03.2026", "application/pdf", "Compte-rendu 12.03.2026.pdf"),
        ("accentué œ 12 €.pdf", "application/pdf", "accentué œ 12 €.pdf"),
        ("a.pdf.pdf", "application/pdf", "a.pdf"),
        ("😀.pdf", "application/pdf", "😀.pdf"),
    ],
)  # fmt: skip
def test_names_are_cleaned_and_their_ending_tells_the_type(sent, media_type, kept):
    assert clean_name(sent, media_type) == kept


def test_a_long_name_keeps_its_ending():
    kept = clean_name("é" * 300 + ".txt", "text/plain")
    assert len(kept) == filetypes.MOST_NAME and kept.endswith("é.txt")


# Pictures ---------------------------------------------------------------------------------------------------------


def copies(content, folder):
    path = folder / "image"
    path.write_bytes(content)
    return pictures.make_copies(path, (1600, 320))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_an_image_has_two_smaller_copies(kind, tmp_path):
    made = copies(picture(kind, (2000, 1000)), tmp_path)
    assert [(copy.width, copy.height) for copy in made.copies] == [(1600, 800), (320, 160)]
    assert made.safe is None
    for copy in made.copies:
        shown = pictures.Image.open(io.BytesIO(copy.content))
        assert shown.format == "WEBP" and not shown.getexif()


def test_even_the_smallest_image_is_copied(tmp_path):
    assert [(copy.width, copy.height) for copy in copies(picture(size=(1, 1)), tmp_path).copies] == [(1, 1), (1, 1)]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_an_image_that_tells_its_place_is_made_anew_in_its_own_kind_without_it(kind, tmp_path):
    safe = copies(picture(kind, (3000, 300), place=True), tmp_path).safe
    made = pictures.Image.open(io.BytesIO(safe.content))
    assert (made.format, made.size, dict(made.getexif())) == (kind, (2560, 256), {})


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(samples.bomb(), pictures.TOO_MANY_PIXELS), (picture("JPEG")[:500], pictures.DAMAGED),
     (picture()[:90], pictures.DAMAGED)],
)  # fmt: skip
def test_a_bomb_and_a_damaged_image_are_refused(content, sentence, tmp_path):
    with pytest.raises(pictures.BadPicture) as refusal:
        copies(content, tmp_path)
    assert str(refusal.value) == sentence


# What would fill the memory ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("packing", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_document_packed_in_an_unusual_way_is_refused_before_any_of_it_is_laid_out(packing, tmp_path, monkeypatch):
    content = archive({"[Content_Types].xml": b"\0" * 9_000_000}, compressed=packing)
    assert len(content) < 10_000
    monkeypatch.setattr(filetypes.zipfile.ZipFile, "open", never)
    with pytest.raises(BadFile) as refusal:
        look(content, "a.docx", tmp_path)
    assert str(refusal.value) == filetypes.PACKED


def test_what_a_document_says_of_its_size_is_looked_at_before_any_of_it_is_laid_out(tmp_path, monkeypatch):
    content = office("docx", **{"word/big.xml": b"\0" * 30_000_000})
    monkeypatch.setattr(filetypes.zipfile.ZipFile, "open", never)
    with pytest.raises(BadFile) as refusal:
        look(content, "a.docx", tmp_path)
    assert str(refusal.value) == filetypes.BOMB


def test_the_longest_comment_hides_no_second_list_of_parts(tmp_path, monkeypatch):
    whole = office("docx")
    end = whole[-22:-2] + b"\xff\xff" + b"x" * 65_535
    monkeypatch.setattr(filetypes.zipfile, "ZipFile", never)
    with pytest.raises(BadFile) as refusal:
        look(whole[:-22] + b"PK\x06\x07" + b"\0" * 16 + end, "a.docx", tmp_path)
    assert str(refusal.value) == filetypes.BOMB


@pytest.mark.parametrize(("place", "more"), [(10, 1), (12, 1), (16, 1)])
def test_a_list_of_parts_that_is_not_what_the_end_says_is_damage(place, more, tmp_path):
    whole = bytearray(office("docx"))
    whole[place - 22] += more
    with pytest.raises(BadFile) as refusal:
        look(bytes(whole), "a.docx", tmp_path)
    assert str(refusal.value) == filetypes.DAMAGED


def never(*args):
    """Stand in for what must not be reached."""
    raise AssertionError("laid out")
