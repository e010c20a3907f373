"""What becomes of the form of an article that was sent: saved, set aside, held back until it is right. Nothing in it is
lost."""

from flask import flash, redirect, request, url_for
from sqlalchemy import select
from werkzeug.exceptions import HTTPException

from app.access import articles_kept_by, may_edit_article, may_write_articles, viewer_of
from app.blueprints import uploads
from app.blueprints.web import current_viewer, lock_writer
from app.blueprints.web import lost as lost_page
from app.extensions import begin_write, db
from app.forms.articles import ArticleForm
from app.forms.base import whole_number
from app.jobs.contents import delete_unused
from app.labels import ARTICLE_KIND, KEPT_FIELD
from app.models import Article, User
from app.services import articles, attachments, pictures, revisions, writing
from app.services.articles import Asked
from app.services.writing import Became, Changed, Refused, Taken
from app.templating import sitting

KEPT = "Votre brouillon est gardé."
ASKED = "C’est proposé. L’animation du site en est prévenue, et vous dira ce qu’elle décide."
STILL_ASKED = "C’est enregistré. Votre article attend la réponse de l’animation du site."
NOT_ALL = "L’article est enregistré. Il manque encore un fichier : voyez pourquoi ci-dessous."
CHOOSE_AGAIN = "Choisissez votre image encore une fois, puis enregistrez."
OUT_MEANWHILE = (
    "L’article a été publié entre-temps. Les lecteurs voient le texte d’avant. Le vôtre est gardé ici, pour vous "
    "seul : relisez-le, puis appuyez sur « Enregistrer » s’il doit le remplacer."
)
SHUT = "Vous ne pouvez plus changer cet article"
WHY_SHUT = (
    "Il est publié, ou sa publication est prévue, ou il n’est plus à vous. Voici ce que vous aviez écrit.",
    "Vous n’écrivez plus d’articles pour ce site. Voici ce que vous aviez écrit.",
)
NO_FILES = " Les fichiers et l’image ne sont pas gardés : il faudra les choisir encore une fois."


def lock(article_id: int) -> tuple[Article | None, User]:
    """Return an article that is going to change, and who changes it, both locked and as they are at this instant. Call
    it in a write transaction, then look at the rights again: they may be gone. None: the row is, or is not theirs."""
    me = lock_writer()
    locked = select(Article).where(Article.id == article_id, articles_kept_by(viewer_of(me)))
    locked = locked.with_for_update(of=Article, key_share=True).execution_options(populate_existing=True)
    return db.session.scalar(locked), me


def lost(code: int = 403):
    """Answer with all that was typed, for an article that its writer may not change any more."""
    is_writer = may_write_articles(current_viewer())
    why = WHY_SHUT[not is_writer] + (NO_FILES if any(request.files.values()) else "")
    said = [(_label(name), ARTICLE_KIND.get(value, value)) for name, value in request.form.items(multi=True)]
    texts = [f"{label} : {value}" for label, value in said if label and value.strip()]
    return lost_page(SHUT, why, texts, ("Revenir aux articles", url_for(".index")) if is_writer else None), code


def _label(name):
    return "Ce que montre un fichier" if name.startswith("image-") else KEPT_FIELD.get(name)


def receive_picture(form: ArticleForm) -> articles.Picture | None:
    """Make the copies of the picture that was sent; the form says what is wrong with it."""
    upload = form.picture.data
    if not upload:
        return None
    try:
        return articles.receive_picture(upload.stream.read(pictures.HEAVIEST + 1), upload.filename)
    except pictures.BadPicture as error:
        form.picture.errors = [str(error)]


def save(form: ArticleForm, article_id: int | None, incoming: list, picture: articles.Picture | None):
    """Do what the button says with a form that is right. Return the answer; nothing when the form comes back."""
    asked = _asked(form, picture)
    begin_write()
    try:
        article, me = _open(form, article_id)
        if article_id is None:
            writing.require_new(article, asked.fields, whole_number(form.again))
        place, words, unused = _do(form, article, me, asked, incoming)
    except articles.Shut:
        db.session.rollback()
        _discard(incoming, picture)
        return lost()
    except Refused as refusal:
        db.session.rollback()
        _explain(form, refusal, article_id)
        hold(form, article_id, incoming, picture)
        return None
    except HTTPException:
        _discard(incoming, picture)
        raise
    db.session.commit()
    delete_unused(unused)
    for sentence in words:
        flash(sentence)
    return place and redirect(place)


def _asked(form, picture):
    return Asked(
        deed=form.deed, fields=articles.rendered(form.fields), theme_ids=form.themes.data,
        territories=form.territories, series_id=form.series.data, new_series=form.new_series.data,
        episode=form.number, version=whole_number(form.version),
        publish_on=form.publish_on, picture=picture, drops_picture=form.drop_picture.data,
    )  # fmt: skip


def _open(form, article_id):
    """Return what is written and who writes it, locked, with the rights of this instant."""
    article, me = lock(article_id or 0)
    viewer = viewer_of(me)
    if not may_write_articles(viewer):
        raise articles.Shut
    if article_id is None and (article := articles.start(me, form.key.data)) is None:
        raise Taken
    if article is None or not may_edit_article(viewer, article):
        raise articles.Shut
    if article.deleted_at is not None:
        raise articles.InBin
    return article, me


def _discard(incoming, picture):
    for each in incoming:
        attachments.discard(each)
    articles.discard_picture(picture)


def _explain(form, refusal, article_id):
    """Let the form say why it comes back, and hold what is needed to send it again."""
    if isinstance(refusal, Taken):
        form.renew_key()
    elif isinstance(refusal, Changed):
        form.changed, form.version.data = refusal.changes, str(refusal.version)
        which = Article.id == article_id if article_id else Article.key == form.key.data
        form.take_date(db.session.scalars(select(Article).where(which)).one())
    elif isinstance(refusal, writing.Repeated):
        form.twin, form.again.data = refusal.twin, str(refusal.twin.id)
    elif isinstance(refusal, articles.WrongNumber):
        form.episode.errors = [refusal.sentence]
        return
    elif isinstance(refusal, articles.NoSeries):
        form.series.data = 0
    if refusal.sentence:
        form.refuse(refusal.sentence)


def _do(form, article, me, asked, incoming):
    """Write all down. Return where to go next (None: the form comes back), what to say, and the digests of contents
    that are of no more use."""
    if articles.is_only_tried(article, asked.deed):
        return *_try_out(form, article, me, incoming, asked.picture), []
    before = _files(article)
    uploads.keep(article, form, incoming)
    unused = articles.save(article, asked, me, has_other_files=_files(article) != before)
    if form.files.errors:
        form.version.data = str(article.version)
        return None, [NOT_ALL], unused
    was_asked = article.submitted_at is not None
    became = articles.conclude(article, asked, me)
    if not form.publishes and became is Became.DRAFT:
        _propose(article, asked.deed)
    return _next(form, article, me), list(_told(form, article, became, was_asked=was_asked)), unused


def _files(article):
    return [(one.id, one.alternative) for one in attachments.of(article)]


def _propose(article, deed):
    if deed == "submit":
        articles.submit(article)
    elif deed == "draft":
        articles.take_back(article)


def _try_out(form, article, me, incoming, picture):
    """Keep a change of something published for its writer alone, and show it to them."""
    uploads.keep(article, form, incoming, is_shown=False)
    revisions.set_aside(article, form.kept_aside, me)
    articles.discard_picture(picture)
    words = [OUT_MEANWHILE] if form.deed != "preview" else []
    words += ["L’aperçu ne montre pas encore la nouvelle image. " + CHOOSE_AGAIN] if picture else []
    return (None if form.files.errors else url_for(".edit", article_id=article.id, apercu=1)), words


def _next(form, article, me):
    if form.deed == "preview":
        return url_for(".edit", article_id=article.id, apercu=1, **form.date_typed)
    return place_of(article, me)


def place_of(article: Article, me: User) -> str:
    """Return the address where its writer sees what has become of an article: the list, when it is a colleague's own
    draft again."""
    is_theirs = db.session.scalar(select(Article.id).where(Article.id == article.id, articles_kept_by(viewer_of(me))))
    return url_for(".show", article_id=article.id) if is_theirs else url_for(".index")


def _told(form, article, became, *, was_asked):
    """Yield the sentences that tell what was done."""
    if became is Became.SCHEDULED:
        yield f"C’est prévu : la publication se fera toute seule, {sitting(form.publish_on, None, form.zone)}."
    elif became is Became.PUBLISHED:
        yield "C’est publié : tout le monde peut le lire."
    elif became is Became.SAVED:
        yield "C’est enregistré."
    elif form.deed == "submit":
        yield STILL_ASKED if was_asked else ASKED
    elif was_asked and not form.publishes and form.deed == "draft":
        yield "Vous avez repris votre article : l’animation du site ne le voit plus."
    else:
        yield KEPT


def hold(form: ArticleForm, article_id: int | None, incoming: list, picture: articles.Picture | None) -> None:
    """Keep the files and the picture that came with a form that is to be corrected: they are there when it is sent
    again. What is new becomes a draft for that, with what is right in it."""
    if not incoming and not picture:
        return
    begin_write()
    try:
        article, me = _open(form, article_id)
    except (Refused, HTTPException):
        db.session.rollback()
        _discard(incoming, picture)
        form.refuse("Choisissez vos fichiers encore une fois, quand le reste sera corrigé.")
        return
    uploads.keep(article, form, incoming, is_shown=False)
    unused = []
    if articles.is_out(article):
        revisions.set_aside(article, form.kept_aside, me)
        articles.discard_picture(picture)
        if picture:
            form.picture.errors = [*form.picture.errors, CHOOSE_AGAIN]
    else:
        had_seen = form.version.data == str(article.version)
        is_new = article.version == 1
        keep_picture = articles.set_picture if is_new else articles.hold_picture
        unused = keep_picture(article, picture) if picture else []
        if is_new:
            articles.write(article, articles.rendered(form.right_fields))
        if is_new or had_seen:
            form.version.data = str(article.version)
    form.article = article
    db.session.commit()
    delete_unused(unused)
