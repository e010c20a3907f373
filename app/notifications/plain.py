"""Rendered texts as plain text."""

import re
from html.parser import HTMLParser

BLOCKS = {"p", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "blockquote", "pre", "table", "div", "hr"}
ROWS = {"li", "tr", "dt", "dd"}


def plain(html: str) -> str:
    """Return what safe HTML says, paragraph by paragraph, the addresses of its links at the end of each."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    said = re.sub(r"[ \t]+", " ", "".join(reader.said))
    lines = "\n".join(line.strip() for line in said.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", lines).strip()


class _Reader(HTMLParser):
    """Collects the words of a text."""

    def __init__(self):
        super().__init__()
        self.said, self.links, self.link, self.words = [], [], None, ""

    def close(self):
        """Say what is left."""
        super().close()
        self._say_links()

    def handle_starttag(self, tag, pairs):
        if tag in BLOCKS or tag in ROWS:
            self._say_links()
        if tag in BLOCKS:
            self.said.append("\n\n")
        elif tag in ROWS:
            self.said.append("\n* " if tag == "li" else "\n")
        elif tag == "br":
            self.said.append("\n")
        elif tag in ("td", "th"):
            self.said.append(" ")
        elif tag == "a":
            self.link, self.words = dict(pairs).get("href"), ""

    def handle_endtag(self, tag):
        if tag in BLOCKS or tag in ROWS:
            self._say_links()
        if tag in BLOCKS:
            self.said.append("\n\n")
        elif tag == "a" and self.link:
            address = self.link.removeprefix("mailto:")
            if self.words.strip() != address:
                self.links.append((self.words.strip(), address))
            self.link = None

    def _say_links(self):
        """Say the addresses of a paragraph at its end, each on a line of its own."""
        is_one = len(self.links) == 1
        self.said += [f"\n{address}" if is_one else f"\n{words} :\n{address}" for words, address in self.links]
        self.links = []

    def handle_data(self, data):
        data = data.replace("\n", " ")
        self.words += data
        self.said.append(data)
