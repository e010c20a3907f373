"""The articles that a new site begins with: loaded once, and never against the animator."""

import re
from datetime import timedelta
from html import unescape

import pytest
import time_machine
from sqlalchemy import delete, func, select

from app import glossary
from app.extensions import db
from app.labels import ARTICLE_KIND, ArticleKind
from app.models import Article, Revision, Series, Theme
from app.models.types import utcnow
from app.services import starting, texts
from app.text import slug
from tests.factories import make_article

LINK = re.compile(r'href="([^"]+)"')
PARAGRAPHS = re.compile(r"<(?:p|li|td)>(.*?)</(?:p|li|td)>", re.DOTALL)
OFFICIAL = ("https://www.legifrance.gouv.fr/", "https://www.conseil-constitutionnel.fr/")
FORMULAS = {"NOR", "CABINET"}  # how a circular is numbered


def run(app, *arguments):
    return app.test_cli_runner().invoke(args=["articles", *arguments])


def count(model):
    return db.session.scalar(select(func.count()).select_from(model))


@pytest.fixture
def loaded(app):
    assert starting.load() == len(starting.prepared())
    db.session.commit()
    return list(db.session.scalars(select(Article).order_by(Article.id)))


def test_there_are_guides_laws_and_tools_of_a_readable_length():
    kinds = [text.fields["kind"] for text in starting.prepared()]
    assert set(kinds) == {ArticleKind.GUIDE, ArticleKind.LAW, ArticleKind.TOOL} and len(kinds) >= 12
    for text in starting.prepared():
        words = len(text.fields["body"].split())
        assert 300 <= words <= 900, (text.key, words)


def test_each_of_them_can_be_a_row(app):
    for text in starting.prepared():
        check_columns(text)


def check_columns(text):
    fields = text.fields
    assert len(text.key) <= 32 and fields["kind"] in ARTICLE_KIND
    assert 0 < len(fields["title"]) <= 200 and 0 < len(fields["summary"]) <= 400
    assert len(fields.get("source", "")) <= 200 and fields["body_html"]
    assert fields.get("source_address", OFFICIAL[0]).startswith(OFFICIAL)
    assert set(fields) <= {column.key for column in Article.__table__.columns}
    assert set(text.themes) <= set(db.session.scalars(select(Theme.slug)))


def test_their_keys_are_told_apart():
    assert len({text.key for text in starting.prepared()}) == len(starting.prepared())
    assert len({slug(text.fields["title"]) for text in starting.prepared()}) == len(starting.prepared())


def test_no_acronym_in_them_lacks_an_entry():
    for text in starting.prepared():
        said = " ".join(str(value) for name, value in text.fields.items() if not name.endswith(("_html", "_address")))
        assert set(glossary.ACRONYM.findall(said)) <= glossary.entries().keys() | FORMULAS, text.key


def test_each_of_them_is_read_by_visitors_and_no_link_in_it_is_dead(loaded, client):
    addresses = set()
    for article in loaded:
        page = client.get(f"/{article.shelf}/{article.slug}")
        assert page.status_code == 200 and article.title in unescape(page.text).replace("\xa0", " ")
        addresses |= {unescape(link) for link in LINK.findall(article.body_html)}
    for address in addresses:
        if address.startswith("/"):
            assert client.get(address).status_code == 200, address
        else:
            assert address.startswith(OFFICIAL), address
    assert len(addresses) > 20


def test_the_guide_is_a_series_whose_first_chapter_is_the_newest(loaded, client):
    series = db.session.scalars(select(Series)).one()
    chapters = [article for article in loaded if article.series_id == series.id]
    assert series.name == "Les cahiers du citoyen"
    assert sorted(article.episode for article in chapters) == list(range(1, len(chapters) + 1))
    assert loaded[-1].episode == 1
    page = unescape(client.get(f"/ressources/{loaded[-1].slug}").text)
    assert chapters[-2].title in page


def test_they_have_no_author_a_first_version_and_words_to_be_found_by(loaded):
    assert all(article.author_id is None and article.published_at for article in loaded)
    assert count(Revision) == len(loaded)
    found = select(Article.key).where(texts.matching("tirage au sort", texts.ARTICLES))
    assert "start-43-tirer-au-sort" in db.session.scalars(found).all()


def test_loading_again_changes_nothing_that_the_animator_changed_or_deleted(app, loaded):
    changed, deleted = loaded[0], loaded[1]
    changed.title, deleted.deleted_at = "Un autre titre", utcnow()
    db.session.commit()
    assert "rien n’a changé" in run(app, "load").output
    assert (changed.title, count(Article)) == ("Un autre titre", len(loaded))
    db.session.execute(delete(Article).where(Article.id == deleted.id))
    db.session.commit()
    with time_machine.travel(utcnow() + timedelta(days=40), tick=False):
        assert "rien n’a changé" in run(app, "load").output
    assert count(Article) == len(loaded) - 1


def test_the_start_loads_them_into_an_empty_site_only(app):
    make_article("Une première nouvelle")
    db.session.commit()
    assert run(app, "load", "--if-empty").output == ""
    assert count(Article) == 1
    db.session.execute(delete(Article))
    db.session.commit()
    assert f"publiés : {len(starting.prepared())}" in run(app, "load", "--if-empty").output
    db.session.execute(delete(Article))
    db.session.commit()
    assert run(app, "load", "--if-empty").output == ""
    assert count(Article) == 0


def test_a_number_that_another_article_has_is_left_to_it(app):
    series = Series(name="Les cahiers du citoyen", slug="les-cahiers-du-citoyen")
    make_article("Le nôtre", kind="guide", series=series, episode=1)
    db.session.commit()
    run(app, "load")
    episodes = db.session.scalars(select(Article.episode).filter_by(series_id=series.id)).all()
    assert episodes.count(1) == 1 and episodes.count(None) == 1
