"""Administration commands."""

import sys
from pathlib import Path

import click
from flask import Flask
from flask.cli import AppGroup

from app import storage
from app.extensions import db
from app.services import reference

GENERATIONS = {"2014": 2014, "2024": 2024, "aucune": None}

reference_commands = AppGroup("reference", help="Données officielles : territoires et quartiers prioritaires.")


def init_app(app: Flask) -> None:
    """Add the commands to `flask`."""
    app.cli.add_command(reference_commands)


@reference_commands.command("import", help="Importe des fichiers officiels (CSV, GeoJSON), ou ceux d’un dossier.")
@click.argument("paths", nargs=-1, metavar="CHEMIN…", type=click.Path(path_type=Path))
@click.option("--generation", type=click.Choice(list(GENERATIONS)), default="2014", show_default=True,
              help="La liste de quartiers dont chacun reçoit un conseil citoyen.")  # fmt: skip
def import_reference(paths, generation):
    """Import official files in one transaction."""
    if not paths:
        sys.exit("Indiquez au moins un fichier ou un dossier : flask --app wsgi reference import CHEMIN…")
    report = reference.Report(click.echo)
    try:
        unused = reference.import_paths(paths, report, GENERATIONS[generation])
    except reference.ImportStopped as error:
        sys.exit(f"Import arrêté, rien n’a été enregistré. {error}")
    db.session.commit()
    _delete_contents(unused)
    report.print_summary()


def _delete_contents(digests):
    for digest in digests:
        storage.path(digest).unlink(missing_ok=True)
