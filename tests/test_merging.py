"""The merge of two texts written from one base: nothing lost, nothing invented, conflicts only where needed."""

import random
import re
import shutil
import subprocess
from collections import Counter
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.services.merging import Agreed, Conflict, Merge, merge

often = settings(deadline=None, max_examples=100)
EDITS = st.lists(st.tuples(st.sampled_from(["add", "change", "remove"]), st.integers(0, 99)), max_size=5)


def text_of(lines) -> str:
    return "\n".join(lines)


def edited(tokens: list[str], edits, mark: str) -> list[str]:
    """Return `tokens` after `edits`; what is new starts with `mark` and a number of its own."""
    tokens = list(tokens)
    for number, (verb, place) in enumerate(edits):
        place %= len(tokens) + 1
        tokens[place : place + (verb != "add")] = [] if verb == "remove" else [f"{mark}{number}"]
    return tokens


def marks(text: str) -> list[str]:
    return re.findall(r"\w+", text)


def assert_nothing_is_lost(merged: Merge, base: str, mine: str, theirs: str) -> None:
    """Every mark is unique in its text; nobody moved any."""
    old, new, other = (set(marks(text)) for text in (base, mine, theirs))
    added, gone = (new | other) - old, old - (new & other)
    assert new - old <= set(marks(merged.settled([conflict.mine for conflict in merged.conflicts])))
    assert other - old <= set(marks(merged.settled([conflict.theirs for conflict in merged.conflicts])))
    assert added <= set(marks(merged.both)) <= old | new | other
    if merged.is_clean:
        found = marks(merged.text)
        assert added | (old & new & other) == set(found) and not gone & set(found)
        for side in (mine, theirs):
            assert [mark for mark in found if mark in marks(side)] == [m for m in marks(side) if m in found]


def assert_symmetric(merged: Merge, mirrored: Merge) -> None:
    assert mirrored.pieces == tuple(
        piece if isinstance(piece, Agreed) else Conflict(piece.base, piece.theirs, piece.mine)
        for piece in merged.pieces
    )


# What holds for every base and every two edits --------------------------------------------------------------------


@often
@given(st.integers(0, 12), EDITS, EDITS)
def test_a_merge_of_lines_holds_all_that_was_added_and_nothing_that_was_deleted(size, mine, theirs):
    base = [f"b{i}" for i in range(size)]
    texts = text_of(base), text_of(edited(base, mine, "M")), text_of(edited(base, theirs, "T"))
    assert_nothing_is_lost(merge(*texts), *texts)


@often
@given(st.lists(st.integers(1, 5), max_size=4), EDITS, EDITS, st.sampled_from(["\n", "\n\n", "\n- "]))
def test_a_merge_of_sentences_holds_all_that_was_added_and_nothing_that_was_deleted(sizes, mine, theirs, between):
    base = [f"b{row}x{i}" for row, size in enumerate(sizes) for i in (*range(size), "end")]

    def written(tokens):
        text = " ".join("|" if token.endswith("end") else f"Phrase {token} !" for token in tokens)
        return re.sub(r" ?\| ?", between, text).replace("Phrase ", "")

    texts = written(base), written(edited(base, mine, "M")), written(edited(base, theirs, "T"))
    assert_nothing_is_lost(merge(*texts), *texts)


@often
@given(st.permutations(range(6)), st.permutations(range(6)), EDITS, EDITS)
def test_moving_lines_loses_nothing_and_brings_nothing_back(mine, theirs, more_of_mine, more_of_theirs):
    base = [f"b{i}" for i in range(6)]
    new = edited([f"b{i}" for i in mine], more_of_mine, "M")
    other = edited([f"b{i}" for i in theirs], more_of_theirs, "T")
    merged = merge(text_of(base), text_of(new), text_of(other))
    assert {*new, *other} - {*base} <= {*merged.both.split("\n")}
    if merged.is_clean:
        found = set(merged.text.split("\n"))
        assert {*new, *other} - {*base} <= found
        assert not found & ({*base} - ({*new} & {*other}))


REPEATED = st.lists(st.sampled_from(["a", "a", "b", ""]), min_size=1, max_size=10)
PLACES = st.lists(st.tuples(st.integers(0, 99), st.sampled_from(["a", "b", ""])), max_size=4)


def grown(lines, places):
    lines = list(lines)
    for place, line in places:
        lines.insert(place % (len(lines) + 1), line)
    return lines


def shrunk(lines, places):
    lines = list(lines)
    for place, _ in places[: len(lines) - 1]:
        del lines[place % len(lines)]
    return lines


@often
@given(REPEATED, PLACES, PLACES)
def test_of_repeated_lines_as_many_remain_as_were_added_and_left(base, mine, theirs):
    for change_mine, change_theirs in ((grown, grown), (shrunk, shrunk), (grown, shrunk)):
        new, other = change_mine(base, mine), change_theirs(base, theirs)
        merged = merge(*(text_of([*lines, "end"]) for lines in (base, new, other)))
        for line in {"a", "b", ""}:
            of_mine, of_theirs = (side.count(line) - base.count(line) for side in (new, other))
            both = of_mine + of_theirs
            found = Counter(merged.both.split("\n"))[line] - base.count(line)
            if change_theirs is grown:
                assert found >= max(of_mine, of_theirs)
            if not merged.is_clean:
                continue
            if change_mine is change_theirs:  # both may have added, or left out, the same one
                assert min(both, of_mine, of_theirs) <= found <= max(both, of_mine, of_theirs)
                assert abs(found) >= max(abs(of_mine), abs(of_theirs))
            else:
                assert found == both


@often
@given(st.integers(1, 5), st.integers(1, 4), st.data())
def test_different_sentences_however_near_are_changed_by_different_people(rows, columns, data):
    who = data.draw(st.lists(st.sampled_from(["nobody", "mine", "theirs"]), min_size=rows * columns))

    def written(*sides):
        cells = [(f"{w}{i}" if w in sides else f"b{i}") + "." for i, w in enumerate(who[: rows * columns])]
        return "\n".join("- " + " ".join(cells[row * columns :][:columns]) for row in range(rows))

    assert merge(written(), written("mine"), written("theirs")).text == written("mine", "theirs")


ANYTHING = st.text(st.sampled_from([*"aaab..!-# \n\n\n\r1\u00a0\u202eאé😀"]), max_size=40)


@settings(deadline=None, max_examples=200)
@given(ANYTHING, ANYTHING, ANYTHING)
def test_whatever_is_written_the_laws_of_merging_hold(base, mine, theirs):
    plain = [text.replace("\r\n", "\n").replace("\r", "\n") for text in (base, mine, theirs)]
    assert merge(base, base, base).text == plain[0]
    assert merge(base, mine, base).text == merge(base, base, mine).text == merge(base, mine, mine).text == plain[1]
    merged = merge(base, mine, theirs)
    assert_symmetric(merged, merge(base, theirs, mine))
    assert merge(*plain) == merged
    assert all(conflict.mine != conflict.theirs for conflict in merged.conflicts)
    for side in (mine, theirs):
        assert {*marks(side)} - {*marks(base)} <= {*re.findall(r"\w+", merged.both)} | {*marks(base)}


# Single cases -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("base", "mine", "theirs", "merged"),
    [
        ("Un. Deux. Trois.", "Un. 2. Trois.", "Un. Deux. 3.", "Un. 2. 3."),
        ("Un. Deux. Trois.", "Deux. Trois.", "Un. 2. Trois.", "2. Trois."),
        ("Un. Deux.", "Un. Deux. Trois.", "Un. 2.", "Un. 2. Trois."),
        ("Un. Deux.", "Zéro. Un. Deux.", "1. Deux.", "Zéro. 1. Deux."),
        ("Un. Deux. Trois.", "Un. Deux.\n\nTrois.", "Un. Deux. 3.", "Un. Deux.\n\n3."),
        ("- a\n- b\n- c", "- 1\n- b\n- c", "- a\n- 2\n- c", "- 1\n- 2\n- c"),
        ("- a\n- b\n", "- a\n- b\n- c\n", "- a\n- 2\n", "- a\n- 2\n- c\n"),
        ("- a\n- b\n- c", "- a\n- c", "- a\n- b\n- x\n- c", "- a\n- x\n- c"),
        ("1. a\n2. b", "1. a ! Oui.\n2. b", "1. a\n2. b ! Non.", "1. a ! Oui.\n2. b ! Non."),
        ("A\n\nB. C.", "A\n\nX\n\nB. C.", "1\n\nB. D.", "1\n\nX\n\nB. D."),
        ("a\r\nb\r\nc", "1\nb\nc", "a\rb\r3", "1\nb\n3"),
        ("a\nb", "a\nb\n", "1\nb", "1\nb\n"),
        ("a\nb\n", "a\nb", "1\nb\n", "1\nb"),
        ("", "a", "a\nb", "a\nb"),
        ("a\n", "a\nx\nz\n", "a\nx\ny\nz\n", "a\nx\ny\nz\n"),
        ("שלום. עולם.", "שלום! עולם.", "שלום. תבל.", "שלום! תבל."),
        ("👋🏽 Un. 👨‍👩‍👧 Deux.", "👋🏽 1. 👨‍👩‍👧 Deux.", "👋🏽 Un. 👨‍👩‍👧 2.", "👋🏽 1. 👨‍👩‍👧 2."),
        ("Un.  Deux.\u00a0Trois.", "1.  Deux.\u00a0Trois.", "Un.  Deux.\u00a03.", "1.  Deux.\u00a03."),
    ],
)
def test_two_changes_that_do_not_meet_are_both_taken(base, mine, theirs, merged):
    assert merge(base, mine, theirs).text == merged
    assert merge(base, theirs, mine).text == merged


@pytest.mark.parametrize(
    ("base", "mine", "theirs", "conflicts"),
    [
        ("- a\n", "- a\n- b\n", "- a\n- c\n", [((), ("- b",), ("- c",))]),
        ("", "a\nb", "a\nc", [((), ("b",), ("c",))]),
        ("Un. Deux.", "Un.", "Un. 2.", [(("Un. Deux.",), ("Un.",), ("Un. 2.",))]),
        ("a\nb\nc", "a\nc", "a\n2\nc", [(("b",), (), ("2",))]),
        ("a\nb\nc", "a\nx\ny\nc", "a\nx\nc", [(("b",), ("y",), ())]),
        ("A. B. C. D.", "A. 2. C. D.", "A. II. C. 4.", [(("A. B. C. 4.",), ("A. 2. C. 4.",), ("A. II. C. 4.",))]),
        ("A. B.\n\nC.", "D. E.\n\nF.", "G.\n\nI.", [(("A. B.",), ("D. E.",), ("G.",)), (("C.",), ("F.",), ("I.",))]),
        ("a\n", "a\nUn.\n", "a\nZéro. Un.\n", [((), ("Un.",), ("Zéro. Un.",))]),
        ("- a\n- b\n- c", "- 1\n- 2\n- 3", "- a\n- II\n- c", [(("- b",), ("- 2",), ("- II",))]),
        ("a\n\nUn. Deux.", "a", "a\n\nZéro. Un. Deux.", [(("", "Un. Deux."), (), ("", "Zéro. Un. Deux."))]),
        ("a\n\nb! c.\n\nd", "a\n\nd", "a\n\nx! b! c.\n\nd", [(("b! c.", ""), (), ("x! b! c.", ""))]),
        ("a\nb", "a\nx\nb", "a\nx", [(("b",), ("b",), ())]),
        ("a\n", "1\n2\n", "a\nb\n", [(("a",), ("1", "2"), ("a", "b"))]),
        ("a\nb\n", "1\n2\n3\n", "a\nx\nb\n", [(("a", "b"), ("1", "2", "3"), ("a", "x", "b"))]),
        ("a\nb\nc\n", "b\nc\na\n", "b\nc\n", [((), ("a",), ())]),
        ("a\nb\nc\n", "b\nc\na\n", "2\nb\nc\n", [(("a",), (), ("2",)), ((), ("a",), ())]),
    ],
)  # fmt: skip
def test_two_changes_at_one_place_are_a_conflict_of_whole_lines(base, mine, theirs, conflicts):
    merged = merge(base, mine, theirs)
    assert merged.conflicts == [Conflict(*sides) for sides in conflicts]
    assert_symmetric(merged, merge(base, theirs, mine))
    with pytest.raises(ValueError, match="settled"):
        _ = merged.text


def test_each_conflict_gets_its_answer_in_order():
    merged = merge("a\nb\nc\nd\ne", "1\nb\nc\nd\n5", "I\nb\nc\n4\nV")
    assert len(merged.conflicts) == 2
    assert merged.settled([["first", "again"], []]) == "first\nagain\nb\nc\n4"
    assert merged.both == "1\nI\nb\nc\n4\n5\nV"
    with pytest.raises(ValueError, match="1 answers to 2 conflicts"):
        merged.settled([["alone"]])


def line_of(chance: random.Random) -> str:
    return " ".join(chance.choice("budget école parc voirie œuvre vote".split()) for _ in range(chance.randint(1, 3)))


def test_what_git_merges_comes_out_the_same(tmp_path):
    if not shutil.which("git"):
        pytest.skip("git is not installed: nothing to compare with")
    chance, clean = random.Random(6), 0  # noqa: S311 - a choice, no secret
    for _ in range(150):
        base = [line_of(chance) + chance.choice(["", "."]) for _ in range(chance.choice([1, 3, 8, 25]))]
        base = base[:1] * len(base) if chance.random() < 0.2 else base
        verbs = [[(chance.choice(["add", "change", "remove"]), chance.randrange(99)) for _ in "12"] for _ in "mt"]
        texts = [base, edited(base, verbs[0], "M"), edited(base, verbs[1], "T")]
        texts = ["".join(f"{line}\n" for line in lines) for lines in texts]
        for name, text in zip(("base", "mine", "theirs"), texts, strict=True):
            (tmp_path / name).write_text(text)
        command = [shutil.which("git"), "merge-file", "-p", "mine", "base", "theirs"]
        git = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=10)
        if git.returncode == 0:
            clean += 1
            assert merge(*texts).text == git.stdout, texts
    assert clean > 50


def test_whole_texts_and_the_worst_ones_merge_in_a_moment():
    def sentence():
        return " ".join(line_of(chance) for _ in range(3)) + "."

    chance = random.Random(1)  # noqa: S311 - a choice, no secret
    long = ["" if i % 2 else f"{sentence()} {sentence()} {sentence()}" for i in range(4000)]
    mine, theirs = (edited(long, [("change", chance.randrange(4000)) for _ in "x" * 30], mark) for mark in "MT")
    alone = [" ".join(sentence() for _ in range(700))[:20_000] for _ in range(3)]
    letters = ["\n".join(chance.choices("abcdefgh", k=60_000)) for _ in range(3)]
    for texts, seconds in (
        ([text_of(long), text_of(mine), text_of(theirs)], 0.5),
        (alone, 2),
        (["x\n" * 5000, "x\n" * 2500 + "M\n" + "x\n" * 2500, "x\n" * 4000], 2),
        ([" " * 20_000 + end for end in "abc"], 2),
        (letters, 3),
    ):
        start = process_time()
        merge(*texts)
        assert process_time() - start < seconds


def test_of_many_conflicts_the_last_one_holds_the_rest():
    base, mine, theirs = ("\n\n".join(f"{word} {number}" for number in range(9)) for word in ("Un", "Deux", "Trois"))
    found = merge(base, mine, theirs)
    assert len(found.conflicts) == 9
    bounded = found.bounded(4)
    assert len(bounded.conflicts) == 4
    for side, text in (("mine", mine), ("theirs", theirs)):
        assert bounded.settled([getattr(conflict, side) for conflict in bounded.conflicts]) == text
    assert found.bounded(9) is found
