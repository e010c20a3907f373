"""A question of Alice that Chloé answers on a telephone and Bruno in a lynx, and a group that its councils alone see:
the forum and the working groups as people use them, without JavaScript."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from selenium.webdriver.common.by import By

from app.extensions import db
from app.jobs.digests import digest
from app.jobs.dispatching import dispatch
from app.jobs.sending import send_mails
from app.labels import DeliveryState
from app.models import Delivery, User
from app.notifications.recipients import DIGEST
from tests.browser.people import DESK, plain, reader, running, twice, writer
from tests.factories import make_cast

pytestmark = pytest.mark.browser

TITLE = "Où trouver un local gratuit ?"
QUESTION = "Nous sommes **douze**, sans local.\n\nQui en a trouvé un ?"
ANSWER = "Oui : la maison de quartier nous en prête un le mardi."
FROM_LYNX = "Demandez aussi au bailleur."
THANKS = "Merci, nous y allons."


@pytest.fixture
def site(own_app):
    """A site of its own with the people of all tests; its address."""
    with running(own_app, make_cast) as base:
        yield base


@pytest.fixture
def alice(site):
    with writer(site, "alice") as alice:
        yield alice


@pytest.fixture
def chloe(site):
    with writer(site, "chloe") as chloe:
        yield chloe


@pytest.fixture
def animator(site):
    with writer(site, "anne", DESK) as animator:
        yield animator


@pytest.fixture
def bruno(site, tmp_path):
    with reader(site, "bruno", tmp_path) as bruno:
        yield bruno


def mails(after=1):
    """Let the alerts leave so many minutes from now, by jobs that run twice; return all mails that have left."""
    twice(dispatch, send_mails, after=after)
    return sent()


def sent():
    """Return the mails that have left, the oldest first."""
    db.session.rollback()
    found = db.session.scalars(db.select(Delivery).order_by(Delivery.id)).all()
    assert {mail.state for mail in found} <= {DeliveryState.SENT}
    return found


def told(found):
    """Return (to whom, what) of mails."""
    return [(mail.recipient.partition("@")[0], plain(mail.subject)) for mail in found]


# A question ---------------------------------------------------------------------------------------------------------


def test_a_question_is_answered_from_a_telephone_and_from_lynx_and_each_is_told_as_they_chose(
    alice, bruno, chloe, animator
):
    make_a_rubric(animator)
    choose_what_comes(alice, bruno, chloe)
    topic = ask(alice)
    said = [("anne", f"Nouveau sujet : {TITLE}")]
    assert told(mails()) == said

    answer_on_a_telephone(chloe, topic)
    said += [("alice", f"Réponse de Chloé Bernard : {TITLE}")]
    assert told(mails()) == said

    answer_in_lynx(bruno)
    said += [("alice", f"Réponse de Bruno Petit : {TITLE}")]
    assert told(mails()) == said
    assert told(mails(60)) == said

    thank_from_the_mail(alice, topic, sent()[1])
    settle(alice, topic)
    assert told(mails()) == said  # nobody else is told at once
    read_the_digest(chloe, topic, said)
    bruno.type(f"g{alice.base}{topic}\r")
    bruno.see("Réponse trouvée", THANKS)
    look_at_the_other_pages(alice, animator, topic)


def make_a_rubric(animator):
    """Make a rubric of the forum, and follow its new topics."""
    animator.follow_words("Animation", "")
    animator.follow_words("Rubriques du forum")
    assert animator.flaws() == []
    animator.fill("name", "Vie des conseils")
    animator.fill("description", "Se réunir, se faire connaître, trouver un local.")
    animator.press_button("Créer la rubrique")
    assert "La rubrique « Vie des conseils » est créée." in animator.words
    assert animator.flaws() == []
    animator.follow("/forum/vie-des-conseils")
    animator.press_button("Suivre cette rubrique")
    assert "Vous suivez cette rubrique" in animator.words


def choose_what_comes(alice, bruno, chloe):
    """Alice is written to at once, Chloé once a day, Bruno never, although he follows the rubric too. From now on each
    has an hour for digests."""
    for person, words in ((alice, "m’écrire tout de suite"), (chloe, "m’écrire une fois par jour")):
        person.follow_words("Modifier mon profil", "")
        person.choose("forum", words)
        person.press_button("Enregistrer mon profil")
    bruno.follow("Modifier mon profil")
    bruno.pick("Discussions que je suis", "ne pas")
    bruno.follow("Enregistrer mon profil")
    bruno.see("enregistré")
    bruno.follow("Forum")
    bruno.follow("Vie des conseils")
    bruno.follow("Suivre cette rubrique")
    bruno.see("Vous suivez cette rubrique")
    db.session.rollback()
    digest()


def ask(alice):
    """Let Alice find the forum, write her question and look at it before it is published; return its address."""
    alice.follow_words("Forum", "//header")
    assert "Aucun sujet pour l’instant" in alice.words
    assert alice.flaws() == []
    alice.follow("/forum/vie-des-conseils")
    assert alice.flaws() == []
    alice.follow_words("Créer un sujet de discussion")
    assert alice.flaws() == []
    alice.fill("title", TITLE)
    alice.fill("text", QUESTION)
    alice.press_button("Voir l’aperçu")
    assert "rien n’est encore publié" in alice.words
    assert alice.driver.find_element(By.CSS_SELECTOR, "main .text strong").text == "douze"
    assert (alice.value("title"), alice.value("text")) == (TITLE, QUESTION)
    assert alice.flaws() == []
    alice.press_button("Publier le sujet", '//p[following-sibling::h2="Continuer à écrire"]')
    assert "Votre sujet est publié." in alice.words and "Vous suivez ce sujet" in alice.words
    assert alice.flaws() == []
    return alice.address


def answer_on_a_telephone(chloe, topic):
    """Let Chloé see that there is something to read, read it, and quote it in her answer."""
    chloe.follow_words("Forum", "//header")
    assert "1 sujet à lire" in chloe.words and f"{TITLE} nouveau sujet" in chloe.words
    chloe.follow_words(TITLE)
    assert chloe.address.partition("#")[0] == topic
    assert "Alice Martin" in chloe.words and "non lu" in chloe.words
    chloe.visit("/forum")
    assert "Tout est lu." in chloe.words and "nouveau sujet" not in chloe.words
    chloe.follow_words(TITLE)
    assert "non lu" not in chloe.words
    chloe.follow_words("Citer")
    assert "Ce message sera cité" in chloe.words and "Qui en a trouvé un ?" in chloe.words and chloe.value("text") == ""
    assert chloe.flaws() == []
    chloe.driver.find_element(By.NAME, "text").send_keys(ANSWER)
    chloe.press_button("Voir l’aperçu")
    assert "Qui en a trouvé un ?" in chloe.driver.find_element(By.CSS_SELECTOR, "main .text blockquote").text
    chloe.press_button("Répondre", "//p[following-sibling::h2]")
    assert chloe.address == f"{topic}?message=2#message-2" and "Votre message est publié." in chloe.words
    assert ANSWER in chloe.words and "Vous suivez ce sujet" in chloe.words
    assert chloe.flaws() == []


def answer_in_lynx(bruno):
    """Let Bruno find the forum in the menu, read, and answer at the end of the page."""
    bruno.follow("Forum")
    bruno.see("1 sujet à lire", "nouveau sujet", "dernier par Chloé Bernard")
    bruno.follow(TITLE)
    bruno.see("Nous sommes douze", "Qui en a trouvé un ?", ANSWER, "non lu")
    bruno.fill("Votre message", FROM_LYNX)
    bruno.follow("Répondre", after="joindre un fichier")
    bruno.see("Votre message est publié.", f"{FROM_LYNX}")
    bruno.follow("Forum")
    bruno.see("Tout est lu.")


def thank_from_the_mail(alice, topic, mail):
    """Let Alice press « Répondre » in the mail that tells her of Chloé's answer: the form stands below that answer."""
    ((words, address),) = mail.content["also"]
    assert words == "Répondre"
    alice.visit("/forum")
    assert "2 nouveaux messages" in alice.words
    alice.visit(address)
    assert alice.address == f"{topic}/repondre?a=2"
    assert ANSWER in alice.words and FROM_LYNX not in alice.words and alice.value("text") == ""
    assert alice.flaws() == []
    alice.fill("text", THANKS)
    alice.press_button("Répondre")
    assert alice.address == f"{topic}?message=4#message-4" and THANKS in alice.words
    alice.visit("/forum")
    assert "Tout est lu." in alice.words and "nouveaux messages" not in alice.words


def settle(alice, topic):
    alice.visit(topic)
    alice.press_button("Ceci répond à ma question", '//article[h2/@id="message-2"]')
    assert "ce message répond à la question" in alice.words and "Réponse trouvée" in alice.words
    assert alice.flaws() == []
    alice.visit("/forum/vie-des-conseils")
    assert "réponse trouvée" in alice.words
    assert alice.flaws() == []


def read_the_digest(chloe, topic, said):
    """Chloé alone has a digest, once, which leads to what she has not read; then nothing is left to read."""
    due = db.session.scalar(db.select(User.digest_at).filter_by(email="chloe@essai.example"))
    with time_machine.travel(due, tick=False):
        for job in (dispatch, digest, digest, send_mails, send_mails):
            job()
    *others, mail = sent()
    assert told(others) == said and mail.kind == DIGEST and mail.recipient == "chloe@essai.example"
    ((line,),) = [section["lines"] for section in mail.content["sections"]]
    assert (line["state"], line["title"]) == ("2 nouveaux messages", TITLE)
    chloe.visit("/forum")
    assert "2 nouveaux messages" in chloe.words
    chloe.visit(line["address"])
    assert chloe.address == f"{topic}#message-3" and FROM_LYNX in chloe.words and THANKS in chloe.words
    chloe.visit("/forum")
    assert "Tout est lu." in chloe.words and "2 nouveaux messages" not in chloe.words
    with time_machine.travel(due + timedelta(days=1), tick=False):
        for job in (dispatch, digest, send_mails):
            job()
    assert len(sent()) == len(said) + 1


def look_at_the_other_pages(alice, animator, topic):
    """Nothing is wrong with the pages that nobody needed until now."""
    own = [f"/forum/messages/1{part}" for part in ("/modifier", "/retrait", "/entier")]
    steered = [topic, f"{topic}/titre", f"{topic}/deplacement"]
    rubrics = ["/animation/forum", "/animation/forum/1/modifier", "/animation/forum/1/suppression"]
    for person, pages in ((alice, ["/forum/recherche?q=local", *own]), (animator, steered + rubrics)):
        for page in pages:
            person.visit(page)
            assert person.ask(page).status == 200 and person.flaws() == [], page


# A group ------------------------------------------------------------------------------------------------------------

GROUP = "Conseils citoyens : Ain"
ADDRESS = "/groupes/conseils-citoyens-ain"
OURS, THEIRS = "Croix Blanche", "Grande Reyssouze Terre des Fleurs"
WORD = "zinzolin"
DOCUMENT, EVENT, TOPIC = f"Le diagnostic {WORD}", f"La réunion {WORD}", f"Que penser du {WORD} ?"
FILES = (f"{WORD}-1.txt", f"{WORD}-2.txt")  # of the document, of the message
NAMES = (DOCUMENT, EVENT, f"Que penser du {WORD}", *FILES)  # of all that is in the group
OWN = ("alice", "bruno", "chloe")
OF_COUNCIL = "/conseils/croix-blanche-bourg-en-bresse"
TELLING = (  # where its councils find all that is in the group
    "/forum", f"/forum/recherche?q={WORD}", "/groupes", "/agenda", "/ressources/publications",
    f"/ressources/publications?q={WORD}",
)  # fmt: skip
LISTS = (  # where nobody else finds anything
    *TELLING, "/", "/agenda.ics", "/actions", f"/conseils?q={WORD}", "/mon-profil", "/mon-conseil", OF_COUNCIL,
    f"{OF_COUNCIL}/agenda.ics", "/animation", "/animation/forum", "/animation/groupes",
)  # fmt: skip


def test_what_is_in_the_group_of_a_department_is_for_its_councils_and_for_nobody_else(
    site, alice, chloe, animator, tmp_path
):
    digest()  # each has an hour for digests from now on
    group = make_the_group(animator)
    assert sorted(told(mails())) == [(who, "Votre conseil fait partie d’un nouveau groupe de travail") for who in OWN]
    pages = {"document": share(alice, group, tmp_path), "event": announce(alice, group)}
    pages["file"] = file_on(alice, pages["document"])
    pages["topic"] = discuss(alice, group, tmp_path)
    pages["joined"] = file_on(alice, pages["topic"])
    found = mails()
    assert [who for who, what in told(found) if what == f"Nouveau sujet : {TOPIC}"] == ["bruno", "chloe"]
    assert {who for who, _ in told(found)} == set(OWN)

    find_them(chloe, group, pages)
    inside = all_of(group, pages)
    with writer(site, "bruno") as bruno:
        sees_all(bruno, inside)
    key = sees_all(chloe, inside)
    for name in ("emile", "anne", "renee", "yves"):
        with writer(site, name) as stranger:
            sees_nothing(stranger, inside, make_agenda(stranger))
    with writer(site, "") as visitor:
        sees_nothing(visitor, inside)

    take_out(animator)
    sees_nothing(chloe, inside, key)
    before = told(mails())
    assert before[-1] == ("chloe", f"Votre conseil n’est plus dans un groupe : « {GROUP} »")
    tell_those_who_are_left(alice, group, pages["topic"], before)


def make_the_group(animator):
    """Make the group of the department: its name among the territories, then the button. Return its address."""
    animator.visit("/animation/groupes")
    assert animator.flaws() == []
    animator.fill("q", "Ain")
    animator.press_button("Chercher")
    assert animator.flaws() == []
    animator.follow_words("Ain")
    assert animator.is_ticked(OURS) and animator.is_ticked(THEIRS) and "Mistral" not in animator.words
    assert animator.flaws() == []
    animator.press_button("Créer le groupe")
    assert "Le groupe est créé." in animator.words
    assert animator.flaws() == []
    return ADDRESS


def share(alice, group, folder):
    """Let Alice share a document with a file from the page of the group; return its address."""
    alice.visit("/groupes")
    assert alice.flaws() == []
    alice.follow("/groupes/demande")
    assert alice.flaws() == []
    alice.visit("/groupes")
    alice.follow(group)
    assert alice.flaws() == []
    alice.follow_words("Partager un document avec ce groupe")
    assert alice.is_ticked("es membres de mes groupes") and alice.is_ticked(GROUP)
    alice.fill("title", DOCUMENT)
    alice.fill("description", f"Tout sur le {WORD}.")
    alice.join(_file(folder, FILES[0]))
    alice.press_button("Publier")
    assert FILES[0] in alice.words
    return alice.address


def announce(alice, group):
    """Let Alice announce an event to the group; return its address."""
    alice.visit(group)
    alice.follow_words("Annoncer un événement à ce groupe")
    alice.fill("title", EVENT)
    alice.set("start_day", f"{datetime.now(UTC) + timedelta(days=5):%Y-%m-%d}")
    alice.set("start_time", "18:30")
    alice.press_button("Publier")
    assert EVENT in alice.words
    return alice.address


def discuss(alice, group, folder):
    """Let Alice begin a discussion with a file; return its address."""
    alice.visit(group)
    alice.follow_words("Créer un sujet de discussion")
    assert "et personne d’autre" in alice.words
    alice.fill("title", TOPIC)
    alice.fill("text", f"Le {WORD} avance.")
    alice.join(_file(folder, FILES[1]))
    alice.press_button("Publier le sujet")
    assert "Votre sujet est publié." in alice.words and FILES[1] in alice.words
    return alice.address


def _file(folder, name):
    path = folder / name
    path.write_text(f"Les chiffres de {name}.", encoding="utf-8")
    return path


def file_on(person, page):
    """Return the address of the file on a page."""
    person.visit(page)
    link = person.driver.find_element(By.CSS_SELECTOR, 'main a[href*="/fichiers/"]')
    return link.get_attribute("href").removeprefix(person.base)


def find_them(chloe, group, pages):
    """Let Chloé find everything on the page of the group with a telephone, read it, and answer."""
    chloe.follow_words("Forum", "//header")
    chloe.follow_words("Les groupes de travail")
    chloe.follow(group)
    assert all(name in chloe.words for name in (TOPIC, DOCUMENT, EVENT)) and "nouveau sujet" in chloe.words
    assert chloe.flaws() == []
    for part in ("/discussions", "/membres", "/documents", "/actions", "/evenements", "/depart"):
        chloe.visit(group + part)
        assert chloe.flaws() == [], part
    chloe.visit(group)
    chloe.follow(pages["document"])
    assert f"Tout sur le {WORD}." in chloe.words
    chloe.visit(group)
    chloe.follow_words(TOPIC)
    assert f"Le {WORD} avance." in chloe.words
    chloe.fill("text", "Bien.")
    chloe.press_button("Répondre")
    assert "Votre message est publié." in chloe.words
    chloe.visit(group)
    assert "nouveau sujet" not in chloe.words and "2 messages" in chloe.words


def all_of(group, pages):
    """Return every address of what is in the group."""
    parts = ("", "/discussions", "/membres", "/documents", "/actions", "/evenements", "/depart", "/discussions/nouveau")
    messages = [f"/forum/messages/{number}{part}" for number in (1, 2) for part in ("", "/entier")]
    of_topic = [pages["topic"] + part for part in ("/non-lus", "/repondre", "/repondre?cite=1", "/repondre?a=1")]
    return [*(group + part for part in parts), *pages.values(), *messages, *of_topic, pages["event"] + ".ics"]


def make_agenda(person):
    """Let somebody have an address for their agenda; return its key."""
    person.visit("/mon-profil/agenda")
    person.press_button("Créer mon adresse")
    return person.value("whole").removeprefix(f"{person.base}/agenda/").partition(".")[0].partition("/")[0]


def feeds(key):
    """Return the addresses of somebody's agendas: all that they may read, and that of the group."""
    return f"/agenda/{key}.ics", f"/agenda/{key}{ADDRESS}.ics"


def sees_all(person, inside):
    """See that a member of its councils opens it all, and finds it; return the key of their agenda."""
    assert {address: person.ask(address).status for address in inside} == dict.fromkeys(inside, 200)
    listed = " ".join(person.ask(address).words for address in TELLING)
    assert [name for name in NAMES[:3] if name not in listed] == []
    key = make_agenda(person)
    assert all(EVENT in person.ask(address).words for address in feeds(key))
    return key


def sees_nothing(person, inside, key=None):
    """See that somebody opens none of it, and finds none of its names. A visitor may be asked to log in."""
    for address in inside:
        answer = person.ask(address)
        is_asked = key is None and answer.address.startswith("/connexion")
        assert answer.status == 404 or is_asked, (person.name, address, answer.status)
        assert not [name for name in NAMES if name in answer.words], (person.name, address)
    for address in (*LISTS, *(feeds(key) if key else ())):
        answer = person.ask(address)
        assert not [name for name in NAMES if name in answer.words], (person.name, address)
    if key:
        mine, of_group = (person.ask(address).status for address in feeds(key))
        assert (mine, of_group) == (200, 404)
        assert GROUP not in plain(person.ask("/groupes").words)
    person.visit(ADDRESS)
    assert GROUP not in person.words


def take_out(animator):
    """Take Chloé's council out of the group."""
    animator.visit("/animation/groupes")
    animator.follow("/animation/groupes/1")
    animator.tick(THEIRS)
    animator.press_button("Enregistrer")
    assert "1 conseil retiré" in animator.words and THEIRS not in animator.words


def tell_those_who_are_left(alice, group, topic, before):
    """What is written now is told to Bruno alone: Chloé followed the topic, and what was shared before is in nobody
    else's digest."""
    alice.visit(topic)
    assert "Bien." in alice.words
    alice.fill("text", "Entre nous.")
    alice.press_button("Répondre")
    alice.visit(f"{group}/discussions/nouveau")
    alice.fill("title", "La suite")
    alice.fill("text", "Quand ?")
    alice.press_button("Publier le sujet")
    assert told(mails())[len(before) :] == [("bruno", "Nouveau sujet : La suite")]
    due = db.session.scalar(db.select(User.digest_at).filter_by(email="chloe@essai.example"))
    with time_machine.travel(due, tick=False):
        for job in (dispatch, digest, send_mails):
            job()
    assert {who for who, _ in told(sent())[len(before) :]} == {"bruno"}
