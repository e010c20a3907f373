"""The journal of what people with a role do."""

import ast
from pathlib import Path

import pytest

from app import labels

APP = Path(labels.__file__).parent


def verbs():
    """Yield each verb that the program gives to the journal as it stands."""
    for path in APP.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "journal.note":
                yield from (word.value for word in ast.walk(node.args[0]) if isinstance(word, ast.Constant))


@pytest.mark.parametrize("verb", sorted({verb for verb in verbs() if not verb.endswith(".")}))
def test_each_act_has_words_for_those_who_read_the_journal(verb):
    assert verb in labels.AUDIT_VERB
