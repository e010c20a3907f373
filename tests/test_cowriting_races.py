"""Many write one document at the same instant, on a real database: no sentence is lost, and none comes twice."""

import random
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask_migrate import upgrade
from sqlalchemy import select

from app.extensions import db
from app.models import Document, Revision, SideVersion
from app.services import accounts, cowriting, revisions
from tests.browse import forms, send
from tests.factories import make_cast, make_publication, make_user

pytestmark = pytest.mark.slow

WRITERS, SAVES = 8, 6
MARK = re.compile(r"M\d+x\d+")
TEXT = "\n\n".join(f"## Partie {number}\n\nUne phrase. Une deuxième phrase. Une troisième." for number in range(4))


class Desk:
    """A site with a database of its own, and a document that several people have open."""

    def __init__(self, app):
        self.app = app
        with app.app_context():
            upgrade()
            cast = make_cast()
            self.council_id = cast.council.id
            item = make_publication(Document, cast.alice, title="Charte", is_collaborative=True)
            cowriting.write(item, TEXT, cowriting.rendered(item, TEXT), cast.alice)
            db.session.commit()
            self.item_id, self.address = item.id, f"/documents/{item.id}-charte/ecrire"

    def browser(self, number):
        """Return the browser of a new member of the council."""
        client = self.app.test_client()
        with self.app.app_context():
            user = make_user(f"N{number} Essai", email=f"n{number}@essai.example")
            user.council_id = self.council_id
            token = accounts.log_in(user)
            db.session.commit()
        with client.session_transaction() as session:
            session["_user_id"] = token
        return client


@pytest.fixture
def desk(own_app):
    return Desk(own_app)


def written(page, mark, draw):
    """Return the text of a form with one more sentence somewhere."""
    text = next(form for form in forms(page.text) if "description" in form.fields).fields["description"]
    lines = text.split("\n")
    place = draw.choice([number for number, line in enumerate(lines) if line and not line.startswith("#")])
    sentences = re.split(r"(?<=\.) ", lines[place])
    sentences.insert(draw.randint(0, len(sentences)), f"Je dis {mark}.")
    lines[place] = " ".join(sentences)
    return "\n".join(lines)


def settle(client, answer):
    """Keep both texts of each place until all is saved; return how often it took."""
    count = 0
    while answer.status_code == 409 and count < 30:
        count += 1
        places = set(re.findall(r'name="(place_\d+)"', answer.text))
        answer = send(client, answer, "Enregistrer", **dict.fromkeys(places, "both"))
    assert answer.status_code == 302, answer.text[:500]
    return count


def test_all_that_many_people_write_at_once_is_in_the_end(desk):
    clients = [desk.browser(number) for number in range(WRITERS)]

    def write(number):
        draw, conflicts = random.Random(number), 0  # noqa: S311 - a drill, not a secret
        for save in range(SAVES):
            page = clients[number].get(desk.address, query_string=draw.choice([{}, {"partie": draw.randint(1, 4)}]))
            text = written(page, f"M{number}x{save}", draw)
            answer = send(clients[number], page, "Enregistrer", description=text)
            if draw.random() < 0.3:  # the answer was lost on the way
                answer = send(clients[number], page, "Enregistrer", description=text)
            conflicts += settle(clients[number], answer)
        return conflicts

    with ThreadPoolExecutor(WRITERS) as pool:
        conflicts = sum(pool.map(write, range(WRITERS)))
    with desk.app.app_context():
        item = db.session.get(Document, desk.item_id)
        found = MARK.findall(item.description)
        assert sorted(set(found)) == sorted(f"M{one}x{two}" for one in range(WRITERS) for two in range(SAVES))
        assert conflicts > 0
        assert all(side.closed_at for side in db.session.scalars(select(SideVersion)))
        numbers = db.session.scalars(select(Revision.number).order_by(Revision.number)).all()
        assert numbers == list(range(1, len(numbers) + 1))
        assert revisions.newest(item).text == item.description


def test_previews_sent_at_the_same_instant_are_kept_one_for_each_part(desk):
    client = desk.browser(1)
    clients = [client] + [desk.app.test_client() for _ in range(5)]
    for other in clients[1:]:
        other._cookies = client._cookies
    pages = [client.get(desk.address, query_string=query) for query in ({}, {"partie": 1})]
    draw = random.Random(1)  # noqa: S311
    texts = [written(pages[number % 2], f"M1x{number // 4}", draw) for number in range(6)]  # some the same

    def preview(number):
        return send(clients[number], pages[number % 2], "Voir l’aperçu", description=texts[number]).status_code

    for _ in range(3):
        with ThreadPoolExecutor(6) as pool:
            assert set(pool.map(preview, range(6))) == {200}
    with desk.app.app_context():
        parts = db.session.scalars(select(SideVersion.part)).all()
        assert sorted(parts, key=str) == [1, None]


def test_one_form_sent_many_times_at_once_makes_one_version(desk):
    client = desk.browser(1)
    page = client.get(desk.address)
    text = written(page, "M1x1", random.Random(1))  # noqa: S311
    clients = [client] + [desk.app.test_client() for _ in range(5)]
    for other in clients[1:]:
        other._cookies = client._cookies
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda one: send(one, page, "Enregistrer", description=text), clients))
    assert {answer.status_code for answer in answers} == {302}
    with desk.app.app_context():
        assert db.session.get(Document, desk.item_id).description.count("M1x1") == 1
        assert db.session.scalars(select(Revision.number).order_by(Revision.number)).all() == [1, 2]
