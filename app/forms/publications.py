"""What a council shares, as its author writes it: one form, with fields of its own for each kind."""

import secrets
from collections.abc import Collection, Mapping
from datetime import datetime, time

from wtforms import BooleanField, HiddenField, RadioField, SelectChoice, SelectField, StringField
from wtforms.validators import Length, ValidationError

from app.forms.attachments import AttachmentsForm
from app.forms.base import (
    CheckboxesField,
    area_field,
    date_field,
    markdown_field,
    read_day,
    read_time,
    text_field,
    time_field,
)
from app.labels import VISIBILITY, Visibility
from app.localtime import at, clock
from app.models import Article, Publication
from app.models.types import utcnow
from app.text import as_text, one_line

MOST_THEMES = 5
ACTS = ("preview", "draft", "publish", "now", "save")
SHOWING = ("publish", "now", "save")  # what readers see, at once or at a date
MORNING = time(8)  # of a date without its hour
OPEN_AGAIN = "Relisez le niveau d’accès, puis envoyez encore une fois."


def optional_choice(label: str, words: dict, **options) -> SelectField:
    """Return a choice of one value, or none."""
    choices = [SelectChoice("", "– à choisir, si vous voulez –"), *(SelectChoice(*pair) for pair in words.items())]
    return SelectField(label, choices=choices, default="", **options)


def _hidden(**options):
    return HiddenField(filters=[one_line], default="", **options)


class DraftForm(AttachmentsForm):
    """What is written before it is published: now, or at a date. `act`: the button that was pressed.

    Sentences about what must be there come only when readers are to see it: drafts may be half finished.
    """

    key = _hidden(validators=[Length(max=32)])
    version = _hidden()
    again = _hidden()  # the id of what its author agrees to make a second time
    act = StringField(default="preview")

    title = text_field("Titre", most=200, many="Ce titre est trop long : 200 caractères au plus.")
    summary = area_field(
        "Résumé", most=400, rows=3,
        description="Deux phrases, qui donnent envie de lire la suite. Elles apparaissent dans les listes. Facultatif.",
    )  # fmt: skip
    themes = CheckboxesField(
        "Thématiques", coerce=int, validate_choice=False, description=f"{MOST_THEMES} au plus. Facultatif."
    )
    publish_day = date_field("Publier plus tard, le", description="Par exemple 25/12/2026. Facultatif.")
    publish_time = time_field("À quelle heure ?", description="Sans heure : à 8 h.")

    acts, showing = ACTS, SHOWING
    columns = ("title", "summary")
    apart = ("csrf_token", "key", "version", "again", "act", "files", "sent")  # of no version that is kept aside
    aside = None  # what was begun and not saved, which the page offers
    is_resumed = False  # the form shows it
    changed = None  # in what the text differs from what was saved meanwhile
    twin = None  # what the same author has just made, which says the same

    def begin(self, item: Publication | Article | None) -> None:
        """Remember, in a form that is shown for the first time, what it is going to change."""
        if not self.is_submitted():
            self.key.data = item.key if item else secrets.token_hex(16)
            self.version.data = str(item.version) if item else "0"

    @property
    def deed(self) -> str:
        """What was asked; the preview, which is harmless, when no button says it."""
        return self.act.data if self.act.data in self.acts else "preview"

    @property
    def is_for_readers(self) -> bool:
        """Whether readers are to see it, now or at a date."""
        return self.deed in self.showing

    @property
    def publish_on(self) -> datetime | None:
        """The instant that was typed."""
        day = self.publish_day.data
        return at(self.zone, day, self.publish_time.data or MORNING) if day else None

    @property
    def date_typed(self) -> dict[str, str]:
        """The date of publication as arguments of an address, so that a preview does not lose it; `date_in` reads
        them. Empty for who does not choose it."""
        if "publish_day" not in self:
            return {}
        day, hour = self.publish_day.data, self.publish_time.data
        typed = {"jour": day and day.isoformat(), "heure": hour and f"{hour:%H:%M}"}
        return {name: value for name, value in typed.items() if value}

    @property
    def fields(self) -> dict:
        """What goes into the columns."""
        return {name: self[name].data for name in self.columns if name in self}

    @property
    def right_fields(self) -> dict:
        """What goes into the columns, as far as nothing is wrong with it."""
        return {name: value for name, value in self.fields.items() if not self[name].errors}

    @property
    def typed(self) -> dict:
        """All that was typed, for a version that is kept aside."""
        names = [name for name in self._fields if name not in self.apart and "-" not in name]
        return {name: as_text(self[name].data) for name in names}

    def renew_key(self) -> None:
        """Let the form make something new when it is sent again."""
        self.key.data, self.version.data = secrets.token_hex(16), "0"

    def validate_title(self, field):
        """Ask for a title."""
        if self.is_for_readers and not field.data:
            raise ValidationError("Donnez un titre : quelques mots.")

    def validate_key(self, field):
        """Draw another one for a form whose own was lost."""
        if len(field.data) < 16:
            field.data = secrets.token_hex(16)

    def validate_themes(self, field):
        """Take a few only."""
        field.data = [choice.value for choice in field.choices if choice.value in (field.data or ())]
        if len(field.data) > MOST_THEMES:
            raise ValidationError(f"Cochez {MOST_THEMES} thématiques au plus : les plus importantes.")

    def validate_publish_time(self, field):
        """Ask for the day of an hour."""
        if field.data and not self.publish_day.data and not self.publish_day.errors:
            raise ValidationError("Écrivez aussi le jour de la publication.")

    def validate_publish_day(self, field):
        """Refuse a past day where it matters."""
        if self.deed == "publish" and field.data and self.publish_on <= utcnow():
            raise ValidationError(
                "Cette date est passée : choisissez-en une à venir, ou videz la date et l’heure pour publier tout de "
                "suite."
            )


class PublicationForm(DraftForm):
    """What all kinds have."""

    council = _hidden()
    confirmed = StringField(default="", filters=[one_line])

    description = markdown_field("Description", rows=12)
    folder = SelectField("Dossier ou série", coerce=int, default=0, validate_choice=False, description="Facultatif.")
    new_folder = text_field(
        "Ou un nouveau dossier", most=120, description="Son nom, par exemple « Comptes-rendus 2026 ». Facultatif."
    )
    is_series = BooleanField(
        "Ce nouveau dossier est une série", description="Ses éléments se lisent dans l’ordre, l’un après l’autre."
    )
    level = RadioField("Qui pourra le lire ?", default=Visibility.COUNCIL, validate_choice=False)
    groups = CheckboxesField("Quels groupes ?", coerce=int, validate_choice=False)
    columns = ("title", "summary", "description")
    apart = (*DraftForm.apart, "council", "confirmed")
    asks_to_open = False  # the page asks whether to open it to more people
    lets_groups_write = False  # the members of the groups that it opens to may change it too

    def __init__(self, item: Publication | None, *, zone: str, content: dict | None = None):
        """`item`: what is changed, None while it is new; `content`: what is shown of it instead."""
        self.zone = zone
        super().__init__(data=self._shown(item) | (as_typed(content) if content else {}))
        self.begin(item)

    def _shown(self, item):
        """Return what the form shows of an item before anybody changes it."""
        if item is None:
            return {}
        shown = {name: getattr(item, name) for name in self.columns}
        day, hour = split_moment(item.publish_on, self.zone)
        return shown | {
            "themes": [theme.id for theme in item.themes], "folder": item.folder_id or 0,
            "level": item.level, "groups": [group.id for group in item.groups],
            "publish_day": day, "publish_time": hour,
        }  # fmt: skip

    def arrange(self, *, council_id: int | None, themes: Collection, folders: Collection, groups: Collection) -> None:
        """Offer what can be chosen: rows of the site and of the council. Without one, it is no secret of a few."""
        self.themes.choices = [SelectChoice(theme.id, theme.name) for theme in themes]
        names = ((folder.id, f"{folder.name}{' (série)' if folder.is_series else ''}") for folder in folders)
        self.folder.choices = [SelectChoice(0, "– aucun –"), *(SelectChoice(*pair) for pair in names)]
        self.groups.choices = [SelectChoice(group.id, group.label) for group in groups]
        levels = [level for level in Visibility if level != Visibility.GROUPS or groups]
        levels = levels if council_id else [Visibility.MEMBERS, Visibility.PUBLIC]
        self.level.choices = [SelectChoice(level, VISIBILITY[level]) for level in levels]
        if not self.is_submitted():
            self.council.data = str(council_id or "")
            if self.level.data not in levels:
                self.level.data = levels[0]  # its groups are no more: nobody else reads it
            if len(groups) == 1:
                self.groups.data = [group.id for group in groups]
        self.council_id = council_id

    # What was asked ---------------------------------------------------------------------------------------------

    @property
    def deed(self) -> str:
        """What was asked; the preview, which is harmless, when no button says it."""
        return "save" if self.confirmed.data else super().deed

    @property
    def chosen_groups(self) -> list[int]:
        """The ids of the groups that this level opens to."""
        return (self.groups.data or []) if self.level.data == Visibility.GROUPS else []

    @property
    def opening(self) -> str:
        """The level and the groups as one word, which the button that confirms them bears."""
        return "-".join([self.level.data, *map(str, sorted(self.chosen_groups))])

    # What is wrong ----------------------------------------------------------------------------------------------

    def validate_council(self, field):
        """Notice somebody who moved to another council since the form was opened."""
        if field.data and field.data != str(self.council_id or ""):
            field.data = str(self.council_id or "")
            self.level.data = self.level.choices[0].value
            self.refuse(f"Vous avez changé de conseil depuis que ce formulaire est ouvert. {OPEN_AGAIN}")

    def validate_folder(self, field):
        """Notice a folder that was deleted meanwhile."""
        if field.data not in [choice.value for choice in field.choices]:
            field.data = 0
            raise ValidationError("Ce dossier n’existe plus : choisissez-en un autre, ou aucun.")

    def validate_level(self, field):
        """Notice groups that the council has left, or that are no more."""
        if field.data not in [choice.value for choice in field.choices]:
            field.data = field.choices[0].value
            raise ValidationError(
                f"Votre conseil n’est plus dans un groupe : c’est le premier niveau qui est coché. {OPEN_AGAIN}"
            )

    def validate_groups(self, field):
        """Ask for a group where groups are to read it."""
        if self.level.data == Visibility.GROUPS:
            known = [choice.value for choice in field.choices]
            if not set(field.data or ()) <= set(known):
                field.data = [value for value in known if value in field.data]
                raise ValidationError(f"Un groupe que vous aviez coché n’existe plus. {OPEN_AGAIN}")
            if self.is_for_readers and not field.data:
                raise ValidationError("Cochez au moins un groupe, ou choisissez un autre niveau d’accès.")


def split_moment(instant, zone):
    """Return the day and the time that clocks of `zone` show at an instant."""
    local = clock(zone, instant) if instant else None
    return (local.date(), local.time().replace(second=0, microsecond=0)) if local else (None, None)


def date_in(args: Mapping[str, str]) -> dict | None:
    """Return the date of publication that was typed before a preview, which promised nothing yet, as `typed` holds it;
    None where there is none. See `DraftForm.date_typed`."""
    try:
        day = args.get("jour") and read_day(args["jour"]).isoformat()
        hour = args.get("heure") and read_time(args["heure"]).isoformat()
    except ValueError:
        return None
    return {"publish_day": day, "publish_time": hour} if day or hour else None


def as_typed(content: dict) -> dict:
    """Return what `typed` gave, as the fields take it."""
    days = ("publish_day", "starts_on", "ends_on", "start_day", "end_day", "until_day", "expires_on")
    read = {name: value for name, value in content.items() if value is not None}
    for name, value in read.items():
        if name in days:
            read[name] = datetime.fromisoformat(value).date()
        elif name in ("publish_time", "start_time", "end_time", "until_time"):
            read[name] = time.fromisoformat(value)
    return {name: None for name in content} | read
