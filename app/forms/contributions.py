"""With which of its actions a council answers a call."""

from wtforms import SelectChoice

from app.forms.base import CheckboxesField, Form
from app.labels import READERS
from app.templating import day


class ContributionsForm(Form):
    """The actions of the council with their boxes: those that are ticked are sent."""

    actions = CheckboxesField("Les fiches-actions de votre conseil", coerce=int, validate_choice=False)

    def offer(self, actions, sent) -> None:
        """Show these actions; those sent already are ticked until somebody says else."""
        self.actions.choices = [SelectChoice(action.id, _words(action)) for action in actions]
        if not self.is_submitted():
            self.actions.data = [action.id for action in actions if action.id in sent]


def _words(action):
    return f"{action.name} ({day(action.published_at)}, {READERS[action.level]})"
