"""The name under which this process holds leases."""

import os
import socket
import uuid

_MARK = uuid.uuid4().hex[:8]


def this_process() -> str:
    """Return a name that no other process of any machine bears, even after a fork or a reused number."""
    return f"{socket.gethostname()[:30]}-{os.getpid()}-{_MARK}"
