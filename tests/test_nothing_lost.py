"""What somebody wrote is not lost, whatever happens meanwhile, and is not published twice."""

import io
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask_migrate import upgrade
from sqlalchemy import delete, func, select

from app.extensions import db
from app.labels import UserStatus, Visibility
from app.models import Activity, Attachment, Document, Event, Folder, Group, Login, Publication, Revision
from app.models.types import utcnow
from app.services import accounts, publishing, revisions
from tests.browse import forms, send, submit
from tests.factories import PASSWORD, make_cast, make_group, make_publication
from tests.samples import PDF

NEW = "/mon-conseil/documents/nouveau"
LONG = "Un long texte.\n\nTrès long."


@pytest.fixture
def item(cast):
    item = make_publication(Document, cast.alice, description="Ancien")
    revisions.keep(item, publishing.content_of(item), cast.alice)
    db.session.commit()
    return item


def page_of(item, view="modifier"):
    return f"/{item.path}/{item.id}-{item.slug}/{view}"


def everything():
    db.session.expire_all()
    return db.session.scalars(select(Publication).order_by(Publication.id)).all()


def pdf(name="plan.pdf", content=PDF):
    return (io.BytesIO(content), name)


def files_of(item, *, waiting=False):
    removed = Attachment.removed_at.is_not(None) if waiting else Attachment.removed_at.is_(None)
    rows = db.session.scalars(select(Attachment).where(Attachment.publication_id == item.id, removed))
    return [row.file.name for row in rows]


def versions_of(item):
    return db.session.scalar(select(func.count()).where(Revision.publication_id == item.id))


# The session ------------------------------------------------------------------------------------------------------


def after_a_login(cast, client, page, button="", **fields):
    """Send a form when the session is over, log in, and return the page that offers what was written."""
    db.session.execute(delete(Login))
    db.session.commit()
    client.environ_base["HTTP_ORIGIN"] = "http://localhost"  # as browsers do
    answer = send(client, page, button, **fields)
    assert answer.status_code == 403
    return send(client, answer, email=cast.alice.email, password=PASSWORD)


def test_a_session_that_ended_while_writing_brings_the_form_back_and_costs_only_the_files(cast, alice):
    typed = {"title": "Le square", "description": LONG, "level": "public"}
    offered = after_a_login(cast, alice, alice.get(NEW), "Publier", files=[pdf()], **typed)
    shown = offered.text.split("</h1>")[1]
    assert "<strong>Titre :</strong>" in shown and "visible par tous les visiteurs du site" in shown
    assert "Vos fichiers ne sont pas arrivés" in shown and "sera effacé" in shown
    form = send(alice, offered, "Reprendre mon texte")
    assert form.status_code == 200 and everything() == [] and "Erreur" not in form.text
    assert "Vous étiez déconnecté" in form.text and "choisissez vos fichiers encore une fois" in form.text
    send(alice, form, "Publier", files=[pdf()])
    (item,) = everything()
    assert (item.title, item.description, item.level, item.is_draft) == (*typed.values(), False)
    assert files_of(item) == ["plan.pdf"]


@pytest.mark.parametrize("button,field", [("Enregistrer", "description"), ("Enregistrer le compte-rendu", "minutes")])
def test_what_a_change_or_minutes_said_when_the_session_ended_is_not_saved_unread(cast, alice, button, field):
    meeting = make_publication(Event, cast.alice, starts_at=utcnow() - timedelta(hours=3))
    db.session.commit()
    place = page_of(meeting, "compte-rendu" if field == "minutes" else "modifier")
    offered = after_a_login(cast, alice, alice.get(place), button, **{field: "[" * 400})
    form = send(alice, offered, "Reprendre mon texte")
    assert form.status_code == 200 and "[" * 400 in form.text and "vos fichiers" not in form.text
    assert getattr(everything()[0], field) == ""
    assert send(alice, form, button, **{field: LONG}).status_code == 302
    assert getattr(everything()[0], field) == LONG


def test_a_form_that_was_open_for_too_long_comes_back_whole(alice):
    answer = submit(alice, NEW, "Publier", title="Le square", description=LONG, csrf_token="", files=[pdf()])
    assert answer.status_code == 422 and "Un long texte." in answer.text and everything() == []
    send(alice, answer, "Publier")
    assert everything()[0].description == LONG


# Sent twice -------------------------------------------------------------------------------------------------------


def test_a_double_click_publishes_once(alice):
    page = alice.get(NEW)
    answers = [send(alice, page, "Publier", title="Le square", files=[pdf()]) for _ in range(3)]
    (item,) = everything()
    assert {answer.location for answer in answers} == {page_of(item, "").rstrip("/")}
    assert versions_of(item) == 1 and files_of(item) == ["plan.pdf"]
    assert db.session.scalars(select(Activity.verb)).all() == ["document.published"]


def test_a_double_click_on_a_change_makes_one_version(alice, item):
    page = alice.get(page_of(item))
    for _ in range(2):
        assert send(alice, page, "Enregistrer", description="Nouveau", files=[pdf()]).status_code == 302
    assert versions_of(item) == 2 and files_of(item) == ["plan.pdf"]


def test_two_at_once_make_one_publication(own_app):
    with own_app.app_context():
        upgrade()
        alice = make_cast().alice
        token = accounts.log_in(alice)
        db.session.commit()
    ready = threading.Barrier(4, timeout=20)
    browser = own_app.test_client()
    with browser.session_transaction() as session:
        session["_user_id"] = token
    data = forms(browser.get(NEW).text)[0].fields.to_dict() | {"title": "Le square", "act": "publish"}
    cookie = browser.get_cookie("session").value

    def press(_):
        client = own_app.test_client()
        client.set_cookie("session", cookie)
        ready.wait()
        return client.post(NEW, data=data).status_code

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(press, range(4))) == [302] * 4
    with own_app.app_context():
        (item,) = everything()
        assert item.published_at and versions_of(item) == 1
        assert db.session.scalars(select(Activity.verb)).all() == ["document.published"]


def test_the_other_of_two_forms_may_be_first_to_take_the_key(cast, monkeypatch):
    known = make_publication(Document, cast.alice, key="k" * 32)
    db.session.commit()
    answers = iter([None])
    scalar = db.session.scalar
    monkeypatch.setattr(db.session, "scalar", lambda *args, **kw: next(answers, scalar) and scalar(*args, **kw))
    assert publishing.start(cast.alice, Document, "k" * 32) == known


def test_back_and_sent_again_changes_the_same_draft(alice):
    page = alice.get(NEW)
    send(alice, page, "Garder en brouillon", title="Le square")
    send(alice, page, "Garder en brouillon", title="Le grand square")
    assert [one.title for one in everything()] == ["Le grand square"]


def test_back_and_sent_again_changes_the_same_publication(alice):
    page = alice.get(NEW)
    send(alice, page, "Publier", title="Le square")
    send(alice, page, "Publier", title="Le grand square")
    (item,) = everything()
    assert item.title == "Le grand square" and versions_of(item) == 2


def test_back_and_kept_as_a_draft_takes_nothing_away_from_readers(alice):
    page = alice.get(NEW)
    send(alice, page, "Publier", title="Le square")
    answer = send(alice, page, "Garder en brouillon", title="Le grand square")
    (item,) = everything()
    assert item.title == "Le square" and item.published_at
    assert "Le grand square" in alice.get(answer.location).text


def test_the_same_from_another_form_is_asked_about_and_costs_neither_text_nor_file(alice):
    for _ in range(2):  # « Back » draws another form, and the browser fills in the same text
        answer = submit(alice, NEW, "Publier", title="Le square", description=LONG, files=[pdf()])
    assert answer.status_code == 200 and "Vous avez déjà publié ceci" in answer.text
    first, held = everything()
    assert page_of(first, "").rstrip("/") in answer.text and held.is_draft
    assert "Un long texte." in answer.text and "plan.pdf" in answer.text
    assert db.session.scalars(select(Activity.verb)).all() == ["document.published"]
    assert send(alice, answer, "Publier").status_code == 302
    assert everything()[1].published_at and files_of(everything()[1]) == ["plan.pdf"]
    again = submit(alice, NEW, "Publier", title="Le square", description=LONG)
    assert "Vous avez déjà publié ceci" in again.text and len(everything()) == 2  # one yes is not for all


@pytest.mark.parametrize("change", ["deleted", "old", "other title", "other kind", "somebody else"])
def test_what_is_not_the_same_is_not_asked_about(cast, alice, change):
    author = cast.bruno if change == "somebody else" else cast.alice
    former = make_publication(Document, author, title="Le square", description=LONG)
    if change == "deleted":
        former.deleted_at = utcnow()
    elif change == "old":
        former.created_at = utcnow() - timedelta(hours=25)
    db.session.commit()
    place = NEW.replace("documents", "actions") if change == "other kind" else NEW
    title = "Le grand square" if change == "other title" else "Le square"
    assert submit(alice, place, "Publier", title=title, description=LONG).status_code == 302


def test_meetings_that_bear_one_title_are_told_apart_by_their_day(alice):
    place = NEW.replace("documents", "evenements")
    for day, status in (("1/12/2030", 302), ("2/12/2030", 302), ("2/12/2030", 200)):
        answer = submit(alice, place, "Publier", title="Réunion", start_day=day, start_time="18h")
        assert answer.status_code == status


# Two tabs ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("button,is_draft", [("Enregistrer", False), ("Garder en brouillon", True)])
def test_the_second_of_two_tabs_is_told_what_changed_and_may_replace_it(alice, item, button, is_draft):
    if is_draft:
        item.published_at = None
        db.session.commit()
    first, second = alice.get(page_of(item)), alice.get(page_of(item))
    send(alice, first, button, description="Le premier texte")
    answer = send(alice, second, button, description="Le second texte")
    assert answer.status_code == 422 and "dans un autre onglet" in answer.text
    assert "premier" in answer.text and "Le second texte</textarea>" in answer.text
    assert everything()[0].description == "Le premier texte"
    assert send(alice, answer, button).status_code == 302
    assert everything()[0].description == "Le second texte"


def test_a_new_form_does_not_overwrite_what_was_written_after_it(alice):
    page = alice.get(NEW)
    send(alice, page, "Garder en brouillon", title="Un")
    submit(alice, page_of(everything()[0]), "Garder en brouillon", title="Deux")
    answer = send(alice, page, "Garder en brouillon", title="Trois")
    assert "dans un autre onglet" in answer.text and everything()[0].title == "Deux"


def test_the_second_tab_keeps_its_files_too(alice, item):
    first, second = alice.get(page_of(item)), alice.get(page_of(item))
    send(alice, first, "Enregistrer", description="Le premier texte")
    answer = send(alice, second, "Enregistrer", description="Le second texte", files=[pdf()])
    assert "plan.pdf" in answer.text and files_of(item) == []
    send(alice, answer, "Enregistrer")
    assert files_of(item) == ["plan.pdf"]


# Refused ----------------------------------------------------------------------------------------------------------


def test_a_refused_form_keeps_the_text_and_the_files_of_something_new(alice):
    answer = submit(alice, NEW, "Publier", title="", description=LONG, files=[pdf()])
    assert answer.status_code == 422
    assert "Un long texte." in answer.text and "plan.pdf" in answer.text
    (draft,) = everything()
    assert draft.is_draft and draft.description == LONG
    send(alice, answer, "Publier", title="Le square")
    (item,) = everything()
    assert item.published_at and files_of(item) == ["plan.pdf"]


def test_a_double_click_on_a_refused_form_keeps_its_file_once_and_the_draft_shows_it(alice):
    page = alice.get(NEW)
    for _ in range(2):
        answer = send(alice, page, "Publier", title="", description=LONG, files=[pdf()])
    assert answer.text.count("Retirer «") == 1
    (draft,) = everything()
    back = alice.get(page_of(draft))  # from the list of drafts
    assert "plan.pdf" in back.text
    send(alice, back, "Publier", title="Le square")
    assert files_of(everything()[0]) == ["plan.pdf"]


def test_files_come_along_through_a_preview_and_a_question(alice, item):
    answer = submit(alice, page_of(item), "Voir l’aperçu", description="Mieux", files=[pdf()])
    page = alice.get(answer.location)
    assert "plan.pdf" in page.text and files_of(item) == []
    page = send(alice, page, "Enregistrer", level="public")
    assert "Oui, ouvrir à tout le monde" in page.text and "plan.pdf" in page.text and files_of(item) == []
    send(alice, page, "Oui, ouvrir")
    assert files_of(item) == ["plan.pdf"] and everything()[0].level == Visibility.PUBLIC


def test_forgetting_a_change_forgets_its_files(alice, item):
    submit(alice, page_of(item), "Voir l’aperçu", description="Mieux", files=[pdf()])
    submit(alice, page_of(item), "L’oublier")
    assert db.session.scalars(select(Attachment)).all() == []


# Things that go meanwhile -----------------------------------------------------------------------------------------


def test_a_group_deleted_while_the_form_was_open(cast, alice):
    group = make_group("Un groupe", cast.council)
    db.session.commit()
    page = alice.get(NEW)
    db.session.delete(group)
    db.session.commit()
    answer = send(alice, page, "Publier", title="Le square", description=LONG, level="groups", groups=str(group.id))
    assert answer.status_code == 422 and "n’est plus dans un groupe" in answer.text
    assert "Un long texte." in answer.text and everything() == []
    send(alice, answer, "Publier")
    assert everything()[0].level == Visibility.COUNCIL


def test_one_group_of_two_deleted_while_the_form_was_open(cast, alice):
    one, other = make_group("Un groupe", cast.council), make_group("Un autre", cast.council)
    db.session.commit()
    page = alice.get(NEW)
    chosen = {"level": "groups", "groups": [str(one.id), str(other.id)]}
    db.session.delete(one)
    db.session.commit()
    answer = send(alice, page, "Publier", title="Le square", **chosen)
    assert "Un groupe que vous aviez coché n’existe plus" in answer.text
    send(alice, answer, "Publier")
    assert everything()[0].groups == [other]


def just_before_the_write(monkeypatch, change):
    """Let `change` happen after the form was looked at and before it is written."""
    begin = db.session.connection

    def change_then_begin(**options):
        monkeypatch.undo()
        change()
        db.session.commit()
        return begin(**options)

    monkeypatch.setattr(db.session, "connection", change_then_begin)


def test_a_group_deleted_at_the_last_instant(cast, alice, monkeypatch):
    group = make_group("Un groupe", cast.council)
    db.session.commit()
    page = alice.get(NEW)
    just_before_the_write(monkeypatch, lambda: db.session.execute(delete(Group)))
    answer = send(alice, page, "Publier", title="Le square", level="groups", groups=str(group.id))
    assert "vient de disparaître" in answer.text and everything() == []


def test_a_folder_deleted_while_the_form_was_open_or_at_the_last_instant(cast, alice, monkeypatch):
    for name, words in (("Un", "Ce dossier n’existe plus"), ("Deux", "Ce dossier vient d’être supprimé")):
        folder = Folder(council_id=cast.council.id, name=name)
        db.session.add(folder)
        db.session.commit()
        page, number = alice.get(NEW), str(folder.id)
        if name == "Un":
            db.session.delete(folder)
            db.session.commit()
        else:
            just_before_the_write(monkeypatch, lambda: db.session.execute(delete(Folder)))
        answer = send(alice, page, "Publier", title="Le square", description=LONG, folder=number)
        assert answer.status_code == 422 and words in answer.text and "Un long texte." in answer.text
        assert everything() == []


def test_an_item_that_went_into_the_bin_while_it_was_changed(alice, item):
    page = alice.get(page_of(item))
    item.deleted_at = utcnow()
    db.session.commit()
    answer = send(alice, page, "Enregistrer", description=LONG, files=[pdf()])
    assert answer.status_code == 422 and "corbeille" in answer.text and "Un long texte." in answer.text
    assert everything()[0].description == "Ancien"
    item.deleted_at = None
    db.session.commit()
    send(alice, answer, "Enregistrer")
    assert everything()[0].description == LONG


def test_something_new_that_went_into_the_bin_is_not_changed_there(alice):
    page = alice.get(NEW)
    send(alice, page, "Publier", title="Le square")
    everything()[0].deleted_at = utcnow()
    db.session.commit()
    answer = send(alice, page, "Publier", title="Le grand square")
    assert "corbeille" in answer.text and everything()[0].title == "Le square"


@pytest.mark.parametrize("status", [UserStatus.SUSPENDED, UserStatus.PENDING])
def test_an_author_who_is_no_longer_active_writes_nothing(cast, alice, item, status):
    pages = [alice.get(NEW), alice.get(page_of(item))]
    cast.alice.status = status
    db.session.commit()
    for page in pages:
        answer = send(alice, page, description=LONG, title="Le square")
        assert answer.status_code == 403
    assert [one.description for one in everything()] == ["Ancien"]


def test_rights_are_asked_again_inside_the_write(cast, alice, item, monkeypatch):
    for place in (NEW, page_of(item)):
        page = alice.get(place)

        def suspend():
            cast.alice.status = UserStatus.SUSPENDED

        just_before_the_write(monkeypatch, suspend)
        assert send(alice, page, "Voir l’aperçu", title="Le square", files=[pdf()]).status_code == 403
        cast.alice.status = UserStatus.ACTIVE
        db.session.commit()
    assert [one.description for one in everything()] == ["Ancien"]
    assert db.session.scalars(select(Attachment)).all() == []


def test_who_moved_to_another_council_is_asked_to_look_again(cast, alice):
    page = alice.get(NEW)
    cast.alice.council_id = cast.country.mistral.id
    db.session.commit()
    answer = send(alice, page, "Publier", title="Le square", level="public")
    assert "Vous avez changé de conseil" in answer.text and everything() == []
    send(alice, answer, "Publier")
    (item,) = everything()
    assert (item.council_id, item.level) == (cast.country.mistral.id, Visibility.COUNCIL)


def test_who_moved_does_not_change_through_an_old_form_what_it_made(cast, alice):
    page = alice.get(NEW)
    send(alice, page, "Publier", title="Le square")
    cast.alice.council_id = cast.country.mistral.id
    db.session.commit()
    answer = send(alice, page, "Publier", title="Le grand square", description=LONG)
    assert "Vous avez changé de conseil" in answer.text and "Un long texte." in answer.text
    answer = send(alice, answer, "Publier")
    assert "Vous ne pouvez plus changer" in answer.text and "Un long texte." in answer.text
    send(alice, answer, "Publier")
    first, second = everything()
    assert (first.title, first.council_id) == ("Le square", cast.council.id)
    assert (second.title, second.council_id) == ("Le grand square", cast.country.mistral.id)


def test_who_moved_no_longer_changes_what_they_left(cast, alice, item):
    page = alice.get(page_of(item))
    cast.alice.council_id = cast.country.mistral.id
    db.session.commit()
    assert send(alice, page, "Enregistrer", description=LONG).status_code == 404
    assert everything()[0].description == "Ancien"


def test_what_its_date_published_while_the_form_was_open_is_changed_all_the_same(cast, alice):
    on = utcnow() + timedelta(days=1)
    item = make_publication(Document, cast.alice, published_at=None, publish_on=on)
    db.session.commit()
    page = alice.get(page_of(item))
    item.publish_on = utcnow()
    db.session.commit()
    publishing.publish_due(item.id)
    db.session.commit()
    send(alice, page, "Enregistrer", description="Mieux")
    (item,) = everything()
    assert item.published_at and item.description == "Mieux" and versions_of(item) == 2


# Strange texts ----------------------------------------------------------------------------------------------------

STRANGE = ["a\0b", "Fête 🎉🏳️‍🌈", "abc\u202edcb\u202c", "\u05e9\u05dc",
           "'; DROP TABLE users; --", "<script>alert(1)</script>",
           "\ud7ff\uffff", "=1+1", "{{ 7*7 }}", "%s%n", "\r\n\r\nX: y", "\u2028\u2029\ufeff"]  # fmt: skip


@pytest.mark.parametrize("text", STRANGE)
def test_strange_signs_are_kept_or_left_out_and_never_break_anything(alice, text):
    fields = {"title": f"Titre {text}", "summary": text, "description": text, "new_folder": text, "place": text}
    answer = submit(alice, "/mon-conseil/actions/nouveau", "Publier", **fields)
    assert answer.status_code == 302
    page = alice.get(answer.location)
    assert page.status_code == 200 and "<script>" not in page.text and "\u202e" not in page.text
    assert alice.get(page_of(everything()[-1])).status_code == 200


FIELDS = ("title", "summary", "new_folder", "publish_day", "publish_time", "key", "version", "council", "sent", "level",
          "folder", "themes", "groups", "again", "confirmed", "act", "is_charter")  # fmt: skip


def test_whatever_a_field_holds_the_answer_is_calm(cast, alice, item):
    make_group("Un groupe", cast.council)
    db.session.commit()
    for page, button in ((alice.get(NEW), "Publier"), (alice.get(page_of(item)), "Enregistrer")):
        for text in ("x" * 10_000, "\0🎉", "9" * 30):
            for names in (FIELDS, ("key",), ("version",), ("act",), ("level",)):  # those that others may hide
                answer = send(alice, page, button, **{"title": "Un", "level": "groups"} | dict.fromkeys(names, text))
                assert answer.status_code in (200, 302, 422), (names, text)


@pytest.mark.parametrize("text", ["[" * 25, "(" * 400, "a\n" * 1600, "x" * 30_000])
def test_a_text_that_cannot_be_rendered_comes_back_with_a_sentence(alice, item, text):
    for place in (NEW, page_of(item)):
        answer = submit(alice, place, "Voir l’aperçu", title="Un", description=text, files=[pdf()])
        assert answer.status_code == 422 and text[:20] in answer.text
    assert alice.get(page_of(item) + "?reprise=1&apercu=1").status_code == 200


def test_a_write_that_fails_halfway_leaves_nothing(cast, alice, monkeypatch):
    page = alice.get(NEW)
    monkeypatch.setattr(revisions, "keep", lambda *args: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        send(alice, page, "Publier", title="Le square", files=[pdf()])
    db.session.rollback()
    assert everything() == [] and db.session.scalars(select(Attachment)).all() == []
    monkeypatch.undo()
    send(alice, page, "Publier", title="Le square", files=[pdf()])
    assert files_of(everything()[0]) == ["plan.pdf"]
