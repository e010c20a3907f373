"""lynx on a terminal of its own, driven by its keys as somebody drives it who has nothing else."""

import fcntl
import os
import pty
import re
import select
import shutil
import struct
import subprocess
import termios
import time
from pathlib import Path

import pytest

ROWS, COLUMNS = 300, 120  # a whole page on one screen
SETTINGS = """CHARACTER_SET:utf-8
ACCEPT_ALL_COOKIES:TRUE
DEFAULT_KEYPAD_MODE:LINKS_AND_FIELDS_ARE_NUMBERED
TEXTFIELDS_NEED_ACTIVATION:TRUE
INFOSECS:0
MESSAGESECS:0
ALERTSECS:0
"""
CLEAR = "\x1b[H\x1b[J"
STYLES = re.compile(r"\x1b\[[0-9;]*m|\x0f")
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][0-9A-Za-z]|\x1b[=>78M]|[\x08\x0e]")
TAB, ENTER, END, EMPTY, REDRAW = "\t", "\r", "\x05", "\x15", "\x0c"
QUIET, LONGEST = 0.1, 20.0  # seconds: without output, and until something must have come


class Lynx:
    """One lynx, which keeps its cookies and its place until `quit`."""

    def __init__(self, url: str, folder: Path):
        Path(folder, "lynx.cfg").write_text(SETTINGS, encoding="ascii")
        self.terminal, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        self.process = subprocess.Popen(
            [shutil.which("lynx"), f"-cfg={folder}/lynx.cfg", url],
            stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
            env=os.environ | {"TERM": "vt100", "LC_ALL": "C.UTF-8", "HOME": str(folder)},
        )  # fmt: skip
        os.close(theirs)

    def quit(self) -> None:
        """End it."""
        self.process.kill()
        self.process.wait()
        os.close(self.terminal)

    def type(self, keys: str) -> str:
        """Press keys; return what it writes, until it is quiet."""
        os.write(self.terminal, keys.encode())
        written, patience = b"", LONGEST
        while select.select([self.terminal], [], [], patience)[0]:
            written += os.read(self.terminal, 2**16)
            patience = QUIET
        return written.decode("utf-8", "replace")

    def screen(self) -> str:
        """Return the words of the page, with the number of each link and field before it."""
        _, is_whole, seen = self.type(REDRAW).rpartition(CLEAR)
        if not is_whole:
            return ""  # what still comes of the page before, of which only the differences are drawn
        return " ".join(ESCAPES.sub(" ", STYLES.sub("", seen)).replace("\xa0", " ").split())

    def see(self, *words: str) -> str:
        """Return the screen once it shows all these words; fail if it never does."""
        return self._wait(lambda screen: screen if all(each in screen for each in words) else None, words)

    def choose(self, words: str, after: str = "") -> None:
        """Go to the link, button or field that bears these words, or (`words` empty) to the first one after others."""
        wanted = re.compile(rf"{re.escape(after)}.*?\[(\d+)\](?:\w+\) )?{re.escape(words)}")
        number = self._wait(wanted.search, (after, words))[1]
        self.type(f"{number}g{ENTER}")

    def _wait(self, find, words):
        """Return what `find` finds on the screen, once it finds something."""
        deadline = time.monotonic() + LONGEST
        while not (found := find(screen := self.screen())):
            if time.monotonic() > deadline:
                pytest.fail(f"lynx does not show {words}, but: {screen}")
        return found

    def follow(self, words: str, after: str = "") -> None:
        """Follow a link, or press a button. What comes then is to be waited for: see `see`."""
        self.choose(words, after)
        self.type(ENTER)

    def fill(self, label: str, text: str) -> None:
        """Type a text into the field that has this label."""
        self.choose("", after=label)
        self.type(ENTER)
        self.type(f"{END}{text}{TAB}")

    def pick(self, label: str, words: str) -> None:
        """Choose a line of the list that has this label."""
        self.choose("", after=label)
        self.type(ENTER)
        self.type(f"/{words}{ENTER}")
        self.type(ENTER)

    def add(self, line: str, text: str) -> None:
        """Type a text at the end of a line of a long field."""
        self._at_line(line, f"{END}{text}")

    def rewrite(self, line: str, text: str) -> None:
        """Type a text in the place of a line of a long field."""
        self._at_line(line, f"{EMPTY}{text}")

    def _at_line(self, line, keys):
        self.choose(line)
        self.type(ENTER)
        self.type(f"{keys}{TAB}")
