"""The choice of messages that somebody wants no more."""

from wtforms import RadioField, SelectChoice
from wtforms.validators import InputRequired

from app.forms.base import Form

CHOICES = {
    "stop": "Ne plus recevoir ces messages",
    "stop-all": "Ne plus recevoir aucun message du site, sauf pour mon compte",
    "resume": "Recevoir de nouveau ces messages",
    "resume-all": "Recevoir de nouveau tous les messages du site",
}
OF_THE_LETTER = {"stop": "Ne plus recevoir la lettre", "resume": "Recevoir de nouveau la lettre"}


class StopForm(Form):
    """Which messages stop, or come again. Each choice is accepted at any time: sent twice, it means the same."""

    choice = RadioField(
        "Votre choix",
        choices=[SelectChoice(*choice) for choice in CHOICES.items()],
        validators=[InputRequired("Choisissez une des réponses.")],
    )

    @property
    def stops(self) -> bool:
        """Whether messages stop; else they come again."""
        return self.choice.data.startswith("stop")

    @property
    def is_about_all(self) -> bool:
        """Whether it is about every kind of messages."""
        return self.choice.data.endswith("-all")

    def offer(self, kind_stopped: bool, all_stopped: bool, is_letter: bool) -> None:
        """Show the choices that change something, the likeliest first; those about the letter call it by its name."""
        words = CHOICES | (OF_THE_LETTER if is_letter else {})
        shown = ["resume-all"] if all_stopped else ["resume" if kind_stopped else "stop", "stop-all"]
        self.choice.choices = [SelectChoice(name, words[name]) for name in shown]
