"""What the site itself publishes, as its readers find it: news, the tool box, the page of an article."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select

from app.extensions import db
from app.labels import ARTICLE_PATH, ArticleKind, TerritoryKind, Visibility
from app.localtime import today
from app.models import Action, Article, Attachment, Contribution, Series, StoredFile, Territory, Theme
from app.models.types import utcnow
from app.services import texts
from tests.factories import make_article, make_publication, make_territory
from tests.test_pages import bytes_on_the_wire

NEWS, TOOLS = "/actualites", "/ressources/boite-a-outils"
NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)


def make_picture(name="image.webp", width=320, height=240, size=9_000):
    picture = StoredFile(
        digest="a" * 64, name=name, media_type="image/webp", size=size, width=width, height=height
    )  # fmt: skip
    db.session.add(picture)
    db.session.flush()
    return picture


def join_file(article, name="charte.pdf", media_type="application/pdf", size=120_000):
    file = StoredFile(digest="b" * 64, name=name, media_type=media_type, size=size)
    db.session.add(Attachment(article_id=article.id, file=file))
    db.session.flush()


def place(kind, code):
    return db.session.scalar(select(Territory).filter_by(kind=kind, code=code))


def titles(client, address):
    """The titles of a list, in its order."""
    page = client.get(address)
    assert page.status_code == 200, address
    return re.findall(r'<a href="/(?:actualites|ressources)/[^"?]+">([^<]+)</a><br>', page.text)


# Lists ------------------------------------------------------------------------------------------------------------


def test_news_stand_pinned_first_then_newest_first_with_all_that_helps_to_choose(client, country):
    make_article("Ancienne", published_at=NOON - timedelta(days=9))
    make_article("Récente", published_at=NOON)
    pinned = make_article(
        "Épinglée", kind=ArticleKind.AGENDA, is_pinned=True, published_at=NOON - timedelta(days=300),
        starts_on=date(2026, 10, 3), ends_on=date(2026, 10, 4), place="Lyon", summary="Deux journées pour se parler.",
    )  # fmt: skip
    pinned.territories = [place(TerritoryKind.DEPARTMENT, "01")]
    pinned.thumbnail = make_picture()
    join_file(pinned)
    db.session.commit()
    assert titles(client, NEWS) == ["Épinglée", "Récente", "Ancienne"]
    page = client.get(NEWS).text
    said = "À la une · Agenda national · 19 août 2025 · du 3 octobre 2026 au 4 octobre 2026 · Lyon · Ain · PDF, 120"
    assert said in " ".join(page.split()) and "Deux journées pour se parler." in page and "3 articles" in page
    assert re.search(r'<img src="/fichiers/\d+/image.webp" alt="" width="160" height="120" loading="lazy">', page)
    assert "<img" not in client.get(NEWS, headers={"Save-Data": "on"}).text


def test_what_is_not_published_expired_hidden_deleted_or_of_the_other_shelf_is_in_no_list(client, country):
    make_article("Brouillon", published_at=None)
    make_article("Hier", expires_on=today() - timedelta(days=1))
    make_article("Aujourd’hui", expires_on=today())
    make_article("Masquée", hidden_at=utcnow())
    make_article("Effacée", deleted_at=utcnow())
    make_article("Guide", kind=ArticleKind.GUIDE)
    db.session.commit()
    assert titles(client, NEWS) == ["Aujourd’hui"]
    assert titles(client, TOOLS) == ["Guide"]
    home = client.get("/").text
    assert "Aujourd’hui" in home and not any(word in home for word in ("Brouillon", "Hier", "Masquée", "Effacée"))


def test_a_press_review_leads_straight_to_its_source(client):
    make_article("Vu dans la presse", kind=ArticleKind.PRESS, source="Ouest-France",
                 source_address="https://journal.example/a?b=1&c=2")  # fmt: skip
    db.session.commit()
    link = '<a href="https://journal.example/a?b=1&amp;c=2" rel="nofollow noopener external">Lire sur Ouest-France</a>'
    assert link in client.get(NEWS).text and link in client.get("/actualites/vu-dans-la-presse").text


def test_a_list_is_narrowed_by_kind_theme_year_and_words_and_the_others_do_not_show(client):
    health, school = db.session.scalars(select(Theme).limit(2))
    make_article("Soins", kind=ArticleKind.INTERVIEW, published_at=NOON).themes = [health]
    make_article("Classe", published_at=datetime(2024, 12, 31, 23, 30, tzinfo=UTC)).themes = [school]  # 2025 in Paris
    for article in db.session.scalars(select(Article)):
        texts.write(texts.ARTICLES, article.id, [article.title])
    db.session.commit()
    assert titles(client, f"{NEWS}?type={ARTICLE_PATH[ArticleKind.INTERVIEW]}") == ["Soins"]
    assert titles(client, f"{NEWS}?theme={school.slug}") == ["Classe"]
    assert titles(client, f"{NEWS}?annee=2025") == ["Classe"]
    assert re.findall(r'<option value="(20\d\d)"', client.get(NEWS).text) == ["2026", "2025"]
    assert titles(client, f"{NEWS}?q=soin") == ["Soins"]
    empty = client.get(f"{NEWS}?q=zzz&type=interviews")
    assert empty.status_code == 200 and "Rien ne correspond" in empty.text and '"noindex"' in empty.text
    assert '"noindex"' not in client.get(NEWS).text


@pytest.mark.parametrize(
    "query",
    [
        "type=outils",
        "type=x",
        "theme=x",
        "territoire=x",
        "annee=x",
        "annee=2014",
        "serie=x",
        "tri=x",
        "q=%25",
        "q=le",
        "q=" + "x" * 101,
    ],
)
def test_what_no_list_offers_is_refused_with_a_sentence(client, query):
    make_article()
    db.session.commit()
    page = client.get(f"{NEWS}?{query}")
    assert page.status_code == 422 and "<title>Erreur" in page.text and "À corriger" in page.text


def test_a_territory_shows_what_lies_in_it_and_the_region_around_and_says_where_the_rest_is(client, country):
    far = make_territory(TerritoryKind.REGION, "01", "Guadeloupe")  # the code of a department as well
    make_article("Lointaine").territories = [far]
    for title, where in (
        ("Régionale", "region"),
        ("Départementale", "ain"),
        ("Communale", "bourg"),
        ("Voisine", "isere"),
    ):
        make_article(title).territories = [getattr(country, where)]
    make_article("Nationale")
    db.session.commit()
    near = {"Régionale", "Départementale", "Communale"}
    assert set(titles(client, f"{NEWS}?territoire=01")) == near
    assert set(titles(client, f"{NEWS}?territoire=region-84")) == near | {"Voisine"}
    assert set(titles(client, f"{NEWS}?territoire=38")) == {"Régionale", "Voisine"}
    assert titles(client, f"{NEWS}?territoire=national") == ["Nationale"]
    page = client.get(f"{NEWS}?territoire=01").text
    assert "Ici : ce qui concerne Ain." in page and f'href="{NEWS}?territoire=national"' in page


def test_an_intermunicipality_is_found_from_the_area_that_it_reaches_into(client, country):
    epci = make_territory(TerritoryKind.EPCI, "200071751", "Grand Bourg")
    country.bourg.epci_id = epci.id
    make_article("Agglo").territories = [epci]
    db.session.commit()
    assert titles(client, f"{NEWS}?territoire=01") == titles(client, f"{NEWS}?territoire=region-84") == ["Agglo"]
    assert titles(client, f"{NEWS}?territoire=38") == []


def test_a_list_is_sorted_as_one_likes_and_its_pages_keep_what_was_chosen(client):
    for number in range(45):
        make_article(f"Nouvelle {number:02}", published_at=NOON - timedelta(days=number))
    make_article("Éclair", published_at=NOON - timedelta(days=100), is_pinned=True)
    db.session.commit()
    assert titles(client, NEWS)[:2] == ["Éclair", "Nouvelle 00"]
    assert titles(client, f"{NEWS}?tri=anciens")[:2] == ["Éclair", "Nouvelle 44"]
    assert titles(client, f"{NEWS}?tri=titre&page=3") == [f"Nouvelle {number}" for number in range(39, 45)]
    page = client.get(f"{NEWS}?tri=titre&annee=2026&page=2").text
    assert "46 articles, par titre, page 2 sur 3" in page
    assert f'href="{NEWS}?annee=2026&amp;tri=titre&amp;page=3"' in page
    for wrong in ("page=4", "page=0", "page=x", "page=99999999999"):
        assert client.get(f"{NEWS}?{wrong}").status_code == 404


def test_an_area_without_news_of_its_own_is_shown_those_of_the_whole_country(client, country):
    for number in range(21):
        make_article(f"Partout {number}", kind=ArticleKind.NEWS if number else ArticleKind.INTERVIEW)
    db.session.commit()
    page = client.get(f"{NEWS}?territoire=01").text
    assert "Rien n’est propre à ce territoire pour l’instant : Ain. Voici" in page and "21 articles" in page
    assert titles(client, f"{NEWS}?territoire=01&type=interviews") == ["Partout 0"]
    assert len(titles(client, f"{NEWS}?territoire=01&page=2")) == 1
    make_article("Chez nous").territories = [place(TerritoryKind.DEPARTMENT, "01")]
    db.session.commit()
    assert titles(client, f"{NEWS}?territoire=01") == ["Chez nous"]
    assert "Rien n’est propre" not in client.get(f"{NEWS}?territoire=01").text


def test_days_are_those_of_paris(client):
    make_article("Appel", kind=ArticleKind.CALL, ends_on=date(2026, 6, 15), expires_on=date(2026, 6, 15))
    db.session.commit()
    last, next_day = datetime(2026, 6, 15, 21, 30, tzinfo=UTC), datetime(2026, 6, 15, 22, 30, tzinfo=UTC)
    with time_machine.travel(last, tick=False):
        assert titles(client, NEWS) == ["Appel"]
        assert "Les conseils peuvent participer jusqu’au 15 juin" in client.get("/actualites/appel").text
    with time_machine.travel(next_day, tick=False):  # half past midnight in Paris
        assert titles(client, NEWS) == []
        page = client.get("/actualites/appel").text
        assert "L’appel est terminé" in page and "Cette page n’est plus à jour" in page


def test_the_list_names_the_feed_of_what_is_chosen(client):
    make_article()
    db.session.commit()
    page = client.get(f"{NEWS}?type=interviews&tri=titre&q=mot&annee=").text
    feed = re.search(
        r'<link rel="alternate" type="application/atom\+xml" title="Actualités – Interviews" href="([^"]+)">', page
    )[1]
    assert "/actualites.atom?" in feed and "type=interviews" in feed and "q=mot" in feed
    assert "tri" not in feed and "annee" not in feed and f'<a href="{feed}"' in page
    assert "/ressources/boite-a-outils.atom" in client.get(TOOLS).text


# The tool box -----------------------------------------------------------------------------------------------------


def make_series(numbers=(3, 1, 2), name="Les cahiers du citoyen"):
    series = Series(slug="les-cahiers", name=name)
    db.session.add(series)
    db.session.flush()
    made = [
        make_article(
            f"Cahier {n}", kind=ArticleKind.GUIDE, series=series, episode=n, published_at=NOON - timedelta(days=k)
        )
        for k, n in enumerate(numbers)
    ]
    db.session.commit()
    return made


def test_resources_lead_to_the_tool_box_which_has_two_tabs(client):
    assert client.get("/ressources").headers["Location"] == TOOLS
    tabs = re.search(r'<nav aria-label="Ressources">.*?</nav>', client.get(TOOLS).text, re.DOTALL)[0]
    assert re.findall(r"<a [^>]+>([^<]+)", tabs) == ["Boîte à outils", "Publications des conseils"]
    assert f'<a href="{TOOLS}" aria-current="page">' in tabs
    there = client.get("/ressources/publications").text
    assert '<a href="/ressources/publications" aria-current="page">Publications des conseils' in there


def test_a_series_stands_in_the_order_of_its_numbers(client):
    series = make_series()[0].series
    make_article("Autre outil", kind=ArticleKind.TOOL)
    make_article("Sans numéro", kind=ArticleKind.GUIDE, series=series, published_at=NOON)
    db.session.commit()
    assert titles(client, f"{TOOLS}?serie=les-cahiers") == ["Cahier 1", "Cahier 2", "Cahier 3", "Sans numéro"]
    oldest = titles(client, f"{TOOLS}?serie=les-cahiers&tri=anciens")
    assert [title for title in oldest if "Cahier" in title] == ["Cahier 2", "Cahier 1", "Cahier 3"]
    page = client.get(f"{TOOLS}?serie=les-cahiers").text
    assert "4 articles, dans l’ordre de la série" in page and "Les cahiers du citoyen, épisode\xa02" in page
    assert 'name="serie"' in client.get(TOOLS).text and 'name="serie"' not in client.get(NEWS).text


def test_an_article_leads_to_its_series_on_its_own_shelf_as_long_as_it_stands_there(client):
    series = make_series()[0].series
    made = make_article("Portrait", kind=ArticleKind.INTERVIEW, series=series, episode=9)
    db.session.commit()
    link = f'href="{NEWS}?serie=les-cahiers"'
    assert link in client.get("/actualites/portrait").text
    assert titles(client, f"{NEWS}?serie=les-cahiers") == ["Portrait"]
    made.expires_on = today() - timedelta(days=1)
    db.session.commit()
    page = client.get("/actualites/portrait").text
    assert "Série : Les cahiers du citoyen" in page and "?serie=" not in page


def test_a_refused_list_announces_no_feed(client, cast):
    make_article()
    db.session.commit()
    make_publication(Action, cast.alice, level=Visibility.PUBLIC)
    db.session.commit()
    choice = "/actions?nom=bourg-en-bresse"
    for address in (f"{NEWS}?type=x", f"{TOOLS}?q=%21", "/actions?q=%21", "/ressources/publications?nom=%21", choice):
        page = client.get(address).text
        assert ".atom" not in page and "noindex" in page
    assert "Choisissez un conseil" in client.get(choice).text


def test_an_episode_leads_to_those_beside_it(client):
    make_series((1, 2, 4, 5))
    db.session.execute(Article.__table__.update().where(Article.episode == 4).values(hidden_at=utcnow()))
    db.session.commit()
    page = client.get("/ressources/cahier-2").text
    assert "Épisode 2 sur 5 de la série" in page
    assert '<a rel="prev" href="/ressources/cahier-1">Précédent : Cahier 1</a>' in page
    assert '<a rel="next" href="/ressources/cahier-5">Suivant : Cahier 5</a>' in page
    assert f'href="{TOOLS}?serie=les-cahiers"' in page
    first, last = client.get("/ressources/cahier-1").text, client.get("/ressources/cahier-5").text
    assert 'rel="prev"' not in first and 'rel="next"' not in last


# The page of an article -------------------------------------------------------------------------------------------


def test_an_article_says_all_that_it_is(client, country):
    theme = db.session.scalar(select(Theme))
    article = make_article(
        "Rencontre nationale", kind=ArticleKind.REPORTAGE, summary="En deux mots.", body="Le texte entier",
        published_at=NOON, edited_at=NOON + timedelta(days=1), starts_on=date(2026, 7, 1), place="Nantes",
        source="La Ville", source_address="https://ville.example/", picture_words="Une salle pleine",
    )  # fmt: skip
    article.themes, article.territories = [theme], [place(TerritoryKind.DEPARTMENT, "01")]
    article.picture = make_picture("photo.webp", 1200, 800)
    join_file(article)
    db.session.commit()
    page = " ".join(client.get("/actualites/rencontre-nationale").text.split())
    assert '<span class="kind">Reportage</span> Rencontre nationale' in page
    assert '<p class="lead">En deux mots.</p>' in page and "<p>Le texte entier</p>" in page
    assert 'datetime="2026-06-15T12:00:00Z">15 juin 2026</time>, modifié le' in page
    assert "<dt>Quand</dt> <dd>le 1er juillet 2026" in page and "<dd>Nantes</dd>" in page
    assert 'alt="Une salle pleine" width="648" height="432"' in page
    assert '<a href="https://ville.example/" rel="nofollow noopener external">La Ville</a>' in page
    assert f'<a href="/actualites?theme={theme.slug}">{theme.name}</a>' in page and "Territoire : Ain" in page
    assert "charte.pdf</a>" in page and "PDF, 120" in page
    light = client.get("/actualites/rencontre-nationale", headers={"Save-Data": "on"}).text
    assert "<img" not in light and "Voir l’image : Une salle pleine" in light


def test_an_article_has_one_address(client):
    make_article("Un guide", kind=ArticleKind.GUIDE)
    db.session.commit()
    wrong = client.get("/actualites/un-guide")
    assert wrong.status_code == 301 and wrong.headers["Location"] == "/ressources/un-guide"
    assert client.get("/ressources/un-guide").status_code == 200
    for nothing in ("/actualites/rien", "/ressources/rien", "/autre/un-guide"):
        assert client.get(nothing).status_code == 404


def test_what_is_hidden_or_deleted_is_not_found_and_what_expired_says_so(client, animator):
    make_article("Masquée", hidden_at=utcnow())
    make_article("Effacée", deleted_at=utcnow())
    make_article("Passée", expires_on=date(2026, 1, 31))
    db.session.commit()
    for slug in ("masquee", "effacee"):
        assert client.get(f"/actualites/{slug}").status_code == 404
        assert client.get(f"/actualites/{slug}/qr.svg").status_code == 404
    page = client.get("/actualites/passee")
    assert page.status_code == 200 and "dans les listes depuis le 31 janvier 2026" in page.text
    assert '<meta name="robots" content="noindex">' in page.text
    hidden = animator.get("/actualites/masquee").text
    assert "Masqué par la modération" in hidden and "og:title" not in hidden and "Partager" not in hidden


def test_an_article_leaves_the_lists_after_its_last_day_without_anybody_doing_anything(client):
    with time_machine.travel(NOON, tick=False):
        make_article("Fugace", expires_on=NOON.date(), published_at=NOON)
        db.session.commit()
        assert titles(client, NEWS) == ["Fugace"]
    with time_machine.travel(NOON + timedelta(days=1), tick=False):
        assert titles(client, NEWS) == [] and client.get("/actualites/fugace").status_code == 200


def test_only_who_may_edit_an_article_gets_the_link(client, alice, animator):
    article = make_article("À modifier")
    db.session.commit()
    link = f'<a href="/animation/articles/{article.id}/modifier">Modifier</a>'
    assert link in animator.get("/actualites/a-modifier").text
    assert all(link not in browser.get("/actualites/a-modifier").text for browser in (client, alice))


def test_articles_of_the_same_theme_follow_three_at_most_the_newest_first(client):
    theme, other = db.session.scalars(select(Theme).limit(2))
    for number in range(5):
        make_article(f"Parent {number}", published_at=NOON - timedelta(days=number)).themes = [theme, other]
    make_article("Étranger").themes = [other]
    make_article("Le mien").themes = [theme]
    db.session.commit()
    after = client.get("/actualites/le-mien").text.partition("Sur le même thème")[2]
    assert re.findall(r">(Parent \d|Étranger|Le mien)</a>", after) == ["Parent 0", "Parent 1", "Parent 2"]


def test_a_call_says_until_when_and_shows_what_its_reader_may_read(client, alice, cast):
    call = make_article("Vos talents", kind=ArticleKind.CALL, ends_on=today() + timedelta(days=5))
    for title, level in (("Jardin partagé", Visibility.PUBLIC), ("Fête secrète", Visibility.COUNCIL)):
        action = make_publication(Action, cast.alice, title=title, level=level)
        db.session.add(Contribution(article=call, publication=action))
    db.session.commit()
    page, hers = client.get("/actualites/vos-talents").text, alice.get("/actualites/vos-talents").text
    assert "Date limite" in page and "Jardin partagé" in page and "Fête secrète" not in page
    assert "Participer" in hers and "Fête secrète" in hers


def test_a_draft_without_anything_is_printed_as_its_reader_will_see_it(app, country):
    draft = make_article("", published_at=None)
    with app.test_request_context():
        template = app.jinja_env.from_string(
            '{% from "_macros/articles.html" import article, rows with context %}'
            "{{ article(draft) }}{{ rows([draft]) }}"
        )
        context = {}
        app.update_template_context(context)
        printed = template.render(draft=draft, **context)
    assert "Pas encore publié" in printed and f"/animation/articles/{draft.id}" in printed


# Weight and speed -------------------------------------------------------------------------------------------------


def fill(number):
    theme = db.session.scalar(select(Theme))
    picture = make_picture()
    for k in range(number):
        article = make_article(
            f"Article {k}", slug=f"article-{k}-{number}", summary="Deux phrases pour dire ce qu’il y a. " * 4,
            published_at=NOON - timedelta(hours=k), thumbnail=picture, body="Long. " * 200,
        )  # fmt: skip
        article.themes = [theme]
        article.territories = list(db.session.scalars(select(Territory).limit(3)))
        join_file(article)
    db.session.commit()


def test_the_number_of_queries_does_not_grow_with_the_articles_and_pages_stay_light(client, country, queries):
    counts = []
    client.get(NEWS)  # the directory is read once
    for number in (2, 60):
        fill(number)
        for address in (NEWS, f"/actualites/article-0-{number}", "/"):
            db.session.expire_all()
            queries.clear()
            page = client.get(address, headers={"Accept-Encoding": "gzip"})
            assert page.status_code == 200 and bytes_on_the_wire(page) <= 14_000
            counts.append(len(queries))
    assert counts[:3] == counts[3:] and max(counts) <= 16, counts
