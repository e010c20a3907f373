"""The end of contents that no row names any more."""

from collections.abc import Collection

from app.extensions import begin_write, db
from app.services import contents


def delete_unused(digests: Collection[str]) -> None:
    """Delete these contents, once the transaction that made them useless is committed, unless one is named again."""
    if digests:
        begin_write()
        contents.delete_unused(digests)
        db.session.commit()
