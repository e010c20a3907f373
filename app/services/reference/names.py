"""Names written and compared: small words, which spelling of a name to keep, and which communes a text names."""

import re
from collections import Counter

from app.services.cities import ORDINAL
from app.text import fold

ARRONDISSEMENT = re.compile(rf"\b{ORDINAL} arrondissement\b")
# Inside a name only: neither first nor after a dash. « Le Bois L’Abbé » keeps its capital, « De L’Oise » does not.
SMALL_WORDS = re.compile(
    r"(?<=\w )(?:De La(?= )|(?:[Dd]e )L['’](?=\w)|(?:De|Du|Des|Et|Au|Aux|Sur|En)(?= )|D['’](?=\w))"
)


def with_small_words(name: str) -> str:
    """Return a name with « de », « du », « et » … inside it in small letters: « Pré Des Saules » → « Pré des Saules ».

    A name all in capitals stays as it is.
    """
    return name if name.isupper() else SMALL_WORDS.sub(lambda found: found[0].lower(), name)


def better_name(known: str, new: str) -> str:
    """Return the name to keep: the new one, unless it is empty or only spells the known one no better."""
    if not new or new == known:
        return known
    if known and fold(known) == fold(new) and _care(new) <= _care(known):
        return known
    return new


def _care(name):
    """Tell how carefully a name is written: in small letters and capitals, with accents."""
    return not (name.isupper() or name.islower()), not name.isascii()


class CommuneNames:
    """The communes by name; `communes` are (code, name, department code)."""

    def __init__(self, communes: list[tuple[str, str, str | None]]):
        folded = [(code, fold(name), department) for code, name, department in communes]
        uses = Counter(name for _, name, _ in folded)
        self.of_country = {name: code for code, name, _ in folded if uses[name] == 1}
        self.of_department: dict[str | None, dict[str, str]] = {}
        for code, name, department in folded:
            self.of_department.setdefault(department, {})[name] = code

    def codes(self, text: str, department: str) -> list[str]:
        """Return the communes that make up `text`, of this department first; empty unless every word is understood.

        The decree of 2014 puts only a blank between communes: « Oyonnax Bellignat ».
        """
        words = ARRONDISSEMENT.sub(" ", fold(text)).split()
        local = self.of_department.get(department, {})
        return list(dict.fromkeys(self._split(words, local) or []))

    def _split(self, words, local):
        if not words:
            return []
        for size in range(len(words), 0, -1):
            name = " ".join(words[:size])
            code = local.get(name) or self.of_country.get(name)
            rest = self._split(words[size:], local) if code else None
            if rest is not None:
                return [code, *rest]
        return None
