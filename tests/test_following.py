"""Following a document that several write: who does, and what they are told of a burst of changes."""

from datetime import date, timedelta

import pytest
import time_machine
from sqlalchemy import inspect, select

from app.access import viewer_of
from app.blueprints.publications import following as pages
from app.blueprints.publications import items
from app.extensions import begin_write, db
from app.jobs.dispatching import dispatch
from app.jobs.purging import purge
from app.jobs.sending import send_mails
from app.labels import Channel, SideReason, UserStatus, Visibility
from app.models import Activity, Delivery, Document, Follow, Presence, SideVersion
from app.models.types import utcnow
from app.notifications import bursts, mail, outbox, passages
from app.notifications.message import stop_address
from app.services import closing, cowriting, exporting, following, publishing
from app.services.cowriting import Sent
from tests.browse import forms, send, submit
from tests.factories import make_group, make_publication
from tests.test_reminders import on

START = on("12:00", date(2026, 12, 1))
TEXT = "# Membres\n\nNous sommes douze.\n\n# Budget\n\nNous avons cent euros par an. Ils sont à la mairie.\n"


@pytest.fixture(autouse=True)
def noon():
    with time_machine.travel(START, tick=False):
        yield


def make_charter(author, text=TEXT, **columns):
    """Add a document that several write, with its first version; its author follows it."""
    known = {"title": "La charte", "is_collaborative": True, "published_at": None, "description": text}
    item = make_publication(Document, author, **known | columns)
    publishing.publish(item)
    for activity in db.session.scalars(select(Activity)):
        activity.dispatched_at = utcnow()  # that it is new was told
    db.session.commit()
    return item


@pytest.fixture
def charter(cast):
    return make_charter(cast.alice)


def write(item, author, old, new, after=0):
    """Change some words of a text, some minutes after the beginning of the test."""
    item, author = (db.session.get(type(row), inspect(row).identity[0]) for row in (item, author))  # sending drops all
    with time_machine.travel(START + timedelta(minutes=after), tick=False):
        text = item.description.replace(old, new)
        assert text != item.description
        cowriting.write(item, text, cowriting.rendered(item, text), author)
        db.session.commit()


def told_at(minutes):
    """Return the messages that are there when the alerts are prepared, some minutes after the beginning."""
    with time_machine.travel(START + timedelta(minutes=minutes), tick=False):
        dispatch()
    db.session.expire_all()
    return db.session.scalars(select(Delivery).where(Delivery.kind == "following").order_by(Delivery.id)).all()


def text(delivery):
    return "\n".join(delivery.content["paragraphs"]).replace("\xa0", " ")


def told(deliveries):
    return [delivery.recipient.split("@")[0] for delivery in deliveries]


def sent_at(minutes):
    with time_machine.travel(START + timedelta(minutes=minutes), tick=False):
        send_mails()
    db.session.expire_all()
    return [one.error or one.state for one in db.session.scalars(select(Delivery).order_by(Delivery.id))]


def page_of(item):
    return f"/documents/{item.id}-{item.slug}"


def follows(item, *people):
    for person in people:
        following.set(item, person, True)
    db.session.commit()


# Who follows ------------------------------------------------------------------------------------------------------


def test_a_member_follows_a_document_and_stops(cast, bruno, charter):
    answer = submit(bruno, page_of(charter), "Suivre ce document")
    assert answer.location == page_of(charter) and "vous recevrez un courriel" in bruno.get(answer.location).text
    assert db.session.get(Follow, (cast.bruno.id, charter.id)).is_on
    submit(bruno, page_of(charter), "Ne plus suivre")
    assert not db.session.get(Follow, (cast.bruno.id, charter.id), populate_existing=True).is_on
    assert "Suivre ce document" in bruno.get(page_of(charter)).text


def test_following_twice_is_the_same(cast, bruno, charter):
    page = bruno.get(page_of(charter))
    for _ in range(2):
        assert send(bruno, page, "Suivre ce document").status_code == 302
    assert following.is_followed(charter, viewer_of(cast.bruno))


def test_only_documents_that_several_write_are_followed(cast, bruno, client):
    note = make_publication(Document, cast.alice, level=Visibility.PUBLIC)
    shared = make_charter(cast.alice, level=Visibility.PUBLIC)
    assert "Suivre" not in bruno.get(page_of(note)).text
    token = {"csrf_token": token_of(bruno, page_of(shared)), "act": "suivre"}
    assert bruno.post(f"{page_of(note)}/suivi", data=token).status_code == 403
    assert "Suivre" not in client.get(page_of(shared)).text


def token_of(client, address):
    return forms(client.get(address).text)[0].fields["csrf_token"]


def test_a_button_that_is_not_ours_is_refused(cast, bruno, charter):
    token = token_of(bruno, page_of(charter))
    assert bruno.post(f"{page_of(charter)}/suivi", data={"csrf_token": token, "act": "x"}).status_code == 400
    assert bruno.post(f"{page_of(charter)}/suivi", data={"act": "suivre"}).status_code == 422
    assert db.session.get(Follow, (cast.bruno.id, charter.id)) is None


def test_its_author_follows_it_from_its_publication_on(cast, alice):
    charter = make_charter(cast.alice)
    assert following.is_followed(charter, viewer_of(cast.alice))
    assert "Ne plus suivre" in alice.get(page_of(charter)).text


def test_the_author_who_turns_a_document_into_one_that_several_write_follows_it(cast, alice):
    submit(alice, "/mon-conseil/documents/nouveau", "Publier", title="La charte", description="Bonjour.")
    note = db.session.scalar(select(Document))
    assert not following.is_followed(note, viewer_of(cast.alice))
    answer = submit(alice, f"{page_of(note)}/modifier", "Enregistrer", is_collaborative="together")
    assert answer.status_code == 302
    assert following.is_followed(note, viewer_of(cast.alice))


def test_whoever_writes_follows_but_not_who_stopped(cast, charter):
    write(charter, cast.bruno, "douze", "treize")
    assert following.is_followed(charter, viewer_of(cast.bruno))
    following.set(charter, cast.bruno, False)
    write(charter, cast.bruno, "treize", "quatorze")
    assert not following.is_followed(charter, viewer_of(cast.bruno))


def test_the_profile_lists_what_one_follows_with_a_button_to_stop(cast, bruno, charter):
    secret = make_charter(cast.alice, title="Un secret")
    follows(charter, cast.bruno)
    follows(secret, cast.bruno)
    secret.deleted_at = utcnow()
    db.session.commit()
    assert "Voir tout ce que vous suivez (1)" in bruno.get("/mon-profil").text
    page = bruno.get("/mon-profil/suivis").text
    assert "La charte" in page and "Un secret" not in page
    answer = submit(bruno, "/mon-profil/suivis", "Ne plus suivre")
    assert answer.location == "/mon-profil/suivis#suivis"
    assert "Vous ne suivez rien pour l’instant" in bruno.get("/mon-profil/suivis").text
    assert "Voir tout ce que vous suivez" not in bruno.get("/mon-profil").text


def test_the_profile_shows_a_bounded_number(cast, bruno, monkeypatch):
    monkeypatch.setattr(following, "SHOWN", 2)
    for number in range(5):
        follows(make_charter(cast.alice, title=f"Texte {number}"), cast.bruno)
    page = bruno.get("/mon-profil/suivis").text
    assert "Texte 1" in page and "Texte 2" not in page and "et 3 autres" in page


def test_who_may_not_read_it_at_the_last_instant_does_not_follow(cast, client_as, monkeypatch):
    shared, chloe = make_charter(cast.alice, level=Visibility.PUBLIC), client_as(cast.chloe)
    page = chloe.get(page_of(shared))

    def begin():
        shared.level = Visibility.COUNCIL
        db.session.commit()
        begin_write()

    monkeypatch.setattr(pages, "begin_write", begin)
    assert send(chloe, page, "Suivre ce document").status_code == 403
    assert db.session.get(Follow, (cast.chloe.id, shared.id)) is None


# A burst ----------------------------------------------------------------------------------------------------------


def test_a_burst_is_told_once_half_an_hour_after_its_last_change(cast, charter):
    write(charter, cast.bruno, "douze", "treize")
    write(charter, cast.bruno, "cent", "deux cents", after=20)
    write(charter, cast.bruno, "à la mairie", "à la banque", after=40)
    assert told_at(69) == []
    (mail,) = told_at(70)
    assert told([mail]) == ["alice"] and mail.subject == "Document changé : La charte"
    said = text(mail)
    assert "Bruno Petit a changé le document « La charte » :" in said
    assert "Dans « Membres » :\n– changé : Nous sommes [retiré : douze] [ajouté : treize]." in said
    assert "[retiré : cent] [ajouté : deux cents] euros par an" in said
    assert "[retiré : mairie] [ajouté : banque]" in said
    assert len(told_at(200)) == 1 and db.session.scalars(select(Activity).filter_by(verb=bursts.WRITTEN)).one()


def test_a_burst_that_never_calms_down_is_told_a_day_after_its_first_change(cast, charter):
    day = 24 * 60
    for number, minutes in enumerate(range(0, day, 20)):
        write(charter, cast.bruno, "# Budget\n", f"# Budget\n\nLigne {number}.\n", after=minutes)
    assert told_at(day - 1) == []
    (first,) = told_at(day)
    write(charter, cast.bruno, "# Budget\n", "# Budget\n\nLigne de fin.\n", after=day)
    assert len(told_at(day + 29)) == 1
    second = told_at(day + 30)[1]
    assert "Ligne de fin" in text(second) and "Ligne 0" not in text(second)


def test_a_save_while_a_burst_is_being_told_begins_another_one(cast, charter):
    write(charter, cast.bruno, "douze", "treize")
    with time_machine.travel(START + timedelta(minutes=30), tick=False):
        activity = db.session.scalar(select(Activity).filter_by(verb=bursts.WRITTEN))
        activity.next_attempt_at = utcnow() + timedelta(minutes=5)  # somebody has claimed it
        db.session.commit()
    write(charter, cast.bruno, "cent", "mille", after=31)
    mails = [text(one) for one in told_at(100)]
    assert len(mails) == 2
    assert "treize" in mails[0] and "mille" not in mails[0]
    assert "mille" in mails[1] and "treize" not in mails[1]


def test_a_save_at_the_instant_a_burst_is_due_begins_another_one(cast, charter):
    write(charter, cast.bruno, "douze", "treize")
    write(charter, cast.bruno, "cent", "mille", after=30)
    assert len(told_at(31)) == 1
    assert len(told_at(60)) == 2


def test_what_was_written_and_taken_back_is_told_to_nobody(cast, charter):
    write(charter, cast.bruno, "douze", "treize")
    write(charter, cast.bruno, "treize", "douze", after=10)
    assert told_at(60) == []
    assert db.session.scalar(select(Activity.dispatched_at).filter_by(verb=bursts.WRITTEN))


def test_a_blank_more_or_less_is_told_to_nobody(cast, charter):
    write(charter, cast.bruno, "sommes douze", "sommes  douze")
    assert told_at(60) == []


def test_each_of_two_who_wrote_is_told_unless_they_have_read_it_since(cast, bruno, charter):
    write(charter, cast.alice, "douze", "treize")
    write(charter, cast.bruno, "cent", "mille", after=5)
    with time_machine.travel(START + timedelta(minutes=5), tick=False):
        bruno.get(page_of(charter))
    (mail,) = told_at(60)
    assert told([mail]) == ["alice"] and "Alice Martin et Bruno Petit ont changé" in text(mail)


def test_an_author_who_has_read_the_page_since_is_not_told(cast, alice, charter):
    write(charter, cast.bruno, "douze", "treize")
    with time_machine.travel(START + timedelta(minutes=1), tick=False):
        alice.get(page_of(charter))
    assert told_at(60) == []


def test_who_read_it_before_the_last_change_is_told(cast, alice, charter):
    write(charter, cast.bruno, "douze", "treize")
    with time_machine.travel(START + timedelta(minutes=1), tick=False):
        alice.get(page_of(charter))
    write(charter, cast.bruno, "cent", "mille", after=2)
    assert told(told_at(60)) == ["alice"]


def test_what_is_saved_while_a_page_is_made_is_told(cast, bruno, charter, monkeypatch):
    follows(charter, cast.bruno)
    note, number = items.note, charter.id

    def note_later(*args):
        write(db.session.get(Document, number), cast.alice, "douze", "treize", after=1)
        with time_machine.travel(START + timedelta(minutes=2), tick=False):
            note(*args)

    monkeypatch.setattr(items, "note", note_later)
    bruno.get(page_of(charter))
    assert told(told_at(60)) == ["bruno"]


def test_nobody_is_told_who_may_not_read_it_paused_stopped_or_is_gone(cast, charter):
    charter.level = Visibility.PUBLIC
    follows(charter, cast.chloe, cast.emile, cast.referent, cast.animator, cast.away)
    write(charter, cast.alice, "douze", "treize")
    cast.emile.alerts_paused_at = utcnow()
    cast.away.status = UserStatus.SUSPENDED
    outbox.stop(Channel.MAIL, cast.referent.email, "following")
    following.set(charter, cast.animator, False)
    db.session.commit()
    assert told(told_at(60)) == ["chloe"]


def test_narrowed_before_it_is_told_it_is_told_to_fewer(cast, charter):
    charter.level = Visibility.PUBLIC
    follows(charter, cast.chloe, cast.bruno)
    write(charter, cast.alice, "douze", "treize")
    charter.level = Visibility.COUNCIL
    db.session.commit()
    assert told(told_at(60)) == ["bruno"]


@pytest.mark.parametrize("column", ["deleted_at", "hidden_at", "withdrawn_at"])
def test_of_what_was_taken_away_nobody_is_told(cast, charter, column):
    write(charter, cast.bruno, "douze", "treize")
    setattr(charter, column, utcnow())
    db.session.commit()
    assert told_at(60) == []


def test_the_comparison_is_for_those_who_see_versions(cast, charter):
    group = make_group("Les voisins", cast.alice.council, cast.chloe.council)
    charter.level, charter.groups, charter.groups_write = Visibility.MEMBERS, [group], False
    follows(charter, cast.bruno, cast.emile)
    write(charter, cast.alice, "douze", "treize")
    write(charter, cast.alice, "cent", "mille", after=1)
    of_bruno, of_emile = told_at(60)
    assert of_bruno.content["link"][1].endswith(page_of(charter))
    assert of_bruno.content["also"][0][1].endswith(f"{page_of(charter)}/versions/comparer?de=1&a=3")
    assert "also" not in of_emile.content


@pytest.fixture
def of_emile(cast, charter):
    """Return the words of the mails to Émile, who reads a document and does not see its versions."""
    charter.level = Visibility.MEMBERS
    follows(charter, cast.emile)
    return lambda minutes: [text(one) for one in told_at(minutes) if told([one]) == ["emile"]]


def test_who_does_not_see_versions_is_told_what_stands_there_now_and_nothing_of_what_went(cast, charter, of_emile):
    long = "Un deux trois quatre. " * 40
    write(charter, cast.alice, "Nous sommes douze.", f"Nous sommes douze.\n\nLe code est 4711.\n\n{long}cent. {long}")
    of_emile(40)
    write(charter, cast.alice, "Le code est 4711.\n\n", "", after=100)
    write(charter, cast.alice, "sommes douze", "sommes treize", after=100)
    write(charter, cast.alice, "cent. ", "mille. ", after=100)
    write(charter, cast.alice, "# Budget", "# Ce que nous payons\n\nNous comptons.\n\n# Budget", after=100)
    write(charter, cast.alice, "# Budget", "# Nos sous", after=101)
    *_, mail = of_emile(140)
    assert "Dans « Membres » :\n– changé : Nous sommes treize." in mail
    assert "mille. Un deux" in mail and len(mail) < 900
    assert "Dans « Ce que nous payons » :\n– nouvelle partie : Nous comptons." in mail and "Nos sous" in mail
    assert not any(word in mail for word in ("4711", "douze", "cent.", "[", "Budget"))


def test_who_does_not_see_versions_is_told_that_something_went_when_nothing_came(cast, charter, of_emile):
    write(charter, cast.alice, "Nous sommes douze.\n\n", "")
    write(charter, cast.alice, " Ils sont à la mairie.", "", after=1)
    (mail,) = of_emile(60)
    assert mail.endswith(":\nDes passages ont été retirés.") and "mairie" not in mail and "Budget" not in mail


def test_what_was_saved_while_one_could_not_read_it_is_not_told_when_it_is_gone(cast, charter, of_emile):
    charter.level = Visibility.COUNCIL
    db.session.commit()
    write(charter, cast.alice, "douze.", "douze.\n\nLe code est 4711.\n\n# Secret\n\nIl reste.")
    activity = db.session.scalar(select(Activity).filter_by(verb=bursts.WRITTEN))
    activity.next_attempt_at = utcnow() + timedelta(minutes=35)  # somebody has claimed it: what follows is apart
    db.session.commit()
    write(charter, cast.alice, "Le code est 4711.\n\n# Secret", "# Affaires", after=31)
    db.session.get(Document, charter.id).level = Visibility.MEMBERS
    db.session.commit()
    first, second = of_emile(100)
    assert "Dans « Affaires » :\n– ajouté : Il reste." in first
    assert not any(word in first + second for word in ("4711", "Secret"))


def test_an_addition_that_is_gone_again_is_not_told_to_who_does_not_see_versions(cast, charter, of_emile):
    write(charter, cast.alice, "douze.", "douze.\n\nLe code est 4711.")
    activity = db.session.scalar(select(Activity).filter_by(verb=bursts.WRITTEN))
    activity.next_attempt_at = utcnow() + timedelta(minutes=35)
    db.session.commit()
    write(charter, cast.alice, "\n\nLe code est 4711.", "", after=31)
    (mail,) = of_emile(100)
    assert mail.endswith("Des passages ont été retirés.")


def test_the_comparison_of_the_mail_opens(cast, client_as, charter):
    follows(charter, cast.bruno)
    write(charter, cast.alice, "douze", "treize")
    address = told_at(60)[0].content["also"][0][1]
    page = client_as(cast.bruno).get("/" + address.split("/", 3)[3])
    assert page.status_code == 200 and "treize" in page.text


# The differences in words -----------------------------------------------------------------------------------------


def said(before, after):
    return "\n".join(passages.said(passages.changes(before, after))).replace("\xa0", " ")


def test_what_was_added_and_removed_stands_under_the_heading_of_its_part():
    after = TEXT.replace("Nous sommes douze.\n\n", "").replace("mairie.\n", "mairie.\n\nNous dépensons peu.\n")
    assert said(TEXT, after) == (
        "Dans « Membres » :\n– retiré : Nous sommes douze.\nDans « Budget » :\n– ajouté : Nous dépensons peu."
    )


def test_a_new_part_is_told_under_its_own_heading():
    assert said(TEXT, TEXT + "\n## **Vie** commune\n\n- On mange\n- On chante\n\n# Fin\n") == (
        "Dans « Vie commune » :\n– nouvelle partie : On mange / On chante\nDans « Fin » :\n– nouveau titre"
    )


def test_what_stands_before_the_first_heading_is_at_the_beginning():
    assert said(TEXT, "Bonjour.\n\n" + TEXT) == "Au début du texte :\n– ajouté : Bonjour."
    assert said("", "Bonjour.") == "Au début du texte :\n– ajouté : Bonjour."


def test_a_part_that_was_taken_out_is_told_by_its_own_heading():
    assert said(TEXT, TEXT.split("# Budget")[0]).startswith("Dans « Budget » :\n– partie retirée : Nous avons cent")


def test_long_texts_and_many_changes_are_cut():
    after = "\n\n".join(f"# Partie {number}\n\n{'mot ' * 200}" for number in range(13))
    before = "\n\n".join(f"# Partie {number}\n\nfin" for number in range(13))
    told = said(before, after)
    assert told.count("– ajouté") == 10 and told.endswith("… et 3 autres changements.")
    assert max(map(len, told.split("\n"))) < 320


def test_one_word_in_a_long_paragraph_is_told_with_what_stands_around_it():
    long = "Un deux trois quatre. " * 40
    told = said(long + "Il y a cent euros. " + long, long + "Il y a mille euros. " + long)
    assert "Il y a [retiré : cent] [ajouté : mille] euros." in told and len(told) < 250


def test_a_line_that_changed_and_its_new_neighbour_are_told_apart():
    before = TEXT + "\n- Café : 40 €\n- Thé : 20 €\n"
    after = TEXT + "\n- Café : 45 €\n- **Gâteaux** : 20 €\n- Thé : 20 €\n"
    assert said(before, after) == (
        "Dans « Budget » :\n– changé : Café : [retiré : 40] [ajouté : 45] €\n– ajouté : Gâteaux : 20 €"
    )
    first = TEXT + "\n- Boissons et gâteaux pour tous\n- Café : 45 €\n- Thé : 20 €\n"
    assert said(before, first) == (
        "Dans « Budget » :\n– ajouté : Boissons et gâteaux pour tous\n– changé : Café : [retiré : 40] [ajouté : 45] €"
    )


def test_a_heading_that_changed_is_told_under_its_new_name():
    assert said(TEXT, TEXT.replace("# Budget", "# Notre budget")) == (
        "Dans « Notre budget » :\n– nouveau titre, au lieu de « Budget »"
    )
    assert said(TEXT, TEXT.replace("# Budget", "### Budget")) == ""


def test_signs_of_markdown_stay_out_of_the_words():
    table = (
        "| Poste | **Somme** |\n|---|--:|\n| Café | 40 \\| 45 € |\n\n---\n\n![Le plan](/i.png) de [la salle](/x) *rose*"
    )
    assert said(TEXT, TEXT + "\n" + table) == (
        "Dans « Budget » :\n– ajouté : Poste ; Somme / Café ; 40 | 45 € / Le plan de la salle rose"
    )
    assert said(TEXT + "\nUne salle.", TEXT + "\nUne **grande** salle.").endswith("Une [ajouté : grande] salle.")
    assert said(TEXT + "\nUne salle.", TEXT + "\nUne *salle*.\n\n---") == ""


def test_another_address_of_a_link_is_told():
    before, after = (f"{TEXT}\nVoir [le site]({address})." for address in ("https://a.fr", "https://b.fr"))
    assert said(before, after) == "Dans « Budget » :\n– lien changé : Voir le site."


def test_a_paragraph_that_was_written_anew_is_told_whole_twice():
    after = TEXT.replace("Nous sommes douze.", "Tout le monde peut venir, les élus aussi.")
    assert said(TEXT, after) == (
        "Dans « Membres » :\n– retiré : Nous sommes douze.\n– ajouté : Tout le monde peut venir, les élus aussi."
    )


def test_many_writers_are_counted(cast):
    ids = [cast.alice.id, cast.bruno.id, cast.chloe.id]
    assert bursts._who(ids) == "Alice Martin, Bruno Petit et Chloé Bernard ont changé"
    assert bursts._who([*ids, cast.emile.id]) == "Alice Martin, Bruno Petit et 2 autres personnes ont changé"


def test_strange_signs_in_a_text_come_through_the_mail(cast, charter):
    write(charter, cast.bruno, "douze", "<b>treize</b> & 😀 \u202e[retiré : x]")
    message = mail.make(told_at(60)[0])
    assert "<b>treize" in message.body and "&lt;b&gt;treize" in message.html


# Before it leaves -------------------------------------------------------------------------------------------------


def waiting(cast, charter):
    write(charter, cast.bruno, "douze", "treize")
    return told_at(30)[0]


def test_a_mail_leaves(cast, charter):
    waiting(cast, charter)
    assert sent_at(31) == ["sent"]


def test_whoever_reads_the_page_meanwhile_gets_no_mail(cast, alice, charter):
    waiting(cast, charter)
    with time_machine.travel(START + timedelta(minutes=31), tick=False):
        alice.get(page_of(charter))
    assert sent_at(32) == ["Non envoyé : cette personne l’a lu entre-temps sur le site."]


def test_whoever_stops_meanwhile_gets_no_mail(cast, alice, charter):
    waiting(cast, charter)
    following.set(charter, cast.alice, False)
    db.session.commit()
    assert "n’est plus concernée" in sent_at(32)[0]


@pytest.mark.parametrize("change", ["pause", "hidden", "bin", "moved"])
def test_whoever_may_not_be_told_any_more_gets_no_mail(cast, charter, change):
    waiting(cast, charter)
    if change == "pause":
        cast.alice.alerts_paused_at = utcnow()
    elif change == "hidden":
        charter.hidden_at = utcnow()
    elif change == "bin":
        charter.deleted_at = utcnow()
    else:
        cast.alice.council_id = cast.emile.council_id
    db.session.commit()
    assert sent_at(32)[0].startswith("Non envoyé")


def test_one_click_in_the_mail_stops_these_messages_and_the_profile_undoes_it(cast, client, alice, charter):
    address = "/" + stop_address(waiting(cast, charter)).split("/", 3)[3]
    assert "les changements des documents que vous suivez" in client.get(address).text
    client.post(address, data={"List-Unsubscribe": "One-Click"})
    assert "ne veut plus" in sent_at(32)[0]
    write(charter, cast.bruno, "cent", "mille", after=40)
    assert len(told_at(90)) == 1
    submit(alice, "/mon-profil", "Les recevoir de nouveau")
    write(charter, cast.bruno, "mille", "dix", after=100)
    assert len(told_at(150)) == 2


# Data -------------------------------------------------------------------------------------------------------------


def put_aside(item, author, text="Mon texte", reason=SideReason.CONFLICT):
    side = cowriting.put_aside(item, Sent(text, 1, None, "", text), author, reason)
    cowriting.arrive(item.id, author.id, "Budget")
    db.session.commit()
    return side


def chapters(user):
    return {part.title: part.rows(user) for part in exporting.PARTS}


def test_the_copy_of_ones_data_tells_all_of_it(cast, charter):
    put_aside(charter, cast.bruno)
    write(charter, cast.bruno, "douze", "treize")
    write(charter, cast.bruno, "treize", "quatorze")
    put_aside(charter, cast.bruno, "Un autre")
    found = chapters(cast.bruno)
    assert [row["Suivi"] for row in found["Les documents que je suis"]] == [True]
    assert [row["Texte"] for row in found["Mes textes en attente"]] == ["Mon texte", "Un autre"]
    assert [row["Partie"] for row in found["Les documents que j’étais en train d’écrire"]] == ["Budget"]
    former, last = found["Versions que j’ai enregistrées"]
    assert "quatorze" in last["Texte"] and "dernière version" in former["Texte"] and former["Mots ajoutés"] == 1


@pytest.mark.parametrize("stays", [True, False])
def test_a_closed_account_follows_nothing_and_what_it_put_aside_stays_if_the_rest_does(cast, charter, stays):
    put_aside(charter, cast.bruno)
    put_aside(charter, cast.bruno, "Un essai", SideReason.PREVIEW)
    write(charter, cast.bruno, "douze", "treize")
    cowriting.arrive(charter.id, cast.bruno.id, "")
    closing.close(cast.bruno, at_once=True, signs=stays)
    db.session.commit()
    assert db.session.scalars(select(Presence)).all() == []
    assert db.session.scalars(select(Follow.user_id)).all() == [cast.alice.id]
    left = db.session.scalars(select(SideVersion)).all()
    assert [(one.text, one.author_id) for one in left] == ([("Mon texte", None)] if stays else [])


def test_a_suspended_account_is_not_writing_any_more(cast, charter):
    put_aside(charter, cast.bruno)
    closing.shut(cast.bruno, UserStatus.SUSPENDED)
    assert db.session.scalars(select(Presence)).all() == []


def test_old_presences_and_texts_that_were_settled_are_forgotten(cast, charter):
    side, other = put_aside(charter, cast.bruno), put_aside(charter, cast.bruno, "Un autre")
    cowriting.close(side, cast.alice)
    db.session.commit()
    with time_machine.travel(START + timedelta(days=31), tick=False):
        purge()
    assert db.session.scalars(select(Presence)).all() == []
    assert db.session.scalars(select(SideVersion)).all() == [other]
