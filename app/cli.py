"""Administration commands: each reads, computes, takes the write lock, writes and commits."""

import sys
from pathlib import Path

import click
from email_validator import EmailNotValidError, validate_email
from flask import Flask, current_app
from flask.cli import AppGroup
from sqlalchemy import select
from sqlalchemy.exc import OperationalError, ProgrammingError

from app.extensions import begin_write, db
from app.jobs import JOBS, clock
from app.jobs.contents import delete_unused
from app.labels import CHANNEL, DELIVERY_STATE, ROLE, USER_STATUS, Channel, UserStatus
from app.models import Delivery, Job, User
from app.notifications.mail import make
from app.notifications.texting import text_of
from app.passwords import hash_password
from app.services import (
    accounts,
    bounces,
    closing,
    councils,
    demo,
    demo_articles,
    demo_discussions,
    demo_people,
    demo_publications,
    moderation,
    reference,
    renewals,
    starting,
    thinning,
)
from app.templating import plural, weight
from app.text import one_line

GENERATIONS = {"2014": 2014, "2024": 2024, "aucune": None}


class Commands(AppGroup):
    """Commands that say in one sentence why the database could not be used; nothing is written then."""

    def invoke(self, ctx):
        try:
            return super().invoke(ctx)
        except (OperationalError, ProgrammingError) as error:
            sys.exit(f"Rien n’a été enregistré : {_what_to_do(error)}")


def _what_to_do(error):
    reason = str(error.orig).strip().split("\n")[0]
    if isinstance(error, ProgrammingError) or reason.startswith("no such"):
        return "il manque des tables à la base de données ; lancez « flask --app wsgi db upgrade », puis recommencez."
    return f"la base de données est occupée ou ne répond pas ({reason}) ; réessayez dans un moment."


reference_commands = Commands("reference", help="Données officielles : territoires et quartiers prioritaires.")
demo_commands = Commands("demo", help="Données de démonstration, inventées.")
article_commands = Commands("articles", help="Guides, outils et textes de loi écrits pour ce site.")


def init_app(app: Flask) -> None:
    """Add the commands to `flask`."""
    app.cli.add_command(reference_commands)
    app.cli.add_command(outbox_commands)
    app.cli.add_command(job_commands)
    app.cli.add_command(demo_commands)
    app.cli.add_command(user_commands)
    app.cli.add_command(version_commands)
    app.cli.add_command(article_commands)
    app.cli.add_command(bounce_commands)


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
        sources = reference.read_paths(paths, report)
        begin_write()
        unused = reference.write(sources, report, GENERATIONS[generation])
    except reference.ImportStopped as error:
        sys.exit(f"Import arrêté, rien n’a été enregistré. {error}")
    except KeyboardInterrupt:
        sys.exit("Import interrompu : rien n’a été enregistré.")
    db.session.commit()
    delete_unused(unused)
    report.print_summary()


@article_commands.command("load", help="Publie les guides, outils et textes de loi que ce site n’a jamais eus.")
@click.option("--if-empty", is_flag=True, help="Seulement si aucun article n’a encore été écrit.")
def load_articles(if_empty):
    """Publish the articles that the site begins with; those that were changed or deleted stay so."""
    starting.prepared()
    begin_write()
    loaded = starting.load() if starting.is_new() or not if_empty else 0
    db.session.commit()
    if loaded:
        click.echo(f"Guides, outils et textes de loi publiés : {loaded}.")
    elif not if_empty:
        click.echo("Tous les guides, outils et textes de loi ont déjà été chargés : rien n’a changé.")


@demo_commands.command("load", help="Charge les données de démonstration, si l’annuaire est vide.")
def load_demo():
    """Load the demo into an empty directory; refused in production."""
    if current_app.config["PRODUCTION"]:
        sys.exit("Ce site est en production (PRODUCTION=1) : les données de démonstration n’y sont pas chargées.")
    draft = demo.prepare() if demo.has_room() else None
    pieces = demo_articles.prepare()
    password_hash = hash_password(demo_people.PASSWORD)
    begin_write()
    loaded = demo.load(draft) if draft else 0
    people = demo_people.load(password_hash)
    shared = demo_publications.load()
    discussed = demo_discussions.load()
    written = demo_articles.load(pieces)
    db.session.commit()
    if loaded:
        click.echo(f"Données de démonstration chargées : {loaded} conseils citoyens, tous inventés.")
    if people:
        click.echo(f"Comptes de démonstration ajoutés : {people}.")
    if shared:
        click.echo(f"Documents, actions et événements de démonstration ajoutés : {shared}.")
    if discussed:
        click.echo(f"Sujets de discussion de démonstration ajoutés : {discussed}.")
    if written:
        click.echo(f"Articles de démonstration ajoutés : {written}.")
    if not (loaded or people or shared or discussed or written):
        click.echo("L’annuaire contient déjà des quartiers ou des conseils : rien n’a été chargé.")


@demo_commands.command("accounts", help="Montre les comptes de démonstration et leur mot de passe.")
def list_demo_accounts():
    """Print the demo accounts; in production, how to get rid of them, for they do not open there."""
    people = demo_people.listed()
    if people and current_app.config["PRODUCTION"]:
        click.echo("Il reste des comptes de démonstration. En production, ils ne s’ouvrent pas. Pour les retirer :")
        click.echo("  .venv/bin/flask --app wsgi demo clear")
    elif people:
        click.echo(f"Comptes de démonstration (mot de passe : {demo_people.PASSWORD}) :")
        for email, who in people:
            click.echo(f"  {email:28} {who}")


@demo_commands.command("clear", help="Retire les conseils et les comptes de démonstration ; les territoires restent.")
def clear_demo():
    """Remove the demo councils with their neighbourhoods and pictures, and the demo accounts."""
    begin_write()
    removed, unused = councils.remove_demo()
    db.session.commit()
    delete_unused(unused)
    click.echo(f"Conseils de démonstration retirés : {removed}.")


user_commands = Commands("users", help="Comptes : nommer un animateur, suspendre, rouvrir.")


@user_commands.command(
    "create-animator", help="Donne à quelqu’un le rôle d’animateur du site, et un compte s’il le faut."
)
@click.argument("email", metavar="ADRESSE")
@click.option("--first-name", default="", help="Son prénom, pour un nouveau compte.")
@click.option("--last-name", default="", help="Son nom, pour un nouveau compte.")
def create_animator(email, first_name, last_name):
    """Make somebody an animator; print the link where the owner of a new account chooses the password."""
    try:
        email = accounts.normal_email(validate_email(email, check_deliverability=False).normalized)
    except EmailNotValidError:
        sys.exit(f"« {email} » n’est pas une adresse électronique complète, comme prenom.nom@exemple.fr.")
    if accounts.by_email(email) is None:
        first_name = one_line(first_name or click.prompt("Prénom"))[:80]
        last_name = one_line(last_name or click.prompt("Nom"))[:80]
    begin_write()
    try:
        user = moderation.make_animator(email, first_name=first_name, last_name=last_name)
    except moderation.Shut as error:
        sys.exit(str(error))
    link = "" if user.password_hash else renewals.reset_address(user)
    db.session.commit()
    click.echo(f"{user.name} ({user.email}) anime maintenant le site.")
    if link:
        click.echo(f"Pour choisir son mot de passe, dans l’heure : {link}")
        click.echo("Après, un autre lien s’obtient par « Mot de passe oublié ? » sur la page de connexion.")


@user_commands.command("list", help="Montre les comptes, un par ligne.")
def list_users():
    """Print the accounts that are not closed."""
    for user in db.session.scalars(select(User).where(User.closed_at.is_(None)).order_by(User.role, User.email)):
        click.echo(f"{user.email:40} {ROLE[user.role]:33} {USER_STATUS[user.status]:22} {user.name}")


@user_commands.command("suspend", help="Suspend un compte ; la personne l’apprend par courriel.")
@click.argument("email", metavar="ADRESSE")
@click.option("--reason", prompt="Raison", help="La raison, que la personne lit.")
def suspend_user(email, reason):
    """Suspend an open account."""
    begin_write()
    user = accounts.by_email(email)
    if user is None or not user.is_active:
        sys.exit(f"Aucun compte ouvert n’a l’adresse {email} (flask --app wsgi users list).")
    if closing.is_last_animator(user):
        sys.exit("C’est le seul compte qui anime le site : nommez d’abord quelqu’un d’autre (users create-animator).")
    moderation.suspend(user, actor_id=None, reason=reason)
    db.session.commit()
    click.echo(f"Le compte de {user.name} est suspendu.")


@user_commands.command("restore", help="Rouvre un compte suspendu.")
@click.argument("email", metavar="ADRESSE")
def restore_user(email):
    """Open a suspended account again."""
    begin_write()
    user = accounts.by_email(email)
    if user is None or user.status != UserStatus.SUSPENDED:
        sys.exit(f"Aucun compte suspendu n’a l’adresse {email} (flask --app wsgi users list).")
    moderation.restore(user, actor_id=None)
    db.session.commit()
    click.echo(f"Le compte de {user.name} est de nouveau ouvert.")


outbox_commands = Commands("outbox", help="Courriels et SMS du site.")
bounce_commands = Commands("bounces", help="Courriels revenus : les avis des serveurs qui les ont refusés.")
job_commands = Commands("jobs", help="Tâches régulières.")


@outbox_commands.command("list", help="Montre les derniers messages.")
@click.option("--number", default=20, show_default=True, help="Combien.")
def list_outbox(number):
    """Print the newest deliveries, one a line."""
    for row in db.session.scalars(select(Delivery).order_by(Delivery.id.desc()).limit(number)):
        double = " (doublon possible)" if row.is_maybe_double else ""
        state = DELIVERY_STATE[row.state]
        click.echo(f"{row.id:6} {CHANNEL[row.channel]:8} {state:16} {row.recipient:30} {row.subject}{double}")


@outbox_commands.command("show", help="Montre un message tel qu’il part.")
@click.argument("number", type=int, metavar="NUMÉRO")
def show_outbox(number):
    """Print one delivery as it leaves."""
    row = db.session.get(Delivery, number)
    if row is None or row.content is None:
        sys.exit(f"Le message {number} n’existe pas, ou son texte est effacé (flask --app wsgi outbox list).")
    click.echo(make(row).as_string() if row.channel == Channel.MAIL else text_of(row))


@bounce_commands.command("read", help="Lit des avis : fichiers, dossiers Maildir, ou l’entrée standard.")
@click.argument("paths", nargs=-1, metavar="[CHEMIN…]", type=click.Path(exists=True, path_type=Path))
def read_bounces(paths):
    """Note which mails came back; of whatever is no such report, say so on the error output."""
    for name, raw in _reports(paths):
        try:
            reports = bounces.read(raw)
        except bounces.NoReport as error:
            click.echo(f"{name} : ignoré, {error}.", err=True)
            continue
        begin_write()
        noted = [bounces.note(report) for report in reports]
        db.session.commit()
        click.echo(f"{name} : {plural(sum(noted), 'courriel revenu', 'courriels revenus')}.")
        if not all(noted):
            click.echo(f"{name} : avis déjà lu, ou d’un courriel que ce site n’a pas envoyé là.", err=True)


def _reports(paths):
    """Yield the name and the bytes of each mail."""
    if not paths:
        yield "entrée standard", sys.stdin.buffer.read(bounces.BIGGEST)
    for path in paths:
        folders = (path / "new", path / "cur") if path.is_dir() else ()
        files = sorted(file for folder in folders if folder.is_dir() for file in folder.iterdir() if file.is_file())
        for file in files if path.is_dir() else [path]:
            yield file, file.read_bytes()


@job_commands.command("list", help="Montre les tâches et comment elles vont.")
def list_jobs():
    """Print the jobs, one a line."""
    rows = {row.name: row for row in db.session.scalars(select(Job))}
    for name in sorted(JOBS):
        click.echo(_job_line(name, rows.get(name)))


def _job_line(name, row):
    if row is None or not row.runs:
        return f"{name:12} jamais lancée"
    went = "erreur" if row.outcome else "bien"
    last = f"{row.last_run:%Y-%m-%d %H:%M:%S} ({row.seconds:.1f} s)"
    return f"{name:12} {went:14} {last:28} prochaine fois : {row.next_run:%Y-%m-%d %H:%M:%S} UTC"


@job_commands.command("run", help="Lance une tâche maintenant.")
@click.argument("name", metavar="TÂCHE", type=click.Choice(list(JOBS)))
def run_job(name):
    """Run one job in this process."""
    clock.set_up()
    if not clock.claim(name, even_if_not_due=True):
        sys.exit("Cette tâche tourne déjà ailleurs. Recommencez dans une minute.")
    if not clock.run(name):
        sys.exit(db.session.get(Job, name).outcome)


@job_commands.command("serve", help="Fait tourner les tâches dans ce processus, à la place du site (SCHEDULER=off).")
def serve_jobs():
    """Run the clock until the process is told to stop."""
    clock.serve(current_app._get_current_object())


version_commands = Commands("versions", help="Anciennes versions des documents écrits à plusieurs.")


@version_commands.command("size", help="Montre ce que pèsent les versions de chaque document écrit à plusieurs.")
def weigh_versions():
    """Print the documents that several people write, the heaviest first, and what their versions take."""
    for row, known in thinning.weights():
        full = f"{weight(known.size)} (copies entières : environ {weight(known.full)})"
        click.echo(f"{row.id:6} {known.versions:5} versions, {full}  {row.title}")


@version_commands.command(
    "thin", help=f"Supprime d’anciennes versions des documents écrits à plusieurs. {thinning.RULE}"
)
@click.option("--older-than", type=click.IntRange(min=thinning.LEAST_DAYS), default=90, show_default=True,
              metavar="JOURS", help="Seules des versions plus anciennes disparaissent.")  # fmt: skip
@click.option("--document", type=int, metavar="NUMÉRO", help="D’un seul document : le numéro dans son adresse.")
@click.option("--dry-run", is_flag=True, help="Compte, sans rien supprimer.")
def thin_versions(older_than, document, dry_run):
    """Delete former versions, some hundred in each transaction."""
    documents = thinning.documents(document)
    if document and not documents:
        sys.exit(f"Aucun document écrit à plusieurs n’a le numéro {document} (flask --app wsgi versions size).")
    if dry_run:
        gone = [thinning.weight_of(thinning.plan(one, older_than)) for one in documents]
    else:
        gone = [part for one in documents for part in _thinned(one, older_than)]
    count, size = sum(part.versions for part in gone), sum(part.size for part in gone)
    said = "À supprimer" if dry_run else "Supprimé"
    click.echo(f"{said} : {count} version{'s' if count > 1 else ''}, {weight(size) if size else '0 octet'}.")


def _thinned(document, older_than):
    """Yield what each transaction has deleted, until nothing is left to delete."""
    while True:
        begin_write()
        part = thinning.thin(document, older_than)
        db.session.commit()
        if not part.versions:
            return
        yield part
