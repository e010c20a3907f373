"""Tables that people open in a spreadsheet: CSV and OpenDocument, in which nothing that was typed is a formula."""

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Iterator
from xml.etree import ElementTree

FORMULA = "=+-@＝＋－＠"  # what spreadsheets take a cell for that begins so, in the wide signs of other scripts too
NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # of XML 1.0, section 2.2
CSV_TYPE = "text/csv"
ODS_TYPE = "application/vnd.oasis.opendocument.spreadsheet"
NAMES = ("office", "style", "table", "text", "manifest")
SPACES = {name: f"urn:oasis:names:tc:opendocument:xmlns:{name}:1.0" for name in NAMES}
VERSION = "1.3"  # of OpenDocument
for _prefix, _space in SPACES.items():
    ElementTree.register_namespace(_prefix, _space)


def inert(value):
    """Return a cell of a CSV that no spreadsheet takes for a formula: an apostrophe before it makes it text."""
    if not isinstance(value, str):
        return value
    return f"'{value}" if value[:1] in ("\t", "\r", "\n") or value.lstrip()[:1] in tuple(FORMULA) else value


def csv_lines(rows: Iterable[Iterable[str]]) -> Iterator[str]:
    """Yield the lines of a CSV that a French Excel opens by a double click: UTF-8 with its mark, semicolons."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=";", lineterminator="\r\n")  # line ends as RFC 4180 wants them
    buffer.write("\ufeff")
    for row in rows:
        writer.writerow([inert(cell) for cell in row])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()


# OpenDocument -----------------------------------------------------------------------------------------------------
# The libraries that write it weigh more than all this site reads from it: 15 MB with lxml.


def ods(name: str, rows: Iterable[Iterable[str]]) -> bytes:
    """Return an OpenDocument spreadsheet with one sheet, `name`, whose cells are all texts; the first row is its head.
    A cell may have several lines. What XML cannot hold is left out."""
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", ODS_TYPE, zipfile.ZIP_STORED)  # first, and as it is: so it is recognised
        archive.writestr("content.xml", _content(name, rows))
        archive.writestr("META-INF/manifest.xml", _manifest())
    return output.getvalue()


def _content(name, rows):
    document = ElementTree.Element(_tag("office", "document-content"), {_tag("office", "version"): VERSION})
    styles = ElementTree.SubElement(document, _tag("office", "automatic-styles"))
    wide = {_tag("style", "name"): "wide", _tag("style", "family"): "table-column"}
    wide = ElementTree.SubElement(styles, _tag("style", "style"), wide)
    ElementTree.SubElement(wide, _tag("style", "table-column-properties"), {_tag("style", "column-width"): "5cm"})
    sheet = ElementTree.SubElement(
        ElementTree.SubElement(document, _tag("office", "body")), _tag("office", "spreadsheet")
    )
    _add_table(sheet, name, [list(row) for row in rows])
    return ElementTree.tostring(document, encoding="UTF-8", xml_declaration=True)


def _add_table(sheet, name, rows):
    table = ElementTree.SubElement(sheet, _tag("table", "table"), {_tag("table", "name"): _sheet_name(name)})
    columns = {_tag("table", "number-columns-repeated"): str(len(rows[0])), _tag("table", "style-name"): "wide"}
    ElementTree.SubElement(table, _tag("table", "table-column"), columns)
    head = ElementTree.SubElement(table, _tag("table", "table-header-rows"))  # repeated on each page that is printed
    for number, row in enumerate(rows):
        line = ElementTree.SubElement(table if number else head, _tag("table", "table-row"))
        for text in row:
            _add_cell(line, text)


def _add_cell(line, text):
    cell = ElementTree.SubElement(line, _tag("table", "table-cell"), {_tag("office", "value-type"): "string"})
    for paragraph in NOT_IN_XML.sub("", text).splitlines():
        ElementTree.SubElement(cell, _tag("text", "p")).text = paragraph


def _sheet_name(name):
    """Return a name that a sheet may have: without the signs of references, and short enough for Excel."""
    return re.sub(r"[\[\]*?:/\\']", " ", NOT_IN_XML.sub("", name)).strip()[:31] or "Feuille"


def _manifest():
    manifest = ElementTree.Element(_tag("manifest", "manifest"), {_tag("manifest", "version"): VERSION})
    for path, kind in (("/", ODS_TYPE), ("content.xml", "text/xml")):
        entry = {_tag("manifest", "full-path"): path, _tag("manifest", "media-type"): kind}
        ElementTree.SubElement(manifest, _tag("manifest", "file-entry"), entry)
    return ElementTree.tostring(manifest, encoding="UTF-8", xml_declaration=True)


def _tag(space, name):
    return f"{{{SPACES[space]}}}{name}"
