"""Links in messages to what councils share: cards for those who may read it, nothing for the others."""

import time

import pytest
from flask import get_template_attribute
from sqlalchemy import select

from app.access import viewer_of
from app.extensions import db
from app.labels import Visibility
from app.models import Document, Event, MessageLink
from app.models.types import utcnow
from app.services import cards, posting
from tests.browse import submit
from tests.factories import make_category, make_group, make_publication, make_topic
from tests.test_message_files import ANSWER, category_of

SITE = "http://localhost:8000"


@pytest.fixture(autouse=True)
def site(app, monkeypatch):
    monkeypatch.setitem(app.config, "BASE_URL", SITE)


@pytest.fixture
def topic(cast):
    found = make_topic(cast.alice, make_category())
    db.session.commit()
    return found


def path_of(topic):
    return f"/forum/sujets/{topic.id}-{topic.slug}"


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("Voir http://localhost:8000/documents/12-le-square.", [12]),
        ("Voir https://localhost:8000/actions/12-x?page=2#a et localhost:8000/evenements/13-y", [12, 13]),
        ("[ici](/documents/12-le-square), </actions/13-x>, /evenements/14-z/inscription", [12, 13, 14]),
        ("L’affiche : http://localhost:8000/e/12 ou (/e/13)", [12, 13]),
        ("/documents/2-a\n/documents/1-b\n/documents/2-c", [2, 1]),
        (" ".join(f"/documents/{number}-x" for number in range(1, 9)), [1, 2, 3, 4, 5]),
        ("https://ailleurs.example/documents/12-x http://localhost:8000.example/documents/12-x", []),
        ("https://ailleurs.example/?suite=/documents/12-x notlocalhost:8000/documents/12-x", []),
        ("/documents/12 /forum/12-x /documents/9999999999-x /documents/4000000000-x documents/12-x /e/12-x", []),
        ("", []),
    ],
)
def test_what_a_text_points_to_on_this_site_is_found(app, text, ids):
    assert cards.find_ids(text) == ids


SHORT = [  # as it was written, as it is kept
    ("Voir http://localhost:8000/documents/12-le-vol-du-3-mai.", "Voir [document du site](/documents/12-x)."),
    ("Https://LOCALHOST:8000//documents/12-le-vol", "[document du site](/documents/12-x)"),
    ("localhost:8000/actions/12-le-vol/modifier, oui", "[fiche-action du site](/actions/12-x/modifier), oui"),
    ("/evenements/12-le-vol?page=2", "[événement du site](/evenements/12-x?page=2)"),
    (
        "/evenements/12-le-vol.ics ou /e/12 ?",
        "[événement du site](/evenements/12-x.ics) ou [événement du site](/e/12) ?",
    ),
    ("http://localhost:8000/fichiers/12/Le%20vol.pdf, enfin", "[fichier du site](/fichiers/12/x), enfin"),
    ("/forum/sujets/12-le-vol?page=2#message-21", "[sujet du forum](/forum/sujets/12-x?page=2#message-21)"),
    ("/forum/sujets/12-le-vol/non-lus.", "[sujet du forum](/forum/sujets/12-x/non-lus)."),
    (
        "**/documents/12-vol** _/documents/12-vol_",
        "**[document du site](/documents/12-x)** _[document du site](/documents/12-x)_",
    ),
    (
        "«/documents/12-le-vol» (/documents/12-vol)",
        "«[document du site](/documents/12-x)» ([document du site](/documents/12-x))",
    ),
    ("ici:http://localhost:8000/documents/12-le-vol", "ici:[document du site](/documents/12-x)"),
    ("icihttp://localhost:8000/documents/12-le-vol", "ici[document du site](/documents/12-x)"),
    ("<http://localhost:8000/documents/12-le-vol>", "[document du site](/documents/12-x)"),
    ("/connexion?suite=/documents/12-le-vol", "[document du site](/documents/12-x)"),
    ("http://localhost:8000/connexion?suite=/documents/12-vol !", "[document du site](/documents/12-x) !"),
    (
        "> Voir /documents/12-le-vol\n\n- /actions/1-b",
        "> Voir [document du site](/documents/12-x)\n\n- [fiche-action du site](/actions/1-x)",
    ),
    # with words of its own
    ("[ici](/actions/12-le-vol/modifier)", "[ici](/actions/12-x/modifier)"),
    (
        "[notre [belle] lettre](http://localhost:8000/documents/3-lettre)",
        "[notre [belle] lettre](http://localhost:8000/documents/3-x)",
    ),
    (
        "[/documents/12-vol](<http://localhost:8000/documents/12-vol>)",
        "[/documents/12-x](<http://localhost:8000/documents/12-x>)",
    ),
    ("[1]: http://localhost:8000/documents/12-vol", "[1]: http://localhost:8000/documents/12-x"),
    ('<a href="/documents/12-vol">ici</a>', '<a href="/documents/12-x">ici</a>'),
    ("`/documents/12-vol` ```\n/documents/12-vol\n```", "`/documents/12-x` ```\n/documents/12-x\n```"),
    ("un ` seul, /documents/12-vol\n\nun ` autre", "un ` seul, [document du site](/documents/12-x)\n\nun ` autre"),
    # of another site
    ("https://ailleurs.example/documents/12-le-vol", "https://ailleurs.example/documents/12-le-vol"),
    ("https://ailleurs.example/?suite=/documents/12-x-y", "https://ailleurs.example/?suite=/documents/12-x-y"),
    (
        "www.ailleurs.example/?u=http://localhost:8000/documents/12-vol",
        "www.ailleurs.example/?u=http://localhost:8000/documents/12-x",
    ),
    ("/documents/1234567890-vol //documents/12-vol /e/12/x", "/documents/1234567890-vol //documents/12-vol /e/12/x"),
]


@pytest.mark.parametrize(("text", "short"), SHORT)
def test_an_address_repeats_neither_title_nor_name_of_a_file_and_reads_as_a_link(app, text, short):
    assert cards.shorten(text) == short == cards.shorten(short)
    assert cards.find_ids(text) == cards.find_ids(short)


def test_a_text_of_nothing_but_signs_is_shortened_at_once(app):
    worst = ("`" * 20_000, "".join("`" * n + "a" for n in range(1, 200)), "[" * 20_000, "[a](" * 5_000, "<a" * 10_000,
             "/documents/1-" * 1_500, "](" * 10_000, "http://" * 3_000, "> " * 10_000, "/e/1 " * 4_000)  # fmt: skip
    begun = time.process_time()
    for text in worst:
        cards.shorten(text)
    assert time.process_time() - begun < 2


def test_a_document_is_a_card_for_those_who_may_read_it_and_nobody_else_learns_its_title(client_as, cast, topic):
    item = make_publication(Document, cast.alice, title="Le vol du local")
    db.session.commit()
    alice = client_as(cast.alice)
    text = f"Tout est là : {SITE}/documents/{item.id}-{item.slug}"
    assert submit(alice, f"{path_of(topic)}/repondre", ANSWER, text=text).status_code == 302
    for member in (cast.alice, cast.bruno):
        assert "Le vol du local</a>" in client_as(member).get(path_of(topic)).text
    for other in (cast.chloe, cast.emile, cast.animator, cast.referent):
        page = client_as(other).get(path_of(topic)).text
        assert f'<a href="/documents/{item.id}-x" rel="nofollow ugc noopener">document du site</a>' in page
        assert "Le vol" not in page and "le-vol" not in page and "Document ·" not in page
    assert alice.get(f"/documents/{item.id}-x").location == f"/documents/{item.id}-{item.slug}"
    assert client_as(cast.chloe).get(f"/documents/{item.id}-x").status_code == 404


def test_a_preview_shows_the_address_as_it_will_be(client_as, cast, topic):
    text = f"{SITE}/documents/12-le-vol"
    page = submit(client_as(cast.alice), f"{path_of(topic)}/repondre", "aperçu", text=text)
    assert 'href="/documents/12-x"' in page.text


def test_a_card_tells_kind_council_and_date(client_as, cast, topic):
    item = make_publication(Document, cast.alice, level=Visibility.MEMBERS)
    event = make_publication(Event, cast.chloe, level=Visibility.PUBLIC, title="La fête")
    alone = make_publication(Event, cast.alice, level=Visibility.MEMBERS, title="La journée", organiser="Le centre")
    alone.council_id = None
    db.session.commit()
    posting.post(topic, cast.alice, key="a" * 32, words=words(item, event, alone))
    db.session.commit()
    page = client_as(cast.emile).get(path_of(topic)).text
    ours, theirs = cast.council.name, cast.country.reyssouze.name
    assert all(said in page for said in (f"Document · {ours}", f"Événement · {theirs}", "Événement · Le centre"))


def words(*items):
    return posting.rendered("\n".join(f"/{item.path}/{item.id}-{item.slug}" for item in items))


def test_twenty_messages_ask_once_and_no_long_text_comes(cast, topic, queries):
    item = make_publication(Document, cast.alice, level=Visibility.MEMBERS, description="Long.")
    event = make_publication(Event, cast.chloe, level=Visibility.MEMBERS, agenda="Long.")
    alone = make_publication(Event, cast.alice, level=Visibility.MEMBERS, title="La journée", organiser="Le centre")
    alone.council_id = None
    ids = [posting.post(topic, cast.alice, key=f"{n:032}", words=words(item, event, alone)).id for n in range(3)]
    db.session.commit()
    viewer = viewer_of(cast.chloe)
    db.session.expunge_all()
    queries.clear()
    found = cards.cards_of(ids, viewer)
    said = [(card.source, card.path, card.name, getattr(card, "starts_at", None)) for card in found[ids[2]]]
    assert [len(found[number]) for number in ids] == [3, 3, 3] and len(said) == 3 and len(queries) == 1
    assert not any({"description", "agenda", "minutes"} & set(vars(card)) for card in found[ids[0]])
    assert cards.cards_of([], viewer) == {} and len(queries) == 1


def test_a_link_follows_the_corrections_of_its_message(cast, topic):
    first, second = (make_publication(Document, cast.alice) for _ in range(2))
    message = posting.post(topic, cast.alice, key="a" * 32, words=words(first))
    posting.correct(message, words(first, second))
    assert linked() == [first.id, second.id] and message.has_cards
    posting.correct(message, words(second))
    assert linked() == [second.id]
    posting.correct(message, posting.rendered("Rien, ni /documents/999-x."))
    assert linked() == [] and not message.has_cards


def linked():
    return list(db.session.scalars(select(MessageLink.publication_id).order_by(MessageLink.publication_id)))


def test_a_document_that_is_gone_and_a_message_that_is_gone_leave_no_card(cast, topic):
    item = make_publication(Document, cast.alice, level=Visibility.MEMBERS)
    message = posting.post(topic, cast.alice, key="a" * 32, words=words(item))
    viewer = viewer_of(cast.chloe)
    assert cards.cards_of([message.id], viewer)
    item.deleted_at = utcnow()
    assert cards.cards_of([message.id], viewer) == {}
    item.deleted_at, message.removed_at = None, utcnow()
    assert cards.cards_of([message.id], viewer) == {}
    message.removed_at, message.hidden_at = None, utcnow()
    assert cards.cards_of([message.id], viewer) == {}


def test_in_a_group_a_card_is_for_those_whom_its_own_level_reaches(client_as, cast):
    group = make_group("Les quartiers", cast.council, cast.country.reyssouze)
    place = make_topic(cast.alice, category_of(group))
    shared = make_publication(Document, cast.alice, level=Visibility.GROUPS, groups=[group], title="Le plan commun")
    own = make_publication(Document, cast.alice, title="Nos comptes")
    posting.post(place, cast.alice, key="a" * 32, words=words(shared, own))
    db.session.commit()
    page = client_as(cast.chloe).get(path_of(place)).text
    assert "Le plan commun" in page and "Nos comptes" not in page and "nos-comptes" not in page


def test_what_some_readers_of_a_rubric_may_not_open_is_told(cast):
    group, other = make_group("Les quartiers", cast.council), make_group("Le fleuve", cast.council)
    made = {level: make_publication(Document, cast.alice, level=level) for level in Visibility}
    shared, theirs = made[Visibility.GROUPS], make_publication(Document, cast.alice, level=Visibility.GROUPS)
    shared.groups, theirs.groups = [group], [other]
    draft = make_publication(Document, cast.alice, level=Visibility.PUBLIC, published_at=None)
    every = [*made.values(), theirs, draft]
    db.session.flush()
    assert cards.hidden_from_some(every, make_category()) == [made[Visibility.COUNCIL], shared, theirs, draft]
    assert cards.hidden_from_some(every, category_of(group)) == [made[Visibility.COUNCIL], theirs, draft]


def test_the_writer_reads_what_others_will_not_open(app, cast):
    item = make_publication(Document, cast.alice, title="Nos comptes")
    draft = make_publication(Document, cast.alice, title="Un projet", published_at=None)
    with app.test_request_context():
        said = get_template_attribute("_macros/cards.html", "narrow")([item, draft])
    assert "« Nos comptes », réservé aux membres de ce conseil</li>" in said.replace("\u202f", " ").replace("\xa0", " ")
    assert "que les autres ne voient pas" in said
