"""Passing pages on: links to mail and messages, codes to photograph, and what other sites show of a page."""

import re
from datetime import timedelta
from html import unescape
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from app.extensions import db
from app.labels import Visibility
from app.localtime import today
from app.models import Action, Attachment, CouncilPicture, Document, Event, StoredFile
from app.models.types import utcnow
from tests.factories import make_article, make_publication
from tests.test_news import make_picture


def tags(page):
    """What the head of a page tells other sites, by name."""
    return {
        name: unescape(content)
        for name, content in re.findall(r'<meta (?:property|name)="([^"]+)" content="([^"]*)">', page.text)
    }


def shared(page):
    """The box of a page with which it is passed on."""
    found = re.search(r"<details>\s*<summary>Partager cette page</summary>.*?</details>", page.text, re.DOTALL)
    return found and found[0]


def test_a_mail_and_a_message_carry_title_and_address_whatever_signs_they_have(client, app):
    title = "L’été & « nous » + 100 % ? <b>#1</b>"
    make_article(title, slug="ete")
    db.session.commit()
    box = shared(client.get("/actualites/ete"))
    mail, message = (unescape(link) for link in re.findall(r'href="((?:mailto|sms):[^"]+)"', box))
    address = f"{app.config['BASE_URL']}/actualites/ete"
    assert " " not in mail and "+" not in mail and "+" not in message and mail.isascii()
    fields = {name: values[0] for name, values in parse_qs(urlsplit(mail).query).items()}
    assert fields == {"subject": title, "body": f"{title}\r\n{address}"}
    assert unquote(message.removeprefix("sms:?body=")) == f"{title} {address}"
    assert re.search(rf'<input id="[^"]+" value="{address}" size="60" readonly>', box)


def test_the_code_is_fetched_by_those_who_want_it_only(client, app):
    make_article("Un titre")
    db.session.commit()
    box = shared(client.get("/actualites/un-titre"))
    assert "<img" not in box and '<a href="/actualites/un-titre/qr.svg">' in box
    code = client.get("/actualites/un-titre/qr.svg")
    assert code.mimetype == "image/svg+xml" and "Set-Cookie" not in code.headers
    assert code.headers["Cache-Control"] == "public, max-age=86400"
    assert "<title>Code à photographier : Un titre</title>" in code.text
    assert f"<desc>{app.config['BASE_URL']}/actualites/un-titre</desc>" in code.text
    again = client.get("/actualites/un-titre/qr.svg", headers={"If-None-Match": code.headers["ETag"]})
    assert again.status_code == 304


@pytest.mark.parametrize(("model", "path"), [(Document, "documents"), (Action, "actions"), (Event, "evenements")])
def test_what_everybody_reads_is_passed_on_and_nothing_else(client, alice, cast, app, model, path):
    shown = make_publication(model, cast.alice, title="Ouvert", level=Visibility.PUBLIC, summary="En deux mots.")
    close = make_publication(model, cast.alice, title="Fermé", level=Visibility.MEMBERS)
    draft = make_publication(model, cast.alice, title="Ébauche", level=Visibility.PUBLIC, published_at=None)
    hidden = make_publication(model, cast.alice, title="Masqué", level=Visibility.PUBLIC, hidden_at=utcnow())
    db.session.commit()
    page = client.get(f"/{path}/{shown.id}-ouvert")
    assert tags(page)["og:url"] == f"{app.config['BASE_URL']}/{path}/{shown.id}-ouvert"
    assert tags(page)["og:title"] == "Ouvert" and tags(page)["og:description"] == "En deux mots."
    code = client.get(f"/{path}/{shown.id}-ouvert/qr.svg")
    known = f"/e/{shown.id}" if model is Event else f"/{path}/{shown.id}-ouvert"
    assert f"<desc>{app.config['BASE_URL']}{known}</desc>" in code.text and shared(page)
    for other in (close, draft, hidden):
        page = alice.get(f"/{path}/{other.id}-{other.slug}")
        assert page.status_code == 200 and not shared(page), other.title
        assert not any(name.startswith("og:") for name in tags(page)) and tags(page)["robots"] == "noindex"
        assert client.get(f"/{path}/{other.id}-{other.slug}/qr.svg").status_code == 404
    assert alice.get(f"/{path}/{close.id}-ferme/qr.svg").headers["Cache-Control"].startswith("private")


def test_the_picture_that_others_show_is_a_light_one_and_whole_in_its_address(client, cast, app):
    article = make_article("Une image", summary="Elle pèse.", picture_words="Un jardin")
    article.picture, article.thumbnail = make_picture("grande.webp", 1200, 900, 280_000), make_picture("petite.webp")
    db.session.commit()
    told = tags(client.get("/actualites/une-image"))
    assert told["og:image"] == f"{app.config['BASE_URL']}/fichiers/{article.picture_id}/grande.webp"
    assert (told["og:image:width"], told["og:image:height"]) == ("1200", "900")
    assert told["og:image:alt"] == "Un jardin" and told["og:image:type"] == "image/webp"
    assert (told["og:type"], told["og:locale"], told["description"]) == ("article", "fr_FR", "Elle pèse.")
    article.picture.size = 300_001
    article.version += 1
    db.session.commit()
    told = tags(client.get("/actualites/une-image"))
    assert told["og:image"].endswith("/petite.webp") and told["og:image:width"] == "320"


def test_the_first_image_of_a_publication_stands_for_it(client, cast):
    item = make_publication(Document, cast.alice, title="Ouvert", level=Visibility.PUBLIC)
    text = StoredFile(digest="c" * 64, name="a.pdf", media_type="application/pdf", size=1)
    photo = StoredFile(digest="d" * 64, name="a.jpg", media_type="image/jpeg", size=2_000_000)
    picture, small = make_picture("a.webp", 1600, 1200, 400_000), make_picture("b.webp")
    db.session.add_all([
        Attachment(publication_id=item.id, position=0, file=text),
        Attachment(publication_id=item.id, position=1, file=photo, picture=picture, thumbnail=small, alternative="Vue"),
    ])  # fmt: skip
    db.session.commit()
    told = tags(client.get(f"/documents/{item.id}-ouvert"))
    assert told["og:image"].endswith("/b.webp") and told["og:image:alt"] == "Vue"


def test_a_council_and_the_home_page_say_what_they_are(client, cast, app):
    address = f"/conseils/{cast.council.slug}"
    told = tags(client.get(address))
    assert told["og:url"] == app.config["BASE_URL"] + address and told["og:title"].endswith(cast.council.name)
    assert "og:image" not in told and shared(client.get(address))
    assert f"<desc>{app.config['BASE_URL']}{address}</desc>" in client.get(f"{address}/qr.svg").text
    assert client.get("/conseils/rien/qr.svg").status_code == 404
    home = client.get("/")
    assert (
        tags(home)["og:type"] == "website" and f'<link rel="canonical" href="{app.config["BASE_URL"]}/">' in home.text
    )
    cast.council.pictures.append(CouncilPicture(file=make_picture("lieu.webp"), alternative="La salle"))
    db.session.commit()
    assert tags(client.get(address))["og:image"].endswith("/lieu.webp")


def test_a_page_whose_time_is_over_is_still_passed_on_but_not_found(client):
    make_article("Passée", expires_on=today() - timedelta(days=2))
    db.session.commit()
    page = client.get("/actualites/passee")
    assert shared(page) and tags(page)["robots"] == "noindex"
