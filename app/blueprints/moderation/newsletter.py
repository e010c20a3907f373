"""`/animation/lettre`: the monthly letter, from its draft to what its readers will get."""

import base64
import hashlib
import re

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from sqlalchemy import select

from app.access import may_prepare_letter, require, viewer_of
from app.blueprints.web import POLICY, current_viewer, lock_writer, lost, paginate, require_token, secure
from app.extensions import begin_write, db
from app.forms.newsletter import DayForm, make_form
from app.labels import ISSUE_SECTION, IssueSection
from app.markup import WHOLE, render
from app.models import NewsletterIssue, User
from app.models.types import utcnow
from app.notifications import newsletter as mails
from app.notifications.links import site_address
from app.services import layout, mailing, newsletter, settings
from app.templating import month as said
from app.templating import of, plural

bp = Blueprint("newsletter", __name__, url_prefix="/animation/lettre")

NUMBER = "([0-9]{1,9})"
SECTION = f"({'|'.join(IssueSection)})"
LEFT = "Cette lettre est partie, ou en train de partir : on ne peut plus la changer."


def _complete(issue):
    number = newsletter.complete(issue, utcnow())
    if not number:
        return "ajouter", "Rien de nouveau n’a été publié depuis."
    return "", f"{plural(number, 'nouveauté est ajoutée', 'nouveautés sont ajoutées')}, à la fin des rubriques."


# The name of a button → what it does to an issue: the anchor to come back to, and what is said.
ACTS = {
    f"item-{NUMBER}-{NUMBER}": lambda issue, item, place: (
        layout.place(issue, int(item), int(place)) or f"i{item}", "L’élément a changé de place."),
    f"save-{NUMBER}": lambda issue, item: (f"i{item}", "C’est enregistré."),
    f"drop-{NUMBER}": lambda issue, item: (
        layout.drop(issue, int(item), True) or f"i{item}", "L’élément est retiré de la lettre."),
    f"back-{NUMBER}": lambda issue, item: (
        layout.drop(issue, int(item), False) or f"i{item}", "L’élément est remis dans la lettre."),
    f"section-{SECTION}-{NUMBER}": lambda issue, name, place: (
        layout.place_section(issue, name, int(place)) or name, "La rubrique a changé de place."),
    f"out-{SECTION}": lambda issue, name: (
        layout.drop_section(issue, name) or "retirees", "La rubrique est retirée de la lettre."),
    f"in-{SECTION}": lambda issue, name: (
        layout.place_section(issue, name, len(IssueSection)) or name, "La rubrique est remise à la fin de la lettre."),
    f"add-([ap])-{NUMBER}": lambda issue, letter, row: (
        layout.add(issue, letter, int(row)) or "ajouter", "C’est ajouté à la lettre."),
    "complete": _complete,
}  # fmt: skip


@bp.route("", methods=["GET", "POST"])
def index():
    """Show where the letter stands and what comes next, the issues, and the day of the month that is chosen."""
    require(may_prepare_letter(current_viewer()))
    form = DayForm(data={"day": str(newsletter.letter_day())})
    if form.validate_on_submit():
        begin()
        settings.put(newsletter.DAY, str(int(form.day.data)))
        db.session.commit()
        flash(f"C’est noté : le brouillon est préparé le {int(form.day.data)} de chaque mois.")
        return redirect(url_for(".index"))
    page = paginate(select(NewsletterIssue).order_by(NewsletterIssue.month.desc()), per_page=12)
    members, outside = newsletter.readers()
    return render_template(
        "moderation/newsletter/index.html",
        form=form,
        newest=newsletter.newest(),
        page=page,
        figures={issue.id: mailing.figures(issue) for issue in page.items if issue.has_left},
        members=members,
        outside=outside,
        this_month=newsletter.month_of(utcnow()),
        letter_day=newsletter.letter_day(),
    ), *form.outcome


@bp.post("/preparation")
def prepare():
    """Draft the issue of this month now, or open it when it is there."""
    require(may_prepare_letter(current_viewer()))
    require_token()
    begin()
    now = utcnow()
    made = newsletter.draft(now)
    db.session.commit()
    if made:
        flash(f"Le brouillon de la lettre {of(said(made.month))} est prêt. Relisez-le : rien n’est encore envoyé.")
    return redirect(url_for(".edit", month=f"{newsletter.month_of(now):%Y-%m}"))


@bp.route("/<month>", methods=["GET", "POST"])
def edit(month):
    """Arrange an issue: one form, whose every button saves all that was typed."""
    issue = find(month)
    if issue.has_left and request.method == "GET":
        flash(LEFT)
        return redirect(url_for("moderation.sending.show", month=month))
    form = make_form(issue)
    if form.validate_on_submit() and (answer := _save(form, month, render(form.introduction.data, WHOLE))):
        return answer
    question = request.args.get("q", "") if request.method == "GET" else form.q.data
    if request.method == "GET":
        form.q.data = question[:100].replace("\0", "")
    return _show(form, month), *form.outcome


def _show(form, month):
    issue = find(month)
    shown = [name for name in issue.sections if layout.in_section(issue, name)]
    sections = []
    for name, former, later in zip(shown, [None, *shown], [*shown[1:], None], strict=False):
        places = {side: other and issue.sections.index(other) + 1 for side, other in (("up", former), ("down", later))}
        sections.append({"name": name, "items": layout.in_section(issue, name)} | places)
    return render_template(
        "moderation/newsletter/edit.html",
        form=form,
        issue=issue,
        sections=sections,
        without=[name for name in IssueSection if name not in issue.sections and layout.in_section(issue, name)],
        gone={
            item.id for rows in [newsletter.rows_of(issue)] for item in issue.items if not newsletter.stands(item, rows)
        },
        offers=layout.offers(issue, form.q.data or ""),
        section_names=ISSUE_SECTION,
    )


def _save(form, month, html):
    """Save all that was typed, then do what the button asks; None: the form says why not."""
    begin()
    issue = find(month, is_locked=True)
    if issue.has_left:
        db.session.rollback()
        back = ("Voir où en est l’envoi", url_for("moderation.sending.show", month=month))
        return lost("La lettre est déjà partie", LEFT, form.texts, back)
    merged = form.merge(issue)
    if merged is None:
        db.session.rollback()
        return None
    columns, items = merged
    if "introduction" in columns:
        columns["introduction_html"] = html
    layout.write(issue, columns, items)
    if form.brief:
        layout.add_brief(issue, *form.brief)
    anchor, words = _act(issue)
    if form.brief and not anchor:
        anchor, words = IssueSection.BRIEFS, "La brève est ajoutée à la lettre."
    db.session.commit()
    flash(words)
    return redirect(_next(form, month, anchor))


def _act(issue):
    """Do what the button that was pressed says; return the anchor to come back to, and what is said."""
    for name in request.form:
        for pattern, act in ACTS.items():
            if found := re.fullmatch(pattern, name):
                return act(issue, *found.groups())
    if "search" in request.form:
        return "ajouter", "C’est enregistré. Voici ce que la recherche a trouvé."
    return "", "C’est enregistré. Rien n’est encore envoyé."


def _next(form, month, anchor):
    if "preview" in request.form:
        return url_for(".preview", month=month)
    if "send" in request.form:
        return url_for("moderation.sending.show", month=month)
    return url_for(".edit", month=month, q=form.q.data or None, _anchor=anchor or None)


@bp.get("/<month>/apercu")
def preview(month):
    """Tell what the mail weighs, and show it as text; a link leads to the mail."""
    issue = find(month)
    content = _content(issue)
    texts = {kind: mails.body(content, kind, _stop()) for kind in ("html", "txt")}
    return render_template(
        "moderation/newsletter/preview.html",
        issue=issue,
        text=texts["txt"],
        size=sum(len(text.encode()) for text in texts.values()),
        is_cut=mails.is_cut(content),
    )


@bp.get("/<month>/apercu.html")
def mail(month):
    """Show the mail itself, as a page of its own whose style is allowed by its hash."""
    html = mails.body(_content(find(month)), "html", _stop())
    hashes = [hashlib.sha256(style.encode()).digest() for style in re.findall(r"<style[^>]*>(.*?)</style>", html, re.S)]
    response = Response(html)
    secure(response, POLICY.format(" ".join(f"'sha256-{base64.b64encode(one).decode()}'" for one in hashes)))
    return response


@bp.get("/<month>/apercu.txt")
def text(month):
    """Show the text of the mail, for those whose mail program shows nothing else."""
    body = mails.body(_content(find(month)), "txt", _stop())
    return Response(body, content_type="text/plain; charset=utf-8")


def _content(issue):
    return issue.content if issue.has_left and issue.content else newsletter.compose(issue)


def _stop():
    """In a preview, nobody unsubscribes: the link leads to the page about the letter."""
    return site_address("public.newsletter.index")


# For all pages about an issue ---------------------------------------------------------------------------------------


def find(month: str, *, is_locked: bool = False) -> NewsletterIssue:
    """Return the issue of a month (« 2026-11 »), or abort: 403 to those who do not prepare the letter."""
    require(may_prepare_letter(current_viewer()))
    query = select(NewsletterIssue).where(NewsletterIssue.month == (newsletter.read_month(month) or abort(404)))
    if is_locked:
        query = query.with_for_update().execution_options(populate_existing=True)
    return db.session.scalar(query) or abort(404)


def begin() -> User:
    """Begin to write, if whoever asks still prepares the letter at this instant; return who that is."""
    begin_write()
    me = lock_writer()
    require(may_prepare_letter(viewer_of(me)))
    return me
