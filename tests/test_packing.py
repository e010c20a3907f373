"""Texts made small: what comes back is what went in, little is kept of what is known, nothing false comes out."""

import time
from random import Random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.packing import MAX_BYTES, NotPacked, pack, unpack


def prose(length, seed=1):
    """Return text of words that nobody could guess, in sentences: 5 million ways to write each word."""
    draw = Random(seed)  # noqa: S311 - the same text each time
    words = ["".join(draw.choices("aeéioubcdflmnprstv", k=draw.randint(2, 8))) for _ in range(length // 5)]
    return ". ".join(" ".join(words[start : start + 12]) for start in range(0, len(words), 12))[:length]


TEXT = prose(200_000)
SENTENCE = "Cette phrase a été récrite par Bruno."


@given(st.text(), st.text())
@example("", "")
@example("Bonjour", "1234567")
@example("Bonjour", "12345678")
def test_what_is_packed_comes_back(text, base):
    assert unpack(pack(text, base), base) == text


@pytest.mark.parametrize("place", [0, 100_000, 199_900])
def test_a_long_text_with_one_new_sentence_takes_a_few_dozen_bytes(place):
    changed = TEXT[:place] + SENTENCE + TEXT[place + 50 :]
    packed = pack(changed, TEXT)
    assert len(packed) < 120
    assert unpack(packed, TEXT) == changed


def test_the_longest_base_is_reached_from_one_end_to_the_other():
    base = prose(MAX_BYTES - 10_000, seed=3)
    base = base[: MAX_BYTES - len(base.encode()) + len(base)]
    changed = base[-30_000:] + SENTENCE + base[:200_000]
    assert len(pack(changed, base)) < 150
    assert len(pack(base[:5000], base)) < 50


def test_packing_is_fast():
    changed = TEXT[:100_000] + SENTENCE + TEXT[100_000:]
    start = time.process_time()
    assert unpack(pack(changed, TEXT), TEXT) == changed
    assert time.process_time() - start < 0.1  # seconds; it takes three thousandths


@pytest.mark.parametrize("base", ["", SENTENCE, TEXT[1:], TEXT + "a", TEXT.replace("e", "i")])
def test_another_base_gives_an_error_and_no_text(base):
    packed = pack(TEXT[:150_000] + SENTENCE, TEXT)
    with pytest.raises(NotPacked):
        unpack(packed, base)


@given(st.integers(0, 10_000), st.integers(0, 255))
def test_a_byte_that_was_damaged_never_gives_another_text(place, byte):
    packed = bytearray(PACKED)
    packed[place % len(packed)] = byte
    try:
        assert unpack(bytes(packed)) == PACKED_TEXT
    except NotPacked:
        assert bytes(packed) != PACKED


PACKED_TEXT = prose(300)
PACKED = pack(PACKED_TEXT)


@pytest.mark.parametrize("packed", [b"", b"bonjour", PACKED[:-1], PACKED + b"x", PACKED + PACKED])
def test_what_is_cut_or_goes_on_is_refused(packed):
    with pytest.raises(NotPacked):
        unpack(packed)


def test_a_text_beyond_the_limit_is_neither_packed_nor_unpacked(monkeypatch):
    with pytest.raises(ValueError, match="1048577 bytes"):
        pack("x" * (MAX_BYTES + 1))
    with pytest.raises(ValueError, match="base of 1048577"):
        pack("x", "x" * (MAX_BYTES + 1))
    assert unpack(pack("x" * MAX_BYTES)) == "x" * MAX_BYTES
    monkeypatch.setattr("app.packing.MAX_BYTES", 10 * MAX_BYTES)
    bomb = pack("x" * (9 * MAX_BYTES))
    monkeypatch.undo()
    with pytest.raises(NotPacked):
        unpack(bomb)
