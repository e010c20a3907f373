"""What the councils of the demo share: made up, a few of each kind at each level."""

import hashlib
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from sqlalchemy import exists, select

from app.extensions import db
from app.labels import Carrier, Pillar, RegistrationStatus, Stage, Visibility
from app.localtime import at
from app.models import Action, Category, Document, Event, Group, Publication, Registration, Theme, User
from app.models.types import utcnow
from app.services import demo_people, demo_together, publishing, revisions
from app.services.accounts import DEMO
from app.text import slug

NEEDED = {"alice", "bruno", "chloe", "emile", "referente"}
SERIES = "Comptes-rendus de nos réunions"
PURPOSE = "Nos deux conseils écrivent ensemble sur les bus du soir, se rendent visite, et font une fête par an."


@dataclass(frozen=True)
class Item:
    """Something to share: how many days ago (none: a draft), by whom, at which level, and its fields."""

    author: str
    model: type[Publication]
    level: Visibility
    days: int | None
    title: str
    summary: str
    description: str
    themes: tuple[str, ...] = ()
    folder: str = ""
    others: dict = field(default_factory=dict)


COUNCIL, GROUPS, MEMBERS, PUBLIC = Visibility
MINUTES = "## Présents\n\n{}\n\n## Ce que nous avons décidé\n\n{}\n"
ITEMS = (
    Item(
        "alice", Document, PUBLIC, 120, "La charte de notre conseil citoyen",
        "Comment nous travaillons, qui peut venir, comment nous décidons. Adoptée à l’unanimité.",
        "## Qui nous sommes\n\nDes habitants et des associations du quartier. Chacun parle en son nom.\n\n"
        "## Comment nous décidons\n\n1. Tout le monde a la parole.\n2. Nous cherchons l’accord de tous.\n"
        "3. Sinon, nous votons : une personne, une voix.\n\n## Nos réunions\n\nElles sont ouvertes. Les dates sont "
        "affichées dans les halls et sur ce site.",
        ("citoyennete",), others={"is_charter": True},
    ),
    Item(
        "bruno", Document, COUNCIL, 45, "Nos contacts à la mairie et chez le bailleur",
        "Qui appeler pour quoi. À ne pas diffuser : certains numéros sont personnels.",
        "| Pour | Qui |\n|---|---|\n| L’éclairage | service voirie |\n| Les ascenseurs | gardien du 12 |\n"
        "| La salle commune | maison des associations |",
    ),
    Item(
        "alice", Document, GROUPS, 30, "Lettre commune sur la ligne de bus du soir",
        "Le projet de lettre de nos conseils au service des transports. Relisez-la avant la fin du mois.",
        "Madame, Monsieur,\n\nDepuis la rentrée, le dernier bus part à **19 h 40**. Les personnes qui travaillent le "
        "soir rentrent à pied. Nous demandons un départ à 22 h, du lundi au samedi.",
        ("transports",),
    ),
    Item(
        "bruno", Document, MEMBERS, 62, "Modèle d’enquête de porte en porte",
        "Douze questions courtes qui ont bien marché chez nous. Reprenez-les comme vous voulez.",
        "## Avant de commencer\n\nÀ deux, jamais après 20 h, avec un badge.\n\n## Les questions\n\n"
        "1. Depuis quand habitez-vous ici ?\n2. Qu’est-ce qui va bien ?\n3. Que faudrait-il changer d’abord ?",
        ("citoyennete", "lien-social"),
    ),
    Item(
        "alice", Document, PUBLIC, 80, "Compte-rendu de la réunion de septembre",
        "Le square, les poubelles, la fête des voisins.",
        MINUTES.format("Onze personnes.", "Demander un rendez-vous au bailleur pour les poubelles."), folder=SERIES,
    ),
    Item(
        "alice", Document, PUBLIC, 50, "Compte-rendu de la réunion d’octobre",
        "Le budget, le square, les bus du soir.",
        MINUTES.format("Quatorze personnes.", "Écrire avec les autres conseils au service des transports."),
        folder=SERIES,
    ),
    Item(
        "bruno", Document, PUBLIC, 20, "Compte-rendu de la réunion de novembre",
        "Le square encore, et la rénovation du centre commercial.",
        MINUTES.format("Neuf personnes.", "Inviter l’urbaniste à notre prochaine réunion."), folder=SERIES,
    ),
    Item(
        "alice", Action, PUBLIC, 70, "Une marche de nuit pour l’éclairage",
        "À douze, nous avons noté chaque lampe en panne. Trois mois après, vingt-deux sur trente marchent.",
        "Nous avons fait deux fois le tour du quartier, entre 20 h et 22 h, avec un plan et des stylos. Chaque point "
        "noir a été photographié, puis envoyé au service de l’éclairage avec une carte.",
        ("tranquillite-publique", "logement-et-cadre-de-vie"),
        others={
            "need": "Des parents ne laissaient plus les enfants rentrer seuls de l’étude. À la réunion de rentrée, "
            "c’était la première demande.",
            "stage": Stage.ACTION, "carrier": Carrier.COUNCIL, "partners": "Service de l’éclairage, bailleur",
            "contract": "Action « Mieux vivre dehors »", "pillar": Pillar.HOUSING, "budget": "60 euros",
            "funders": "Fonds de participation des habitants", "starts_on": date(2026, 2, 3),
            "ends_on": date(2026, 5, 20), "place": "Tout le quartier",
            "results": "- 30 lampes signalées\n- 22 réparées\n- un éclairage neuf devant l’école",
            "lessons": "Venir aussi un soir de pluie : on voit mieux ce qui manque. Prévenir le journal plus tôt.",
            "contact": "Alice, aux réunions du premier mardi",
        },
    ),
    Item(
        "bruno", Action, MEMBERS, 15, "Un pain suspendu à la boulangerie",
        "Qui peut paie un pain de plus ; qui en a besoin le prend sans question.",
        "Une ardoise au mur, une boîte, deux règles. Nous avons commencé avec dix pains payés par une association.",
        ("lien-social", "commerces-et-economie"),
        others={"stage": Stage.FOLLOW_UP, "carrier": Carrier.PARTNER, "carrier_name": "Boulangerie de la place",
                "pillar": Pillar.COHESION, "results": "Quatorze pains par semaine depuis le printemps."},
    ),
    Item(
        "chloe", Action, PUBLIC, 33, "Des parents à la sortie de l’école",
        "Six parents font traverser les enfants chaque matin, en attendant le passage surélevé.",
        "Nous avons demandé un gilet à la mairie et fait un tour de rôle affiché à l’école.",
        ("education-et-jeunesse", "transports"),
        others={"stage": Stage.PROGRAMME, "carrier": Carrier.RESIDENTS, "pillar": Pillar.HOUSING},
    ),
    Item(
        "chloe", Document, GROUPS, 12, "Horaires de bus : ce que nous avons relevé",
        "Nos relevés de trois semaines, pour la lettre commune.",
        "Un bus sur cinq est passé en retard de plus de dix minutes après 18 h.", ("transports",),
    ),
    Item(
        "emile", Document, PUBLIC, 25, "Chauffage : lire sa facture de charges",
        "Deux pages pour comprendre et savoir quoi demander. Relu par une association de locataires.",
        "## Trois lignes à regarder\n\n- la période,\n- le nombre de parts,\n- ce que vous avez déjà payé.",
        ("logement-et-cadre-de-vie",),
    ),
    Item(
        "alice", Document, COUNCIL, None, "Idées pour la fête des voisins", "",
        "Une grande table, un orchestre de quartier, un concours de gâteaux ?", ("lien-social",),
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Meeting:
    """An event to announce: in how many days, from when to when. `registered`: who comes, members by the name of their
    account, others by their own; with more of them than `seats`, the last ones wait."""

    author: str
    level: Visibility
    days: int
    begin: time
    end: time
    title: str
    summary: str
    agenda: str
    minutes: str = ""
    seats: int | None = None
    questions: tuple[str, ...] = ()
    registered: tuple[str, ...] = ()


MEETINGS = (
    Meeting(
        "alice", PUBLIC, 9, time(18, 30), time(20, 30), "Réunion publique : à quoi ressemblera le square ?",
        "Venez voir les trois projets et dire ce que vous en pensez. La ville sera là.",
        "1. Les trois projets, sur de grands dessins\n2. Vos questions\n3. Ce qui se passe ensuite",
        seats=40, questions=("access",), registered=("bruno", "chloe", "Yvette Marchand", "Karim Slimani"),
    ),
    Meeting(
        "referente", PUBLIC, 23, time(9, 30), time(12, 30), "Demi-journée : faire vivre un conseil citoyen",
        "Trois ateliers pour les conseils du département : faire venir du monde, garder une trace, peser dans le "
        "contrat de ville.",
        "- 9 h 30 : accueil\n- 10 h : trois ateliers au choix\n- 12 h : ce que chacun emporte\n- 12 h 30 : repas pris "
        "ensemble",
        seats=8, questions=("organisation", "diet"), registered=(
            "alice", "chloe", "Mireille Lopez", "Daniel Huet", "Fatou Diop", "Jean-Marc Roche", "Lucette Morel",
            "Idriss Benali", "Sylvie Garnier", "Paul Texier",
        ),
    ),
    Meeting(
        "bruno", COUNCIL, 3, time(18), time(19), "Préparer la réunion du square",
        "Une heure pour se répartir les rôles.", "- Qui accueille ?\n- Qui prend des notes ?",
    ),
    Meeting(
        "chloe", GROUPS, 16, time(14), time(16), "Rencontre de nos conseils sur les transports",
        "Nous finissons la lettre commune et choisissons qui la porte.", "- La lettre\n- Qui l’apporte ?",
    ),
    Meeting(
        "alice", PUBLIC, -26, time(18, 30), time(20), "Réunion du conseil citoyen", "Ouverte à tous.",
        "- Le square\n- Le centre commercial",
        "Neuf personnes étaient là. L’urbaniste viendra à la prochaine réunion.",
    ),
)  # fmt: skip


def load() -> int:
    """Let the people of the demo share something; return how many things, 0 when they are not there or have."""
    accounts = db.session.scalars(select(User).where(demo_people.are_demo()))
    people = {user.email.removesuffix(DEMO): user for user in accounts}
    if not NEEDED <= people.keys() or db.session.scalar(select(exists(Publication.id))):
        return 0
    group = _make_group(people)
    themes = {theme.slug: theme for theme in db.session.scalars(select(Theme))}
    shared = [_share(item, people, group, themes) for item in ITEMS]
    shared.append(demo_together.share(people, group))
    shared += [_announce(meeting, people, group) for meeting in MEETINGS]
    db.session.flush()
    return len(shared)


def _make_group(people):
    """Gather the councils of Alice and Chloé."""
    councils = list(dict.fromkeys([people["alice"].council, people["chloe"].council]))
    department = councils[0].department
    name = f"Quartiers ensemble, {department.name}" if department else "Quartiers ensemble"
    group = Group(name=name, slug=slug(name), councils=councils, territory=department, purpose=PURPOSE)
    db.session.add(group)
    db.session.flush()
    db.session.add(Category(name="Discussions", group_id=group.id))
    return group


def _share(item, people, group, themes):
    author = people[item.author]
    publication = publishing.start(author, item.model, _key(item))
    publication.level, publication.groups = item.level, [group] if item.level == GROUPS else []
    publication.themes = [themes[name] for name in item.themes if name in themes]
    if item.folder:
        publication.folder_id = publishing.folder_named(author.council_id, item.folder, is_series=True)
    texts = {"title": item.title, "summary": item.summary, "description": item.description}
    publishing.write(publication, texts | item.others)
    if item.days is not None:
        _date(publication, author, item.days)
    return publication


def _announce(meeting, people, group):
    author = people[meeting.author]
    event = publishing.start(author, Event, _key(meeting))
    event.level, event.groups = meeting.level, [group] if meeting.level == GROUPS else []
    event.territory = None if event.council_id else next(iter(author.territories), None)
    on = utcnow().date() + timedelta(days=meeting.days)
    fields = {
        "title": meeting.title, "summary": meeting.summary, "agenda": meeting.agenda, "place": "Salle commune",
        "address": "12, rue des Tilleuls", "organiser": author.organisation,
        "takes_registrations": bool(meeting.seats), "seats": meeting.seats, "questions": list(meeting.questions),
        "starts_at": at(event.time_zone, on, meeting.begin),
        "ends_at": at(event.time_zone, on, meeting.end),
    }  # fmt: skip
    if meeting.minutes:
        fields |= {"minutes": meeting.minutes, "minutes_at": datetime.combine(on, time(22), utcnow().tzinfo)}
    publishing.write(event, fields)
    _date(event, author, 35)
    _register(meeting, event, people)
    return event


def _register(meeting, event, people):
    """Let people register, one each day."""
    for number, name in enumerate(meeting.registered):
        user = people.get(name)
        since = event.published_at + timedelta(days=number + 1)
        is_placed = number < meeting.seats
        db.session.add(Registration(
            event_id=event.id, user_id=user.id if user else None, name=user.name if user else name,
            key=f"user:{user.id}" if user else f"demo:{number}", created_at=since, queued_at=since,
            status=RegistrationStatus.CONFIRMED if is_placed else RegistrationStatus.WAITING,
            placed_at=since if is_placed else None, entered_by_id=None if user else event.author_id,
        ))  # fmt: skip


def _key(thing):
    """Return the key of the form that it did not come from."""
    return hashlib.sha256(f"{thing.author} {thing.title}".encode()).hexdigest()[:32]


def _date(publication, author, days):
    """Let it be out for some days, without a word to anybody: nobody reads the mails of the demo."""
    publication.created_at = publication.published_at = utcnow() - timedelta(days=days)
    db.session.flush()
    revisions.keep(publication, publishing.content_of(publication), author).created_at = publication.published_at
