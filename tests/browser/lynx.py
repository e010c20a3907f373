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
        seen = self.type(REDRAW).rpartition(CLEAR)[2]
        return " ".join(ESCAPES.sub(" ", STYLES.sub("", seen)).replace("\xa0", " ").split())

    def see(self, *words: str) -> str:
        """Return the screen once it shows all these words; fail if it never does."""
        deadline = time.monotonic() + LONGEST
        while not all(each in (screen := self.screen()) for each in words):
            if time.monotonic() > deadline:
                pytest.fail(f"lynx does not show {words}, but: {screen}")
        return screen

    def choose(self, words: str, after: str = "") -> None:
        """Go to the link, button or field that bears these words, or (`words` empty) to the first one after others."""
        screen = self.see(after or words)
        number = re.search(rf"\[(\d+)\](?:\w+\) )?{re.escape(words)}", screen[screen.index(after) :])
        assert number, f"lynx shows no {words!r} to choose, but: {self.screen()}"
        self.type(f"{number[1]}g{ENTER}")

    def follow(self, words: str, after: str = "") -> None:
        """Follow a link, or press a button. What comes then is to be waited for: see `see`."""
        self.choose(words, after)
        self.type(ENTER)

    def fill(self, label: str, text: str) -> None:
        """Type a text into the field that has this label."""
        self.choose("", after=label)
        self.type(ENTER)
        self.type(f"{END}{text}{TAB}")

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
