"""Small files of every kind that people send, and of those that they had better not."""

import io
import struct
import wave
import zipfile
import zlib

from PIL import Image

CT = "application/vnd.openxmlformats-officedocument.{}.main+xml"
OOXML = {
    "docx": "wordprocessingml.document", "xlsx": "spreadsheetml.sheet", "pptx": "presentationml.presentation",
}  # fmt: skip
ODF = {"odt": "text", "ods": "spreadsheet", "odp": "presentation"}
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
SCRIPT = b"<script>alert(1)</script>"
GPS = 0x8825


def archive(parts: dict[str, bytes], *, compressed=zipfile.ZIP_DEFLATED) -> bytes:
    """Return a ZIP of these parts."""
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w", compressed) as zipped:
        for name, content in parts.items():
            zipped.writestr(name, content)
    return output.getvalue()


def office(kind: str, **more: bytes) -> bytes:
    """Return a document of Word, Excel or PowerPoint."""
    types = f'<Types><Override ContentType="{CT.format(OOXML[kind])}"/></Types>'.encode()
    return archive({"[Content_Types].xml": types, "word/document.xml": b"<w/>", **more})


def libre(kind: str, *, manifest=b"<manifest/>", **more: bytes) -> bytes:
    """Return a document of LibreOffice."""
    media_type = f"application/vnd.oasis.opendocument.{ODF[kind]}".encode()
    return archive({"mimetype": media_type, "content.xml": b"<x/>", "META-INF/manifest.xml": manifest, **more})


def picture(kind="PNG", size=(400, 300), mode="RGB", *, place=False, **options) -> bytes:
    """Return an image; `place`: it says where it was taken."""
    output = io.BytesIO()
    if place:
        exif = Image.Exif()
        exif[0x0112] = 1
        exif.get_ifd(GPS)[2] = (46.0, 12.0, 20.0)
        options["exif"] = exif
    Image.new(mode, size, "red" if mode == "RGB" else 1).save(output, kind, **options)
    return output.getvalue()


def noise(size=(400, 300)) -> bytes:
    """Return a JPEG of no two equal points, hence as heavy as a photograph."""
    output = io.BytesIO()
    Image.effect_noise(size, 90).save(output, "JPEG", quality=98)
    return output.getvalue()


def moving() -> bytes:
    """Return a GIF of two pictures."""
    output = io.BytesIO()
    first, *rest = (Image.new("P", (90, 90), colour) for colour in (1, 2))
    first.save(output, "GIF", save_all=True, append_images=rest)
    return output.getvalue()


def bomb(side=20_000) -> bytes:
    """Return a small PNG of very many points."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    packer = zlib.compressobj(9)
    rows = b"".join(packer.compress(b"\0" * (side * 3 + 1)) for _ in range(side // 100)) + packer.flush()
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def sound() -> bytes:
    """Return a WAV of a tenth of a second."""
    output = io.BytesIO()
    with wave.open(output, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(b"\0\1" * 800)
    return output.getvalue()


def recorded(brand: bytes) -> bytes:
    """Return the beginning of what a telephone records."""
    return b"\0\0\0\x18ftyp" + brand + b"\0\0\2\0" + b"isomiso2" + b"\0" * 64
