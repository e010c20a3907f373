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


SPEAKS_AS = {Role.REFERENT: "référent local", Role.ANIMATOR: "équipe du site"}  # beside a message


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
    AlertTopic.DOCUMENT: "Nouveaux documents de mon conseil et de mes groupes",
    AlertTopic.ACTION: "Nouvelles actions de mon conseil et de mes groupes",
    AlertTopic.EVENT: "Événements de mon conseil, de mes groupes et du référent : nouveaux, modifiés, annulés",
    AlertTopic.FORUM: "Discussions que je suis : nouveaux sujets et réponses",
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


# What waits can be gathered: one mail a day. A date can be missed, and somebody who answers is waiting for the person:
# at once.
DEFAULT_RHYTHM = {
    AlertTopic.DOCUMENT: Rhythm.DAILY,
    AlertTopic.ACTION: Rhythm.DAILY,
    AlertTopic.EVENT: Rhythm.NOW,
    AlertTopic.FORUM: Rhythm.NOW,
    AlertTopic.REMINDER: Rhythm.NOW,
}


class PublicationKind(StrEnum):
    """What a council shares."""

    DOCUMENT = "document"
    ACTION = "action"
    EVENT = "event"


# Part of an address → kind.
KIND_PATHS = {
    "documents": PublicationKind.DOCUMENT,
    "actions": PublicationKind.ACTION,
    "evenements": PublicationKind.EVENT,
}
PATH_OF_KIND = {kind: path for path, kind in KIND_PATHS.items()}

PUBLICATION_KIND = {
    PublicationKind.DOCUMENT: "document",
    PublicationKind.ACTION: "fiche-action",
    PublicationKind.EVENT: "événement",
}
PUBLICATION_KINDS = {
    PublicationKind.DOCUMENT: "documents",
    PublicationKind.ACTION: "fiches-actions",
    PublicationKind.EVENT: "événements",
}
# What one does with each kind, in the words of the printed guide, and what a council has of it.
CREATE = {
    PublicationKind.DOCUMENT: "Créer un document",
    PublicationKind.ACTION: "Créer une nouvelle action",
    PublicationKind.EVENT: "Créer un nouvel événement",
}
OURS = {
    PublicationKind.DOCUMENT: "Nos documents",
    PublicationKind.ACTION: "Nos actions",
    PublicationKind.EVENT: "Nos événements",
}
NONE_YET = {
    PublicationKind.DOCUMENT: "Votre conseil n’a pas encore de document : un compte-rendu de réunion, un courrier, "
    "une étude…",
    PublicationKind.ACTION: "Votre conseil n’a pas encore de fiche-action. Racontez ce que vous avez fait : d’autres "
    "pourront faire de même.",
    PublicationKind.EVENT: "Aucun événement à venir : une réunion, une fête, une permanence…",
}
# What « publié » and « masqué » end in when they are said of each kind.
ENDING = {PublicationKind.DOCUMENT: "", PublicationKind.ACTION: "e", PublicationKind.EVENT: ""}


class SideReason(StrEnum):
    """Why a text that was sent was put aside."""

    CONFLICT = "conflict"
    ADOPTED = "adopted"
    PREVIEW = "preview"  # its author alone sees it


SIDE_REASON = {
    SideReason.CONFLICT: "d’autres ont écrit au même endroit",
    SideReason.ADOPTED: "le document venait d’être adopté",
    SideReason.PREVIEW: "aperçu, pas encore enregistré",
}


class SideOutcome(StrEnum):
    """What became of a text that was put aside."""

    SAVED = "saved"  # in a version
    KEPT = "kept"  # what was saved already stays as it is
    REPLACED = "replaced"  # by another text put aside
    DISMISSED = "dismissed"


SIDE_OUTCOME = {
    SideOutcome.SAVED: "réglé",
    SideOutcome.KEPT: "réglé : le texte enregistré a été gardé",
    SideOutcome.REPLACED: "repris dans un autre texte en attente",
    SideOutcome.DISMISSED: "écarté",
}
WAYS_OF_WRITING = {
    "classic": "Classique : vous seulement",
    "together": "Collaboratif : tous les membres de votre conseil, ensemble ou l’un après l’autre",
}


class Visibility(StrEnum):
    """Who reads what a council shares, the narrowest first."""

    COUNCIL = "council"
    GROUPS = "groups"
    MEMBERS = "members"
    PUBLIC = "public"


VISIBILITY = {
    Visibility.COUNCIL: "visible uniquement par les membres de mon conseil",
    Visibility.GROUPS: "visible par les membres de mes groupes",
    Visibility.MEMBERS: "visible par les membres de n’importe quel conseil",
    Visibility.PUBLIC: "visible par tous les visiteurs du site",
}


# The same for those who read it, in a word or two.
READERS = {
    Visibility.COUNCIL: "réservé aux membres de ce conseil",
    Visibility.GROUPS: "réservé à des groupes de travail",
    Visibility.MEMBERS: "réservé aux membres des conseils",
    Visibility.PUBLIC: "public",
}


# Who may register for an event: the same circles.
ADMISSION = {
    Visibility.COUNCIL: "les membres de mon conseil",
    Visibility.GROUPS: "les membres de mes groupes",
    Visibility.MEMBERS: "les membres de n’importe quel conseil",
    Visibility.PUBLIC: "tout le monde, même sans compte",
}
ADMITTED = {
    Visibility.COUNCIL: "réservée aux membres de ce conseil",
    Visibility.GROUPS: "réservée aux membres de certains groupes de travail",
    Visibility.MEMBERS: "réservée aux membres des conseils citoyens",
    Visibility.PUBLIC: "ouverte à tous",
}


class Question(StrEnum):
    """What organisers often ask of those who register."""

    ORGANISATION = "organisation"
    DIET = "diet"
    ACCESS = "access"
    CHILDREN = "children"


QUESTION = {
    Question.ORGANISATION: "Association ou structure",
    Question.DIET: "Régime alimentaire",
    Question.ACCESS: "Besoin pour venir ou participer (fauteuil, langue des signes, transport…)",
    Question.CHILDREN: "Garde d’enfants : combien, quel âge ?",
}


class RegistrationStatus(StrEnum):
    """Where somebody stands who registered for an event."""

    UNCONFIRMED = "unconfirmed"  # the mail address or the number is not proved yet: no place is kept
    CONFIRMED = "confirmed"
    WAITING = "waiting"
    OFFERED = "offered"  # a place fell free and is kept for them until they answer
    CANCELLED = "cancelled"
    LAPSED = "lapsed"  # they let an offer pass


REGISTRATION_STATUS = {
    RegistrationStatus.UNCONFIRMED: "à confirmer",
    RegistrationStatus.CONFIRMED: "inscription confirmée",
    RegistrationStatus.WAITING: "sur la liste d’attente",
    RegistrationStatus.OFFERED: "place proposée",
    RegistrationStatus.CANCELLED: "inscription annulée",
    RegistrationStatus.LAPSED: "place proposée, sans réponse",
}


class Stage(StrEnum):
    """The stages of a contrat de ville, in which citizens' councils take part (law of 21 February 2014, article 7)."""

    DIAGNOSIS = "diagnosis"
    PRIORITIES = "priorities"
    PROGRAMME = "programme"
    ACTION = "action"
    FOLLOW_UP = "follow_up"
    ASSESSMENT = "assessment"


STAGE = {
    Stage.DIAGNOSIS: "Diagnostic",
    Stage.PRIORITIES: "Définition des priorités",
    Stage.PROGRAMME: "Programmation",
    Stage.ACTION: "Mise en œuvre",
    Stage.FOLLOW_UP: "Suivi",
    Stage.ASSESSMENT: "Évaluation",
}
# Its value in addresses.
STAGE_OF_PATH = {
    "diagnostic": Stage.DIAGNOSIS,
    "priorites": Stage.PRIORITIES,
    "programmation": Stage.PROGRAMME,
    "mise-en-oeuvre": Stage.ACTION,
    "suivi": Stage.FOLLOW_UP,
    "evaluation": Stage.ASSESSMENT,
}


class Carrier(StrEnum):
    """Who carries an action."""

    COUNCIL = "council"
    RESIDENTS = "residents"
    PARTNER = "partner"


CARRIER = {
    Carrier.COUNCIL: "Le conseil citoyen",
    Carrier.RESIDENTS: "Des habitants accompagnés par le conseil",
    Carrier.PARTNER: "Une structure partenaire",
}


class Pillar(StrEnum):
    """The pillars of the contrats de ville (circular of 15 October 2014), and what crosses them."""

    COHESION = "cohesion"
    HOUSING = "housing"
    WORK = "work"
    ACROSS = "across"


PILLAR = {
    Pillar.COHESION: "Cohésion sociale",
    Pillar.HOUSING: "Cadre de vie et renouvellement urbain",
    Pillar.WORK: "Développement économique et emploi",
    Pillar.ACROSS: "Plusieurs piliers, ou une priorité transversale",
}


class Shelf(StrEnum):
    """The two places where articles stand."""

    NEWS = "news"
    RESOURCES = "resources"


PATH_OF_SHELF = {Shelf.NEWS: "actualites", Shelf.RESOURCES: "ressources"}


LAST_EPISODE = 999  # the largest number in a series


class ArticleKind(StrEnum):
    """What the site itself publishes."""

    NEWS = "news"
    AGENDA = "agenda"
    INTERVIEW = "interview"
    REPORTAGE = "reportage"
    PRESS = "press"
    CALL = "call"
    TOOL = "tool"
    GUIDE = "guide"
    STUDY = "study"
    SURVEY = "survey"
    LAW = "law"


ARTICLE_KIND = {
    ArticleKind.NEWS: "actualité",
    ArticleKind.AGENDA: "agenda national",
    ArticleKind.INTERVIEW: "interview",
    ArticleKind.REPORTAGE: "reportage",
    ArticleKind.PRESS: "revue de presse",
    ArticleKind.CALL: "appel à contributions",
    ArticleKind.TOOL: "outil",
    ArticleKind.GUIDE: "guide",
    ArticleKind.STUDY: "étude",
    ArticleKind.SURVEY: "sondage",
    ArticleKind.LAW: "texte de loi",
}
ARTICLE_KINDS = {
    ArticleKind.NEWS: "actualités",
    ArticleKind.AGENDA: "agenda national",
    ArticleKind.INTERVIEW: "interviews",
    ArticleKind.REPORTAGE: "reportages",
    ArticleKind.PRESS: "revue de presse",
    ArticleKind.CALL: "appels à contributions",
    ArticleKind.TOOL: "outils",
    ArticleKind.GUIDE: "guides",
    ArticleKind.STUDY: "études",
    ArticleKind.SURVEY: "sondages",
    ArticleKind.LAW: "textes de loi",
}
# Kind → its value in addresses.
ARTICLE_PATH = {
    ArticleKind.NEWS: "actualites",
    ArticleKind.AGENDA: "agenda-national",
    ArticleKind.INTERVIEW: "interviews",
    ArticleKind.REPORTAGE: "reportages",
    ArticleKind.PRESS: "presse",
    ArticleKind.CALL: "appels",
    ArticleKind.TOOL: "outils",
    ArticleKind.GUIDE: "guides",
    ArticleKind.STUDY: "etudes",
    ArticleKind.SURVEY: "sondages",
    ArticleKind.LAW: "lois",
}
NATIONAL = "national"  # in addresses, the territory of what is of the whole country
ARTICLE_OF_PATH = {path: kind for kind, path in ARTICLE_PATH.items()}
ON_SHELF = {
    Shelf.NEWS: tuple(ArticleKind)[:6],
    Shelf.RESOURCES: tuple(ArticleKind)[6:],
}


def shelf_of(kind: str) -> Shelf:
    """Return where articles of a kind stand."""
    return Shelf.NEWS if kind in ON_SHELF[Shelf.NEWS] else Shelf.RESOURCES


class IssueState(StrEnum):
    """Where an issue of the letter stands."""

    DRAFT = "draft"
    SKIPPED = "skipped"  # somebody decided that this month has no letter
    SCHEDULED = "scheduled"
    LEAVING = "leaving"
    STOPPED = "stopped"  # somebody held back what had not left yet
    SENT = "sent"


ISSUE_STATE = {
    IssueState.DRAFT: "brouillon",
    IssueState.SKIPPED: "pas de lettre ce mois-ci",
    IssueState.SCHEDULED: "programmée",
    IssueState.LEAVING: "en cours d’envoi",
    IssueState.STOPPED: "envoi arrêté",
    IssueState.SENT: "envoyée",
}


class IssueSection(StrEnum):
    """The sections of the letter, in the order that they begin with."""

    NEWS = "news"
    RESOURCES = "resources"
    ACTIONS = "actions"
    PRESS = "press"
    EVENTS = "events"
    BRIEFS = "briefs"
    FIGURES = "figures"


ISSUE_SECTION = {
    IssueSection.NEWS: "Actualités",
    IssueSection.RESOURCES: "Dans la boîte à outils",
    IssueSection.ACTIONS: "Les conseils agissent",
    IssueSection.PRESS: "Dans la presse",
    IssueSection.EVENTS: "À l’agenda",
    IssueSection.BRIEFS: "En bref",
    IssueSection.FIGURES: "Le mois en chiffres",
}

# What files are called beside their name.
FILE_TYPE = {
    "application/pdf": "PDF",
    "application/vnd.oasis.opendocument.text": "texte LibreOffice",
    "application/vnd.oasis.opendocument.spreadsheet": "tableau LibreOffice",
    "application/vnd.oasis.opendocument.presentation": "diaporama LibreOffice",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "texte Word",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "tableau Excel",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "diaporama PowerPoint",
    "image/jpeg": "image JPEG",
    "image/png": "image PNG",
    "image/webp": "image WebP",
    "image/gif": "image GIF",
    "text/plain": "texte simple",
    "text/csv": "tableau CSV",
    "audio/mpeg": "son MP3",
    "audio/ogg": "son OGG",
    "audio/mp4": "son M4A",
    "audio/x-wav": "son WAV",
    "audio/x-flac": "son FLAC",
    "video/mp4": "vidéo MP4",
    "video/webm": "vidéo WebM",
    "video/quicktime": "vidéo MOV",
    "video/3gpp": "vidéo 3GP",
}

# What the journal says of each act.
AUDIT_VERB = {
    "animator.appointed": "rôle d’animation du site donné",
    "article.deleted": "article supprimé",
    "article.published": "article publié",
    "article.recovered": "article supprimé, puis remis à sa place",
    "article.returned": "article proposé, rendu à son auteur",
    "group.archived": "groupe de travail archivé",
    "group.left": "groupe de travail quitté, au nom de tout un conseil",
    "group.narrowed": "conseils retirés d’un groupe de travail",
    "group.opened": "groupe de travail créé",
    "group.refused": "demande de groupe de travail refusée",
    "group.reopened": "groupe de travail rouvert",
    "group.returned": "retour d’un conseil dans un groupe de travail",
    "group.widened": "conseils ajoutés à un groupe de travail",
    "issue.resumed": "envoi de la lettre repris",
    "issue.scheduled": "envoi de la lettre programmé",
    "issue.sent": "lettre envoyée",
    "issue.skipped": "mois sans lettre",
    "issue.stopped": "envoi de la lettre arrêté",
    "issue.taken_up": "lettre reprise, après un mois sans lettre",
    "issue.unfit": "lettre vide, qui n’est pas partie",
    "issue.unscheduled": "envoi de la lettre annulé avant son départ",
    "publication.adopted": "version d’un document adoptée",
    "publication.reopened": "document adopté rouvert",
    "publication.taken_over": "publication reprise d’une personne qui n’est plus là",
    "referent.appointed": "rôle de référent local donné",
    "referent.changed": "territoires ou contact public modifiés",
    "referent.ended": "rôle de référent local retiré",
    "signup.approved": "inscription validée",
    "signup.refused": "inscription refusée",
    "signup.vouched": "inscription validée par un membre du conseil",
    "topic.closed": "sujet de discussion fermé",
    "topic.moved": "sujet de discussion déplacé",
    "topic.pinned": "sujet de discussion épinglé",
    "topic.renamed": "titre d’un sujet changé (ci-dessous, l’ancien titre)",
    "topic.reopened": "sujet de discussion rouvert",
    "topic.settled": "réponse à la question d’un sujet choisie",
    "topic.unpinned": "sujet de discussion qui n’est plus épinglé",
    "topic.unsettled": "réponse à la question d’un sujet retirée",
    "user.suspended": "compte suspendu",
    "user.restored": "compte rouvert",
    "user.renamed": "nom changé (ci-dessous, l’ancien nom)",
}

# What the kinds of messages are called on the page where one stops them.
MESSAGE_KIND = {
    "account": "votre compte",
    "alert": "les alertes",
    "article": "les articles proposés, et ce qu’ils deviennent",
    "code": "les codes de confirmation",
    "digest": "les résumés",
    "discussion": "les discussions que vous suivez",
    "following": "les changements des documents que vous suivez",
    "group": "les nouvelles de vos groupes de travail",
    "issue": "les brouillons de la lettre à relire",
    "letter": "la lettre d’information",
    "registration": "les messages sur vos inscriptions à des événements",
    "reminder": "les rappels d’événements",
    "signup": "les inscriptions à valider dans votre conseil",
}

# What a message is called to those who may not read what it tells of.
UNTOLD = {
    "account": "Une inscription à un événement",
    "alert": "Une alerte sur ce qui est partagé",
    "discussion": "Un message dans une discussion",
    "following": "Un document a changé",
    "registration": "Une inscription à un événement",
    "reminder": "Le rappel d’un événement",
}

# What the parts of a council's page, and of what councils share, are called where versions are compared.
FIELD = {
    "title": "Titre",
    "summary": "Résumé",
    "need": "Besoin et origine",
    "description": "Description",
    "is_collaborative": "Qui écrit la description",
    "groups_write": "Les groupes écrivent aussi",
    "results": "Résultats",
    "lessons": "Ce que nous ferions autrement",
    "kind": "Sorte d’article",
    "body": "Texte",
    "expires_on": "Retirer des listes après le",
    "is_pinned": "À la une",
    "series": "Série",
    "episode": "Numéro dans la série",
    "source": "Source",
    "source_address": "Adresse de la source",
    "picture_words": "Ce que montre l’image",
    "agenda": "Ordre du jour",
    "minutes": "Compte-rendu",
    "stage": "Étape",
    "carrier": "Portée par",
    "carrier_name": "Structure partenaire",
    "partners": "Partenaires",
    "contract": "Lien avec le contrat de ville",
    "pillar": "Pilier du contrat de ville",
    "budget": "Budget",
    "funders": "Financeurs",
    "starts_on": "Début",
    "ends_on": "Fin",
    "starts_at": "Début",
    "ends_at": "Fin",
    "place": "Lieu",
    "address": "Adresse",
    "organiser": "Organisateur",
    "contact": "Contact",
    "meetings": "Réunions",
    "meeting_place": "Lieu des réunions",
    "host": "Structure qui accueille le conseil",
    "phone": "Téléphone",
    "email": "Courriel",
    "residents": "Habitants",
    "local_actors": "Associations et acteurs locaux",
    "recognised_on": "Reconnu par le préfet le",
    "links": "Sur Internet",
    "pictures": "Images",
    "charter": "Charte",
}

# What was typed in a form when a session ended, beside the fields of a version: names that are not here are not shown.
KEPT_FIELD = FIELD | {
    "start_day": "Jour du début",
    "start_time": "Heure du début",
    "end_day": "Jour de la fin",
    "end_time": "Heure de la fin",
    "until_day": "Inscriptions jusqu’au",
    "until_time": "À",
    "seats": "Nombre de places",
    "own_question": "Votre question",
    "new_folder": "Nouveau dossier",
    "new_series": "Nouvelle série",
    "is_pinned": "",  # a box
    "places": "Communes ou intercommunalités",
    "series": "",  # a number
    "level": "Niveau d’accès",
    "publish_day": "Publier le",
    "publish_time": "À",
    "reason": "Votre mot",
    "subject": "Objet",
    "text": "Votre message",
    "reply": "Comment vous joindre",
    "name": "Nom",
    "first_name": "Prénom",
    "last_name": "Nom",
    "presentation": "Présentation",
    "charter": "",  # a number
    "base": "",  # digests
    "is_collaborative": "",  # a word of the code
    "groups_write": "",
}
