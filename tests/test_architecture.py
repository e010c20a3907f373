"""Rules of the house that a machine holds: who imports whom, where writes end, what a template may hold."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
APP = ROOT / "app"
RANKS = [
    {
        "extensions",
        "glossary",
        "labels",
        "markup",
        "differences",
        "packing",
        "parts",
        "storage",
        "geo",
        "text",
        "templating",
        "phone",
        "localtime",
        "passwords",
        "signing",
    },
    {"models"},
    {"access"},
    {"notifications"},
    {"services", "forms"},
    {"jobs"},
    {"cli"},
    {"blueprints"},
]
SHARED = {"web", "kept", "uploads", "narrowing"}  # what all views share; no blueprint
MODULES = sorted(APP.rglob("*.py"))
TEMPLATES = sorted((APP / "templates").rglob("*.html"))


def part(dotted):
    """Return the part of the house that a module belongs to: `app.models.council` → models."""
    return dotted.split(".")[1] if "." in dotted else ""


def rank(name):
    return next((number for number, names in enumerate(RANKS) if name in names), None)


def imports(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def dotted(path):
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@cache
def tree_of(path):
    return ast.parse(path.read_text())


def relative(path):
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_a_module_imports_only_lower_ranks(path):
    own = part(dotted(path))
    if not own:
        return  # create_app() puts all together
    assert rank(own) is not None, f"{own} has no rank"
    for name in imports(tree_of(path)):
        if not name.startswith("app."):
            assert name.split(".")[0] != "config", "settings are read by create_app() alone"
            continue
        other = part(name)
        if own == "blueprints" and other == "blueprints":
            ours, theirs = dotted(path).split(".")[2:3], name.split(".")[2]
            assert theirs in SHARED or [theirs] == ours, f"{dotted(path)} imports the blueprint {name}"
        elif other != own and rank(own) > 0:
            assert rank(other) < rank(own), f"{dotted(path)} imports {name}"
        else:
            assert rank(other) == rank(own), f"{dotted(path)} imports {name}"


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_nothing_is_imported_inside_a_function(path):
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.FunctionDef) and node.name != "create_app":
            inner = [child for child in ast.walk(node) if isinstance(child, ast.Import | ast.ImportFrom)]
            assert not inner, f"{path.name}:{node.name}"


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_only_views_jobs_and_commands_commit_and_only_views_know_the_request(path):
    own = part(dotted(path))
    tree = tree_of(path)
    functions = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    calls = {getattr(function, "attr", getattr(function, "id", "")) for function in functions}
    if own not in ("blueprints", "jobs", "cli", "extensions"):
        assert not calls & {"commit", "begin_write"}
    if own != "blueprints":
        used = {name for name in imports(tree) if name in ("flask.request", "flask.session", "flask.flash")}
        assert not used


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_markup_is_made_in_one_module_and_public_functions_say_what_they_do(path):
    tree = tree_of(path)
    assert ast.get_docstring(tree) is not None
    if path.name != "markup.py":
        calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
        assert "Markup" not in [getattr(function, "id", "") for function in calls]
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            assert ast.get_docstring(node), f"{path.name}:{node.name} has no docstring"


@pytest.mark.parametrize("path", TEMPLATES, ids=relative)
def test_a_template_has_no_script_no_inline_style_no_unsafe_text(path):
    text = path.read_text()
    for forbidden in (r"<script", r"\sstyle=", r"\son[a-z]+=[\"']", r"\|\s*safe\b", r"<iframe", r"javascript:"):
        assert not re.search(forbidden, text), forbidden
    if "_macros" not in path.parts:
        assert not re.search(r"<(input|textarea|select)\b", text), "fields are printed by the field macro"


def test_every_template_bears_the_name_of_its_view(app):
    endpoints = {endpoint.replace(".", "/") for endpoint in app.view_functions}
    shared = {
        "public/stop/cut", "public/councils/search", "public/councils/area",  # two other answers of the index
        "account/vouches/closed",  # a link that serves no more
        "account/signups/vanished", "account/signups/bad_link",  # a council, or a link, that is no more
        "account/sessions/again", "account/sessions/resume",  # what was written when a session ended
        "account/data/copy",  # a page of the archive that somebody downloads
        "publications/bin/found",  # the page of what is in the bin
        "publications/registering/bad_link",  # a link that was cut, or serves no more
        "publications/items/unseen",  # what « Voir comme » says of somebody who gets no page
        "publications/versions/missing",  # the number of a version that is no more
        # a link that is used, too old, or cut
        "account/passwords/dead", "account/profile/dead", "public/newsletter/dead",
    }  # fmt: skip
    for path in TEMPLATES:
        name = str(path.relative_to(APP / "templates").with_suffix(""))
        if name.split("/")[0] not in ("_macros", "errors", "mail") and name != "base":
            assert name in endpoints | shared, name
