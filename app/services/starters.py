"""Texts to start a document from, written for this site: a charter, rules, minutes, an agenda."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

DATA = Path(__file__).parents[1] / "data" / "starters"


@dataclass(frozen=True)
class Starter:
    """A text to start from: its name in addresses, in lists, and the title and the summary that it proposes."""

    slug: str
    name: str
    title: str
    summary: str

    @cached_property
    def text(self) -> str:
        """The text in Markdown; what is to be filled in stands between brackets."""
        return (DATA / f"{self.slug}.md").read_text(encoding="utf-8").strip()

    @property
    def fields(self) -> dict:
        """The fields of the form: such a text is best written by several people."""
        return {"title": self.title, "summary": self.summary, "description": self.text, "is_collaborative": True}


ALL = (
    Starter(
        "charte-de-fonctionnement", "Charte de fonctionnement", "Charte de fonctionnement de notre conseil citoyen",
        "Qui nous sommes, ce que nous voulons faire, et comment nous nous parlons.",
    ),
    Starter(
        "reglement-interieur", "Règlement intérieur", "Règlement intérieur de notre conseil citoyen",
        "Les règles de tous les jours : membres, réunions, décisions, dépenses.",
    ),
    Starter(
        "compte-rendu-de-reunion", "Compte-rendu de réunion", "Compte-rendu de la réunion du [date]",
        "Ce que nous avons dit, ce que nous avons décidé, et qui fait quoi.",
    ),
    Starter(
        "ordre-du-jour", "Ordre du jour", "Ordre du jour de la réunion du [date]",
        "De quoi nous parlerons, et pendant combien de temps.",
    ),
)  # fmt: skip


def find(slug: str) -> Starter | None:
    """Return the text with this name in addresses."""
    return next((starter for starter in ALL if starter.slug == slug), None)
