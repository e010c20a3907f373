"""The job that erases what has been in the bin, or taken away, for 30 days, and what no process has finished."""

import logging
from collections.abc import Callable
from datetime import timedelta

from app.extensions import begin_write, db
from app.jobs.contents import delete_unused
from app.services import articles, bin, contents, erasing, fiches

MOST = 500  # rows a step and run; the next run goes on
STALE = timedelta(days=1)  # no upload lasts that long
STEPS = (
    (bin.due_publications, bin.erase_due),
    (bin.due_files, bin.erase_due_file),
    (erasing.due_messages, erasing.erase_due),
    (articles.due_to_erase, articles.erase_due),
)
log = logging.getLogger(__name__)


def empty_bins() -> None:
    """Erase what is due, one short transaction each, then the contents that were left without a row.

    What fails holds up nothing else; the first error is raised when all the others are done.
    """
    errors = [error for ids, erase in STEPS for error in _each(ids(MOST), erase)]
    _purge_pictures()
    contents.discard_stale(STALE)
    for digests in contents.kept_longer(STALE):
        delete_unused(digests)
    if errors:
        raise errors[0]


def _each(ids, erase: Callable[[int], list[str]]):
    """Erase each row; yield the errors."""
    for row_id in ids:
        begin_write()
        try:
            unused = erase(row_id)
            db.session.commit()
            delete_unused(unused)
        except Exception as error:
            db.session.rollback()
            log.exception("%s %s could not be erased", erase.__name__, row_id)
            yield error


def _purge_pictures():
    unused = [""]
    while unused:
        begin_write()
        unused = fiches.purge()
        db.session.commit()
        delete_unused(unused)
