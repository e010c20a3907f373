"""With which of its actions a council answers a call."""

from wtforms import HiddenField, SelectChoice

from app.forms.base import CheckboxesField, Form
from app.labels import READERS
from app.templating import day


class ContributionsForm(Form):
    """The actions of the council with their boxes: those that are ticked are sent.

    `ticked`: the ids of those that were ticked when the form was opened. Another member may have sent or taken back
    others since: what somebody did not touch stays as it is by then.
    """

    actions = CheckboxesField("Les fiches-actions de votre conseil", coerce=int, validate_choice=False)
    ticked = HiddenField(default="")

    def offer(self, actions, sent) -> None:
        """Show these actions; those sent already are ticked until somebody says else."""
        self.actions.choices = [SelectChoice(action.id, _words(action)) for action in actions]
        if not self.is_submitted():
            self.actions.data = [action.id for action in actions if action.id in sent]
            self.ticked.data = " ".join(map(str, self.actions.data))

    @property
    def added(self) -> set[int]:
        """The actions whose boxes were ticked here."""
        return {action_id for action_id in self.actions.data if str(action_id) not in self._former}

    @property
    def dropped(self) -> set[int]:
        """The actions whose boxes were emptied here, of those that are shown."""
        shown = {line.value for line in self.actions.choices if str(line.value) in self._former}
        return shown - set(self.actions.data)

    @property
    def _former(self):
        return (self.ticked.data or "").split()


def _words(action):
    return f"{action.name} ({day(action.published_at)}, {READERS[action.level]})"
