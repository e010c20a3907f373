"""Files found and read: bytes, then tables of cells, whatever the encoding and the separator."""

import csv
import gzip
import io
import json
import zlib
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator
from pathlib import Path

from app.services.reference.report import ImportStopped, NotUnderstood

MAX_BYTES = 50 * 2**20
UNREADABLE = "\ufffd"
DELIMITERS = ";,\t"
IGNORED = {".md", ".txt"}
WORKBOOKS = {".xlsx", ".xls", ".ods", ".xlsm"}
SHAPEFILES = {".shp", ".dbf", ".shx", ".prj", ".cpg", ".qpj", ".sbn", ".sbx"}
ARCHIVES = {".zip", ".7z", ".rar", ".tar", ".tgz"}
SIGNATURES = {b"PK\x03\x04": WORKBOOKS, b"\xd0\xcf\x11\xe0": WORKBOOKS, b"\x00\x00\x27\x0a": SHAPEFILES}

csv.field_size_limit(MAX_BYTES)  # a cell may hold a whole perimeter


def find(paths: Iterable[Path]) -> list[tuple[Path, bool]]:
    """Return the files to read and whether each was named itself, rather than found in a folder.

    Raises `ImportStopped` when a path does not exist or a folder has nothing to read.
    """
    found: dict[Path, tuple[Path, bool]] = {}
    for path in paths:
        if not path.exists():
            raise ImportStopped(f"{path} : ce fichier ou ce dossier n’existe pas.")
        for file in _inside(path) if path.is_dir() else [path]:
            named = not path.is_dir() or found.get(file.resolve(), (file, False))[1]
            found[file.resolve()] = (file, named)
    return list(found.values())


def _inside(folder):
    try:
        files = sorted(f for f in folder.iterdir() if f.is_file() and not f.name.startswith("."))
    except OSError as error:
        raise ImportStopped(f"{folder} : ce dossier ne peut pas être lu ({error.strerror}).") from error
    files = [file for file in files if file.suffix.lower() not in IGNORED]
    if not files:
        raise ImportStopped(f"{folder} : ce dossier ne contient aucun fichier de données.")
    return files


def read_text(path: Path) -> str:
    """Return the text of a file, gzipped or not, in UTF-8 or Windows-1252. Raises `NotUnderstood`."""
    content = _read_bytes(path)
    refuse_binary(path.name, content)
    text = content.decode("utf-8-sig", errors="replace")
    broken = text.count(UNREADABLE)
    # One damaged byte does not make a UTF-8 file a Windows one: there, nearly every accent is broken.
    if broken and not content.startswith(BOM_UTF8) and 2 * broken > sum(not char.isascii() for char in text):
        return content.decode("cp1252", errors="replace")
    return text


def _read_bytes(path):
    try:
        with gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise NotUnderstood("ce fichier ne peut pas être lu : il est abîmé ou protégé") from error
    if len(content) > MAX_BYTES:
        raise NotUnderstood(f"ce fichier dépasse {MAX_BYTES // 2**20} Mo")
    if not content.strip(BOM_UTF8 + b" \r\n\t"):
        raise NotUnderstood("ce fichier est vide")
    return content


def refuse_binary(name: str, content: bytes) -> None:
    """Raise `NotUnderstood` for a workbook, a shapefile, an archive or another file that is not text."""
    suffix = Path(name).suffix.lower()
    kinds = next((kinds for start, kinds in SIGNATURES.items() if content.startswith(start)), set())
    if suffix in ARCHIVES:
        raise NotUnderstood("c’est une archive : décompressez-la, puis importez les fichiers qu’elle contient")
    if suffix in SHAPEFILES or kinds is SHAPEFILES:
        raise NotUnderstood("c’est une partie d’un « shapefile » : convertissez-le en GeoJSON (WGS 84), avec QGIS")
    if suffix in WORKBOOKS or kinds is WORKBOOKS:
        raise NotUnderstood("c’est un classeur : ouvrez-le et enregistrez la feuille utile au format CSV UTF-8")
    if b"\0" in content[:4096]:
        raise NotUnderstood("ce n’est pas du texte lisible : enregistrez-le au format CSV UTF-8 ou GeoJSON")


def rows(text: str, delimiter: str) -> Iterator[tuple[int, list]]:
    """Yield the rows of a CSV text, each with the number of its first line. Raises `NotUnderstood`."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    line = 1
    try:
        for cells in reader:
            yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        raise NotUnderstood(f"ce tableau est illisible à partir de la ligne {line}") from error


def features(text: str) -> tuple[list[str], list[tuple[int, list]]]:
    """Return the features of a GeoJSON text as a table: column names, then numbered rows.

    The last column, « geometry », holds the geometry itself. Raises `NotUnderstood`.
    """
    try:
        items = json.loads(text)["features"]
        properties = [item.get("properties") or {} for item in items]
        names = list(dict.fromkeys(name for row in properties for name in row))
        cells = [["" if row.get(name) is None else str(row[name]) for name in names] for row in properties]
        geometries = [item.get("geometry") for item in items]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise NotUnderstood("ce JSON n’est pas un GeoJSON de quartiers (« FeatureCollection »)") from error
    table = [(n, [*row, shape]) for n, (row, shape) in enumerate(zip(cells, geometries, strict=True), start=1)]
    return [*names, "geometry"], table
