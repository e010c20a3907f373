"""Searching what councils share by its words."""

import re
from functools import lru_cache
from itertools import chain

import snowballstemmer
from sqlalchemy import ColumnElement, any_, column, func, literal_column, select, table

from app.extensions import db, insert
from app.models import Action, Attachment, Event, Publication, PublicationText, StoredFile
from app.text import fold

LONGEST = 40  # letters of a word
LONG = 1000  # characters of a text that is worth remembering
MANY = 2000  # publications with the words that are asked for
SHORTEST_BEGINNING = 3  # letters from which on the last word of a question stands for all that begin so
ELISION = re.compile(r"\b(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu|quoiqu)['’ʼ](?=\w)", re.IGNORECASE)
STOP_WORDS = frozenset(
    "a ai alors apres au aucun aussi autre aux avant avec avoir bien car ce ceci cela celle celui ces cet cette chaque "
    "comme comment dans de depuis des donc dont du elle elles en encore entre est et etaient etait etant etre eu "
    "eux fait font ici il ils je la le les leur leurs lui ma mais me meme mes moi mon ne ni nos notre nous on ont ou "
    "par pas peu peut plus pour pourquoi quand que quel quelle quelles quels qui quoi sa sans se sera ses si sien son "
    "sont sous sur ta te tes toi ton tous tout toute toutes tres tu un une vers vos votre vous y".split()
)
NOUNS = frozenset("accent argent content parent talent urgent".split())  # whose « ent » is no ending of a verb
WRITTEN = {
    Action: ("need", "results", "lessons", "carrier_name", "partners", "contract", "budget", "funders", "place",
             "contact"),
    Event: ("place", "address", "organiser", "agenda", "minutes"),
}  # fmt: skip


def index(publication: Publication) -> None:
    """Write down the words that a publication is found by, in the transaction that changes it, its themes or files."""
    db.session.flush()
    names = select(StoredFile.name).join(Attachment, Attachment.file_id == StoredFile.id)
    names = names.where(Attachment.publication_id == publication.id, Attachment.removed_at.is_(None))
    parts = [publication.title, publication.summary, publication.description, *db.session.scalars(names)]
    parts += [theme.name for theme in publication.themes]
    parts += [getattr(publication, name) for name in WRITTEN.get(type(publication), ())]
    words = chain.from_iterable((words_of if len(part) > LONG else stems)(part) for part in parts if part)
    row = {"publication_id": publication.id, "words": " ".join(dict.fromkeys(words))}
    upsert = insert(PublicationText).values(row)
    upsert = upsert.on_conflict_do_update(index_elements=["publication_id"], set_={"words": row["words"]})
    db.session.execute(upsert)


def matching(question: str) -> ColumnElement[bool] | None:
    """Return the SQL condition of the publications that hold every word of `question`, the last one begun at least;
    None when it has no word to look for."""
    words = meaningful(question)
    if not words:
        return None
    wanted = [[stem(word)] for word in words]
    if len(words[-1]) >= SHORTEST_BEGINNING:
        wanted[-1].append(f"{words[-1]}*")
    if db.session.get_bind().dialect.name == "sqlite":
        return Publication.id.in_(_in_sqlite(wanted))
    # Found first, once: where it guesses that many match, PostgreSQL would look at every publication to find none.
    return Publication.id == any_(func.array(_in_postgresql(wanted).scalar_subquery()))


def _in_sqlite(wanted):
    """Words are letters and digits alone, and quoted: nothing that was typed is read as a sign of the language."""
    quoted = [[f'"{word.rstrip("*")}"{"*" * word.endswith("*")}' for word in words] for words in wanted]
    question = " AND ".join(f"({' OR '.join(words)})" for words in quoted)
    index = table("publication_words", column("rowid"))
    return select(index.c.rowid).where(literal_column("publication_words").op("MATCH")(question))


def _in_postgresql(wanted):
    quoted = [[f"'{word.rstrip('*')}'{':*' * word.endswith('*')}" for word in words] for words in wanted]
    question = " & ".join(f"({' | '.join(words)})" for words in quoted)
    simple = literal_column("'simple'::regconfig")
    held = func.to_tsvector(simple, PublicationText.words).op("@@")(func.to_tsquery(simple, question))
    return select(PublicationText.publication_id).where(held)


@lru_cache(8)
def words_of(text: str) -> tuple[str, ...]:
    """Return what a text is found by. The last texts are remembered: it is slow work, for before a transaction."""
    return tuple(dict.fromkeys(stems(text)))


def stems(text: str) -> list[str]:
    """Return the stems of the words of a text that say something, in their order."""
    return [stem(word) for word in meaningful(text)]


def meaningful(text: str) -> list[str]:
    """Return the folded words of a text that say something: « L’été à l’école » → [« ete », « ecole »]."""
    words = fold(ELISION.sub(" ", text)).split()
    return [word[:LONGEST] for word in words if word not in STOP_WORDS]


@lru_cache(20_000)
def stem(word: str) -> str:
    """Return what the forms of a folded word have in common: « votent », « votee », « voter » → « vot »."""
    # A stemmer keeps what it works on in itself: one of its own for each call, which costs next to nothing.
    short = snowballstemmer.stemmer("french").stemWord(word)
    if len(short) > 5 and short.endswith("ent") and short not in NOUNS:
        short = short.removesuffix("ent")
    return short.removesuffix("e") if len(short) > 3 else short
