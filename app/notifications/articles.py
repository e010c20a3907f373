"""What people are told of the articles that referents submit: the animators, and then their author."""

from collections.abc import Iterator

from flask import current_app
from sqlalchemy import select

from app.access import may_read, viewer_of
from app.extensions import db
from app.labels import ARTICLE_KIND, Channel, UserStatus
from app.models import Activity, Article, User
from app.notifications import outbox
from app.notifications.dispatch import Alert
from app.notifications.links import site_address
from app.notifications.message import Message
from app.notifications.recipients import animators, takes
from app.templating import quoted

KIND = "article"
WHY = "vous avez proposé cet article"


def _own_page(article):
    return site_address("moderation.articles.show", article_id=article.id)


def _listening(person_ids):
    """Return those of these people who are there, and have not stopped such messages."""
    open_ = (User.id.in_(person_ids), User.status == UserStatus.ACTIVE, takes(Channel.MAIL, KIND))
    return db.session.scalars(select(User).where(*open_).order_by(User.id)).all()


def _ask(activity: Activity) -> Iterator[Alert]:
    """Yield to the animators that an article waits for them, as long as it does."""
    article = db.session.get(Article, activity.subject_id)
    if article is None or article.deleted_at or article.submitted_at is None or article.publish_on:
        return
    who = article.author.name if article.author else "Un ancien membre"
    for person in _listening([one.id for one in animators() if one.id != activity.actor_id]):
        message = Message(
            f"Article proposé : {quoted(article.name)}",
            (
                f"Bonjour {person.first_name},",
                f"{who} propose un article ({ARTICLE_KIND[article.kind]}) : {quoted(article.name)}.",
                "Vous pouvez le corriger, le publier, ou le lui rendre en disant pourquoi.",
            ),
            link=("Lire l’article et répondre", _own_page(article)),
            why="vous animez ce site",
        )
        yield _alert(person, message)


def _tell_published(activity: Activity) -> Iterator[Alert]:
    """Yield to its author that an article is published."""
    article = db.session.get(Article, activity.subject_id)
    if article is None or not article.is_shown or article.author_id in (None, activity.actor_id):
        return
    address = site_address("public.articles.show", shelf=article.shelf, slug=article.slug)
    for person in _listening([article.author_id]):
        message = Message(
            f"Votre article est publié : {quoted(article.name)}",
            (
                f"Bonjour {person.first_name},",
                f"L’article que vous aviez proposé est publié : {quoted(article.name)}.",
                "L’animation du site l’a peut-être un peu corrigé. Merci de l’avoir écrit.",
            ),
            link=("Lire l’article", address),
            why=WHY,
        )
        yield _alert(person, message)


def _hearing(article):
    return [one for one in _listening([article.author_id]) if may_read(viewer_of(one), article)]


def hears_of(article: Article) -> bool:
    """Tell whether its author is written to about their article."""
    return bool(_hearing(article)) and outbox.why_off(Channel.MAIL, article.author.email) is None


def _tell_returned(activity: Activity) -> Iterator[Alert]:
    """Yield to its author that an article came back to them, and why."""
    article = db.session.get(Article, activity.subject_id)
    if article is None or not article.returned_reason or article.author_id in (None, activity.actor_id):
        return
    for person in _hearing(article):
        message = Message(
            f"Votre article est à revoir : {quoted(article.name)}",
            (
                f"Bonjour {person.first_name},",
                f"L’animation du site ne publie pas encore votre article {quoted(article.name)}.",
                f"La raison donnée : {article.returned_reason}",
                "Vous pouvez le changer, puis le proposer de nouveau.",
                f"Une question ? Écrivez à {current_app.config['OPERATOR_EMAIL']}.",
            ),
            link=("Ouvrir mon article", _own_page(article)),
            why=WHY,
        )
        yield _alert(person, message)


def _alert(person, message):
    return Alert(str(person.id), person.email, message, KIND, columns={"name": person.name})


RULES = {"article.submitted": _ask, "article.published": _tell_published, "article.returned": _tell_returned}
