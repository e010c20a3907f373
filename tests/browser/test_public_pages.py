"""Every public page in a real browser, before the outside checkers, and along a text browser's journey."""

import json
import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]
MODULES = ROOT / ".cache/browser/node_modules"
SCREENSHOTS = os.environ.get("SCREENSHOTS")
WIDTHS = (320, 1280)

ACTIVE_CONTENT = """[...document.querySelectorAll('*')].flatMap(e => [
  ...(['script', 'iframe', 'object', 'embed'].includes(e.localName) ? [`<${e.localName}>`] : []),
  ...[...e.attributes].filter(a => /^(on|style$)/i.test(a.name)).map(a => `${e.localName} ${a.name}=${a.value}`),
])"""

TOO_WIDE = """(() => {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return [];
  const wide = [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > width + 1);
  return [`${document.documentElement.scrollWidth} px`, ...wide.slice(0, 5).map(e => e.outerHTML.slice(0, 80))];
})()"""

# Everything that Tab should reach: one radio button per group, nothing that is hidden or inside a closed <details>.
CONTROLS = """(() => {
  const seen = new Set();
  window.controls = [...document.querySelectorAll(
    'a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex]:not([tabindex="-1"])'
  )].filter(e => {
    if (e.disabled || e.tabIndex < 0 || !e.checkVisibility({checkVisibilityCSS: true})) return false;
    if (e.type !== 'radio') return true;
    if (seen.has(e.name)) return false;
    seen.add(e.name);
    return true;
  });
  return window.controls.map(e => `${e.localName} « ${(e.textContent || e.name || '').trim().slice(0, 40)} »`);
})()"""

FOCUSED = """(() => {
  const e = document.activeElement, box = e.getBoundingClientRect();
  return {index: window.controls.indexOf(e), href: e.getAttribute('href'),
          seen: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
          clip: {x: Math.max(0, box.x + scrollX - 6), y: Math.max(0, box.y + scrollY - 6),
                 width: Math.min(box.width + 12, 600), height: Math.min(box.height + 12, 600), scale: 1}};
})()"""

# Timers never fire in a page whose scripts are off, and axe would wait for them for ever.
IMMEDIATE_TIMERS = "window.setTimeout = (f, ms, ...a) => { Promise.resolve().then(() => f(...a)); return 0; }; 0"
AXE_RUN = """axe.run(document, {resultTypes: ['violations'], runOnly: {type: 'tag', values:
  ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']}}).then(r => r.violations.map(v =>
  `${v.id} (${v.impact}), ${v.nodes.length} times: ${v.help}: ${v.nodes[0].target}: ${v.nodes[0].html}`))"""


def report(findings):
    if findings:
        pytest.fail("\n".join(findings), pytrace=False)


def test_a_page_fits_the_screen_and_asks_for_nothing_else(browser, site, page):
    findings = []
    for width in WIDTHS:
        browser.open(site.base + page, width)
        requests = browser.requests()
        findings += [
            f"{width} px: {kind}: {found}"
            for kind, found in [
                ("too wide", browser.evaluate(TOO_WIDE)),
                ("console", browser.complaints()),
                ("active content", browser.evaluate(ACTIVE_CONTENT)),
                ("requests", requests if len(requests) != 1 or not requests[0].startswith(site.base) else []),
            ]
            if found
        ]
        if SCREENSHOTS:
            name = re.sub(r"\W+", "-", page).strip("-") or "accueil"
            Path(SCREENSHOTS).mkdir(parents=True, exist_ok=True)
            size = browser.cdp("Page.getLayoutMetrics", {})["cssContentSize"]
            whole = browser.picture(captureBeyondViewport=True, clip={**size, "scale": 1})
            Path(SCREENSHOTS, f"{name}-{width}.png").write_bytes(whole)
    report(findings)


def test_the_tab_key_reaches_every_control_in_order_and_shows_where_it_is(browser, site, page):
    browser.open(site.base + page, 1280)
    names = browser.evaluate(CONTROLS)
    findings, order, first = [], [], None
    for _ in range(len(names) + 2):
        browser.press("Tab", 9)
        focused = browser.evaluate(FOCUSED)
        if focused["index"] < 0 or focused["index"] in order:
            break
        first = first or focused["href"]
        order.append(focused["index"])
        name = names[focused["index"]]
        if not focused["seen"]:
            findings.append(f"focused outside of the screen: {name}")
            continue
        with_focus = browser.picture(clip=focused["clip"])
        browser.evaluate("window.last = document.activeElement, window.last.blur()")
        if with_focus == browser.picture(clip=focused["clip"]):
            findings.append(f"focus cannot be seen: {name}")
        browser.evaluate("window.last.focus({preventScroll: true})")
    findings += [f"never reached: {names[i]}" for i in range(len(names)) if i not in order]
    if order != sorted(order):
        findings.append(f"not in the order of the document: {[names[i] for i in order]}")
    if not first or not first.startswith("#"):
        findings.append(f"the first Tab is not a skip link but {first}")
    elif not browser.evaluate(f"!!document.querySelector('main{first}, main {first}')"):
        findings.append(f"the skip link leads outside of <main>: {first}")
    report(findings)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_violation(browser, site, page, scheme):
    axe = (MODULES / "axe-core/axe.min.js").read_text(encoding="utf-8")
    findings = []
    for width in WIDTHS:
        browser.open(site.base + page, width, dark=scheme == "dark")
        browser.evaluate(IMMEDIATE_TIMERS)
        browser.evaluate(f"{axe}; 0")
        findings += [f"{width} px: {violation}" for violation in browser.evaluate(AXE_RUN)]
    report(findings)


def test_the_html_and_the_css_are_valid(site, pages, tmp_path):
    paths = {}
    for number, path in enumerate(pages):
        Path(tmp_path, f"{number}.html").write_text(site.fetch(path), encoding="utf-8")
        paths[f"{number}.html"] = path
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
    slug = site.path("/conseils?departement=93*").rpartition("/")[2]
    word = max(re.findall("[a-z]+", slug), key=len)
    results = f"/conseils?q={word}"
    council = site.path(f"{results}*")
    keys = [*tabs_to(site.fetch("/"), 'name="q"'), *word, "<tab>", "^J"]
    keys += [*tabs_to(site.fetch(results), f'href="{council}"'), "^J"]
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
