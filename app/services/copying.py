"""Chapters of the copy of one's data (`app.services.exporting`): what somebody says, reads and follows in discussions,
what they do about groups, and what they write for the site itself. What they may not read any more is told by its
number."""

from sqlalchemy import Select, func, select
from sqlalchemy.orm import joinedload, selectinload

from app import labels
from app.access import readable, viewer_of
from app.extensions import db
from app.models import (
    Article,
    Attachment,
    Category,
    CategoryCursor,
    Contribution,
    Departure,
    Group,
    GroupRequest,
    Message,
    Topic,
    TopicCursor,
    User,
)


def _name_of(model, title, user):
    """Return the columns that name a row of a discussion: its title, and whether this person may still read it."""
    return title.label("title"), readable(model, viewer_of(user)).label("is_read")


def _named(row, kind, row_id):
    return row.title if row.is_read else f"{kind} {row_id}"


def topics(user: User) -> list[dict]:
    """Return the topics that somebody has opened."""
    named = _name_of(Topic, Topic.title, user)
    rows = db.session.execute(select(Topic, *named).where(Topic.author_id == user.id).order_by(Topic.id))
    return [{"Titre": _named(row, "sujet", row.Topic.id), "Ouvert le": row.Topic.created_at} for row in rows]


def messages(user: User) -> list[dict]:
    """Return what somebody has said."""
    query = select(Message, *_name_of(Topic, Topic.title, user)).join(Topic, Topic.id == Message.topic_id)
    rows = db.session.execute(query.where(Message.author_id == user.id).order_by(Message.id))
    return [
        {
            "Sujet": _named(row, "sujet", row.Message.topic_id),
            "Message n°": row.Message.number,
            "Écrit le": row.Message.created_at,
            "Texte": row.Message.text or "texte effacé",
            "Corrigé le": row.Message.edited_at,
            "Retiré le": row.Message.removed_at,
            "Masqué par la modération le": row.Message.hidden_at,
            "Raison de la modération": row.Message.hidden_reason,
        }
        for row in rows
    ]


def sent_by(user: User) -> Select:
    """Return the query of the files that somebody has sent with messages, in sight or not."""
    return select(Attachment).where(Attachment.form_key.is_not(None), Attachment.added_by_id == user.id)


def files(user: User) -> list[dict]:
    """Return the files that somebody has sent with messages."""
    rows = db.session.scalars(sent_by(user).options(joinedload(Attachment.message)).order_by(Attachment.id))
    return [
        {
            "Fichier": f"fichiers/{row.file_id}-{row.file.name}",
            "Joint à": f"message {row.message.number} du sujet {row.message.topic_id}" if row.message else "",
            "Ce que montre l’image": row.alternative,
            "Envoyé le": row.created_at,
            "Retiré le": row.removed_at if row.removed_by_id else None,
        }
        for row in rows
    ]


def topics_read(user: User) -> list[dict]:
    """Return how far somebody has read, and what they follow."""
    query = select(TopicCursor, *_name_of(Topic, Topic.title, user)).join(Topic, Topic.id == TopicCursor.topic_id)
    rows = db.session.execute(query.where(TopicCursor.user_id == user.id).order_by(Topic.id))
    return [
        {
            "Sujet": _named(row, "sujet", row.TopicCursor.topic_id),
            "Lu jusqu’au message": row.TopicCursor.number,
            "Suivi": row.TopicCursor.is_followed,
        }
        for row in rows
    ]


def rubrics_read(user: User) -> list[dict]:
    """Return the rubrics that somebody has marked as read, or said something about."""
    name = func.coalesce(Group.name, Category.name)
    query = select(CategoryCursor, *_name_of(Category, name, user))
    query = query.join(Category, Category.id == CategoryCursor.category_id).outerjoin(Category.group)
    rows = db.session.execute(query.where(CategoryCursor.user_id == user.id).order_by(Category.id))
    return [
        {
            "Rubrique": _named(row, "rubrique", row.CategoryCursor.category_id),
            "Tout marqué comme lu le": row.CategoryCursor.read_at,
            "Suivie": row.CategoryCursor.is_followed,
        }
        for row in rows
    ]


def group_requests(user: User) -> list[dict]:
    """Return the groups that somebody has asked for."""
    query = select(GroupRequest).filter_by(author_id=user.id).order_by(GroupRequest.id)
    rows = db.session.scalars(query.options(joinedload(GroupRequest.territory), selectinload(GroupRequest.councils)))
    return [
        {
            "Nom du groupe": row.name,
            "Pour quoi": row.purpose,
            "Territoire": row.territory and row.territory.name,
            "Conseils citoyens": ", ".join(council.name for council in row.councils),
            "Demandé le": row.created_at,
            "Décision prise le": row.decided_at,
            "Raison donnée": row.reason,
        }
        for row in rows
    ]


def departures(user: User) -> list[dict]:
    """Return the groups that somebody has left in the name of their council."""
    query = select(Departure, *_name_of(Group, Group.name, user)).join(Group, Group.id == Departure.group_id)
    rows = db.session.execute(query.where(Departure.user_id == user.id).order_by(Group.id))
    return [
        {
            "Groupe": _named(row, "groupe", row.Departure.group_id),
            "Quitté le": row.Departure.left_at,
            "Raison donnée": row.Departure.reason,
        }
        for row in rows
    ]


# What the site itself publishes -----------------------------------------------------------------------------------


def articles(user: User) -> list[dict]:
    """Return the articles that somebody has written for the site."""
    rows = db.session.scalars(select(Article).filter_by(author_id=user.id).order_by(Article.id))
    return [
        {
            "Sorte": labels.ARTICLE_KIND[row.kind],
            "Titre": row.title,
            "Résumé": row.summary,
            "Texte": row.body,
            "Source": " ".join(filter(None, (row.source, row.source_address))),
            "Lieu": row.place,
            "Ce que montre l’image": row.picture_words,
            "Créé le": row.created_at,
            "Proposé le": row.submitted_at,
            "Raison donnée par l’animation": row.returned_reason,
            "À publier le": row.publish_on,
            "Publié le": row.published_at,
            "Modifié le": row.edited_at,
            "Supprimé le": row.deleted_at,
            "Masqué par la modération le": row.hidden_at,
            "Raison de la modération": row.hidden_reason,
        }
        for row in rows
    ]


def joined_by(user: User) -> Select:
    """Return the query of the files that somebody has joined to articles, in sight or not."""
    return select(Attachment).where(Attachment.article_id.is_not(None), Attachment.added_by_id == user.id)


def article_files(user: User) -> list[dict]:
    """Return the files that somebody has joined to articles."""
    rows = db.session.scalars(joined_by(user).options(joinedload(Attachment.article)).order_by(Attachment.id))
    return [
        {
            "Fichier": f"fichiers/{row.file_id}-{row.file.name}",
            "Joint à": row.article.name,
            "Ce que montre l’image": row.alternative,
            "Envoyé le": row.created_at,
            "Retiré le": row.removed_at,
        }
        for row in rows
    ]


def contributions(user: User) -> list[dict]:
    """Return the actions that somebody has sent in answer to calls."""
    query = select(Contribution).filter_by(sent_by_id=user.id).order_by(Contribution.created_at)
    rows = db.session.scalars(query.options(joinedload(Contribution.article)))
    return [
        {"Appel": row.article.name, "Fiche-action": f"publication {row.publication_id}", "Envoyée le": row.created_at}
        for row in rows
    ]
