"""`/validation`: a peer's word on a sign-up, given from the mail."""

from flask import Blueprint

bp = Blueprint("vouches", __name__)
