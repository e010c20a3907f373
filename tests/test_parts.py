"""The parts of a long text: cut and joined, one replaced, each rendered by itself, and only when it changed."""

import re
import time

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from app import markup, parts
from app.markup import PART_END, TextTooComplex, check_parts, html_parts, render, render_parts
from app.text import paragraphs

TEXT = "Avant.\n\n# Un\n\nPremier.\n\n## **Le** budget ##\n\nDeuxième.\n### Trois\nTroisième."
LINES = ["", "a", "- b", "  - c", "    # code", "> # d", "- # e", " # f", "#g", "## h ##", "###### i", "#", "#######",
         "# j \\", "# k \\\\", "1. l", "===", "---", "*m*", "\t# n", "# <b>o</b>", "<h2>p</h2>", "</h6>", "| q | r |",
         "|---|---|", "# s | t",
         "[u]: http://v", "<div>", "</div>", "<!--", "-->", "`", "\\# w", "\f", "\x02# x"]  # fmt: skip
TEXTS = st.lists(st.sampled_from(LINES), max_size=9).map("\n".join)
PLAIN = [line for line in LINES if not re.search(r"[<|>=\t\f\x02]|---|- #|^ +#", line)]


def told(text):
    return [(part.level, part.title, part.text) for part in parts.split(text)]


# Cut, joined, replaced ------------------------------------------------------------------------------------------


def test_a_text_is_cut_at_its_headings():
    assert told(TEXT) == [
        (0, "", "Avant.\n\n"),
        (1, "Un", "# Un\n\nPremier.\n\n"),
        (2, "Le budget", "## **Le** budget ##\n\nDeuxième.\n"),
        (3, "Trois", "### Trois\nTroisième."),
    ]
    assert told("") == [(0, "", "")]
    assert told("#mot") == [(0, "", ""), (1, "mot", "#mot")]
    assert len(told("Titre\n===\n\n    # code\n\n> # cité\n\n- # liste\n\\# signe")) == 1


@pytest.mark.parametrize(
    ("line", "title"),
    [
        ("# Qui _décide_ ?", "Qui décide ?"),
        ("# [La maire](https://a.fr) `vote`", "La maire vote"),
        ("# 5 * 3 * 2, nom_de_fichier", "5 * 3 * 2, nom_de_fichier"),
        (r"# \*Note\* n° 2 \#", "*Note* n° 2 #"),
        ("# **Le *petit* budget**", "Le petit budget"),
        ("#", ""),
        ("####### Sept", "# Sept"),
        ("# " + "mot " * 100, "mot " * 49 + "…"),
    ],
)
def test_a_title_has_no_signs_of_markdown(line, title):
    assert parts.split(line)[1].title == title


@given(st.text(alphabet=st.sampled_from("#a \n\\\t\r\f\x85\u2028")))
def test_the_parts_make_the_text_again(text):
    assert parts.join(parts.split(text)) == text


@given(st.lists(st.sampled_from(PLAIN), max_size=9).map("\n".join))
@settings(deadline=None)
def test_headings_are_those_of_markdown(text):
    found = parts.split(text)
    assert len(re.findall(r"<h\d", markup._convert(text))) == len(found) - 1
    for part in found[1:]:
        assert markup._convert(part.text).startswith(f"<h{min(part.level + 2, 6)}")


@pytest.mark.parametrize(
    ("number", "new", "expected"),
    [
        (0, "Bonjour.", TEXT.replace("Avant.", "Bonjour.")),
        (0, "", TEXT.removeprefix("Avant.\n\n")),
        (1, "# Un\n\n\nNeuf\n", TEXT.replace("\n\nPremier.", "\n\n\nNeuf")),
        (1, "", TEXT.replace("# Un\n\nPremier.\n\n", "")),
        (2, "## A\n\n## B", "Avant.\n\n# Un\n\nPremier.\n\n## A\n\n## B\n\n### Trois\nTroisième."),
        (2, "## **Le** budget ##\n\nDeuxième.", TEXT),
        (3, "", TEXT.removesuffix("\n### Trois\nTroisième.")),
        (3, "Sans titre", TEXT.replace("\n### Trois\nTroisième.", "\n\nSans titre")),
        (3, "# Fin", TEXT.replace("### Trois\nTroisième.", "# Fin")),
    ],
)
def test_a_part_is_replaced(number, new, expected):
    assert parts.replace(TEXT, number, new) == expected


def test_a_first_part_is_written_where_there_was_none():
    assert parts.replace("# Un", 0, "Avant") == "Avant\n\n# Un"
    assert parts.replace("", 0, "Avant") == "Avant"


@pytest.mark.parametrize("number", [-1, 4])
def test_a_part_that_is_not_there_is_not_replaced(number):
    with pytest.raises(LookupError):
        parts.replace(TEXT, number, "x")


@given(TEXTS.map(paragraphs), st.integers(0, 9), TEXTS.map(paragraphs))
@settings(deadline=None)
def test_the_other_parts_stay_as_they_are(text, number, new):
    before = parts.split(text)
    assume(number < len(before))
    changed = parts.replace(text, number, new)
    assert parts.replace(text, number, before[number].text) == text
    bodies = [part.text.strip("\n") for part in parts.split(changed)]
    after = [part.text.strip("\n") for part in before[number + 1 :]]
    assert not after or bodies[-len(after) :] == after
    headings = [(part.level, part.title) for part in before[:number] + parts.split(new) + before[number + 1 :]]
    assert [(p.level, p.title) for p in parts.split(changed) if p.level] == [pair for pair in headings if pair[0]]


# Rendered -------------------------------------------------------------------------------------------------------


def test_each_part_has_its_html_and_the_ranks_of_the_whole():
    html = html_parts(render_parts(TEXT))
    assert [str(part) for part in html] == [
        "<p>Avant.</p>",
        "<h3>Un</h3>\n<p>Premier.</p>",
        "<h4><strong>Le</strong> budget</h4>\n<p>Deuxième.</p>",
        "<h5>Trois</h5>\n<p>Troisième.</p>",
    ]
    assert [str(part)[:4] for part in html_parts(render_parts("#### Bas\n\n## Haut"))] == ["", "<h4>", "<h3>"]


@given(TEXTS.map(paragraphs))
@settings(max_examples=50, deadline=None)
def test_each_part_has_its_html(text):
    assert len(html_parts(render_parts(text))) == len(parts.split(text))


@given(TEXTS, TEXTS)
@settings(max_examples=80, deadline=None)
def test_what_is_known_changes_nothing_in_the_html(text, other):
    mixed = "\n\n".join(part.text for pair in zip(parts.split(text), parts.split(other), strict=False) for part in pair)
    for known in (other, mixed, text):
        assert render_parts(text, known, render_parts(known)) == render_parts(text)


def test_only_what_changed_is_converted_and_sanitised(monkeypatch):
    known = render_parts(TEXT)
    seen = []
    convert = markup._convert
    monkeypatch.setattr(markup, "_convert", lambda text: seen.append(text) or convert(text))
    changed = TEXT.replace("Deuxième", "Second")
    assert "Second" in render_parts(changed, TEXT, known)
    assert seen == ["## **Le** budget ##\n\nSecond."]


def test_new_ranks_of_headings_change_those_of_all_parts():
    text = TEXT + "\n\n#### Quatre"
    before = text.replace("# Un", "#### Un", 1)
    assert render_parts(text, before, render_parts(before)) == render_parts(text)
    assert "<h3>Un" not in render_parts(before) and "<h3>Un" in render_parts(text)


def test_html_that_is_not_of_the_known_text_is_not_taken():
    assert render_parts("# Un\n\na", "# Un\n\na", render("# Un\n\na")) == render_parts("# Un\n\na")
    assert render_parts("", "", "") == "" and render_parts("a", "a", "") == "<p>a</p>"


def test_tags_of_a_known_text_count_among_its_ranks():
    text, known = "## Un\n\n</h1>", "## Un\n\n</h1>\n\n## Deux"
    assert render_parts(text, known, render_parts(known)) == render_parts(text)
    assert render_parts("## Deux", known, render_parts(known)) == render_parts("## Deux")


def test_a_text_cannot_make_parts_of_its_own():
    html = render_parts("a\fb &#12; &#x0c; \x0c\n\n# Un\n\nc\fd")
    assert html.count(PART_END) == 1


@pytest.mark.parametrize(
    "evil",
    ["<script>alert(1)</script>", "<p id=x onclick=y()>", "[a](javascript:b())", "</section><h1 id='partie-1'>", "<!--",
     "<pre><code>", "<table><tr><td>", "# A {#x}", "<a name=x id=y>"],
)  # fmt: skip
def test_a_part_is_as_safe_as_a_text_and_leaves_nothing_open(evil):
    html = html_parts(render_parts(f"{evil}\n\n# Un\n\n{evil}\n\n# Deux"))
    assert re.fullmatch(r"<h(\d)>Deux</h\1>", html[-1])
    for part in html:
        assert not re.search(r"<script|<section|onclick|javascript:|<[^>]*\s(id|name)=", part)
        assert [*re.findall(r"<(\w+)", part)].count("p") == part.count("</p>")
    assert str(html[0]) == (render(evil) if not evil.startswith("#") else "")


# Limits ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "## **Budget**\n" + "x" * 24_986,
            "La partie « Budget » a 25 000 caractères : 20 000 au plus. "
            "Coupez-la en deux avec un titre : une ligne qui commence par ##.",
        ),
        (
            "x" * 25_000,
            "Ce texte, qui n’a pas de titre, a 25 000 caractères : 20 000 au plus. "
            "Coupez-le en deux avec un titre : une ligne qui commence par ##.",
        ),
        (
            "x\n" * 1502 + "# A",
            "Le début du texte, avant le premier titre, a plus de 1 500 lignes : "
            "coupez-le en deux avec un titre : une ligne qui commence par ##.",
        ),
        (
            "#\n" + "[a" * 301,
            "La partie n° 1, dont le titre est vide, a plus de 300 signes [, ( ou < : "
            "retirez-en, ou coupez-la en deux avec un titre : une ligne qui commence par ##.",
        ),
        ("# A\n" + "[" * 21, "La partie « A » ouvre plus de 20 crochets [ sans les fermer : fermez-les."),
        ("x" * 2_000_000, "Ce texte a 2 000 000 caractères : 250 000 au plus. Retirez-en, ou joignez un fichier."),
        ("# a\n(((((\n" * 401, "Ce texte a plus de 2 000 signes [, ( ou < : retirez-en, ou joignez un fichier."),
        ("# a\n" * 501, "Ce texte a 501 titres : 500 au plus. Retirez les # devant quelques-uns."),
        ("# a\n" + "\n" * 10_000, "Ce texte a plus de 10 000 lignes : retirez-en, ou joignez un fichier."),
    ],
)
def test_a_long_text_beyond_the_limits_is_refused_with_what_to_do(text, sentence):
    with pytest.raises(TextTooComplex) as refused:
        check_parts(text)
    assert str(refused.value).replace("\N{NARROW NO-BREAK SPACE}", " ") == sentence
    with pytest.raises(TextTooComplex):
        render_parts(text)


def test_a_long_text_within_the_limits_is_rendered():
    text = "\n\n".join(f"## Partie {number}\n\n" + "Une phrase. " * 1600 for number in range(12))
    assert len(html_parts(render_parts(text))) == 13


@pytest.mark.slow
@pytest.mark.parametrize(
    "part", ["[a](" * 74 + "x" * 19_000, "> " * 9000, "`a " * 6600, "a\n=\n" * 400, "- \n" * 800, "| a " * 4900]
)
def test_the_worst_long_text_does_not_hold_a_process_for_long(part):
    text = "\n\n".join(f"## {number}\n\n{part}" for number in range(min(12, 9900 // (part.count("\n") + 5))))
    start = time.process_time()
    render_parts(text)
    assert time.process_time() - start < 15  # seconds; it takes six at most
