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

# What the kinds of messages are called on the page where one stops them.
MESSAGE_KIND = {
    "account": "votre compte",
    "alert": "les alertes",
    "digest": "les résumés",
    "letter": "la lettre d’information",
    "reminder": "les rappels d’événements",
}
