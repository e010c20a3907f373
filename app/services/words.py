"""A small index of words for names of places: whole words, beginnings, and words with a slip or two."""

from bisect import bisect_left
from collections import defaultdict
from string import ascii_lowercase, digits

from rapidfuzz import process
from rapidfuzz.distance import OSA

from app.text import fold

# Words that say nothing about which council is meant.
EMPTY_WORDS = frozenset(
    "a au aux cedex citoyen citoyens citoyenne conseil conseils d de des du en et l la le les prioritaire "
    "prioritaires qpv quartier quartiers sous sur".split()
)
EXACT, PREFIX, SLIP = 1.0, 0.7, 0.4
LETTERS = ascii_lowercase + digits


def meaningful(folded: str) -> list[str]:
    """Return the words of a folded text that say something, perhaps none."""
    return [word for word in folded.split() if word not in EMPTY_WORDS]


def essence(text: str) -> str:
    """Return a name reduced to its meaningful words, or to all of them when none is: « Bourg-en-Bresse » → « bourg
    bresse »."""
    folded = fold(text)
    return " ".join(meaningful(folded)) or folded


class Words:
    """Which rows each word leads to, and how strongly."""

    def __init__(self):
        self._rows: dict[str, dict[int, float]] = defaultdict(dict)
        self._sorted: list[str] = []
        self._alike: dict[tuple[int, str], list[str]] = defaultdict(list)  # by length and first letter

    def add(self, text: str, row: int, weight: float) -> None:
        """Make `row` answer to each word of `text`, and to all of them written as one."""
        for word in filter(None, (*essence(text).split(), fold(text).replace(" ", ""))):
            self._rows[word][row] = max(weight, self._rows[word].get(row, 0))

    def seal(self) -> None:
        """Make the index ready for questions, when all is added."""
        self._sorted = sorted(self._rows)
        for word in self._sorted:
            self._alike[len(word), word[0]].append(word)

    def search(self, words: list[str], slips: bool = False) -> dict[int, float]:
        """Return the rows that answer to every word, with their score.

        With `slips`, words that differ by a letter or two count too; without, all words may be written as one.
        """
        scores = [self.look_up(word, slips) for word in words]
        rows = set(scores[0]).intersection(*scores[1:])
        if rows or slips or len(words) == 1:
            return {row: sum(score[row] for score in scores) for row in rows}
        return self.look_up("".join(words))

    def look_up(self, word: str, slips: bool = False) -> dict[int, float]:
        """Return the rows that answer to one word, with their score."""
        return self._slips(word) if slips else self._beginnings(word)

    def _beginnings(self, word):
        scores: dict[int, float] = {}
        self._raise(scores, word, EXACT)
        if len(word) < 3 or word.isdigit():  # « st » begins too many words; the beginning of a number says nothing
            return scores
        for position in range(bisect_left(self._sorted, word), len(self._sorted)):
            candidate = self._sorted[position]
            if not candidate.startswith(word):
                break
            self._raise(scores, candidate, PREFIX * len(word) / len(candidate))
        return scores

    def _slips(self, word):
        scores = self._beginnings(word)
        slips = 2 if len(word) >= 7 else 1 if len(word) >= 4 else 0
        if not slips or word.isdigit():  # another number is another place, not a slip
            return scores
        # People seldom get the first letter wrong: the others are looked at when it leads nowhere.
        for first_letters in (word[0], LETTERS.replace(word[0], "")):
            for length in range(len(word) - slips, len(word) + slips + 1):
                for first in first_letters:
                    self._raise_alike(scores, word, self._alike.get((length, first), []), slips)
            if scores:
                break
        return scores

    def _raise_alike(self, scores, word, choices, slips):
        close = process.extract(word, choices, scorer=OSA.distance, processor=None, score_cutoff=slips, limit=20)
        for candidate, distance, _ in close:
            self._raise(scores, candidate, SLIP / (1 + distance))

    def _raise(self, scores, word, quality):
        for row, weight in self._rows.get(word, {}).items():
            scores[row] = max(scores.get(row, 0), weight * quality)
