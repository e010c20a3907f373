"""Chromium without JavaScript, and what it says of the page that it shows."""

import json
import shutil
from base64 import b64decode
from pathlib import Path
from urllib.parse import urlsplit

from selenium import webdriver
from selenium.webdriver.chrome.service import Service

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"]
WITHOUT_SCRIPTS = {"profile.managed_default_content_settings.javascript": 2}
STOPS = 5  # of Tab inside one control, at most: a date has its day, month, year and calendar
MODULES = Path(__file__).parents[2] / ".cache/browser/node_modules"

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


class Browser:
    """Chromium without JavaScript: the page runs none, while the checks still evaluate theirs in it."""

    def __init__(self):
        options = webdriver.ChromeOptions()
        options.binary_location = shutil.which("chromium")
        for flag in FLAGS:
            options.add_argument(flag)
        options.add_experimental_option("prefs", WITHOUT_SCRIPTS)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
        self.cdp = self.driver.execute_cdp_cmd
        self.cdp("Emulation.setScriptExecutionDisabled", {"value": True})

    def open(self, page, width, *, dark=False):
        """Visit a page for the first time: nothing cached, no cookie but that of its reader, logs empty."""
        self.cdp("Network.clearBrowserCache", {})
        self.cdp("Network.clearBrowserCookies", {})
        for name, value in page.cookies.items():
            self.cdp("Network.setCookie", {"name": name, "value": value, "url": page.url})
        self.resize(width)
        preferences = {"prefers-color-scheme": "dark" if dark else "light", "prefers-reduced-motion": "reduce"}
        features = [{"name": name, "value": value} for name, value in preferences.items()]
        self.cdp("Emulation.setEmulatedMedia", {"features": features})
        self.driver.get_log("browser")
        self.driver.get_log("performance")
        self.driver.get(page.url)

    def resize(self, width, height=800):
        """Give the screen a size, in CSS pixels."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.cdp("Emulation.setDeviceMetricsOverride", size)

    def evaluate(self, script):
        """Return the value of `script`, a JavaScript expression, once its promise is kept."""
        call = {"expression": script, "returnByValue": True, "awaitPromise": True}
        answer = self.cdp("Runtime.evaluate", call)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def press(self, key, code):
        for kind in ("rawKeyDown", "keyUp"):
            self.cdp("Input.dispatchKeyEvent", {"type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code})

    def picture(self, **options):
        return b64decode(self.cdp("Page.captureScreenshot", {"format": "png", **options})["data"])

    def whole_picture(self):
        """Return a picture of the page from its top to its end."""
        size = self.cdp("Page.getLayoutMetrics", {})["cssContentSize"]
        return self.picture(captureBeyondViewport=True, clip={**size, "scale": 1})

    def complaints(self):
        """Return what the console says, but for the status of the page itself, which may well be a 404."""
        page = f"{self.driver.current_url} - Failed to load resource"
        return [entry["message"] for entry in self.driver.get_log("browser") if not entry["message"].startswith(page)]

    def requests(self):
        """Return the addresses asked for since `open`, but for the icon, which browsers fetch when they like."""
        events = (json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance"))
        urls = [e["params"]["request"]["url"] for e in events if e["method"] == "Network.requestWillBeSent"]
        icons = self.evaluate("[...document.querySelectorAll('link[rel~=icon]')].map(e => e.href)")
        return [url for url in urls if url not in icons and urlsplit(url).path != "/favicon.ico"]

    # What is wrong with the page that it shows: sentences for who reads the report.

    def violations(self):
        """Return what axe finds."""
        self.evaluate(IMMEDIATE_TIMERS)
        self.evaluate(f"{(MODULES / 'axe-core/axe.min.js').read_text(encoding='utf-8')}; 0")
        return self.evaluate(AXE_RUN)

    def walk(self):
        """Press Tab from the top of the page to its end; return what cannot be reached or seen that way."""
        names = self.evaluate(CONTROLS)
        findings, order, first = [], [], None
        for _ in range(STOPS * len(names) + 2):
            self.press("Tab", 9)
            focused = self.evaluate(FOCUSED)
            if order and focused["index"] == order[-1]:
                continue  # from the day to the month inside a date
            if focused["index"] < 0 or focused["index"] in order:
                break
            first = first or focused["href"]
            order.append(focused["index"])
            name = names[focused["index"]]
            if not focused["seen"]:
                findings.append(f"focused outside of the screen: {name}")
                continue
            with_focus = self.picture(clip=focused["clip"])
            self.evaluate("window.last = document.activeElement, window.last.blur()")
            if with_focus == self.picture(clip=focused["clip"]):
                findings.append(f"focus cannot be seen: {name}")
            self.evaluate("window.last.focus({preventScroll: true})")
        findings += [f"never reached: {names[i]}" for i in range(len(names)) if i not in order]
        if order != sorted(order):
            findings.append(f"not in the order of the document: {[names[i] for i in order]}")
        if not first or not first.startswith("#"):
            findings.append(f"the first Tab is not a skip link but {first}")
        elif not self.evaluate(f"!!document.querySelector('main{first}, main {first}')"):
            findings.append(f"the skip link leads outside of <main>: {first}")
        return findings
