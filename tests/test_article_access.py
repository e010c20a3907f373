"""Who reads articles, their files and versions, and issues of the letter; who changes them."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.access import (
    VISITOR,
    listed_articles,
    may_contribute,
    may_edit_article,
    may_prepare_letter,
    may_publish_articles,
    may_read,
    may_write_articles,
    readable,
    viewer_of,
)
from app.extensions import db
from app.labels import ArticleKind, IssueState, Role, UserStatus
from app.localtime import today
from app.models import Article, Attachment, NewsletterIssue, Revision, StoredFile
from app.models.types import utcnow
from app.services import closing
from tests.factories import make_article, make_user

VIEWERS = ("visitor", "dora", "alice", "referent", "away", "animator", "other")
EVERYBODY = set(VIEWERS)
NOW = utcnow()
DRAFT = {"published_at": None}
# State → (columns of an article by the referent, who reads it, who changes it).
STATES = {
    "draft": (DRAFT, {"referent"}, {"referent"}),
    "submitted": (DRAFT | {"submitted_at": NOW}, {"referent", "animator", "other"}, {"referent", "animator", "other"}),
    "scheduled": (DRAFT | {"publish_on": NOW}, {"referent", "animator", "other"}, {"animator", "other"}),
    "published": ({}, EVERYBODY, {"animator", "other"}),
    "expired": ({"expires_on": NOW.date() - timedelta(days=2)}, EVERYBODY, {"animator", "other"}),
    "hidden": ({"hidden_at": NOW}, {"referent", "animator", "other"}, {"animator", "other"}),
    "deleted": ({"deleted_at": NOW}, set(), set()),
    "deleted draft": (DRAFT | {"deleted_at": NOW}, set(), set()),
}


@pytest.fixture
def viewers(cast):
    cast.other = make_user("Odile Roux", role=Role.ANIMATOR)
    db.session.commit()
    names = [name for name in VIEWERS if name != "visitor"]
    return {"visitor": VISITOR} | {name: viewer_of(getattr(cast, name)) for name in names}


def who(viewers, right):
    return {name for name, viewer in viewers.items() if right(viewer)}


@pytest.mark.parametrize("state", STATES)
def test_an_article_is_read_and_changed_by_those_it_is_for(cast, viewers, state):
    columns, readers, editors = STATES[state]
    article = make_article("Une rencontre", author_id=cast.referent.id, **columns)
    file = StoredFile(digest="a" * 64, name="a.pdf", media_type="application/pdf", size=1)
    picture = StoredFile(digest="b" * 64, name="b.webp", media_type="image/webp", size=1)
    db.session.add_all([file, picture, joined := Attachment(article=article, file=file, added_by_id=cast.referent.id)])
    article.picture = article.thumbnail = picture
    db.session.flush()
    for row in (article, joined, file, picture):
        assert who(viewers, lambda viewer, row=row: may_read(viewer, row)) == readers, row
    changes = who(viewers, lambda viewer: may_read(viewer, article) and may_edit_article(viewer, article))
    assert changes == editors


@pytest.mark.parametrize("author", ["animator", None])
def test_a_draft_of_an_animator_is_their_own_and_one_of_nobody_is_all_animators(cast, viewers, author):
    author_id = getattr(cast, author).id if author else None
    draft = make_article("Un brouillon", author_id=author_id, published_at=None)
    assert who(viewers, lambda viewer: may_read(viewer, draft)) == ({"animator"} if author else {"animator", "other"})


def test_a_referent_who_is_none_any_more_reads_and_writes_no_draft(cast):
    draft = make_article("Un brouillon", author_id=cast.referent.id, published_at=None)
    cast.referent.role, cast.referent.council_id = Role.MEMBER, cast.council.id
    assert not may_read(viewer_of(cast.referent), draft)
    assert not may_write_articles(viewer_of(cast.referent))
    cast.away.status = UserStatus.SUSPENDED
    assert not may_write_articles(viewer_of(cast.away))


def test_a_file_that_waits_for_its_form_is_read_by_who_sent_it(cast, viewers):
    article = make_article("Une rencontre", author_id=cast.animator.id)
    file = StoredFile(digest="a" * 64, name="a.pdf", media_type="application/pdf", size=1)
    waiting = Attachment(article=article, file=file, added_by_id=cast.animator.id, removed_at=utcnow())
    db.session.add(waiting)
    db.session.flush()
    assert who(viewers, lambda viewer: may_read(viewer, waiting)) == {"animator"}


def test_versions_of_an_article_are_read_by_those_who_keep_it(cast, viewers):
    article = make_article("Une rencontre", author_id=cast.referent.id)
    saved = Revision(article_id=article.id, number=1, author_id=cast.referent.id, fields={})
    aside = Revision(article_id=article.id, author_id=cast.animator.id, fields={})
    db.session.add_all([saved, aside])
    db.session.flush()
    assert who(viewers, lambda viewer: may_read(viewer, saved)) == {"referent", "animator", "other"}
    assert who(viewers, lambda viewer: may_read(viewer, aside)) == {"animator"}


def test_lists_show_what_is_published_and_neither_hidden_nor_deleted_nor_out_of_date(app):
    day = today()
    shown = [make_article("Nouveau"), make_article("Dernier jour", expires_on=day)]
    make_article("Brouillon", published_at=None)
    make_article("Périmé", expires_on=day - timedelta(days=1))
    make_article("Masqué", hidden_at=utcnow())
    make_article("Supprimé", deleted_at=utcnow())
    assert set(db.session.scalars(select(Article).where(*listed_articles()))) == set(shown)


@pytest.mark.parametrize("state", IssueState)
def test_an_issue_is_read_by_everybody_once_it_leaves(viewers, state):
    issue = NewsletterIssue(month=NOW.date().replace(day=1), state=state, since=NOW, until=NOW)
    db.session.add(issue)
    db.session.flush()
    left = state in (IssueState.LEAVING, IssueState.STOPPED, IssueState.SENT)
    assert who(viewers, lambda viewer: may_read(viewer, issue)) == (EVERYBODY if left else {"animator", "other"})
    assert who(viewers, may_prepare_letter) == {"animator", "other"}


def test_animators_publish_and_referents_submit(viewers):
    assert who(viewers, may_write_articles) == {"referent", "away", "animator", "other"}
    assert who(viewers, may_publish_articles) == {"animator", "other"}


@pytest.mark.parametrize(
    ("columns", "is_open"),
    [
        ({}, True),
        ({"ends_on": NOW.date() + timedelta(days=1)}, True),
        ({"ends_on": NOW.date() - timedelta(days=1)}, False),
        ({"expires_on": NOW.date() - timedelta(days=1)}, False),
        ({"published_at": None}, False),
        ({"hidden_at": NOW}, False),
        ({"kind": ArticleKind.NEWS}, False),
    ],
)
def test_members_of_councils_answer_a_call_while_it_is_open(viewers, columns, is_open):
    call = make_article("Un appel", **{"kind": ArticleKind.CALL} | columns)
    assert who(viewers, lambda viewer: may_contribute(viewer, call)) == ({"alice"} if is_open else set())


def test_nothing_unpublished_is_in_what_visitors_read(cast):
    make_article("Brouillon", author_id=None, published_at=None)
    assert not db.session.scalars(select(Article).where(readable(Article, VISITOR))).all()


def test_who_leaves_takes_their_drafts_along_and_leaves_the_rest_to_the_site(cast):
    picture = StoredFile(digest="b" * 64, name="b.webp", media_type="image/webp", size=1)
    mine = {"author_id": cast.referent.id}
    draft = make_article("Un brouillon", published_at=None, picture=picture, **mine)
    file = StoredFile(digest="a" * 64, name="a.pdf", media_type="application/pdf", size=1)
    db.session.add(Attachment(article=draft, file=file, added_by_id=cast.referent.id))
    make_article("Proposé", published_at=None, submitted_at=NOW, **mine)
    make_article("Prévu", published_at=None, publish_on=NOW, **mine)
    make_article("Publié", **mine)
    db.session.flush()
    unused = closing.erase(cast.referent, "Vous l’avez demandé.")
    authors = {row.title: row.author_id for row in db.session.scalars(select(Article))}
    assert authors == {"Proposé": None, "Prévu": None, "Publié": None}
    assert {"a" * 64, "b" * 64} <= set(unused)
    assert not db.session.scalars(select(StoredFile)).all()
