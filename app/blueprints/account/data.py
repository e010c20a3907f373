"""What a person may ask of the site about themselves: a copy of their data, and the end of their account."""

from flask import Blueprint

bp = Blueprint("data", __name__)
