"""Calls for contributions: the actions that councils send, and who sees them."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.extensions import db
from app.labels import ArticleKind, Visibility
from app.localtime import today
from app.models import Action, Contribution
from tests.browse import send, submit
from tests.factories import make_article, make_group, make_publication

TALENT = "Mon conseil citoyen a du talent"


@pytest.fixture
def call(cast):
    made = make_article(TALENT, kind=ArticleKind.CALL)
    db.session.commit()
    return made


def share(author, title, level=Visibility.PUBLIC, **columns):
    row = make_publication(Action, author, title=title, level=level, **columns)
    db.session.commit()
    return row


def choose_address(call):
    return f"/mon-conseil/appels/{call.slug}"


def page_of(call):
    return f"/actualites/{call.slug}"


def answer(browser, call, *actions):
    """Send the form with these actions ticked; return the page that comes."""
    sent = submit(browser, choose_address(call), actions=[action.id for action in actions])
    return browser.get(sent.location).text


def sent_ids():
    return set(db.session.scalars(select(Contribution.publication_id)))


def count():
    return db.session.scalar(select(func.count()).select_from(Contribution))


def test_a_council_sends_its_actions_and_everybody_finds_them_in_the_call(client, alice, cast, call):
    garden, market = share(cast.bruno, "Le jardin partagé"), share(cast.alice, "Le marché aux plantes")
    assert "2 fiches-actions sont envoyées" in answer(alice, call, garden, market)
    page = client.get(page_of(call)).text
    assert "2 fiches-actions reçues" in page
    assert "Le jardin partagé" in page and "Le marché aux plantes" in page


def test_another_member_of_the_council_takes_one_back(client, alice, bruno, cast, call):
    garden, market = share(cast.bruno, "Le jardin partagé"), share(cast.alice, "Le marché aux plantes")
    answer(alice, call, garden, market)
    assert "1 fiche-action n’est plus dans cet appel" in answer(bruno, call, market)
    page = client.get(page_of(call)).text
    assert "Le jardin partagé" not in page and "1 fiche-action reçue" in page


def test_two_members_who_answer_at_once_undo_nothing_of_each_other(alice, bruno, cast, call):
    garden, market, fair = (share(cast.alice, title) for title in ("Le jardin", "Le marché", "La fête"))
    answer(alice, call, fair)
    page = alice.get(choose_address(call))
    answer(bruno, call, garden)  # one comes, and one goes
    sent = send(alice, page, actions=[fair.id, market.id])
    assert "1 fiche-action est envoyée." in alice.get(sent.location).text
    assert sent_ids() == {garden.id, market.id}


def test_a_list_of_ticked_boxes_that_nobody_wrote_takes_nothing_back(alice, cast, call):
    garden = share(cast.alice, "Le jardin")
    answer(alice, call, garden)
    for ticked in ("", "x", "9" * 5000, "\0 ٣ -1"):
        assert submit(alice, choose_address(call), actions=[], ticked=ticked).status_code == 302
        assert sent_ids() == {garden.id}


def test_only_what_others_may_read_is_offered(alice, cast, call):
    group = make_group("Les quartiers", cast.council)
    share(cast.alice, "Pour nous seuls", Visibility.COUNCIL)
    share(cast.alice, "Pour le groupe", Visibility.GROUPS, groups=[group])
    share(cast.alice, "Encore un brouillon", published_at=None)
    share(cast.alice, "Pour les membres", Visibility.MEMBERS)
    share(cast.chloe, "D’un autre conseil")
    page = alice.get(choose_address(call)).text
    assert "Pour les membres" in page
    for title in ("Pour nous seuls", "Pour le groupe", "Encore un brouillon", "D’un autre conseil"):
        assert title not in page


def test_what_was_not_offered_is_not_sent(alice, cast, call):
    ours, theirs = share(cast.alice, "Pour nous", Visibility.COUNCIL), share(cast.chloe, "D’un autre conseil")
    share(cast.alice, "Une vraie")
    submit(alice, choose_address(call), actions=[ours.id, theirs.id, 2**40])
    assert count() == 0


def test_an_action_that_is_narrowed_leaves_the_call_for_those_who_may_not_read_it(client, alice, client_as, cast, call):
    garden = share(cast.alice, "Le jardin partagé")
    answer(alice, call, garden)
    garden.level = Visibility.MEMBERS
    db.session.commit()
    assert "Le jardin partagé" not in client.get(page_of(call)).text
    assert "Le jardin partagé" in client_as(cast.chloe).get(page_of(call)).text
    garden.level = Visibility.COUNCIL
    db.session.commit()
    assert "Le jardin partagé" not in client_as(cast.chloe).get(page_of(call)).text
    assert "Le jardin partagé" in alice.get(choose_address(call)).text  # its council takes it back


def test_a_form_that_is_sent_twice_sends_the_actions_once(alice, cast, call):
    garden = share(cast.alice, "Le jardin partagé")
    answer(alice, call, garden)
    assert "Rien n’a changé" in answer(alice, call, garden)
    assert count() == 1


def test_after_its_last_day_nobody_takes_part_any_more(alice, cast, call):
    garden = share(cast.alice, "Le jardin partagé")
    page = alice.get(choose_address(call)).text
    call.ends_on = today() - timedelta(days=1)
    db.session.commit()
    assert "Cet appel est terminé" in alice.get(choose_address(call)).text
    sent = alice.post(choose_address(call), data={"actions": garden.id, "csrf_token": token_in(page)})
    assert "Cet appel est terminé" in sent.text and count() == 0


def token_in(page):
    return page.partition('name="csrf_token" type="hidden" value="')[2].partition('"')[0]


def test_a_council_without_an_action_is_told_how_to_write_one(alice, call):
    page = alice.get(choose_address(call)).text
    assert "n’a pas encore de fiche-action" in page and "Créer une nouvelle action" in page


def test_a_call_is_found_by_its_own_address_alone(alice, cast):
    make_article("Une nouvelle")
    db.session.commit()
    assert alice.get("/mon-conseil/appels/une-nouvelle").status_code == 404
    assert alice.get("/mon-conseil/appels/inconnu").status_code == 404


def test_a_long_call_is_leafed_through_with_as_many_queries(client, cast, call, queries):
    for number in range(45):
        action = share(cast.alice, f"Action {number:02}")
        db.session.add(Contribution(article_id=call.id, publication_id=action.id))
    db.session.commit()
    queries.clear()
    page = client.get(page_of(call) + "?page=3").text
    assert "45 fiches-actions reçues" in page and page.count(">Action ") == 5
    assert len(queries) <= 12
