"""The rubrics of the forum, as the animator keeps them."""

import re

import pytest
from sqlalchemy import select

from app.extensions import db
from app.models import Category
from app.services import arranging
from tests.browse import submit
from tests.factories import make_category, make_group, make_topic

LIST = "/animation/forum"


@pytest.fixture
def rubrics(cast):
    made = [make_category(name, position=place) for place, name in enumerate(("Jardins", "Fêtes", "Logement"), 1)]
    db.session.commit()
    return made


def address(category, what):
    return f"{LIST}/{category.id}/{what}"


def names(client):
    return re.findall(r'<li><a href="/forum/[^>]*>([^<]+)</a>', client.get(LIST).text)


def create(client, **fields):
    return submit(client, LIST, "Créer la rubrique", **fields)


def by_slug(slug):
    return db.session.scalar(select(Category).filter_by(slug=slug))


def test_the_animator_makes_rubrics_that_members_find(cast, animator, alice):
    assert "Rubriques du forum" in animator.get("/animation").text
    create(animator, name=" Cadre  de vie ", description="Rues, squares,\nbancs.")
    create(animator, name="L’été", description="")
    assert names(animator) == ["Cadre de vie", "L’été"]
    assert alice.get("/forum/cadre-de-vie").status_code == alice.get("/forum/l-ete").status_code == 200
    assert "aucun sujet" in animator.get(LIST).text


def test_each_rubric_has_an_address_of_its_own_and_none_takes_that_of_another_page(cast, animator):
    for number, name in enumerate(("Fêtes", "Recherche", "nouveau", "🌳", "🌷", "Rubrique", "Sujets")):
        create(animator, name=name, description=f"Numéro {number}")
    slugs = set(db.session.scalars(select(Category.slug)))
    assert slugs == {"fetes", "recherche-2", "nouveau-2", "rubrique", "rubrique-2", "rubrique-3", "sujets-2"}


@pytest.mark.parametrize("name", ["Jardins", "jardins", "JARDÌNS !", "Jardins 🌳"])
def test_two_rubrics_have_not_one_name(cast, animator, rubrics, name):
    for at, button in ((LIST, "Créer"), (address(rubrics[1], "modifier"), "Enregistrer")):
        page = submit(animator, at, button, name=name, description="Les nôtres")
        assert page.status_code == 422 and "Une rubrique porte déjà ce nom" in page.text and "Les nôtres" in page.text
    assert names(animator) == ["Jardins", "Fêtes", "Logement"]
    submit(animator, address(rubrics[0], "modifier"), "Enregistrer", name=name, description="Le sien")
    assert "Le sien" in animator.get(LIST).text


def test_a_button_pressed_twice_makes_one_rubric(cast, animator):
    for _ in range(2):
        assert create(animator, name="Fêtes", description="Du quartier").status_code == 302
    assert names(animator) == ["Fêtes"]


def test_a_rubric_that_came_at_the_same_time_is_a_sentence(cast, animator, rubrics, monkeypatch):
    monkeypatch.setattr(arranging, "_free_slug", lambda name: "jardins")
    page = create(animator, name="Jardinage", description="Les nôtres")
    assert page.status_code == 422 and "Les nôtres" in page.text and "envoyez encore une fois" in page.text


@pytest.mark.parametrize("name", ["", " \u202e\x00 ", "x" * 81])
def test_a_name_that_is_none_comes_back_with_a_sentence(cast, animator, name):
    page = create(animator, name=name, description="Une phrase.")
    assert page.status_code == 422 and "À corriger" in page.text and "Une phrase." in page.text
    assert names(animator) == []


def test_another_name_leaves_the_address(cast, animator, alice, rubrics):
    submit(animator, address(rubrics[0], "modifier"), "Enregistrer", name="Jardins et squares", description="Tout vert")
    assert names(animator)[0] == "Jardins et squares"
    assert "Tout vert" in alice.get("/forum/jardins").text
    assert submit(animator, address(rubrics[0], "modifier"), "Enregistrer", name=" ").status_code == 422


def test_a_rubric_moves_up_and_down_and_a_button_pressed_twice_moves_it_once(cast, animator, rubrics):
    page = animator.get(LIST)
    pressed = re.search(rf'action="({address(rubrics[2], "place/2")})"', page.text)[1]
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)[1]
    for _ in range(2):
        assert animator.post(pressed, data={"csrf_token": token}).location == LIST
        assert names(animator) == ["Jardins", "Logement", "Fêtes"]
    submit(animator, LIST, "Descendre")  # the first one
    assert names(animator) == ["Logement", "Jardins", "Fêtes"]
    for place, order in ((99, ["Jardins", "Fêtes", "Logement"]), (0, ["Logement", "Jardins", "Fêtes"])):
        animator.post(address(rubrics[2], f"place/{place}"), data={"csrf_token": token})
        assert names(animator) == order


def test_the_order_is_changed_with_all_rubrics_locked(cast, animator, rubrics, locks):
    submit(animator, LIST, "Descendre")
    assert [one.partition("FROM ")[2].split()[0] for one in locks] == ["users", "councils", "categories"]


def test_a_closed_rubric_is_read_and_not_written_until_it_opens_again(cast, animator, alice, rubrics):
    edit = address(rubrics[0], "modifier")
    assert submit(animator, edit, "Fermer").status_code == 302
    closed_at = by_slug("jardins").closed_at
    token = {"csrf_token": re.search(r'name="csrf_token" value="([^"]+)"', animator.get(edit).text)[1]}
    animator.post(address(rubrics[0], "fermeture"), data=token | {"act": "fermer"})
    assert by_slug("jardins").closed_at == closed_at is not None
    assert "(fermée)" in animator.get(LIST).text
    assert alice.get("/forum/jardins").status_code == 200
    assert alice.get("/forum/jardins/nouveau").location == "/forum/jardins"
    submit(animator, edit, "Rouvrir")
    assert alice.get("/forum/jardins/nouveau").status_code == 200
    assert animator.post(address(rubrics[0], "fermeture"), data=token | {"act": "rien"}).status_code == 400


def test_only_an_empty_rubric_is_deleted_and_the_site_asks_once(cast, animator, alice, rubrics):
    make_topic(cast.alice, rubrics[0])
    db.session.commit()
    assert "1 sujet" in animator.get(LIST).text
    token = re.search(r'name="csrf_token" value="([^"]+)"', animator.get(LIST).text)[1]
    full, empty = rubrics[:2]
    assert "/suppression" not in animator.get(address(full, "modifier")).text
    assert "/suppression" in animator.get(address(empty, "modifier")).text
    for ask in (animator.get, animator.post):
        answer = ask(address(full, "suppression"), data={"csrf_token": token})
        assert answer.location == address(full, "modifier")
        assert "déplacez-les d’abord" in animator.get(answer.location).text
    submit(animator, address(empty, "suppression"), "Oui")
    assert names(animator) == ["Jardins", "Logement"]
    assert alice.get("/forum/jardins").status_code == 200 and alice.get("/forum/fetes").status_code == 404


def test_the_places_where_groups_discuss_are_not_the_animators(cast, animator):
    group = make_group("Les quartiers de Bourg", cast.council)
    db.session.commit()
    place = db.session.scalar(select(Category).filter_by(group_id=group.id))
    page = animator.get(LIST)
    assert "Les quartiers de Bourg" not in page.text and "pas encore de rubrique" in page.text
    for what in ("modifier", "suppression"):
        assert animator.get(address(place, what)).status_code == 404
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)[1]
    for what in ("place/1", "fermeture", "suppression"):
        answer = animator.post(address(place, what), data={"csrf_token": token, "act": "fermer"})
        assert answer.status_code == 404, what
    assert place.closed_at is None


def test_whoever_does_not_run_the_site_any_more_changes_nothing(cast, animator, rubrics, monkeypatch):
    def demote():
        cast.animator.role = "member"
        db.session.commit()

    monkeypatch.setattr("app.blueprints.moderation.categories.begin_write", demote)
    assert create(animator, name="Bancs").status_code == 403
    assert db.session.query(Category).count() == 3
