"""Files in and out, kept by the hash of their content under `INSTANCE_DIR/files`."""

import hashlib
import os
from pathlib import Path

from flask import current_app


def save(content: bytes) -> str:
    """Store `content` and return its SHA-256 in hexadecimal; the same content is stored once."""
    digest = hashlib.sha256(content).hexdigest()
    target = path(digest)
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = target.with_suffix(f".{os.getpid()}")  # a crash never leaves half a file under its final name
        draft.write_bytes(content)
        draft.replace(target)
    return digest


def path(digest: str) -> Path:
    """Return where the content with this SHA-256 lies."""
    return current_app.config["INSTANCE_DIR"] / "files" / digest[:2] / digest


def delete(digest: str) -> None:
    """Remove the content with this SHA-256, if it is there; call it after the commit that made it useless."""
    path(digest).unlink(missing_ok=True)
