"""Topics: written, answered, quoted, corrected, taken away; nothing that was typed is lost."""

import re
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import func, select

from app.extensions import db
from app.jobs.dispatching import dispatch
from app.labels import Visibility
from app.models import Activity, Category, Document, Message, Topic, TopicCursor
from app.models.types import utcnow
from tests.browse import forms, send, submit
from tests.factories import PASSWORD, make_category, make_group, make_message, make_publication, make_topic, make_user
from tests.test_forum import later, words
from tests.test_sessions import HERE

TEXT = "Nous cherchons **un local** pour nous réunir.\n\nQui en a trouvé un ?"


@pytest.fixture
def rubric(cast):
    category = make_category()
    db.session.commit()
    return category


@pytest.fixture
def topic(cast, rubric):
    found = make_topic(cast.alice, rubric)
    db.session.commit()
    return found


def path_of(topic, end=""):
    return f"/forum/sujets/{topic.id}-{topic.slug}{end}"


def count(model):
    return db.session.scalar(select(func.count()).select_from(model))


def test_a_question_is_asked_and_answered(client_as, cast, rubric):
    alice, bruno = client_as(cast.alice), client_as(cast.bruno)
    new = "/forum/vie-des-conseils/nouveau"
    answer = submit(alice, new, "Publier le sujet", title="Un local ?", text=TEXT)
    topic = db.session.scalars(select(Topic)).one()
    assert answer.location == path_of(topic) == f"/forum/sujets/{topic.id}-un-local"
    page = alice.get(answer.location)
    assert "Votre sujet est publié." in words(page) and "<strong>un local</strong>" in page.text
    answer = submit(bruno, path_of(topic), "Répondre", text="À la mairie.")
    assert answer.location == path_of(topic) + "?message=2#message-2"
    page = words(bruno.get(answer.location))
    assert "Votre message est publié." in page and "À la mairie." in page
    message = db.session.scalar(select(Message).filter_by(number=2))
    told = db.session.scalars(select(Activity).filter_by(verb="message.posted").order_by(Activity.id)).all()
    assert [(one.actor_id, one.subject_type) for one in told] == [
        (cast.alice.id, "messages"), (cast.bruno.id, "messages"),
    ]  # fmt: skip
    assert told[1].subject_id == message.id


def test_a_preview_publishes_nothing_and_keeps_the_text(client_as, cast, rubric):
    alice = client_as(cast.alice)
    page = submit(alice, "/forum/vie-des-conseils/nouveau", "Voir l’aperçu", title="Un local ?", text=TEXT)
    assert page.status_code == 200 and "<title>Aperçu" in page.text and "<strong>un local</strong>" in page.text
    assert count(Topic) == 0
    send(alice, page, "Publier le sujet")
    assert db.session.scalars(select(Message)).one().text == TEXT


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("title", " ", "Écrivez un titre"),
        ("title", "a" * 151, "150 caractères au plus"),
        ("text", "", "Écrivez votre message."),
        ("text", "a" * 10_001, "10 000 caractères au plus"),
        ("text", "[" * 301, "plus de 300 signes"),
    ],
)
def test_a_form_that_is_not_right_comes_back_with_what_was_typed(client_as, cast, rubric, field, value, sentence):
    typed = {"title": "Un local ?", "text": TEXT} | {field: value}
    page = submit(client_as(cast.alice), "/forum/vie-des-conseils/nouveau", "Publier", **typed)
    assert page.status_code == 422 and "<title>Erreur" in page.text
    assert sentence in words(page).replace("\N{NO-BREAK SPACE}", " ").replace("\N{NARROW NO-BREAK SPACE}", " ")
    other = "text" if field == "title" else "title"
    assert forms(page.text)[0].fields[other] == typed[other]
    assert count(Topic) == 0


def test_the_same_form_twice_makes_one_message(client_as, cast, topic):
    alice = client_as(cast.alice)
    page = alice.get(path_of(topic))
    first, again = (send(alice, page, "Répondre", text="Merci !") for _ in range(2))
    assert first.location == again.location and count(Message) == 2
    page = alice.get("/forum/vie-des-conseils/nouveau")
    first, again = (send(alice, page, "Publier", title="Deux fois ?", text="Non.") for _ in range(2))
    assert again.location.startswith(first.location) and count(Topic) == 2


def test_who_writes_is_told_of_what_came_in_meanwhile(client_as, cast, topic):
    alice = client_as(cast.alice)
    page = alice.get(path_of(topic))
    for words_of in ("Moi d’abord.", "Et puis ceci."):
        submit(client_as(cast.bruno), path_of(topic), "Répondre", text=words_of)
    answer = send(alice, page, "Répondre", text="Trop tard ?")
    assert answer.location.endswith("#message-4")
    assert "Pendant que vous écriviez, 2 autres messages sont arrivés" in words(alice.get(answer.location))


def test_a_message_is_quoted_with_its_author_and_without_what_it_quotes(client_as, cast, topic):
    make_message(cast.bruno, topic, "> déjà cité\n\nIl y a **la mairie**.\nOu l’école.")
    db.session.commit()
    chloe = client_as(cast.chloe)
    page = chloe.get(path_of(topic, "/repondre?cite=2"))
    assert forms(page.text)[0].fields["text"] == "" and "Ce message sera cité" in words(page)
    page = send(chloe, page, "Voir l’aperçu", text="Bonne idée.")
    assert "<blockquote>" in page.text and forms(page.text)[0].fields["text"] == "Bonne idée."
    html = chloe.get(send(chloe, page, "Répondre").location).text
    assert "<blockquote>" in html and "Bonne idée." in html
    quoted = f"> **{cast.bruno.name}** a écrit :\n>\n> Il y a **la mairie**.\n> Ou l’école.\n\nBonne idée."
    assert db.session.scalar(select(Message.text).filter_by(number=3)) == quoted


def test_a_quotation_alone_is_no_answer(client_as, cast, topic):
    page = submit(client_as(cast.chloe), path_of(topic, "/repondre?cite=1"), "Répondre")
    assert page.status_code == 422 and "Écrivez votre message." in words(page) and count(Message) == 1


def test_what_is_not_to_be_read_is_not_quoted(client_as, cast, topic):
    make_message(cast.bruno, topic, "Une insulte.", hidden_at=utcnow())
    make_message(cast.bruno, topic, "Une bêtise.", removed_at=utcnow())
    db.session.commit()
    bruno = client_as(cast.bruno)
    for number, said in ((2, "Une insulte."), (3, "Une bêtise."), (99, "insulte")):
        page = bruno.get(path_of(topic, f"/repondre?cite={number}"))
        assert said not in page.text
        send(bruno, page, "Répondre", text=f"Pardon {number}.")
    assert db.session.scalars(select(Message.text).where(Message.number > 3).order_by(Message.number)).all() == [
        "Pardon 2.", "Pardon 3.", "Pardon 99.",
    ]  # fmt: skip


@pytest.mark.parametrize("number", ["9" * 5000, "-1", "²", "x", "1\n2"])
def test_a_strange_number_quotes_nothing(client_as, cast, topic, number):
    alice = client_as(cast.alice)
    page = alice.get(path_of(topic, "/repondre"))
    answer = send(alice, page, "Répondre", text="Bonjour.", cite=number, seen=number)
    assert answer.status_code in (302, 422) and "blockquote" not in answer.text


def test_a_form_that_has_made_a_message_asks_before_it_makes_another(client_as, cast, topic):
    alice = client_as(cast.alice)
    page = alice.get(path_of(topic, "/repondre"))
    send(alice, page, "Répondre", text="Premier.")
    again = send(alice, page, "Répondre", text="Deuxième.")
    assert again.status_code == 422 and "déjà publié avec ce formulaire" in words(again) and count(Message) == 2
    assert send(alice, again, "Répondre").location.endswith("#message-3")


def test_a_form_left_open_by_somebody_else_loses_nothing(client_as, cast, topic):
    page = client_as(cast.alice).get(path_of(topic, "/repondre"))
    bruno = client_as(cast.bruno)
    key = forms(page.text)[0].fields["key"]
    submit(client_as(cast.alice), path_of(topic, "/repondre"), "Répondre", text="À moi.", key=key)
    again = submit(bruno, path_of(topic, "/repondre"), "Répondre", text="À moi aussi.", key=key)
    assert again.status_code == 422 and "À moi aussi." in again.text
    assert send(bruno, again, "Répondre").status_code == 302 and count(Message) == 3


def test_the_same_words_filled_in_again_are_the_same_message(client_as, cast, topic):
    alice = client_as(cast.alice)
    for expected in ("#message-2", "#message-2"):
        assert submit(alice, path_of(topic, "/repondre"), "Répondre", text="Merci !").location.endswith(expected)
    assert "Ce message est déjà publié." in words(alice.get(path_of(topic, "?message=2"))) and count(Message) == 2
    new = {"title": "Un bal ?", "text": "Oui ?"}
    first, again = (submit(alice, "/forum/vie-des-conseils/nouveau", "Publier", **new) for _ in range(2))
    assert again.location.startswith(first.location) and count(Topic) == 2
    with time_machine.travel(later(40), tick=False):
        later_on = submit(client_as(cast.alice), path_of(topic, "/repondre"), "Répondre", text="Merci !")
    assert later_on.location.endswith("#message-3")


def test_what_was_done_is_said_beside_the_message(client_as, cast, topic):
    alice = client_as(cast.alice)
    page = alice.get(submit(alice, path_of(topic), "Répondre", text="Ici.").location).text
    assert page.index("Votre message est publié.") > page.index('id="message-2"')


def test_a_topic_goes_with_its_only_message_and_comes_back_with_it(client_as, cast, topic):
    alice, message = client_as(cast.alice), db.session.scalars(select(Message)).one()
    assert "tout le sujet disparaîtra" in words(alice.get(f"/forum/messages/{message.id}/retrait"))
    submit(alice, f"/forum/messages/{message.id}/retrait", "Oui")
    assert client_as(cast.bruno).get(path_of(topic)).status_code == 404
    assert topic.title not in words(client_as(cast.bruno).get("/forum/vie-des-conseils"))
    assert alice.get(path_of(topic, "/repondre")).status_code == 302
    submit(alice, path_of(topic), "Remettre ce message")
    assert client_as(cast.bruno).get(path_of(topic)).status_code == 200


def test_an_answered_topic_stays_without_its_first_message(client_as, cast, topic):
    make_message(cast.bruno, topic)
    db.session.commit()
    message = db.session.scalar(select(Message).filter_by(number=1))
    submit(client_as(cast.alice), f"/forum/messages/{message.id}/retrait", "Oui")
    assert client_as(cast.bruno).get(path_of(topic)).status_code == 200
    assert client_as(cast.bruno).get(f"/forum/messages/{message.id}").location == path_of(topic, "#message-1")


def test_a_title_that_was_changed_meanwhile_stays_unless_its_author_changes_it(client_as, cast, topic):
    alice, message = client_as(cast.alice), db.session.scalars(select(Message)).one()
    page = alice.get(f"/forum/messages/{message.id}/modifier")
    topic.title, topic.slug = "Mieux dit", "mieux-dit"
    db.session.commit()
    send(alice, page, "Enregistrer", text="Autrement.")
    assert (db.session.scalars(select(Topic)).one().title, message.text) == ("Mieux dit", "Autrement.")


def test_a_jump_over_what_is_unread_does_not_mark_it_as_read(client_as, cast, topic):
    chloe = client_as(cast.chloe)
    chloe.get(path_of(topic))
    for _ in range(50):
        make_message(cast.bruno, topic)
    db.session.commit()

    def mark():
        return db.session.scalar(select(TopicCursor.number).filter_by(user_id=cast.chloe.id))

    chloe.get(path_of(topic, "?page=3"))
    assert mark() == 1
    submit(chloe, path_of(topic, "/repondre"), "Répondre", text="Je n’ai pas tout lu.")
    assert mark() == 1
    for page, expected in ((1, 20), (2, 40), (3, 52)):
        chloe.head(path_of(topic, f"?page={page}"))
        chloe.get(path_of(topic, f"?page={page}"))
        assert mark() == expected


def test_the_link_of_a_mail_opens_the_form_below_the_message(client_as, cast, topic):
    make_message(cast.bruno, topic, "Et le vôtre ?")
    make_message(cast.bruno, topic, "Plus tard.")
    db.session.commit()
    page = client_as(cast.alice).get(path_of(topic, "/repondre?a=2"))
    assert "Et le vôtre ?" in page.text and forms(page.text)[0].fields["text"] == ""
    assert client_as(cast.alice).get(path_of(topic, "/repondre?a=99")).status_code == 200


def test_a_message_is_corrected_within_the_hour_and_marked(client_as, cast, topic):
    alice, message = client_as(cast.alice), db.session.scalars(select(Message)).one()
    path = f"/forum/messages/{message.id}/modifier"
    answer = submit(alice, path, "Enregistrer", title="Un local à Bourg ?", text="Qui en a un ?")
    topic = db.session.scalars(select(Topic)).one()
    assert answer.location == path_of(topic) + "?message=1#message-1" and topic.slug == "un-local-a-bourg"
    page = words(alice.get(answer.location))
    assert "Qui en a un ?" in page and "modifié le" in page
    assert client_as(cast.bruno).get(path).status_code == 403
    with time_machine.travel(later(61), tick=False):
        assert alice.get(path).location == path_of(topic) + "#message-1"
        assert "Ce message ne peut plus être corrigé." in words(alice.get(path_of(topic)))
        assert ">Modifier<" not in alice.get(path_of(topic)).text


def test_a_correction_that_comes_too_late_gives_the_text_back(client_as, cast, topic):
    alice, message = client_as(cast.alice), db.session.scalars(select(Message)).one()
    page = alice.get(f"/forum/messages/{message.id}/modifier")
    with time_machine.travel(later(61), tick=False):
        late = send(alice, page, "Enregistrer", text="Ma correction patiente.")
    assert late.status_code == 403 and "Ma correction patiente." in late.text
    assert db.session.scalars(select(Message)).one().edited_at is None


def test_the_same_text_again_is_no_correction(client_as, cast, topic):
    message = db.session.scalars(select(Message)).one()
    submit(client_as(cast.alice), f"/forum/messages/{message.id}/modifier", "Enregistrer")
    assert db.session.scalars(select(Message)).one().edited_at is None


def test_a_message_is_taken_away_and_put_back_by_its_author(client_as, cast, topic):
    make_message(cast.bruno, topic, "Une bêtise.")
    db.session.commit()
    bruno, message = client_as(cast.bruno), db.session.scalar(select(Message).filter_by(number=2))
    assert client_as(cast.alice).get(f"/forum/messages/{message.id}/retrait").status_code == 403
    submit(bruno, f"/forum/messages/{message.id}/retrait", "Oui")
    page = client_as(cast.alice).get(path_of(topic))
    assert "Message retiré par son auteur." in words(page) and "Une bêtise." not in page.text
    assert client_as(cast.alice).get(f"/forum/messages/{message.id}/entier").status_code == 404
    assert client_as(cast.alice).get(path_of(topic, "/repondre?cite=2")).text.count("Une bêtise.") == 0
    assert "Vous seul voyez encore votre texte" in words(bruno.get(path_of(topic)))
    submit(bruno, path_of(topic), "Remettre ce message")
    assert "Une bêtise." in client_as(cast.alice).get(path_of(topic)).text
    submit(bruno, f"/forum/messages/{message.id}/retrait", "Oui")
    with time_machine.travel(utcnow() + timedelta(days=31), tick=False):
        assert bruno.post(f"/forum/messages/{message.id}/retour").status_code in (403, 422)


def test_a_hidden_message_is_left_to_its_author_and_the_animator(client_as, cast, topic):
    make_message(cast.bruno, topic, "Une insulte.", hidden_at=utcnow(), hidden_reason="Restons courtois.")
    db.session.commit()
    for person, sees in ((cast.alice, False), (cast.referent, False), (cast.bruno, True), (cast.animator, True)):
        page = client_as(person).get(path_of(topic)).text
        assert ("Une insulte." in page) is sees and "masqué par la modération" in page
        assert ("Restons courtois." in page) is sees


def test_each_message_has_an_address_that_stays(client_as, cast, topic, rubric):
    for number in range(2, 43):
        make_message(cast.bruno, topic, f"Message {number}.")
    message = db.session.scalar(select(Message).filter_by(number=42))
    db.session.commit()
    address = f"/forum/messages/{message.id}"
    assert client_as(cast.chloe).get(address).location == path_of(topic, "?page=3#message-42")
    topic.title, topic.slug, topic.category = "Autrement", "autrement", make_category("Ailleurs")
    db.session.commit()
    assert client_as(cast.chloe).get(address).location == path_of(topic, "?page=3#message-42")
    assert 'id="message-42"' in client_as(cast.chloe).get(path_of(topic, "?page=3")).text
    assert client_as(cast.chloe).get(f"/forum/sujets/{topic.id}-vieux?page=3").location == path_of(topic, "?page=3")


@pytest.mark.parametrize("page", ["4", "0", "-1", "9999999999", "x"])
def test_a_page_that_is_not_there_is_404(client_as, cast, topic, page):
    for _ in range(45):
        make_message(cast.bruno, topic)
    db.session.commit()
    assert client_as(cast.chloe).get(path_of(topic, f"?page={page}")).status_code == 404


def test_reading_goes_on_at_the_first_unread_message(client_as, cast, topic):
    chloe = client_as(cast.chloe)
    chloe.get(path_of(topic))
    for _ in range(30):
        make_message(cast.bruno, topic)
    db.session.commit()
    assert chloe.get(path_of(topic, "/non-lus")).location == path_of(topic, "#message-2")
    page = chloe.get(path_of(topic))
    assert page.text.count("<strong>non lu</strong>") == 19
    assert f'href="{path_of(topic, "#message-2")}">Premier message non lu' in page.text
    assert chloe.get(path_of(topic, "/non-lus")).location == path_of(topic, "?page=2#message-21")


def test_for_a_new_account_reading_begins_with_what_came_after_it(client_as, cast, rubric):
    old = make_topic(cast.alice, rubric, created_at=utcnow() - timedelta(days=90))
    make_message(cast.alice, old, created_at=utcnow() - timedelta(days=80))
    make_message(cast.bruno, old, created_at=later(5))
    db.session.commit()
    chloe = client_as(cast.chloe)
    page = chloe.get("/forum/vie-des-conseils")
    assert "nouveaux messages" in words(page) and path_of(old, "/non-lus") in page.text
    assert chloe.get(path_of(old, "/non-lus")).location == path_of(old, "#message-3")


def test_a_long_message_begins_on_the_page_and_is_whole_behind_a_link(client_as, cast, topic):
    long = "\n\n".join(f"Paragraphe {number}. " + "Nous avons tout essayé. " * 10 for number in range(20))
    answer = submit(client_as(cast.bruno), path_of(topic), "Répondre", text=long)
    page = client_as(cast.alice).get(answer.location).text
    assert "Paragraphe 1." in page and "Paragraphe 19." not in page and "Lire la suite" in page
    whole = re.search(r'href="(/forum/messages/\d+/entier)"', page)[1]
    assert "Paragraphe 19." in client_as(cast.alice).get(whole).text


@pytest.mark.parametrize("text", ["a" * 3000, "mot " * 600, "[lien](" + "x" * 2500 + ")", "```\n" + "code\n" * 500])
def test_a_long_message_of_any_shape_begins_somewhere(client_as, cast, topic, text):
    answer = submit(client_as(cast.bruno), path_of(topic), "Répondre", text=text)
    assert answer.status_code == 302
    assert "Lire la suite" in client_as(cast.alice).get(answer.location).text


def test_nobody_writes_in_what_is_closed_and_nothing_typed_is_lost(client_as, cast, topic, rubric):
    alice = client_as(cast.alice)
    page, new = alice.get(path_of(topic)), alice.get("/forum/vie-des-conseils/nouveau")
    topic.closed_at = rubric.closed_at = utcnow()
    db.session.commit()
    answer = send(alice, page, "Répondre", text="J’arrive trop tard.")
    assert answer.status_code == 403 and "J’arrive trop tard." in answer.text and count(Message) == 1
    answer = send(alice, new, "Publier", title="Trop tard ?", text="Bien trop tard.")
    assert answer.status_code == 403 and "Bien trop tard." in answer.text and count(Topic) == 1
    closed = alice.get(path_of(topic))
    assert "on n’y répond plus" in words(closed) and "Citer" not in words(closed)
    assert alice.get(path_of(topic, "/repondre")).location == path_of(topic, "#message-1")
    assert "On ne peut plus répondre à ce sujet." in words(alice.get(path_of(topic)))
    assert alice.get("/forum/vie-des-conseils/nouveau").location == "/forum/vie-des-conseils"


def test_who_lost_the_right_meanwhile_gets_their_text_back(client_as, cast):
    group = make_group("Bourg ensemble", cast.council, cast.chloe.council)
    place = db.session.scalar(select(Category).filter_by(group_id=group.id))
    topic = make_topic(cast.alice, place)
    db.session.commit()
    chloe = client_as(cast.chloe)
    page, new = chloe.get(path_of(topic)), chloe.get("/groupes/bourg-ensemble/discussions/nouveau")
    group.councils = [cast.council]
    db.session.commit()
    for answer in (
        send(chloe, page, "Répondre", text="Mon long texte."),
        send(chloe, new, "Publier", title="Un titre", text="Mon long texte."),
    ):
        assert answer.status_code == 404 and "Mon long texte." in answer.text and topic.title not in answer.text
    assert count(Message) == 1
    emile = client_as(cast.emile).post(path_of(topic, "/repondre"), data={"text": "x"})
    nowhere = client_as(cast.emile).post("/forum/sujets/9999-x/repondre", data={"text": "x"})
    assert emile.status_code == nowhere.status_code == 404 and words(emile) == words(nowhere)


def test_a_session_that_ended_while_writing_loses_nothing(client, client_as, cast, topic):
    page = client_as(cast.alice).get(path_of(topic))
    typed = forms(page.text)[0].fields.to_dict() | {"text": "Un texte de dix minutes."}
    again = client.post(path_of(topic, "/repondre"), data=typed, headers=HERE)
    assert again.status_code == 403 and "Rien de ce que vous avez écrit n’est perdu" in words(again)
    back = send(client, send(client, again, email=cast.alice.email, password=PASSWORD))
    assert "Un texte de dix minutes." in back.text and "rien n’est encore envoyé" in words(back)
    send(client, back, "Répondre")
    assert count(Message) == 2


def test_writing_moves_ones_own_mark_and_follows_the_topic(client_as, cast, topic):
    submit(client_as(cast.chloe), path_of(topic), "Répondre", text="Je suis.")
    mark = db.session.scalars(select(TopicCursor).filter_by(user_id=cast.chloe.id)).one()
    assert (mark.number, mark.is_followed) == (2, True)


def test_a_flood_is_stopped_and_the_text_kept(client_as, cast, topic):
    alice = client_as(cast.alice)
    for number in range(60):
        assert submit(alice, path_of(topic, "/repondre"), "Répondre", text=f"{number}").status_code == 302
    page = submit(alice, path_of(topic, "/repondre"), "Répondre", text="Encore moi.")
    assert page.status_code == 429 and "Encore moi." in page.text


@pytest.mark.parametrize(
    "text",
    ["<script>alert(1)</script>", "a\0b", "\u202eenvers", "[x](javascript:alert(1))", "😀" * 50, "\ud7ff", "a\r\nb"],
)
def test_strange_texts_do_no_harm(client_as, cast, topic, text):
    answer = submit(client_as(cast.alice), path_of(topic), "Répondre", text="Voici : " + text)
    assert answer.status_code == 302
    page = client_as(cast.bruno).get(answer.location).text
    assert "<script" not in page and "javascript:" not in re.sub(r"\[x\].*", "", page)


def test_what_a_referent_or_the_animator_says_bears_their_role(client_as, cast, topic):
    submit(client_as(cast.animator), path_of(topic), "Répondre", text="Bienvenue.")
    assert "équipe du site, le" in words(client_as(cast.alice).get(path_of(topic)))


def test_a_closed_account_leaves_its_messages_without_its_name(client_as, cast, topic):
    gone = make_user("Zoé Zola", cast.council)
    make_message(gone, topic, "Je pars.")
    gone.status = "closed"
    db.session.commit()
    page = words(client_as(cast.alice).get(path_of(topic)))
    assert "Zola" not in page and "un ancien membre" in page.lower()


def test_a_preview_warns_of_a_document_that_not_all_readers_may_open(client_as, cast, rubric):
    own = make_publication(Document, cast.alice, title="Nos comptes")
    open_to_all = make_publication(Document, cast.alice, title="Notre charte", level=Visibility.MEMBERS)
    db.session.commit()
    alice, new = client_as(cast.alice), "/forum/vie-des-conseils/nouveau"
    for item, is_warned in ((own, True), (open_to_all, False)):
        typed = {"title": "À lire", "text": f"Voyez /documents/{item.id}-{item.slug}"}
        page = submit(alice, new, "Voir l’aperçu", **typed)
        assert item.title in page.text
        assert ("ne pourront pas ouvrir" in words(page)) is is_warned


def test_a_message_that_was_away_when_it_was_to_be_told_is_told_when_it_comes_back(client_as, cast, topic):
    bruno = client_as(cast.bruno)
    answer = submit(bruno, path_of(topic), "Répondre", text="Oui, non, si.")
    message = db.session.scalar(select(Message).filter_by(number=2))
    submit(bruno, f"/forum/messages/{message.id}/retrait", "Oui")
    dispatch()
    submit(bruno, answer.location, "Remettre ce message")
    submit(bruno, f"/forum/messages/{message.id}/retrait", "Oui")
    submit(bruno, answer.location, "Remettre ce message")
    assert len(db.session.scalars(select(Activity).filter_by(verb="message.posted", subject_id=message.id)).all()) == 2
