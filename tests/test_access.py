"""Who may read what: the condition of lists and the answer for one row agree."""

import pytest
from sqlalchemy import select

from app.access import VISITOR, Viewer, decidable, may_decide, may_read, may_review, may_vouch, readable, viewer_of
from app.extensions import db
from app.labels import Role, UserStatus
from app.models import Council, CouncilPicture, StoredFile, Territory, User
from app.models.types import utcnow
from tests.factories import make_country, make_user

VIEWERS = [VISITOR, Viewer(user_id=1)]


@pytest.fixture
def rows(app):
    country = make_country()
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
