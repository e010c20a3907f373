"""An article with a file that Anne writes on a telephone, and the monthly letter that tells of it: read on the site, by
a reader of feeds and in the mails of two members and two outside people, who get it once each and end it each in
their own way; without JavaScript, through a real mail server."""

import re
from datetime import timedelta
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import feedparser
import pytest
from selenium.webdriver.common.by import By

from app.jobs.dispatching import dispatch
from app.jobs.mailing import send_letters
from app.jobs.publishing import publish
from app.jobs.sending import send_mails
from app.labels import ArticleKind, Visibility
from app.markup import render
from app.models import Action, Event
from app.models.types import utcnow
from tests.browser.chromium import TOO_WIDE
from tests.browser.people import DESK, plain, reader, running, twice, writer
from tests.factories import make_article, make_cast, make_publication
from tests.samples import PDF, picture
from tests.test_outbox import box  # noqa: F401 - a fixture

pytestmark = pytest.mark.browser

TITLE = "Le budget des conseils est doublé"
SUMMARY = "Chaque conseil aura deux fois plus pour ses projets."
BODY = "## Ce qui change\n\nLe **QPV** garde son conseil.\n\n- une aide,\n- un local."
WORDS = "Une foule devant une mairie"
PICTURE, FILE = "mairie.png", "la-circulaire.pdf"
MEETING, GUIDE, PRESS = "Les conseils se rencontrent", "Tenir une réunion", "Un square rouvre"
SHARED, COMING, HIDDEN = "Un jardin partagé", "Le forum des habitants", "Le bureau du conseil"
GREETING = "Bonne lecture, et **bon courage** à tous."
JEANNE, LUC = "jeanne@dehors.example", "luc@dehors.example"
MEMBERS = ("alice@essai.example", "chloe@essai.example")
WANTED = "Recevoir la lettre d’information mensuelle"
JOBS = (publish, dispatch, send_letters, send_mails, send_letters)


@pytest.fixture
def app(own_app):
    """The site whose mails go to the box."""
    return own_app


@pytest.fixture
def site(app):
    """A site of its own with the people of all tests, and some news; its address."""
    with running(app, fill) as base:
        yield base


def fill():
    """Make the people, and what the letter of this month finds beside Anne's article."""
    cast = make_cast()
    make_article(MEETING, summary="À Lyon, le premier samedi.", published_at=utcnow() - timedelta(days=2))
    make_article(GUIDE, kind=ArticleKind.GUIDE, body_html=render("Ouvrez la porte."))
    make_article(PRESS, kind=ArticleKind.PRESS, source="Le Progrès", source_address="https://presse.example/square")
    make_publication(Action, cast.alice, title=SHARED, level=Visibility.PUBLIC)
    make_publication(Event, cast.chloe, title=COMING, level=Visibility.PUBLIC)
    make_publication(Event, cast.chloe, title=HIDDEN)


@pytest.fixture
def anne(site):
    with writer(site, "anne") as anne:
        yield anne


@pytest.fixture
def jeanne(site):
    with writer(site, "") as jeanne:
        yield jeanne


@pytest.fixture
def luc(site, tmp_path):
    with reader(site, "", tmp_path) as luc:
        yield luc


def arrived(box):  # noqa: F811
    """Let the jobs of the site run, and return the mails that came meanwhile: (to whom, mail)."""
    before = len(box.mails)
    twice(*JOBS)
    return box.mails[before:]


def text_of(mail, kind="plain"):
    return mail.get_body((kind,)).get_content()


def stop_of(mail):
    """Return the address to which a mail program writes when its button is pressed."""
    return mail["List-Unsubscribe"].removeprefix("<").removesuffix(">")


def test_an_article_with_a_file_is_read_followed_and_told_in_the_letter_that_each_reader_gets_once(
    site, box, anne, jeanne, luc, tmp_path  # noqa: F811
):  # fmt: skip
    hear_of_it(jeanne, luc)
    tick_the_letter(site)  # meanwhile: a form that comes back within seconds is taken for that of a machine
    subscribe(box, jeanne, luc)
    article = write_an_article(anne, tmp_path)
    for person in (anne, jeanne):
        find_the_article(person, article)
    follow_the_feed(site)

    month = draft(anne)
    assert jeanne.ask(f"/lettre/{month}").status == 404
    arrange(anne)
    look_at_it(anne, month)
    try_it(anne, box, month)
    mails = send(anne, box, month)
    read_the_mails(mails, site, month)
    assert arrived(box) == []
    read_on_the_site(jeanne, luc, month, article)
    unsubscribe(site, jeanne, luc, mails)
    see_the_figures(anne, month)
    assert arrived(box) == []


# Who wants it -------------------------------------------------------------------------------------------------------


def hear_of_it(jeanne, luc):
    """Let Jeanne and Luc find the page of the letter, without an account."""
    jeanne.visit("/")
    jeanne.follow_words("La lettre", "//footer")
    assert "La première paraîtra bientôt." in jeanne.words
    assert jeanne.flaws() == []
    luc.follow("La lettre")
    luc.see("La recevoir, ou l’arrêter", "La première paraîtra bientôt.")


def subscribe(box, jeanne, luc):  # noqa: F811
    """Let Jeanne and Luc ask for the letter, and confirm that by the link in the mail; nothing else comes to them."""
    jeanne.fill("email", JEANNE)
    jeanne.press_button("Recevoir la lettre")
    assert f"Un courriel est parti à l’adresse {JEANNE}" in jeanne.words
    assert jeanne.flaws() == []
    luc.fill("Adresse électronique", LUC)
    luc.follow("Recevoir la lettre")
    luc.see("Regardez vos courriels", LUC)

    links = {to: re.search(r"\S+/lettre/confirmation/\S+", text_of(mail))[0] for to, mail in arrived(box)}
    assert sorted(links) == [JEANNE, LUC]
    jeanne.visit(links[JEANNE])
    assert JEANNE in jeanne.words and jeanne.flaws() == []
    jeanne.press_button("Confirmer")
    assert "la lettre arrivera à cette adresse" in jeanne.words and jeanne.flaws() == []
    luc.type(f"g{links[LUC]}\r")
    luc.follow("Confirmer")
    luc.see("la lettre arrivera à cette adresse", LUC)
    assert arrived(box) == []


def tick_the_letter(site):
    """Let two members ask for the letter in their profile; a third one lets it be."""
    for name in ("alice", "chloe"):
        with writer(site, name) as member:
            member.visit("/mon-profil")
            assert not member.is_ticked(WANTED)
            member.tick(WANTED)
            member.press_button("Enregistrer mon profil")
            member.visit("/mon-profil")
            assert member.is_ticked(WANTED)


# The article --------------------------------------------------------------------------------------------------------


def write_an_article(anne, folder):
    """Let Anne write an article with a picture and a file, look at it, and publish it; return its address."""
    for name, content in ((PICTURE, picture(size=(1600, 900))), (FILE, PDF)):
        (folder / name).write_bytes(content)
    anne.follow_words("Animation", "")
    assert anne.flaws() == []
    anne.follow_words("Articles")
    anne.follow_words("Écrire un article")
    assert anne.flaws() == []
    for field, text in (("title", TITLE), ("summary", SUMMARY), ("body", BODY), ("picture_words", WORDS)):
        anne.fill(field, text)
    anne.join(folder / PICTURE, "picture")
    anne.join(folder / FILE)
    anne.press_button("Voir l’aperçu")
    assert "Voici ce que verront les lecteurs. Rien n’est publié." in anne.words and "une aide," in anne.words
    assert anne.driver.find_element(By.CSS_SELECTOR, "main img").get_attribute("alt") == WORDS
    assert FILE in anne.words and anne.value("title") == TITLE
    assert anne.flaws() == []
    assert TITLE not in anne.ask("/actualites").words
    anne.press_button("Publier")
    assert "C’est publié : tout le monde peut le lire." in anne.words
    assert anne.flaws() == []
    anne.follow_words("Voir la page que tout le monde lit")
    return anne.address


def find_the_article(person, article):
    """Let somebody find the article in the news, read it, and open what is joined to it."""
    person.follow_words("Actualités", "//header")
    assert all(words in person.words for words in ("3 articles", TITLE, SUMMARY, MEETING, PRESS, "PDF"))
    assert person.flaws() == []
    person.follow_words(TITLE)
    assert person.address == article and "une aide," in person.words
    assert person.driver.find_element(By.CSS_SELECTOR, "main .text abbr[title]").text == "QPV"
    assert person.flaws() == []
    link = person.driver.find_element(By.CSS_SELECTOR, f'main a[href$="/{FILE}"]').get_attribute("href")
    image = person.driver.find_element(By.CSS_SELECTOR, "main img").get_attribute("src")
    assert urlopen(link).read() == PDF and urlopen(image).headers["Content-Type"] == "image/webp"


def follow_the_feed(site):
    """Read the news with a reader of feeds: the whole text, and the file."""
    feed = feedparser.parse(f"{site}/actualites.atom")
    assert not feed.bozo and feed.status == 200
    assert [entry.title for entry in feed.entries] == [TITLE, PRESS, MEETING]
    ((entry, *_), (content,)) = feed.entries, feed.entries[0].content
    assert all(words in content.value for words in ("<strong>", "une aide,", "un local.", f'alt="{WORDS}"'))
    (enclosure,) = entry.enclosures
    assert (enclosure.type, int(enclosure.length)) == ("application/pdf", len(PDF))
    assert urlopen(enclosure.href).read() == PDF and TITLE in urlopen(entry.link).read().decode()
    assert feedparser.parse(f"{site}/actualites.atom", etag=feed.etag).status == 304


# The letter ---------------------------------------------------------------------------------------------------------


def draft(anne):
    """Let Anne have the letter of this month prepared; return « 2026-11 »."""
    anne.follow_words("Animation", "")
    anne.follow_words("La lettre")
    assert "2 membres, et 2 autres personnes sans compte" in anne.words
    assert anne.flaws() == []
    anne.press_button("Préparer la lettre maintenant")
    assert "est prêt. Relisez-le : rien n’est encore envoyé." in anne.words
    assert all(words in anne.words for words in (TITLE, SUMMARY, MEETING, GUIDE, PRESS, SHARED, COMING))
    assert HIDDEN not in anne.words
    assert anne.flaws() == []
    return anne.address.partition("#")[0].rpartition("/")[2]


def arrange(anne):
    """Let Anne put in a word and something short, move one thing up, and leave another one out."""
    assert titles(anne)[:2] == [TITLE, MEETING]
    anne.fill("introduction", GREETING)
    anne.press_button("Monter", f'//li[contains(., "{MEETING}")]')
    assert "L’élément a changé de place." in anne.words and anne.value("introduction") == GREETING
    assert titles(anne)[:2] == [MEETING, TITLE]
    anne.press_button("Retirer", f'//li[contains(., "{PRESS}")]')
    assert "L’élément est retiré de la lettre." in anne.words and f"Retiré : {PRESS}" in anne.words
    anne.driver.find_element(By.XPATH, '//summary[.="Ajouter une brève"]').click()
    anne.fill("brief_title", "Vacances")
    anne.fill("brief_text", "Le site ne ferme pas.")
    anne.press_button("Ajouter cette brève")
    assert "Vacances" in titles(anne) and PRESS not in titles(anne)
    assert anne.flaws() == []


def titles(anne):
    """Return what stands in the draft, in its order."""
    return [plain(each.text) for each in anne.driver.find_elements(By.CSS_SELECTOR, "main .councils > li > strong")]


def look_at_it(anne, month):
    """Let Anne look at the mail, by day and by night, and at its text."""
    anne.press_button("Voir l’aperçu")
    assert "Voici la lettre comme ses lecteurs la reçoivent." in anne.words
    assert anne.flaws() == []
    text = anne.driver.find_element(By.CSS_SELECTOR, "main pre").text
    assert text.index(MEETING) < text.index(TITLE) and "Bonne lecture, et bon courage à tous." in plain(text)
    assert PRESS not in text and max(map(len, text.splitlines())) <= 120
    assert plain(anne.ask(f"/animation/lettre/{month}/apercu.txt").words) == plain(text)
    anne.follow_words("Voir le courriel")
    assert MEETING in anne.words and PRESS not in anne.words
    for scheme in ("light", "dark"):
        anne.cdp("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})
        anne.visit(f"/animation/lettre/{month}/apercu.html")
        for width in (320, DESK, anne.width):
            anne.resize(width)
            assert anne.evaluate(TOO_WIDE) == [] and flaws_of_a_mail(anne) == [], (scheme, width)
    anne.cdp("Emulation.setEmulatedMedia", {"features": []})


def flaws_of_a_mail(anne):
    """Return what axe finds, but for the landmarks of a page: those of a mail are its program's."""
    return [found for found in anne.violations() if not found.startswith(("landmark-one-main", "region"))]


def try_it(anne, box, month):  # noqa: F811
    """Let Anne send herself a test, which nobody else gets."""
    anne.visit(f"/animation/lettre/{month}/apercu")
    anne.press_button("M’envoyer un essai")
    assert "Un essai part vers votre adresse." in anne.words
    ((to, mail),) = arrived(box)
    assert to == "anne@essai.example" and mail["Subject"].startswith("[Essai] La lettre")
    assert TITLE in text_of(mail) and "Ceci est un essai" in text_of(mail)


def send(anne, box, month):  # noqa: F811
    """Let Anne send the letter; return the mails that came, by whom they came to."""
    anne.visit(f"/animation/lettre/{month}")
    anne.press_button("Passer à l’envoi")
    assert "4 personnes la recevront" in anne.words
    assert anne.flaws() == []
    anne.follow_words("Envoyer la lettre…")
    assert "4 personnes vont la recevoir par courriel." in anne.words
    assert anne.flaws() == []
    anne.press_button("Oui, envoyer la lettre")
    assert "La lettre part en ce moment." in anne.words
    assert anne.flaws() == []
    mails = arrived(box)
    assert sorted(to for to, _ in mails) == sorted([*MEMBERS, JEANNE, LUC])
    anne.visit(f"/animation/lettre/{month}/envoi")
    assert "La lettre est partie." in anne.words
    assert anne.flaws() == []
    assert anne.ask(f"/animation/lettre/{month}").address == f"/animation/lettre/{month}/envoi"
    return dict(mails)


def read_the_mails(mails, site, month):
    """See that all is in the mail of each reader, and nothing else, with the headers that mail programs look for."""
    page, stops = f"{site}/lettre/{month}", set()
    for to, mail in mails.items():
        stop = stop_of(mail)
        stops.add(stop)
        assert stop.startswith(f"{site}/desabonnement/")
        assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert (mail["List-Id"], mail["Precedence"]) == ("<letter.127.0.0.1>", "bulk")
        assert mail["Auto-Submitted"] == "auto-generated" and to in mail["To"]
        assert len(mail.as_bytes()) < 30 * 1024
        text, html = text_of(mail), text_of(mail, "html")
        for part in (text, html):
            assert part.index(MEETING) < part.index(TITLE) < part.index(GUIDE) < part.index("Vacances")
            assert not [name for name in (PRESS, HIDDEN) if name in part]
            assert page in part and stop in part and "**" not in part
        assert "<strong>bon courage</strong>" in html and "<img" not in html and "<script" not in html
    assert len(stops) == len({mail["Message-ID"] for mail in mails.values()}) == len(mails)


def read_on_the_site(jeanne, luc, month, article):
    """Let visitors find the letter on the site, and go on from there to the article."""
    jeanne.visit("/lettre")
    jeanne.follow(f"/lettre/{month}")
    assert "Bonne lecture, et bon courage à tous." in jeanne.words and PRESS not in jeanne.words
    assert jeanne.flaws() == []
    jeanne.follow_words(TITLE)
    assert jeanne.address == article
    luc.type(f"g{jeanne.base}/lettre/{month}\r")
    luc.see("bon courage", MEETING, "Vacances")
    luc.follow(TITLE)
    luc.see("une aide,", FILE, WORDS)


# Who wants it no more -----------------------------------------------------------------------------------------------


def unsubscribe(site, jeanne, luc, mails):
    """Let the mail programs of Jeanne and Alice end the letter by their button, and Luc by the link in his mail."""
    stops = {to: stop_of(mail) for to, mail in mails.items()}
    for to in (JEANNE, MEMBERS[0], JEANNE):
        answer = urlopen(Request(stops[to], urlencode({"List-Unsubscribe": "One-Click"}).encode()))
        assert answer.status == 200 and "Set-Cookie" not in answer.headers
    jeanne.visit(stops[JEANNE])
    assert "Vous ne recevez plus la lettre." in jeanne.words
    assert jeanne.flaws() == []
    assert stops[LUC] in text_of(mails[LUC])
    luc.type(f"g{stops[LUC]}\r")
    luc.see("Vous recevez la lettre.")
    luc.follow("Ne plus recevoir la lettre")
    luc.see("Votre choix est enregistré.", "Vous ne recevez plus la lettre.")
    with writer(site, "alice") as alice:
        alice.visit("/mon-profil")
        assert not alice.is_ticked(WANTED)


def see_the_figures(anne, month):
    """Let Anne see how many ended the letter by it, and how many are left."""
    anne.visit(f"/animation/lettre/{month}/envoi")
    assert "désinscrites par cette lettre 3" in anne.words and "Courriels envoyés 4" in anne.words
    anne.visit("/animation/lettre")
    assert "1 membre, et 0 autre personne" in anne.words
    assert "4 envoyées" in anne.words and "3 désinscriptions" in anne.words
    assert anne.flaws() == []
