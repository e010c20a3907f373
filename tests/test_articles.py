"""Articles of the site: written, submitted, published at once or at a date, taken away."""

import io
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from PIL import Image
from sqlalchemy import func, select

from app.blueprints.moderation import article_saving
from app.extensions import db
from app.jobs.bin import empty_bins
from app.jobs.dispatching import dispatch
from app.jobs.publishing import publish as publish_job
from app.labels import ArticleKind
from app.models import Article, Attachment, AuditEntry, Delivery, OptOut, Revision, Series, StoredFile, Theme
from app.models.types import utcnow
from app.services import articles, erasing
from tests.browse import forms, send, submit
from tests.factories import PASSWORD, make_article, make_user
from tests.samples import PDF

LIST = "/animation/articles"
NEW = f"{LIST}/nouveau"
BODY = "## Le jour\n\nVenez **nombreux**."


def picture(width=1600, height=800):
    output = io.BytesIO()
    Image.new("RGB", (width, height), "orange").save(output, "JPEG")
    return output.getvalue()


def newest():
    db.session.expire_all()
    return db.session.scalars(select(Article).order_by(Article.id.desc()).limit(1)).one()


def page_of(article, more=""):
    return f"{LIST}/{article.id}{more}"


def mails(verb=""):
    """The mails that are due, after the activities are dispatched: (to, subject)."""
    dispatch()
    rows = db.session.scalars(select(Delivery).where(Delivery.kind == "article").order_by(Delivery.id))
    return [(row.recipient, row.content["subject"]) for row in rows]


def counted(model):
    return db.session.scalar(select(func.count()).select_from(model))


# Writing ----------------------------------------------------------------------------------------------------------


def test_an_article_is_written_seen_before_and_published(client_as, cast):
    animator = client_as(cast.animator)
    answer = submit(animator, NEW, "Voir l’aperçu", title="Une rencontre", body=BODY, kind="agenda", place="Lyon")
    seen = animator.get(answer.location)
    assert "<strong>nombreux</strong>" in seen.text and "Rien n’est publié" in seen.text
    assert newest().published_at is None and newest().slug is None
    send(animator, seen, "Publier", starts_on="25/12/2026")
    article = newest()
    assert article.is_shown and article.slug == "une-rencontre" and article.kind == "agenda"
    assert (article.starts_on, article.place, article.author_id) == (date(2026, 12, 25), "Lyon", cast.animator.id)
    assert db.session.scalars(select(AuditEntry.verb)).all() == ["article.published"]
    assert "Publié." in animator.get(page_of(article)).text


def test_a_title_is_enough_for_a_draft_not_even_that_and_it_is_asked_for_to_publish(client_as, cast):
    animator = client_as(cast.animator)
    submit(animator, NEW, "Garder en brouillon", title="", body="Des idées.")
    draft = newest()
    assert draft.body == "Des idées." and draft.name == "Sans titre"
    answer = submit(animator, page_of(draft, "/modifier"), "Publier")
    assert answer.status_code == 422 and "Donnez un titre" in answer.text and "Erreur : " in answer.text
    assert newest().is_draft
    answer = animator.post(page_of(draft, "/publication"), data={"csrf_token": _token(animator, draft)})
    assert answer.location.endswith("/modifier") and newest().is_draft


def _token(client, article):
    return forms(client.get(page_of(article)).text)[0].fields["csrf_token"]


def test_a_press_review_says_where_it_comes_from(client_as, cast):
    animator = client_as(cast.animator)
    answer = submit(animator, NEW, "Publier", title="Vu dans la presse", kind="press")
    assert answer.status_code == 422
    assert "le nom du journal" in answer.text and "l’adresse de l’article d’origine" in answer.text
    send(animator, answer, "Publier", source="Le Progrès", source_address="www.leprogres.fr/article")
    article = newest()
    assert article.is_shown and article.source_address == "https://www.leprogres.fr/article"


@pytest.mark.parametrize(
    "address",
    ["javascript:alert(1)", "data:text/html,x", "JAVASCRIPT:alert(1)", "ftp://a.fr/b", "https://", "//a", "x y"],
)
def test_an_address_that_is_no_page_of_the_web_is_refused(client_as, cast, address):
    animator = client_as(cast.animator)
    answer = submit(animator, NEW, "Publier", title="Une étude", kind="study", source="Insee", source_address=address)
    assert answer.status_code == 422 and "Écrivez l’adresse entière d’une page" in answer.text
    assert counted(Article) == 0 and f'href="{address}"' not in answer.text


def test_scripts_in_an_article_do_nothing(client_as, cast):
    hostile = (
        "<script>alert(1)</script>\n\n<img src=x onerror=alert(2)>\n\n[lien](javascript:alert(3)) "
        "<a href='data:text/html,x'>x</a>\n\n<iframe src='//a.fr'></iframe>"
    )
    animator = client_as(cast.animator)
    submit(animator, NEW, "Publier", title="<script>alert(4)</script>", summary="<b>gras</b>", body=hostile)
    page = animator.get(page_of(newest())).text
    for bad in ("<script", "<img src=x", 'href="javascript:', 'href="data:', "href='data:", "<iframe", "<b>gras"):
        assert bad not in page, bad
    assert newest().slug == "script-alert-4-script"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("[a](https://a.fr) " * 5000, "caractères"),
        ("[a](b) " * 400, "plus de 300 signes"),
        ("| a |\n|---|\n" + "| b |\n" * 2000, "lignes"),
        ("x" * 20_001, "20 001 caractères".replace(" ", "\u202f", 1)),
    ],
)
def test_a_text_that_is_too_complex_comes_back_with_a_sentence(client_as, cast, body, said):
    answer = submit(client_as(cast.animator), NEW, "Publier", title="Trop", body=body)
    assert answer.status_code == 422 and said in answer.text
    assert "Trop" in answer.text and counted(Article) == 0


def test_mixed_up_headings_follow_one_another(client_as, cast):
    submit(client_as(cast.animator), NEW, "Publier", title="Titres", body="###### Six\n\n# Un\n\n#### Quatre")
    assert [line[:3] for line in newest().body_html.split("\n")] == ["<h3", "<h2", "<h3"]


@pytest.mark.parametrize("title", ["\0zéro", "😀 fête", "\u202egauche", "a\r\nb"])
def test_strange_signs_in_a_title_make_an_address(client_as, cast, title):
    assert submit(client_as(cast.animator), NEW, "Publier", title=title).status_code == 302
    assert newest().slug and newest().title.isprintable()


def test_a_form_sent_twice_makes_one_article(client_as, cast):
    animator = client_as(cast.animator)
    page = animator.get(NEW)
    for _ in range(2):
        assert send(animator, page, "Publier", title="Une fois").status_code == 302
    assert counted(Article) == 1 and newest().version == 3 and counted(Revision) == 1
    assert db.session.scalars(select(AuditEntry.verb)).all() == ["article.published"]


def test_saving_over_a_newer_version_shows_what_changed_and_asks_again(client_as, cast):
    article = make_article("Ancien titre", body="Un texte.")
    db.session.commit()
    animator = client_as(cast.animator)
    opened = animator.get(page_of(article, "/modifier"))
    submit(animator, page_of(article, "/modifier"), "Enregistrer", body="Un texte changé par une autre.")
    answer = send(animator, opened, "Enregistrer", body="Mon texte à moi.")
    assert answer.status_code == 422 and "Ce qui change avec votre texte" in answer.text
    assert "par une autre" in answer.text and "Mon texte à moi." in answer.text
    assert newest().body == "Un texte changé par une autre."
    send(animator, answer, "Enregistrer")
    assert newest().body == "Mon texte à moi."


def test_a_deleted_article_does_not_swallow_what_is_sent(client_as, cast):
    article = make_article()
    db.session.commit()
    animator = client_as(cast.animator)
    opened = animator.get(page_of(article, "/modifier"))
    submit(animator, page_of(article, "/suppression"), "Oui")
    answer = send(animator, opened, "Enregistrer", body="Mon long texte.")
    assert answer.status_code == 422 and "corbeille" in answer.text and "Mon long texte." in answer.text


# Pictures and files -----------------------------------------------------------------------------------------------


def test_a_picture_is_made_light_and_needs_words(client_as, cast):
    animator = client_as(cast.animator)
    answer = submit(animator, NEW, "Publier", title="Image", picture=(io.BytesIO(picture()), "Fête.jpg"))
    assert answer.status_code == 422 and "Écrivez ce que l’on voit sur cette image" in answer.text
    assert newest().picture is not None and newest().is_draft  # it need not be sent again
    send(animator, answer, "Publier", picture_words="La fête")
    article = newest()
    assert article.is_shown and counted(Article) == 1
    assert (article.picture.width, article.picture.height, article.thumbnail.width) == (1200, 600, 320)
    assert article.picture.media_type == "image/webp"
    page = animator.get(page_of(article)).text
    assert 'alt="La fête"' in page
    assert animator.get(f"/fichiers/{article.picture_id}/{article.picture.name}").status_code == 200


def test_a_new_picture_takes_the_place_of_the_former_one_and_none_is_left_behind(client_as, cast):
    animator = client_as(cast.animator)
    sent = {"picture": (io.BytesIO(picture()), "a.jpg"), "picture_words": "Un"}
    submit(animator, NEW, "Garder en brouillon", title="Image", **sent)
    article = newest()
    submit(animator, page_of(article, "/modifier"), "Garder", picture=(io.BytesIO(picture(800, 800)), "b.jpg"))
    assert newest().picture.width == 800 and counted(StoredFile) == 2
    submit(animator, page_of(article, "/modifier"), "Garder", drop_picture="y")
    assert newest().picture is None and counted(StoredFile) == 0


def test_what_is_no_picture_is_refused_with_a_sentence(client_as, cast):
    answer = submit(client_as(cast.animator), NEW, "Publier", title="Image", picture=(io.BytesIO(PDF), "a.jpg"))
    assert answer.status_code == 422 and "n’est pas une photo" in answer.text


def test_files_come_with_an_article_and_wait_for_a_form_that_was_refused(client_as, cast):
    animator = client_as(cast.animator)
    answer = submit(animator, NEW, "Publier", title="", files=[(io.BytesIO(PDF), "guide.pdf")])
    assert answer.status_code == 422 and "guide.pdf" in answer.text
    assert counted(Article) == 1
    send(animator, answer, "Publier", title="Le guide")
    article = newest()
    assert [one.file.name for one in _files(article)] == ["guide.pdf"]
    assert "guide.pdf" in animator.get(page_of(article)).text
    one = _files(article)[0]
    submit(animator, page_of(article, "/modifier"), "Enregistrer", **{f"retirer-{one.id}": "y"})
    assert _files(article) == []


def _files(article):
    return db.session.scalars(select(Attachment).filter_by(article_id=article.id, removed_at=None)).all()


# What is chosen ---------------------------------------------------------------------------------------------------


def test_themes_and_territories_are_chosen_and_kept(client_as, cast):
    themes = db.session.scalars(select(Theme).order_by(Theme.position)).all() or [_theme()]
    animator = client_as(cast.animator)
    answer = submit(animator, NEW, "Publier", title="Chez nous", places="Nulle part", themes=[str(themes[0].id)])
    assert answer.status_code == 422 and "aucune commune" in answer.text
    chosen = {"departments": [str(cast.country.ain.id)], "places": "Grenoble"}
    send(animator, answer, "Publier", **chosen)
    article = newest()
    assert [place.name for place in article.territories] == ["Ain", "Grenoble"]
    assert [theme.id for theme in article.themes] == [themes[0].id]
    page = animator.get(page_of(article, "/modifier"))
    send(animator, page, "Enregistrer", title="Chez nous aussi")
    assert [place.name for place in newest().territories] == ["Ain", "Grenoble"] and newest().version == 4


def _theme():
    theme = Theme(slug="sante", name="Santé")
    db.session.add(theme)
    db.session.commit()
    return theme


def test_a_series_gives_the_next_number_and_no_number_twice(client_as, cast):
    animator = client_as(cast.animator)
    submit(animator, NEW, "Publier", title="Un", kind="guide", new_series="Les cahiers du citoyen")
    series = db.session.scalars(select(Series)).one()
    submit(animator, NEW, "Publier", title="Deux", kind="guide", series=str(series.id))
    submit(animator, NEW, "Publier", title="Trois", kind="guide", new_series="les cahiers du citoyen")
    numbers = db.session.execute(select(Article.title, Article.series_id, Article.episode).order_by(Article.id)).all()
    assert numbers == [("Un", series.id, 1), ("Deux", series.id, 2), ("Trois", series.id, 3)]
    answer = submit(animator, NEW, "Publier", title="Quatre", series=str(series.id), episode="2")
    assert answer.status_code == 422 and "« Deux »" in answer.text
    send(animator, answer, "Publier", episode="7")
    assert newest().episode == 7 and series.slug == "les-cahiers-du-citoyen"
    submit(animator, page_of(newest(), "/modifier"), "Enregistrer", episode="")
    assert newest().episode == 7  # it has one already


def test_a_number_without_its_series_is_asked_about(client_as, cast):
    answer = submit(client_as(cast.animator), NEW, "Publier", title="Un", episode="3")
    assert answer.status_code == 422 and "Choisissez aussi la série" in answer.text
    answer = submit(client_as(cast.animator), NEW, "Publier", title="Un", new_series="A", episode="trois")
    assert answer.status_code == 422 and "en chiffres" in answer.text


def test_days_in_the_wrong_order_are_refused(client_as, cast):
    sent = {"title": "Un", "starts_on": "03/05/2027", "ends_on": "01/05/2027", "expires_on": "01/01/2020"}
    answer = submit(client_as(cast.animator), NEW, "Publier", **sent)
    assert answer.status_code == 422
    assert "est avant le premier" in answer.text and "avant la publication" in answer.text


# Its address ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("title", "address"),
    [
        ("Publications", "publications-2"),
        ("Boîte à outils", "boite-a-outils-2"),
        ("!!!", "article"),
        ("a.atom", "a-atom"),
    ],
)
def test_no_address_is_that_of_another_page(cast, title, address):
    article = make_article(title, published_at=None)
    articles.publish(article, cast.animator)
    assert article.slug == address


def test_two_articles_of_one_title_have_two_addresses_that_stay(client_as, cast):
    animator = client_as(cast.animator)
    for body in ("Elle vient.", "Elle est là."):
        submit(animator, NEW, "Publier", title="La rentrée", body=body)
    assert db.session.scalars(select(Article.slug).order_by(Article.id)).all() == ["la-rentree", "la-rentree-2"]
    submit(animator, page_of(newest(), "/modifier"), "Enregistrer", title="Tout autre chose")
    assert newest().slug == "la-rentree-2"


# Before and after the publication ---------------------------------------------------------------------------------


def test_what_is_tried_on_something_published_changes_nothing_for_readers(client_as, cast):
    article = make_article("Titre", body="Ancien.")
    db.session.commit()
    animator = client_as(cast.animator)
    answer = submit(animator, page_of(article, "/modifier"), "Voir l’aperçu", body="Nouveau.", title="Autre")
    seen = animator.get(answer.location)
    assert "<p>Nouveau.</p>" in seen.text and newest().body == "Ancien." and newest().title == "Titre"
    assert "Vous aviez commencé une modification" in animator.get(page_of(article, "/modifier")).text
    resumed = animator.get(page_of(article, "/modifier?reprise=1"))
    assert "Nouveau." in resumed.text
    send(animator, resumed, "Enregistrer")
    assert newest().body == "Nouveau." and newest().title == "Autre" and newest().edited_at
    assert "Vous aviez commencé" not in animator.get(page_of(article, "/modifier")).text


def test_a_change_that_was_begun_can_be_forgotten(client_as, cast):
    article = make_article("Titre", body="Ancien.")
    db.session.commit()
    animator = client_as(cast.animator)
    sent = {"body": "Nouveau.", "files": [(io.BytesIO(PDF), "a.pdf")]}
    submit(animator, page_of(article, "/modifier"), "Voir l’aperçu", **sent)
    assert counted(Attachment) == 1 and _files(article) == []
    submit(animator, page_of(article, "/modifier"), "L’oublier")
    assert counted(Attachment) == 0 and counted(Revision) == 0


def test_an_article_is_published_at_its_date_by_itself(client_as, cast):
    with time_machine.travel(datetime(2027, 1, 4, 9, tzinfo=UTC), tick=False):
        animator = client_as(cast.animator)
        answer = submit(animator, NEW, "Publier", title="Vœux", publish_day="03/01/2027")
        assert answer.status_code == 422 and "Cette date est passée" in answer.text
        send(animator, answer, "Publier", publish_day="05/01/2027", publish_time="7 h 30")
        assert newest().publish_on == datetime(2027, 1, 5, 6, 30, tzinfo=UTC) and newest().is_draft
        publish_job()
        assert newest().is_draft
    with time_machine.travel(datetime(2027, 1, 5, 6, 31, tzinfo=UTC), tick=False):
        publish_job()
        publish_job()
        article = newest()
        assert article.is_shown and article.publish_on is None and article.slug == "voeux"
        assert counted(Revision) == 1


def test_an_article_goes_back_to_the_drafts_before_its_date(client_as, cast):
    animator = client_as(cast.animator)
    later = f"{utcnow() + timedelta(days=9):%d/%m/%Y}"
    submit(animator, NEW, "Publier", title="Plus tard", publish_day=later)
    assert newest().publish_on
    page = animator.get(page_of(newest())).text
    assert "La publication se fera toute seule" in page
    submit(animator, page_of(newest()), "Oublier la date")
    assert newest().publish_on is None and newest().is_draft
    submit(animator, page_of(newest(), "/modifier"), "Publier", publish_day=later)
    submit(animator, page_of(newest(), "/modifier"), "Remettre en brouillon")
    assert newest().publish_on is None
    submit(animator, page_of(newest(), "/modifier"), "Publier", publish_day=later)
    submit(animator, page_of(newest(), "/modifier"), "Publier maintenant")
    assert newest().is_shown and newest().publish_on is None


def test_a_preview_keeps_the_date_that_was_typed(client_as, cast):
    animator = client_as(cast.animator)
    answer = submit(animator, NEW, "Voir l’aperçu", title="Plus tard", publish_day="01/02/2090", publish_time="9 h")
    assert newest().publish_on is None
    send(animator, animator.get(answer.location), "Publier")
    assert newest().publish_on == datetime(2090, 2, 1, 8, tzinfo=UTC)


def test_a_change_that_was_begun_is_not_published_with_the_date(client_as, cast):
    animator = client_as(cast.animator)
    submit(animator, NEW, "Publier", title="Plus tard", body="Relu.", publish_day="01/02/2090")
    submit(animator, page_of(newest(), "/modifier"), "Voir l’aperçu", body="Pas encore relu.")
    with time_machine.travel(datetime(2090, 2, 2, tzinfo=UTC), tick=False):
        publish_job()
        article = newest()
        assert article.is_shown and article.body == "Relu."
        assert "Pas encore relu." in client_as(cast.animator).get(page_of(article, "/modifier?reprise=1")).text


def test_the_dashboard_leads_a_referent_to_their_own_articles(client_as, cast):
    make_article("Un autre", published_at=None, submitted_at=utcnow(), author_id=cast.animator.id)
    db.session.commit()
    page = client_as(cast.referent).get("/animation").text
    assert "Mes articles</a>" in page and "proposé" not in page
    assert "Un autre" not in client_as(cast.referent).get(LIST).text


def test_an_article_is_pinned_and_taken_out_of_the_lists(client_as, cast):
    article = make_article()
    db.session.commit()
    animator = client_as(cast.animator)
    submit(animator, page_of(article), "Mettre à la une")
    assert newest().is_pinned
    submit(animator, page_of(article), "Ne plus mettre à la une")
    assert not newest().is_pinned
    submit(animator, page_of(article), "Retirer des listes")
    assert newest().is_expired
    assert "retiré des listes" in animator.get(f"{LIST}?etat=passes").text


def test_a_deleted_article_comes_back_or_is_erased_after_thirty_days(client_as, cast):
    animator = client_as(cast.animator)
    sent = {"files": [(io.BytesIO(PDF), "a.pdf")], "picture": (io.BytesIO(picture()), "a.jpg"), "picture_words": "Un"}
    submit(animator, NEW, "Publier", title="À effacer", **sent)
    article = newest()
    submit(animator, page_of(article, "/suppression"), "Oui, mettre à la corbeille")
    assert newest().deleted_at and animator.get(page_of(article)).status_code == 404
    assert "À effacer" in animator.get(f"{LIST}/corbeille").text
    submit(animator, f"{LIST}/corbeille", "Remettre")
    assert newest().is_shown and newest().slug == "a-effacer"
    submit(animator, page_of(article, "/suppression"), "Oui, mettre à la corbeille")
    verbs = ["article.published", "article.deleted", "article.recovered", "article.deleted"]
    assert db.session.scalars(select(AuditEntry.verb).order_by(AuditEntry.id)).all() == verbs
    with time_machine.travel(utcnow() + timedelta(days=29), tick=False):
        empty_bins()
        assert counted(Article) == 1
    with time_machine.travel(utcnow() + timedelta(days=31), tick=False):
        empty_bins()
    assert (counted(Article), counted(Attachment), counted(StoredFile), counted(Revision)) == (0, 0, 0, 0)


def test_a_copy_has_the_texts_and_files_and_no_date(client_as, cast):
    animator = client_as(cast.animator)
    sent = {
        "files": [(io.BytesIO(PDF), "a.pdf")], "picture": (io.BytesIO(picture()), "a.jpg"), "picture_words": "Un",
        "body": BODY, "departments": [str(cast.country.ain.id)], "new_series": "Les cahiers", "ends_on": "01/02/2030",
    }  # fmt: skip
    submit(animator, NEW, "Publier", title="Modèle", **sent)
    first = newest()
    page = animator.get(page_of(first))
    for _ in range(2):
        send(animator, page, "Faire une copie")
    made = newest()
    assert counted(Article) == 2 and made.title == "Copie : Modèle" and made.is_draft
    assert made.body_html == first.body_html and made.picture_words == "Un"
    assert (made.series_id, made.ends_on, made.slug) == (None, None, None)
    assert [place.name for place in made.territories] == ["Ain"]
    assert made.picture.digest == first.picture.digest and made.picture_id != first.picture_id
    assert [one.file.digest for one in _files(made)] == [one.file.digest for one in _files(first)]
    submit(animator, page_of(first, "/suppression"), "Oui")
    with time_machine.travel(utcnow() + timedelta(days=31), tick=False):
        empty_bins()
    kept = newest()
    assert kept.id == made.id
    assert client_as(cast.animator).get(f"/fichiers/{kept.picture_id}/{kept.picture.name}").status_code == 200


def test_versions_are_listed_compared_and_brought_back(client_as, cast):
    animator = client_as(cast.animator)
    submit(animator, NEW, "Publier", title="Un", body="Le premier texte.", ends_on="01/02/2030")
    article = newest()
    submit(animator, page_of(article, "/modifier"), "Enregistrer", body="Le second texte.", ends_on="")
    assert "Version n° 2" in animator.get(page_of(article, "/versions")).text
    assert "second" in animator.get(page_of(article, "/versions/2?voir=changements")).text
    opened = animator.get(page_of(article, "/versions/1"))
    assert "Le premier texte." in opened.text
    submit(animator, page_of(article, "/modifier"), "Enregistrer", body="Le troisième.")
    assert send(animator, opened, "Rétablir").location.endswith("voir=actuelle")  # not over what nobody has read
    assert newest().body == "Le troisième."
    submit(animator, page_of(article, "/versions/1"), "Rétablir")
    assert newest().body == "Le premier texte." and newest().ends_on == date(2030, 2, 1) and counted(Revision) == 4
    assert newest().body_html == "<p>Le premier texte.</p>"
    assert animator.get(page_of(article, "/versions/9")).status_code == 404


# Referents and animators ------------------------------------------------------------------------------------------


def test_a_referent_submits_an_article_which_an_animator_corrects_and_publishes(client_as, cast):
    other = make_user("Béa Autre", role="animator")
    db.session.commit()
    referent, animator = client_as(cast.referent), client_as(cast.animator)
    page = referent.get(NEW).text
    assert "Publier plus tard" not in page and "à la une" not in page
    submit(referent, NEW, "Garder en brouillon", title="De l’Ain")
    article = newest()
    assert animator.get(page_of(article)).status_code == 404 and "De l’Ain" not in animator.get(LIST).text
    for _ in range(2):
        submit(referent, page_of(article, "/modifier"), "", act="submit")
    assert newest().submitted_at
    subject = "Article proposé : « De l’Ain »"
    assert mails() == [(cast.animator.email, subject), (other.email, subject)]
    assert "(1 proposé)" in animator.get("/animation").text and "À approuver" in animator.get(LIST).text
    submit(animator, page_of(article, "/modifier"), "Publier", title="De l’Ain, et d’ailleurs")
    article = newest()
    assert article.is_shown and article.author_id == cast.referent.id and article.submitted_at is None
    assert mails()[2:] == [(cast.referent.email, "Votre article est publié : « De l’Ain, et d’ailleurs »")]
    assert referent.get(page_of(article)).status_code == 200
    assert referent.get(page_of(article, "/modifier")).status_code == 403
    assert "(1 proposé)" not in animator.get("/animation").text


def test_what_a_referent_asks_for_with_another_button_is_only_submitted(client_as, cast):
    referent = client_as(cast.referent)
    for act in ("publish", "now", "save"):
        submit(referent, NEW, "", title=f"Par {act}", act=act, publish_day="01/01/2090", is_pinned="y")
        article = newest()
        assert article.is_draft and article.publish_on is None and article.submitted_at and not article.is_pinned


def test_an_article_is_given_back_with_a_reason_and_submitted_again(client_as, cast):
    referent, animator = client_as(cast.referent), client_as(cast.animator)
    submit(referent, NEW, "Proposer à la publication", title="De l’Ain")
    article = newest()
    answer = submit(animator, page_of(article, "/retour"), "Rendre l’article", reason="")
    assert answer.status_code == 422 and "Écrivez la raison" in answer.text
    send(animator, answer, "Rendre l’article", reason="Il manque une source.")
    assert newest().submitted_at is None and animator.get(page_of(article)).status_code == 404
    assert mails()[-1] == (cast.referent.email, "Votre article est à revoir : « De l’Ain »")
    entry = db.session.scalars(select(AuditEntry).filter_by(verb="article.returned")).one()
    assert entry.reason == "Il manque une source." and entry.actor_id == cast.animator.id
    assert "Il manque une source." in referent.get(page_of(article)).text
    submit(referent, page_of(article, "/modifier"), "Proposer à la publication", source="Insee")
    assert newest().submitted_at and newest().returned_reason == ""
    assert mails()[-1][0] == cast.animator.email


def test_a_referent_takes_an_article_back_and_nobody_is_told(client_as, cast):
    referent = client_as(cast.referent)
    submit(referent, NEW, "Proposer à la publication", title="De l’Ain")
    submit(referent, page_of(newest()), "Reprendre mon article")
    assert newest().submitted_at is None and mails() == []
    submit(referent, page_of(newest(), "/modifier"), "Proposer à la publication")
    submit(referent, page_of(newest(), "/modifier"), "Reprendre mon article")
    assert newest().submitted_at is None


def test_a_referent_changes_nothing_once_the_date_is_set(client_as, cast):
    referent, animator = client_as(cast.referent), client_as(cast.animator)
    submit(referent, NEW, "Proposer à la publication", title="De l’Ain", body="Relu.")
    article = newest()
    opened = referent.get(page_of(article, "/modifier"))
    submit(animator, page_of(article, "/modifier"), "Publier", publish_day="01/01/2090")
    answer = send(referent, opened, "Enregistrer", body="Ce que personne n’a relu.")
    assert answer.status_code == 403 and "Ce que personne n’a relu." in answer.text and newest().body == "Relu."
    assert "De l’Ain" in animator.get(f"{LIST}?etat=prevus").text
    with time_machine.travel(datetime(2090, 1, 2, tzinfo=UTC), tick=False):
        publish_job()
        assert newest().is_shown
        assert mails()[-1][1].startswith("Votre article est publié")


def test_two_animators_who_publish_the_same_do_it_once(client_as, cast):
    other = client_as(make_user("Béa Autre", role="animator"))
    referent, animator = client_as(cast.referent), client_as(cast.animator)
    submit(referent, NEW, "Proposer à la publication", title="De l’Ain")
    pages = [(one, one.get(page_of(newest()))) for one in (animator, other)]
    forms_ = [(one, one.get(page_of(newest(), "/modifier"))) for one in (animator, other)]
    for one, page in pages:
        send(one, page, "Publier maintenant")
    for one, page in forms_:
        assert send(one, page, "Publier").status_code == 302
    assert db.session.scalars(select(AuditEntry.verb)).all() == ["article.published"] and counted(Revision) == 1
    assert [subject for _, subject in mails()] == ["Votre article est publié : « De l’Ain »"]


def test_what_is_settled_meanwhile_is_not_given_back(client_as, cast):
    referent, animator = client_as(cast.referent), client_as(cast.animator)
    submit(referent, NEW, "Proposer à la publication", title="De l’Ain")
    opened = animator.get(page_of(newest(), "/retour"))
    submit(referent, page_of(newest()), "Reprendre mon article")
    assert send(animator, opened, "Rendre", reason="Non.").status_code == 404  # nobody’s but its author’s again
    submit(referent, page_of(newest(), "/modifier"), "Proposer")
    opened = animator.get(page_of(newest(), "/retour"))
    submit(animator, page_of(newest()), "Publier maintenant")
    send(animator, opened, "Rendre", reason="Non.")
    assert newest().is_shown and newest().returned_reason == ""
    assert not articles.give_back(newest(), cast.animator, "Non.")


def test_nobody_else_reads_or_changes_a_draft(client_as, cast):
    draft = make_article("Secret", published_at=None, author_id=cast.referent.id)
    db.session.commit()
    for person in (cast.away, cast.animator):
        client = client_as(person)
        assert client.get(page_of(draft)).status_code == client.get(page_of(draft, "/modifier")).status_code == 404
        assert "Secret" not in client.get(LIST).text
        assert client.post(page_of(draft, "/modifier"), data={"title": "X"}).status_code == 404
    assert client_as(cast.alice).get(page_of(draft)).status_code == 403
    assert newest().title == "Secret"


def test_whoever_is_no_referent_any_more_writes_nothing(client_as, cast):
    referent = client_as(cast.referent)
    opened = referent.get(NEW)
    cast.referent.role = "member"
    db.session.commit()
    assert send(referent, opened, "Proposer", title="Trop tard").status_code == 403
    assert counted(Article) == 0


# Lists ------------------------------------------------------------------------------------------------------------


def test_the_list_is_searched_and_narrowed(client_as, cast):
    for title, columns in (
        ("Le jardin partagé", {}),
        ("Un outil", {"kind": ArticleKind.TOOL}),
        ("Brouillon", {"published_at": None}),
        ("Bientôt", {"published_at": None, "publish_on": utcnow() + timedelta(days=1)}),
    ):
        articles.index(make_article(title, author_id=cast.animator.id, **columns))
    db.session.commit()
    animator = client_as(cast.animator)

    def found(query):
        page = animator.get(f"{LIST}?{query}").text
        return [one for one in ("jardin partagé", "Un outil", "Brouillon", "Bientôt") if f"{one}</a>" in page]

    assert sorted(found("")) == ["Bientôt", "Brouillon", "Un outil", "jardin partagé"]
    assert found("q=jardins") == ["jardin partagé"]
    assert found("type=outils") == ["Un outil"]
    assert found("etat=brouillons") == ["Brouillon"]
    assert found("etat=prevus") == ["Bientôt"]
    assert found("etat=publies&type=outils") == ["Un outil"]
    assert "Rien ne correspond" in animator.get(f"{LIST}?q=zzz").text
    for bad in ("type=x", "etat=x", "page=0", "page=99", "q=" + "x" * 101, "q=!!"):
        assert animator.get(f"{LIST}?{bad}").status_code in (404, 422)


def test_the_list_asks_no_more_of_the_database_when_it_grows(client_as, cast, queries):
    animator = client_as(cast.animator)
    counts = []
    for many in (2, 8):
        for number in range(many):
            author = make_user(f"A{many}{number} B", role="referent")
            make_article(f"N {many} {number}", published_at=None, submitted_at=utcnow(), author_id=author.id)
        db.session.commit()
        animator.get(LIST)
        queries.clear()
        animator.get(LIST)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_a_long_text_outlives_the_session_in_which_it_was_written(client_as, cast):
    animator = client_as(cast.animator)
    form = forms(animator.get(NEW).text)[0].fields.to_dict()
    with animator.session_transaction() as session:
        del session["_user_id"]
    written = form | {"title": "Long", "body": "Une heure de travail.", "kind": "tool", "act": "publish"}
    asked = animator.post(NEW, data=written, headers={"Origin": "http://localhost"})
    assert asked.status_code == 403 and "Une heure de travail." in asked.text
    shown = send(animator, asked, email=cast.animator.email, password=PASSWORD)
    assert "Une heure de travail." in shown.text and "outil" in shown.text and counted(Article) == 0
    back = send(animator, shown)
    assert back.status_code == 200 and "Une heure de travail." in back.text and counted(Article) == 0
    send(animator, back, "Publier")
    assert newest().is_shown and newest().kind == "tool"


# What happens meanwhile -------------------------------------------------------------------------------------------


def going_out_of(client, sentence, **columns):
    """Open the form of a draft, let it go out, and press the button that promises not to publish."""
    draft = make_article("Truc", body="Relu.", published_at=None, **columns)
    db.session.commit()
    opened = client.get(page_of(draft, "/modifier"))
    articles.publish(draft, None)
    db.session.commit()
    return send(client, opened, sentence, body="Pas fini.")


@pytest.mark.parametrize(
    ("button", "columns"),
    [
        ("Garder en brouillon", {}),
        ("Enregistrer sans publier", {"submitted_at": utcnow()}),
        ("Remettre en brouillon", {"publish_on": utcnow()}),
    ],
)
def test_what_is_kept_as_a_draft_is_not_published_with_what_went_out_meanwhile(client_as, cast, button, columns):
    animator = client_as(cast.animator)
    answer = going_out_of(animator, button, **columns)
    assert newest().is_shown and newest().body == "Relu."
    seen = animator.get(answer.location)
    assert "publié entre-temps" in seen.text and "Pas fini." in seen.text
    compared = send(animator, seen, "Enregistrer")
    assert compared.status_code == 302 or "Ce qui change avec votre texte" in compared.text
    if compared.status_code != 302:
        send(animator, compared, "Enregistrer")
    assert newest().body == "Pas fini."


def test_nothing_is_published_that_its_author_wrote_after_it_was_read(client_as, cast):
    referent, animator = client_as(cast.referent), client_as(cast.animator)
    submit(referent, NEW, "Proposer à la publication", title="Sage", body="Sage.")
    read, form = animator.get(page_of(newest())), animator.get(page_of(newest(), "/modifier"))
    sent = {"picture": (io.BytesIO(picture()), "a.jpg"), "picture_words": "Un banc"}
    submit(referent, page_of(newest(), "/modifier"), "Enregistrer", **sent)
    submit(referent, page_of(newest(), "/modifier"), "Enregistrer", picture=(io.BytesIO(picture(800, 800)), "b.jpg"))
    answer = send(animator, read, "Publier maintenant")
    assert newest().is_draft and "Le texte a changé pendant que vous lisiez" in animator.get(answer.location).text
    assert send(animator, form, "Publier").status_code == 422 and newest().is_draft
    submit(animator, page_of(newest()), "Publier maintenant")
    assert newest().is_shown


def test_a_save_does_not_undo_unseen_what_a_button_has_done(client_as, cast):
    article = make_article("Truc", body="Un.")
    db.session.commit()
    animator = client_as(cast.animator)
    opened = animator.get(page_of(article, "/modifier"))
    submit(animator, page_of(article), "Retirer des listes")
    submit(animator, page_of(article), "Mettre à la une")
    answer = send(animator, opened, "Enregistrer", body="Deux.")
    assert answer.status_code == 422 and newest().is_expired and newest().is_pinned and newest().body == "Un."
    assert "Retirer des listes après le</h3>" in answer.text and "À la une</h3>" in answer.text


def test_a_date_that_was_set_meanwhile_is_neither_forgotten_nor_anticipated(client_as, cast):
    draft = make_article("Truc", published_at=None, author_id=cast.animator.id)
    db.session.commit()
    animator = client_as(cast.animator)
    opened = animator.get(page_of(draft, "/modifier"))
    submit(animator, page_of(draft, "/modifier"), "Publier", publish_day="01/02/2090")
    for button in ("Garder en brouillon", "Publier"):
        answer = send(animator, opened, button)
        assert answer.status_code == 422 and newest().publish_on and newest().is_draft
        assert forms(answer.text)[0].fields["publish_day"] == "2090-02-01"


def test_a_picture_is_not_replaced_unseen_and_twice_the_same_is_once(client_as, cast):
    article = make_article("Truc")
    db.session.commit()
    animator = client_as(cast.animator)
    opened = animator.get(page_of(article, "/modifier"))
    first, other = picture(), picture(800, 800)
    words = {"picture_words": "Un banc"}
    for _ in range(2):
        assert send(animator, opened, "Enregistrer", picture=(io.BytesIO(first), "a.jpg"), **words).status_code == 302
    assert newest().version == 2 and counted(StoredFile) == 2
    answer = send(animator, opened, "Enregistrer", picture=(io.BytesIO(other), "b.jpg"), **words)
    assert answer.status_code == 422 and newest().picture.width == 1200
    opened = animator.get(page_of(article, "/modifier"))
    send(animator, opened, "Enregistrer", picture=(io.BytesIO(other), "b.jpg"))
    assert newest().version == 3 and newest().edited_at and newest().picture.width == 800
    assert counted(Revision) == 1  # of the words


def test_files_alone_change_an_article(client_as, cast):
    article = make_article("Truc")
    db.session.commit()
    animator = client_as(cast.animator)
    submit(animator, page_of(article, "/modifier"), "Enregistrer", files=[(io.BytesIO(PDF), "guide.pdf")])
    assert newest().edited_at and newest().version == 2
    with time_machine.travel(utcnow() + timedelta(hours=1), tick=False):
        before = newest().edited_at
        submit(animator, page_of(article, "/modifier"), "Enregistrer", **{f"retirer-{_files(article)[0].id}": "y"})
        assert newest().edited_at > before and newest().version == 3
        submit(animator, page_of(article, "/modifier"), "Enregistrer")
        assert newest().version == 3
        submit(animator, page_of(article), "Remettre « guide.pdf »")
        assert [one.file.name for one in _files(article)] == ["guide.pdf"] and newest().version == 4
        assert "Les fichiers retirés" not in animator.get(page_of(article)).text


def test_a_former_text_comes_back_under_the_words_of_the_present_picture(client_as, cast):
    article = make_article("Truc", body="Un.")
    db.session.commit()
    animator = client_as(cast.animator)
    submit(animator, page_of(article, "/modifier"), "Enregistrer", body="Deux.")
    sent = {"picture": (io.BytesIO(picture()), "a.jpg"), "picture_words": "Un banc"}
    submit(animator, page_of(article, "/modifier"), "Enregistrer", body="Trois.", **sent)
    submit(animator, page_of(article, "/versions/1"), "Rétablir")
    assert newest().body == "Deux." and newest().picture_words == "Un banc"


def test_a_picture_that_is_to_go_is_gone_from_the_preview_and_then_from_the_article(client_as, cast):
    animator = client_as(cast.animator)
    sent = {"picture": (io.BytesIO(picture()), "a.jpg"), "picture_words": "Un banc"}
    submit(animator, NEW, "Publier", title="Truc", **sent)
    answer = submit(animator, page_of(newest(), "/modifier"), "Voir l’aperçu", drop_picture="y")
    seen = animator.get(answer.location)
    assert 'alt="Un banc"' not in seen.text and newest().picture is not None
    send(animator, seen, "Enregistrer")
    assert newest().picture is None


def test_what_was_tried_over_an_older_text_does_not_replace_a_newer_one_unseen(client_as, cast):
    article = make_article("Truc", body="Un.")
    db.session.commit()
    animator, other = client_as(cast.animator), client_as(make_user("Béa Autre", role="animator"))
    submit(animator, page_of(article, "/modifier"), "Voir l’aperçu", body="Mon texte.")
    submit(other, page_of(article, "/modifier"), "Enregistrer", body="Celui de Béa.")
    answer = submit(animator, page_of(article, "/modifier?reprise=1"), "Enregistrer")
    assert answer.status_code == 422 and "Celui de Béa" in answer.text and newest().body == "Celui de Béa."


# What was typed is given back -------------------------------------------------------------------------------------

TYPED = {
    "body": "MON LONG TEXTE", "source": "Le journal X", "place": "Nantua-X", "picture_words": "Mots X",
    "starts_on": "03/05/2027", "new_series": "Série X",
}  # fmt: skip


def is_all_there(answer):
    return answer.status_code == 403 and all(words in answer.text for words in TYPED.values())


def test_a_text_comes_back_whole_when_the_article_goes_out_while_the_form_is_handled(client_as, cast, monkeypatch):
    referent = client_as(cast.referent)
    submit(referent, NEW, "Proposer à la publication", title="Sage")
    article_id, page = newest().id, referent.get(page_of(newest(), "/modifier"))
    real = article_saving._asked

    def slow(*things):
        articles.publish(db.session.get(Article, article_id), cast.animator)
        db.session.commit()
        return real(*things)

    monkeypatch.setattr(article_saving, "_asked", slow)
    answer = send(referent, page, "Enregistrer", **TYPED, files=[(io.BytesIO(PDF), "a.pdf")])
    assert is_all_there(answer) and "choisir encore une fois" in answer.text
    assert newest().body == "" and counted(Attachment) == 0


def test_a_text_comes_back_whole_to_who_writes_none_any_more(client_as, cast):
    referent = client_as(cast.referent)
    submit(referent, NEW, "Garder en brouillon", title="Sage")
    pages = [referent.get(NEW), referent.get(page_of(newest(), "/modifier"))]
    cast.referent.role = "member"
    db.session.commit()
    for page in pages:
        answer = send(referent, page, "Garder en brouillon", **TYPED)
        assert is_all_there(answer) and "Vous n’écrivez plus d’articles" in answer.text
    assert counted(Article) == 1 and newest().body == ""


def test_the_corrections_of_an_article_that_was_taken_back_are_given_back(client_as, cast):
    referent, animator = client_as(cast.referent), client_as(cast.animator)
    submit(referent, NEW, "Proposer à la publication", title="Sage")
    page = animator.get(page_of(newest(), "/modifier"))
    submit(referent, page_of(newest()), "Reprendre mon article")
    answer = send(animator, page, "Enregistrer sans publier", body="Mes corrections.")
    assert answer.status_code == 404 and "Mes corrections." in answer.text and newest().body == ""


# Authors and answers ----------------------------------------------------------------------------------------------


def test_an_article_that_waits_is_not_binned_without_a_word_to_its_author(client_as, cast):
    referent, animator = client_as(cast.referent), client_as(cast.animator)
    submit(referent, NEW, "Proposer à la publication", title="Sage")
    article = newest()
    assert "Mettre à la corbeille" not in animator.get(page_of(article)).text
    token = _token(animator, article)
    answer = animator.post(page_of(article, "/suppression"), data={"csrf_token": token})
    assert answer.location.endswith("/retour") and newest().deleted_at is None
    assert "avec un mot" in animator.get(answer.location).text
    article.publish_on = utcnow() + timedelta(days=1)
    db.session.commit()
    answer = animator.get(page_of(article, "/suppression"))
    assert answer.location.endswith(page_of(article))
    article.author_id, article.publish_on = None, None
    db.session.commit()
    page = animator.get(page_of(article)).text
    assert "Mettre à la corbeille" in page and "Rendre l’article" not in page
    submit(animator, page_of(article, "/suppression"), "Oui")
    assert newest().deleted_at


def test_nothing_is_given_back_to_nobody_and_no_mail_is_promised_that_does_not_go(client_as, cast):
    referent, animator = client_as(cast.referent), client_as(cast.animator)
    submit(referent, NEW, "Proposer à la publication", title="Sage")
    cast.referent.status = "suspended"
    db.session.commit()
    assert animator.get(page_of(newest(), "/retour")).location.endswith(page_of(newest()))
    cast.referent.status = "active"
    db.session.add(OptOut(channel="mail", address=cast.referent.email, kind="article"))
    db.session.commit()
    answer = submit(animator, page_of(newest(), "/retour"), "Rendre", reason="Non.")
    assert "Le site ne lui écrit pas" in animator.get(answer.location).text
    assert cast.referent.email not in dict(mails()) and newest().returned_reason == "Non."


def test_animators_share_what_has_a_date_and_it_outlives_the_account_of_its_author(client_as, cast):
    other = client_as(make_user("Béa Autre", role="animator"))
    submit(client_as(cast.animator), NEW, "Publier", title="Plus tard", publish_day="01/02/2090")
    article = newest()
    assert "Plus tard" in other.get(LIST).text
    answer = submit(other, page_of(article), "Oublier la date")
    assert answer.location.endswith(LIST) and other.get(answer.location).status_code == 200
    submit(client_as(cast.animator), page_of(article, "/modifier"), "Publier", publish_day="01/02/2090")
    erasing.forget(cast.animator)
    db.session.commit()
    assert newest().publish_on and newest().author_id is None


# Series -----------------------------------------------------------------------------------------------------------


def series_names():
    return db.session.scalars(select(Series.name).order_by(Series.name)).all()


def test_a_series_goes_with_its_last_article(client_as, cast):
    animator = client_as(cast.animator)
    submit(animator, NEW, "Voir l’aperçu", title="Un", new_series="Faute de fraappe")
    stale = animator.get(NEW)
    submit(animator, page_of(newest(), "/modifier"), "Garder en brouillon", series="0", new_series="Bonne")
    assert series_names() == ["Bonne"] and "fraappe" not in animator.get(NEW).text
    answer = send(animator, stale, "Publier", title="Deux", series="1")
    assert answer.status_code == 302 or "Cette série n’existe plus" in answer.text
    article = newest()
    submit(animator, page_of(article, "/suppression"), "Oui")
    assert series_names() == ["Bonne"]
    with time_machine.travel(utcnow() + timedelta(days=31), tick=False):
        empty_bins()
    assert series_names() == []


def test_names_of_series_that_differ_by_their_letters_alone_are_one(client_as, cast):
    animator = client_as(cast.animator)
    for name in ("École ouverte", "école ouverte", "ECOLE  OUVERTE", "!!!", "???"):
        submit(animator, NEW, "Garder en brouillon", title=name, new_series=name)
    assert series_names() == ["!!!", "???", "École ouverte"]


def test_after_the_largest_number_of_a_series_one_is_told_so(client_as, cast):
    animator = client_as(cast.animator)
    submit(animator, NEW, "Garder en brouillon", title="Un", new_series="Les cahiers", episode="999")
    answer = submit(animator, NEW, "Garder en brouillon", title="Deux", series=str(newest().series_id))
    assert answer.status_code == 422 and "va déjà jusqu’au numéro 999" in answer.text
    send(animator, answer, "Garder en brouillon", episode="12")
    assert newest().episode == 12


def test_what_somebody_prepares_takes_no_more_place_than_a_council(client_as, cast, app, monkeypatch):
    referent, animator = client_as(cast.referent), client_as(cast.animator)
    monkeypatch.setitem(app.config, "COUNCIL_QUOTA_MB", 1.5 * len(PDF) / 10**6)
    submit(referent, NEW, "Garder en brouillon", title="Un", files=[(io.BytesIO(PDF), "a.pdf")])
    first = newest()
    answer = submit(referent, NEW, "Garder en brouillon", title="Deux", files=[(io.BytesIO(PDF + b"\n"), "b.pdf")])
    assert "Il ne reste plus assez de place" in answer.text and len(_files(first)) == 1 and _files(newest()) == []
    articles.publish(first, cast.animator)
    db.session.commit()
    submit(referent, page_of(newest(), "/modifier"), "Garder", files=[(io.BytesIO(PDF + b"\n"), "b.pdf")])
    assert len(_files(newest())) == 1
    submit(animator, page_of(first, "/modifier"), "Enregistrer", files=[(io.BytesIO(PDF + b"\n\n"), "c.pdf")])
    assert len(_files(first)) == 2


def test_who_goes_back_and_publishes_the_same_again_is_asked_first(client_as, cast):
    browser, said = client_as(cast.animator), {"title": "Une fête", "body": "Venez."}
    submit(browser, NEW, "Publier", **said)
    again = submit(browser, NEW, "Publier", **said)
    assert "Une deuxième fois ?" in again.text and counted(Article) == 1
    assert f'href="/actualites/{newest().slug}"' in again.text
    assert send(browser, again, "Publier").status_code == 302 and counted(Article) == 2
    submit(browser, NEW, "Publier", title="Une fête", body="Venez nombreux.")
    assert counted(Article) == 3
