"""Feeds (Atom) as a reader of feeds reads them."""

from datetime import UTC, datetime, timedelta

import feedparser
import pytest
import time_machine
from sqlalchemy import select

from app.extensions import db
from app.labels import Stage, Visibility
from app.localtime import today
from app.markup import render, render_parts
from app.models import Action, Article, Attachment, Council, Document, Event, StoredFile, Theme
from app.models.types import utcnow
from app.services import texts
from tests.factories import make_article, make_group, make_publication

NEWS, TOOLS, PUBLICATIONS, ACTIONS = (
    "/actualites.atom", "/ressources/boite-a-outils.atom", "/ressources/publications.atom", "/actions.atom"
)  # fmt: skip
FEEDS = (NEWS, TOOLS, PUBLICATIONS, ACTIONS)


def read(client, address, **headers):
    """Return a feed as a reader has it, which must find nothing to complain about."""
    page = client.get(address, headers=headers)
    assert page.status_code == 200 and page.content_type == "application/atom+xml; charset=utf-8"
    feed = feedparser.parse(page.data, response_headers={"content-type": page.content_type})
    assert not feed.bozo, feed.bozo_exception
    return feed


def titles(client, address):
    return [entry.title for entry in read(client, address).entries]


def join(row, name="plan du square.pdf", **columns):
    """Join a file to a publication or an article."""
    file = StoredFile(digest=f"{name:x>64}"[-64:], name=name, media_type="application/pdf", size=1_234_567)
    holder = {"article_id" if isinstance(row, Article) else "publication_id": row.id}
    db.session.add(Attachment(file=file, **holder, **columns))
    db.session.commit()


@pytest.fixture
def theme(cast):
    return db.session.scalar(select(Theme).filter_by(slug="sante"))


# What an entry says ----------------------------------------------------------------------------------------------


def test_a_reader_finds_the_whole_text_of_a_document(cast, client, app, theme):
    text = "## Le square\n\nIl [manque](/conseils) des *bancs*."
    row = make_publication(
        Document, cast.alice, title="Le plan <du> square & co", level=Visibility.PUBLIC, summary="Trois < quatre.",
        description_html=render(text), published_at=datetime(2026, 3, 1, 9, tzinfo=UTC),
    )  # fmt: skip
    row.themes = [theme]
    join(row)
    feed = read(client, PUBLICATIONS)
    base = app.config["BASE_URL"]
    [entry] = feed.entries
    assert entry.title == "Le plan <du> square & co" and entry.link == f"{base}/documents/{row.id}-{row.slug}"
    assert entry.summary == "Trois &lt; quatre."
    [content] = entry.content
    assert content.type == "text/html" and "<em>bancs</em>" in content.value and "Trois &lt; quatre." in content.value
    assert f'href="{base}/conseils"' in content.value
    assert entry.published == "2026-03-01T09:00:00+00:00" == entry.updated
    assert entry.author == "Croix Blanche" and entry.author_detail.href == f"{base}/conseils/{cast.council.slug}"
    assert [tag.term for tag in entry.tags] == ["Santé"]
    [file] = entry.enclosures
    assert (file.type, file.length) == ("application/pdf", "1234567")
    assert file.href.startswith(f"{base}/fichiers/") and file.href.endswith("/plan%20du%20square.pdf")
    assert feed.feed.title.startswith("Publications des conseils – ") and feed.feed.language == "fr"
    links = {link.rel: link.href for link in feed.feed.links}
    assert links == {"alternate": f"{base}/ressources/publications", "self": f"{base}{PUBLICATIONS}"}


def test_the_name_of_an_entry_stays_when_its_title_and_address_change(cast, client):
    row = make_publication(Document, cast.alice, title="Un", level=Visibility.PUBLIC)
    article = make_article("Une")
    db.session.commit()
    before = [read(client, address).entries[0] for address in (PUBLICATIONS, NEWS)]
    later = utcnow() + timedelta(hours=2)
    row.title, row.slug, row.edited_at = "Deux", "deux", later
    article.title, article.slug, article.edited_at = "Deux", "deux", later
    db.session.commit()
    after = [read(client, address).entries[0] for address in (PUBLICATIONS, NEWS)]
    for old, new in zip(before, after, strict=True):
        assert old.id == new.id and old.id.startswith("tag:") and old.published == new.published
        assert old.link != new.link and new.title == "Deux"
        assert new.updated_parsed > old.updated_parsed
    assert before[0].id != before[1].id


def test_an_action_and_an_event_say_all_that_they_hold(cast, client):
    texts_of = {f"{name}_html": f"<p>{name}</p>" for name in ("need", "description", "results", "lessons")}
    make_publication(Action, cast.alice, level=Visibility.PUBLIC, **texts_of)
    said = {f"{name}_html": f"<p>{name}</p>" for name in ("description", "agenda", "minutes")}
    make_publication(
        Event, cast.alice, title="La fête", level=Visibility.PUBLIC, place="Salle <commune>", cancelled_at=utcnow(),
        cancelled_reason="La pluie", starts_at=datetime(2026, 12, 5, 17, tzinfo=UTC), ends_at=None, **said,
    )  # fmt: skip
    db.session.commit()
    content = {entry.title: entry.content[0].value for entry in read(client, PUBLICATIONS).entries}
    action, event = content["Un square pour tous"], content["Annulé : La fête"]
    assert all(text in action for text in texts_of.values()) and "<h3>Les résultats</h3>" in action
    assert all(text in event for text in said.values()) and "samedi 5 décembre 2026" in event
    assert "Salle &lt;commune&gt;" in event and "La pluie" in event
    assert titles(client, ACTIONS) == ["Un square pour tous"]


def test_what_a_referent_announces_is_by_its_organiser(cast, client):
    about = {"level": Visibility.PUBLIC, "council_id": None}
    make_publication(Event, cast.referent, organiser="Centre de ressources", **about)
    make_publication(Event, cast.referent, title="Sans nom", **about)
    db.session.commit()
    authors = {entry.title: entry.author for entry in read(client, PUBLICATIONS).entries}
    assert authors["Un square pour tous"] == "Centre de ressources" and authors["Sans nom"]


def test_an_article_is_whole_with_its_picture_and_where_it_comes_from(cast, client, app, theme):
    picture = StoredFile(digest="9" * 64, name="fete.webp", media_type="image/webp", size=9, width=600, height=400)
    row = make_article(
        "Dans le journal", kind="press", body_html="<p>Deux lignes.</p>", source='Le "Progrès" <de l’Ain>',
        source_address="https://journal.example/?a=1&b=2", picture=picture, picture_words='Une "fête"',
    )  # fmt: skip
    row.themes = [theme]
    join(row, "guide.pdf")
    [entry] = read(client, NEWS).entries
    base, content = app.config["BASE_URL"], entry.content[0].value
    assert entry.link == f"{base}/actualites/dans-le-journal" and entry.author == app.config["SITE_NAME"]
    assert [link.href for link in entry.links if link.rel == "via"] == ["https://journal.example/?a=1&b=2"]
    assert "Deux lignes." in content and f'src="{base}/fichiers/' in content and 'alt="Une &quot;fête&quot;"' in content
    assert 'href="https://journal.example/?a=1&amp;b=2"' in content and "&lt;de l’Ain&gt;" in content
    assert [tag.term for tag in entry.tags] == ["Santé"] and entry.enclosures[0].length == "1234567"
    assert titles(client, TOOLS) == []


def test_a_text_that_would_weigh_too_much_is_read_on_the_site(cast, client):
    make_publication(Document, cast.alice, level=Visibility.PUBLIC, description_html="<p>Long.</p>" * 20_000)
    db.session.commit()
    page = client.get(PUBLICATIONS)
    assert len(page.data) < 5_000 and "lisez-le sur le site" in page.text


NASTY = "\0\f\x0b\x1b\x7f\ufffe\uffff ]]> </content> &amp; &#12; &#0; <script>alert(1)</script> 🎉 \u202e é"


def test_whatever_texts_hold_a_reader_understands_the_feed(cast, client, theme):
    html = render_parts(
        f"Début {NASTY}\n\n# Un {NASTY}\n\n# Deux\n\n[x](#un) [y](javascript:alert(1)) <a title='>' href='/y'>z</a>"
    )
    assert "\f" in html
    title = NASTY.replace("\0", "")  # which PostgreSQL keeps in no text
    council = db.session.get(Council, cast.council.id)
    council.name = title
    make_publication(Document, cast.alice, title=title, summary=title, level=Visibility.PUBLIC, description_html=html)
    make_article(title, slug="x", summary=title, body_html=html, source=title, source_address="https://x.example/\f")
    db.session.commit()
    for address in (PUBLICATIONS, NEWS):
        [entry] = read(client, address).entries
        content = entry.content[0].value
        assert "🎉" in entry.title and "<script" not in content and "javascript:" not in content
        assert 'href="#' not in content and f'href="{entry.link}#un"' in content and "/y" in content
        assert 'href="/' not in content
    query = {"q": f"square {title}"}
    assert client.get(PUBLICATIONS, query_string=query).status_code in (200, 404)


def test_a_lone_surrogate_is_left_out(cast, client, monkeypatch):
    make_article("Une")
    db.session.commit()
    monkeypatch.setattr(Article, "name", "a\ud800b\udfff")
    assert titles(client, NEWS) == ["ab"]


# Who reads what ---------------------------------------------------------------------------------------------------


def test_feeds_hold_what_everybody_may_read_whoever_asks(cast, client, client_as):
    group = make_group("Un groupe", cast.council, cast.country.reyssouze)
    now = utcnow()
    for number, level in enumerate(Visibility):
        for model in (Document, Action, Event):
            row = make_publication(model, cast.alice, title=f"{level}-{model.__name__}", level=level)
            row.groups = [group] if level == Visibility.GROUPS else []
            join(row, f"{number}{model.__name__}.pdf")
    for name, state in (
        ("draft", {"published_at": None}), ("bin", {"deleted_at": now}), ("hidden", {"hidden_at": now}),
        ("gone", {"withdrawn_at": now}), ("scheduled", {"published_at": None, "publish_on": now}),
    ):  # fmt: skip
        make_publication(Action, cast.alice, title=name, level=Visibility.PUBLIC, **state)
    db.session.commit()
    everything = {f"public-{model}" for model in ("Document", "Action", "Event")}
    for browser in (client, client_as(cast.alice), client_as(cast.animator)):
        assert set(titles(browser, PUBLICATIONS)) == everything
        assert titles(browser, ACTIONS) == ["public-Action"]
        assert "council-" not in browser.get(PUBLICATIONS).text and "0Document" not in browser.get(PUBLICATIONS).text


def test_a_feed_names_no_file_that_was_removed(cast, client):
    row, article = make_publication(Document, cast.alice, level=Visibility.PUBLIC), make_article("Une")
    for each in (row, article):
        join(each, f"vieux{each.id}.pdf", removed_at=utcnow(), removed_by_id=cast.alice.id)
    assert "vieux" not in client.get(PUBLICATIONS).text + client.get(NEWS).text


def test_articles_that_lists_do_not_show_are_in_no_feed(cast, client, animator):
    now = utcnow()
    yesterday = today() - timedelta(days=1)
    make_article("Visible", expires_on=today())
    for name, state in (
        ("draft", {"published_at": None}), ("bin", {"deleted_at": now}), ("hidden", {"hidden_at": now}),
        ("expired", {"expires_on": yesterday}), ("scheduled", {"published_at": None, "publish_on": now}),
    ):  # fmt: skip
        make_article(name, **state)
    make_article("Outil", kind="tool")
    db.session.commit()
    for browser in (client, animator):
        assert titles(browser, NEWS) == ["Visible"] and titles(browser, TOOLS) == ["Outil"]


# Filters ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def many(cast, theme):
    """What one narrows: a document of health, an action of Isère that is followed up, and articles."""
    rows = [
        make_publication(Document, cast.alice, title="Charte", level=Visibility.PUBLIC),
        make_publication(Action, cast.emile, title="Jardin", level=Visibility.PUBLIC, stage=Stage.FOLLOW_UP),
        make_publication(Action, cast.chloe, title="Fresque", level=Visibility.PUBLIC, stage=Stage.DIAGNOSIS,
                         published_at=datetime(2019, 5, 1, tzinfo=UTC)),
    ]  # fmt: skip
    rows[0].themes = rows[1].themes = [theme]
    for row in rows:
        texts.index(row)
    make_article("Interview", kind="interview").themes = [theme]
    make_article("Reportage", kind="reportage", published_at=datetime(2020, 5, 1, tzinfo=UTC))
    make_article("Loi", kind="law")
    db.session.commit()


@pytest.mark.parametrize(
    ("address", "found"),
    [
        (PUBLICATIONS, {"Charte", "Jardin", "Fresque"}),
        (f"{PUBLICATIONS}?type=documents", {"Charte"}),
        (f"{PUBLICATIONS}?theme=sante", {"Charte", "Jardin"}),
        (f"{PUBLICATIONS}?theme=sante&territoire=38", {"Jardin"}),
        (f"{PUBLICATIONS}?departement=38", {"Jardin"}),
        (f"{PUBLICATIONS}?territoire=region-84&annee=2019", {"Fresque"}),
        (f"{PUBLICATIONS}?conseil=mistral-eaux-claires-grenoble", {"Jardin"}),
        (f"{PUBLICATIONS}?q=jardins", {"Jardin"}),
        (f"{PUBLICATIONS}?tri=anciens&avant=x", {"Charte", "Jardin", "Fresque"}),
        (ACTIONS, {"Jardin", "Fresque"}),
        (f"{ACTIONS}?etape=suivi", {"Jardin"}),
        (f"{ACTIONS}?conseil=croix-blanche-bourg-en-bresse", set()),
        (NEWS, {"Interview", "Reportage"}),
        (f"{NEWS}?type=interviews", {"Interview"}),
        (f"{NEWS}?theme=sante", {"Interview"}),
        (f"{NEWS}?annee=2020", {"Reportage"}),
        (TOOLS, {"Loi"}),
        (f"{TOOLS}?type=lois", {"Loi"}),
        (f"{TOOLS}?theme=sante", set()),
    ],
)
def test_a_feed_is_narrowed_as_its_list_is(client, many, address, found):
    assert set(titles(client, address)) == found


@pytest.mark.parametrize(
    "address",
    [f"{PUBLICATIONS}?type=x", f"{PUBLICATIONS}?conseil=rien", f"{PUBLICATIONS}?conseil=%00", f"{ACTIONS}?etape=x",
     f"{PUBLICATIONS}?territoire=x", f"{PUBLICATIONS}?departement=%00", f"{PUBLICATIONS}?q=%21", f"{NEWS}?type=lois",
     f"{PUBLICATIONS}?nom=bourg", f"{NEWS}?annee=x", f"{TOOLS}?q=%21", f"{TOOLS}?theme=x", f"{ACTIONS}?q={'a' * 101}"],
)  # fmt: skip
def test_a_feed_of_what_there_is_not_is_none(client, cast, address):
    assert client.get(address).status_code == 404


@pytest.mark.parametrize("page", ["/ressources/publications", "/actions", "/actualites", "/ressources/boite-a-outils"])
def test_a_list_leads_to_its_feed_narrowed_as_it_is(client, many, page):
    text = client.get(f"{page}?theme=sante&annee=2026&tri=anciens").text
    feed = text.partition('<link rel="alternate" type="application/atom+xml"')[2].partition('href="')[2]
    address = feed.partition('"')[0].replace("&amp;", "&")
    assert address.startswith(f"{page}.atom?") and "tri" not in address
    assert "theme=sante" in address and "annee=2026" in address
    assert "S’abonner au flux de cette liste" in text and text.count(f'href="{feed.partition(chr(34))[0]}"') == 2
    found = read(client, address)
    assert "Santé" in found.feed.title
    assert next(link.href for link in found.feed.links if link.rel == "self").endswith(address)


def test_the_page_of_a_council_leads_to_its_own_feed(client, cast, many):
    page = client.get(f"/conseils/{cast.council.slug}").text
    assert f"/ressources/publications.atom?conseil={cast.council.slug}" in page


# What it costs ----------------------------------------------------------------------------------------------------


def test_a_feed_holds_the_newest_thirty_in_few_queries(cast, client, queries, theme):
    client.get("/conseils")  # the directory is read once for each process

    def cost(address):
        db.session.expire_all()
        queries.clear()
        count = len(read(client, address).entries)
        return count, len(queries)

    def add(numbers):
        for number in numbers:
            at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=number)
            for model in (Document, Action, Event):
                row = make_publication(model, cast.alice, title=f"{number}", level=Visibility.PUBLIC, published_at=at)
                row.themes = [theme]
                join(row, f"{number}{model.__name__}.pdf")
            article = make_article(f"Article {number}", published_at=at, is_pinned=number == 0)
            article.themes = [theme]
            join(article, f"{number}.pdf")

    add(range(2))
    few = {address: cost(address) for address in (NEWS, PUBLICATIONS, ACTIONS)}
    add(range(2, 40))
    for address, (count, sent) in few.items():
        assert count in (2, 6) and cost(address) == (30, sent) and sent <= 13
    assert titles(client, NEWS)[:2] == ["Article 39", "Article 38"]
    assert titles(client, ACTIONS)[:2] == ["39", "38"]


@pytest.mark.parametrize("address", FEEDS)
def test_a_reader_that_comes_again_is_told_that_nothing_has_changed(cast, client, address):
    make_publication(Action, cast.alice, level=Visibility.PUBLIC)
    row = make_article("Une", kind="news" if address == NEWS else "tool")
    db.session.commit()
    first = client.get(address)
    assert first.headers["Cache-Control"] == "public, max-age=60" and "Set-Cookie" not in first.headers
    again = client.get(address, headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304 and not again.data
    row.title = "Deux"
    db.session.commit()
    again = client.get(address, headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 200 and (address not in (NEWS, TOOLS) or "Deux" in again.text)


@pytest.mark.parametrize("address", FEEDS)
def test_an_empty_feed_is_one_and_the_same_each_day(cast, client, address):
    assert read(client, address).entries == []
    first = client.get(address).data
    with time_machine.travel(utcnow() + timedelta(days=3), tick=False):
        assert client.get(address).data == first


def test_feeds_are_sent_compressed(cast, client):
    make_publication(Document, cast.alice, level=Visibility.PUBLIC, description_html="<p>Long.</p>" * 500)
    db.session.commit()
    page = client.get(PUBLICATIONS, headers={"Accept-Encoding": "gzip"})
    assert page.headers["Content-Encoding"] == "gzip" and len(page.data) < 2_000
