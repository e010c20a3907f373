"""What is done to a topic: another title, another rubric."""

from wtforms import SelectChoice, SelectField
from wtforms.validators import InputRequired

from app.forms.base import Form
from app.forms.discussions import TopicForm
from app.models import Category


class TitleForm(Form):
    """Another title."""

    title = TopicForm.title


class MoveForm(Form):
    """Another rubric."""

    rubric = SelectField("Nouvelle rubrique", default="", validators=[InputRequired("Choisissez une rubrique.")])

    def __init__(self, rubrics: list[Category]):
        super().__init__()
        lines = [("", "Choisissez"), *((str(rubric.id), rubric.name) for rubric in rubrics)]
        self.rubric.choices = [SelectChoice(*line) for line in lines]
