"""All recurring jobs, in one table: a function without arguments, safe to run twice at once, bounded in its work."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC
from functools import partial

from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from app.jobs.accounts import tend_accounts
from app.jobs.attempts import forget_attempts
from app.jobs.bin import empty_bins
from app.jobs.digests import digest
from app.jobs.digests import is_any_due as is_any_digest_due
from app.jobs.dispatching import dispatch
from app.jobs.drafting import draft_letter
from app.jobs.mailing import send_letters
from app.jobs.publishing import is_any_due as is_any_publication_due
from app.jobs.publishing import publish
from app.jobs.purging import purge
from app.jobs.registrations import forget_registrations, pass_places_on
from app.jobs.reminders import remind
from app.jobs.sending import send_mails, send_texts
from app.jobs.signups import follow_signups
from app.jobs.stops import fetch_stops
from app.labels import Channel
from app.notifications import outbox
from app.notifications.dispatch import is_any_due
from app.notifications.reminders import is_any_due as is_any_reminder_due
from app.services import offers
from app.services.mailing import is_any_due as is_any_letter_due


@dataclass(frozen=True)
class Recurring:
    """A job: what it does, when, and in French for those who watch it. `has_work`: whether to run before its time."""

    function: Callable[[], None]
    trigger: BaseTrigger
    words: str
    has_work: Callable[[], bool] = lambda: False


def every(seconds: int) -> BaseTrigger:
    """Return the trigger of a job that runs all the time."""
    return IntervalTrigger(seconds=seconds, timezone=UTC)


def daily(hour: int, minute: int = 0) -> BaseTrigger:
    """Return the trigger of a time of UTC: clocks on the wall show some local hours twice a year twice, or never."""
    return CronTrigger(hour=hour, minute=minute, timezone=UTC)


JOBS = {
    "dispatch": Recurring(dispatch, every(30), "Préparer les alertes", is_any_due),
    "send-mails": Recurring(send_mails, every(30), "Envoyer les courriels", partial(outbox.is_any_due, Channel.MAIL)),
    "send-texts": Recurring(send_texts, every(30), "Envoyer les SMS", partial(outbox.is_any_due, Channel.SMS)),
    "publish": Recurring(publish, every(60), "Publier ce qui était prévu pour une date", is_any_publication_due),
    "places": Recurring(pass_places_on, every(60), "Proposer les places libres aux suivants", offers.is_any_due),
    "reminders": Recurring(remind, every(60), "Préparer les rappels d’événements", is_any_reminder_due),
    "digests": Recurring(digest, every(60), "Préparer les résumés", is_any_digest_due),
    "draft-letter": Recurring(draft_letter, every(3600), "Préparer le brouillon de la lettre du mois"),
    "letters": Recurring(send_letters, every(60), "Faire partir la lettre du mois", is_any_letter_due),
    "signups": Recurring(follow_signups, every(60), "Transmettre les inscriptions restées sans réponse"),
    "fetch-stops": Recurring(fetch_stops, every(3600), "Noter les numéros qui ont répondu STOP"),
    "attempts": Recurring(forget_attempts, every(3600), "Oublier les essais de connexion"),
    "accounts": Recurring(tend_accounts, daily(4, 15), "Fermer et effacer les comptes dont le délai est passé"),
    "bin": Recurring(empty_bins, daily(3, 50), "Effacer ce qui est à la corbeille depuis 30 jours"),
    "registrations": Recurring(forget_registrations, every(3600), "Effacer les inscriptions anciennes"),
    "purge": Recurring(purge, daily(3, 30), "Effacer le texte des anciens messages"),
}
