"""The copy of one's data: all that the site holds about a person, and nothing that would harm another one."""

import io
import json
import re
import zipfile
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select

from app import storage
from app.extensions import db
from app.labels import Channel, Priority, VouchAnswer
from app.models import (
    Action,
    Activity,
    Address,
    AuditEntry,
    CategoryCursor,
    Contribution,
    Departure,
    Document,
    Event,
    GroupRequest,
    PhoneCode,
    Reading,
    Revision,
    StoredFile,
    User,
    Vouch,
)
from app.models.types import UTCDateTime, utcnow
from app.notifications import outbox
from app.notifications.message import Message as Mail
from app.services import attachments, cowriting, exporting, limits, posting, revisions
from app.templating import iso
from tests.browse import submit
from tests.factories import PASSWORD_HASH, make_article, make_group, make_message, make_publication, make_user
from tests.samples import PDF
from tests.test_files import attach
from tests.test_message_files import category_of, write

ADDRESS, PHONE = "/mon-profil/donnees", "+33639980001"


@pytest.fixture
def alice(cast):
    """Alice with something in every table that holds people."""
    alice = cast.alice
    alice.phone, alice.presentation = PHONE, "J’aime <b>les arbres</b>.\nEt vous ?"
    content = b"photo"
    alice.photo = StoredFile(digest=storage.save(content), name="portrait.webp", media_type="image/webp", size=5)
    message = Mail("Nouveau document", ("Un texte",))
    outbox.post(message, to=alice.email, key="a", kind="alert", priority=Priority.ALERT)
    db.session.add_all([
        PhoneCode(user_id=alice.id, phone="+33639980002", digest="0f" * 32, expires_at=utcnow() + timedelta(hours=1)),
        Vouch(candidate_id=alice.id, peer_id=cast.bruno.id, answer=VouchAnswer.YES),
        Vouch(candidate_id=alice.id, peer_id=cast.chloe.id, answer=VouchAnswer.NO, reason="Une ancienne dispute"),
        Vouch(candidate_id=cast.dora.id, peer_id=alice.id, answer=VouchAnswer.UNKNOWN),
        AuditEntry(actor_id=cast.animator.id, verb="user.suspended", subject_type="users", subject_id=alice.id,
                   reason="Trop de messages"),
        Activity(verb="signup.approved", subject_type="users", subject_id=cast.dora.id, actor_id=alice.id),
    ])  # fmt: skip
    db.session.commit()
    return alice


def archive(client):
    page = submit(client, ADDRESS)
    assert page.content_type == "application/zip"
    assert re.fullmatch(r"attachment; filename=mes-donnees-\d{4}-\d\d-\d\d\.zip", page.headers["Content-Disposition"])
    assert page.headers["Cache-Control"] == "private, no-store, max-age=0"
    return zipfile.ZipFile(io.BytesIO(page.data))


def test_the_copy_holds_json_a_page_and_the_files(client_as, alice):
    copy = archive(client_as(alice))
    assert copy.testzip() is None
    photo = f"fichiers/{alice.photo_id}-portrait.webp"
    assert set(copy.namelist()) == {"mes-donnees.html", "mes-donnees.json", photo}
    assert copy.read(photo) == b"photo"
    told = json.loads(copy.read("mes-donnees.json"))
    assert list(told) == [part.title for part in exporting.PARTS]
    assert told["Mon compte"][0]["Adresse électronique"] == alice.email
    assert told["Les messages que le site m’a envoyés"][0]["Objet"] == "Nouveau document"
    assert told["Ce que le journal du site dit de moi"][0]["Raison"] == "Trop de messages"
    assert told["Mes choix d’alertes"] and told["Mes connexions en cours"]


def test_the_page_is_french_stands_alone_and_says_texts_as_they_were_written(client_as, alice):
    page = archive(client_as(alice)).read("mes-donnees.html").decode()
    assert '<html lang="fr">' in page and "Alice Martin" in page
    assert "J’aime &lt;b&gt;les arbres&lt;/b&gt;.\nEt vous ?" in page
    assert not re.search(r"<script|<link|<img|https?://|None|True|False", page)


def test_who_did_not_validate_stays_unnamed_and_no_secret_leaves(client_as, alice):
    copy = archive(client_as(alice))
    for name in ("mes-donnees.html", "mes-donnees.json"):
        text = copy.read(name).decode()
        assert "Bruno Petit" in text
        for secret in ("Chloé", "dispute", "Anne Simon", PASSWORD_HASH, "0f0f"):
            assert secret not in text, secret


def test_a_no_is_not_told_at_all_and_a_request_handed_over_is_said_in_words(client_as, cast, alice):
    chapter = "Les réponses à mon inscription"
    (yes,) = json.loads(archive(client_as(alice)).read("mes-donnees.json"))[chapter]
    assert yes["De"] == "Bruno Petit" and "ce n’est pas" not in str(yes).lower()
    alice.escalated_at = utcnow()
    db.session.commit()
    *others, handed_over = json.loads(archive(client_as(alice)).read("mes-donnees.json"))[chapter]
    assert others == [yes]
    assert handed_over == {"Suite": "La demande a été transmise au référent et à l’animation."}


def test_whoever_writes_with_others_is_told_of_each_version_they_saved_and_of_no_burst(client_as, cast, alice):
    item = make_publication(Document, alice, is_collaborative=True, description="Un.")
    for author, text in ((alice, "Un, deux."), (cast.bruno, "Un, deux, trois.")):
        cowriting.write(item, text, cowriting.rendered(item, text), author)
    db.session.commit()
    assert db.session.scalar(select(Activity.actor_id).filter_by(verb="document.written")) == alice.id
    for author, text in ((alice, "Un, deux."), (cast.bruno, "Un, deux, trois.")):
        told = json.loads(archive(client_as(author)).read("mes-donnees.json"))
        assert "document.written" not in str(told)
        assert text in str(told["Versions que j’ai enregistrées"])


def text_to(number):
    message = Mail("Votre code est 123456", ("Un texte",), short="123456")
    outbox.post(message, to=number, key="sms", kind="code", priority=Priority.ACCOUNT, channel=Channel.SMS)
    outbox.stop(Channel.SMS, number, outbox.ALL)
    db.session.add(Address(channel=Channel.SMS, address=number, refusals=1, reason="Numéro refusé"))
    db.session.commit()


def test_nothing_that_went_to_a_number_that_is_not_confirmed_is_in_it(client_as, alice):
    text_to(PHONE)
    told = json.loads(archive(client_as(alice)).read("mes-donnees.json"))
    assert [row["Vers"] for row in told["Les messages que le site m’a envoyés"]] == [alice.email]
    assert told["Mes adresses : messages arrêtés, envois refusés"] == []


def test_of_the_sms_to_a_number_that_two_may_share_only_kind_and_date_are_told(client_as, alice):
    alice.phone_confirmed_at = utcnow()
    text_to(PHONE)
    told = json.loads(archive(client_as(alice)).read("mes-donnees.json"))
    mail, sms = told["Les messages que le site m’a envoyés"]
    assert (sms["Vers"], sms["Objet"], mail["Objet"]) == (PHONE, "", "Nouveau document") and sms["Le"] and sms["Genre"]
    stop, refused = told["Mes adresses : messages arrêtés, envois refusés"]
    assert stop["Adresse"] == refused["Adresse"] == PHONE


def test_a_copy_with_many_answers_asks_the_database_no_more(cast, queries):
    def count():
        db.session.commit()
        queries.clear()
        b"".join(exporting.archive(db.session.get(User, cast.alice.id)))
        return len(queries)

    def answer(number):
        other = make_user(f"Autre{number} Nom", cast.council)
        db.session.add_all([
            Vouch(candidate_id=cast.alice.id, peer_id=other.id, answer=VouchAnswer.YES),
            Vouch(candidate_id=other.id, peer_id=cast.alice.id, answer=VouchAnswer.YES),
        ])  # fmt: skip

    answer(0)
    few = count()
    for number in range(1, 4):
        answer(number)
    assert count() == few


def test_nothing_of_another_person_is_in_it(client_as, cast, alice):
    text = archive(client_as(cast.emile)).read("mes-donnees.json").decode()
    for other in ("Alice", "Bruno", "Nouveau document", "Trop de messages", "+3363998", "signup."):
        assert other not in text


def test_every_column_about_a_person_is_told(client_as, alice):
    """A new column of `User` has to be added to the copy, or here with the reason why not."""
    links = {"council_id", "photo_id", "decided_by_id"}  # told by name, or not at all
    coded = {"role", "college", "status", "signs_contributions", "follows_own_topics"}  # told in French
    columns = set(User.__table__.columns.keys()) - {"password_hash", "closing_at", "closed_at"} - links - coded
    browser, start = client_as(alice), utcnow().replace(microsecond=0)
    for number, name in enumerate(sorted(columns - {"id", "email", "last_seen_at"})):
        is_instant = isinstance(User.__table__.columns[name].type, UTCDateTime)
        setattr(alice, name, start - timedelta(days=number) if is_instant else f"colonne {number}")
    db.session.commit()
    told = archive(browser).read("mes-donnees.json").decode()
    db.session.expire_all()
    for name in columns:
        value = getattr(alice, name)
        assert (iso(value) if isinstance(value, datetime) else str(value)) in told, name


def test_a_pending_person_gets_a_copy_too(client_as, cast):
    told = json.loads(archive(client_as(cast.dora)).read("mes-donnees.json"))
    assert told["Mon inscription"][0]["Mot pour les autres membres"] == "J’habite rue des Lilas."


def test_a_file_that_is_gone_from_the_disk_spoils_nothing(client_as, alice):
    storage.delete(alice.photo.digest)
    assert set(archive(client_as(alice)).namelist()) == {"mes-donnees.html", "mes-donnees.json"}


def test_too_many_copies_have_to_wait(client_as, cast):
    browser = client_as(cast.alice)
    for _ in range(limits.EXPORT_ACCOUNT.most):
        assert submit(browser, ADDRESS).status_code == 200
    page = submit(browser, ADDRESS)
    assert page.status_code == 429 and "trop d’essais" in page.text and page.headers["Retry-After"]


def test_the_copy_needs_the_token_of_its_page(client_as, cast):
    assert client_as(cast.alice).post(ADDRESS).status_code == 422
    assert db.session.scalar(select(Activity.id)) is None


def test_what_a_person_has_shared_is_told_whole_with_its_files(client_as, cast, queries):
    def share(number):
        row = make_publication(Document, cast.alice, title=f"Le square {number}", description="Des bancs.")
        action = make_publication(Action, cast.alice, need="Un lieu où se voir", starts_on=date(2026, 3, 1))
        event = make_publication(Event, cast.alice, published_at=None, place="Salle des fêtes", deleted_at=utcnow())
        for one in (row, action, event):
            sent = attachments.receive(io.BytesIO(PDF + b"%%EOF" * number), f"plan {number}.pdf")
            attachments.add(one, sent, cast.alice)
        db.session.add(Revision(publication_id=row.id, number=1, content={"title": "Avant"}, author_id=cast.alice.id))
        db.session.commit()
        queries.clear()
        b"".join(exporting.archive(db.session.get(User, cast.alice.id)))
        return len(queries)

    few = share(1)
    assert share(2) == few
    copy = archive(client_as(cast.alice))
    told = json.loads(copy.read("mes-donnees.json"))
    document, action, event, *_ = told["Ce que j’ai partagé"]
    assert (document["Titre"], document["Description"]) == ("Le square 1", "Des bancs.")
    assert (action["Besoin et origine"], action["Début"]) == ("Un lieu où se voir", "2026-03-01")
    assert event["Lieu"] == "Salle des fêtes" and event["À la corbeille depuis le"] and event["Publié le"] is None
    assert json.loads(told["Versions que j’ai enregistrées"][0]["Texte"]) == {"title": "Avant"}
    listed = [row["Fichier"] for row in told["Les fichiers joints à ce que j’ai partagé"]]
    assert len(listed) == 6 and copy.read(listed[0]) == PDF + b"%%EOF"
    assert "Le square" not in archive(client_as(cast.bruno)).read("mes-donnees.json").decode()


def test_what_a_former_author_had_not_shown_is_not_in_the_copy_of_the_next_one(client_as, cast):
    row = make_publication(Document, cast.bruno)
    for is_shown in (True, False):
        sent = attachments.receive(io.BytesIO(PDF), f"{is_shown}.pdf")
        attachments.add(row, sent, cast.bruno, is_shown=is_shown)
    row.author_id = cast.alice.id
    db.session.commit()
    assert [file.name for file in exporting._originals(cast.alice)] == ["True.pdf"]


def test_the_pages_that_somebody_opened_of_late_are_told(cast, alice, client_as):
    note = make_publication(Document, cast.bruno, title="Une note")
    db.session.add(Reading(user_id=alice.id, publication_id=note.id))
    db.session.commit()
    said = dict((part.title, part.rows(alice)) for part in exporting.PARTS)
    assert [row["Page"] for row in said["Pages récentes que j’ai ouvertes"]] == [f"publication {note.id}"]


def talk(cast, number, group):
    """Have Alice begin a topic in a group and answer Bruno there, with a file each; read, follow, ask and leave."""
    category = category_of(group)
    words = posting.rendered("Qui en a ?")
    topic = posting.open_topic(
        category, cast.alice, key=f"{number:032}", title=f"Un local {number} ?", words=words
    ).topic
    make_message(cast.bruno, topic, "Nous en avons un.")
    message = write(cast.alice, topic, PDF + b"%%EOF" * number)
    message.text = "Merci Bruno !"
    attach(attachments.Envelope(f"{number + 50:032}", cast.council.id), cast.alice, PDF, f"attente {number}.pdf")
    request = GroupRequest(key=f"{number:032}", author_id=cast.alice.id, name="Le fleuve", purpose="Agir ensemble")
    request.territory, request.councils = cast.country.ain, [cast.council]
    db.session.add_all([
        request, Departure(group_id=group.id, council_id=cast.council.id, user_id=cast.alice.id, reason="Trop loin"),
        CategoryCursor(user_id=cast.alice.id, category_id=category.id, is_followed=False),
    ])  # fmt: skip
    db.session.commit()
    return topic


def test_what_a_person_has_said_and_follows_is_told_with_its_files(client_as, cast, queries):
    def count(number):
        talk(cast, number, make_group(f"Les quartiers {number}", cast.council))
        queries.clear()
        b"".join(exporting.archive(db.session.get(User, cast.alice.id)))
        return len(queries)

    few = count(1)
    assert count(2) == few
    copy = archive(client_as(cast.alice))
    told = json.loads(copy.read("mes-donnees.json"))
    assert [row["Titre"] for row in told["Les sujets que j’ai ouverts"]] == ["Un local 1 ?", "Un local 2 ?"]
    first, second, *_ = told["Mes messages dans les discussions"]
    assert (first["Sujet"], first["Message n°"], first["Texte"]) == ("Un local 1 ?", 1, "Qui en a ?")
    assert (second["Message n°"], second["Texte"], second["Retiré le"]) == (3, "Merci Bruno !", None)
    joined, waiting, *_ = told["Les fichiers joints à mes messages"]
    assert copy.read(joined["Fichier"]) == PDF + b"%%EOF" and joined["Joint à"].startswith("message 3 du sujet ")
    assert waiting["Fichier"] in copy.namelist() and waiting["Joint à"] == ""
    assert told["Les sujets que j’ai lus ou que je suis"][0]["Sujet"] == "Un local 1 ?"
    rubric = told["Les rubriques que j’ai marquées comme lues ou que je suis"][0]
    assert (rubric["Rubrique"], rubric["Suivie"]) == ("Les quartiers 1", False)
    (request, _), (left, _) = (
        told["Mes demandes de groupe de travail"],
        told["Les groupes que mon conseil a quittés par moi"],
    )
    assert (request["Pour quoi"], request["Territoire"], left["Groupe"]) == ("Agir ensemble", "Ain", "Les quartiers 1")
    assert "Nous en avons un" not in json.dumps(told, ensure_ascii=False)


def test_what_became_of_a_group_that_one_has_left_is_not_told(client_as, cast):
    group = make_group("Les quartiers", cast.council, cast.country.reyssouze)
    topic = talk(cast, 1, group)
    group.councils, group.name = [cast.country.reyssouze], "Un autre nom"
    db.session.commit()
    told = json.loads(archive(client_as(cast.alice)).read("mes-donnees.json"))
    left = told["Les groupes que mon conseil a quittés par moi"]
    assert left[0]["Groupe"] == f"groupe {group.id}" and "Un autre nom" not in str(told)
    assert {row["Sujet"] for row in told["Mes messages dans les discussions"]} == {f"sujet {topic.id}"}
    assert "Un local" not in str(told["Les sujets que j’ai lus ou que je suis"])
    assert told["Mes messages dans les discussions"][0]["Texte"] == "Qui en a ?"


def test_what_a_person_has_written_for_the_site_is_told_with_its_files(client_as, cast):
    article = make_article("Une rencontre", author_id=cast.referent.id, published_at=None, body="Venez nombreux.")
    attach(article, cast.referent)
    revisions.keep(article, {"title": "Une rencontre"}, cast.referent)
    db.session.commit()
    copy = archive(client_as(cast.referent))
    told = json.loads(copy.read("mes-donnees.json"))
    assert told["Les articles que j’ai écrits pour le site"][0]["Texte"] == "Venez nombreux."
    joined = told["Les fichiers joints à ces articles"][0]
    assert joined["Joint à"] == "Une rencontre" and joined["Fichier"] in copy.namelist()
    assert told["Versions que j’ai enregistrées"][0]["Sur"] == f"article {article.id}"


def test_the_actions_that_a_person_has_sent_to_a_call_are_told(client_as, cast):
    call, action = make_article("Un appel", kind="call"), make_publication(Action, cast.alice)
    db.session.add(Contribution(article_id=call.id, publication_id=action.id, sent_by_id=cast.alice.id))
    db.session.commit()
    told = json.loads(archive(client_as(cast.alice)).read("mes-donnees.json"))
    assert told["Les fiches-actions que j’ai envoyées à des appels"][0]["Appel"] == "Un appel"
