"""Versions of a council's page and of what councils share: listed, compared, brought back; what changed, in words."""

import time
from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest
import time_machine
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from app import differences
from app.differences import Tag, compare, count_words, shorten, words
from app.extensions import db
from app.labels import Visibility
from app.models import Action, Council, CouncilPicture, Document, Event, Revision
from app.models.types import utcnow
from app.services import fiches, publishing, revisions
from tests.browse import send, submit
from tests.factories import make_publication
from tests.test_fiche import FICHE, SAVE, council_of, kept, page_of, pictures, put_picture
from tests.test_pages import bytes_on_the_wire

VERSIONS = FICHE + "/versions"
RESTORE = "Rétablir cette version"


# Words -------------------------------------------------------------------------------------------------------------


def said(parts):
    """Write parts as [-removed-]{+added+}."""
    marks = {Tag.SAME: "{}", Tag.ADDED: "{{+{}+}}", Tag.REMOVED: "[-{}-]"}
    return "".join(marks[tag].format(text) for tag, text in parts)


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("", "Bonjour", "{+Bonjour+}"),
        ("Bonjour", "", "[-Bonjour-]"),
        ("Nous sommes douze.", "Nous sommes treize.", "Nous sommes [-douze-]{+treize+}."),
        ("a b c d e f g h", "a b X Y e f g h", "a b [-c d-]{+X Y+} e f g h"),
        (
            "Le mardi soir",
            "Rendez-vous le jeudi, sauf en août",
            "[-Le mardi soir-]{+Rendez-vous le jeudi, sauf en août+}",
        ),
        ("L’école, la place", "L’école et la place", "L’école[-,-]{+ et+} la place"),
    ],
)
def test_words_that_changed_are_told(before, after, told):
    assert said(words(before, after)) == told


def test_both_texts_are_found_again_in_what_is_told():
    draw = Random(7)  # noqa: S311 - the same texts each time
    for _ in range(200):
        before, after = (
            " ".join(draw.choices(["un", "deux", "trois,", "quatre.", "\n"], k=draw.randint(0, 20))) for _ in "ab"
        )
        parts = words(before, after)
        assert "".join(text for tag, text in parts if tag != Tag.ADDED) == before
        assert "".join(text for tag, text in parts if tag != Tag.REMOVED) == after


def test_lines_that_did_not_change_are_left_out_but_for_those_beside():
    before = "\n".join(str(number) for number in range(20))
    passages = shorten(compare(before, before.replace("10", "dix")))
    assert [passage.skipped or said(passage.parts) for passage in passages] == [9, "9", "[-10-]{+dix+}", "11", 8]


@pytest.mark.slow
def test_long_texts_are_compared_in_a_moment():
    draw = Random(1)  # noqa: S311 - the same texts each time
    vocabulary = [f"mot{number}" for number in range(3000)]
    lines = [" ".join(draw.choices(vocabulary, k=60)) for _ in range(300)]
    edited = [line.replace(" ", " nouveau ", 1) if number % 10 == 0 else line for number, line in enumerate(lines)]
    rewritten = [" ".join(draw.choices(vocabulary, k=60)) for _ in range(60)]
    start = time.process_time()
    assert count_words(compare("\n\n".join(lines), "\n\n".join(edited))) == (30, 0)
    assert count_words(compare("\n".join(lines[:60]), "\n".join(rewritten))) == (3600, 3600)
    assert compare("[" * 20_000, "][" * 10_000)
    assert time.process_time() - start < 1.5


def test_texts_too_long_to_be_compared_are_told_whole_but_for_their_ends(monkeypatch):
    monkeypatch.setattr(differences, "MOST_COMPARED", 5)
    assert said(words("un deux a a a a fin", "un deux b b b b b fin")) == "un deux [-a a a a-]{+b b b b b+} fin"


def test_long_texts_are_cut_at_the_words_that_neither_has_twice(monkeypatch):
    monkeypatch.setattr(differences, "MOST_COMPARED", 400)
    many = [f"mot{number}" for number in range(100)]
    before, after = " ".join(["a", *many, "b"]), " ".join(["c", *many[:50], "neuf", *many[50:], "d"])
    told = said(words(before, after))
    assert told == " ".join(["[-a-]{+c+}", *many[:50], "{+neuf +}" + many[50], *many[51:], "[-b-]{+d+}"])
    turned = said(words(" ".join([*many, "x"]), " ".join([*many[80:], *many[:80], "y"])))
    assert " ".join(many[:80]) in turned and turned.startswith("{+mot80")


TEXTS = st.lists(st.sampled_from(["un", "deux,", "trois. ", "\n", " ", "seul", "rare"]), max_size=30).map("".join)


@given(TEXTS, TEXTS, st.sampled_from([1, 20, 10**8]))
@settings(deadline=None)
def test_a_comparison_holds_every_word_of_both_texts(before, after, most):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(differences, "MOST_COMPARED", most)
        parts = [part for passage in compare(before, after) for part in passage.parts]
    for text, other in ((before, Tag.ADDED), (after, Tag.REMOVED)):
        assert "".join(part for tag, part in parts if tag != other).split() == text.split() or "\n" in text
        assert "".join("".join(part for tag, part in parts if tag != other).split()) == "".join(text.split())


def prose(length, seed):
    """Return French-like text without line ends, each word drawn from some thousands."""
    draw = Random(seed)  # noqa: S311 - the same texts each time
    vocabulary = [f"mot{number}" for number in range(3000)] + ["le", "la", "de", "nous", "à"] * 500
    return " ".join(draw.choice(vocabulary) for _ in range(length // 6))[:length]


ONE_LINE = prose(250_000, 1)
LINES = ONE_LINE.replace("a", "\n")  # some thousands, none of them long
EXTREME = {
    "lines all alike": ("a\n" * 5000, "a\n" * 4999, (0, 1)),
    "lines of one sign": ("a\n" * 62_500 + "b\n" * 62_500, "b\n" * 62_500 + "a\n" * 62_500, None),
    "a line written anew": (prose(20_000, 2), prose(20_000, 3), None),
    "two words of one long line": (ONE_LINE, "début " + ONE_LINE + " fin", (2, 0)),
    "the ends and the middle": (ONE_LINE, "x" + ONE_LINE[:120_000] + " y " + ONE_LINE[120_000:] + "z", None),
    "many lines": (LINES, "début " + LINES + " fin", (2, 0)),
    "nothing but signs": ("[" * 250_000, "][" * 125_000, None),
    "long texts with nothing in common": (ONE_LINE, prose(250_000, 4), None),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", EXTREME)
def test_the_longest_texts_are_compared_within_a_second(name):
    before, after, counted = EXTREME[name]
    start = time.process_time()
    passages = compare(before, after)
    assert time.process_time() - start < 1
    assert counted in (None, count_words(passages))


def test_few_changes_in_a_long_text_are_told_word_by_word():
    whole = prose(210_000, 5)
    lines = [whole[start : start + 70] for start in range(0, len(whole), 70)]
    changed = [line.replace(" ", " neuf ", 1) if number % 100 == 50 else line for number, line in enumerate(lines)]
    start = time.process_time()
    passages = shorten(compare("\n".join(lines), "\n".join(changed)))
    assert time.process_time() - start < 0.5  # seconds; a tenth of it by itself
    assert count_words(passages) == (sum(map(str.__ne__, lines, changed)), 0)


# Of the page of a council -----------------------------------------------------------------------------------------


def test_versions_are_listed_with_who_when_and_how_much(alice, bruno, cast):
    submit(alice, FICHE, SAVE, description="Nous sommes douze.")
    submit(bruno, FICHE, SAVE, description="Nous sommes treize habitants.")
    page = alice.get(VERSIONS).text
    assert "Version n° 2</a>, la version actuelle" in page
    assert page.index("par Bruno Petit") < page.index("par Alice Martin")
    assert "2 mots ajoutés, 1 mot retiré" in page and "<small>3 mots ajoutés" in page and "0 mot" not in page


def test_a_version_is_shown_compared_and_brought_back(alice, bruno, client, cast):
    submit(alice, FICHE, SAVE, description="Nous sommes **douze**.", residents="12", link_url_0="https://a.fr/")
    submit(bruno, FICHE, SAVE, description="Nous sommes **treize**.", residents="13", link_label_0="", link_url_0="")
    assert "<strong>douze</strong>" in alice.get(f"{VERSIONS}/1").text
    changed = "<del><i>[retiré : </i>{}<i>]</i></del><ins><i>[ajouté : </i>{}<i>]</i></ins>"
    assert changed.format("douze", "treize") in alice.get(f"{VERSIONS}/2?voir=changements").text
    now = alice.get(f"{VERSIONS}/1?voir=actuelle").text
    assert changed.format("12", "13") in now and "https://a.fr/" in now
    answer = submit(alice, f"{VERSIONS}/1", RESTORE)
    assert "La version n° 1 est rétablie." in alice.get(answer.location).text
    page = page_of(client, cast)
    assert "<strong>douze</strong>" in page and "12 habitants" in page and "https://a.fr/" in page
    newest = kept(cast)[-1]
    assert (newest.number, newest.author_id, newest.comment) == (3, cast.alice.id, "Version n° 1 rétablie")
    assert RESTORE not in alice.get(f"{VERSIONS}/3").text


def test_a_version_brought_back_twice_makes_one(alice, cast):
    submit(alice, FICHE, SAVE, description="Un")
    submit(alice, FICHE, SAVE, description="Deux")
    opened = f"{VERSIONS}/1"
    first, second = submit(alice, opened, RESTORE), submit(alice, opened, RESTORE)
    assert (first.status_code, second.status_code) == (302, 302)
    assert "déjà celle que tout le monde voit" in alice.get(second.location).text
    assert len(kept(cast)) == 3


def test_hostile_text_is_shown_as_text_in_a_comparison(alice, cast):
    submit(alice, FICHE, SAVE, host="<script>alert(1)</script>")
    submit(alice, FICHE, SAVE, host="<img src=x onerror=alert(1)>")
    for address in (f"{VERSIONS}/1", f"{VERSIONS}/2?voir=changements", f"{VERSIONS}/1?voir=actuelle"):
        page = alice.get(address).text
        assert "<script" not in page and "<img src=x" not in page


def test_pictures_come_back_with_a_version_for_thirty_days(alice, client, cast):
    number = put_picture(alice, cast, "Le square")
    submit(alice, FICHE, SAVE, **{f"drop_{number}": "y"})
    assert 'alt="Le square"' in alice.get(f"{VERSIONS}/1").text
    submit(alice, f"{VERSIONS}/1", RESTORE)
    assert [picture.id for picture in pictures(cast)] == [number]
    assert 'alt="Le square"' in page_of(client, cast)


def test_a_version_whose_pictures_are_gone_comes_back_without_them_and_says_so(alice, cast):
    number = put_picture(alice, cast)
    submit(alice, FICHE, SAVE, description="Deux", **{f"drop_{number}": "y"})
    with time_machine.travel(utcnow() + timedelta(days=31), tick=False):
        fiches.purge()
        db.session.commit()
    assert "il ne reste plus : une image" in alice.get(f"{VERSIONS}/1").text
    answer = submit(alice, f"{VERSIONS}/1", RESTORE)
    assert "sans une image" in alice.get(answer.location).text
    assert not pictures(cast) and not council_of(cast).description


def test_a_charter_comes_back_with_a_version_if_it_is_still_there(alice, cast):
    charter = make_publication(Document, cast.alice, title="Notre charte")
    db.session.commit()
    charter_id = charter.id
    submit(alice, FICHE, SAVE, charter=str(charter_id))
    submit(alice, FICHE, SAVE, charter="")
    submit(alice, f"{VERSIONS}/1", RESTORE)
    assert db.session.get(Document, charter_id).is_charter
    submit(alice, FICHE, SAVE, charter="", description="Sans")
    db.session.get(Document, charter_id).deleted_at = utcnow()
    db.session.commit()
    answer = submit(alice, f"{VERSIONS}/1", RESTORE)
    assert "sans la charte" in alice.get(answer.location).text


def test_versions_of_a_council_are_not_those_of_another(alice, client_as, cast):
    submit(alice, FICHE, SAVE, description="Un")
    chloe = client_as(cast.chloe)
    assert chloe.get(f"{VERSIONS}/1").status_code == 404
    assert "Version n°" not in chloe.get(VERSIONS).text
    submit(alice, FICHE, "aperçu", description="Secret")
    assert "Secret" not in alice.get(VERSIONS).text


def test_a_purge_leaves_pictures_that_another_file_row_shares(alice, cast):
    first = put_picture(alice, cast)
    row = db.session.get(CouncilPicture, first)
    db.session.add(CouncilPicture(council_id=cast.chloe.council_id, file_id=row.file_id, alternative="La même"))
    row.removed_at = utcnow() - timedelta(days=31)
    db.session.commit()
    assert fiches.purge()
    assert db.session.scalar(select(func.count()).select_from(CouncilPicture)) == 1


def test_many_long_versions_cost_few_queries_and_few_bytes(alice, cast, queries):
    council = council_of(cast)
    draw = Random(3)  # noqa: S311 - the same texts each time
    text = [" ".join(draw.choices(["citoyens", "quartier", "réunion", "square", "jardin"], k=60)) for _ in range(40)]
    for number in range(40):
        text[number] = f"Paragraphe {number} écrit de nouveau."
        content = fiches.content_of(council) | {"description": "\n\n".join(text)}
        revisions.keep(council, content, cast.alice)
    council.version = 40
    db.session.commit()
    for address in (VERSIONS, f"{VERSIONS}?page=4", f"{VERSIONS}/20?voir=changements", f"{VERSIONS}/20"):
        queries.clear()
        page = alice.get(address, headers={"Accept-Encoding": "gzip"})
        assert page.status_code == 200
        assert len(queries) <= 12, address
        assert bytes_on_the_wire(page) <= 14_000, address


# Of what councils share ------------------------------------------------------------------------------------------


def write(item, author, **fields):
    """Save a new state of something published, as its form does."""
    publishing.write(item, fields)
    revisions.keep(item, publishing.content_of(item), author)
    db.session.commit()


@pytest.fixture
def document(cast):
    item = make_publication(Document, cast.alice, title="Le square", level=Visibility.PUBLIC)
    write(item, cast.alice, description="Nous étions **douze**.")
    write(item, cast.alice, title="La place", description="Nous étions **treize**.")
    return item


def address_of(item, rest="versions"):
    return f"/{item.path}/{item.id}-{item.slug}/{rest}"


def test_a_former_text_is_listed_shown_compared_and_brought_back(alice, cast, document):
    listed = alice.get(address_of(document))
    assert "Version n° 2</a>, la version actuelle" in listed.text
    assert "<strong>douze</strong>" in alice.get(address_of(document, "versions/1")).text
    changed = alice.get(address_of(document, "versions/2?voir=changements")).text
    assert "douze" in changed and "treize" in changed and "<del>" in changed
    level, number, address = document.level, document.id, address_of(document, "versions/1")
    answer = submit(alice, address, RESTORE)
    assert answer.location == f"/documents/{number}-le-square"
    item = db.session.get(Document, number)
    assert (item.title, item.description, item.level) == ("Le square", "Nous étions **douze**.", level)
    assert "<strong>douze</strong>" in item.description_html
    newest = revisions.newest(item)
    assert (newest.number, newest.comment) == (3, "Version n° 1 rétablie")


def test_a_former_text_brought_back_twice_makes_one_version(alice, document):
    address = address_of(document, "versions/1")
    opened = alice.get(address)
    answers = [send(alice, opened, RESTORE) for _ in range(2)]
    assert "déjà la version actuelle" in alice.get(answers[1].location).text
    assert db.session.scalar(select(func.max(Revision.number))) == 3


def test_a_former_state_of_each_kind_comes_back_with_its_dates(alice, cast):
    action = make_publication(Action, cast.alice, title="Compost")
    write(action, cast.alice, starts_on=date(2026, 3, 1), stage="diagnosis", need="**Des** bacs")
    write(action, cast.alice, starts_on=None, stage=None, need="")
    event = make_publication(Event, cast.alice, title="Fête")
    starts_at = event.starts_at
    write(event, cast.alice, place="Ici")
    write(event, cast.alice, starts_at=starts_at + timedelta(days=1), place="Là")
    action_id, event_id = action.id, event.id
    assert "Diagnostic" in alice.get(address_of(action, "versions/1?voir=actuelle")).text
    for item in (action, event):
        assert submit(alice, address_of(item, "versions/1"), RESTORE).status_code == 302
    action, event = db.session.get(Action, action_id), db.session.get(Event, event_id)
    assert (action.starts_on, action.stage, action.need_html) == (
        date(2026, 3, 1),
        "diagnosis",
        "<p><strong>Des</strong> bacs</p>",
    )
    assert (event.starts_at, event.place) == (starts_at, "Ici")


def test_who_sees_former_texts_and_who_brings_them_back(client, client_as, cast, document):
    address, back = address_of(document), address_of(document, "versions/1/retour")
    one = address_of(document, "versions/1")
    people = {
        name: client_as(getattr(cast, name)) for name in ("alice", "bruno", "chloe", "dora", "referent", "animator")
    }
    assert {name: browser.get(address).status_code for name, browser in people.items()} == {
        "alice": 200, "bruno": 200, "chloe": 403, "dora": 403, "referent": 403, "animator": 403,
    }  # fmt: skip
    assert client.get(address).status_code == client.get(one).status_code == 302
    assert RESTORE in people["alice"].get(one).text and RESTORE not in people["bruno"].get(one).text
    for name, browser in people.items():
        token = browser.get("/affichage").text.split('name="csrf_token"')[1].split('value="')[1].split('"')[0]
        answer = browser.post(back, data={"csrf_token": token, "newest": "2"})
        assert answer.status_code == (302 if name == "alice" else 403), name


def test_former_texts_of_what_one_may_not_read_are_not_there(client_as, cast):
    item = make_publication(Document, cast.alice, level=Visibility.COUNCIL)
    write(item, cast.alice, description="Entre nous")
    addresses = [address_of(item), address_of(item, "versions/1")]
    for name, status in (("bruno", 200), ("chloe", 404), ("animator", 404)):
        browser = client_as(getattr(cast, name))
        assert [browser.get(address).status_code for address in addresses] == [status, status]


def test_an_author_who_left_the_council_brings_nothing_back(alice, cast, document):
    address = address_of(document, "versions/1")
    opened = alice.get(address)
    cast.alice.council_id = cast.chloe.council_id
    db.session.commit()
    token = opened.text.split('name="csrf_token" value="')[-1].split('"')[0]
    assert alice.post(address + "/retour", data={"csrf_token": token}).status_code == 403
    assert db.session.scalar(select(func.count()).select_from(Revision)) == 2


def test_an_unknown_version_is_not_found(alice, cast, document):
    assert alice.get(address_of(document, "versions/9")).status_code == 404
    assert alice.get(f"{VERSIONS}/9").status_code == 404
    assert alice.get(f"{VERSIONS}?page=9").status_code == 404
    assert alice.get(VERSIONS).status_code == 200
    assert db.session.get(Council, cast.alice.council_id).version == 0


def test_texts_that_are_made_to_be_slow_are_compared_in_a_moment():
    draw = Random(2)  # noqa: S311 - the same texts each time
    letters = draw.choices("abcdefgh", k=9_900)
    shuffled = draw.sample(letters, len(letters))
    signs = draw.choices(".,;:!?-", k=7_000)
    others = [draw.choice((sign, ";")) for sign in signs]
    common = " ".join(f"mot{number}" for number in range(30))
    start = time.process_time()
    compare(f"{common} a{' ' * 19_000}b", f"{common} c")
    compare("\n".join(letters), "\n".join(shuffled))
    compare("".join(signs), "".join(others))
    assert time.process_time() - start < 0.3


def test_many_long_versions_of_a_document_cost_few_queries_and_few_bytes(alice, cast, queries):
    draw = Random(3)  # noqa: S311 - the same texts each time
    item = make_publication(Document, cast.alice, title="Le square")
    text = [" ".join(draw.choices(["citoyens", "quartier", "réunion", "square", "jardin"], k=60)) for _ in range(40)]
    for number in range(30):
        text[number] = f"Paragraphe {number} écrit de nouveau."
        write(item, cast.alice, description="\n\n".join(text))
    addresses = [address_of(item, f"versions{rest}") for rest in ("", "?page=3", "/20?voir=changements", "/20")]
    for address in addresses:
        queries.clear()
        page = alice.get(address, headers={"Accept-Encoding": "gzip"})
        assert page.status_code == 200
        assert len(queries) <= 12, address
        assert bytes_on_the_wire(page) <= 14_000, address


def test_a_comparison_says_hours_as_people_do_and_what_signs_mean(alice, cast):
    event = make_publication(Event, cast.alice, title="Fête")
    write(event, cast.alice, starts_at=datetime(2026, 3, 14, 17, 30, tzinfo=UTC), time_zone="Indian/Reunion")
    write(event, cast.alice, starts_at=datetime(2026, 3, 14, 16, tzinfo=UTC), time_zone="Europe/Paris")
    page = alice.get(address_of(event, "versions/2?voir=changements")).text
    said = revisions.in_words(revisions.find(event, 1).content)["starts_at"]
    assert said == "14 mars 2026 à 21\N{NO-BREAK SPACE}h\N{NO-BREAK SPACE}30"
    assert "** autour de mots en gras" in page and "Indian" not in page
