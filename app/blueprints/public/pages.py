"""The site's own pages: help, contact, legal notices, personal data, accessibility."""

from flask import Blueprint, render_template

from app.blueprints.kept import public_page

bp = Blueprint("pages", __name__)


@bp.get("/aide")
@public_page
def help():
    """Say how to use the site."""
    return render_template("public/pages/help.html")


@bp.get("/contact")
@public_page
def contact():
    """Say whom to write to."""
    return render_template("public/pages/contact.html")


@bp.get("/mentions-legales")
@public_page
def legal():
    """Say who publishes and hosts the site."""
    return render_template("public/pages/legal.html")


@bp.get("/donnees-personnelles")
@public_page
def privacy():
    """Say what the site knows of people, why, and for how long."""
    return render_template("public/pages/privacy.html")


@bp.get("/accessibilite")
@public_page
def accessibility():
    """Say how far the site is accessible, and whom to tell of an obstacle."""
    return render_template("public/pages/accessibility.html")
