"""`/referents`: the local referents, by territory."""

from flask import Blueprint

bp = Blueprint("referents", __name__)
