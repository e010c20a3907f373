"""`/affichage`: the choice of pages with or without pictures, kept in a cookie of its own."""

from flask import Blueprint, current_app, flash, make_response, redirect, render_template, url_for

from app.blueprints.web import without_images
from app.forms.display import DisplayForm

bp = Blueprint("display", __name__)

YEAR = 365 * 24 * 3600


@bp.route("/affichage", methods=["GET", "POST"])
def edit():
    """Show the choice, and keep it for a year."""
    form = DisplayForm(data={"images": "non" if without_images() else "oui"})
    if form.validate_on_submit():
        flash("Votre choix est enregistré sur cet appareil.")
        response = redirect(url_for(".edit"))
        response.set_cookie(
            "images", form.images.data, max_age=YEAR, secure=current_app.config["SESSION_COOKIE_SECURE"],
            httponly=True, samesite="Lax",
        )  # fmt: skip
        return response
    return make_response(render_template("public/display/edit.html", form=form), 422 if form.errors else 200)
