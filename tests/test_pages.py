"""What every answer carries, how light it is, and how a page is shown again without being made again."""

import base64
import csv
import gzip
import hashlib
import io
import re

import pytest
from flask import abort
from flask_migrate import upgrade
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from app import create_app, storage
from app.extensions import db
from app.labels import Priority
from app.models import Council, CouncilPicture, Delivery, Document, StoredFile, User
from app.models.stamp import read_stamp, renew
from app.notifications import outbox
from app.notifications.message import Message
from tests.conftest import settings
from tests.factories import make_council, make_publication

PAGES = ["/", "/conseils", "/conseils?q=bourg", "/conseils?q=zzzz", "/conseils?departement=01", "/carte", "/carte/01",
         "/conseils/croix-blanche-bourg-en-bresse", "/aide", "/contact", "/mentions-legales", "/donnees-personnelles",
         "/accessibilite", "/donnees"]  # fmt: skip


def bytes_on_the_wire(response):
    head = sum(len(name) + len(value) + 4 for name, value in response.headers.items())
    return 20 + head + len(response.data)


@pytest.mark.parametrize("address", [*PAGES, "/affichage", "/inconnu", "/conseils?q=%25"])
@pytest.mark.parametrize("coding", ["br", "gzip", "zstd"])
def test_a_page_is_one_light_answer_without_script_or_inline_style(client, country, address, coding):
    response = client.get(address, headers={"Accept-Encoding": coding})
    assert bytes_on_the_wire(response) <= 14_000
    page = client.get(address).text
    assert not re.search(r"<script|\sstyle=|\son[a-z]+=|javascript:", page)
    assert not re.findall(r'<(?:img|link rel="stylesheet")[^>]+(?:src|href)="(?!/)', page)


def test_the_style_sheet_is_at_most_three_kilobytes(app):
    assert len(gzip.compress(app.extensions["assets"].css.encode(), 9)) <= 3_000


@pytest.mark.parametrize(
    "address", [*PAGES, "/affichage", "/inconnu", "/sante", "/donnees/conseils.csv", "/conseils?q=%25"]
)
def test_every_answer_carries_the_security_headers(client, country, app, address):
    headers = client.get(address).headers
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'self' 'sha256-")
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == headers["Cross-Origin-Resource-Policy"] == "same-origin"


def test_the_policy_allows_the_very_style_sheet_of_the_page(client, country):
    response = client.get("/")
    style = re.search(r"<style>(.*?)</style>", response.text, re.S)[1]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"'sha256-{digest}'" in response.headers["Content-Security-Policy"]


@pytest.mark.parametrize("address", [*PAGES, "/donnees/conseils.csv"])
def test_a_public_page_sets_no_cookie_and_answers_304(client, country, address):
    first = client.get(address)
    assert "Set-Cookie" not in first.headers
    assert "public" in first.headers["Cache-Control"]
    again = client.get(address, headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    assert again.data == b""


def test_a_change_is_seen_at_once_on_a_page_that_was_kept(client, country):
    address = "/conseils/" + country.croix.slug
    first = client.get(address)
    assert client.get(address).data == first.data
    council = db.session.get(Council, country.croix.id)
    council.address = "9 rue Neuve"
    db.session.commit()
    second = client.get(address, headers={"If-None-Match": first.headers["ETag"]})
    assert second.status_code == 200
    assert "9 rue Neuve" in second.text


def test_a_page_of_other_settings_or_another_database_is_another_page(tmp_path):
    tags = set()
    for name, changes in (("a", {}), ("a", {"OPERATOR_NAME": "Une autre association"}), ("b", {})):
        site = create_app(settings(tmp_path, DATABASE_URL=f"sqlite:///{tmp_path / name}", **changes))
        with site.app_context():
            upgrade()
        tags.add(site.test_client().get("/mentions-legales").headers["ETag"])
    assert len(tags) == 3


@pytest.mark.parametrize("address", ["/conseils/inconnu", "/carte/99", "/conseils?q=%25", "/conseils?q=zz&page=9"])
def test_a_page_that_does_not_exist_is_never_said_to_be_unchanged(client, country, address):
    first = client.get(address)
    assert first.status_code in (404, 422)
    assert "public" not in first.headers["Cache-Control"]
    again = client.get(address, headers={"If-None-Match": "*"})
    assert again.status_code == first.status_code


def test_the_wire_does_not_choose_how_many_copies_are_kept(client, app, country):
    for number in range(20):
        client.get("/aide", headers={"Accept-Encoding": f"gzip, x-{number}"})
    assert len(app.extensions["kept_pages"]) == 1


def test_a_change_that_is_undone_leaves_the_kept_page(client, country):
    address = "/conseils/" + country.croix.slug
    etag = client.get(address).headers["ETag"]
    db.session.get(Council, country.croix.id).email = "non@demo.example"
    db.session.flush()
    db.session.rollback()
    assert client.get(address).headers["ETag"] == etag


@pytest.mark.parametrize("address", PAGES)
def test_a_page_that_was_kept_costs_one_query(client, country, queries, address):
    first = client.get(address)
    queries.clear()
    second = client.get(address)
    assert len(queries) == 1, queries
    assert second.data == first.data
    assert second.headers["Content-Security-Policy"] == first.headers["Content-Security-Policy"]


def test_the_number_of_queries_does_not_grow_with_the_directory(client, app, country, queries):
    def count():
        app.extensions.pop("directory", None)
        app.extensions["kept_pages"].clear()
        counts = {}
        for address in PAGES:
            queries.clear()
            client.get(address)
            counts[address] = len(queries)
        return counts

    before = count()
    for number in range(30):
        make_council(f"Cité {number}", country.bourg, place=(46.2 + number / 100, 5.2))
    db.session.commit()
    assert count() == before
    assert max(before.values()) <= 12


def test_two_codings_of_a_page_are_not_mixed_up(client, country):
    assert client.get("/", headers={"Accept-Encoding": "gzip"}).headers["Content-Encoding"] == "gzip"
    assert client.get("/", headers={"Accept-Encoding": "br"}).headers["Content-Encoding"] == "br"
    assert "Content-Encoding" not in client.get("/").headers


def test_head_answers_as_get_without_a_body(client, country):
    response = client.head("/conseils")
    assert response.status_code == 200
    assert response.data == b""


# Pictures ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def picture(country):
    digest = storage.save(b"a picture")
    file = StoredFile(digest=digest, name="place.webp", media_type="image/webp", size=9, width=96, height=54)
    council = db.session.get(Council, country.croix.id)
    council.pictures = [CouncilPicture(file=file, alternative="La place du marché")]
    db.session.commit()
    return f"/fichiers/{file.id}/place.webp"


def test_a_picture_has_its_size_and_words_and_is_served(client, country, picture):
    page = client.get("/conseils/" + country.croix.slug).text
    assert f'<img src="{picture}" alt="La place du marché" width="96" height="54" loading="lazy"' in page
    response = client.get(picture)
    assert response.data == b"a picture"
    assert response.headers["Content-Type"] == "image/webp"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    part = client.get(picture, headers={"Range": "bytes=2-4"})
    assert (part.status_code, part.data) == (206, b"pic")


def test_a_picture_is_not_served_under_another_name_or_without_its_council(client, country, picture):
    other = client.get(picture.replace("place", "autre"))
    assert (other.status_code, other.location) == (302, picture)
    db.session.delete(db.session.get(Council, country.croix.id))
    db.session.commit()
    assert client.get(picture).status_code == 404


def test_a_browser_that_saves_data_gets_a_link_instead_of_the_picture(client, country, picture):
    page = client.get("/conseils/" + country.croix.slug, headers={"Save-Data": "on"}).text
    assert "<img" not in page
    assert f'<a href="{picture}">Voir l’image : La place du marché (1\xa0Ko)</a>' in page


def test_a_visitor_chooses_pages_without_pictures(client, country, picture):
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/affichage").text)[1]
    refused = client.post("/affichage", data={"csrf_token": token, "images": "peut-être"})
    assert refused.status_code == 422
    assert "<title>Erreur : " in refused.text
    assert "valid choice" not in refused.text
    answer = client.post("/affichage", data={"csrf_token": token, "images": "non"}, follow_redirects=True)
    assert "Votre choix est enregistré" in answer.text
    assert "<img" not in client.get("/conseils/" + country.croix.slug).text


def test_the_message_to_one_person_never_stands_in_a_page_for_all(client, country):
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/affichage").text)[1]
    client.post("/affichage", data={"csrf_token": token, "images": "oui"})
    assert "Votre choix" not in client.get("/aide").text
    assert "Votre choix" in client.get("/affichage").text


def test_a_form_without_its_token_comes_back_with_what_was_chosen(client, country):
    response = client.post("/affichage", data={"images": "non"})
    assert response.status_code == 422
    assert "Rien n’est perdu" in response.text
    assert re.search(r'<input checked[^>]+value="non"', response.text)
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', response.text)[1]
    assert client.post("/affichage", data={"csrf_token": token, "images": "non"}).status_code == 302


@pytest.mark.parametrize("who", ["visitor", "dora", "alice", "referent", "animator"])
def test_every_form_that_changes_something_asks_for_its_token(app, cast, client, client_as, who):
    """But the two doors for machines, which carry a secret in their address instead."""
    outbox.post(Message("A", ("b",)), to="a@ex.fr", key="k", kind="alert", priority=Priority.ALERT)
    dora = db.session.get(User, cast.dora.id)
    dora.escalated_at = dora.confirmed_at
    known = {"slug": cast.council.slug, "token": "x", "delivery_id": db.session.scalar(select(Delivery.id))}
    db.session.commit()
    browser, addresses = client if who == "visitor" else client_as(getattr(cast, who)), app.url_map.bind("")
    for rule in app.url_map.iter_rules():
        if "POST" in rule.methods and rule.endpoint not in ("public.stop.edit", "public.stop.receive"):
            values = {name: known.get(name, cast.dora.id) for name in rule.arguments}
            values |= {"path": "documents" if "documents" in rule.rule else "evenements"} if "path" in values else {}
            answer = browser.post(addresses.build(rule.endpoint, values), data={"images": "non"})
            elsewhere = answer.status_code == 302 and rule.endpoint.startswith(("account.s", "account.profile.edit"))
            assert elsewhere or answer.status_code in (403, 404, 422), rule.rule


def test_the_page_with_pictures_and_the_one_without_are_not_mixed_up(client, country, picture):
    address = "/conseils/" + country.croix.slug
    with_pictures = client.get(address)
    without = client.get(address, headers={"Save-Data": "on", "If-None-Match": with_pictures.headers["ETag"]})
    assert "<img" in with_pictures.text and "<img" not in without.text
    assert "<img" in client.get(address).text


def test_a_cell_of_the_open_data_is_never_a_formula(client, country):
    council = db.session.get(Council, country.croix.id)
    council.name, council.phone = '=HYPERLINK("http://x")', "+33 4 65 71 00 01"
    db.session.commit()
    rows = list(csv.DictReader(io.StringIO(client.get("/donnees/conseils.csv").text)))
    row = next(row for row in rows if row["identifiant"] == str(council.id))
    assert (row["nom"], row["telephone"]) == ('\'=HYPERLINK("http://x")', "'+33 4 65 71 00 01")


# Errors -----------------------------------------------------------------------------------------------------------


def test_an_unknown_host_is_refused(client, country):
    response = client.get("/", headers={"Host": "attaquant.example"})
    assert response.status_code == 400
    assert "attaquant" not in response.text


@pytest.mark.parametrize("address", ["/fichiers/99999999999999999999/x", "/fichiers/9999999999/x", "/conseils/a%00b"])
def test_an_address_that_no_database_could_hold_is_a_404(client, country, address):
    assert client.get(address).status_code == 404


@pytest.mark.parametrize("address", ["/conseils/", "/carte/", "/aide/", "/conseils/croix-blanche-bourg-en-bresse/"])
def test_a_slash_too_many_does_no_harm(client, country, address):
    assert client.get(address).status_code == 200


def test_a_browser_is_told_to_stay_on_https_only_where_the_site_is(tmp_path):
    for base_url, told in (("http://127.0.0.1:8000", False), ("https://localhost", True)):
        site = create_app(settings(tmp_path, DATABASE_URL=f"sqlite:///{tmp_path / 'own'}", BASE_URL=base_url))
        assert ("Strict-Transport-Security" in site.test_client().get("/static/x").headers) is told


def test_maintenance_closes_all_pages_but_the_health_check(client, app, country):
    app.config["MAINTENANCE"] = True
    try:
        response = client.get("/conseils")
        assert response.status_code == 503
        assert "Le site revient bientôt" in response.text
        assert response.headers["Retry-After"]
        assert client.get("/sante").status_code == 200
        assert client.get("/", headers={"Host": "attaquant.example"}).status_code == 400
    finally:
        app.config["MAINTENANCE"] = False


@pytest.mark.parametrize("code", [400, 404, 413, 422, 429, 500])
def test_each_error_has_its_french_page(app, country, code):
    site = create_app(settings(app.config["INSTANCE_DIR"]) | {"TESTING": False})
    site.add_url_rule("/casse", "casse", lambda: abort(code))
    response = site.test_client().get("/casse")
    assert response.status_code == code
    assert '<html lang="fr">' in response.text
    assert "<h1>" in response.text


def test_a_visitor_who_finds_no_page_is_told_that_members_may(client, client_as, cast):
    item = make_publication(Document, cast.alice)
    db.session.commit()
    place = f"/documents/{item.id}-{item.slug}?a=b"
    hidden, nothing = client.get(place), client.get(f"/documents/{item.id + 1}-{item.slug}?a=b")
    login = f"/connexion?suite=/documents/{item.id}-x?a%3Db"
    assert hidden.status_code == 404 and f'href="{login}">Connectez-vous</a>' in hidden.text
    assert nothing.text.replace(f"/{item.id + 1}-", f"/{item.id}-") == hidden.text
    assert 'href="/connexion">Connectez-vous' in client.get("/ailleurs%20%5C").text
    assert "Connectez-vous" not in client_as(cast.chloe).get(place).text


def test_a_page_that_is_not_for_this_account_says_so_and_a_visitor_is_asked_to_log_in(client, client_as, cast):
    refused = client_as(cast.alice).get("/animation/courrier")
    assert (refused.status_code, "pas ouverte à votre compte" in refused.text) == (403, True)
    asked = client.get("/animation/courrier?page=2")
    assert (asked.status_code, asked.location) == (302, "/connexion?suite=/animation/courrier?page%3D2")


def test_a_fault_of_the_program_shows_nothing_of_it(app, country):
    site = create_app(settings(app.config["INSTANCE_DIR"]) | {"TESTING": False})
    site.add_url_rule("/casse", "casse", lambda: 1 // 0)
    response = site.test_client().get("/casse")
    assert response.status_code == 500
    assert "ZeroDivision" not in response.text
    assert "L’erreur a été notée" in response.text


def test_a_database_that_does_not_answer_gives_a_calm_503(client, app, country, monkeypatch):
    def fail(*args, **kwargs):
        raise OperationalError("SELECT", {}, Exception("unable to open database file"))

    monkeypatch.setattr("app.blueprints.kept.read_stamp", fail)
    response = client.get("/")
    assert response.status_code == 503
    assert "momentanément indisponible" in response.text
    assert "unable" not in response.text


# Health -----------------------------------------------------------------------------------------------------------


def test_health_tells_its_details_to_this_machine_only(client, country):
    here = client.get("/sante").json
    assert here["status"] == "ok"
    assert here["checks"]["migrations"]["present"] == here["checks"]["migrations"]["wanted"]
    assert here["checks"]["disk"]["free_mb"] > 0
    away = client.get("/sante", environ_overrides={"REMOTE_ADDR": "192.0.2.1"}).json
    assert away == {"status": "ok"}


@pytest.mark.parametrize("forwarded", ["192.0.2.1", "192.0.2.1:5678", "unknown", "[2001:db8::1]"])
def test_health_behind_a_proxy_tells_nothing_whatever_the_settings(app, tmp_path, forwarded):
    for hops in "01":
        site = create_app(settings(tmp_path, DATABASE_URL=f"sqlite:///{tmp_path / 'own'}", PROXY_HOPS=hops))
        answer = site.test_client().get("/sante", headers={"X-Forwarded-For": forwarded})
        assert "checks" not in answer.json


def test_health_is_503_when_a_migration_or_room_on_the_disk_is_missing(client, app, country, monkeypatch):
    monkeypatch.setitem(app.config, "DISK_FREE_MIN_MB", 10**9)
    assert client.get("/sante").status_code == 503
    monkeypatch.undo()
    db.session.execute(db.text("UPDATE alembic_version SET version_num = 'ancienne'"))
    db.session.commit()
    assert client.get("/sante").json["checks"]["migrations"]["ok"] is False


# Stamps -----------------------------------------------------------------------------------------------------------


def renewals(queries):
    return [number for number, statement in enumerate(queries) if statement.startswith("UPDATE stamps")]


def test_stamps_are_written_last_of_all_so_that_nobody_holds_them_and_waits(country, queries):
    before = read_stamp("pages"), read_stamp("directory")
    queries.clear()
    country.croix.address = "9 rue Neuve"
    db.session.flush()
    renew("directory")
    with db.session.begin_nested():
        country.croix.phone = "04 74 00 00 00"
    country.croix.description = "Un texte."
    assert renewals(queries) == []
    db.session.commit()
    assert renewals(queries) == [len(queries) - 1]
    assert read_stamp("pages") != before[0] and read_stamp("directory") != before[1]


def test_a_change_that_is_rolled_back_renews_nothing(country, queries):
    for undo in (db.session.rollback, db.session.close):
        renew("pages")
        undo()
        queries.clear()
        db.session.commit()
        assert renewals(queries) == []


def test_a_savepoint_that_is_rolled_back_leaves_what_was_noted_before(country, queries):
    renew("pages")
    db.session.begin_nested().rollback()
    queries.clear()
    db.session.commit()
    assert len(renewals(queries)) == 1
