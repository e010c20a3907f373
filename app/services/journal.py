"""The journal: who did what to whom, and why."""

from app.extensions import db
from app.models import AuditEntry


def note(verb: str, subject, *, actor_id: int | None, reason: str = "") -> None:
    """Write down, in the transaction of the act, that somebody used a power over `subject`; nobody: the site itself."""
    entry = AuditEntry(
        actor_id=actor_id, verb=verb, subject_type=subject.__tablename__, subject_id=subject.id, reason=reason
    )
    db.session.add(entry)
    db.session.flush()
