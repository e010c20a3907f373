"""What the animators are told of the drafts of the letter: one is there to be read, still waits, or could not leave."""

from collections.abc import Callable, Iterator

from app.extensions import db
from app.labels import IssueState, Priority
from app.models import Activity, NewsletterIssue
from app.notifications.dispatch import Alert
from app.notifications.links import site_address
from app.notifications.message import Message
from app.notifications.recipients import animators
from app.templating import month, of, since

KIND = "issue"
DRAFTED, RECALLED, UNFIT = "issue.drafted", "issue.recalled", "issue.unfit"


def _tell(make: Callable[[NewsletterIssue], tuple]) -> Callable[[Activity], Iterator[Alert]]:
    """Return the rule that tells the animators of a draft, unless it is none any more."""

    def rule(activity: Activity) -> Iterator[Alert]:
        issue = db.session.get(NewsletterIssue, activity.subject_id)
        if issue is None or issue.state != IssueState.DRAFT:
            return
        subject, paragraphs = make(issue)
        link = ("Relire la lettre", site_address("moderation.newsletter.edit", month=issue.slug))
        for person in animators():
            words = (f"Bonjour {person.first_name},", *paragraphs)
            message = Message(subject, words, link=link, why="vous animez ce site")
            columns = {"name": person.name}
            yield Alert(str(person.id), person.email, message, KIND, priority=Priority.REMINDER, columns=columns)

    return rule


def _drafted(issue):
    name = of(month(issue.month))
    return f"La lettre {name} est prête à relire", (
        f"Le site a préparé un brouillon de la lettre {name}, avec ce qui a été publié depuis la précédente.",
        "Relisez-le, changez ce que vous voulez, puis envoyez-le. Rien ne part sans votre accord.",
    )


def _recalled(issue):
    name = of(month(issue.month))
    return f"La lettre {name} attend toujours votre relecture", (
        f"Le brouillon de la lettre {name} attend {since(issue.created_at)}. Personne ne l’a encore envoyée.",
        "Elle ne partira pas toute seule : relisez-la, puis envoyez-la, ou choisissez le jour de son départ.",
    )


def _unfit(issue):
    name = of(month(issue.month))
    return f"La lettre {name} n’est pas partie : elle est vide", (
        f"Le départ de la lettre {name} était programmé. Mais tout ce qu’elle contenait a été retiré du site, ou est "
        "passé depuis.",
        "Elle est de nouveau un brouillon : ajoutez-y quelque chose, puis envoyez-la, ou choisissez un autre départ.",
    )


RULES = {DRAFTED: _tell(_drafted), RECALLED: _tell(_recalled), UNFIT: _tell(_unfit)}
