"""`/animation/articles`: what the site publishes, from a referent's proposal to the bin."""

import secrets

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_login import current_user
from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from app.access import (
    articles_kept_by,
    may_edit_article,
    may_publish_articles,
    may_write_articles,
    readable,
    require,
    viewer_of,
)
from app.blueprints import uploads
from app.blueprints.moderation import article_saving as saving
from app.blueprints.web import current_viewer, paginate, require_token
from app.extensions import begin_write, db
from app.forms.articles import ArticleForm, ArticlesForm, ReturnForm
from app.forms.publications import date_in
from app.forms.versions import RestoringForm
from app.jobs.contents import delete_unused
from app.labels import ARTICLE_OF_PATH
from app.markup import TextTooComplex
from app.models import Article
from app.notifications.articles import hears_of
from app.services import articles, attachments, bin, places, publishing, referents, revisions
from app.templating import quoted

bp = Blueprint("articles", __name__, url_prefix="/animation/articles")

PER_PAGE = 20
WRITING = ("moderation.articles.new", "moderation.articles.edit")
DECIDED = "Cet article n’attend plus de réponse : voici où il en est."
LACKING = "Il manque encore quelque chose avant de publier."
MEANWHILE = "Le texte a changé pendant que vous lisiez : regardez d’abord ce qui est arrivé."
NO_AUTHOR = "Son auteur n’écrit plus d’articles sur ce site : vous pouvez le publier, ou le mettre à la corbeille."
RETURNED = {
    True: "L’article est rendu à son auteur, qui l’apprend par courriel.",
    False: "L’article est rendu à son auteur, qui le verra parmi ses articles. Le site ne lui écrit pas.",
}
OWED = "Son auteur attend une réponse : rendez-lui d’abord l’article, avec un mot. Il n’est pas à la corbeille."
OWED_FIRST = "Son auteur attend une réponse : oubliez d’abord la date, puis rendez-lui l’article, avec un mot."
GONE = "Ce n’est plus dans la corbeille : quelqu’un l’a remis à sa place, ou les 30 jours sont passés."
GONE_FILE = "Ce fichier n’attend plus : quelqu’un l’a remis à sa place, ou les 30 jours sont passés."
WHOLE = (
    joinedload(Article.author), joinedload(Article.series), joinedload(Article.picture), joinedload(Article.thumbnail),
    selectinload(Article.themes), selectinload(Article.territories),
)  # fmt: skip


@bp.before_request
def _make_room():
    """Let those who write articles send several large files."""
    if request.method == "POST" and request.endpoint in WRITING:
        uploads.make_room(may_send=may_write_articles(current_viewer()))


# Lists ------------------------------------------------------------------------------------------------------------


@bp.get("")
def index():
    """List what waits for approval, then all that the viewer looks after."""
    viewer = current_viewer()
    require(may_write_articles(viewer))
    form = ArticlesForm(request.args)
    form.validate()
    kind = ARTICLE_OF_PATH.get(form.type.data, "")
    is_whole = not form.errors and not (form.q.data or form.narrowed)
    query = articles.kept(viewer, form.q.data or "", kind, form.etat.data if not form.errors else "")
    return render_template(
        "moderation/articles/index.html", form=form, page=None if form.errors else paginate(query, PER_PAGE),
        waiting=list(db.session.scalars(articles.waiting(viewer).limit(PER_PAGE))) if is_whole else [],
        publishes=may_publish_articles(viewer),
        kept={name: form[name].data for name in ("q", "type", "etat") if form[name].data},
    ), *form.outcome  # fmt: skip


@bp.get("/corbeille")
def discarded():
    """Show what was deleted in the last 30 days."""
    viewer = current_viewer()
    require(may_write_articles(viewer))
    page = paginate(articles.in_bin(viewer), PER_PAGE)
    return render_template(
        "moderation/articles/discarded.html", page=page, end_of=bin.end_of,
        edits=lambda article: may_edit_article(viewer, article),
    )  # fmt: skip


# One article ------------------------------------------------------------------------------------------------------


def _find(article_id, *options):
    """Return an article that the viewer looks after, or abort."""
    viewer = current_viewer()
    require(may_write_articles(viewer))
    theirs = select(Article).where(Article.id == article_id, readable(Article, viewer), articles_kept_by(viewer))
    return db.session.scalar(theirs.options(*options)) or abort(404)


@bp.get("/<id:article_id>")
def show(article_id):
    """Show an article as its readers see it, where it stands, and what one can do with it."""
    article, viewer = _find(article_id, *WHOLE), current_viewer()
    edits = may_edit_article(viewer, article)
    return render_template(
        "moderation/articles/show.html", article=article, files=attachments.of(article),
        taken_away=attachments.taken_away(article) if edits else [],
        publishes=may_publish_articles(viewer), edits=edits, is_author=article.author_id == viewer.user_id,
        key=secrets.token_hex(16),
        has_author=articles.has_author(article), is_owed=articles.is_owed_answer(article, viewer.user_id),
        begun=revisions.unsaved(article, current_user) if articles.is_out(article) else None,
    )  # fmt: skip


@bp.route("/nouveau", methods=["GET", "POST"])
def new():
    """Write a new article. A form that is sent again changes what it has made."""
    if _was_writer():
        return saving.lost()
    require(may_write_articles(current_viewer()))
    article = _made_by(request.form.get("key", ""))
    if article is not None and not may_edit_article(current_viewer(), article):
        return saving.lost()
    return _write(article, is_new=True)


def _was_writer():
    """Tell whether somebody sends a text who is logged in, and writes none any more."""
    viewer = current_viewer()
    return request.method == "POST" and viewer.user_id and not may_write_articles(viewer) and "body" in request.form


def _made_by(key):
    """Return what the form with this key has made already."""
    if not (key.isalnum() and key.isascii()):
        return None
    made = select(Article).where(Article.key == key, Article.author_id == current_user.id)
    return db.session.scalar(made.options(*WHOLE))


@bp.route("/<id:article_id>/modifier", methods=["GET", "POST"])
def edit(article_id):
    """Change an article. What somebody sends is not lost because it was deleted, or published, meanwhile."""
    viewer = current_viewer()
    if request.method == "GET":
        article = _find(article_id, *WHOLE)
        require(may_edit_article(viewer, article))
        return _write(article)
    if _was_writer():
        return saving.lost()
    require(may_write_articles(viewer))
    theirs = select(Article).where(Article.id == article_id, articles_kept_by(viewer))
    if (article := db.session.scalar(theirs.options(*WHOLE))) is None:
        return saving.lost(404)  # its author may have taken it back meanwhile
    return _write(article) if may_edit_article(viewer, article) else saving.lost()


@bp.post("/<id:article_id>/modifier/oubli")
def forget(article_id):
    """Forget a change that was begun and not saved, with the files that came for it."""
    article, me = _begin(article_id)
    require(may_edit_article(viewer_of(me), article))
    revisions.drop_unsaved(article, me)
    digests = attachments.erase(attachments.waiting(article, me))
    db.session.commit()
    delete_unused(digests)
    flash("La modification commencée est oubliée.")
    return redirect(url_for(".edit", article_id=article_id))


# The form ---------------------------------------------------------------------------------------------------------


def _write(article, *, is_new=False):
    """Show the form, or do what was asked with it."""
    form = _form(article)
    if request.method == "POST" and (answer := _take(form, article)):
        return answer
    return _page(form, article, is_new)


def _form(article):
    aside = revisions.unsaved(article, current_user) if article and articles.is_out(article) else None
    is_resumed = aside is not None and request.method == "GET" and not {"apercu", "reprise"}.isdisjoint(request.args)
    content = aside.content if is_resumed else date_in(request.args)
    form = ArticleForm(article, publishes=may_publish_articles(current_viewer()), content=content)
    offered = {"offered": referents.offered(), "places": places}
    form.arrange(themes=publishing.themes(), series=articles.series(), **offered)
    is_own_draft = article is not None and not articles.is_out(article) and request.method == "GET"
    _offer_files(form, article, is_resumed=is_resumed or is_own_draft)
    form.aside, form.is_resumed = aside, is_resumed
    return form


def _offer_files(form, article, *, is_resumed):
    """Tell the form which files are there already, those that wait for it to be right among them."""
    if article is None:
        return
    every = attachments.waiting(article, current_user)
    waiting = [one for one in every if is_resumed or one.id in form.sent_ids]
    form.sent.data = ""
    form.offer(attachments.of(article))
    form.add_sent(waiting)


def _take(form, article):
    """Do what was asked; return where to go next, or nothing when the form comes back."""
    is_right = form.validate()
    if form.was_kept or form.csrf_token.errors:
        return None  # whoever sent this is perhaps not the person who is logged in
    incoming, picture = uploads.read(form), saving.receive_picture(form)
    article_id = article.id if article else None
    if is_right and not form.errors:
        return saving.save(form, article_id, incoming, picture)
    saving.hold(form, article_id, incoming, picture)
    return None


def _page(form, article, is_new):
    article = form.article or article
    is_preview = article is not None and request.method == "GET" and "apercu" in request.args
    picture = article.picture if article else None  # a preview may show the article without it
    return render_template(
        "moderation/articles/edit.html", form=form, article=article, is_new=is_new,
        shown=_preview(form, article) if is_preview else None, picture=picture,
        files=[entry.attachment for entry in form.entries],
    ), *form.outcome  # fmt: skip


def _preview(form, article):
    """Return the article as readers would see it. What is tried on something published is never written to its row."""
    if not form.is_resumed:
        return article
    try:
        fields = articles.rendered(form.fields)
    except TextTooComplex:
        return None
    themes = [theme for theme in publishing.themes() if theme.id in form.themes.data]
    db.session.expunge(article)  # loaded whole: see `edit`
    article.themes = themes
    for name, value in fields.items():
        setattr(article, name, value)
    if form.drop_picture.data:
        article.picture = article.thumbnail = None
    return article


# What becomes of it -----------------------------------------------------------------------------------------------


def _begin(article_id):
    """Begin to write; return the article, locked, and who does it, if it is still theirs at this instant."""
    _find(article_id)
    require_token()
    begin_write()
    article, me = saving.lock(article_id)
    if article is None or article.deleted_at is not None:
        abort(404)
    return article, me


def _decide(article_id):
    """As `_begin`, for those who decide what is published."""
    require(may_publish_articles(current_viewer()))
    article, me = _begin(article_id)
    require(may_publish_articles(viewer_of(me)))
    return article, me


def _done(article_id, sentence, place=None):
    db.session.commit()
    flash(sentence)
    return redirect(place or url_for(".show", article_id=article_id))


@bp.post("/<id:article_id>/publication")
def publish(article_id):
    """Publish a draft as it was read; not what its author has written since."""
    article, me = _decide(article_id)
    if article.published_at is not None:
        return _done(article_id, "Cet article est déjà publié.")
    if lacks := ArticleForm(article, publishes=True, formdata=None).lacks:
        db.session.rollback()
        flash(" ".join([LACKING, *lacks.values()]))
        return redirect(url_for(".edit", article_id=article_id))
    if request.form.get("act") != str(article.version):
        return _done(article_id, MEANWHILE)
    articles.publish(article, me)
    return _done(article_id, "C’est publié : tout le monde peut le lire.")


@bp.post("/<id:article_id>/brouillon")
def unschedule(article_id):
    """Take an article back to the drafts before its date."""
    article, me = _decide(article_id)
    if article.published_at is not None:
        return _done(article_id, "Trop tard : cet article vient d’être publié.")
    articles.unschedule(article)
    sentence = "La date est oubliée : l’article est de nouveau un brouillon."
    return _done(article_id, sentence, saving.place_of(article, me))


@bp.post("/<id:article_id>/reprise")
def take_back(article_id):
    """Take one's own article back before anything is decided."""
    article, me = _begin(article_id)
    if article.author_id != me.id or not may_edit_article(viewer_of(me), article):
        return _done(article_id, DECIDED)
    articles.take_back(article)
    return _done(article_id, "Vous avez repris votre article : l’animation du site ne le voit plus.")


@bp.route("/<id:article_id>/retour", methods=["GET", "POST"])
def give_back(article_id):
    """Give a submitted article back to its author, and say why."""
    require(may_publish_articles(current_viewer()))
    article = _find(article_id, joinedload(Article.author))
    is_decided = article.submitted_at is None or articles.is_out(article)
    if is_decided or not articles.has_author(article):
        flash(DECIDED if is_decided else NO_AUTHOR)
        return redirect(url_for(".show", article_id=article_id))
    form = ReturnForm()
    if form.validate_on_submit():
        article, me = _decide(article_id)
        is_done = articles.give_back(article, me, form.reason.data)
        said = RETURNED[hears_of(article)] if is_done else DECIDED
        db.session.commit()
        flash(said)
        return redirect(url_for(".index"))
    return render_template("moderation/articles/give_back.html", form=form, article=article), *form.outcome


@bp.post("/<id:article_id>/une")
def pin(article_id):
    """Put an article before the others, or among them again."""
    article, _ = _decide(article_id)
    is_pinned = request.form.get("act") != "cancel"
    articles.pin(article, is_pinned=is_pinned)
    return _done(article_id, "C’est à la une." if is_pinned else "Ce n’est plus à la une.")


@bp.post("/<id:article_id>/fin")
def expire(article_id):
    """Take an article out of all lists from now on."""
    article, _ = _decide(article_id)
    articles.expire(article)
    return _done(article_id, "L’article n’est plus dans les listes. Son adresse marche encore.")


@bp.post("/<id:article_id>/copie")
def duplicate(article_id):
    """Begin a new draft with the same texts, themes, territories and files."""
    article, me = _begin(article_id)
    key = request.form.get("act", "")
    made = articles.duplicate(article, me, key) if key.isalnum() and len(key) == 32 else abort(400)
    if made is None:
        abort(400)  # no button of ours
    made_id = made.id
    db.session.commit()
    flash("Voici la copie : c’est un brouillon, que personne d’autre ne voit.")
    return redirect(url_for(".edit", article_id=made_id))


@bp.route("/<id:article_id>/suppression", methods=["GET", "POST"])
def delete(article_id):
    """Ask once, then move an article into the bin."""
    article = _find(article_id)
    require(may_edit_article(current_viewer(), article))
    if articles.is_owed_answer(article, current_user.id):
        return _answer_first(article)
    if request.method == "GET":
        return render_template("moderation/articles/delete.html", article=article)
    article, me = _begin(article_id)
    require(may_edit_article(viewer_of(me), article))
    if articles.is_owed_answer(article, me.id):
        return _answer_first(article)
    articles.delete(article, me)
    name = article.name
    db.session.commit()
    flash(f"{quoted(name)} est dans la corbeille.")
    return redirect(url_for(".discarded"))


def _answer_first(article):
    place = url_for(".show" if article.publish_on else ".give_back", article_id=article.id)
    return _done(article.id, OWED_FIRST if article.publish_on else OWED, place)


@bp.post("/<id:article_id>/retour-de-la-corbeille")
def recover(article_id):
    """Take an article out of the bin."""
    require(may_write_articles(current_viewer()))
    require_token()
    begin_write()
    article, me = saving.lock(article_id)
    if article is None:
        flash(GONE)
        return redirect(url_for(".discarded"))
    require(may_edit_article(viewer_of(me), article))
    articles.recover(article, me)
    return _done(article_id, "C’est remis à sa place.")


@bp.post("/<id:article_id>/fichiers/<id:attachment_id>/retour")
def recover_file(article_id, attachment_id):
    """Give a file back to the article that it was taken away from."""
    article, me = _begin(article_id)
    require(may_edit_article(viewer_of(me), article))
    found = next((one for one in attachments.taken_away(article) if one.id == attachment_id), None)
    if found is None:
        return _done(article_id, GONE_FILE)
    name = found.file.name
    is_back = articles.recover_file(article, found)
    return _done(article_id, f"{quoted(name)} est remis à sa place." if is_back else attachments.TOO_MANY)


# Versions ---------------------------------------------------------------------------------------------------------


@bp.get("/<id:article_id>/versions")
def versions(article_id):
    """List the versions, kept from the publication on."""
    article = _find(article_id)
    page = paginate(revisions.saved(article), per_page=revisions.LISTED)
    sized = revisions.with_sizes(article, page.items)
    return render_template("moderation/articles/versions.html", article=article, page=page, sized=sized)


@bp.get("/<id:article_id>/versions/<id:number>")
def version(article_id, number):
    """Show one version: whole, or what it changed, or how it differs from the present one."""
    article = _find(article_id, *WHOLE)
    revision = revisions.find(article, number) or abort(404)
    newest = revisions.newest_number(article)
    compared = revisions.compared(article, revision, request.args.get("voir", ""))
    edits = may_edit_article(current_viewer(), article)
    return render_template(
        "moderation/articles/version.html", article=article, revision=revision, compared=compared,
        is_newest=number == newest, shown=_as_it_was(revision) if compared is None else None,
        texts=revisions.in_words(revision.content),
        form=RestoringForm(formdata=None, data={"newest": newest}) if edits else None,
    )  # fmt: skip


def _as_it_was(revision):
    try:
        return Article(**articles.fields_of(revision), created_at=revision.created_at)  # in no session
    except TextTooComplex:  # the limits were wider once
        return None


@bp.post("/<id:article_id>/versions/<id:number>/retour")
def restore(article_id, number):
    """Make a former text the present one, as a new version; never over what somebody saved unseen."""
    article = _find(article_id)
    require(may_edit_article(current_viewer(), article))
    revision = revisions.find(article, number) or abort(404)
    there = url_for(".version", article_id=article_id, number=number, voir=revisions.PRESENT)
    try:
        fields = articles.fields_of(revision)
    except TextTooComplex as error:  # the limits were wider once
        flash(str(error))
        return redirect(there)
    article, me = _begin(article_id)
    require(may_edit_article(viewer_of(me), article))
    if RestoringForm().newest.data != str(revisions.newest_number(article)):
        db.session.rollback()
        flash(MEANWHILE)
        return redirect(there)
    is_new = articles.restore(article, fields, number, me)
    said = f"La version n° {number} est rétablie." if is_new else "Cette version est déjà la version actuelle."
    return _done(article_id, said)
