"""Versions of a text that several people write: listed, compared, brought back, adopted, thinned; who wrote what."""

from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest
import time_machine
from sqlalchemy import func, select

from app.blueprints.publications import adopting as adoption_pages
from app.blueprints.publications import versions as pages
from app.extensions import begin_write, db
from app.labels import SideReason, UserStatus, Visibility
from app.models import Adoption, AuditEntry, Document, Revision
from app.models.types import utcnow
from app.services import adopting, cowriting, revisions, thinning, versions
from tests.browse import forms, send, submit
from tests.factories import make_group, make_publication
from tests.test_pages import bytes_on_the_wire

NOW = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)
RESTORE, ADOPT, REOPEN = "Rétablir", "est adoptée", "Oui, rouvrir"
FIRST = "Ce que nous voulons.\n\n## Budget\n\nTrente euros par an.\nUn trésorier."
SECOND = FIRST.replace("Trente", "Quarante")
THIRD = SECOND + "\n\n## Réunions\n\nUne par mois."


def write(item, author, text, comment=""):
    """Save a new state of the text, as the form that several people write with does."""
    cowriting.write(item, text, cowriting.rendered(item, text), author, comment=comment)
    db.session.commit()


@pytest.fixture(autouse=True)
def today(app):
    """The third of March, 2026."""
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def charter(cast):
    """A public document with three versions, by Alice, Bruno and Alice."""
    with time_machine.travel(NOW - timedelta(days=2), tick=False):
        item = make_publication(
            Document, cast.alice, title="Notre charte", is_collaborative=True, level=Visibility.PUBLIC
        )
        write(item, cast.alice, FIRST)
        write(item, cast.bruno, SECOND, "Cotisation")
        write(item, cast.alice, THIRD)
    return item


def at(item, rest="versions"):
    return f"/documents/{item.id}-{item.slug}/{rest}"


def text_of(item):
    return db.session.scalar(select(Document.description).where(Document.id == item.id))


def count(model):
    return db.session.scalar(select(func.count()).select_from(model))


# The list, and one of them ----------------------------------------------------------------------------------------


def test_versions_are_listed_with_who_when_why_and_how_much(alice, charter):
    page = alice.get(at(charter)).text
    assert "Version n° 3</a>, la version actuelle" in page
    assert (
        "par Bruno Petit" in page
        and "«\N{NO-BREAK SPACE}Cotisation\N{NO-BREAK SPACE}»<br>\n<small>1 mot ajouté, 1 mot retiré" in page
    )
    assert "0 mot" not in page
    looks = [f"versions/{number}?voir=changements" in page for number in (1, 2, 3)]
    assert looks == [False, True, True]  # nothing was before the first one
    assert 'name="de"' in page and 'value="2"' in page and 'value="3"' in page


def test_writers_find_the_texts_that_wait_as_long_as_one_is_kept(alice, client_as, cast, charter, queries):
    address = at(charter)
    alice.get(address)
    queries.clear()
    assert "Textes en attente" not in alice.get(address).text
    side = put_aside(charter, cast.bruno, SideReason.PREVIEW)
    assert "Textes en attente" not in client_as(cast.bruno).get(address).text
    assert len([query for query in queries if "side_versions" in query and "SELECT" in query[:6]]) <= 3
    side.reason = SideReason.CONFLICT
    db.session.commit()
    page = alice.get(address).text
    assert "Textes en attente</a>" in page and "1 texte attend un choix" in page and at(charter, "a-part") in page
    side.closed_at = utcnow()
    db.session.commit()
    page = alice.get(address).text
    assert "Textes en attente</a>" in page and "1 texte" not in page


def put_aside(item, author, reason=SideReason.CONFLICT):
    side = cowriting.put_aside(item, cowriting.Sent("autre", 3, None, "", "form"), author, reason)
    db.session.commit()
    return side


def test_a_list_of_long_versions_reads_none_of_their_texts(alice, cast, charter, queries):
    for number in range(30):
        write(charter, cast.alice, f"{THIRD}\n\nParagraphe {number} de plus.")
    address = at(charter)
    alice.get(address)
    queries.clear()
    assert alice.get(address).status_code == 200
    about = [query for query in queries if "revisions" in query or "adoptions" in query]
    assert len(about) <= 4 and len(queries) <= 8
    assert not [query for query in queries if "revisions.packed" in query and "count(" not in query]


def test_a_former_version_of_a_long_text_is_shown_page_by_page(alice, cast, charter):
    sections = [f"## Partie {number}\n\n" + "Un mot de plus. " * 300 for number in range(12)]
    write(charter, cast.alice, "\n\n".join(section.strip() for section in sections))
    write(charter, cast.alice, THIRD)
    first, last = alice.get(at(charter, "versions/4")).text, alice.get(at(charter, "versions/4?page=3")).text
    assert "Partie 0</h3>" in first and "Partie 11" not in first and "Page suivante" in first
    assert "Partie 11</h3>" in last and "Partie 0<" not in last
    assert alice.get(at(charter, "versions/4?page=4")).status_code == 404


def test_those_who_write_see_the_versions_and_the_others_do_not(client, client_as, cast, charter):
    make_group("Les jardins", cast.council, db.session.get(type(cast.council), cast.chloe.council_id))
    addresses = [at(charter, f"versions{rest}") for rest in ("", "/1", "/comparer?de=1&a=2", "/auteurs")]
    seen = {"bruno": 200, "chloe": 403, "dora": 403, "animator": 403}
    for name, status in seen.items():
        browser = client_as(getattr(cast, name))
        assert [browser.get(address).status_code for address in addresses] == [status] * 4, name
    assert [client.get(address).status_code for address in addresses] == [302] * 4


def test_members_of_the_groups_that_write_see_the_versions_and_bring_them_back(client_as, cast, charter):
    group = make_group("Les jardins", cast.alice.council, cast.chloe.council)
    charter.level, charter.groups_write, charter.groups = Visibility.GROUPS, True, [group]
    db.session.commit()
    chloe = client_as(cast.chloe)
    assert chloe.get(at(charter)).status_code == 200
    assert submit(chloe, at(charter, "versions/1"), RESTORE).status_code == 302
    assert text_of(charter) == FIRST
    assert chloe.get(at(charter, "versions/adoption")).status_code == 403


# Comparing --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("numbers", ["de=1&a=3", "de=3&a=1"])
def test_any_two_versions_are_compared_the_older_one_first(alice, charter, numbers):
    page = alice.get(at(charter, f"versions/comparer?{numbers}")).text
    assert "De la version n°\N{NO-BREAK SPACE}1 à la n°\N{NO-BREAK SPACE}3" in page
    assert "<del><i>[retiré : </i>Trente<i>]</i></del><ins><i>[ajouté : </i>Quarante<i>]</i></ins>" in page
    assert "Une par mois." in page


def test_the_changes_before_and_after_are_one_link_away(alice, charter):
    page = alice.get(at(charter, "versions/comparer?de=2&a=3")).text
    assert "comparer?de=1&amp;a=2" in page and "Changement suivant" not in page
    page = alice.get(at(charter, "versions/comparer?de=1&a=2")).text
    assert "comparer?de=2&amp;a=3" in page and "Changement précédent" not in page


@pytest.mark.parametrize(
    ("numbers", "said"),
    [
        ("de=1&a=12", "La version n° 12 n’existe pas, ou n’est plus gardée : choisissez-en une dans la liste."),
        ("de=999999999&a=1", "La version n° 999999999 n’existe pas"),
        ("de=9999999999&a=1", "Écrivez"),
        ("de=2&a=2", "deux fois la même version"),
        ("de=deux&a=3", "Écrivez un numéro de version en chiffres"),
        ("de=-1&a=3", "Écrivez un numéro de version en chiffres"),
        ("de=%C2%B2&a=3", "Écrivez un numéro de version en chiffres"),
        ("de=%00&a=%F0%9F%98%80", "Écrivez un numéro de version en chiffres"),
        ("de=&a=3", "Écrivez un numéro de version en chiffres"),
        ("a=3", "Écrivez un numéro de version en chiffres"),
    ],
)
def test_numbers_that_cannot_be_compared_are_refused_with_what_to_do(alice, charter, numbers, said):
    answer = alice.get(at(charter, f"versions/comparer?{numbers}"))
    assert answer.status_code == 422
    assert said in answer.text and "<title>Erreur" in answer.text


def test_the_form_alone_offers_the_last_change(alice, charter):
    page = alice.get(at(charter, "versions/comparer"))
    assert page.status_code == 200 and 'value="2"' in page.text and 'value="3"' in page.text


def test_a_number_that_leads_nowhere_says_where_to_go(alice, charter):
    answer = alice.get(at(charter, "versions/12"))
    assert answer.status_code == 404
    assert "La version n° 12 n’existe pas, ou n’est plus gardée" in answer.text and at(charter) in answer.text


def test_wholly_different_long_texts_are_compared_page_by_page(alice, cast, charter):
    draw = Random(5)  # noqa: S311 - the same texts each time
    words = [f"mot{number}" for number in range(2000)]
    for _ in range(2):
        parts = ("\n\n".join(" ".join(draw.choices(words, k=70)) for _ in range(10)) for _ in range(6))
        write(charter, cast.alice, "\n\n".join(f"## Partie\n\n{part}" for part in parts))
    pages, told = [], ""
    while not pages or "Page suivante" in pages[-1].text:
        pages.append(alice.get(at(charter, f"versions/comparer?de=4&a=5&page={len(pages) + 1}")))
        told += pages[-1].text
        assert bytes_on_the_wire(pages[-1]) < 60_000
    assert len(pages) > 3
    assert all(line in told for number in (4, 5) for line in revisions.find(charter, number).text.split("\n\n"))


def test_pages_of_a_comparison_hold_all_that_changed():
    before = {"title": "Un", "description": "\n".join(f"ligne {number} et son texte" for number in range(900))}
    after = {"title": "Deux", "description": before["description"].replace(" et", " avec")}
    changes = list(revisions.changes(before, after))
    pages = versions.comparison_pages(changes)
    assert len(pages) > 1 and pages[0][0].name == "Titre"
    told = [part for page in pages for change in page for passage in change.passages for part in passage.parts]
    assert "".join(text for _, text in told) == "".join(
        text for change in changes for passage in change.passages for _, text in passage.parts
    )
    assert versions.comparison_pages([]) == [[]]


# Bringing back ----------------------------------------------------------------------------------------------------


def test_any_writer_brings_a_former_text_back_and_the_title_stays(bruno, cast, charter):
    charter.title = "Notre charte à tous"
    db.session.commit()
    answer = submit(bruno, at(charter, "versions/1"), RESTORE)
    assert "La version n° 1 est rétablie." in bruno.get(answer.location).text
    item = db.session.get(Document, charter.id)
    assert (item.title, item.description) == ("Notre charte à tous", FIRST)
    newest = revisions.newest(item)
    assert (newest.number, newest.author_id, newest.comment) == (4, cast.bruno.id, "Version n° 1 rétablie")
    assert "Trente euros" in bruno.get(at(charter, "")[:-1]).text


def test_a_text_saved_meanwhile_is_not_taken_away_unseen(bruno, cast, charter):
    opened = bruno.get(at(charter, "versions/1"))
    write(charter, cast.alice, THIRD + "\n\nUne phrase neuve.")
    answer = send(bruno, opened, RESTORE)
    assert answer.status_code == 422 and "Le texte a changé pendant que vous lisiez" in answer.text
    assert "comparer?de=3&amp;a=4" in answer.text and "neuve" in text_of(charter)
    assert send(bruno, answer, RESTORE).status_code == 302
    assert text_of(charter) == FIRST
    assert "neuve" in bruno.get(at(charter, "versions/4")).text


def test_a_text_brought_back_twice_makes_one_version(bruno, charter):
    opened = bruno.get(at(charter, "versions/1"))
    answers = [send(bruno, opened, RESTORE) for _ in range(2)]
    assert "déjà la version actuelle" in bruno.get(answers[1].location).text
    assert revisions.newest_number(charter) == 4


@pytest.mark.parametrize("newest", ["", "x", "²", "99999999999999", "-1", "\0"])
def test_a_form_whose_number_is_nonsense_asks_again(bruno, charter, newest):
    opened = bruno.get(at(charter, "versions/1"))
    assert send(bruno, opened, RESTORE, newest=newest).status_code == 422
    assert text_of(charter) == THIRD


def test_a_form_open_too_long_asks_again(bruno, charter):
    opened = bruno.get(at(charter, "versions/1"))
    answer = send(bruno, opened, RESTORE, csrf_token="old")  # noqa: S106 - not one
    assert answer.status_code == 422 and "trop longtemps" in answer.text
    assert send(bruno, answer, RESTORE).status_code == 302


def test_who_was_suspended_meanwhile_brings_nothing_back(bruno, cast, charter):
    opened = bruno.get(at(charter, "versions/1"))
    cast.bruno.status = UserStatus.SUSPENDED
    db.session.commit()
    assert send(bruno, opened, RESTORE).status_code == 403
    assert text_of(charter) == THIRD


@pytest.fixture
def meanwhile(monkeypatch):
    """Let something happen after a page has looked and before it writes."""

    def happen(module, do):
        def begin():
            do()
            db.session.commit()
            begin_write()

        monkeypatch.setattr(module, "begin_write", begin)

    return happen


def test_who_is_suspended_at_the_last_instant_brings_nothing_back(bruno, cast, charter, meanwhile):
    opened = bruno.get(at(charter, "versions/1"))
    meanwhile(pages, lambda: setattr(cast.bruno, "status", UserStatus.SUSPENDED))
    assert send(bruno, opened, RESTORE).status_code == 403
    assert text_of(charter) == THIRD


def test_what_is_adopted_at_the_last_instant_is_not_brought_back(bruno, cast, charter, meanwhile):
    opened = bruno.get(at(charter, "versions/1"))
    meanwhile(pages, lambda: adopting.adopt(charter, 3, date(2026, 3, 3), cast.alice))
    answer = send(bruno, opened, RESTORE)
    assert answer.status_code == 302 and text_of(charter) == THIRD
    assert "Une version de ce texte est adoptée" in bruno.get(answer.location).text


@pytest.mark.parametrize("is_together", [True, False])
def test_what_is_written_in_another_way_by_then_is_asked_again(
    alice, bruno, charter, meanwhile, is_together, monkeypatch
):
    charter.is_collaborative = not is_together
    db.session.commit()
    opened = alice.get(at(charter, "versions/1"))
    meanwhile(pages, lambda: setattr(charter, "is_collaborative", is_together))
    answer = send(alice, opened, RESTORE)
    assert answer.status_code == 422 and "à plusieurs, ou seul" in answer.text and text_of(charter) == THIRD
    monkeypatch.undo()
    assert send(alice, answer, RESTORE).status_code == 302
    assert text_of(charter) == FIRST
    assert (revisions.newest(charter).packed is not None) == is_together


def test_what_becomes_a_text_of_several_and_is_adopted_by_then_is_not_brought_back(alice, cast, charter, meanwhile):
    charter.is_collaborative = False
    db.session.commit()
    opened = alice.get(at(charter, "versions/1"))

    def adopt_it():
        charter.is_collaborative = True
        adopting.adopt(charter, 3, date(2026, 3, 3), cast.bruno)

    meanwhile(pages, adopt_it)
    assert send(alice, opened, RESTORE).status_code == 302
    assert text_of(charter) == THIRD and revisions.newest_number(charter) == 3


def test_what_takes_long_is_done_before_the_write(bruno, charter, monkeypatch):
    done = []
    monkeypatch.setattr(pages, "begin_write", lambda: done.append("write") or begin_write())
    for name in ("sizes_of", "rendered"):
        do = getattr(cowriting, name)
        monkeypatch.setattr(cowriting, name, lambda *args, do=do, name=name: done.append(name) or do(*args))
    assert submit(bruno, at(charter, "versions/1"), RESTORE).status_code == 302
    assert sorted(done[:2]) == ["rendered", "sizes_of"] and done[2:] == ["write"]
    newest = revisions.newest(charter)
    assert (newest.added, newest.removed) == (1, 5)


def test_strangers_bring_nothing_back(client_as, cast, charter):
    for name in ("chloe", "animator"):
        browser = client_as(getattr(cast, name))
        token = forms(browser.get("/affichage").text)[0].fields["csrf_token"]
        data = {"csrf_token": token, "newest": "3"}
        assert browser.post(at(charter, "versions/1/retour"), data=data).status_code == 403
    assert text_of(charter) == THIRD


# Who wrote what ---------------------------------------------------------------------------------------------------


def test_each_paragraph_tells_who_brought_it(alice, charter):
    told = alice.get(at(charter, "versions/auteurs")).text
    budget, meetings = told.index("Quarante euros"), told.index("Une par mois.")
    assert "<h2>Budget</h2>" in told and "<h2>Réunions</h2>" in told
    shared = told[budget:meetings]
    assert "Bruno Petit, le" in shared and "Avant, d’autres lignes&nbsp;: Alice Martin" in shared
    assert "versions/2?voir=changements" in shared
    assert "Alice Martin" in told[meetings:] and "Bruno" not in told[meetings:]


def test_paragraphs_of_the_same_people_that_follow_one_another_tell_it_once(alice, cast, charter):
    text = "Un.\n\n# Titre\n\nDeux **mots**.\n\n- trois\n- [quatre](/x)"
    write(charter, cast.alice, text)
    write(charter, cast.bruno, f"{text}\n\n# Fin\n\nCinq.\n\nSix.")
    write(charter, cast.alice, f"{text}\n\n# Fin\n\nCinq.\n\nSept.")
    told = alice.get(at(charter, "versions/auteurs")).text.partition('<p class="lead">')[2]
    assert told.count("<p><small>") == 3
    first, second, third, _ = told.split("<p><small>")
    assert "Un." in first and "Deux mots." in first and "- trois<br>- quatre" in first
    assert second.startswith("Alice Martin") and "<h2>Fin</h2>" in second and "Cinq." in second
    assert third.startswith("Bruno Petit") and "Sept." in third


def test_versions_that_are_not_kept_any_more_bring_no_page_down(alice, cast, charter):
    charter.origins = [2, 2, 2, 2, 2, 99, 99, 99, 99, 99]
    db.session.commit()
    answer = alice.get(at(charter, "versions/auteurs"))
    assert answer.status_code == 200 and "Bruno Petit" in answer.text


def test_who_left_is_a_former_member(alice, cast, charter):
    revisions.find(charter, 2).author_id = None
    db.session.commit()
    assert "un ancien membre, le" in alice.get(at(charter, "versions/auteurs")).text


def test_authors_are_told_of_texts_without_lines_or_without_origins(alice, cast, charter):
    charter.origins = None
    db.session.commit()
    assert "Alice Martin" in alice.get(at(charter, "versions/auteurs")).text
    write(charter, cast.alice, "")
    assert "pas encore de texte" in alice.get(at(charter, "versions/auteurs")).text
    classic = make_publication(Document, cast.alice)
    db.session.commit()
    assert alice.get(at(classic, "versions/auteurs")).status_code == 404


def test_authors_of_a_long_text_come_page_by_page(alice, cast, charter):
    write(charter, cast.bruno, "\n\n".join(f"## Partie {number}\n\n" + "mot " * 900 for number in range(12)))
    first, last = (alice.get(at(charter, f"versions/auteurs?page={page}")).text for page in (1, 3))
    assert "Partie 0<" in first and "Partie 11<" not in first and "Partie 11<" in last
    assert alice.get(at(charter, "versions/auteurs?page=9")).status_code == 404


# Adopting ---------------------------------------------------------------------------------------------------------


def adopt(browser, item, day="2026-03-02"):
    return submit(browser, at(item, "versions/adoption"), ADOPT, adopted_on=day)


def test_a_member_notes_that_a_version_is_adopted_and_another_reopens_it(alice, bruno, client, charter):
    assert adopt(alice, charter).status_code == 302
    page = bruno.get(at(charter)).text
    assert "Adoptée le 2 mars 2026." in page and "noté par Alice Martin" in page
    assert "adoptée le 2 mars 2026" in client.get(at(charter, "imprimer")).text
    asked = bruno.get(at(charter, "versions/adoption/levee")).text
    assert "adoptée le 2 mars 2026 (noté par Alice Martin" in asked
    assert submit(bruno, at(charter, "versions/adoption/levee"), REOPEN).status_code == 302
    page = alice.get(at(charter)).text
    assert "Adoptée le 2 mars 2026, rouverte depuis." in page
    assert "rouverte le <time" in page and "par Bruno Petit" in page
    verbs = db.session.scalars(select(AuditEntry.verb).order_by(AuditEntry.id).where(AuditEntry.verb != "x"))
    assert list(verbs)[-2:] == ["publication.adopted", "publication.reopened"]


def test_an_adopted_text_is_not_brought_back_to_a_former_one(alice, bruno, charter):
    opened = bruno.get(at(charter, "versions/1"))
    adopt(alice, charter)
    answer = send(bruno, opened, RESTORE)
    assert "Une version de ce texte est adoptée" in bruno.get(answer.location).text
    assert text_of(charter) == THIRD
    assert not forms(bruno.get(at(charter, "versions/1")).text)


@pytest.mark.parametrize(
    ("day", "said"),
    [
        ("2026-03-04", "pas encore venu"),
        ("", "Écrivez le jour"),
        ("hier", "Écrivez le jour"),
        ("31/02/2026", "Écrivez le jour"),
        ("\0", "Écrivez le jour"),
    ],
)
def test_days_that_cannot_be_are_refused(alice, charter, day, said):
    answer = adopt(alice, charter, day)
    assert answer.status_code == 422 and said in answer.text
    assert count(Adoption) == 0


def test_the_day_is_today_unless_said_otherwise_and_french_order_is_read(alice, bruno, charter):
    assert submit(alice, at(charter, "versions/adoption"), ADOPT).status_code == 302
    assert adopting.standing(charter).adopted_on == date(2026, 3, 3)
    submit(bruno, at(charter, "versions/adoption/levee"), REOPEN)
    assert adopt(alice, charter, "1/3/2026").status_code == 302
    assert adopting.standing(charter).adopted_on == date(2026, 3, 1)


def test_a_text_saved_meanwhile_is_shown_before_it_is_adopted(alice, cast, charter):
    opened = alice.get(at(charter, "versions/adoption"))
    write(charter, cast.bruno, THIRD + "\n\nUne phrase neuve.")
    answer = send(alice, opened, ADOPT)
    assert answer.status_code == 422 and "Le texte a changé" in answer.text
    assert "neuve." in answer.text and "de=3&amp;a=4" in answer.text and count(Adoption) == 0
    assert send(alice, answer, ADOPT).status_code == 302
    assert adopting.standing(charter).number == 4


def test_adopted_twice_at_once_is_adopted_once(alice, bruno, cast, charter):
    opened = [browser.get(at(charter, "versions/adoption")) for browser in (alice, bruno)]
    answers = [send(browser, page, ADOPT) for browser, page in zip((alice, bruno), opened, strict=True)]
    assert [answer.status_code for answer in answers] == [302, 302]
    assert "déjà adoptée" in bruno.get(answers[1].location).text and count(Adoption) == 1
    assert adopting.adopt(charter, 3, date(2026, 3, 3), cast.bruno) is None  # as when both write in one instant


def test_whoever_comes_second_with_an_old_page_is_told_that_it_is_adopted(bruno, cast, charter, meanwhile):
    opened = bruno.get(at(charter, "versions/adoption"))
    write(charter, cast.alice, THIRD + "\n\nUne phrase neuve.")
    meanwhile(adoption_pages, lambda: adopting.adopt(charter, 4, date(2026, 3, 3), cast.alice))
    answer = send(bruno, opened, ADOPT)
    assert answer.status_code == 302 and "déjà adoptée" in bruno.get(answer.location).text
    assert count(Adoption) == 1


def test_an_empty_text_is_not_adopted(alice, cast, charter):
    opened = alice.get(at(charter, "versions/adoption"))
    write(charter, cast.alice, "")
    page = alice.get(at(charter, "versions/adoption"))
    assert "il n’y a rien à adopter" in page.text and not forms(page.text)
    answer = send(alice, opened, ADOPT, number="4")
    assert answer.status_code == 422 and "il n’y a rien à adopter" in answer.text
    assert count(Adoption) == 0


def test_what_is_to_be_filled_in_is_told_and_does_not_keep_from_adopting(alice, cast, charter):
    assert "crochets" not in alice.get(at(charter, "versions/adoption")).text
    write(
        charter, cast.alice, "Nous sommes [nombre] membres. Voir [ici](/x), ![plan][p], [...]. - [ ] à faire, [x] fait"
    )
    page = alice.get(at(charter, "versions/adoption")).text
    assert "passages entre crochets à remplir&nbsp;: [nombre]</p>" in page
    write(charter, cast.alice, "[un jour] [nombre] [lieu] [un jour] [date]")
    page = alice.get(at(charter, "versions/adoption")).text
    assert "[un jour], [nombre], [lieu]…" in page
    assert adopt(alice, charter).status_code == 302


def test_whoever_adopts_sees_who_writes_and_what_waits(alice, cast, charter):
    page = alice.get(at(charter, "versions/adoption")).text
    assert "Textes en attente" not in page and "En ce moment" not in page
    put_aside(charter, cast.bruno)
    cowriting.arrive(charter.id, cast.bruno.id, "Budget")
    db.session.commit()
    page = alice.get(at(charter, "versions/adoption")).text
    assert "1 texte attend un choix" in page and "Bruno Petit écrit dans" in page


def test_an_old_page_does_not_lift_a_later_adoption(alice, bruno, charter):
    adopt(alice, charter)
    opened = bruno.get(at(charter, "versions/adoption/levee"))
    submit(alice, at(charter, "versions/adoption/levee"), REOPEN)
    adopt(alice, charter, "2026-03-03")
    answer = send(bruno, opened, REOPEN)
    assert answer.status_code == 422 and "Une autre adoption" in answer.text
    assert adopting.standing(charter) and send(bruno, answer, REOPEN).status_code == 302
    again = bruno.get(at(charter, "versions/adoption/levee"))
    assert again.status_code == 302 and "déjà ouvert" in bruno.get(again.location).text


def test_members_of_the_council_alone_adopt(client, client_as, cast, charter):
    for name in ("chloe", "dora", "animator", "referent"):
        browser = client_as(getattr(cast, name))
        assert browser.get(at(charter, "versions/adoption")).status_code == 403, name
    classic = make_publication(Document, cast.alice)
    db.session.commit()
    assert client_as(cast.alice).get(at(classic, "versions/adoption")).status_code == 403
    assert client.get(at(charter, "versions/adoption")).status_code == 302


def test_nothing_is_adopted_before_the_first_version(alice, cast):
    empty = make_publication(Document, cast.alice, is_collaborative=True)
    db.session.commit()
    answer = alice.get(at(empty, "versions/adoption"))
    assert answer.status_code == 302 and "à partir de la publication" in alice.get(answer.location).text


# To take away -----------------------------------------------------------------------------------------------------


def test_the_text_is_sent_as_a_file_to_whoever_reads_it(client, alice, cast, charter):
    address = at(charter, "")[:-1] + ".md"
    for browser in (client, client, alice):  # the second time, as it was kept for visitors
        answer = browser.get(address)
        assert answer.text == f"# Notre charte\n\n{THIRD}\n"
        assert answer.content_type == "text/markdown; charset=utf-8"
        assert answer.headers["Content-Disposition"] == "attachment; filename=notre-charte.md"
    former = alice.get(address + "?version=1")
    assert FIRST in former.text and "filename=notre-charte-version-1.md" in former.headers["Content-Disposition"]
    assert [alice.get(f"{address}?version={bad}").status_code for bad in ("9", "x", "²", "", "9" * 12)] == [404] * 5
    assert client.get(address + "?version=1").status_code == 302


def test_a_former_title_of_the_file_leads_to_the_present_one(client, charter):
    answer = client.get(f"/documents/{charter.id}-autre.md")
    assert answer.status_code == 301 and answer.location.endswith(f"/documents/{charter.id}-notre-charte.md")


def test_a_classic_document_is_taken_away_too(alice, client_as, cast):
    classic = make_publication(Document, cast.alice, title="Un compte-rendu", description="Nous étions dix.")
    classic.description_html = "<p>Nous étions dix.</p>"
    db.session.commit()
    for rest, words in ((".md", "# Un compte-rendu\n\nNous étions dix.\n"), ("/imprimer", "Nous étions dix.")):
        address = at(classic, "")[:-1] + rest
        assert words in alice.get(address).text
        assert client_as(cast.chloe).get(address).status_code == 404


def test_a_sheet_says_whose_text_it_is_of_when_and_whether_it_is_adopted(client, alice, charter):
    page = client.get(at(charter, "imprimer")).text
    assert "Croix Blanche" in page and "version n° 3" in page and "pas adopté" in page
    assert "Quarante euros" in page and "Alice" not in page
    adopt(alice, charter)
    page = client.get(at(charter, "imprimer")).text
    assert "Version n° 3, adoptée le 2 mars 2026" in page and "Alice" not in page


def test_a_sheet_of_another_text_than_the_adopted_one_does_not_pass_for_it(client, alice, cast, charter):
    adopt(alice, charter)
    write(charter, cast.alice, THIRD + "\n\nUne phrase neuve.")
    page = client.get(at(charter, "imprimer")).text
    assert "La version n° 3 a été adoptée" in page and "Version n° 4, adoptée" not in page and "plus récent" in page


def test_the_file_is_sent_in_few_bytes(client, cast, charter):
    write(charter, cast.alice, "Une phrase comme une autre.\n" * 500)
    answer = client.get(at(charter, "")[:-1] + ".md", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip" and len(answer.data) < 1000


# Thinning ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def run(app):
    return lambda *words: app.test_cli_runner().invoke(args=["versions", *words])


def numbers(item):
    return list(db.session.scalars(select(Revision.number).filter_by(publication_id=item.id).order_by(Revision.number)))


def drafted(item, author, when, *texts):
    with time_machine.travel(when, tick=False):
        for text in texts:
            write(item, author, text)


def test_of_the_saves_of_one_person_on_one_day_the_last_one_stays(run, cast, charter):
    old = NOW - timedelta(days=120)
    item = make_publication(Document, cast.alice, title="Le square", is_collaborative=True)
    drafted(item, cast.alice, old, "un", "deux", "trois")  # 1 2 3
    drafted(item, cast.bruno, old, "quatre", "cinq")  # 4 5
    drafted(item, cast.alice, old + timedelta(hours=1), "six")  # 6
    drafted(item, cast.alice, old + timedelta(days=1), "sept", "huit")  # 7 8
    drafted(item, cast.alice, NOW - timedelta(days=2), "neuf", "dix")  # 9 10, too young
    assert "À supprimer : 3 versions" in run("thin", "--dry-run", "--document", str(item.id)).output
    assert numbers(item) == list(range(1, 11))
    assert "Supprimé : 3 versions" in run("thin").output
    assert numbers(item) == [1, 3, 5, 6, 8, 9, 10]
    assert "Supprimé : 0 version, 0 octet." in run("thin").output
    assert [revisions.find(item, number).text for number in numbers(item)] == [
        "un", "trois", "cinq", "six", "huit", "neuf", "dix",
    ]  # fmt: skip
    assert numbers(charter) == [1, 2, 3]


def test_versions_that_something_speaks_of_stay(run, alice, cast):
    old = NOW - timedelta(days=120)
    item = make_publication(Document, cast.alice, title="Le square", is_collaborative=True)
    texts = ["un", "deux", "trois", "trois\nde trois", "cinq\nde trois", "six\nde trois", "sept\nde trois"]
    drafted(item, cast.alice, old, *texts)
    db.session.add(
        Adoption(publication_id=item.id, number=2, adopted_on=old.date(), lifted_at=utcnow(), adopted_by=cast.alice)
    )
    sent = cowriting.Sent("autre", 5, None, "", "form")
    cowriting.put_aside(item, sent, cast.bruno, SideReason.CONFLICT)
    drafted(item, cast.alice, NOW, "huit\nde trois")
    assert submit(alice, at(item, "versions/6"), RESTORE).status_code == 302
    run("thin")
    assert numbers(item) == [1, 2, 4, 5, 6, 7, 8, 9]  # 3 alone is of no use to anything


def test_a_version_stays_when_the_one_that_followed_it_is_not_old_enough(run, cast):
    item = make_publication(Document, cast.alice, title="Le square", is_collaborative=True)
    drafted(item, cast.alice, NOW - timedelta(days=120), "un")
    drafted(item, cast.alice, NOW - timedelta(days=90, hours=1), "deux")
    drafted(item, cast.alice, NOW - timedelta(days=90) + timedelta(hours=1), "trois")
    drafted(item, cast.alice, NOW, "quatre")
    run("thin")
    assert numbers(item) == [1, 2, 3, 4]


def test_sizes_are_counted_anew_where_versions_went(run, alice, cast, queries):
    item = make_publication(Document, cast.alice, title="Le square", is_collaborative=True)
    texts = ["un a b c d", "un a b c d deux", "un a b c d deux trois quatre", "un a b c d deux trois quatre cinq"]
    drafted(item, cast.alice, NOW - timedelta(days=120), *texts)
    drafted(item, cast.bruno, NOW, "un a b c d deux trois quatre cinq six")
    run("thin")
    assert numbers(item) == [1, 4, 5]
    alice.get(at(item))
    db.session.expunge_all()
    queries.clear()
    page = alice.get(at(item)).text
    assert "<small>4 mots ajoutés" in page and "<small>1 mot ajouté" in page
    assert len([query for query in queries if "revisions" in query]) <= 5


def test_what_hangs_on_another_version_goes_before_it_be_they_many(run, cast, monkeypatch):
    monkeypatch.setattr(revisions, "HOPS", 3)
    monkeypatch.setattr(thinning, "BATCH", 2)
    words = " ".join(Random(4).choices([f"mot{number}" for number in range(900)], k=900))  # noqa: S311
    item = make_publication(Document, cast.alice, title="Le square", is_collaborative=True)
    drafted(item, cast.alice, NOW - timedelta(days=120), *(f"{number}{words}" for number in range(1, 9)))
    assert "Supprimé : 5 versions" in run("thin").output
    assert numbers(item) == [1, 7, 8]


def test_what_other_versions_are_packed_against_stays(run, cast, monkeypatch):
    monkeypatch.setattr(revisions, "HOPS", 3)
    words = " ".join(Random(4).choices([f"mot{number}" for number in range(900)], k=900))  # noqa: S311
    item = make_publication(Document, cast.alice, title="Le square", is_collaborative=True)
    texts = [f"{number}{words}" for number in range(1, 9)]
    drafted(item, cast.alice, NOW - timedelta(days=120), *texts)
    whole = select(Revision.number).filter_by(publication_id=item.id, base_id=None).order_by(Revision.number)
    assert list(db.session.scalars(whole)) == [1, 4, 7]
    assert "Supprimé : 5 versions" in run("thin").output
    assert {number: revisions.find(item, number).text for number in numbers(item)} == {
        number: texts[number - 1] for number in (1, 7, 8)
    }


def test_the_operator_keeps_at_least_thirty_days(run, cast, charter):
    assert run("thin", "--older-than", "29").exit_code == 2
    answer = run("thin", "--document", "999")
    assert answer.exit_code == 1 and "Aucun document écrit à plusieurs" in answer.output
    with pytest.raises(ValueError, match="30 at least"):
        thinning.plan(charter.id, 29)


def test_pages_of_versions_live_with_gaps(run, alice, cast):
    item = make_publication(Document, cast.alice, title="Le square", is_collaborative=True)
    drafted(item, cast.alice, NOW - timedelta(days=120), "un", "deux", "trois")
    drafted(item, cast.alice, NOW, "quatre")
    run("thin")
    assert numbers(item) == [1, 3, 4]
    assert "Version n° 2" not in alice.get(at(item)).text
    changed = alice.get(at(item, "versions/3?voir=changements")).text
    assert "<i>[retiré : </i>un<i>]" in changed and "<i>[ajouté : </i>trois<i>]" in changed
    assert "comparer?de=1&amp;a=3" in alice.get(at(item, "versions/comparer?de=3&a=4")).text
    assert "n’est plus gardée" in alice.get(at(item, "versions/2")).text
    assert alice.get(at(item, "versions/auteurs")).status_code == 200


def test_a_long_history_weighs_little_and_opens_right_after_thinning(run, alice, cast):
    draw = Random(8)  # noqa: S311 - the same texts each time
    words = [f"mot{number}" for number in range(4000)]
    lines = ["## Partie"] * 10 + [" ".join(draw.choices(words, k=30)) for _ in range(450)]
    draw.shuffle(lines)
    item = make_publication(Document, cast.alice, title="Le square", is_collaborative=True)
    full, kept = 0, {}
    for number in range(1, 121):
        for _ in range(3):
            lines[draw.randrange(len(lines))] = " ".join(draw.choices(words, k=30))
        item.description, when = "\n\n".join(lines), NOW - timedelta(days=200, minutes=-40 * number)
        item.origins = [number] * (item.description.count("\n") + 1)
        with time_machine.travel(when, tick=False):
            content = {"title": "Le square", "summary": "", "description": item.description}
            revisions.keep(item, content, draw.choice([cast.alice, cast.bruno]), added=90, removed=90)
        full += len(item.description.encode())
        kept[number] = item.description
    db.session.commit()
    assert full / 120 > 90_000
    [(_, weight)] = thinning.weights()
    assert weight.versions == 120 and weight.size < full / 20
    assert "120 versions" in run("size").output
    run("thin")
    assert 20 < len(numbers(item)) < 100
    assert all(revisions.find(item, number).text == kept[number] for number in numbers(item))
    assert all(alice.get(at(item, f"versions/{number}")).status_code == 200 for number in numbers(item)[::20])
