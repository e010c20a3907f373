"""Work that is done row by row: one that fails holds up no other."""

from collections.abc import Callable, Iterable

from app.extensions import begin_write, db


def each(step: Callable[[int], object], ids: Iterable[int]) -> None:
    """Take a step for each of these ids, in a short write transaction of its own.

    The first error is raised when all the others are done.
    """
    errors = [error for error in (_one(step, row_id) for row_id in ids) if error]
    if errors:
        raise errors[0]


def _one(step, row_id):
    try:
        begin_write()
        step(row_id)
        db.session.commit()
    except Exception as error:
        db.session.rollback()
        return error
