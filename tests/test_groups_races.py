"""Several people change one working group at the same instant, on a real database."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from flask_migrate import upgrade
from sqlalchemy import func, select

from app.extensions import db
from app.jobs.dispatching import dispatch
from app.labels import Visibility
from app.models import Activity, Category, Delivery, Departure, Document, Group, group_councils
from app.services import accounts
from tests.browse import send
from tests.factories import make_cast, make_group, make_publication, make_user

pytestmark = pytest.mark.slow

PEOPLE = 4


class Desk:
    """A site with a database of its own, and a group."""

    def __init__(self, app):
        self.app = app
        with app.app_context():
            upgrade()
            cast = make_cast()
            group = make_group("Ensemble", cast.council, cast.country.reyssouze)
            make_publication(Document, cast.alice, title="Le plan", level=Visibility.GROUPS, groups=[group])
            db.session.commit()
            self.council_id, self.group_id, self.ain_id = cast.council.id, group.id, cast.country.ain.id

    def browsers(self, **columns):
        """Return the browsers of some new people."""
        found = []
        for number in range(PEOPLE):
            with self.app.app_context():
                user = make_user(f"N{number} Essai", email=f"n{number}@essai.example", **columns)
                user.council_id = None if columns else self.council_id
                token = accounts.log_in(user)
                db.session.commit()
            client = self.app.test_client()
            with client.session_transaction() as session:
                session["_user_id"] = token
            found.append(client)
        return found


@pytest.fixture
def desk(own_app):
    return Desk(own_app)


def at_once(clients, pages, button, **fields):
    """Let each press the same button at the same instant; return the answers."""
    with ThreadPoolExecutor(PEOPLE) as pool:
        return list(pool.map(lambda pair: send(*pair, button, **fields).status_code, zip(clients, pages, strict=True)))


def count(model, **columns):
    return db.session.scalar(select(func.count()).select_from(model).filter_by(**columns))


def test_a_council_leaves_once_and_comes_back_once(desk):
    clients = desk.browsers()
    answers = at_once(clients, [one.get("/groupes/ensemble/depart") for one in clients], "quitter", shared="out")
    assert set(answers) <= {302, 404} and 302 in answers
    with desk.app.app_context():
        assert (count(Departure), count(Activity, verb="group.left")) == (1, 1)
        item = db.session.scalar(select(Document))
        assert (item.level, item.groups) == (Visibility.COUNCIL, [])
    answers = at_once(clients, [one.get("/groupes") for one in clients], "Y revenir")
    assert set(answers) <= {302, 404} and 302 in answers
    with desk.app.app_context():
        assert (count(Departure), count(Activity, verb="group.joined")) == (0, 1)
        item = db.session.scalar(select(Document))
        assert (item.level, [one.id for one in item.groups]) == (Visibility.GROUPS, [desk.group_id])
        assert db.session.scalar(select(func.count()).select_from(group_councils)) == 2


def test_several_animators_make_one_group(desk):
    clients = desk.browsers(role="animator")
    pages = [one.get(f"/animation/groupes/nouveau?territoire={desk.ain_id}") for one in clients]
    assert at_once(clients, pages, "Créer le groupe") == [302] * PEOPLE
    with desk.app.app_context():
        assert (count(Group), count(Category), count(Activity, verb="group.opened")) == (2, 2, 1)
        dispatch()
        assert count(Delivery) == 3
