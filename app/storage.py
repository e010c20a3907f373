"""Files in and out, kept by the hash of their content under `INSTANCE_DIR/files`."""

import hashlib
import io
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from flask import current_app

PIECE = 2**16  # bytes read at a time


@dataclass(frozen=True)
class Staged:
    """A content that lies ready beside the others, and comes among them, or goes, in a moment."""

    digest: str
    size: int
    path: Path


class TooLarge(ValueError):
    """More bytes came than are allowed."""


def stage(stream: BinaryIO, most: int | None = None) -> Staged:
    """Write down what `stream` gives, piece by piece; slow: call it before a write transaction.

    Raises `TooLarge` after `most` bytes. Nothing is left of what failed.
    """
    draft = _staged() / secrets.token_hex(16)
    draft.parent.mkdir(parents=True, exist_ok=True)
    try:
        with draft.open("xb") as file:
            digest, size = _copy(stream, file, most)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    return Staged(digest, size, draft)


def _copy(stream, file, most):
    digest, size = hashlib.sha256(), 0
    while piece := stream.read(PIECE):
        size += len(piece)
        if most is not None and size > most:
            raise TooLarge
        digest.update(piece)
        file.write(piece)
    return digest.hexdigest(), size


def save(content: bytes | Staged) -> str:
    """Store a content and return its SHA-256 in hexadecimal; the same content is stored once."""
    staged = stage(io.BytesIO(content)) if isinstance(content, bytes) else content
    target = path(staged.digest)
    target.parent.mkdir(parents=True, exist_ok=True)
    staged.path.replace(target)  # at once: a crash never leaves half a file under its final name
    return staged.digest


def discard(staged: Staged) -> None:
    """Remove a staged content that is not wanted; one that came among the others stays."""
    staged.path.unlink(missing_ok=True)


def path(digest: str) -> Path:
    """Return where the content with this SHA-256 lies."""
    return _folder() / digest[:2] / digest


def delete(digest: str) -> None:
    """Remove the content with this SHA-256, if it is there; call it after the commit that made it useless."""
    path(digest).unlink(missing_ok=True)


def discard_old(seconds: float) -> None:
    """Remove what was staged longer ago: its process died before it could."""
    for draft in _staged().glob("*"):
        if _is_older(draft, seconds):
            draft.unlink(missing_ok=True)


def kept_longer(seconds: float) -> Iterator[list[str]]:
    """Yield the digests of the contents that were kept longer ago, some hundreds at a time."""
    for folder in sorted(_folder().glob("[0-9a-f][0-9a-f]")):
        if found := [file.name for file in folder.iterdir() if len(file.name) == 64 and _is_older(file, seconds)]:
            yield found


def _is_older(file, seconds):
    try:
        return time.time() - file.stat().st_mtime > seconds
    except FileNotFoundError:  # somebody was faster
        return False


def _staged():
    return _folder() / "staged"


def _folder():
    return current_app.config["INSTANCE_DIR"] / "files"
