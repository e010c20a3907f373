"""Working groups as the animator makes and changes them."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.extensions import db
from app.jobs.dispatching import dispatch
from app.labels import AlertTopic, Rhythm, TerritoryKind, UserStatus, Visibility
from app.models import (
    AlertChoice,
    AuditEntry,
    Category,
    Delivery,
    Document,
    Group,
    group_councils,
)
from app.models.types import utcnow
from app.services import groups
from tests.browse import forms, send, submit
from tests.factories import (
    make_commune,
    make_council,
    make_group,
    make_publication,
    make_territory,
    make_topic,
    make_user,
)

NEW = "/animation/groupes/nouveau"


@pytest.fixture
def group(cast):
    made = make_group("Les quartiers de l’Ain", cast.council, cast.country.reyssouze)
    db.session.commit()
    return made


@pytest.fixture
def wish(cast):
    columns = {"name": "Ensemble", "purpose": "Préparer une fête.", "territory_id": cast.country.ain.id}
    made = groups.ask(cast.alice, key="k" * 32, council_ids=(), **columns)
    db.session.commit()
    return made


def mails(**columns):
    return db.session.scalars(select(Delivery).filter_by(**columns).order_by(Delivery.id)).all()


def councils_of(group):
    rows = select(group_councils.c.council_id).where(group_councils.c.group_id == group.id)
    return set(db.session.scalars(rows))


def only_group():
    return db.session.scalars(select(Group)).one()


# Made --------------------------------------------------------------------------------------------------------------


def test_two_clicks_make_the_group_of_a_department(animator, cast):
    found = animator.get("/animation/groupes?q=ain").text
    assert f"{NEW}?territoire={cast.country.ain.id}" in found and "2 conseils" in found
    page = animator.get(f"{NEW}?territoire={cast.country.ain.id}")
    ain = {cast.council.id, cast.country.reyssouze.id}
    assert set(forms(page.text)[0].fields.getlist("councils")) == {str(one) for one in ain}
    assert send(animator, page, "Créer le groupe").status_code == 302
    group = only_group()
    assert (group.name, group.slug) == ("Conseils citoyens : Ain", "conseils-citoyens-ain")
    assert councils_of(group) == ain and group.territory_id == cast.country.ain.id
    place = db.session.scalars(select(Category).filter_by(group_id=group.id)).one()
    assert (place.name, place.slug) == ("Discussions", None)
    entry = db.session.scalars(select(AuditEntry).filter_by(verb="group.opened")).one()
    assert entry.actor_id == cast.animator.id and "Croix Blanche" in entry.reason


def test_the_group_that_the_animator_makes_is_read_by_its_councils_and_by_nobody_else(animator, cast, client_as):
    submit(animator, f"{NEW}?territoire={cast.country.ain.id}", "Créer le groupe")
    group = only_group()
    item = make_publication(Document, cast.chloe, title="Le plan", level=Visibility.GROUPS, groups=[group])
    make_topic(cast.chloe, db.session.scalar(select(Category).filter_by(group_id=group.id)), "Une salle ?")
    db.session.commit()
    for name in ("alice", "bruno", "chloe"):
        page = client_as(getattr(cast, name)).get(f"/groupes/{group.slug}").text
        assert "Le plan" in page and "Une salle ?" in page
    for name in ("emile", "animator", "referent", "away"):
        browser = client_as(getattr(cast, name))
        assert browser.get(f"/groupes/{group.slug}").status_code == 404
        assert browser.get(f"/documents/{item.id}-{item.slug}").status_code == 404
    seen = animator.get("/animation/groupes").text + animator.get(f"/animation/groupes/{group.id}").text
    assert "Le plan" not in seen and "Une salle ?" not in seen and "3 membres" in seen


def test_the_members_of_its_councils_are_told_once_as_they_chose(animator, cast):
    db.session.add(AlertChoice(user_id=cast.bruno.id, topic=AlertTopic.FORUM, rhythm=Rhythm.NEVER, by_sms=False))
    submit(animator, f"{NEW}?territoire={cast.country.ain.id}", "Créer le groupe")
    dispatch()
    dispatch()
    assert {mail.recipient for mail in mails()} == {cast.alice.email, cast.chloe.email} and len(mails()) == 2
    assert only_group().slug in mails()[0].content["link"][1]


def test_whoever_is_out_of_it_by_then_is_not_told_that_it_is_there(animator, cast, bruno):
    submit(animator, f"{NEW}?territoire={cast.country.ain.id}", "Créer le groupe")
    submit(bruno, f"/groupes/{only_group().slug}/depart", "quitter")
    dispatch()
    subjects = [mail.subject for mail in mails(recipient=cast.alice.email)]
    assert len(subjects) == 1 and "n’est plus dans un groupe" in subjects[0]
    assert len(mails(recipient=cast.chloe.email)) == 1


def test_the_same_form_sent_twice_makes_one_group(animator, cast):
    page = animator.get(f"{NEW}?territoire={cast.country.ain.id}")
    first, second = (send(animator, page, "Créer le groupe") for _ in range(2))
    assert first.location == second.location and only_group()
    dispatch()
    assert len(mails()) == 3


def test_two_animators_who_answer_one_request_make_one_group(animator, cast, wish, client_as):
    other = client_as(make_user("Zoé Zola", role="animator"))
    pages = [browser.get(f"{NEW}?demande={wish.id}") for browser in (animator, other)]
    assert send(animator, pages[0], "Créer le groupe").status_code == 302
    answer = send(other, pages[1], "Créer le groupe", name="Autrement")
    assert answer.location.endswith(f"/animation/groupes/{only_group().id}")


def test_a_name_that_another_group_has_is_refused(animator, cast, group):
    group.created_at = utcnow() - timedelta(days=2)
    db.session.commit()
    page = submit(animator, f"{NEW}?territoire={cast.country.ain.id}", "Créer le groupe", name=group.name)
    assert page.status_code == 422 and "déjà ce nom" in page.text
    made = submit(animator, f"{NEW}?territoire={cast.country.ain.id}", "Créer le groupe", name="Demande")
    assert made.status_code == 302
    assert db.session.scalar(select(Group.slug).filter_by(name="Demande")) == "groupe-demande"


def test_territories_of_one_name_have_groups_of_their_own(animator, cast):
    country = cast.country
    same = make_territory(TerritoryKind.DEPARTMENT, "53", "Grenoble")
    communes = [country.grenoble, make_commune("01999", "Grenoble", country.ain), make_commune("53147", "Vieu", same)]
    for place in (*communes, country.vieu):
        make_council(f"Un {place.code}", place)
        make_council(f"Deux {place.code}", place)
    db.session.commit()
    addresses = [submit(animator, f"{NEW}?territoire={place.id}", "Créer").location for place in (*communes, same)]
    assert len(set(addresses)) == 4
    names = db.session.scalars(select(Group.name).order_by(Group.id)).all()
    assert [name.removeprefix("Conseils citoyens : ") for name in names] == [
        "Grenoble (commune, 38)", "Grenoble (commune, 01)", "Vieu (53)", "Grenoble (département)"
    ]  # fmt: skip


def test_a_group_of_the_same_name_with_other_councils_is_another_one(animator, cast):
    first = {"name": "Ensemble", "names": "Croix Blanche\nMistral"}
    made = [submit(animator, NEW, "Créer", **first) for _ in range(2)]
    assert made[0].location == made[1].location
    for fields in ({"names": "Croix Blanche\nGrande Reyssouze"}, {"names": "Mistral\nCroix\nGrande Reyssouze"}):
        page = submit(animator, NEW, "Créer", **first | fields)
        assert page.status_code == 422 and "déjà ce nom" in page.text
    page = submit(animator, f"{NEW}?territoire={cast.country.ain.id}", "Créer", name="Ensemble")
    assert page.status_code == 422
    only_group().archived_at = utcnow()
    db.session.commit()
    assert submit(animator, NEW, "Créer", **first).status_code == 422


def test_a_group_is_made_of_two_councils_or_more(animator, cast):
    assert submit(animator, NEW, "Créer le groupe", name="Vide").status_code == 422
    one = submit(animator, NEW, "Créer le groupe", name="Un seul", names="Croix Blanche")
    assert one.status_code == 422 and "au moins deux conseils" in one.text
    assert submit(animator, NEW, "Créer le groupe", name="Deux", names="Croix Blanche\nMistral").status_code == 302
    assert councils_of(only_group()) == {cast.council.id, cast.country.mistral.id}


def test_a_council_is_found_by_the_address_of_its_page_and_twice_is_once(animator, cast):
    names = f"https://site.example/conseils/{cast.council.slug}\nCroix Blanche\nQP001002\nMistral"
    page = submit(animator, NEW, "Chercher", name="Deux", names=names)
    assert page.status_code == 200
    ticked = forms(page.text)[0].fields.getlist("councils")
    assert sorted(map(int, ticked)) == sorted([cast.council.id, cast.country.mistral.id])


def test_territories_of_three_kinds_are_found_by_name_or_code(animator, cast):
    epci = make_territory(TerritoryKind.EPCI, "200071751", "CA du Bassin de Bourg-en-Bresse")
    council = make_council("Les Vennes", cast.country.bourg)
    council.territories = [*council.territories, epci]
    cast.council.territories = [*cast.council.territories, epci]
    db.session.commit()
    for words, name in (("01", "Ain"), ("200071751", epci.name), ("bassin bourg", epci.name), ("01053", "Bourg-en-")):
        assert name in animator.get("/animation/groupes", query_string={"q": words}).text, words
    assert "Aucun territoire" in animator.get("/animation/groupes?q=zzz").text
    assert animator.get("/animation/groupes?q=!!!").status_code == 422
    page = animator.get(f"{NEW}?territoire={epci.id}")
    ticked = forms(page.text)[0].fields.getlist("councils")
    assert sorted(map(int, ticked)) == sorted([council.id, cast.council.id])
    assert "Grenoble" not in animator.get("/animation/groupes?q=grenoble").text  # it has one council


@pytest.mark.parametrize("asked", ("territoire=99999", "demande=99999", f"territoire={2**31}", f"demande={2**40}"))
def test_what_is_not_there_is_not_found(animator, asked):
    assert animator.get(f"{NEW}?{asked}").status_code == 404


# Requests ----------------------------------------------------------------------------------------------------------


def test_the_oldest_request_comes_first_and_says_who_wants_what(animator, cast, wish):
    later = groups.ask(cast.chloe, key="l" * 32, name="Ensuite", purpose="Plus tard.", territory_id=None,
                       council_ids=[cast.council.id, cast.country.mistral.id])  # fmt: skip
    db.session.commit()
    page = animator.get("/animation/groupes").text
    assert page.index("Ensemble") < page.index("Ensuite")
    assert "Alice Martin" in page and "tous ceux du territoire" in page and "Mistral - Eaux Claires" in page
    assert "2 demandes" in animator.get("/animation").text
    assert "en retard" not in page
    later.created_at -= timedelta(hours=49)
    db.session.commit()
    assert "en retard" in animator.get("/animation/groupes").text


def test_a_request_becomes_a_group_and_its_author_is_told_once(animator, alice, cast, wish):
    page = animator.get(f"{NEW}?demande={wish.id}")
    assert forms(page.text)[0].fields["name"] == "Ensemble" and "Préparer une fête." in page.text
    send(animator, page, "Créer le groupe")
    db.session.refresh(wish)
    assert wish.group_id == only_group().id and wish.decided_at
    dispatch()
    assert len(mails(recipient=cast.alice.email)) == 1
    assert len(mails(recipient=cast.chloe.email)) == 1
    assert not mails(recipient=cast.animator.email)  # it was answered before they were told
    assert "groupe créé" in alice.get("/groupes").text and "Demandes" not in animator.get("/animation/groupes").text


def test_two_requests_for_the_same_group_are_answered_by_it(animator, alice, cast, wish):
    columns = {"name": wish.name, "purpose": "Nous aussi.", "territory_id": cast.country.ain.id}
    other = groups.ask(cast.chloe, key="c" * 32, council_ids=(), **columns)
    listed = groups.ask(
        cast.bruno,
        key="b" * 32,
        council_ids=[cast.council.id, cast.country.mistral.id],
        **columns | {"territory_id": None},
    )
    db.session.commit()
    submit(animator, f"{NEW}?demande={wish.id}", "Créer le groupe")
    answer = submit(animator, f"{NEW}?demande={other.id}", "Créer le groupe")
    assert "existe déjà" in animator.get(answer.location).text
    assert submit(animator, f"{NEW}?demande={listed.id}", "Créer le groupe").status_code == 422  # other councils
    for one in (wish, other, listed):
        db.session.refresh(one)
    group = only_group()
    assert (wish.group_id, other.group_id, listed.group_id) == (group.id, group.id, None)
    assert other.decided_at and listed.is_open
    mail = mails(recipient=cast.chloe.email)
    assert len(mail) == 1 and mail[0].content["link"][1].endswith(f"/groupes/{group.slug}")
    assert len(db.session.scalars(select(Category)).all()) == 1


def test_a_request_is_refused_with_a_reason_that_its_author_reads(animator, alice, cast, wish):
    address = f"/animation/groupes/demandes/{wish.id}/refus"
    assert submit(animator, address, "Refuser").status_code == 422
    page = animator.get(address)
    assert send(animator, page, "Refuser", reason="Il existe déjà.").status_code == 302
    assert send(animator, page, "Refuser", reason="Encore.").status_code == 302
    mail = mails(recipient=cast.alice.email)
    assert len(mail) == 1 and "La raison donnée : Il existe déjà." in mail[0].content["paragraphs"]
    shown = alice.get("/groupes").text
    assert "refusé" in shown and "Il existe déjà." in shown
    assert animator.get(f"{NEW}?demande={wish.id}").status_code == 302


def test_whoever_asked_and_is_gone_is_told_nothing(animator, cast, wish):
    cast.alice.status = UserStatus.SUSPENDED
    other = groups.ask(
        cast.bruno, key="b" * 32, name="Un", purpose="", territory_id=cast.country.ain.id, council_ids=()
    )
    other.author = None
    db.session.commit()
    for one in (wish, other):
        address = f"/animation/groupes/demandes/{one.id}/refus"
        assert submit(animator, address, "Refuser", reason="Trop tard.").status_code == 302
    assert not mails()


# Changed -----------------------------------------------------------------------------------------------------------


def edit(browser, group, **fields):
    return submit(browser, f"/animation/groupes/{group.id}", "Enregistrer", **fields)


def test_a_council_that_is_added_reads_all_and_is_told_once(animator, cast, group, client_as):
    item = make_publication(Document, cast.alice, level=Visibility.GROUPS, groups=[group])
    db.session.commit()
    answer = edit(animator, group, names="Mistral")
    assert "1 conseil ajouté" in animator.get(answer.location).text
    emile = client_as(cast.emile)
    assert emile.get(f"/documents/{item.id}-{item.slug}").status_code == 200
    dispatch()
    dispatch()
    assert [mail.recipient for mail in mails()] == [cast.emile.email]


def test_a_council_that_is_taken_out_loses_access_at_once_and_is_told(animator, cast, group, client_as):
    item = make_publication(Document, cast.alice, level=Visibility.GROUPS, groups=[group])
    db.session.commit()
    answer = edit(animator, group, councils=str(cast.council.id))
    assert "1 conseil retiré" in animator.get(answer.location).text
    chloe = client_as(cast.chloe)
    assert chloe.get(f"/groupes/{group.slug}").status_code == 404
    assert chloe.get(f"/documents/{item.id}-{item.slug}").status_code == 404
    assert "Y revenir" not in chloe.get("/groupes").text
    dispatch()
    assert [mail.recipient for mail in mails()] == [cast.chloe.email]


def test_a_form_that_was_open_meanwhile_changes_only_what_was_ticked_in_it(animator, cast, group, alice, client_as):
    page = animator.get(f"/animation/groupes/{group.id}")
    other = client_as(make_user("Zoé Zola", role="animator"))
    edit(other, group, names="Mistral")
    submit(alice, f"/groupes/{group.slug}/depart", "quitter")
    assert send(animator, page, "Enregistrer", purpose="Nous voir.").status_code == 302
    assert councils_of(group) == {cast.country.reyssouze.id, cast.country.mistral.id}
    db.session.refresh(group)
    assert group.purpose == "Nous voir."


def test_a_new_name_leaves_the_address_and_must_be_free(animator, cast, group):
    taken = make_group("Un autre", cast.council)
    db.session.commit()
    former = group.slug
    assert edit(animator, group, name="Ailleurs").status_code == 302
    db.session.refresh(group)
    assert (group.name, group.slug) == ("Ailleurs", former)
    assert edit(animator, group, name=taken.name).status_code == 422
    assert edit(animator, group, name="").status_code == 422
    assert edit(animator, group, councils=None).status_code == 422


def test_names_that_nobody_has_come_back(animator, cast, group):
    page = edit(animator, group, names="Rien de tel\0\u202e")
    assert page.status_code == 422 and "aucun conseil de ce nom" in page.text
    assert councils_of(group) == {cast.council.id, cast.country.reyssouze.id}
    assert edit(animator, group, councils="rien").status_code == 422
    assert edit(animator, group, before="rien 1 x" * 3).status_code == 302


def test_a_council_that_left_comes_back_when_the_animator_adds_it(animator, cast, group, alice):
    submit(alice, f"/groupes/{group.slug}/depart", "quitter")
    edit(animator, group, names="Croix Blanche")
    assert cast.council.id in councils_of(group)
    assert "Y revenir" not in alice.get("/groupes").text


def test_a_council_that_left_while_the_animator_took_it_out_does_not_come_back_by_itself(animator, cast, group, alice):
    page = animator.get(f"/animation/groupes/{group.id}")
    submit(alice, f"/groupes/{group.slug}/depart", "quitter")
    assert "Y revenir" in alice.get("/groupes").text
    send(animator, page, "Enregistrer", councils=str(cast.chloe.council_id))
    assert "Y revenir" not in alice.get("/groupes").text


def test_a_group_is_archived_after_one_question_and_opened_again(animator, cast, group, alice):
    address = f"/animation/groupes/{group.id}"
    assert submit(animator, f"{address}/archivage", "Oui, archiver").status_code == 302
    db.session.refresh(group)
    assert group.archived_at and "archivé" in alice.get(f"/groupes/{group.slug}").text
    assert "(archivé)" in animator.get("/animation/groupes").text
    submit(animator, address, "Rouvrir")
    db.session.refresh(group)
    assert group.archived_at is None
    verbs = db.session.scalars(select(AuditEntry.verb).order_by(AuditEntry.id)).all()
    assert verbs == ["group.archived", "group.reopened"]


@pytest.mark.parametrize("name", ("alice", "referent", "dora"))
def test_the_animator_alone_makes_groups(cast, group, client_as, name):
    browser = client_as(getattr(cast, name))
    for page in ("", "/nouveau", f"/{group.id}", f"/{group.id}/archivage", "/demandes/1/refus"):
        assert browser.get(f"/animation/groupes{page}").status_code == 403
    assert "Groupes de travail" not in browser.get("/animation").text


def test_whoever_stops_being_the_animator_meanwhile_changes_nothing(animator, cast, group):
    page = animator.get(f"/animation/groupes/{group.id}")
    cast.animator.role = "member"
    db.session.commit()
    assert send(animator, page, "Enregistrer", name="Autre").status_code == 403


def test_a_page_of_many_groups_costs_as_much_as_one_of_few(animator, cast, queries):
    for number in range(25):
        make_group(f"Groupe {number:02}", cast.council, cast.country.reyssouze)
    db.session.commit()
    animator.get("/animation/groupes")
    queries.clear()
    assert animator.get("/animation/groupes?page=2").status_code == 200
    assert len(queries) <= 6, queries
