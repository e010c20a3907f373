"""The monthly letter from its draft to the page of an issue; tests/test_mailing.py sends it."""

from datetime import date, timedelta

import pytest
import time_machine
from sqlalchemy import delete, select

from app.blueprints.moderation import newsletter as views
from app.extensions import db
from app.jobs.dispatching import dispatch
from app.jobs.drafting import draft_letter
from app.labels import ArticleKind, IssueSection, IssueState, Role, UserStatus, Visibility
from app.models import Action, Article, Delivery, Document, Event, Login, NewsletterIssue, NewsletterItem, Publication
from app.models.types import utcnow
from app.services import mailing, newsletter, settings
from tests.browse import forms, send, submit
from tests.factories import EMPTY_LETTER, PASSWORD, make_article, make_issue, make_publication, make_user

LIST = "/animation/lettre"
EDIT = "/animation/lettre/2026-11"
DAY = "2026-11-05T09:00:00Z"


@pytest.fixture
def clock():
    with time_machine.travel(DAY, tick=False) as moved:
        yield moved


def the_issue():
    db.session.expire_all()
    return db.session.scalar(select(NewsletterIssue).order_by(NewsletterIssue.month.desc()).limit(1))


def titles(section=None, issue=None):
    """What the draft holds, or one section of it, in order."""
    items = (issue or the_issue()).items
    return [item.title for item in items if not item.is_dropped and section in (None, item.section)]


def composed():
    content = newsletter.compose(the_issue())
    return {section["heading"]: [item["title"] for item in section["items"]] for section in content["sections"]}


def drafted(*articles):
    """A draft of November, made at this instant from articles of the day before."""
    for title in articles:
        make_article(title, published_at=utcnow() - timedelta(days=1))
    db.session.commit()
    issue = newsletter.draft(utcnow())
    db.session.commit()
    return issue


def mails():
    dispatch()
    return list(db.session.scalars(select(Delivery).where(Delivery.kind == "issue").order_by(Delivery.id)))


# The draft --------------------------------------------------------------------------------------------------------


def test_the_draft_holds_what_was_published_since_the_last_letter_section_by_section(clock, cast):
    now, public = utcnow(), {"level": Visibility.PUBLIC}
    for kind in (ArticleKind.NEWS, ArticleKind.CALL, ArticleKind.TOOL, ArticleKind.PRESS):
        make_article(f"Un {kind}", kind=kind, published_at=now - timedelta(days=2))
    make_article("Vieux", published_at=now - timedelta(days=32))
    make_publication(Action, cast.alice, title="Un jardin", published_at=now - timedelta(days=3), **public)
    for weeks in (5, 1, 7):
        make_publication(Event, cast.chloe, title=f"Dans {weeks}", starts_at=now + timedelta(weeks=weeks), **public)
    drafted()
    assert composed() == {
        "Actualités": ["Un call", "Un news"],
        "Dans la boîte à outils": ["Un tool"],
        "Les conseils agissent": ["Un jardin"],
        "Dans la presse": ["Un press"],
        "À l’agenda": ["Dans 1", "Dans 5"],
        "Le mois en chiffres": [
            "3 conseils citoyens ont des membres inscrits", "4 nouveaux membres",
            "1 fiche-action publique partagée", "3 événements publics annoncés",
        ],
    }  # fmt: skip
    assert the_issue().subject == "La lettre des conseils citoyens – novembre 2026"
    assert the_issue().month == date(2026, 11, 1)


def test_nothing_that_visitors_do_not_read_gets_into_the_draft(cast, clock):
    now = utcnow()
    for level in (Visibility.COUNCIL, Visibility.MEMBERS):
        make_publication(Action, cast.alice, title="Secret", level=level)
        make_publication(Event, cast.alice, title="Secret", level=level)
    for columns in ({"published_at": None}, {"deleted_at": now}, {"hidden_at": now}, {"expires_on": date(2026, 11, 4)}):
        make_article("Secret", slug=f"secret-{next(iter(columns))}", **columns)
    make_publication(Action, cast.alice, title="Secret", level=Visibility.PUBLIC, hidden_at=now)
    make_publication(Event, cast.alice, title="Secret", level=Visibility.PUBLIC, cancelled_at=now)
    drafted()
    assert "Secret" not in titles()


def test_what_a_site_begins_with_is_no_news(cast, clock):
    make_article("Un guide de toujours", kind=ArticleKind.GUIDE, key="start-01", published_at=utcnow())
    assert titles(issue=drafted("Une nouvelle")).count("Un guide de toujours") == 0


def test_an_item_says_its_title_a_summary_cut_at_a_word_and_where_and_when(cast, clock):
    starts = utcnow() + timedelta(days=9)
    about = {"title": "La fête", "place": "Salle Pablo", "summary": "mot " * 90, "level": Visibility.PUBLIC}
    make_publication(Event, cast.alice, starts_at=starts, ends_at=None, **about)
    drafted()
    item = next(item for item in the_issue().items if item.section == IssueSection.EVENTS)
    assert len(item.text) <= 280 and item.text.endswith("mot…")
    facts = item.facts.replace("\xa0", " ")
    assert facts == "Samedi 14 novembre 2026, à 10 h · Salle Pablo · Croix Blanche · Bourg-en-Bresse (01)"


def test_the_letter_of_a_month_is_drafted_once(cast, clock):
    assert drafted("Un") is not None
    assert newsletter.draft(utcnow()) is None and len(titles(IssueSection.NEWS)) == 1


def test_two_who_draft_at_the_same_instant_make_one_issue(cast, clock, monkeypatch):
    drafted("Un")
    monkeypatch.setattr(newsletter, "_is_there", lambda month: False)
    assert newsletter.draft(utcnow()) is None
    assert len(db.session.scalars(select(NewsletterIssue)).all()) == 1


def test_a_draft_that_nobody_sent_has_told_nobody_so_that_the_next_one_tells_it(cast, clock):
    drafted("Une nouvelle de novembre")
    clock.move_to("2026-12-05T09:00:00Z")
    assert "Une nouvelle de novembre" in titles(issue=newsletter.draft(utcnow()))


@pytest.mark.parametrize("state", [IssueState.DRAFT, IssueState.SKIPPED])
def test_nothing_is_lost_when_no_letter_was_ever_sent(cast, clock, state):
    drafted("Une nouvelle de novembre").state = state
    clock.move_to("2026-12-05T09:00:00Z")
    drafted("Une nouvelle de décembre")
    clock.move_to("2027-01-05T09:00:00Z")
    assert titles(IssueSection.NEWS, newsletter.draft(utcnow())) == [
        "Une nouvelle de décembre", "Une nouvelle de novembre"
    ]  # fmt: skip


def test_the_next_letter_does_not_tell_again_what_was_sent(cast, clock):
    make_article("Déjà dite", published_at=utcnow() - timedelta(minutes=5))
    drafted().state = IssueState.SENT
    make_article("Publiée pendant la préparation", published_at=utcnow() - timedelta(minutes=5))
    clock.move_to("2026-12-05T09:00:00Z")
    assert titles(IssueSection.NEWS, newsletter.draft(utcnow())) == ["Publiée pendant la préparation"]


# The job ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("instant", "is_drafted"),
    [
        ("2026-11-04T22:30:00Z", False),
        ("2026-11-05T05:30:00Z", False),  # the night: nobody wants a mail then
        ("2026-11-05T06:30:00Z", True),
        ("2026-11-19T23:30:00Z", True),  # nothing ran on that day
        ("2026-11-30T23:30:00Z", False),  # in Paris, it is December
    ],
)
def test_the_letter_is_drafted_on_its_day_or_as_soon_as_possible_after_it(cast, instant, is_drafted):
    with time_machine.travel(instant, tick=False):
        draft_letter()
        draft_letter()
        assert (the_issue() is not None) is is_drafted
        assert len(mails()) == is_drafted


def test_the_animators_are_told_and_nothing_leaves(cast, clock):
    make_user("Anna Deux", role=Role.ANIMATOR)
    make_user("Annette Trois", role=Role.ANIMATOR, status=UserStatus.SUSPENDED)
    draft_letter()
    assert [mail.recipient for mail in mails()] == ["anne@essai.example", "anna@essai.example"]
    assert mails()[0].content["link"][1].endswith("/animation/lettre/2026-11")
    assert "Rien ne part sans votre accord" in " ".join(mails()[0].content["paragraphs"])
    assert the_issue().state == IssueState.DRAFT


def test_a_forgotten_draft_is_recalled_after_three_days_then_every_four(cast, clock):
    told = []
    for _ in range(13):
        draft_letter()
        draft_letter()
        told.append(len(mails()))
        clock.shift(timedelta(days=1))
    assert told == [1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4]
    assert mails()[1].subject == "La lettre de novembre 2026 attend toujours votre relecture"


@pytest.mark.parametrize("state", [state for state in IssueState if state != IssueState.DRAFT])
def test_a_letter_that_somebody_has_decided_about_is_not_recalled(cast, clock, state):
    drafted("Un").state = state
    db.session.commit()
    clock.shift(timedelta(days=9))
    draft_letter()
    assert mails() == [] and len(db.session.scalars(select(NewsletterIssue)).all()) == 1
    assert not newsletter.recall(the_issue().id, utcnow())  # it was decided about since the job has looked


def test_an_older_draft_is_not_recalled_once_a_newer_one_is_there(cast, clock):
    drafted("Un")
    clock.move_to("2026-12-05T09:00:00Z")
    draft_letter()
    clock.shift(timedelta(days=3))
    draft_letter()
    assert [mail.subject for mail in mails()] == [
        "La lettre de décembre 2026 est prête à relire", "La lettre de décembre 2026 attend toujours votre relecture",
    ]  # fmt: skip


# The pages of the animator ------------------------------------------------------------------------------------------


def test_the_animator_chooses_the_day_of_the_month(cast, animator):
    assert submit(animator, LIST, "Enregistrer ce jour", day="12").status_code == 302
    assert newsletter.letter_day() == 12 and "le 12 du mois" in animator.get(LIST).text
    submit(animator, LIST, "Enregistrer ce jour", day="7")
    assert settings.get(newsletter.DAY, "") == "7"


@pytest.mark.parametrize("day", ["", "0", "29", "cinq", "\0", "٣"])
def test_a_day_that_is_none_comes_back_with_a_sentence(cast, animator, day):
    page = submit(animator, LIST, "Enregistrer ce jour", day=day)
    assert page.status_code == 422 and "Écrivez un jour, de 1 à 28." in page.text


def test_the_animator_prepares_the_letter_without_waiting(cast, clock, client_as):
    animator = client_as(cast.animator)
    for _ in range(2):
        answer = submit(animator, LIST, "Enregistrer") and animator.post(
            f"{LIST}/preparation", data={"csrf_token": forms(animator.get(LIST).text)[0].fields["csrf_token"]}
        )
        assert answer.location == EDIT
    page = animator.get("/animation").text
    assert "La lettre de novembre 2026 attend votre relecture." in page and f'href="{EDIT}"' in page
    assert "Relire la lettre de novembre 2026" in animator.get(LIST).text


def test_one_who_was_prepared_is_said_where_it_stands(cast, clock, client_as):
    issue, animator = drafted("Un"), client_as(cast.animator)
    for state, words in (
        (IssueState.SCHEDULED, "partira le 6 novembre 2026 à 10"),
        (IssueState.LEAVING, "part en ce moment"),
        (IssueState.STOPPED, "Reprendre l’envoi"),
        (IssueState.SENT, "Lire la lettre de novembre 2026"),
    ):
        issue.state, issue.send_at, issue.started_at = state, utcnow() + timedelta(days=1), utcnow()
        db.session.commit()
        assert words in animator.get(LIST).text
    assert "attend votre relecture" not in animator.get("/animation").text


@pytest.mark.parametrize("button", ["Oui, envoyer la lettre", "Programmer le départ", "Oui, pas de lettre ce mois-ci"])
def test_a_yes_is_for_the_text_that_was_read(cast, clock, client_as, button):
    drafted("Un")
    animator = client_as(cast.animator)
    path = {"Oui, e": "depart", "Progra": "envoi", "Oui, p": "sans-lettre"}[button[:6]]
    page, fields = animator.get(f"{EDIT}/{path}"), {"day": "06/11/2026"} if path == "envoi" else {}
    press(client_as(cast.animator), "save", subject="Changé entre-temps")
    assert send(animator, page, button, **fields).location == f"{EDIT}/envoi"
    said = animator.get(f"{EDIT}/envoi").text
    assert "La lettre a changé depuis\xa0: relisez-la." in said and the_issue().state == IssueState.DRAFT
    submit(animator, f"{EDIT}/{path}", button, **fields)
    assert the_issue().state != IssueState.DRAFT


def test_the_animator_lets_a_month_go_by_and_comes_back_to_it(cast, clock, client_as):
    drafted("Un")
    animator = client_as(cast.animator)
    assert f'href="{EDIT}/sans-lettre"' in animator.get(LIST).text
    submit(animator, f"{EDIT}/sans-lettre", "Oui, pas de lettre")
    assert the_issue().state == IssueState.SKIPPED
    clock.shift(timedelta(days=9))
    draft_letter()
    assert mails() == []
    animator = client_as(cast.animator)
    assert "attend votre relecture" not in animator.get("/animation").text
    for page in (LIST, f"{EDIT}/envoi"):
        assert "Vous avez choisi de ne pas envoyer" in animator.get(page).text
    submit(animator, f"{EDIT}/envoi", "Reprendre cette lettre")
    assert the_issue().state == IssueState.DRAFT
    assert "Programmer le départ" in animator.get(f"{EDIT}/envoi").text


def test_who_sends_an_old_draft_is_told_of_the_newer_one(cast, clock, client_as):
    drafted("Un")
    clock.move_to("2026-12-05T09:00:00Z")
    drafted("Deux")
    animator = client_as(cast.animator)
    words = "La lettre de décembre 2026, plus récente, est déjà préparée"
    for path in ("envoi", "depart"):
        assert words in animator.get(f"{EDIT}/{path}").text
        assert words not in animator.get(f"{LIST}/2026-12/{path}").text


def test_the_form_says_how_long_the_introduction_may_be_and_how_long_it_is(cast, clock, client_as):
    drafted("Un")
    animator = client_as(cast.animator)
    assert "2\u202f000 caractères au plus.<" in animator.get(EDIT).text
    press(animator, "save", introduction="Bonjour")
    assert "2\u202f000 caractères au plus. Il en a 7." in animator.get(EDIT).text


# Arranging --------------------------------------------------------------------------------------------------------


@pytest.fixture
def editor(cast, clock, client_as):
    """The browser of the animator, with a draft of three articles: C, B, A (the newest first)."""
    drafted()
    issue = the_issue()
    issue.items = []
    for place, title in enumerate("CBA", 1):
        article = make_article(f"Titre {title}", summary=f"Texte {title}")
        about = {"article_id": article.id, "title": f"Titre {title}", "text": f"Texte {title}"}
        issue.items.append(NewsletterItem(section=IssueSection.NEWS, position=place, **about))
    tool = make_article("Un outil", kind=ArticleKind.TOOL)
    issue.items.append(NewsletterItem(section=IssueSection.RESOURCES, position=1, article_id=tool.id, title="Un outil"))
    db.session.commit()
    return client_as(cast.animator)


def item(title):
    return db.session.scalar(select(NewsletterItem).filter_by(title=title))


def press(client, name, page=None, **fields):
    """Press the button of this name in the form of the letter."""
    form = forms((page or client.get(EDIT)).text)[0]
    assert name in [button[1] for button in form.buttons], name
    data = form.fields.to_dict(flat=False) | {name: "draft"} | fields
    return client.post(EDIT, data=data)


def test_items_go_up_and_down_are_dropped_and_come_back(editor):
    press(editor, f"item-{item('Titre A').id}-2")
    assert titles(IssueSection.NEWS) == ["Titre C", "Titre A", "Titre B"]
    press(editor, f"item-{item('Titre C').id}-2")
    assert titles(IssueSection.NEWS) == ["Titre A", "Titre C", "Titre B"]
    press(editor, f"drop-{item('Titre A').id}")
    assert composed()["Actualités"] == ["Titre C", "Titre B"]
    press(editor, f"back-{item('Titre A').id}")
    assert composed()["Actualités"] == ["Titre C", "Titre B", "Titre A"]


def test_a_button_that_is_pressed_twice_does_its_work_once(editor):
    page = editor.get(EDIT)
    for _ in range(2):
        assert press(editor, f"item-{item('Titre A').id}-2", page).status_code == 302
    assert titles(IssueSection.NEWS) == ["Titre C", "Titre A", "Titre B"]


def test_sections_are_moved_and_left_out(editor):
    press(editor, "section-news-2")
    assert list(composed()) == ["Dans la boîte à outils", "Actualités"]
    press(editor, "out-resources")
    assert list(composed()) == ["Actualités"]
    press(editor, "in-resources")
    assert list(composed()) == ["Actualités", "Dans la boîte à outils"]


def test_every_button_saves_all_that_was_typed(editor):
    typed = {"subject": "Un autre objet", "introduction": "**Bonjour**", f"title_{item('Titre B').id}": "Mieux"}
    press(editor, f"drop-{item('Titre A').id}", **typed)
    issue = the_issue()
    assert issue.subject == "Un autre objet" and "<strong>Bonjour</strong>" in issue.introduction_html
    assert titles(IssueSection.NEWS) == ["Titre C", "Mieux"]


@pytest.mark.parametrize(
    ("button", "end"),
    [("preview", "/apercu"), ("send", "/envoi"), ("search", "?q=marche#ajouter"), ("save", "?q=marche")],
)
def test_every_way_out_of_the_form_saves_first(editor, button, end):
    answer = press(editor, button, introduction="Un mot", q="marche")
    assert answer.location == EDIT + end and the_issue().introduction == "Un mot"


def test_a_brief_is_added_whatever_button_is_pressed(editor):
    brief = {"brief_title": "Fermé lundi", "brief_text": "Le 11.", "brief_address": "https://exemple.fr/a"}
    press(editor, "save", **brief)
    press(editor, "brief", **brief)
    assert composed()["En bref"] == ["Fermé lundi"]
    content = newsletter.compose(the_issue())["sections"][-1]["items"][0]
    assert content == {"title": "Fermé lundi", "text": "Le 11.", "facts": "", "address": "https://exemple.fr/a"}


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"brief_title": "Lien", "brief_address": "javascript:alert(1)"}, "commence par https://"),
        ({"brief_title": "Lien", "brief_address": "data:text/html,x"}, "commence par https://"),
        ({"brief_text": "Sans titre"}, "Écrivez le titre de la brève."),
        ({"subject": "\u202e\0 "}, "Écrivez l’objet"),
        ({"subject": "x" * 79}, "78 caractères au plus"),
        ({"introduction": "[" * 400}, "plus de 300 signes"),
        ({"introduction": "mot " * 500 + "mot"}, "Ce mot est trop long pour un courriel : 2\u202f003 caractères"),
    ],
)
def test_what_cannot_be_saved_comes_back_as_it_was_typed_with_a_sentence(editor, fields, sentence):
    page = press(editor, "save", **fields, **{f"text_{item('Titre B').id}": "Gardé ici"})
    assert page.status_code == 422 and sentence in page.text and "Gardé ici" in page.text
    assert "<title>Erreur" in page.text
    assert item("Titre B").text == "Texte B"


@pytest.mark.parametrize("name", ["item-99999-1", "drop-99999", "add-a-99999", "item-1", "out-rien", "nimporte"])
def test_a_button_of_something_that_is_no_more_changes_nothing(editor, name):
    before = composed()
    data = forms(editor.get(EDIT).text)[0].fields.to_dict(flat=False) | {name: "draft"}
    assert editor.post(EDIT, data=data).status_code == 302 and composed() == before


def test_what_is_published_later_is_added_without_touching_the_rest(editor, clock):
    press(editor, f"item-{item('Titre A').id}-2", **{f"title_{item('Titre B').id}": "Mieux"})
    clock.shift(timedelta(hours=2))
    make_article("Toute neuve")
    db.session.commit()
    press(editor, "complete")
    assert titles(IssueSection.NEWS) == ["Titre C", "Titre A", "Mieux", "Toute neuve"]
    page = press(editor, "complete")
    assert "Rien de nouveau" in editor.get(page.location).text and len(titles(IssueSection.NEWS)) == 4


def test_other_articles_and_public_things_are_found_and_added(cast, editor):
    make_article("Un vieil article", published_at=utcnow() - timedelta(days=200))
    make_publication(Document, cast.alice, title="Un document pour tous", level=Visibility.PUBLIC)
    make_publication(Document, cast.alice, title="Un document secret")
    past = {"starts_at": utcnow() - timedelta(days=3), "ends_at": None, "level": Visibility.PUBLIC}
    make_publication(Event, cast.alice, title="Une fête passée", **past)
    db.session.commit()
    page = editor.get(EDIT).text
    assert "Un vieil article" in page and "Un document pour tous" in page and "Un document secret" not in page
    assert "Une fête passée" not in page
    old = db.session.scalar(select(Article.id).filter_by(title="Un vieil article"))
    secret, public = (
        db.session.scalar(select(Publication.id).filter_by(title=title))
        for title in ("Un document secret", "Un document pour tous")
    )
    press(editor, f"add-a-{old}")
    press(editor, f"add-p-{public}")
    data = forms(editor.get(EDIT).text)[0].fields.to_dict(flat=False)
    editor.post(EDIT, data=data | {f"add-p-{secret}": "draft"})
    assert composed()["Actualités"][-1] == "Un vieil article"
    assert composed()["Les conseils agissent"] == ["Un document pour tous"]


def test_two_who_write_in_different_places_both_keep_what_they_wrote(editor):
    page = editor.get(EDIT)
    press(editor, f"drop-{item('Titre A').id}", page, **{f"title_{item('Titre B').id}": "De l’une"})
    assert press(editor, "save", page, introduction="De l’autre").status_code == 302
    assert the_issue().introduction == "De l’autre" and titles(IssueSection.NEWS) == ["Titre C", "De l’une"]


def test_two_who_write_in_the_same_place_are_shown_both_texts(editor):
    page = editor.get(EDIT)
    press(editor, "save", page, introduction="Le mot de l’une")
    refused = press(editor, "save", page, introduction="Le mot de l’autre")
    assert refused.status_code == 422 and "Quelqu’un d’autre a changé la lettre" in refused.text
    assert "Le mot de l’une" in refused.text and "Le mot de l’autre" in refused.text
    assert the_issue().introduction == "Le mot de l’une"
    send(editor, refused, "Enregistrer")
    assert the_issue().introduction == "Le mot de l’autre"


def test_a_letter_that_left_is_not_changed_and_what_was_typed_is_shown(editor):
    page, issue = editor.get(EDIT), the_issue()
    issue.state, issue.content = IssueState.LEAVING, newsletter.compose(issue)
    db.session.commit()
    answer = press(editor, "save", page, introduction="Un mot de trop", **{f"title_{item('Titre B').id}": "Mieux"})
    assert "La lettre est déjà partie" in answer.text and "Un mot de trop" in answer.text and "Mieux" in answer.text
    assert the_issue().introduction == "" and item("Titre B")
    assert editor.get(EDIT).location == f"{EDIT}/envoi"


def test_the_page_asks_no_more_of_the_database_for_more_items(editor, queries):
    def count():
        db.session.expire_all()
        queries.clear()
        editor.get(EDIT)
        return len(queries)

    before = count()
    issue = the_issue()
    for number in range(12):
        article = make_article(f"Encore {number}")
        about = {"article_id": article.id, "title": f"Encore {number}"}
        issue.items.append(NewsletterItem(section=IssueSection.NEWS, position=9 + number, **about))
    db.session.commit()
    assert count() == before


# What readers get ---------------------------------------------------------------------------------------------------


def test_what_visitors_may_not_read_any_more_is_neither_sent_nor_shown(cast, editor):
    action = make_publication(Action, cast.alice, title="Un jardin", level=Visibility.PUBLIC)
    db.session.commit()
    press(editor, f"add-p-{action.id}")
    assert composed()["Les conseils agissent"] == ["Un jardin"]
    action.level = Visibility.MEMBERS
    db.session.get(Article, item("Titre A").article_id).hidden_at = utcnow()
    db.session.commit()
    assert composed() == {"Actualités": ["Titre C", "Titre B"], "Dans la boîte à outils": ["Un outil"]}
    assert editor.get(EDIT).text.count("Ne paraîtra pas") == 2


def test_an_event_that_is_over_or_cancelled_is_not_sent(cast, editor, clock):
    for title in ("Passée", "Annulée", "À venir"):
        starts = utcnow() + timedelta(days=2 if title == "Passée" else 9)
        make_publication(Event, cast.alice, title=title, starts_at=starts, ends_at=None, level=Visibility.PUBLIC)
    db.session.commit()
    press(editor, "complete")
    clock.shift(timedelta(days=3))
    db.session.scalar(select(Event).filter_by(title="Annulée")).cancelled_at = utcnow()
    db.session.commit()
    assert composed()["À l’agenda"] == ["À venir"]


def test_each_item_leads_to_its_page_and_the_press_to_the_article(cast, editor):
    about = {"kind": ArticleKind.PRESS, "source_address": "https://journal.example/a"}
    press_article = make_article("Dans le journal", **about)
    db.session.commit()
    press(editor, f"add-a-{press_article.id}")
    content = newsletter.compose(the_issue())
    links = {item["title"]: item["address"] for section in content["sections"] for item in section["items"]}
    assert links["Dans le journal"] == "https://journal.example/a"
    assert links["Titre A"].endswith("/actualites/titre-a") and links["Titre A"].startswith("http")
    assert content["address"].endswith("/lettre/2026-11") and content["month"] == "novembre 2026"


def test_the_preview_shows_the_mail_and_its_text(editor):
    press(editor, "save", introduction="Un mot pour vous")
    page = editor.get(f"{EDIT}/apercu")
    assert "Un mot pour vous" in page.text and "Ko" in page.text and "trop longue" not in page.text
    mail = editor.get(f"{EDIT}/apercu.html")
    assert "Titre C" in mail.text and "sha256-" in mail.headers["Content-Security-Policy"]
    text = editor.get(f"{EDIT}/apercu.txt")
    assert text.mimetype == "text/plain" and "Titre C" in text.text


def test_a_letter_that_is_too_heavy_is_said_so(editor):
    issue = the_issue()
    for number in range(30):
        issue.items.append(NewsletterItem(section=IssueSection.BRIEFS, position=number, title="x", text="mot " * 200))
    db.session.commit()
    assert "Cette lettre est trop longue." in editor.get(f"{EDIT}/apercu").text


def test_everybody_reads_a_letter_that_has_left(cast, editor, client):
    address = "/lettre/2026-11"
    assert client.get(address).status_code == 404
    assert "n’est pas encore partie" in editor.get(address).text
    mailing.send_now(the_issue(), cast.animator)
    db.session.commit()
    page = client.get(address)
    assert page.status_code == 200 and 'href="http' in page.text and "Titre C" in page.text
    db.session.get(Article, item("Titre C").article_id).hidden_at = utcnow()
    db.session.commit()
    assert "Titre C" not in client.get(address).text and "Titre B" in client.get(address).text


@pytest.mark.parametrize("month", ["2026-13", "2026-1", "novembre", "2026-11-01", "1999-01", "２０２６-11", "%00"])
def test_a_month_that_is_none_is_no_page(cast, animator, client, month):
    assert client.get(f"/lettre/{month}").status_code == 404
    assert animator.get(f"{LIST}/{month}").status_code == 404


def test_issues_lead_to_those_before_and_after_them_that_have_left(cast, client):
    for month, state in (("01", IssueState.SENT), ("02", IssueState.DRAFT), ("03", IssueState.SENT)):
        make_issue(f"2026-{month}", state=state, content=EMPTY_LETTER)
    db.session.commit()
    assert 'href="/lettre/2026-03">Lettre suivante' in client.get("/lettre/2026-01").text
    assert 'href="/lettre/2026-01">Lettre précédente' in client.get("/lettre/2026-03").text


# Sending: what the buttons say (the sending itself: tests/test_mailing.py) -------------------------------------------


def test_the_letter_is_sent_once_by_a_double_click(cast, editor):
    page = editor.get(f"{EDIT}/depart")
    assert "Personne n’a encore demandé" in page.text
    for _ in range(2):
        assert send(editor, page, "Oui, envoyer").location == f"{EDIT}/envoi"
    assert the_issue().state == IssueState.LEAVING and the_issue().content["sections"]
    assert "part en ce moment" in editor.get(f"{EDIT}/envoi").text
    assert "déjà partie" in editor.get(f"{EDIT}/depart").text


def test_a_departure_is_chosen_changed_and_cancelled(cast, editor):
    submit(editor, f"{EDIT}/envoi", "Programmer le départ", day="06/11/2026", time="18 h 30")
    assert the_issue().state == IssueState.SCHEDULED and the_issue().send_at.isoformat() == "2026-11-06T17:30:00+00:00"
    assert "partira le 6 novembre 2026 à 18" in editor.get(f"{EDIT}/envoi").text
    submit(editor, f"{EDIT}/envoi", "Changer le départ", day="07/11/2026", time="")
    assert the_issue().send_at.isoformat() == "2026-11-07T07:00:00+00:00"
    submit(editor, f"{EDIT}/envoi", "Annuler ce départ")
    assert the_issue().state == IssueState.DRAFT


@pytest.mark.parametrize(("day", "time"), [("04/11/2026", ""), ("05/11/2026", "9:59"), ("", ""), ("31/02/2027", "")])
def test_a_departure_in_the_past_or_on_no_day_is_refused_with_a_sentence(cast, editor, day, time):
    page = submit(editor, f"{EDIT}/envoi", "Programmer le départ", day=day, time=time)
    assert page.status_code == 422 and "À corriger" in page.text and the_issue().state == IssueState.DRAFT


def test_a_letter_that_leaves_is_held_back_and_goes_on(cast, editor):
    mailing.send_now(the_issue(), cast.animator)
    db.session.commit()
    submit(editor, f"{EDIT}/envoi", "Arrêter l’envoi")
    assert the_issue().state == IssueState.STOPPED
    submit(editor, f"{EDIT}/envoi", "Reprendre l’envoi")
    assert the_issue().state == IssueState.LEAVING


def test_what_cannot_be_done_any_more_is_a_sentence(cast, editor):
    page = editor.get(f"{EDIT}/envoi")
    mailing.send_now(the_issue(), cast.animator)
    db.session.commit()
    answer = send(editor, page, "Programmer le départ", day="06/11/2026")
    assert "déjà partie" in editor.get(answer.location).text and the_issue().state == IssueState.LEAVING


def test_a_test_goes_to_the_animator_alone(cast, editor):
    submit(editor, f"{EDIT}/envoi", "M’envoyer un essai")
    assert [mail.recipient for mail in db.session.scalars(select(Delivery))] == [cast.animator.email]
    assert the_issue().state == IssueState.DRAFT


def test_who_is_no_animator_any_more_changes_nothing(cast, editor):
    page = editor.get(EDIT)
    cast.animator.role = Role.MEMBER
    db.session.commit()
    assert press(editor, "save", page, introduction="Trop tard").status_code == 403
    assert the_issue().introduction == ""


def test_what_was_typed_when_the_session_ended_comes_back_and_is_not_saved_unseen(cast, editor):
    page, name = editor.get(EDIT), f"title_{item('Titre B').id}"
    db.session.execute(delete(Login))
    db.session.commit()
    editor.environ_base["HTTP_ORIGIN"] = "http://localhost"  # as browsers do
    asked = send(editor, page, "Passer à l’envoi", introduction="Un mot", **{name: "Mieux"})
    assert asked.status_code == 403 and "<pre" not in asked.text
    offered = send(editor, asked, email=cast.animator.email, password=PASSWORD)
    again = send(editor, offered)
    assert "Un mot" in again.text and "Mieux" in again.text and "Relisez" in again.text
    assert the_issue().introduction == ""
    send(editor, again, "Passer à l’envoi")
    assert the_issue().introduction == "Un mot" and item("Mieux")


def test_who_loses_the_role_while_they_send_changes_nothing(cast, editor, monkeypatch):
    def lock_writer():
        cast.animator.role = Role.MEMBER
        return cast.animator

    page = editor.get(EDIT)
    monkeypatch.setattr(views, "lock_writer", lock_writer)
    assert press(editor, "save", page, introduction="Trop tard").status_code == 403
    db.session.rollback()
    assert the_issue().introduction == ""
