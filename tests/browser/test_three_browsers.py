"""Two chromiums and a lynx, all without JavaScript, write one document at the same time: the case that all this is
for."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from selenium.webdriver.common.by import By

from app.extensions import db
from app.jobs.dispatching import dispatch
from app.jobs.sending import send_mails
from app.labels import DeliveryState
from app.models import Delivery, Document, Revision, SideVersion, User
from app.notifications.recipients import FOLLOWING
from app.services import following
from app.templating import plural
from tests.browser.lynx import ENTER
from tests.browser.people import plain, reader, running, writer
from tests.factories import make_cast, make_group, make_user

pytestmark = pytest.mark.browser

TEXT = """Ce que nous voulons.

## Budget

Trente euros par an. Le trésorier est tiré au sort.

## Réunions

Une réunion par mois.

## Décisions

Nous votons à main levée."""
FINAL = """Ce que nous voulons.

## Budget

Quarante euros par an. Le trésorier est élu.

## Réunions

Une réunion par mois. Chacun apporte un plat.

## Décisions

Nous votons à bulletin secret, ou par écrit.

Nous votons quand tous sont là."""
VERSIONS = [  # number, author, comment, words added, words removed
    (1, "Alice", "", None, None),
    (2, "Alice", "Le prix", 1, 1),
    (3, "Bruno", "Une élection", 1, 3),
    (4, "Chloé", "Les plats", 4, 0),
    (5, "Alice", "", 2, 2),
    (6, "Bruno", "Choix entre deux textes", 3, 0),
    (7, "Chloé", "Choix entre deux textes", 6, 0),
]


@pytest.fixture
def writing(own_app):
    """A site of its own with Alice and Bruno of one council, Chloé of another one, and their group; its address."""
    with running(own_app, _fill) as base:
        yield base


def _fill():
    cast = make_cast()
    make_group("Nos deux quartiers", cast.council, cast.country.reyssouze)
    make_user("Denis Roux", cast.council)


@pytest.fixture
def alice(writing):
    with writer(writing, "alice") as alice:
        yield alice


@pytest.fixture
def bruno(writing):
    with writer(writing, "bruno") as bruno:
        yield bruno


@pytest.fixture
def chloe(writing, tmp_path):
    with reader(writing, "chloe", tmp_path) as chloe:
        yield chloe


def document():
    db.session.rollback()  # what is in the database now
    return db.session.scalar(db.select(Document))


def told(after):
    """Return (to whom, what) of the mails that have left about the document, so many minutes from now."""
    db.session.rollback()  # what is in the database now
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=after), tick=False):
        dispatch()
        send_mails()
    db.session.expire_all()
    sent = db.session.scalars(db.select(Delivery).where(Delivery.kind == FOLLOWING).order_by(Delivery.id)).all()
    assert {mail.state for mail in sent} <= {DeliveryState.SENT}
    return [(mail.recipient.partition("@")[0], plain("\n".join(mail.content["paragraphs"]))) for mail in sent]


def test_three_browsers_write_one_document_at_the_same_time(alice, bruno, chloe):
    page = begin(alice)
    chloe.type(f"g{alice.base}{page}{ENTER}")
    merge_what_does_not_touch(page, alice, bruno, chloe)
    settle_what_does(page, alice, bruno, chloe)
    assert document().description == FINAL
    look_at_the_versions(page, bruno, chloe)
    look_at_what_was_put_aside(page, bruno)
    tell_those_who_follow(page, bruno)


def begin(alice):
    """Let Alice publish it for the group, which writes too, and Denis follow it; return its address."""
    alice.visit("/mon-conseil/documents/nouveau")
    alice.fill("title", "Notre charte")
    alice.fill("description", TEXT)
    alice.tick("Collaboratif")
    alice.tick("Les membres des groupes choisis peuvent écrire aussi")
    alice.tick("es membres de mes groupes")
    alice.press_button("Publier")
    item, denis = document(), db.session.scalar(db.select(User).filter_by(first_name="Denis"))
    assert (item.description, item.is_collaborative, item.groups_write) == (TEXT, True, True)
    following.set(item, denis, True)
    db.session.commit()
    return alice.address


def merge_what_does_not_touch(page, alice, bruno, chloe):
    """All three have the form open. Alice saves; Bruno another sentence of the same paragraph; Chloé another part."""
    alice.visit(f"{page}/ecrire")
    bruno.visit(f"{page}/ecrire")
    assert "Alice Martin écrit" in bruno.words
    chloe.follow("Modifier cette partie", after="Une réunion par mois.")
    chloe.see("Modifier « Réunions »", "Alice Martin écrit", "Bruno Petit écrit")

    alice.replace("Trente euros", "Quarante euros")
    alice.fill("comment", "Le prix")
    alice.press_button("Enregistrer")
    assert "C’est enregistré : version n° 2." in alice.words
    assert "Bruno Petit écrit" in alice.words and "Chloé Bernard écrit dans « Réunions »" in alice.words

    bruno.replace("tiré au sort", "élu")
    bruno.fill("comment", "Une élection")
    bruno.press_button("Enregistrer")
    assert "version n° 3. Alice Martin a aussi écrit pendant ce temps" in bruno.words
    bruno.visit(f"{page}/versions/comparer?de=1&a=2")
    assert bruno.marked("del") == ["[retiré : Trente]"] and bruno.marked("ins") == ["[ajouté : Quarante]"]

    chloe.add("Une réunion par mois.", " Chacun apporte un plat.")
    chloe.fill("Ce que vous changez, en quelques mots", "Les plats")
    chloe.follow("Enregistrer")
    chloe.see("version n° 4. Alice Martin et Bruno Petit ont aussi écrit pendant ce temps")
    chloe.type(f"g{alice.base}{page}/versions/comparer?de=1&a=3{ENTER}")
    chloe.see("[ajouté : Quarante]", "[ajouté : élu]")


def settle_what_does(page, alice, bruno, chloe):
    """All three change one sentence. Alice is the first; Bruno closes his browser on the conflict and settles it from
    the list; Chloé settles hers at once, with the answer that lynx ticks by itself: both."""
    chloe.type(f"g{alice.base}{page}{ENTER}")
    chloe.see("Quarante euros")  # and not the page that she has seen before
    alice.visit(f"{page}/ecrire")
    bruno.visit(f"{page}/ecrire")
    chloe.follow("Modifier cette partie", after="à main levée.")
    chloe.see("Modifier « Décisions »")

    alice.replace("à main levée", "à bulletin secret")
    alice.press_button("Enregistrer")
    bruno.replace("à main levée", "par écrit")
    bruno.press_button("Enregistrer")
    assert "Rien n’est perdu" in bruno.words
    assert "Nous votons par écrit." in bruno.words and "Nous votons à bulletin secret." in bruno.words
    assert bruno.flaws() == []
    bruno.driver.get("about:blank")
    bruno.visit(page)
    assert "1 texte" in bruno.words
    bruno.follow("/a-part")
    bruno.follow("/a-part/1")
    bruno.driver.find_element(By.CSS_SELECTOR, "[name=place_1][value=anew]").click()
    bruno.driver.find_element(By.XPATH, "//summary[contains(., 'Écrire autrement')]").click()
    bruno.fill("own_place_1", "Nous votons à bulletin secret, ou par écrit.")
    bruno.press_button("Enregistrer")
    assert "C’est enregistré : version n° 6." in bruno.words and "1 texte" not in bruno.words

    chloe.rewrite("Nous votons à main levée.", "Nous votons quand tous sont là.")
    chloe.follow("Enregistrer")
    chloe.see("Rien n’est perdu", "Nous votons quand tous sont là.", "Nous votons à bulletin secret, ou par écrit.")
    chloe.follow("Enregistrer")
    chloe.see("C’est enregistré : version n° 7.", "Nous votons quand tous sont là.")


def look_at_the_versions(page, bruno, chloe):
    kept = db.session.scalars(db.select(Revision).order_by(Revision.number))
    assert [(one.number, one.author.first_name, one.comment, one.added, one.removed) for one in kept] == VERSIONS
    bruno.visit(f"{page}/versions")
    for number, author, comment, added, removed in VERSIONS[1:]:
        counts = ((added, "mot ajouté", "mots ajoutés"), (removed, "mot retiré", "mots retirés"))
        said = bruno.words.partition(f"Version n° {number}")[2].partition("Version n°")[0]
        assert author in said and comment in said
        assert all(plain(plural(*count)) in said for count in counts if count[0])
    chloe.type(f"g{bruno.base}{page}/versions{ENTER}")
    chloe.follow("Version n° 3")
    chloe.follow("Ce que cette version a changé")
    chloe.see("[retiré : tiré au sort]", "[ajouté : élu]")


def look_at_what_was_put_aside(page, bruno):
    sides = db.session.scalars(db.select(SideVersion).order_by(SideVersion.id)).all()
    found = [(one.author.first_name, one.closed_by.first_name, one.settled_number) for one in sides]
    assert found == [("Bruno", "Bruno", 6), ("Chloé", "Chloé", 7)]
    assert "Nous votons par écrit." in sides[0].text and "Nous votons quand tous sont là." in sides[1].text
    bruno.visit(f"{page}/a-part")
    assert "Aucun texte n’attend." in bruno.words and "version n° 6" in bruno.words


def tell_those_who_follow(page, bruno):
    """Half an hour after the last change, once: all but Chloé, who has seen the page since, as it is now. Then of what
    Bruno changes alone: all but Bruno."""
    assert told(29) == []
    first = told(31)
    assert [who for who, _ in first] == ["alice", "bruno", "denis"]
    for _, words in first:
        assert "Alice Martin, Bruno Petit et Chloé Bernard ont changé le document « Notre charte »" in words
        assert "[retiré : Trente] [ajouté : Quarante] euros par an." in words
        assert "[ajouté : Chacun apporte un plat.]" in words
    assert told(32) == first

    bruno.visit(f"{page}/ecrire?partie=2")
    bruno.replace("par mois", "par saison")
    bruno.press_button("Enregistrer")
    second = told(31)[len(first) :]
    assert [who for who, _ in second] == ["alice", "chloe", "denis"]
    for _, words in second:
        assert "Bruno Petit a changé" in words and "Quarante" not in words
        assert "[retiré : mois] [ajouté : saison]" in words
    assert len(told(33)) == len(first + second)
