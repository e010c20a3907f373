"""The kinds of things that the code tells apart, and the French words for each."""

from enum import IntEnum, StrEnum


class TerritoryKind(StrEnum):
    """The levels of the official geography."""

    REGION = "region"
    DEPARTMENT = "department"
    EPCI = "epci"
    COMMUNE = "commune"


TERRITORY_KIND = {
    TerritoryKind.REGION: "région",
    TerritoryKind.DEPARTMENT: "département",
    TerritoryKind.EPCI: "intercommunalité",
    TerritoryKind.COMMUNE: "commune",
}


class Precision(StrEnum):
    """How well the place of a neighbourhood is known."""

    EXACT = "exact"  # the centre of its perimeter
    UNCERTAIN = "uncertain"  # the right commune, perhaps the perimeter of the one beside it
    COMMUNE = "commune"  # the centre of its commune
    UNKNOWN = "unknown"


PRECISION = {
    Precision.EXACT: "centre du quartier",
    Precision.UNCERTAIN: "position approchée, peut-être celle d’un quartier voisin",
    Precision.COMMUNE: "position approchée, au centre de la commune",
    Precision.UNKNOWN: "position inconnue",
}


class Channel(StrEnum):
    """The ways a message takes."""

    MAIL = "mail"
    SMS = "sms"


CHANNEL = {Channel.MAIL: "courriel", Channel.SMS: "SMS"}


class Priority(IntEnum):
    """Who goes first when a quota does not let all go: the smallest."""

    ACCOUNT = 0
    REMINDER = 1
    ALERT = 2
    DIGEST = 3
    LETTER = 4


PRIORITY = {
    Priority.ACCOUNT: "compte",
    Priority.REMINDER: "rappel",
    Priority.ALERT: "alerte",
    Priority.DIGEST: "résumé",
    Priority.LETTER: "lettre",
}


class DeliveryState(StrEnum):
    """Where a delivery stands."""

    WAITING = "waiting"
    CLAIMED = "claimed"
    SENT = "sent"
    FAILED = "failed"
    TO_CHECK = "to_check"


DELIVERY_STATE = {
    DeliveryState.WAITING: "en attente",
    DeliveryState.CLAIMED: "en cours d’envoi",
    DeliveryState.SENT: "envoyé",
    DeliveryState.FAILED: "échec",
    DeliveryState.TO_CHECK: "à vérifier",
}


class UserStatus(StrEnum):
    """Where an account stands, from the sign-up to its end."""

    UNCONFIRMED = "unconfirmed"  # the mail address is not proved yet
    PENDING = "pending"  # the peers have the request
    ACTIVE = "active"
    REFUSED = "refused"
    SUSPENDED = "suspended"
    CLOSED = "closed"


OPEN = (UserStatus.PENDING, UserStatus.ACTIVE)  # who may log in

USER_STATUS = {
    UserStatus.UNCONFIRMED: "adresse à confirmer",
    UserStatus.PENDING: "inscription à valider",
    UserStatus.ACTIVE: "compte ouvert",
    UserStatus.REFUSED: "inscription refusée",
    UserStatus.SUSPENDED: "compte suspendu",
    UserStatus.CLOSED: "compte fermé",
}


class Role(StrEnum):
    """What a person is on the site."""

    MEMBER = "member"
    REFERENT = "referent"
    ANIMATOR = "animator"


ROLE = {
    Role.MEMBER: "conseillère ou conseiller citoyen",
    Role.REFERENT: "référente ou référent local",
    Role.ANIMATOR: "animatrice ou animateur du site",
}


class College(StrEnum):
    """The two colleges of a citizens' council (circular of 15 June 2014 on conseils citoyens)."""

    RESIDENT = "resident"
    LOCAL = "local"


COLLEGE = {College.RESIDENT: "Habitant", College.LOCAL: "Association ou acteur local"}


class VouchAnswer(StrEnum):
    """A peer's word on a sign-up."""

    YES = "yes"
    UNKNOWN = "unknown"
    NO = "no"


VOUCH_ANSWER = {
    VouchAnswer.YES: "Je connais cette personne, je valide",
    VouchAnswer.UNKNOWN: "Je ne la connais pas",
    VouchAnswer.NO: "Ce n’est pas un membre",
}


class AlertTopic(StrEnum):
    """What a person may be told of."""

    DOCUMENT = "document"
    ACTION = "action"
    EVENT = "event"
    FORUM = "forum"
    REMINDER = "reminder"


ALERT_TOPIC = {
    AlertTopic.DOCUMENT: "Nouveaux documents de mon conseil",
    AlertTopic.ACTION: "Nouvelles actions de mon conseil",
    AlertTopic.EVENT: "Nouveaux événements de mon conseil",
    AlertTopic.FORUM: "Réponses dans le forum",
    AlertTopic.REMINDER: "Rappel le matin d’un événement",
}


TEXTED = (AlertTopic.DOCUMENT, AlertTopic.ACTION, AlertTopic.EVENT, AlertTopic.REMINDER)  # may come by SMS too


class Rhythm(StrEnum):
    """How often alerts of one topic come by mail."""

    NOW = "now"
    DAILY = "daily"
    WEEKLY = "weekly"
    NEVER = "never"


RHYTHM = {
    Rhythm.NOW: "Tout de suite",
    Rhythm.DAILY: "Une fois par jour",
    Rhythm.WEEKLY: "Une fois par semaine",
    Rhythm.NEVER: "Jamais",
}

# What the journal says of each act.
AUDIT_VERB = {
    "animator.appointed": "rôle d’animation du site donné",
    "referent.appointed": "rôle de référent local donné",
    "referent.changed": "territoires ou contact public modifiés",
    "referent.ended": "rôle de référent local retiré",
    "signup.approved": "inscription validée",
    "signup.refused": "inscription refusée",
    "signup.vouched": "inscription validée par un membre du conseil",
    "user.suspended": "compte suspendu",
    "user.restored": "compte rouvert",
    "user.renamed": "nom changé (ci-dessous, l’ancien nom)",
}

# What the kinds of messages are called on the page where one stops them.
MESSAGE_KIND = {
    "account": "votre compte",
    "alert": "les alertes",
    "code": "les codes de confirmation",
    "digest": "les résumés",
    "letter": "la lettre d’information",
    "reminder": "les rappels d’événements",
    "signup": "les inscriptions à valider dans votre conseil",
}
