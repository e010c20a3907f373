"""Searching what councils share, articles, and what people say in discussions, by their words."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain

import snowballstemmer
from sqlalchemy import ColumnElement, Select, and_, any_, column, func, literal_column, select, table, true
from sqlalchemy.orm import InstrumentedAttribute

from app.extensions import db, insert
from app.models import (
    Action,
    Article,
    ArticleText,
    Attachment,
    Event,
    Message,
    MessageText,
    Publication,
    PublicationText,
    StoredFile,
)
from app.text import fold

LONGEST = 40  # letters of a word
LONG = 1000  # characters of a text that is worth remembering
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


@dataclass(frozen=True)
class Searched:
    """What is found by its words: the table of their stems with the `key` of the rows that they are of, whose ids are
    `row_id`, and the index that SQLite keeps of them."""

    texts: type
    key: str
    row_id: InstrumentedAttribute
    index: str


PUBLICATIONS = Searched(PublicationText, "publication_id", Publication.id, "publication_words")
ARTICLES = Searched(ArticleText, "article_id", Article.id, "article_words")
MESSAGES = Searched(MessageText, "message_id", Message.id, "message_words")


def index(publication: Publication) -> None:
    """Write down the words that a publication is found by, in the transaction that changes it, its themes or files."""
    db.session.flush()
    names = select(StoredFile.name).join(Attachment, Attachment.file_id == StoredFile.id)
    names = names.where(Attachment.publication_id == publication.id, Attachment.removed_at.is_(None))
    parts = [publication.title, publication.summary, publication.description, *db.session.scalars(names)]
    parts += [theme.name for theme in publication.themes]
    parts += [getattr(publication, name) for name in WRITTEN.get(type(publication), ())]
    write(PUBLICATIONS, publication.id, parts)


def write(of: Searched, row_id: int, parts: Iterable[str]) -> None:
    """Write down the words of the `parts` of a row in place of those that it was found by."""
    words = chain.from_iterable((words_of if len(part) > LONG else stems)(part) for part in parts if part)
    row = {of.key: row_id, "words": " ".join(dict.fromkeys(words))}
    upsert = insert(of.texts).values(row)
    upsert = upsert.on_conflict_do_update(index_elements=[of.key], set_={"words": row["words"]})
    db.session.execute(upsert)


def matching(question: str, of: Searched = PUBLICATIONS, within: Select | None = None) -> ColumnElement[bool] | None:
    """Return the SQL condition of the rows that hold every word of `question`, the last one begun at least; None when
    it has no word to look for. `within`: the query of the ids of the few rows among which they are looked for."""
    wanted = wanted_by(question)
    if not wanted:
        return None
    if db.session.get_bind().dialect.name == "sqlite":
        held = of.row_id.in_(_in_sqlite(wanted, of))
        return held if within is None else and_(held, of.row_id.in_(within))
    # Found first, once: where it guesses that many match, PostgreSQL would look at every row to find none.
    return of.row_id == any_(func.array(_in_postgresql(wanted, of, within).scalar_subquery()))


def wanted_by(question: str) -> list[list[str]]:
    """Return for each word of `question` the stems of which one is to be there; « jardi* » stands for all that begin
    so."""
    words = meaningful(question)
    wanted = [[stem(word)] for word in words]
    if words and len(words[-1]) >= SHORTEST_BEGINNING:
        wanted[-1].append(f"{words[-1]}*")
    return wanted


def _in_sqlite(wanted, of):
    """Words are letters and digits alone, and quoted: nothing that was typed is read as a sign of the language."""
    quoted = [[f'"{word.rstrip("*")}"{"*" * word.endswith("*")}' for word in words] for words in wanted]
    question = " AND ".join(f"({' OR '.join(words)})" for words in quoted)
    index = table(of.index, column("rowid"))
    return select(index.c.rowid).where(literal_column(of.index).op("MATCH")(question))


def _in_postgresql(wanted, of, within):
    quoted = [[f"'{word.rstrip('*')}'{':*' * word.endswith('*')}" for word in words] for words in wanted]
    question = " & ".join(f"({' | '.join(words)})" for words in quoted)
    simple = literal_column("'simple'::regconfig")
    held = func.to_tsvector(simple, of.texts.words).op("@@")(func.to_tsquery(simple, question))
    key = getattr(of.texts, of.key)
    return select(key).where(held, key.in_(within) if within is not None else true())


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
