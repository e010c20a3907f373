"""Tables that people open in a spreadsheet: what was typed is never a formula, and every sign of it is there."""

import csv
import io
import zipfile
from xml.etree import ElementTree

import pytest

from app.services import filetypes, spreadsheets

TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
FORMULAS = [
    "=1+1", "+33 6", "-2", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1+1", "\u00a0=1", "＝1+1", "=HYPERLINK(\"http://x\";\"a\")",
    "=cmd|' /C calc'!A0",
]  # fmt: skip
PLAIN = ["Zoé", "", "3 places", "a=b", "Jean-Paul", "« oui » ; « non »", 'dit "Jo"', "👩‍🌾 été", "deux\nlignes"]


def read_csv(text):
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=";"))


def read_ods(content):
    """Return the name of the sheet and its cells, as a spreadsheet shows them."""
    archive = zipfile.ZipFile(io.BytesIO(content))
    assert archive.testzip() is None
    table = ElementTree.fromstring(archive.read("content.xml")).find(f".//{TABLE}table")  # noqa: S314 - our own
    rows = [[_text(cell) for cell in row.iter(f"{TABLE}table-cell")] for row in table.iter(f"{TABLE}table-row")]
    return table.get(f"{TABLE}name"), rows


def _text(cell):
    assert cell.get(f"{OFFICE}value-type") == "string"
    assert not any(name.endswith("formula") for name in cell.keys())
    return "\n".join(part.text or "" for part in cell.iter(f"{TEXT}p"))


@pytest.mark.parametrize("typed", FORMULAS)
def test_a_cell_of_a_csv_that_begins_like_a_formula_is_text(typed):
    ((cell,),) = read_csv("".join(spreadsheets.csv_lines([[typed]])))
    assert cell == f"'{typed}"


@pytest.mark.parametrize("typed", PLAIN)
def test_other_cells_stay_as_they_were_typed(typed):
    ((first, cell),) = read_csv("".join(spreadsheets.csv_lines([["x", typed]])))
    assert (first, cell) == ("x", typed)
    assert read_ods(spreadsheets.ods("Inscrits", [["x", typed]]))[1] == [["x", typed]]


@pytest.mark.parametrize("typed", FORMULAS[:4] + FORMULAS[9:])
def test_a_cell_of_an_opendocument_table_is_text_whatever_it_begins_with(typed):
    assert read_ods(spreadsheets.ods("Inscrits", [["Nom"], [typed]]))[1] == [["Nom"], [typed]]


def test_lines_end_as_spreadsheets_want_and_numbers_stay_numbers_of_a_csv():
    assert "".join(spreadsheets.csv_lines([["a", "b"], ["c", "d"]])) == "\ufeffa;b\r\nc;d\r\n"
    assert spreadsheets.inert(-2.5) == -2.5


def test_an_opendocument_table_is_one_that_the_site_itself_would_take(tmp_path):
    path = tmp_path / "inscrits.ods"
    path.write_bytes(spreadsheets.ods("Inscrits", [["Nom"], ["Zoé"]]))
    assert filetypes.look(path, "inscrits.ods").media_type == spreadsheets.ODS_TYPE
    with zipfile.ZipFile(path) as archive:
        first = archive.infolist()[0]
        assert (first.filename, first.compress_type) == ("mimetype", zipfile.ZIP_STORED)
        assert archive.read("mimetype") == spreadsheets.ODS_TYPE.encode()


def test_signs_that_xml_cannot_hold_are_left_out():
    name, rows = read_ods(spreadsheets.ods("a/b[1]:*?" + "x" * 40, [["Zo\0é\x0b\ud800\ufffe"]]))
    assert rows == [["Zoé"]]
    assert len(name) <= 31 and not set(name) & set("/[]:*?")
