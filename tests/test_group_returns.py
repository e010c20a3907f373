"""A council that left a group and comes back: nothing opens that it did not share there before."""

import pytest
from sqlalchemy import select

from app.access import may_read, may_write, viewer_of
from app.extensions import db
from app.labels import Visibility
from app.models import Departure, Document
from app.models.types import utcnow
from tests.browse import submit
from tests.factories import make_group, make_publication

GROUP = "/groupes/bourg-ensemble"


@pytest.fixture
def group(cast):
    found = make_group("Bourg ensemble", cast.council, cast.chloe.council)
    db.session.commit()
    return found


def test_a_draft_is_not_opened_to_the_group_by_a_return(cast, client_as, group):
    draft = make_publication(Document, cast.alice, level=Visibility.GROUPS, groups=[group], published_at=None)
    make_publication(Document, cast.alice, level=Visibility.GROUPS, groups=[group])
    db.session.commit()
    submit(client_as(cast.bruno), f"{GROUP}/depart", "Oui", shared="out")
    draft.published_at = utcnow()  # for the council alone, as its author says by now
    draft.level = Visibility.COUNCIL
    db.session.commit()
    submit(client_as(cast.bruno), "/groupes", "revenir")
    db.session.expire_all()
    assert draft.level == Visibility.COUNCIL and not may_read(viewer_of(cast.chloe), draft)


def test_a_council_that_the_animator_took_out_does_not_come_back_by_itself(cast, client_as, animator, group):
    submit(client_as(cast.bruno), f"{GROUP}/depart", "Oui")
    assert db.session.scalars(select(Departure)).one().council_id == cast.council.id
    address = f"/animation/groupes/{group.id}"
    submit(animator, address, "Enregistrer", names="Croix Blanche")
    assert client_as(cast.bruno).get(GROUP).status_code == 200
    assert db.session.scalars(select(Departure)).all() == []
    submit(animator, address, "Enregistrer", councils=[str(cast.chloe.council_id)])
    assert client_as(cast.bruno).get(GROUP).status_code == 404
    assert client_as(cast.bruno).post(f"{GROUP}/retour").status_code == 404
    assert "revenir" not in client_as(cast.bruno).get("/groupes").text


def test_what_a_council_leaves_in_a_group_is_read_there_and_written_no_more(cast, client_as, group):
    shared = {"level": Visibility.GROUPS, "groups": [group], "is_collaborative": True, "groups_write": True}
    text = make_publication(Document, cast.alice, **shared)
    db.session.commit()
    assert may_write(viewer_of(cast.chloe), text)
    submit(client_as(cast.bruno), f"{GROUP}/depart", "Oui")
    db.session.expire_all()
    assert may_read(viewer_of(cast.chloe), text) and not may_write(viewer_of(cast.chloe), text)
    assert may_write(viewer_of(cast.bruno), text)
