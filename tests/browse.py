"""What a browser does with a page: read its forms, fill one in, press its button."""

from html.parser import HTMLParser

from werkzeug.datastructures import MultiDict

NOT_SENT = {"submit", "button", "image", "reset", "file"}


class Form:
    """A form of a page as it stands: its address, what would be sent, and the words on its buttons."""

    def __init__(self, attributes):
        self.method = attributes.get("method", "get").lower()
        self.action = attributes.get("action") or ""
        self.fields = MultiDict()
        self.buttons = []  # [words, name, value]


class _Reader(HTMLParser):
    """Collects the forms inside `<main>`: the button « Se déconnecter » of the bar is not what a page is about."""

    def __init__(self):
        super().__init__()
        self.forms, self.form, self.text, self.select, self.is_main = [], None, None, None, False

    def handle_starttag(self, tag, pairs):
        attributes = {name: value or "" for name, value in pairs}
        if tag == "main":
            self.is_main = True
        elif tag == "form" and self.is_main:
            self.form = Form(attributes)
            self.forms.append(self.form)
        elif self.form and tag == "input":
            self._read_input(attributes)
        elif self.form and tag == "button":
            self.form.buttons.append(["", attributes.get("name"), attributes.get("value", "")])
            self.text = []
        elif self.form and tag == "textarea":
            self.text, self.name = [], attributes["name"]
        elif self.form and tag == "select":
            self.select = attributes["name"]
        elif self.form and tag == "option" and "selected" in attributes:
            self.form.fields.add(self.select, attributes["value"])

    def _read_input(self, attributes):
        kind = attributes.get("type", "text")
        if kind in ("checkbox", "radio") and "checked" not in attributes or kind in NOT_SENT:
            return
        self.form.fields.add(attributes["name"], attributes.get("value", "on" if kind == "checkbox" else ""))

    def handle_data(self, data):
        if self.text is not None:
            self.text.append(data)

    def handle_endtag(self, tag):
        if tag == "form":
            self.form = None
        elif tag == "main":
            self.is_main = False
        elif tag == "button" and self.form:
            self.form.buttons[-1][0], self.text = " ".join("".join(self.text).split()), None
        elif tag == "textarea" and self.form:
            self.form.fields.add(self.name, "".join(self.text).replace("\r\n", "\n").removeprefix("\n"))
            self.text = None


def forms(page: str) -> list[Form]:
    """Return the POST forms in the main part of a page."""
    reader = _Reader()
    reader.feed(page)
    return [form for form in reader.forms if form.method == "post"]


def submit(client, address: str, /, button: str = "", **fields):
    """Open a page, fill in `fields`, and send the first form, or the first one that has this `button` (its words).

    What the form already holds is sent too, as a browser does; a field that is None is left out (a box unticked).
    """
    page = client.get(address, follow_redirects=True)
    return send(client, page, button, **fields)


def send(client, page, button: str = "", **fields):
    """Send a form of a page that is already open, for instance one that came back with errors. See `submit`."""
    form, pressed = _find(page, button)
    data = form.fields.to_dict(flat=False)
    if pressed and pressed[1]:
        data[pressed[1]] = [pressed[2]]
    data = {name: value for name, value in (data | fields).items() if value is not None}
    return client.post(form.action or page.request.full_path.rstrip("?"), data=data)


def _find(page, words):
    found = forms(page.text)
    for form in found:
        pressed = next((button for button in form.buttons if words in button[0]), None)
        if pressed or not words:
            return form, pressed if words else (form.buttons or [None])[0]
    offered = [button[0] for form in found for button in form.buttons]
    raise AssertionError(f"{page.request.path} ({page.status_code}) has no form {words!r}, only {offered}")
