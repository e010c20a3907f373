"""What people are told of their own registration for an event, and the address of its page."""

from datetime import datetime

from app import localtime
from app.access import VISITOR, may_come, may_organise, may_read, viewer_of
from app.labels import OPEN, AlertTopic, Channel, Priority, Visibility
from app.models import Event, Registration, User
from app.models.types import utcnow
from app.notifications import outbox
from app.notifications.links import site_address
from app.notifications.message import Message
from app.signing import short
from app.templating import clock, quoted, sitting

KIND = "registration"
PURPOSE = "registration"
PAUSE = 600  # seconds between two mails that say the same
SHORT_TITLE = 40  # characters of it in an SMS
OWN = "vous avez demandé une place à cet événement"
ENTERED = "l’organisateur a noté votre nom pour cet événement"
NARROWED = (
    "L’annonce de cet événement n’est plus ouverte à tout le monde, et ce message n’en dit donc rien. Une question ? "
    "Adressez-vous à l’organisateur."
)
GIVEN = "cette adresse a été donnée pour s’inscrire à un événement"
NOT_ME = "Vous n’avez rien demandé ? Ne faites rien : sans vous, rien ne se passe."


def token_of(registration: Registration) -> str:
    """Return the token that shows this registration, and cancels it: only the person it is of gets it."""
    return short(PURPOSE, registration.id)


def address_of(registration: Registration) -> str:
    """Return the address of the page of a registration, which works without an account."""
    return site_address("publications.registering.show", token=token_of(registration))


def reach(registration: Registration) -> dict[Channel, str]:
    """Return where a person is told of their registration: by mail where there is an address, else by SMS. Nowhere,
    when their account is not open any more."""
    user = registration.user
    if user is not None and user.status not in OPEN:
        return {}
    email = user.email if user else registration.email
    phone = registration.phone or (_proved(user) if user else "")
    return {Channel.MAIL: email} if email else {Channel.SMS: phone} if phone else {}


def _proved(user: User):
    return user.phone if user.phone and user.phone_confirmed_at else ""


def _reach_fast(registration):
    """As `reach`, for what cannot wait: also by SMS, to those who chose that for events."""
    found, user = reach(registration), registration.user
    chose = user and any(one.by_sms and one.topic == AlertTopic.EVENT for one in user.alert_choices)
    return found | {Channel.SMS: _proved(user)} if chose and found and _proved(user) else found


def is_by_sms_alone(registration: Registration) -> bool:
    """Tell whether this person gets nothing at night: texts wait for the morning."""
    return list(reach(registration)) == [Channel.SMS]


# The messages -----------------------------------------------------------------------------------------------------


def placed(registration: Registration) -> list[dict]:
    """Return the rows for the outbox that tell: you have a place."""
    said = "L’organisateur a noté votre nom : vous avez une place." if registration.entered_by_id else ""
    message = _message(
        registration,
        "Inscription confirmée",
        said or "Votre inscription est confirmée : vous avez une place.",
        after=[
            "Vous ne pouvez plus venir ? Ouvrez ce lien et annulez : votre place ira à quelqu’un d’autre.",
            *_for_calendar(registration.event),
        ],
        short=f"Inscription confirmée : {_short(registration.event)}{_short_day(registration.event)}.",
    )
    return _rows(registration, message, "placed", registration.placed_at)


def _for_calendar(event):
    """Yield how to note an event that everybody may read in one's calendar."""
    if event.starts_at and may_read(VISITOR, event):
        address = site_address("public.agenda.event", item_id=event.id, slug=event.slug)
        yield f"Pour l’ajouter à votre agenda : {address}"


def to_be_told(registration: Registration) -> list[dict]:
    """Return the rows that ask the organiser to tell somebody, whom nothing can be sent to, that they have a place:
    whoever wrote them down, or else the author of the event."""
    event = registration.event
    people = [one for one in (registration.entered_by, event.author) if one and may_organise(viewer_of(one), event)]
    if not people:
        return []
    message = Message(
        f"Une place est pour {registration.name} : prévenez cette personne",
        (
            f"Bonjour {people[0].first_name},",
            f"Une place est libre pour {registration.name}, de la liste d’attente. Nous n’avons ni son adresse ni son "
            "numéro : son inscription est confirmée, et c’est à vous de le lui dire.",
            quoted(event.title),
            "Cette personne ne peut pas venir ? Retirez son nom de la liste : la place ira à la suivante.",
        ),
        link=("Voir la liste", _list_of(event)),
        why="vous organisez cet événement",
    )
    key = f"registration:{registration.id}:told:{registration.placed_at:%Y%m%d%H%M%S%f}"
    columns = {"council_id": event.council_id, "person_id": people[0].id, "publication_id": event.id}
    named = {"to": people[0].email, "name": people[0].name, "key": key}
    return [outbox.row(message, **named, kind=KIND, priority=Priority.REMINDER, **columns)]


def _list_of(event):
    place = {"path": event.path, "item_id": event.id, "slug": event.slug}
    return site_address("publications.organising.index", **place)


def queued(registration: Registration, rank: int) -> list[dict]:
    """Return the rows that tell the rank on the waiting list."""
    event = registration.event
    before = ["Une nouvelle séance est prévue, et vous étiez sur la liste d’attente."] if event.follows_id else []
    message = _message(
        registration,
        "Liste d’attente",
        *before,
        f"Il n’y a plus de place pour l’instant. Vous êtes {place_of(rank)}.",
        after=["Dès qu’une place se libère pour vous, nous vous écrivons : gardez ce message."],
        short=f"Liste d’attente, rang {rank} : {_short(event)}. Gardez ce lien :",
    )
    return _rows(registration, message, "queued", registration.queued_at)


def offered(registration: Registration) -> list[dict]:
    """Return the rows that offer a place, by SMS too to those who chose it: it is kept for some hours only."""
    event = registration.event
    until = until_words(event, registration.offered_until)
    why = "Une place s’est libérée : elle est à vous si vous la voulez."
    if event.follows_id:
        why = "Une nouvelle séance est prévue. Vous étiez sur la liste d’attente : une place est à vous si vous voulez."
    message = _message(
        registration,
        "Une place pour vous",
        why,
        f"Répondez avant : {until}. Après, la place ira à la personne suivante.",
        after=["Ouvrez ce lien, puis appuyez sur « Je prends la place » ou sur « Je laisse ma place »."],
        short=f"Place libre : {_short(event)}{_short_date(event)}. "
        f"Répondez avant le {_short_moment(event, registration.offered_until)} :",
        words="Répondre",
    )
    stamp, until = registration.offered_until, registration.offered_until
    return _rows(registration, message, "offered", stamp, reached=_reach_fast(registration), useful_until=until)


def lapsed(registration: Registration) -> list[dict]:
    """Return the rows that tell that an offer is over."""
    message = _message(
        registration,
        "La place n’est plus pour vous",
        "Une place vous était proposée. Vous n’avez pas répondu à temps : elle passe à la personne suivante.",
        after=["Vous voulez toujours venir ? Ouvrez ce lien pour vous inscrire de nouveau."],
        short=f"Sans réponse de vous, la place est passée à quelqu’un d’autre : {_short(registration.event)}.",
    )
    return _rows(registration, message, "lapsed", registration.ended_at)


def cancelled(registration: Registration, *, by_organiser: bool = False) -> list[dict]:
    """Return the rows that tell that a registration is cancelled."""
    said = "Votre inscription est annulée, comme vous l’avez demandé."
    if by_organiser:
        who = f" : {registration.event.source}" if may_come(registration) else ""
        said = f"L’organisateur a annulé votre inscription. Une question ? Adressez-vous à lui{who}."
    message = _message(
        registration,
        "Inscription annulée",
        said,
        short=f"Inscription annulée : {_short(registration.event)}.",
    )
    return _rows(registration, message, "cancelled", registration.ended_at)


def already(registration: Registration) -> list[dict]:
    """Return the rows that answer somebody who asks again: they are registered, and this is their page."""
    message = _message(
        registration,
        "Vous avez déjà demandé une place",
        "Quelqu’un, peut-être vous, a demandé une place en votre nom encore une fois. Rien n’a changé.",
        after=["Ouvrez ce lien pour voir où en est votre inscription, ou pour l’annuler.", NOT_ME],
        why=GIVEN,
    )
    return _rows(registration, message, "already", slot(), kind="account", priority=Priority.ACCOUNT)


def to_confirm(registration: Registration) -> list[dict]:
    """Return the rows with the link that proves a mail address."""
    message = _message(
        registration,
        "Confirmez votre inscription",
        "Vous avez demandé à vous inscrire. Il reste une étape : ouvrez ce lien et appuyez sur « Confirmer mon "
        "inscription ». Avant cela, aucune place n’est gardée pour vous.",
        after=[f"Ce lien marche deux jours. {NOT_ME}"],
        words="Confirmer mon inscription",
        why=GIVEN,
    )
    return _rows(registration, message, "confirm", slot(), kind="account", priority=Priority.ACCOUNT)


def slot() -> int:
    """Return a number that changes after each pause, so that nobody's mailbox is filled."""
    return int(utcnow().timestamp()) // PAUSE


def place_of(rank: int) -> str:
    """Say a rank: « 3e sur la liste d’attente », « en tête de la liste d’attente »."""
    return "en tête de la liste d’attente" if rank == 1 else f"{rank}e sur la liste d’attente"


def until_words(event: Event, instant: datetime) -> str:
    """Say until when, as clocks show it where the event is: « mardi 24 novembre 2026, à 18 h »."""
    return sitting(instant, None, event.time_zone)


def _message(registration, subject, *said, after=(), short="", words="Voir mon inscription", why=""):
    """Return a message about a registration. Whoever may not read the event any more is told nothing of it."""
    event, is_told = registration.event, may_come(registration)
    about = [quoted(event.title), *_facts(event), *after] if is_told else [NARROWED]
    name = registration.user.first_name if registration.user else registration.name
    return Message(
        f"{subject} : {event.title}" if is_told else subject,
        (f"Bonjour {name},", *said, *about),
        link=(words, address_of(registration)),
        short=short if is_told else f"{subject}. {NARROWED}",
        why=why or (ENTERED if registration.entered_by_id else OWN),
    )


def _facts(event):
    """Yield when and where: mails are passed on, so only of what everybody may read."""
    if event.level == Visibility.PUBLIC and event.published_at and not event.hidden_at:
        if event.starts_at:
            yield sitting(event.starts_at, event.ends_at, event.time_zone)
        if event.place or event.address:
            yield ", ".join(filter(None, (event.place, event.address)))


def _short(event):
    title = event.title
    return title if len(title) <= SHORT_TITLE else f"{title[: SHORT_TITLE - 1].rstrip()}…"


def _short_day(event):
    return f", le {_short_moment(event, event.starts_at)}" if event.starts_at else ""


def _short_date(event):
    return f", le {localtime.clock(event.time_zone, event.starts_at):%d/%m}" if event.starts_at else ""


def _short_moment(event, instant):
    local = localtime.clock(event.time_zone, instant)
    return f"{local:%d/%m} à {clock(local)}"


def _rows(registration, message, what, stamp, *, reached=None, kind=KIND, priority=Priority.REMINDER, **columns):
    stamp = stamp if isinstance(stamp, int) else f"{stamp:%Y%m%d%H%M%S%f}"
    columns = {"useful_until": None, "council_id": registration.event.council_id} | columns
    reached = reach(registration) if reached is None else reached
    return [
        outbox.row(
            message, to=to, name=registration.name, key=f"registration:{registration.id}:{what}:{stamp}:{channel}",
            kind=kind, priority=priority, channel=channel, publication_id=registration.event_id, **columns,
        )
        for channel, to in reached.items()
    ]  # fmt: skip
