"""The word of a peer on a sign-up, and the decision of the safety net."""

from wtforms import RadioField, SelectChoice
from wtforms.validators import InputRequired, ValidationError

from app import labels
from app.forms.base import Form, area_field
from app.labels import VouchAnswer

CHOOSE = "Appuyez sur le bouton de votre réponse."


class VouchForm(Form):
    """One of three answers; a reason with the last."""

    answer = RadioField(
        "Votre réponse",
        choices=[SelectChoice(answer, words) for answer, words in labels.VOUCH_ANSWER.items()],
        validators=[InputRequired(CHOOSE)],
        invalid_choice_message=CHOOSE,
    )
    reason = area_field(
        "Ce n’est pas un membre : pourquoi ?",
        description="Seuls le référent local et l’animateur lisent vos mots. Ils décideront.",
        most=1000,
        rows=3,
    )

    def validate_reason(self, field):
        """Ask for a reason with a « no »: others have to decide upon it."""
        if self.answer.data == VouchAnswer.NO and not field.data:
            raise ValidationError("Dites en quelques mots pourquoi ce n’est pas un membre.")


class DecisionForm(Form):
    """Yes or no; a reason with the no."""

    YES, NO = "oui", "non"
    decision = RadioField(
        "Votre décision",
        choices=[SelectChoice(YES, "Valider l’inscription"), SelectChoice(NO, "Refuser l’inscription")],
        validators=[InputRequired(CHOOSE)],
        invalid_choice_message=CHOOSE,
    )
    reason = area_field(
        "La raison, si vous refusez",
        description="Elle est envoyée à la personne, et gardée dans le journal.",
        most=1000,
        rows=3,
    )

    def validate_reason(self, field):
        """Ask for the reason of a refusal: the person is told."""
        if self.decision.data == self.NO and not field.data:
            raise ValidationError("Dites à la personne, en une phrase, pourquoi son inscription est refusée.")

    @property
    def approves(self) -> bool:
        """Whether the account is to be opened."""
        return self.decision.data == self.YES
