"""Who may read what: the condition of lists and the answer for one row agree."""

from itertools import product

import pytest
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from app.access import (
    REACH,
    VISITOR,
    Viewer,
    audience,
    concerned,
    decidable,
    discarded,
    hosted_by,
    is_host,
    may_adopt,
    may_come_back,
    may_decide,
    may_edit,
    may_organise,
    may_read,
    may_register,
    may_review,
    may_share,
    may_take_over,
    may_vouch,
    may_write,
    near,
    opens_wider,
    readable,
    viewer_of,
    was_seen,
    written_by,
)
from app.extensions import db
from app.labels import Role, SideReason, UserStatus, Visibility
from app.models import (
    Action,
    Attachment,
    Council,
    CouncilPicture,
    Departure,
    Document,
    Event,
    Group,
    Publication,
    Revision,
    SideVersion,
    StoredFile,
    Territory,
    User,
)
from app.models.group import RETURN_WITHIN
from app.models.types import utcnow
from app.packing import pack
from app.services import reaching
from tests.factories import make_group, make_publication, make_user

VIEWERS = [VISITOR, Viewer(user_id=1)]


@pytest.fixture
def rows(country):
    shown, loose = (StoredFile(digest=d * 64, name="a.webp", media_type="image/webp", size=1) for d in "ab")
    db.session.add_all([shown, loose])
    db.session.get(Council, country.croix.id).pictures = [CouncilPicture(file=shown, alternative="a")]
    db.session.commit()
    return {"councils": [country.croix, country.mistral], "shown": shown, "loose": loose}


@pytest.mark.parametrize("viewer", VIEWERS)
@pytest.mark.parametrize("model", [Council, StoredFile])
def test_a_list_and_a_single_row_give_the_same_answer(rows, viewer, model):
    listed = set(db.session.scalars(select(model.id).where(readable(model, viewer))))
    for row in db.session.scalars(select(model)):
        assert may_read(viewer, row) is (row.id in listed)


def test_a_council_is_public_and_a_file_follows_what_it_is_joined_to(rows):
    assert all(may_read(VISITOR, council) for council in rows["councils"])
    assert may_read(VISITOR, rows["shown"])
    assert not may_read(VISITOR, rows["loose"])


def test_a_model_without_a_rule_is_refused_rather_than_shown(app):
    with pytest.raises(TypeError):
        readable(Territory, VISITOR)


# People -----------------------------------------------------------------------------------------------------------

PEOPLE = ("visitor", "dora", "alice", "bruno", "chloe", "emile", "referent", "away", "animator")
ACTIVE = set(PEOPLE[2:])
READERS = {  # of somebody of Alice's council, beside themselves
    UserStatus.UNCONFIRMED: {"animator"},
    UserStatus.PENDING: {"alice", "bruno", "referent", "animator"},
    UserStatus.ACTIVE: ACTIVE,
    UserStatus.REFUSED: {"referent", "animator"},
    UserStatus.SUSPENDED: {"animator"},
    UserStatus.CLOSED: set(),
}


def viewer_named(cast, name):
    return VISITOR if name == "visitor" else viewer_of(getattr(cast, name))


def those(cast, right):
    """The names of those who have a right."""
    return {name for name in PEOPLE if right(viewer_named(cast, name))}


def listed(condition):
    return set(db.session.scalars(select(User.id).where(condition)))


@pytest.mark.parametrize("name", PEOPLE)
def test_lists_and_single_rows_agree_about_people_and_what_one_decides(cast, name):
    for status in UserStatus:
        for council in (cast.council, cast.country.reyssouze, cast.country.mistral, None):
            for role in Role:
                person = make_user(f"{status} {role}", council, status=status, role=role)
                person.email = f"{person.id}@essai.example"
                person.escalated_at = utcnow() if person.id % 2 else None
    db.session.commit()
    viewer = viewer_named(cast, name)
    read, decided = listed(readable(User, viewer)), listed(decidable(viewer))
    for person in db.session.scalars(select(User)):
        assert may_read(viewer, person) is (person.id in read), person
        assert may_decide(viewer, person) is (person.id in decided), person
    assert decided <= read


@pytest.mark.parametrize("status", UserStatus)
def test_who_reads_a_person_depends_on_where_the_account_stands(cast, status):
    person = make_user("Zoé Zola", cast.council, status=status)
    assert those(cast, lambda viewer: may_read(viewer, person)) == READERS[status]
    assert may_read(viewer_of(person), person)


def test_a_referent_is_known_to_all_and_only_while_active(cast):
    assert those(cast, lambda viewer: may_read(viewer, cast.referent)) == set(PEOPLE)
    cast.away.status = UserStatus.SUSPENDED
    assert those(cast, lambda viewer: may_read(viewer, cast.away)) == {"away", "animator"}


def test_a_portrait_follows_its_person(cast):
    cast.dora.photo = StoredFile(digest="c" * 64, name="d.webp", media_type="image/webp", size=1)
    db.session.commit()
    photo = cast.dora.photo
    assert those(cast, lambda viewer: may_read(viewer, photo)) == READERS[UserStatus.PENDING] | {"dora"}


@pytest.mark.parametrize("status", UserStatus)
@pytest.mark.parametrize("is_held", [False, True])
def test_who_vouches_and_who_decides(cast, status, is_held):
    person = make_user("Zoé Zola", cast.council, status=status, escalated_at=utcnow() if is_held else None)
    waits, net = status == UserStatus.PENDING, {"referent", "animator"}
    assert those(cast, lambda viewer: may_vouch(viewer, person)) == ({"alice", "bruno"} if waits else set())
    assert those(cast, lambda viewer: may_decide(viewer, person)) == (net if waits and is_held else set())
    assert those(cast, lambda viewer: may_review(viewer, person)) == (net if waits else set())
    person.decided_at = utcnow()
    assert those(cast, lambda viewer: may_review(viewer, person)) == net


def test_without_a_council_nobody_is_a_peer(cast):
    person = make_user("Zoé Zola", None, status=UserStatus.PENDING, escalated_at=utcnow())
    assert those(cast, lambda viewer: may_vouch(viewer, person)) == set()
    assert those(cast, lambda viewer: may_decide(viewer, person)) == {"animator"}


def test_a_referent_who_has_never_come_is_shown_to_no_visitor(cast):
    referent = db.session.get(User, cast.referent.id)
    assert may_read(VISITOR, referent)
    referent.last_seen_at = None
    db.session.commit()
    assert not may_read(VISITOR, referent)
    assert may_read(viewer_of(cast.animator), referent)


# What councils share ----------------------------------------------------------------------------------------------

LEVELS = {  # who reads what Alice published in her council, whose group holds Chloé's council too
    Visibility.COUNCIL: {"alice", "bruno"},
    Visibility.GROUPS: {"alice", "bruno", "chloe"},
    Visibility.MEMBERS: ACTIVE,
    Visibility.PUBLIC: set(PEOPLE),
}


@pytest.fixture
def group(cast):
    return make_group("Les quartiers de Bourg", cast.council, cast.country.reyssouze)


def every_case(cast, group):
    """Add a publication for each level × council (none: an event) × author (here, elsewhere, gone, none) × draft ×
    hidden × deleted × withdrawn × group."""
    now = utcnow()
    gone = make_user("Gilles Gone", cast.council, status=UserStatus.CLOSED)
    authors = (cast.alice, cast.chloe, cast.dora, cast.referent, gone, None)
    columns = ("published_at", "hidden_at", "deleted_at", "withdrawn_at")
    rows = []
    for level, council, author in product(Visibility, (cast.council, cast.country.mistral, None), authors):
        known = {"level": level, "council_id": council and council.id, "author_id": author.id if author else None}
        for *marks, is_shared in product((None, now), (None, now), (None, now), (None, now), (False, True)):
            model = (Document, Action, Event)[len(rows) % 3] if council else Event
            row = model(title="Un square", slug="un-square", key=f"{len(rows)}", created_at=now, **known)
            for column, mark in zip(columns, marks, strict=True):
                setattr(row, column, mark)
            row.groups = [group] if is_shared else []
            row.starts_at = now if model is Event else None
            rows.append(row)
    db.session.add_all(rows)
    db.session.commit()


def test_lists_single_rows_and_files_agree_over_every_case_of_what_is_shared(cast, group):
    every_case(cast, group)
    rows = db.session.scalars(
        select(Publication).options(
            selectinload(Publication.groups).selectinload(Group.councils),
            selectinload(Publication.council).selectinload(Council.territories),
        )
    ).all()
    assert len(rows) == 4 * 3 * 6 * 16 * 2
    files = {row.id: attach(row) for row in rows[::7]}
    seen = {}
    for name in PEOPLE:
        viewer = viewer_named(cast, name)
        seen[name] = set(db.session.scalars(select(Publication.id).where(readable(Publication, viewer))))
        assert {row.id for row in rows if may_read(viewer, row)} == seen[name], name
        read = set(db.session.scalars(select(StoredFile.id).where(readable(StoredFile, viewer))))
        assert {number for number, file in files.items() if file.id in read} == seen[name] & files.keys(), name
        assert not seen[name] & set(db.session.scalars(select(Publication.id).where(discarded(viewer)))), name
    assert len({frozenset(ids) for ids in seen.values()}) == len(PEOPLE) - 1  # Dora reads what visitors read
    assert seen["dora"] == seen["visitor"]


def attach(publication, **columns):
    file = StoredFile(digest=f"{publication.id:064}", name="a.pdf", media_type="application/pdf", size=1)
    db.session.add(Attachment(publication_id=publication.id, file=file, **columns))
    db.session.flush()
    return file


@pytest.mark.parametrize("model", [Document, Action, Event])
@pytest.mark.parametrize("level", Visibility)
def test_each_level_opens_to_exactly_its_circles(cast, group, model, level):
    row = make_publication(model, cast.alice, level=level, groups=[group])
    assert those(cast, lambda viewer: may_read(viewer, row)) == LEVELS[level]
    assert those(cast, lambda viewer: is_listed(model, viewer, row)) == LEVELS[level]


def is_listed(model, viewer, row):
    return row.id in db.session.scalars(select(model.id).where(readable(model, viewer))).all()


@pytest.mark.parametrize("level", Visibility)
def test_a_draft_is_its_authors_alone(cast, group, level):
    row = make_publication(Document, cast.alice, level=level, groups=[group], published_at=None)
    assert those(cast, lambda viewer: is_listed(Document, viewer, row)) == {"alice"}


@pytest.mark.parametrize("level", Visibility)
def test_what_is_hidden_is_seen_by_its_author_and_those_who_moderate(cast, group, level):
    row = make_publication(Document, cast.alice, level=level, groups=[group], hidden_at=utcnow())
    assert those(cast, lambda viewer: is_listed(Document, viewer, row)) == {"alice", "referent", "animator"}


def test_of_a_group_that_is_deleted_only_the_council_itself_is_left(cast, group):
    row = make_publication(Document, cast.alice, level=Visibility.GROUPS, groups=[group])
    assert is_listed(Document, viewer_of(cast.chloe), row)
    db.session.delete(group)
    db.session.commit()
    assert those(cast, lambda viewer: is_listed(Document, viewer, row)) == {"alice", "bruno"}


@pytest.mark.parametrize("level", Visibility)
def test_the_number_of_readers_told_to_the_writer_is_that_of_those_who_read(cast, group, level):
    row = make_publication(Document, cast.alice, level=level, groups=[group])
    active = db.session.scalars(select(User).where(User.status == UserStatus.ACTIVE))
    readers = {person.id for person in active if may_read(viewer_of(person), row)}
    told = reaching.reach("document", cast.alice, [group.id])[level].readers
    if level == Visibility.PUBLIC:
        assert told is None and may_read(VISITOR, row)
    else:
        assert told == len(readers)
        condition = audience(level, cast.council.id, [group.id])
        assert set(db.session.scalars(select(User.id).where(condition))) == readers


def test_every_level_has_its_circles_and_each_reaches_more_people_than_the_one_before(cast, group):
    assert list(REACH) == list(Visibility)
    reach = reaching.reach("document", cast.alice, [group.id])
    assert [reach[level].readers for level in Visibility] == [2, 3, 7, None]


def test_a_change_opens_wider_when_the_level_or_the_groups_do(cast):
    levels = list(Visibility)
    for before, after in product(levels, levels):
        wider = levels.index(after) > levels.index(before)
        assert opens_wider((before, {1}), (after, {1})) is wider
    assert opens_wider((Visibility.GROUPS, {1}), (Visibility.GROUPS, {1, 2}))
    assert not opens_wider((Visibility.GROUPS, {1, 2}), (Visibility.GROUPS, {2}))
    assert not opens_wider((Visibility.COUNCIL, set()), (Visibility.COUNCIL, {2}))


def test_the_author_edits_and_others_take_over_what_somebody_left(cast):
    row = make_publication(Document, cast.alice, level=Visibility.PUBLIC)
    assert those(cast, lambda viewer: may_edit(viewer, row)) == {"alice"}
    assert those(cast, lambda viewer: may_take_over(viewer, row)) == set()
    cast.alice.status = UserStatus.SUSPENDED
    assert those(cast, lambda viewer: may_edit(viewer, row)) == set()
    assert those(cast, lambda viewer: may_take_over(viewer, row)) == {"bruno"}
    row.author_id = row.author = None
    assert those(cast, lambda viewer: may_take_over(viewer, row)) == {"bruno"}


def test_an_author_who_moved_to_another_council_leaves_what_they_published_to_the_first(cast):
    row = make_publication(Document, cast.alice)
    cast.alice.council_id = cast.country.mistral.id
    db.session.commit()
    assert not may_edit(viewer_of(cast.alice), row)
    assert those(cast, lambda viewer: is_listed(Document, viewer, row)) == {"bruno"}
    assert may_take_over(viewer_of(cast.bruno), row)


def test_the_bin_shows_members_what_was_published_and_each_their_own_drafts(cast):
    out = make_publication(Document, cast.alice, level=Visibility.PUBLIC, deleted_at=utcnow())
    draft = make_publication(Document, cast.alice, published_at=None, deleted_at=utcnow())
    hidden = make_publication(Document, cast.alice, deleted_at=utcnow(), hidden_at=utcnow(), hidden_reason="injure")
    condition = {name: set() for name in PEOPLE}
    for name in PEOPLE:
        ids = db.session.scalars(select(Publication.id).where(discarded(viewer_named(cast, name))))
        condition[name] = set(ids)
    assert condition.pop("alice") == {out.id, draft.id, hidden.id}
    assert condition.pop("bruno") == {out.id}
    assert set().union(*condition.values()) == set()


def test_a_file_taken_off_is_read_by_the_members_of_the_council_alone(cast):
    row = make_publication(Document, cast.alice, level=Visibility.PUBLIC)
    file = attach(row, removed_at=utcnow(), removed_by_id=cast.alice.id)
    assert those(cast, lambda viewer: may_read(viewer, file)) == {"alice", "bruno"}


@pytest.mark.parametrize("by", [None, "alice"])
def test_a_file_that_left_before_its_publication_was_shown_is_read_by_who_sent_it_alone(cast, by):
    row = make_publication(Document, cast.alice, level=Visibility.PUBLIC)
    of = {"added_by_id": cast.alice.id, "removed_by_id": by and cast.alice.id}
    file = attach(row, removed_at=row.published_at, **of)
    assert those(cast, lambda viewer: may_read(viewer, file)) == {"alice"}
    assert db.session.scalars(select(Attachment.id).join(Publication).where(was_seen())).all() == []


def test_versions_are_read_by_the_members_of_the_council_and_what_is_unsaved_by_its_author(cast, group):
    row = make_publication(Document, cast.alice, level=Visibility.PUBLIC)
    page, item, unsaved = (Revision(content={}, author_id=cast.alice.id) for _ in range(3))
    page.council_id, page.number = cast.council.id, 1
    item.publication_id, item.number = row.id, 1
    unsaved.publication_id = row.id
    db.session.add_all([page, item, unsaved])
    db.session.commit()
    assert those(cast, lambda viewer: may_read(viewer, page)) == {"alice", "bruno"}
    assert those(cast, lambda viewer: may_read(viewer, item)) == {"alice", "bruno"}
    assert those(cast, lambda viewer: may_read(viewer, unsaved)) == {"alice"}


def test_a_picture_that_is_off_the_page_is_shown_to_nobody_else(cast):
    file = StoredFile(digest="e" * 64, name="e.webp", media_type="image/webp", size=1)
    cast.council.pictures = [CouncilPicture(file=file, alternative="Le square")]
    db.session.commit()
    assert may_read(VISITOR, file)
    cast.council.pictures[0].removed_at = utcnow()
    db.session.commit()
    assert not may_read(VISITOR, file)


# What no council shares, and whom a thing concerns -----------------------------------------------------------------


def ids_of(condition):
    return db.session.scalars(select(Publication.id).where(condition)).all()


def announce(author, **columns):
    return make_publication(Event, author, level=Visibility.MEMBERS, organiser="Centre de ressources", **columns)


def test_what_a_referent_announces_is_theirs_alone_to_change(cast):
    row = announce(cast.referent, territory=cast.country.ain)
    for right in (is_host, may_edit, may_organise):
        assert those(cast, lambda viewer, right=right: right(viewer, row)) == {"referent"}, right
    assert those(cast, lambda viewer: may_take_over(viewer, row)) == set()
    hosted = those(cast, lambda viewer: row.id in ids_of(hosted_by(viewer)))
    assert hosted == {"referent"}


def test_the_animator_takes_over_what_a_former_referent_announced(cast):
    row = announce(cast.referent)
    cast.referent.role = Role.MEMBER
    db.session.flush()
    assert those(cast, lambda viewer: may_edit(viewer, row)) == set()
    assert those(cast, lambda viewer: may_take_over(viewer, row)) == {"animator"}


def test_members_share_everything_and_those_of_no_council_announce_events(cast):
    assert those(cast, lambda viewer: may_share(viewer, "document")) == {"alice", "bruno", "chloe", "emile"}
    others = {"referent", "away", "animator"}
    assert those(cast, lambda viewer: may_share(viewer, "event")) == {"alice", "bruno", "chloe", "emile"} | others


def test_lists_and_people_agree_on_whom_a_publication_concerns(cast, group):
    ain, isere = cast.country.ain, cast.country.isere
    rows = [make_publication(Event, cast.alice, level=level, groups=[group]) for level in Visibility]
    rows += [announce(cast.referent, territory=place) for place in (ain, isere, None)]
    told = {}
    for row in rows:
        ids = [one.id for one in row.groups]
        condition = concerned(row.council_id, row.level, ids, row.territory_id)
        told[row.id] = set(db.session.scalars(select(User.id).where(condition)))
        assert told[row.id] == {
            person.id
            for person in db.session.scalars(select(User).where(User.status == UserStatus.ACTIVE))
            if person.council_id and row.id in ids_of(near(viewer_of(person)))
        }, row.level
    assert list(map(len, told.values())) == [2, 3, 2, 2, 3, 1, 4]


def test_who_may_register_follows_the_circles_of_the_levels(cast, group):
    row = make_publication(Event, cast.alice, level=Visibility.PUBLIC, groups=[group], takes_registrations=True)
    for level in Visibility:
        row.admission = level
        assert those(cast, lambda viewer: may_register(viewer, row)) == LEVELS[level]
    row.admission = None
    assert those(cast, lambda viewer: may_register(viewer, row)) == set(PEOPLE)
    row.takes_registrations = False
    assert those(cast, lambda viewer: may_register(viewer, row)) == set()


# What several people write ----------------------------------------------------------------------------------------


def texts_of_all_kinds(cast):
    """Documents of each level, with each answer to who writes them, shown or not."""
    live, archived = (make_group(name, cast.alice.council, cast.chloe.council) for name in ("Le département", "Ancien"))
    now = archived.archived_at = utcnow()
    for level, together, open_, groups, seen in product(
        Visibility,
        (True, False),
        (True, False),
        ([live], [archived], [live, archived]),
        ({}, {"published_at": None}, {"hidden_at": now}, {"deleted_at": now}, {"withdrawn_at": now}),
    ):
        columns = {"level": level, "is_collaborative": together, "groups_write": open_, "groups": groups}
        yield make_publication(Document, cast.alice, **columns | seen)


@pytest.mark.parametrize("name", PEOPLE)
def test_lists_and_single_rows_agree_about_who_writes_a_text(cast, name):
    rows = list(texts_of_all_kinds(cast))
    db.session.commit()
    viewer = viewer_named(cast, name)
    written = set(ids_of(written_by(viewer)))
    for row in rows:
        assert may_write(viewer, row) is (row.id in written), (row.level, row.is_collaborative, row.groups_write)
        assert not may_write(viewer, row) or may_read(viewer, row)


def test_the_members_write_and_the_groups_where_the_author_lets_them(cast):
    group = make_group("Le département", cast.alice.council, cast.chloe.council)
    row = make_publication(Document, cast.alice, level=Visibility.GROUPS, groups=[group], is_collaborative=True)
    assert those(cast, lambda viewer: may_write(viewer, row)) == {"alice", "bruno"}
    row.groups_write = True
    assert those(cast, lambda viewer: may_write(viewer, row)) == {"alice", "bruno", "chloe"}
    assert those(cast, lambda viewer: may_adopt(viewer, row)) == {"alice", "bruno"}
    group.archived_at = utcnow()
    assert those(cast, lambda viewer: may_write(viewer, row)) == {"alice", "bruno"}
    assert those(cast, lambda viewer: may_read(viewer, row)) == {"alice", "bruno", "chloe"}
    group.archived_at = None
    row.level = Visibility.PUBLIC
    assert those(cast, lambda viewer: may_write(viewer, row)) == {"alice", "bruno"}
    row.is_collaborative = False
    assert those(cast, lambda viewer: may_write(viewer, row)) == set()


def test_a_council_comes_back_by_itself_for_a_while_into_a_group_that_is_open(cast, group):
    departure = Departure(group=group, council_id=cast.council.id, left_at=utcnow())
    assert those(cast, lambda viewer: may_come_back(viewer, departure)) == {"alice", "bruno"}
    group.archived_at = utcnow()
    assert those(cast, lambda viewer: may_come_back(viewer, departure)) == set()
    group.archived_at = None
    departure.left_at -= RETURN_WITHIN
    assert those(cast, lambda viewer: may_come_back(viewer, departure)) == set()


def test_texts_put_aside_are_read_by_those_who_write_and_previews_by_their_author(cast):
    row = make_publication(Document, cast.alice, level=Visibility.PUBLIC, is_collaborative=True)
    common = {"publication_id": row.id, "author_id": cast.bruno.id, "base_number": 1, "packed": pack("Un texte")}
    sent = SideVersion(**common, reason=SideReason.CONFLICT, key="a")
    tried = SideVersion(**common, reason=SideReason.PREVIEW, key="b")
    db.session.add_all([sent, tried])
    db.session.flush()
    assert those(cast, lambda viewer: is_listed(SideVersion, viewer, sent)) == {"alice", "bruno"}
    assert those(cast, lambda viewer: is_listed(SideVersion, viewer, tried)) == {"bruno"}
