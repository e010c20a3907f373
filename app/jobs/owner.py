"""The name under which this process holds leases."""

import os
import socket
import uuid

_marks: dict[int, str] = {}


def this_process() -> str:
    """Return a name that no other process of any machine bears, even after a fork or a number used again."""
    pid = os.getpid()
    return f"{socket.gethostname()[:30]}-{pid}-{_marks.setdefault(pid, uuid.uuid4().hex[:8])}"
