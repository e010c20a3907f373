"""Communes and intercommunalités that somebody names in a text, by their codes or their exact names."""

import re
from collections import defaultdict

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app.extensions import db
from app.labels import TerritoryKind
from app.models import PostalCode, Territory
from app.text import fold

NAMED = (TerritoryKind.COMMUNE, TerritoryKind.EPCI)
CODE = re.compile(r"[0-9]{4,5}|[0-9]{9}|2[AB][0-9]{3}")
BETWEEN = re.compile(r"[,;](?![^(]*\))")  # « Vieu (Ain, 01442) » is one place
MOST = 20  # a sentence with more possibilities is read by nobody
MOST_NAMED, MOST_REFUSED = 200, 5  # each takes its time


def wording(place: Territory) -> str:
    """Return a place as people recognise it and `named` reads it again: « Vieu (Ain, 01442) »."""
    where = [place.department.name] if place.department else []
    return f"{place.name} ({', '.join([*where, place.code])})"


def of_kinds(territories: list[Territory]) -> list[Territory]:
    """Return those of the kinds that are named, not ticked."""
    return [place for place in territories if place.kind in NAMED]


def named(text: str) -> tuple[list[Territory], list[str]]:
    """Return the places that a text names, and a sentence for each piece of it that names none, or several.

    They stand one by line, or with commas between; some names hold a comma.
    """
    pieces = [line.strip() for line in text.split("\n") if line.strip()]
    if not pieces:
        return [], []
    names = _names()
    pieces = [piece for line in pieces for piece in ([line] if _is_one(line, names) else BETWEEN.split(line))]
    pieces = list(filter(None, (piece.strip() for piece in pieces)))
    if len(pieces) > MOST_NAMED:
        return [], [f"Écrivez {MOST_NAMED} lieux au plus, ou cochez le département."]
    found, refused = {}, []
    for piece in pieces:
        if len(refused) == MOST_REFUSED:
            break
        places = _exact(piece, names)
        if len(places) == 1:
            found[places[0].id] = places[0]
        else:
            refused.append(_refusal(piece, places or _close(piece, names), is_known=bool(places)))
    return list(found.values()), refused


def _names():
    """Return the ids of all these places by their plain names."""
    names = defaultdict(list)
    for number, name in db.session.execute(select(Territory.id, Territory.name).where(Territory.kind.in_(NAMED))):
        names[fold(name)].append(number)
    return names


def _is_one(line, names):
    return fold(line) in names or fold(line.rpartition("(")[0]) in names


def _exact(piece, names):
    """Return the places of this code, of the code in its brackets, or of this very name."""
    inner = piece[piece.rfind("(") + 1 : -1].rpartition(",")[2] if piece.endswith(")") else ""
    for code in (inner.strip().upper(), piece.upper()):
        if CODE.fullmatch(code):
            code = code.zfill(5)  # a spreadsheet lost the first 0
            return _load(Territory.code == code)
    return _load(Territory.id.in_(names.get(fold(piece), [])))


def _close(piece, names):
    """Return what may be meant: the communes of a postal code, or names that hold all these words."""
    if CODE.fullmatch(piece):
        postal = select(PostalCode.commune_id).where(PostalCode.code == piece.zfill(5))
        return _load(Territory.id.in_(postal))
    words = set(fold(piece).split())
    ids = [number for name in names if words and words <= set(name.split()) for number in names[name]]
    return _load(Territory.id.in_(ids[:MOST]))


def _load(which):
    rows = select(Territory).where(which, Territory.kind.in_(NAMED)).options(joinedload(Territory.department))
    return list(db.session.scalars(rows.order_by(Territory.name, Territory.code)))


def _refusal(piece, places, *, is_known):
    said = f"« {piece[:100]} »"
    if not places:
        return f"{said} : aucune commune ni intercommunalité de ce nom ou de ce code. Vérifiez, ou écrivez le code."
    offered = " ; ".join(wording(place) for place in places[:MOST])
    many = "plusieurs lieux portent ce nom" if is_known else "ce n’est pas un nom ou un code exact"
    return f"{said} : {many}. Écrivez l’un de ceux-ci, avec son code : {offered}."
