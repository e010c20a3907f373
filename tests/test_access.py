"""Who may read what: the condition of lists and the answer for one row agree."""

import pytest
from sqlalchemy import select

from app.access import VISITOR, Viewer, may_read, readable
from app.extensions import db
from app.models import Council, CouncilPicture, StoredFile, Territory
from tests.factories import make_country

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
