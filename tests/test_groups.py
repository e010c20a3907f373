"""Working groups as their councils find them: what is shared there, who reads it, and how a council leaves."""

import io
import json
import re
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from app.access import viewer_of
from app.extensions import db
from app.jobs.dispatching import dispatch
from app.jobs.purging import purge
from app.labels import AlertTopic, Rhythm, Visibility
from app.models import (
    Action,
    AlertChoice,
    AuditEntry,
    Delivery,
    Departure,
    Document,
    Event,
    GroupRequest,
    group_councils,
)
from app.models.types import utcnow
from app.notifications import outbox
from app.services import attachments, calendars, choosing, groups, publishing
from tests.browse import forms, send, submit
from tests.factories import make_council, make_group, make_publication, make_topic, make_user, place_of
from tests.samples import PDF

OUTSIDE = ("emile", "referent", "away", "animator", "dora")


@pytest.fixture
def group(cast):
    made = make_group("Les quartiers de l’Ain", cast.council, cast.country.reyssouze)
    db.session.commit()
    return made


def share(model, author, group, title, **columns):
    row = make_publication(model, author, title=title, level=Visibility.GROUPS, groups=[group], **columns)
    db.session.commit()
    return row


def mails(**columns):
    return db.session.scalars(select(Delivery).filter_by(**columns).order_by(Delivery.id)).all()


def is_in(group, council):
    link = group_councils.c
    return db.session.scalar(select(link.group_id).where(link.group_id == group.id, link.council_id == council.id))


# Who reads it ------------------------------------------------------------------------------------------------------


@pytest.fixture
def filled(group, cast):
    """A group with one thing of each kind, and a discussion."""
    for model, title in ((Document, "Le plan du quartier"), (Action, "La fête des voisins"), (Event, "La rencontre")):
        share(model, cast.chloe, group, title)
    make_topic(cast.chloe, place_of(group), "Une salle à partager ?")
    db.session.commit()
    return group


TITLES = ("Le plan du quartier", "La fête des voisins", "La rencontre", "Une salle à partager ?")
PAGES = ("", "/discussions", "/documents", "/actions", "/evenements", "/evenements?quand=passes", "/membres", "/depart")


def test_the_page_of_a_group_shows_its_discussions_and_what_is_shared(filled, alice):
    page = alice.get(f"/groupes/{filled.slug}").text
    assert all(title in page for title in TITLES)
    for path, title in (("documents", TITLES[0]), ("actions", TITLES[1]), ("evenements", TITLES[2])):
        assert title in alice.get(f"/groupes/{filled.slug}/{path}").text
    assert TITLES[3] in alice.get(f"/groupes/{filled.slug}/discussions").text


def test_it_shows_what_is_shared_with_this_group_only(filled, alice, cast):
    other = make_group("Un autre groupe", cast.council)
    share(Document, cast.alice, other, "Pour les autres")
    make_publication(Document, cast.alice, title="Pour nous seuls")
    db.session.commit()
    page = alice.get(f"/groupes/{filled.slug}").text + alice.get(f"/groupes/{filled.slug}/documents").text
    assert "Pour les autres" not in page and "Pour nous seuls" not in page


@pytest.mark.parametrize("name", OUTSIDE)
def test_nobody_else_finds_a_group(filled, cast, client_as, name):
    browser = client_as(getattr(cast, name))
    expected = 403 if name == "dora" else 404
    assert [browser.get(f"/groupes/{filled.slug}{page}").status_code for page in PAGES] == [expected] * len(PAGES)
    home = browser.get("/groupes").text
    assert filled.name not in home


def test_an_address_of_no_group_is_not_found(alice):
    assert [alice.get(f"/groupes/{slug}").status_code for slug in ("rien", "a%00b", "%F0%9F%8E%89")] == [404] * 3


def test_a_visitor_is_asked_to_log_in(filled, client):
    assert [client.get(f"/groupes/{filled.slug}{page}").status_code for page in PAGES] == [302] * len(PAGES)


@pytest.mark.parametrize("name", ("visitor", *OUTSIDE))
def test_nothing_of_a_group_is_in_lists_searches_and_feeds_of_others(filled, cast, client, client_as, name):
    browser = client if name == "visitor" else client_as(getattr(cast, name))
    theirs = cast.country.reyssouze.slug
    for address in (
        "/", "/ressources/publications", "/ressources/publications?q=plan", "/agenda", "/agenda?vue=mois", "/forum",
        "/forum/recherche?q=salle", "/agenda.ics", f"/conseils/{theirs}", f"/conseils/{theirs}/agenda.ics",
        "/mon-conseil", "/animation", "/animation/groupes",
    ):  # fmt: skip
        text = browser.get(address).text
        assert not [title for title in TITLES if title in text], address


def test_the_file_of_a_document_follows_the_group(filled, cast, client, client_as):
    item = db.session.scalar(select(Document))
    incoming = attachments.receive(io.BytesIO(PDF + b"%%EOF"), "plan.pdf")
    file = attachments.add(item, incoming, cast.chloe).file
    db.session.commit()
    answers = {name: client_as(getattr(cast, name)) for name in ("alice", "bruno", *OUTSIDE)} | {"visitor": client}
    found = {name for name, one in answers.items() if one.get(f"/fichiers/{file.id}/plan.pdf").status_code == 200}
    assert found == {"alice", "bruno"}


def test_the_secret_agenda_of_a_member_gives_the_events_of_one_group(filled, cast, client):
    calendars.give_key(cast.alice)
    calendars.give_key(cast.emile)
    share(Event, cast.alice, make_group("Un autre", cast.council), "Ailleurs")
    text = client.get(f"/agenda/{cast.alice.agenda_key}/groupes/{filled.slug}.ics").text
    assert "La rencontre" in text and "Ailleurs" not in text
    assert client.get(f"/agenda/{cast.emile.agenda_key}/groupes/{filled.slug}.ics").status_code == 404
    assert client.get(f"/agenda/faux/groupes/{filled.slug}.ics").status_code == 404


def test_the_events_page_gives_the_address_of_that_agenda(group, alice, cast):
    page = alice.get(f"/groupes/{group.slug}/evenements").text
    assert "/mon-profil/agenda" in page
    calendars.give_key(cast.alice)
    db.session.commit()
    assert (
        f"/agenda/{cast.alice.agenda_key}/groupes/{group.slug}.ics"
        in alice.get(f"/groupes/{group.slug}/evenements").text
    )


def test_the_members_of_all_councils_are_named(group, alice, cast):
    make_user("Gilles Parti", cast.council, status="closed")
    db.session.commit()
    page = alice.get(f"/groupes/{group.slug}/membres").text
    assert "Chloé Bernard" in page and "Bruno Petit" in page
    assert "Dora" not in page and "Gilles" not in page and "Émile" not in page


def test_a_page_costs_a_few_queries_whatever_it_holds(filled, alice, cast, queries):
    for number in range(12):
        share(Document, cast.alice, filled, f"Document {number}")
        share(Event, cast.chloe, filled, f"Événement {number}")
    alice.get(f"/groupes/{filled.slug}")
    for page, most in (("", 6), ("/discussions", 4), ("/documents", 3), ("/evenements", 4), ("/membres", 6)):
        queries.clear()
        assert alice.get(f"/groupes/{filled.slug}{page}").status_code == 200
        assert len(queries) <= most, (page, queries)


def test_long_lists_follow_one_another(group, alice, cast):
    for number in range(25):
        share(Document, cast.chloe, group, f"Document {number:02}", published_at=utcnow() - timedelta(hours=number))
    first = alice.get(f"/groupes/{group.slug}/documents").text
    assert "Document 19" in first and "Document 20" not in first
    after = first.split("?avant=")[1].split('"')[0]
    assert "Document 24" in alice.get(f"/groupes/{group.slug}/documents?avant={after}").text
    assert alice.get(f"/groupes/{group.slug}/documents?avant=faux").status_code == 404


def test_the_events_to_come_and_the_past_ones_follow_one_another(group, alice, cast):
    for number in range(-25, 25):
        starts = utcnow() + timedelta(days=number, hours=1)
        share(Event, cast.chloe, group, f"Date {number}.", starts_at=starts, ends_at=starts + timedelta(minutes=5))
    address, first = f"/groupes/{group.slug}/evenements", "Date 0."
    page = alice.get(address).text
    assert first in page and "Date 20." not in page and "Avant" not in page
    page = alice.get(address + re.search(r'rel="next" href="(.*?)">La suite', page)[1]).text
    assert first not in page and "Date 24." in page and "La suite" not in page
    assert first in alice.get(address + re.search(r'rel="prev" href="(.*?)">Avant', page)[1]).text
    page = alice.get(f"{address}?quand=passes").text
    past = re.search(r'rel="next" href="(.*?)">Plus anciens', page)[1].replace("&amp;", "&")
    assert "Date -25." in alice.get(address + past).text and "Date -25." not in page


def test_the_page_of_a_group_shows_the_last_five_of_each_kind(group, alice, cast):
    for number in range(7):
        for model, name in ((Document, "Document"), (Action, "Action")):
            at = utcnow() - timedelta(hours=number)
            share(model, cast.chloe, group, f"{name} {number}", published_at=at)
    share(Document, cast.chloe, group, "Document 9", deleted_at=utcnow())
    page = alice.get(f"/groupes/{group.slug}").text
    shown = re.findall(r"(?:Document|Action) \d", page)
    assert shown == [f"{name} {number}" for name in ("Document", "Action") for number in range(5)]


def test_the_list_tells_of_each_group_how_large_it_is_and_when_somebody_last_wrote(filled, alice, cast):
    other = make_group("Un autre", cast.council)
    make_group("Sans nous", cast.country.mistral)
    topic = make_topic(cast.alice, place_of(other), created_at=utcnow() - timedelta(days=40))
    db.session.commit()
    rows = {row.Group.name: (row.councils, row.last_at) for row in groups.of_council(viewer_of(cast.alice))}
    assert rows.keys() == {filled.name, other.name}
    assert rows["Un autre"] == (1, topic.last_at)
    assert rows[filled.name][0] == 2 and rows[filled.name][1] > topic.last_at
    assert "Sans nous" not in alice.get("/groupes").text


# Sharing with it ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ("documents", "actions", "evenements"))
def test_a_button_of_the_group_leads_to_a_form_that_is_meant_for_it(group, alice, cast, path):
    make_group("Un autre", cast.council)
    db.session.commit()
    page = alice.get(f"/mon-conseil/{path}/nouveau?groupe={group.slug}")
    fields = next(form for form in forms(page.text) if "title" in form.fields).fields
    assert fields["level"] == "groups" and fields.getlist("groups") == [str(group.id)]
    fields = forms(alice.get(f"/mon-conseil/{path}/nouveau?groupe=rien").text)[0].fields
    assert fields["level"] == "council"


def test_a_starter_and_a_group_go_together(group, alice):
    page = alice.get(f"/mon-conseil/documents/nouveau?groupe={group.slug}&modele=ordre-du-jour")
    form = next(form for form in forms(page.text) if "title" in form.fields)
    assert form.fields["level"] == "groups" and form.fields["title"]


def test_what_is_archived_is_not_offered_for_something_new_and_keeps_its_readers(group, alice, cast, client_as):
    old = share(Document, cast.alice, group, "Le plan")
    group.archived_at = utcnow()
    db.session.commit()
    new = alice.get(f"/mon-conseil/documents/nouveau?groupe={group.slug}").text
    assert "membres de mes groupes" not in new and group.name not in new
    assert client_as(cast.chloe).get(f"/documents/{old.id}-{old.slug}").status_code == 200
    sent = {"level": "groups", "groups": str(group.id), "title": "Encore"}
    refused = submit(alice, "/mon-conseil/documents/nouveau", "Publier", **sent)
    assert refused.status_code == 422


def test_what_is_shared_already_is_corrected_without_losing_its_readers(group, alice, cast):
    old = share(Document, cast.alice, group, "Le plan")
    group.archived_at = utcnow()
    db.session.commit()
    answer = submit(alice, f"/documents/{old.id}-{old.slug}/modifier", "Enregistrer", title="Le plan corrigé")
    assert answer.status_code == 302
    db.session.refresh(old)
    assert (old.title, old.level, [one.id for one in old.groups]) == ("Le plan corrigé", "groups", [group.id])


def test_a_draft_with_a_date_is_not_shared_with_a_group_that_was_archived_meanwhile(group, cast):
    draft = share(Document, cast.alice, group, "Demain", published_at=None, publish_on=utcnow())
    group.archived_at = utcnow()
    db.session.commit()
    publishing.publish_due(draft.id)
    db.session.commit()
    assert (draft.published_at is not None, draft.level, draft.groups) == (True, Visibility.COUNCIL, [])


def test_an_archived_group_says_so_and_offers_nothing_new(filled, alice):
    filled.archived_at = utcnow()
    db.session.commit()
    page = alice.get(f"/groupes/{filled.slug}").text
    assert "archivé" in page and all(title in page for title in TITLES)
    assert "/nouveau" not in page
    assert "Groupes archivés" in alice.get("/groupes").text


# Asking for one ----------------------------------------------------------------------------------------------------

WISH = {"name": "Ensemble dans l’Ain", "purpose": "Préparer une fête."}


def test_a_councillor_asks_for_the_group_of_a_territory_and_the_animators_are_told_once(alice, cast):
    ain = cast.country.ain
    answer = submit(alice, "/groupes/demande", "Envoyer", **WISH, where=str(ain.id))
    assert answer.status_code == 302
    wish = db.session.scalars(select(GroupRequest)).one()
    assert (wish.name, wish.territory_id, wish.author_id, wish.councils) == (WISH["name"], ain.id, cast.alice.id, [])
    page = alice.get("/groupes").text
    assert "sous 48 heures" in page and "en attente" in page
    dispatch()
    dispatch()
    mail = mails(recipient=cast.animator.email)
    assert len(mail) == 1 and WISH["name"] in mail[0].subject


def test_the_same_form_sent_twice_asks_once(alice, cast):
    page = alice.get("/groupes/demande")
    for _ in range(2):
        assert send(alice, page, "Envoyer", **WISH, where=str(cast.country.ain.id)).status_code == 302
    assert len(db.session.scalars(select(GroupRequest)).all()) == 1


def test_a_list_of_councils_is_looked_up_and_shown_before_it_is_sent(alice, cast):
    page = alice.get("/groupes/demande")
    page = send(alice, page, "Chercher", **WISH, where="0", names="Mistral\nGrande Reyssouze\nRien de tel")
    assert page.status_code == 422 and "Rien de tel" in page.text and "Mistral - Eaux Claires" in page.text
    found = forms(page.text)[0].fields
    assert found["names"] == "Rien de tel" and len(found.getlist("councils")) == 2 and found["name"] == WISH["name"]
    assert send(alice, page, "Envoyer", names="").status_code == 302
    wish = db.session.scalars(select(GroupRequest)).one()
    country = cast.country
    assert {one.id for one in wish.councils} == {country.croix.id, country.reyssouze.id, country.mistral.id}


def test_where_several_councils_answer_one_is_to_be_ticked(alice, cast):
    page = send(alice, alice.get("/groupes/demande"), "Chercher", **WISH, where="0", names="Bourg-en-Bresse")
    assert page.status_code == 422 and "Cochez les bons" in page.text
    assert "Grande Reyssouze" in page.text and not forms(page.text)[0].fields.getlist("councils")
    sent = send(alice, page, "Envoyer", councils=str(cast.country.reyssouze.id))
    assert sent.status_code == 302


@pytest.mark.parametrize(
    "fields",
    [
        {"name": ""},
        {"purpose": ""},
        {"where": None},
        {"where": "999999"},
        {"where": "rien"},
        {"where": "0"},
        {"where": "0", "councils": "rien"},
        {"name": "x" * 200},
        {"name": "\u202e\0 \r\n"},
    ],
)
def test_what_is_missing_is_said_and_nothing_typed_is_lost(alice, cast, fields):
    page = submit(alice, "/groupes/demande", "Envoyer", **WISH | {"where": str(cast.country.ain.id)} | fields)
    assert page.status_code == 422 and "Erreur" in page.text and "À corriger" in page.text
    assert fields.get("purpose") == "" or WISH["purpose"] in page.text
    assert db.session.scalar(select(GroupRequest)) is None


def test_strange_signs_are_kept_out_of_names(alice, cast):
    sent = {"name": "L’Ain \u202e🎉\0\r\nBcc: x", "purpose": "a\0b", "where": str(cast.country.ain.id)}
    assert submit(alice, "/groupes/demande", "Envoyer", **sent).status_code == 302
    wish = db.session.scalars(select(GroupRequest)).one()
    assert "\0" not in wish.name + wish.purpose and "\n" not in wish.name


def test_a_territory_is_offered_where_it_has_councils_to_meet(client_as, cast):
    emile = client_as(cast.emile)  # his council is alone in its commune and its department
    page = emile.get("/groupes/demande")
    assert "Tous ceux de" not in page.text and "Écrivez les noms" in page.text
    assert "where" not in forms(page.text)[0].fields
    assert send(emile, page, "Envoyer", **WISH).status_code == 422
    assert send(emile, page, "Envoyer", **WISH, names="Croix Blanche").status_code == 302
    wish = db.session.scalars(select(GroupRequest)).one()
    assert wish.territory_id is None and {one.id for one in wish.councils} == {cast.council.id, cast.emile.council_id}
    make_council("Villeneuve", cast.country.hay)
    page = client_as(cast.alice).get("/groupes/demande").text
    assert "Bourg-en-Bresse (commune)" in page and "Ain (département)" in page


def test_all_councils_of_one_commune_are_shown_to_choose_from(alice, cast, monkeypatch):
    for number in range(20):
        make_council(f"Bellevue {number:02}", cast.country.vieu)
    db.session.commit()
    page = submit(alice, "/groupes/demande", "Chercher", **WISH, where="0", names="Vieu")
    assert page.text.count('name="councils"') == 20 and "partie" not in page.text
    monkeypatch.setattr(choosing, "MOST_IN_COMMUNE", 15)
    page = submit(alice, "/groupes/demande", "Chercher", **WISH, where="0", names="Vieu")
    assert page.text.count('name="councils"') == 15 and "n’en montre qu’une partie" in page.text
    page = submit(alice, "/groupes/demande", "Chercher", **WISH, where="0", names="Bellevue")
    assert page.text.count('name="councils"') == 12 and "n’en montre qu’une partie" in page.text


def test_a_referent_asks_for_their_territories_and_nobody_for_those_of_others(cast, client_as):
    referent = client_as(cast.referent)
    assert submit(referent, "/groupes/demande", "Envoyer", **WISH, where=str(cast.country.isere.id)).status_code == 422
    assert submit(referent, "/groupes/demande", "Envoyer", **WISH, where=str(cast.country.ain.id)).status_code == 302


def test_too_many_requests_are_refused_for_a_while(alice, cast):
    wish = WISH | {"where": str(cast.country.ain.id)}
    answers = [submit(alice, "/groupes/demande", "Envoyer", **wish).status_code for _ in range(11)]
    assert answers == [302] * 10 + [429]


# Leaving, and coming back ------------------------------------------------------------------------------------------


def leave(browser, group, **fields):
    return submit(browser, f"/groupes/{group.slug}/depart", "quitter", **fields)


def test_a_council_leaves_and_reads_nothing_there_any_more(filled, alice, bruno, cast, client_as):
    mine = share(Document, cast.alice, filled, "Notre bilan")
    theirs = db.session.scalar(select(Document).filter_by(title=TITLES[0]))
    assert leave(alice, filled, reason="Trop loin.").status_code == 302
    for browser in (alice, bruno):
        assert browser.get(f"/groupes/{filled.slug}").status_code == 404
        assert browser.get(f"/documents/{theirs.id}-{theirs.slug}").status_code == 404
        assert browser.get(f"/documents/{mine.id}-{mine.slug}").status_code == 200
    chloe = client_as(cast.chloe)
    assert chloe.get(f"/documents/{mine.id}-{mine.slug}").status_code == 200  # it stays, unless they say else
    assert "Notre bilan" in chloe.get(f"/groupes/{filled.slug}").text
    entry = db.session.scalars(select(AuditEntry).filter_by(verb="group.left")).one()
    assert entry.actor_id == cast.alice.id and "Trop loin." in entry.reason


def test_the_other_members_and_the_animators_are_told_once(group, alice, cast):
    leave(alice, group, reason="Trop loin.")
    dispatch()
    dispatch()
    told = {mail.recipient: mail for mail in mails()}
    assert set(told) == {cast.bruno.email, cast.animator.email} and len(mails()) == 2
    assert "Trop loin." in json.dumps(told[cast.animator.email].content, ensure_ascii=False)
    assert "Trop loin." not in json.dumps(told[cast.bruno.email].content, ensure_ascii=False)


def test_what_it_had_shared_can_be_taken_out_and_put_back(group, alice, bruno, cast, client_as):
    other = make_group("Un autre", cast.council, cast.country.mistral)
    alone, both = share(Document, cast.alice, group, "Un"), share(Document, cast.bruno, group, "Deux")
    both.groups = [group, other]
    theirs = share(Document, cast.chloe, group, "Le leur")
    db.session.commit()
    leave(alice, group, shared="out")
    chloe = client_as(cast.chloe)
    assert [chloe.get(f"/documents/{one.id}-{one.slug}").status_code for one in (alone, both)] == [404, 404]
    assert (alone.level, both.level, both.groups) == ("council", "groups", [other])
    assert theirs.groups == [group]
    submit(bruno, "/groupes", "Y revenir")
    assert is_in(group, cast.council) and db.session.scalar(select(Departure)) is None
    assert [chloe.get(f"/documents/{one.id}-{one.slug}").status_code for one in (alone, both)] == [200, 200]
    assert alone.level == "groups" and set(both.groups) == {group, other}


def test_what_was_changed_since_does_not_come_back_by_itself(group, alice, cast, client_as):
    item = share(Document, cast.alice, group, "Un")
    leave(alice, group, shared="out")
    item.edited_at = utcnow()
    db.session.commit()
    page = submit(alice, "/groupes", "Y revenir")
    assert "n’y revient pas" in alice.get(page.location).text
    assert client_as(cast.chloe).get(f"/documents/{item.id}-{item.slug}").status_code == 404


def test_two_members_leave_at_once_and_come_back_at_once(group, alice, bruno, cast):
    first, second = (browser.get(f"/groupes/{group.slug}/depart") for browser in (alice, bruno))
    assert send(alice, first, "quitter").status_code == 302
    assert send(bruno, second, "quitter").status_code == 404
    first, second = (browser.get("/groupes") for browser in (alice, bruno))
    assert send(alice, first, "Y revenir").status_code == 302
    assert send(bruno, second, "Y revenir").status_code == 302
    dispatch()
    assert len(mails(recipient=cast.bruno.email)) == 1  # that it is back; nothing of a departure that was undone


def test_coming_back_is_for_thirty_days_and_for_the_members_of_that_council(group, alice, cast, client_as):
    leave(alice, group)
    emile = client_as(cast.emile)
    token = forms(emile.get("/affichage").text)[0].fields["csrf_token"]
    assert emile.post(f"/groupes/{group.slug}/retour", data={"csrf_token": token}).status_code == 404
    assert "Y revenir" in alice.get("/groupes").text
    with time_machine.travel(utcnow() + timedelta(days=31), tick=False):
        assert "Y revenir" not in client_as(cast.alice).get("/groupes").text


def test_how_a_council_left_is_forgotten_when_it_comes_back_no_more(group, alice):
    leave(alice, group, reason="Trop loin.")
    for days, kept in ((29, 1), (30, 0)):
        with time_machine.travel(utcnow() + timedelta(days=days), tick=False):
            purge()
        assert len(db.session.scalars(select(Departure.reason)).all()) == kept


def test_one_does_not_come_back_into_a_group_that_was_archived(group, alice, cast):
    leave(alice, group)
    page = alice.get("/groupes")
    group.archived_at = utcnow()
    db.session.commit()
    assert send(alice, page, "Y revenir").status_code == 404
    assert not is_in(group, cast.council)


def test_an_archived_group_can_be_left(group, alice, cast):
    group.archived_at = utcnow()
    db.session.commit()
    leave(alice, group)
    assert not is_in(group, cast.council)


def test_the_last_council_leaves_it_archived(group, alice, cast, client_as):
    leave(alice, group)
    chloe = client_as(cast.chloe)
    dispatch()
    assert "Pendant 30 jours" in str(mails(recipient=cast.bruno.email)[0].content)
    assert "Votre conseil est le dernier" in chloe.get(f"/groupes/{group.slug}/depart").text
    leave(chloe, group)
    db.session.refresh(group)
    assert group.archived_at and group.councils == []
    dispatch()
    assert "Le groupe est archivé." in mails(recipient=cast.animator.email)[-1].content["paragraphs"]


def test_a_reason_is_short(group, alice, cast):
    share(Document, cast.alice, group, "Le plan")
    assert leave(alice, group, reason="x" * 501).status_code == 422
    assert leave(alice, group, shared="autre").status_code == 422
    assert is_in(group, cast.council)


# Told when a group opens -------------------------------------------------------------------------------------------


def choose(user, rhythm):
    db.session.add(AlertChoice(user_id=user.id, topic=AlertTopic.FORUM, rhythm=rhythm, by_sms=False))
    db.session.commit()


def test_whoever_wants_nothing_of_the_forum_is_not_told_that_a_council_is_back(group, alice, cast):
    choose(cast.bruno, Rhythm.NEVER)
    zoe = make_user("Zoé Zola", cast.council)
    choose(zoe, Rhythm.WEEKLY)
    leave(alice, group)
    db.session.query(Delivery).delete()
    submit(alice, "/groupes", "Y revenir")
    dispatch()
    assert [mail.recipient for mail in mails()] == [zoe.email]


def test_a_mail_about_a_group_can_be_stopped(group, alice, cast):
    outbox.stop("mail", cast.bruno.email, "group")
    leave(alice, group)
    dispatch()
    assert not mails(recipient=cast.bruno.email)


def test_the_menu_of_the_council_leads_to_the_groups(alice):
    assert 'href="/groupes"' in alice.get("/mon-conseil").text
