"""Writing and publishing a document, an action or an event."""

import gzip
import io
from datetime import UTC, date, datetime, time, timedelta

import pytest
import time_machine
from sqlalchemy import select

from app.access import may_read, viewer_of
from app.blueprints.publications import saving
from app.extensions import begin_write, db
from app.forms.base import read_day, read_time
from app.jobs.publishing import publish
from app.labels import AlertTopic, Rhythm, UserStatus, Visibility
from app.localtime import zone_of
from app.models import Action, Activity, Document, Event, Folder, Publication, PublicationText, Revision, Theme
from app.models.types import utcnow
from app.services import alerts, publishing, texts
from tests.browse import send, submit
from tests.factories import make_group, make_publication, make_user
from tests.samples import PDF

NEW = {"document": "/mon-conseil/documents/nouveau", "action": "/mon-conseil/actions/nouveau",
       "event": "/mon-conseil/evenements/nouveau"}  # fmt: skip
WHEN = {"start_day": "25/12/2030", "start_time": "18h30"}


def only(model=Publication):
    """Return the one row there is, as it is in the database."""
    db.session.expire_all()
    return db.session.scalars(select(model)).one()


def address(item, view="modifier"):
    return f"/{item.path}/{item.id}-{item.slug}/{view}"


# New --------------------------------------------------------------------------------------------------------------


def test_a_title_is_enough_to_publish_a_document(cast, alice):
    answer = submit(alice, NEW["document"], "Publier", title="Le square")
    item = only()
    assert answer.status_code == 302 and answer.location == address(item, "").rstrip("/")
    assert item.published_at and item.author_id == cast.alice.id and item.council_id == cast.council.id
    assert (item.kind, item.level, item.slug) == ("document", Visibility.COUNCIL, "le-square")
    assert [(one.number, one.content["title"]) for one in db.session.scalars(select(Revision))] == [(1, "Le square")]
    assert db.session.scalars(select(Activity.verb)).all() == ["document.published"]


def test_an_action_keeps_all_that_was_written(alice):
    written = {
        "title": "Le compost du quartier", "summary": "Deux phrases. Les voici.", "need": "Trop de *déchets*.",
        "description": "Nous avons **commencé**.", "stage": "action", "carrier": "partner", "carrier_name": "Les Amis",
        "partners": "La ville\nLe bailleur", "pillar": "housing", "contract": "Axe 2", "budget": "2 500 €",
        "funders": "La ville", "starts_on": "1/9/2026", "ends_on": "2026-12-31", "place": "Square des Lilas",
        "results": "- moins d’ordures", "lessons": "Commencer plus tôt", "contact": "compost@essai.example",
    }  # fmt: skip
    submit(alice, NEW["action"], "Publier", **written)
    item = only(Action)
    expected = written | {"starts_on": date(2026, 9, 1), "ends_on": date(2026, 12, 31)}
    assert {name: getattr(item, name) for name in expected} == expected
    assert "<em>déchets</em>" in item.need_html and "<li>" in item.results_html


def test_an_event_lasts_two_hours_unless_one_says_how_long(alice):
    submit(alice, NEW["event"], "Publier", title="Réunion", **WHEN)
    item = only(Event)
    assert item.starts_at == datetime(2030, 12, 25, 17, 30, tzinfo=UTC)
    assert item.ends_at - item.starts_at == timedelta(hours=2)
    assert item.time_zone == "Europe/Paris"


def test_an_event_overseas_is_told_in_the_time_of_its_council(cast, alice):
    cast.country.ain.code = "974"
    db.session.commit()
    submit(alice, NEW["event"], "Publier", title="Réunion", end_time="20:00", **WHEN)
    item = only(Event)
    assert item.starts_at == datetime(2030, 12, 25, 14, 30, tzinfo=UTC)
    assert item.ends_at == datetime(2030, 12, 25, 16, 0, tzinfo=UTC)
    page = alice.get(address(item)).text
    assert 'value="2030-12-25"' in page and 'value="18:30"' in page


@pytest.mark.parametrize("code,zone", [
    ("01", "Europe/Paris"), (None, "Europe/Paris"), ("2A", "Europe/Paris"), ("971", "America/Guadeloupe"),
    ("976", "Indian/Mayotte"), ("977", "America/St_Barthelemy"), ("978", "America/Marigot"), ("987", "Pacific/Tahiti"),
])  # fmt: skip
def test_each_department_has_its_clocks(code, zone):
    assert zone_of(code) == zone


@pytest.mark.parametrize("typed,day", [
    ("25/12/2026", (2026, 12, 25)), ("1.2.26", (2026, 2, 1)), ("2026-12-25", (2026, 12, 25)),
    ("1 2 2026", (2026, 2, 1)),
])  # fmt: skip
def test_days_are_read_as_people_and_browsers_write_them(typed, day):
    assert read_day(typed) == date(*day)


@pytest.mark.parametrize("typed", ["31/02/2026", "25 décembre", "2026", "1/1/1850", "١/٢/٢٠٢٦", "9" * 10_000])
def test_what_is_no_day_has_a_sentence(typed):
    with pytest.raises(ValueError, match=r"Écrivez le jour|Vérifiez l’année"):
        read_day(typed)


@pytest.mark.parametrize("typed,clock", [("18:30", (18, 30)), ("18h30", (18, 30)), ("18 H", (18, 0)), ("8h", (8, 0)),
                                         ("18 h 05", (18, 5)), ("00:00", (0, 0)), ("18:30:00", (18, 30))])  # fmt: skip
def test_hours_are_read_as_people_and_browsers_write_them(typed, clock):
    assert read_time(typed) == time(*clock)


@pytest.mark.parametrize("typed", ["24h", "18h3", "midi", "18h60"])
def test_what_is_no_hour_has_a_sentence(typed):
    with pytest.raises(ValueError, match="Écrivez l’heure"):
        read_time(typed)


SENTENCES = [
    ("document", {}, "Donnez un titre"),
    ("document", {"title": "x" * 201}, "200 caractères au plus"),
    ("document", {"title": "x", "summary": "y" * 401}, "400 caractères au plus"),
    ("document", {"title": "x", "description": "[" * 400}, "signes [, ( ou &lt;"),
    ("document", {"title": "x", "description": "a" * 20_001}, "20\u202f001 caractères"),
    ("document", {"title": "x", "publish_day": "1/1/2020"}, "Cette date est passée"),
    ("document", {"title": "x", "publish_time": "18h"}, "Écrivez aussi le jour"),
    ("document", {"title": "x", "themes": [str(number) for number in range(1, 8)]}, "5 thématiques au plus"),
    ("document", {"title": "x", "folder": "999"}, "Ce dossier n’existe plus"),
    ("document", {"title": "x", "level": "groups"}, "n’est plus dans un groupe"),
    ("document", {"title": "x", "level": "absent"}, "n’est plus dans un groupe"),
    ("action", {"title": "x", "carrier": "partner"}, "Écrivez le nom de la structure"),
    ("action", {"title": "x", "starts_on": "2/1/2026", "ends_on": "1/1/2026"}, "La fin vient avant le début"),
    ("action", {"title": "x", "starts_on": "hier"}, "Écrivez le jour, le mois et l’année"),
    ("event", {"title": "x"}, "Écrivez le jour du début"),
    ("event", {"title": "x", "start_day": "25/12/2030"}, "Écrivez aussi l’heure du début"),
    ("event", {"title": "x", "end_time": "18h"} | WHEN, "La fin doit venir après le début"),
    ("event", {"title": "x", "end_day": "26/12/2030"} | WHEN, "Écrivez aussi l’heure de la fin"),
    ("event", {"title": "x", "end_day": "24/12/2030", "end_time": "20h"} | WHEN, "La fin doit venir après le début"),
]


@pytest.mark.parametrize("kind,fields,sentence", SENTENCES)
def test_each_mistake_has_its_sentence_and_costs_nothing_of_what_was_typed(alice, kind, fields, sentence):
    answer = submit(alice, NEW[kind], "Publier", **fields)
    assert answer.status_code == 422 and "<title>Erreur : " in answer.text
    assert sentence in answer.text
    assert db.session.scalars(select(Publication)).all() == []
    for name in {"title", "summary", "description", "start_day"} & fields.keys():
        assert fields[name][:100].replace("25/12/2030", "2030-12-25") in answer.text


def test_an_event_is_not_announced_when_it_will_be_over(alice):
    fields = {"title": "Réunion", "end_time": "20h", "publish_day": "25/12/2030"} | WHEN
    answer = submit(alice, NEW["event"], "Publier", publish_time="20h", **fields)
    assert answer.status_code == 422 and "l’événement sera déjà passé" in answer.text
    assert send(alice, answer, "Publier", publish_time="19h59").status_code == 302
    assert only().publish_on


def test_what_has_already_taken_place_may_be_told(alice):
    answer = submit(alice, NEW["event"], "Publier", title="Réunion", start_day="1/9/2020", start_time="18h")
    assert answer.status_code == 302 and only().published_at


def test_a_draft_may_be_half_finished(alice):
    for kind in NEW:
        answer = submit(alice, NEW[kind], "Garder en brouillon")
        assert answer.status_code == 302 and "modifier" in answer.location
    drafts = db.session.scalars(select(Publication)).all()
    assert len(drafts) == 3 and all(item.is_draft for item in drafts)
    assert db.session.scalars(select(Activity)).all() == []


def test_a_draft_is_published_from_its_own_page(cast, alice):
    draft = make_publication(Document, cast.alice, published_at=None, title="Un brouillon")
    answer = submit(alice, address(draft), "Publier", description="Fini.")
    assert answer.status_code == 302
    assert only().published_at and only().description == "Fini."


def test_the_key_entree_asks_for_the_preview_only(alice):
    page = alice.get(NEW["document"])
    send(alice, page, title="Le square")  # the first button of the form, as browsers do
    assert only().is_draft


# Themes, folders, charter -----------------------------------------------------------------------------------------


def test_themes_and_a_new_series_are_kept(cast, alice):
    first, *_, last = db.session.scalars(select(Theme).order_by(Theme.id)).all()
    fields = {"themes": [str(last.id), str(first.id)], "new_folder": "Nos réunions", "is_series": "y"}
    submit(alice, NEW["document"], "Publier", title="Un", **fields)
    item = only()
    assert {theme.id for theme in item.themes} == {first.id, last.id}
    assert (item.folder.name, item.folder.is_series, item.folder.council_id) == ("Nos réunions", True, cast.council.id)
    submit(alice, NEW["action"], "Publier", title="Deux", new_folder="Nos réunions")
    assert len(db.session.scalars(select(Folder)).all()) == 1


def test_the_folder_of_another_council_is_not_offered_nor_taken(cast, alice):
    folder = Folder(council_id=cast.country.mistral.id, name="À Grenoble")
    db.session.add(folder)
    db.session.commit()
    assert "À Grenoble" not in alice.get(NEW["document"]).text
    answer = submit(alice, NEW["document"], "Publier", title="Un", folder=str(folder.id))
    assert "Ce dossier n’existe plus" in answer.text


def test_a_council_has_one_charter_once_it_is_published(cast, alice):
    former = make_publication(Document, cast.bruno, is_charter=True)
    elsewhere = make_publication(Document, cast.chloe, is_charter=True)
    submit(alice, NEW["document"], "Garder en brouillon", title="La charte", is_charter="y")
    db.session.expire_all()
    assert former.is_charter
    draft = db.session.scalar(select(Document).where(Document.published_at.is_(None)))
    submit(alice, address(draft), "Publier")
    db.session.expire_all()
    assert (former.is_charter, draft.is_charter, elsewhere.is_charter) == (False, True, True)
    submit(alice, address(draft), "Enregistrer", is_charter=None)
    db.session.expire_all()
    assert not draft.is_charter


# Levels -----------------------------------------------------------------------------------------------------------


def test_the_narrowest_level_is_ticked_and_groups_are_offered_to_those_who_have_one(cast, alice):
    page = alice.get(NEW["document"]).text
    assert 'checked id="level" name="level" type="radio" value="council"' in page
    assert 'value="groups"' not in page
    group = make_group("Les quartiers de Bourg", cast.council, cast.country.reyssouze)
    db.session.commit()
    page = alice.get(NEW["document"]).text
    assert "Visible par les membres de mes groupes" in page and "Les quartiers de Bourg" in page
    submit(alice, NEW["document"], "Publier", title="Un", level="groups")
    assert only().groups == [group]  # the only one is ticked


def test_one_group_at_least_is_asked_for(cast, alice):
    for name in ("Un groupe", "Un autre groupe"):
        make_group(name, cast.council)
    db.session.commit()
    answer = submit(alice, NEW["document"], "Publier", title="Un", level="groups")
    assert "Cochez au moins un groupe" in answer.text


def test_groups_are_forgotten_with_the_level_that_they_belong_to(cast, alice):
    group = make_group("Un groupe", cast.council)
    db.session.commit()
    submit(alice, NEW["document"], "Publier", title="Un", level="members", groups=str(group.id))
    assert only().groups == []


def test_beside_each_level_stand_the_numbers_that_the_rule_of_access_gives(cast, alice):
    make_group("Les quartiers de Bourg", cast.council, cast.country.reyssouze)
    make_user("Fatou Neuve", cast.council)
    db.session.commit()
    page = " ".join(alice.get(NEW["event"]).text.split())
    for number in (3, 4, 8):
        told = 3 if number == 4 else 2  # those of the group are concerned, too
        who = f"Qui sera prévenu : {told} personnes tout de suite par courriel."
        assert f"{number} personnes pourront le lire.<br>{who}" in page
    assert "Tout le monde pourra le lire, même sans compte.<br>Qui sera prévenu : 2 personnes tout de suite" in page


def test_where_nobody_will_be_told_the_form_says_so_and_promises_nothing_for_a_correction(cast, alice):
    alerts.set_choices(cast.bruno, {AlertTopic.DOCUMENT: (Rhythm.NEVER, False)})
    item = make_publication(Document, cast.alice)
    db.session.commit()
    page = alice.get(NEW["document"]).text
    assert "Personne ne sera prévenu" in page and "Qui sera prévenu" not in page
    page = " ".join(alice.get(address(item)).text.split())
    assert "2 personnes pourront le lire." in page and "prévenu" not in page


def test_whoever_is_alone_is_not_told_of_what_others_chose(cast, client_as):
    page = client_as(cast.emile).get(NEW["document"]).text
    assert "le seul membre de votre conseil sur le site" in page and "ont choisi" not in page


def test_once_it_is_out_the_page_says_who_reads_it_and_how_many_are_told(cast, alice, client_as):
    def told(client, place, button="Publier", **fields):
        page = client.get(submit(client, place, button, **fields).location).text
        return page.split('role="status">')[1].split("</p>")[0].replace("\xa0", " ")

    meeting = WHEN | {"title": "Réunion"}
    assert told(alice, NEW["event"], level="public", **meeting) == (
        "C’est publié : tout le monde peut le lire ; 1 personne est prévenue."
    )
    assert told(alice, NEW["document"], title="Un") == (
        "C’est publié : 2 personnes peuvent le lire ; 1 personne le verra dans son prochain résumé."
    )
    assert told(client_as(cast.emile), NEW["document"], title="Un") == (
        "C’est publié : vous seul pouvez le lire pour l’instant."
    )
    item = db.session.scalar(select(Document).where(Document.author_id == cast.alice.id))
    page = send(alice, submit(alice, address(item), "Enregistrer", level="members"), "Oui, ouvrir")
    assert "C’est enregistré\xa0: 7 personnes peuvent le lire." in alice.get(page.location).text


def test_widening_what_is_published_is_asked_first_and_then_done(cast, alice):
    item = make_publication(Document, cast.alice, description="Ancien")
    db.session.commit()
    page = submit(alice, address(item), "Enregistrer", level="members", description="Nouveau")
    assert page.status_code == 200 and "Oui, ouvrir à tous les membres des conseils" in page.text
    assert "7 personnes pourront le lire" in " ".join(page.text.split()) and "Nouveau" in page.text
    assert (only().level, only().description) == (Visibility.COUNCIL, "Ancien")
    send(alice, page, "Oui, ouvrir")
    assert (only().level, only().description) == (Visibility.MEMBERS, "Nouveau")


def test_the_yes_to_one_level_is_none_to_a_wider_one(cast, alice):
    item = make_publication(Document, cast.alice)
    db.session.commit()
    page = submit(alice, address(item), "Enregistrer", level="members")
    page = send(alice, page, "Oui, ouvrir", level="public")
    assert "Oui, ouvrir à tout le monde" in page.text
    assert only().level == Visibility.COUNCIL


def test_another_group_is_wider_too(cast, alice):
    one, other = (make_group(name, cast.council) for name in ("Un groupe", "Un autre groupe"))
    item = make_publication(Document, cast.alice, level=Visibility.GROUPS, groups=[one])
    db.session.commit()
    page = submit(alice, address(item), "Enregistrer", groups=[str(one.id), str(other.id)])
    assert "Oui, ouvrir à ces groupes" in page.text and only().groups == [one]
    send(alice, page, "Oui, ouvrir")
    assert set(only().groups) == {one, other}


def test_narrowing_says_that_copies_may_exist(cast, alice):
    item = make_publication(Document, cast.alice, level=Visibility.PUBLIC)
    db.session.commit()
    submit(alice, address(item), "Enregistrer", level="council")
    assert only().level == Visibility.COUNCIL
    assert "gardé une copie" in alice.get("/mon-profil").text


def test_a_draft_changes_its_level_without_any_question(cast, alice):
    draft = make_publication(Document, cast.alice, published_at=None)
    db.session.commit()
    submit(alice, address(draft), "Garder en brouillon", level="public")
    assert only().level == Visibility.PUBLIC and only().is_draft


# Changes ----------------------------------------------------------------------------------------------------------


def revisions_of(item):
    of = select(Revision).where(Revision.publication_id == item.id).order_by(Revision.number)
    return db.session.scalars(of.where(Revision.number.is_not(None))).all()


def test_saving_keeps_a_version_and_says_so_to_nobody(cast, alice):
    submit(alice, NEW["document"], "Publier", title="Un")
    item = only()
    submit(alice, address(item), "Enregistrer", description="Plus long.")
    item = only()
    assert item.edited_at and item.slug == "un"
    assert [one.content["description"] for one in revisions_of(item)] == ["", "Plus long."]
    assert db.session.scalars(select(Activity.verb)).all() == ["document.published"]


def test_saving_the_same_changes_nothing(cast, alice):
    for kind, fields in {"document": {}, "action": {"starts_on": "1/9/2026"}, "event": WHEN}.items():
        submit(alice, NEW[kind], "Publier", title="Un", description="Deux\n\nlignes", **fields)
    for item in db.session.scalars(select(Publication)).all():
        version = item.version
        submit(alice, address(item), "Enregistrer")
        db.session.expire_all()
        assert (item.version, item.edited_at, len(revisions_of(item))) == (version, None, 1)


def test_only_the_level_changed_makes_no_version_of_the_text(cast, alice):
    submit(alice, NEW["document"], "Publier", title="Un", level="members")
    submit(alice, address(only()), "Enregistrer", level="council")
    assert only().edited_at and len(revisions_of(only())) == 1


# Preview ----------------------------------------------------------------------------------------------------------


def test_a_preview_of_something_new_keeps_it_as_a_draft(alice):
    answer = submit(alice, NEW["document"], "Voir l’aperçu", title="Le square", description="Du **vert**.")
    page = alice.get(answer.location)
    assert "<strong>vert</strong>" in page.text and "Rien n’est publié" in page.text
    assert only().is_draft and only().description == "Du **vert**."
    send(alice, page, "Publier")
    assert only().published_at


def test_under_a_preview_stand_its_readers_and_its_buttons_before_the_whole_form(alice):
    answer = submit(alice, NEW["document"], "Voir l’aperçu", title="Le square", level="members")
    page = alice.get(answer.location).text
    assert "<title>Aperçu : Le square –" in page
    told = page[page.index("Niveau d’accès :") : page.index('name="title"')]
    assert "7 personnes pourront le lire" in " ".join(told.split()) and 'value="publish"' in told


def test_what_is_optional_is_folded_until_something_is_in_it(alice):
    page = alice.get(NEW["action"])
    assert page.text.count("<details open>") == 0 and 'href="/mon-conseil/actions"' in page.text
    page = alice.get(submit(alice, NEW["action"], "Garder en brouillon", budget="60 euros").location)
    assert page.text.count("<details open>") == 1 and "Revenir à mon conseil" in page.text
    page = send(alice, page, "Publier", ends_on="hier")
    assert page.text.count("<details open>") == 2


def test_a_preview_keeps_the_date_that_was_typed_without_promising_it(alice):
    fields = {"title": "x", "publish_day": "25/12/2030", "publish_time": "9h"}
    answer = submit(alice, NEW["document"], "Voir l’aperçu", **fields)
    assert only().publish_on is None
    page = alice.get(answer.location)
    assert 'value="2030-12-25"' in page.text and 'value="09:00"' in page.text
    assert alice.get(answer.location.replace("2030", "abc")).status_code == 200


def test_a_preview_of_something_published_is_kept_apart_from_it(cast, alice):
    item = make_publication(Event, cast.alice, description="Ancien", description_html="<p>Ancien</p>")
    db.session.commit()
    fields = WHEN | {"end_day": "", "end_time": ""}
    answer = submit(alice, address(item), "Voir l’aperçu", title="Neuf", description="Du **vert**.", **fields)
    page = alice.get(answer.location)
    assert "<strong>vert</strong>" in page.text and "<h2>Neuf</h2>" in page.text
    assert (only(Event).description, only(Event).title) == ("Ancien", "Un square pour tous")
    later = alice.get(address(item))
    assert "Vous aviez commencé une modification" in later.text and "Du **vert**" not in later.text
    resumed = alice.get(address(item) + "?reprise=1")
    assert "Du **vert**" in resumed.text
    send(alice, resumed, "Enregistrer")
    assert only(Event).description == "Du **vert**." and only(Event).title == "Neuf"
    assert "Vous aviez commencé" not in alice.get(address(only(Event))).text


def test_what_was_begun_can_be_forgotten(cast, alice):
    item = make_publication(Document, cast.alice, description="Ancien")
    db.session.commit()
    submit(alice, address(item), "Voir l’aperçu", description="Nouveau")
    submit(alice, address(item), "L’oublier")
    assert "Vous aviez commencé" not in alice.get(address(item)).text
    assert db.session.scalars(select(Revision)).all() == []


def test_of_what_is_scheduled_a_preview_changes_nothing(cast, alice):
    on = utcnow() + timedelta(days=2)
    item = make_publication(Document, cast.alice, published_at=None, publish_on=on, description="Fini")
    db.session.commit()
    submit(alice, address(item), "Voir l’aperçu", description="À moitié")
    assert (only().description, only().publish_on) == ("Fini", on)
    with time_machine.travel(on + timedelta(minutes=1), tick=False):
        publish()
        assert only().published_at and only().description == "Fini"
        cast.alice.last_seen_at = utcnow()
    assert "Vous aviez commencé une modification" in alice.get(address(item)).text


# At a date --------------------------------------------------------------------------------------------------------


def scheduled(alice, **fields):
    day = (utcnow() + timedelta(days=2)).date()
    submit(alice, NEW["document"], "Publier", title="Plus tard", publish_day=f"{day:%d/%m/%Y}", **fields)
    return only()


def test_a_date_publishes_by_itself_also_after_a_stop_and_only_once(alice):
    item = scheduled(alice, publish_time="18h")
    assert item.is_draft and f"{item.publish_on:%M}" == "00"
    publish()
    assert only().is_draft and not publishing.is_any_due()
    with time_machine.travel(item.publish_on + timedelta(days=9), tick=False):
        assert publishing.is_any_due()
        publish()
        publish()
        assert only().published_at == utcnow() and only().publish_on is None
    assert db.session.scalars(select(Activity.verb)).all() == ["document.published"]


def test_a_date_overseas_is_told_in_the_time_of_the_council(cast, alice):
    cast.country.ain.code = "974"
    db.session.commit()
    answer = submit(alice, NEW["document"], "Publier", title="x", publish_day="25/12/2030", publish_time="9h")
    assert only().publish_on == datetime(2030, 12, 25, 5, 0, tzinfo=UTC)
    for page in (alice.get(answer.location), alice.get(address(only()))):
        assert "à 9\u00a0h (heure locale" in page.text


def test_what_is_scheduled_can_be_changed_published_now_or_put_back(alice):
    item = scheduled(alice)
    on = item.publish_on
    submit(alice, address(item), "Enregistrer", description="Mieux")
    assert (only().description, only().publish_on) == ("Mieux", on)
    submit(alice, address(item), "Remettre en brouillon")
    assert only().publish_on is None and only().is_draft
    item = only()
    submit(alice, address(item), "Publier", publish_day="25/12/2030")
    submit(alice, address(item), "Publier maintenant")
    assert only().published_at and only().publish_on is None


@pytest.mark.parametrize("change", [{"status": UserStatus.SUSPENDED}, {"council_id": None}])
def test_without_its_author_it_stays_a_draft(cast, alice, change):
    item = scheduled(alice)
    for name, value in change.items():
        setattr(cast.alice, name, value)
    db.session.commit()
    with time_machine.travel(item.publish_on, tick=False):
        publish()
    assert only().is_draft and only().publish_on is None


@pytest.mark.parametrize("mark", ["deleted_at", "withdrawn_at"])
def test_what_is_in_the_bin_is_not_published(alice, mark):
    item = scheduled(alice)
    setattr(item, mark, utcnow())
    db.session.commit()
    with time_machine.travel(item.publish_on, tick=False):
        publish()
    assert only().is_draft


# Rights and weight ------------------------------------------------------------------------------------------------


def test_only_its_author_changes_it(cast, client_as):
    item = make_publication(Document, cast.alice, level=Visibility.PUBLIC)
    draft = make_publication(Document, cast.alice, published_at=None)
    db.session.commit()
    people = {"alice": 200, "bruno": 403, "chloe": 403, "dora": 403, "referent": 403, "animator": 403}
    for name, status in people.items():
        person = client_as(getattr(cast, name))
        assert person.get(address(item)).status_code == status, name
        hidden = status if name in ("alice", "dora", "referent", "animator") else 404
        assert person.get(address(draft)).status_code == hidden, name


def test_somebody_elses_key_opens_nothing(cast, alice, client_as):
    other = make_publication(Document, cast.bruno, title="À Bruno", key="b" * 32)
    db.session.commit()
    answer = submit(alice, NEW["document"], "Publier", title="À moi", key="b" * 32)
    assert answer.status_code == 422 and "Vous ne pouvez plus changer" in answer.text
    send(alice, answer, "Publier")
    db.session.expire_all()
    assert other.title == "À Bruno"
    assert {item.title for item in db.session.scalars(select(Publication))} == {"À Bruno", "À moi"}


@pytest.mark.parametrize("kind", NEW)
def test_the_form_asks_little_of_the_database_and_of_the_line(cast, alice, queries, kind):
    for number in range(30):
        db.session.add(Folder(council_id=cast.council.id, name=f"Dossier {number}"))
        make_group(f"Groupe {number}", cast.council)
    submit(alice, NEW[kind], "Garder en brouillon", title="Un", **(WHEN if kind == "event" else {}))
    for place in (NEW[kind], address(only()), address(only()) + "?apercu=1"):
        queries.clear()
        page = alice.get(place)
        assert page.status_code == 200
        assert len(queries) <= 12, queries
        assert len(gzip.compress(page.data)) <= 14_000


def test_a_reader_of_the_moment_may_read_what_was_just_published(cast, alice):
    submit(alice, NEW["document"], "Publier", title="Un")
    assert may_read(viewer_of(cast.bruno), only()) and not may_read(viewer_of(cast.chloe), only())


def test_whoever_is_named_the_charter_meanwhile_hears_of_it_from_a_form_opened_before(cast, alice):
    item = make_publication(Document, cast.alice, title="La charte")
    db.session.commit()
    opened = alice.get(address(item))
    publishing.set_charter(cast.council.id, item)
    db.session.commit()
    page = send(alice, opened, "Enregistrer", summary="Les règles")
    assert page.status_code == 422 and "C’est la charte du conseil" in page.text
    db.session.expire_all()
    assert item.is_charter and not item.summary
    assert send(alice, page, "Enregistrer", is_charter="y").status_code == 302
    db.session.expire_all()
    assert item.is_charter and item.summary == "Les règles"


def test_writers_and_the_charter_wait_for_their_turn_at_the_council(cast, alice, locks):
    item = make_publication(Document, cast.alice)
    db.session.commit()
    opened = alice.get(address(item))
    locks.clear()
    send(alice, opened, "Enregistrer", is_charter="y")
    tables = [statement.partition("FROM ")[2].split()[0] for statement in locks]
    assert tables[:3] == ["users", "councils", "publications"]
    locks.clear()
    publishing.set_charter(cast.council.id, None)
    assert [statement.partition("FROM ")[2].split()[0] for statement in locks] == ["councils"]


def test_the_words_of_a_text_are_looked_for_before_the_write_and_once_in_it(cast, alice, monkeypatch):
    seen = []
    monkeypatch.setattr(saving, "begin_write", lambda: seen.append("write") or begin_write())
    for name in ("stems", "index"):
        do = getattr(texts, name)
        monkeypatch.setattr(texts, name, lambda *args, do=do, name=name: seen.append(name) or do(*args))
    file = (io.BytesIO(PDF), "plan.pdf")
    assert submit(alice, NEW["document"], "Publier", title="Le square", files=[file]).status_code == 302
    assert seen[:2] == ["stems", "write"] and seen.count("index") == 1
    assert "plan" in db.session.scalar(select(PublicationText.words)).split()
