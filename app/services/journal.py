"""The journal: who did what to whom, and why."""

from app.extensions import db
from app.models import AuditEntry
from app.models.types import table_of


def note(verb: str, subject, *, actor_id: int | None, reason: str = "") -> None:
    """Write down, in the transaction of the act, that somebody used a power over `subject`; nobody: the site itself."""
    about = {"subject_type": table_of(subject), "subject_id": subject.id}
    db.session.add(AuditEntry(actor_id=actor_id, verb=verb, reason=reason, **about))
    db.session.flush()
