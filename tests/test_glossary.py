"""The acronyms: explained where a text first uses one, and all of them on one page."""

import re
from html import unescape

import pytest

from app import glossary
from app.extensions import db
from app.markup import explained, html_parts, render, render_parts
from tests.factories import make_article

QPV = '<abbr title="quartier prioritaire de la politique de la ville">QPV</abbr>'


def test_a_text_explains_an_acronym_where_it_first_uses_it():
    html = render("Les QPV sont ici.\n\nUn autre QPV, et l’ANRU.")
    assert html.count(QPV) == 1 and html.index(QPV) < html.index("autre QPV")
    assert 'l’<abbr title="Agence nationale pour la rénovation urbaine">ANRU</abbr>' in html


@pytest.mark.parametrize("text", [
    "## Le QPV", "[Le QPV](https://exemple.fr)", "`QPV`", "    QPV", "https://exemple.fr/QPV", "le qpv", "des QPVs",
    "LE QPV DU QUARTIER", "un XQPV", "Qpv",
])  # fmt: skip
def test_no_acronym_is_explained_in_a_heading_a_link_code_or_another_word(text):
    assert "<abbr" not in render(text)


@pytest.mark.parametrize("text", ["| QPV | Ville |\n|---|---|\n| 1 | 2 |", "**QPV** et ville", "REP+ ici : QPV"])
def test_an_acronym_is_explained_in_a_table_and_in_bold(text):
    assert QPV in render(text)


def test_an_explanation_of_the_writer_comes_before_that_of_the_site():
    html = render('Le <abbr title="Quai Paul Valéry">QPV</abbr> n’est pas un QPV.')
    assert html == '<p>Le <abbr title="Quai Paul Valéry">QPV</abbr> n’est pas un QPV.</p>'


def test_each_part_of_a_long_text_explains_its_acronyms_and_is_rendered_alone():
    text = "## Un\n\nLe QPV.\n\n## Deux\n\nLe QPV et encore le QPV.\n"
    html = render_parts(text)
    assert [part.count(QPV) for part in html_parts(html)] == [0, 1, 1]
    changed = text.replace("encore", "toujours")
    assert render_parts(changed, text, html) == render_parts(changed)


def test_a_plain_text_is_explained_and_escaped():
    assert explained("<b> un QPV & un QPV") == f"&lt;b&gt; un {QPV} &amp; un QPV"


def test_a_text_tells_which_acronyms_it_uses_wherever_they_stand():
    html = render("## L’ANRU\n\nLe QPV, [la CAF](https://exemple.fr), `CUCS`.\n\n**EPCI**\n\nLE PRE VERT")
    assert [acronym for acronym, _ in glossary.used_in(html)] == ["ANRU", "CAF", "EPCI", "QPV"]
    assert glossary.used_in("") == []


def test_the_entries_are_whole_and_in_order():
    entries = list(glossary.entries().values())
    assert len(entries) >= 25 and [one.acronym for one in entries] == sorted(one.acronym for one in entries)
    for one in entries:
        assert re.fullmatch("[A-Z]{2,}", one.acronym) and one.words and one.sentence.endswith("."), one


def test_the_glossary_is_a_page_that_the_help_leads_to(client):
    page = unescape(client.get("/glossaire").text)
    assert all(f'id="{one.acronym}"' in page and one.sentence in page for one in glossary.entries().values())
    assert 'href="/glossaire"' in client.get("/aide").text


def test_the_page_of_an_article_says_its_acronyms_at_its_end(client):
    article = make_article("Le contrat", kind="guide", body="L’EPCI signe.", body_html=render("L’EPCI signe."))
    db.session.commit()
    page = client.get(f"/ressources/{article.slug}").text
    said = page.partition("Sigles de cette page")[2]
    assert "établissement public de coopération intercommunale" in said and 'href="/glossaire"' in said
    plain = make_article("Sans sigle", kind="guide", body="Rien.")
    db.session.commit()
    assert "Sigles de cette page" not in client.get(f"/ressources/{plain.slug}").text
