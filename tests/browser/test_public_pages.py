"""The pages of the site in a real browser, before the outside checkers, and along a text browser's journey."""

import json
import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from tests.browser.chromium import ACTIVE_CONTENT, MODULES, TOO_WIDE

pytestmark = pytest.mark.browser

SCREENSHOTS = os.environ.get("SCREENSHOTS")
WIDTHS = (320, 1280)


def report(findings):
    if findings:
        pytest.fail("\n".join(findings), pytrace=False)


# What a page asks for by itself: pictures of the site, when they come into sight. What is drawn in fields of days is
# the browser's own (data:).
PICTURES = (
    "[...document.querySelectorAll('img[loading=lazy][width][height]')].map(each => each.src)"
    ".filter(each => each.startsWith(location.origin + '/fichiers/'))"
)


def test_a_page_fits_the_screen_and_asks_for_nothing_else(browser, site, page):
    findings, style_sheet = [], f"{site.base}/static/site"  # members have it as a file, which their browser keeps
    for width in WIDTHS:
        browser.open(page, width)
        first, *others = browser.requests()
        findings += [
            f"{width} px: {kind}: {found}"
            for kind, found in [
                ("too wide", browser.evaluate(TOO_WIDE)),
                ("console", browser.complaints()),
                ("active content", browser.evaluate(ACTIVE_CONTENT)),
                (
                    "requests",
                    [
                        url
                        for url in others
                        if not (page.cookies and url.startswith(style_sheet))
                        and url not in browser.evaluate(PICTURES)
                        and not url.startswith("data:")
                    ],
                ),
                ("address", [] if first == page.url else [first]),
            ]
            if found
        ]
        if SCREENSHOTS:
            name = re.sub(r"\W+", "-", page.name).strip("-") or "accueil"
            Path(SCREENSHOTS).mkdir(parents=True, exist_ok=True)
            Path(SCREENSHOTS, f"{name}-{width}.png").write_bytes(browser.whole_picture())
    report(findings)


def test_the_tab_key_reaches_every_control_in_order_and_shows_where_it_is(browser, page):
    browser.open(page, 1280)
    report(browser.walk())


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_violation(browser, page, scheme):
    findings = []
    for width in WIDTHS:
        browser.open(page, width, dark=scheme == "dark")
        findings += [f"{width} px: {violation}" for violation in browser.violations()]
    report(findings)


def test_the_html_and_the_css_are_valid(site, pages, tmp_path):
    paths = {}
    for number, page in enumerate(pages):
        Path(tmp_path, f"{number}.html").write_text(site.fetch(page), encoding="utf-8")
        paths[f"{number}.html"] = page.name
    checker = ["java", "-jar", MODULES / "vnu-jar/build/dist/vnu.jar", "--format", "json", "--stdout"]
    run = subprocess.run([*checker, *tmp_path.glob("*.html")], capture_output=True, text=True)
    found = {}
    for message in json.loads(run.stdout)["messages"]:
        if message["type"] != "info":
            error = f"{message['message']}: {message.get('extract', '')[:100]}"
            found.setdefault(error, set()).add(paths[Path(message["url"]).name])
    report([f"{error}: {' '.join(sorted(where))}" for error, where in found.items()])


def test_a_text_browser_finds_a_council_by_the_keyboard_alone(site, tmp_path):
    """Type a word in the search field of the home page, send it, follow the first result."""
    slug = site.page("/conseils?departement=93*").name.rpartition("/")[2]
    word = max(re.findall("[a-z]+", slug), key=len)
    results = f"/conseils?q={word}"
    council = site.page(f"{results}*").name
    keys = [*tabs_to(site.fetch(site.page("/")), 'name="q"'), *word, "<tab>", "^J"]
    keys += [*tabs_to(site.fetch(site.page(results)), f'href="{council}"'), "^J"]
    screens = lynx(site.base, [*keys, "=", "Q"], tmp_path)
    # The page about the current page, which "=" shows, tells where the journey ended.
    report([f"{council} not reached:\n{screens[-4000:]}"] if f"URL: {site.base}{council} " not in screens else [])


def tabs_to(html, target):
    """Return the Tab keys that lead from the first link of the page to the one that holds `target`."""
    before = html[: html.index(target)]
    stops = re.findall(r"<(?:a|button|input|select|textarea)\b(?![^>]*type=.hidden)", before)
    return ["<tab>"] * (len(stops) - 1)


def lynx(url, keys, folder):
    """Return all that lynx shows on a terminal when `keys` are typed."""
    Path(folder, "cfg").write_text("CHARACTER_SET:utf-8\nTEXTFIELDS_NEED_ACTIVATION:FALSE\n", encoding="ascii")
    Path(folder, "keys").write_text("".join(f"key {key}\n" for key in keys), encoding="utf-8")
    command = ["lynx", f"-cfg={folder}/cfg", f"-cmd_script={folder}/keys", url]
    # lynx wants a terminal, which script(1) lends to it.
    terminal = ["script", "-qec", f"stty rows 50 cols 200; {shlex.join(command)}", "/dev/null"]
    env = {**os.environ, "TERM": "vt100", "LC_ALL": "C.UTF-8"}
    run = subprocess.run(terminal, env=env, stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
    words = re.sub(r"\x1b[\[(][0-9;?]*[A-Za-z]|[\x0e\x0f]", " ", run.stdout.decode("utf-8", "replace")).split()
    return " ".join(words)
