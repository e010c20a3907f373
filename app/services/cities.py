"""Paris, Lyon and Marseille: one commune each, but files and people also name their arrondissements."""

ARRONDISSEMENTS = {"75056": 20, "69123": 9, "13055": 16}  # how many, by the INSEE code of the city
ORDINAL = r"0?(\d{1,2}) ?(?:er|e|ee|eme|ieme)?"  # « 3 », « 3e », « 16 eme » in a folded text
_CODES_START = {"75056": 75101, "69123": 69381, "13055": 13201}


def whole_city(code: str) -> str:
    """Return the code of the city for the INSEE code of an arrondissement, any other code as it is."""
    for city, first in _CODES_START.items():
        if code.isdigit() and int(code) - first in range(ARRONDISSEMENTS[city]):
            return city
    return code
