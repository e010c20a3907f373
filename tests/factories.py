"""Rows that tests start from: a small made-up country."""

from datetime import date, datetime, timedelta
from uuid import uuid4

from argon2 import PasswordHasher
from sqlalchemy import inspect, select

from app import passwords
from app.extensions import db
from app.labels import College, IssueSection, IssueState, Role, UserStatus, Visibility
from app.models import (
    Article,
    Category,
    Council,
    Event,
    Group,
    Message,
    Neighbourhood,
    NewsletterIssue,
    PostalCode,
    Precision,
    Territory,
    TerritoryKind,
    Topic,
    User,
    neighbourhood_communes,
)
from app.models.stamp import DIRECTORY, PAGES, Stamp, renew
from app.models.types import utcnow
from app.text import slug

PASSWORD = "quatre chats sur un toit"  # noqa: S105
# The many passwords of the tests cost next to nothing; one test holds what they cost on a site.
passwords._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
passwords._NOBODYS = passwords.hash_password("the password of nobody")
PASSWORD_HASH = passwords.hash_password(PASSWORD)


def make_territory(kind: TerritoryKind, code: str, name: str, *, postal_codes=(), place=(None, None), **columns):
    territory = Territory(kind=kind, code=code, name=name, latitude=place[0], longitude=place[1], **columns)
    territory.postal_codes = [PostalCode(code=postal_code) for postal_code in postal_codes]
    db.session.add(territory)
    db.session.flush()
    return territory


def make_commune(code: str, name: str, department: Territory, **columns) -> Territory:
    return make_territory(
        TerritoryKind.COMMUNE, code, name, department_id=department.id, region_id=department.region_id, **columns
    )


def make_council(name: str, commune: Territory, *, place=None, code=None, **columns) -> Council:
    """Add a council with one neighbourhood, at the centre of its commune unless `place` says where."""
    latitude, longitude = place or (commune.latitude, commune.longitude)
    known = dict(latitude=latitude, longitude=longitude, precision=Precision.EXACT)
    council = Council(**{"name": name, "slug": slug(f"{name} {commune.name}"), **known, **columns})
    council.territories = [commune, commune.department, *([commune.region] if commune.region else [])]
    code = code or f"QP{commune.code[:2]:0>3}{db.session.query(Neighbourhood).count() + 1:03}"
    neighbourhood = Neighbourhood(code=code, name=name, generation=2014, **known)
    council.neighbourhoods = [neighbourhood]
    db.session.add(council)
    db.session.flush()
    link = {"neighbourhood_id": neighbourhood.id, "commune_id": commune.id, "position": 0}
    db.session.execute(neighbourhood_communes.insert().values(link))
    renew(PAGES, DIRECTORY)
    return council


class Country:
    """Two departments, four communes, three councils: enough for every page. See `make_country`."""


def make_country() -> Country:
    country = Country()
    region = make_territory(TerritoryKind.REGION, "84", "Auvergne-Rhône-Alpes", place=(45.5, 4.5))
    ain = make_territory(TerritoryKind.DEPARTMENT, "01", "Ain", region_id=region.id, place=(46.1, 5.35))
    isere = make_territory(TerritoryKind.DEPARTMENT, "38", "Isère", region_id=region.id, place=(45.2, 5.6))
    country.region, country.ain, country.isere = region, ain, isere
    country.bourg = make_commune(
        "01053", "Bourg-en-Bresse", ain, postal_codes=["01000"], place=(46.2051, 5.2460), population=42000
    )
    country.hay = make_commune("01900", "L’Haÿ-Saint-Étienne", ain, postal_codes=["01900"], place=(46.0, 5.5))
    country.vieu = make_commune("01442", "Vieu", ain, postal_codes=["01260"], place=(45.90, 5.68), population=300)
    country.grenoble = make_commune("38185", "Grenoble", isere, postal_codes=["38000", "38100"], place=(45.18, 5.72))
    country.reyssouze = make_council(
        "Grande Reyssouze Terre des Fleurs", country.bourg, place=(46.2105, 5.22199), code="QP001001"
    )
    country.croix = make_council("Croix Blanche", country.bourg, place=(46.20564, 5.24225), code="QP001002")
    country.mistral = make_council("Mistral - Eaux Claires", country.grenoble, code="QP038001")
    db.session.commit()
    return country


def make_user(name: str, council: Council | None = None, **columns) -> User:
    """Add an account whose password is `PASSWORD`; an active member unless `columns` say otherwise."""
    first, _, last = name.partition(" ")
    known = {
        "first_name": first, "last_name": last or "Essai", "email": f"{slug(first)}@essai.example", "role": Role.MEMBER,
        "password_hash": PASSWORD_HASH, "status": UserStatus.ACTIVE, "college": College.RESIDENT if council else None,
        "confirmed_at": utcnow(), "last_seen_at": utcnow(),
    }  # fmt: skip
    user = User(**known | columns)
    user.council_id = council.id if council else None
    db.session.add(user)
    db.session.flush()
    return user


def make_group(name: str, *councils: Council) -> Group:
    """Add a working group of these councils, with the place where it discusses."""
    group = Group(name=name, slug=slug(name), councils=list(councils))
    db.session.add(group)
    db.session.flush()
    make_category("Discussions", group)
    return group


def make_article(title: str = "Les conseils se rencontrent", **columns) -> Article:
    """Add an article of the site: published today, unless `columns` say else (`published_at=None`: a draft)."""
    known = {"title": title, "key": uuid4().hex, "published_at": utcnow()}
    article = Article(**known | columns)
    article.body_html = article.body_html or (article.body and f"<p>{article.body}</p>")
    if article.published_at and article.slug is None:
        article.slug = slug(title)
    db.session.add(article)
    db.session.flush()
    return article


# What an issue of the letter says that says nothing.
EMPTY_LETTER = {
    "subject": "La lettre", "month": "", "address": "http://localhost/lettre", "introduction": "",
    "introduction_html": "", "sections": [],
}  # fmt: skip


def make_issue(month: str = "2026-11", **columns) -> NewsletterIssue:
    """Add an issue of the letter: a draft that looks a month back, unless `columns` say else."""
    now = utcnow()
    known = {"month": date.fromisoformat(f"{month}-01"), "since": now - timedelta(days=31), "until": now}
    known |= {"subject": f"La lettre {month}", "sections": [section.value for section in IssueSection]}
    if columns.get("state") == IssueState.SENT:
        known |= {"started_at": now, "prepared_at": now, "ended_at": now}
    issue = NewsletterIssue(**known | columns)
    db.session.add(issue)
    db.session.flush()
    return issue


def make_publication(model: type, author: User | None, council: Council | None = None, **columns):
    """Add a document, an action or an event: published, for the members of its council, unless `columns` say else."""
    now, council = utcnow(), council or author.council
    known = {
        "author_id": author.id if author else None, "council_id": council.id if council else None, "key": uuid4().hex,
        "title": "Un square pour tous", "level": Visibility.COUNCIL, "published_at": now, "created_at": now,
    }  # fmt: skip
    if model is Event:
        known |= {"starts_at": now + timedelta(days=7), "ends_at": now + timedelta(days=7, hours=2)}
    publication = model(**known | columns)
    publication.slug = slug(publication.title) or "sans-titre"
    db.session.add(publication)
    db.session.flush()
    return publication


def make_workshop(author: User, **columns) -> Event:
    """Add an event that people register for: public, in a week, without a limit of seats, unless `columns` say else."""
    known = {"title": "L’atelier", "level": Visibility.PUBLIC, "takes_registrations": True}
    return make_publication(Event, author, **known | columns)


class Cast:
    """The people of all tests. See `make_cast`."""


def make_cast(country: Country | None = None) -> Cast:
    """Alice and Bruno (one council), Chloé (another, same department), Dora (pending in Alice's), Émile (another
    department), the referent of Alice's department and of another one (away), and the animator."""
    cast = Cast()
    cast.country = country = country or make_country()
    cast.council = country.croix
    cast.alice = make_user("Alice Martin", country.croix)
    cast.bruno = make_user("Bruno Petit", country.croix)
    cast.chloe = make_user("Chloé Bernard", country.reyssouze)
    cast.dora = make_user("Dora Robert", country.croix, status=UserStatus.PENDING, words="J’habite rue des Lilas.")
    cast.emile = make_user("Émile Durand", country.mistral)
    cast.referent = make_user("Renée Moreau", role=Role.REFERENT, organisation="Centre de ressources de l’Ain")
    cast.referent.territories = [country.ain]
    cast.away = make_user("Yves Girard", role=Role.REFERENT, organisation="Centre de ressources de l’Isère")
    cast.away.territories = [country.isere]
    cast.animator = make_user("Anne Simon", role=Role.ANIMATOR)
    db.session.commit()
    return cast


class Made:
    """What `make` puts in a database, kept as rows: putting these in again costs a tenth of making them."""

    def __init__(self, make):
        before = _rows()
        thing, self.at = make(), utcnow()
        after = _rows()
        self.rows = {table: [row for row in after[table] if row not in before[table]] for table in after}
        self.rows = {table: rows for table, rows in self.rows.items() if rows}
        del self.rows[Stamp.__table__]  # their rows are of the migrations: `again` renews them
        self.names = _names(thing)

    def again(self):
        """Put the rows in the present database, as if they had been made at this moment, and return what was made."""
        later = utcnow() - self.at
        for table, rows in self.rows.items():
            moved = [{name: _moved(value, later) for name, value in row.items()} for row in rows]
            db.session.connection().execute(table.insert(), moved)
        renew(PAGES, DIRECTORY)
        db.session.commit()
        return _Again(self.names)


class _Again:
    """A country or a cast whose rows are read when they are named."""

    def __init__(self, names):
        self._names = names

    def __getattr__(self, name):
        kind, content = self._names[name]
        value = _Again(content) if kind is Country else db.session.get(kind, content)
        setattr(self, name, value)
        return value


def _rows():
    tables = db.metadata.sorted_tables
    return {table: [row._asdict() for row in db.session.connection().execute(table.select())] for table in tables}


def _moved(value, later):
    return value + later if isinstance(value, datetime) else value


def _names(thing):
    """Return what stands under each name: the class and the number of a row, or the country with its own names."""
    return {
        name: (type(value), _names(value) if isinstance(value, Country) else inspect(value).identity[0])
        for name, value in vars(thing).items()
    }


def make_category(name: str = "Vie des conseils", group: Group | None = None, **columns) -> Category:
    """Add a rubric of the forum; with a group, the place where it discusses."""
    category = Category(name=name, slug=None if group else slug(name), group_id=group.id if group else None, **columns)
    db.session.add(category)
    db.session.flush()
    return category


def place_of(group: Group) -> Category:
    """Return the place where a group discusses."""
    return db.session.scalars(select(Category).filter_by(group_id=group.id)).one()


def make_topic(author: User | None, category: Category, title: str = "Un local pour se réunir ?", **columns) -> Topic:
    """Add a topic with its first message."""
    now = columns.pop("created_at", None) or utcnow()
    known = {"author_id": author.id if author else None, "category_id": category.id, "key": uuid4().hex}
    topic = Topic(**known | {"title": title, "slug": slug(title), "created_at": now, "last_at": now} | columns)
    db.session.add(topic)
    db.session.flush()
    make_message(author, topic, "Qui en a trouvé un ?", created_at=now)
    return topic


def make_message(author: User | None, topic: Topic, text: str = "Nous aussi.", **columns) -> Message:
    """Add a message at the end of a topic."""
    topic.last_number += 1
    topic.last_at = columns.get("created_at") or utcnow()
    known = {"topic_id": topic.id, "number": topic.last_number, "author_id": author.id if author else None}
    message = Message(**known | {"key": uuid4().hex, "text": text, "html": f"<p>{text}</p>"} | columns)
    db.session.add(message)
    db.session.flush()
    return message
