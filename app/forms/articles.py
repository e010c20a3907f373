"""Articles of the site, as an animator or a referent writes them, and their list."""

import re
from collections.abc import Collection
from datetime import timedelta

from flask_wtf.file import FileField
from werkzeug.datastructures import FileStorage
from wtforms import BooleanField, RadioField, SelectChoice, SelectField
from wtforms.validators import ValidationError

from app.forms.base import Form, area_field, date_field, markdown_field, number_field, text_field
from app.forms.fiche import WRONG_LINK, is_web
from app.forms.listing import choice
from app.forms.profile import ACCEPTED
from app.forms.publications import DraftForm, as_typed, split_moment
from app.forms.search import MAX_LENGTH, QueryForm, search_field
from app.forms.territories import TerritoriesFields
from app.labels import ARTICLE_KINDS, ARTICLE_PATH, LAST_EPISODE, ArticleKind
from app.localtime import today
from app.models import Article, Series, Theme
from app.templating import PARIS

# What each kind is for, in a word.
EXPLAINED = {
    ArticleKind.NEWS: "Actualité : ce qui se passe maintenant",
    ArticleKind.AGENDA: "Agenda national : une rencontre, une date à retenir",
    ArticleKind.INTERVIEW: "Interview : une personne répond à des questions",
    ArticleKind.REPORTAGE: "Reportage : ce qu’on a vu sur place",
    ArticleKind.PRESS: "Revue de presse : un article paru ailleurs, avec son adresse",
    ArticleKind.CALL: "Appel à contributions : les conseils répondent avec leurs fiches-actions",
    ArticleKind.TOOL: "Outil : un modèle, une méthode, à reprendre chez soi",
    ArticleKind.GUIDE: "Guide : comment faire, pas à pas ; par exemple un épisode des « cahiers du citoyen »",
    ArticleKind.STUDY: "Étude : un travail de recherche, un rapport",
    ArticleKind.SURVEY: "Sondage : des réponses, et des chiffres",
    ArticleKind.LAW: "Texte de loi : une loi, un décret, une circulaire",
}
STATES = (
    ("proposes", "Proposés, à approuver"),
    ("brouillons", "Brouillons"),
    ("prevus", "Prévus pour une date"),
    ("publies", "Publiés"),
    ("passes", "Retirés des listes"),
)
NO_SOURCE = "Dites d’où vient cet article : le nom du journal ou du site."
NO_ADDRESS = "Écrivez l’adresse de l’article d’origine, par exemple https://exemple.fr/article."
NO_WORDS = "Écrivez ce que l’on voit sur cette image : ces mots la remplacent pour qui ne la voit pas."


class PictureField(FileField):
    """One picture; what has no name and no content was not chosen."""

    def process_formdata(self, valuelist):
        """Keep the file, if there is one."""
        sent = [upload for upload in valuelist if isinstance(upload, FileStorage)]
        self.data = next((upload for upload in sent if upload.filename), None)


class ArticleForm(TerritoriesFields, DraftForm):
    """The whole article. The animator alone chooses when it is published, and what stands first."""

    zone = PARIS.key
    acts = ("preview", "draft", "publish", "now", "save", "submit")
    showing = ("publish", "now", "save", "submit")
    columns = (
        "kind", "title", "summary", "body", "picture_words", "source", "source_address", "starts_on", "ends_on",
        "place", "expires_on", "is_pinned",
    )  # fmt: skip
    apart = (*DraftForm.apart, "picture")

    kind = RadioField("Quelle sorte d’article ?", default=ArticleKind.NEWS, validate_choice=False)
    body = markdown_field("Texte", rows=16)
    picture = PictureField(
        "Image", description="Facultatif. Le site la réduit, et efface le lieu où elle a été prise.",
        render_kw={"accept": ACCEPTED},
    )  # fmt: skip
    picture_words = text_field(
        "Que voit-on sur cette image ?", most=300, description="Quelques mots, pour qui ne la voit pas."
    )
    drop_picture = BooleanField("Retirer l’image")
    source = text_field("Source", most=200, description="Qui l’a dit d’abord : un journal, un ministère, une étude…")
    source_address = text_field(
        "Adresse de la source", most=500, description="Celle de la page, par exemple https://exemple.fr/article."
    )
    starts_on = date_field("Premier jour", description="Par exemple 25/12/2026.")
    ends_on = date_field("Dernier jour", description="D’un appel à contributions : la date limite pour répondre.")
    place = text_field("Lieu", most=200)
    series = SelectField("Dans la série", coerce=int, default=0, validate_choice=False)
    new_series = text_field("Ou une nouvelle série", most=120, description="Son nom, par exemple « Les cahiers ».")
    episode = number_field(
        "Numéro dans la série", least=1, most=LAST_EPISODE,
        wrong=f"Écrivez un numéro, de 1 à {LAST_EPISODE}, en chiffres.",
        description="Laissez vide pour avoir le numéro suivant.",
    )  # fmt: skip
    expires_on = date_field(
        "Retirer des listes après le",
        description="Le dernier jour où l’article est dans les listes. Après, son adresse marche encore. Facultatif.",
    )
    is_pinned = BooleanField("Le montrer avant les autres (à la une)")

    def __init__(self, article: Article | None, *, publishes: bool, content: dict | None = None, **options):
        """`article`: what is changed, None while it is new; `content`: what is shown of it instead; `publishes`:
        whether the writer decides about the publication; `options` are of all forms."""
        super().__init__(data=self._shown(article) | (as_typed(content) if content else {}), **options)
        self.article, self.publishes = article, publishes
        self.begin(article)
        if content and "version" in content and not self.is_submitted():
            self.version.data = content["version"]  # what it was written over
        if not publishes:
            del self.publish_day, self.publish_time, self.is_pinned

    def _shown(self, article):
        """Return what the form shows of an article before anybody changes it."""
        if article is None:
            return {}
        day, hour = split_moment(article.publish_on, self.zone)
        return {name: getattr(article, name) for name in self.columns} | {
            "themes": [theme.id for theme in article.themes], "series": article.series_id or 0,
            "episode": str(article.episode or ""), "publish_day": day, "publish_time": hour,
        }  # fmt: skip

    def arrange(self, *, themes: Collection[Theme], series: Collection[Series], offered, places) -> None:
        """Offer what can be chosen: rows of the site. `offered`, `places`: see `offer_territories`."""
        self.kind.choices = [SelectChoice(kind, words) for kind, words in EXPLAINED.items()]
        self.themes.choices = [SelectChoice(theme.id, theme.name) for theme in themes]
        self.series.choices = [SelectChoice(0, "– aucune –"), *(SelectChoice(one.id, one.name) for one in series)]
        is_begun = self.is_submitted() or self.departments.data is not None
        self.offer_territories(offered, places, None if is_begun else self._places())

    def _places(self):
        return self.article.territories if self.article else ()

    @property
    def deed(self) -> str:
        """What was asked; whoever does not publish only submits."""
        deed = super().deed
        if self.publishes:
            return deed if deed != "submit" else "draft"
        return "submit" if deed in ("publish", "now", "save") else deed

    @property
    def publish_on(self):
        """The instant that was typed."""
        return super().publish_on if self.publishes else None

    @property
    def kept_aside(self) -> dict:
        """All that was typed, with the version that it was typed over."""
        return self.typed | {"version": self.version.data}

    def take_date(self, article: Article) -> None:
        """Show the date that somebody else has set meanwhile, so that it is not forgotten with this form."""
        if self.publishes and not self.publish_day.data:
            self.publish_day.data, self.publish_time.data = split_moment(article.publish_on, self.zone)

    @property
    def number(self) -> int | None:
        """The number in the series."""
        return int(self.episode.data) if self.episode.data else None

    @property
    def has_picture(self) -> bool:
        """Whether the article will have a picture."""
        is_there = self.article is not None and self.article.picture_id is not None
        return bool(self.picture.data) or (is_there and not self.drop_picture.data)

    # What is wrong ----------------------------------------------------------------------------------------------

    @property
    def lacks(self) -> dict[str, str]:
        """What is missing before readers may see it: a sentence by the name of a field."""
        is_press = self.kind.data == ArticleKind.PRESS
        wanted = {
            "title": (True, "Donnez un titre : quelques mots."),
            "source": (is_press, NO_SOURCE),
            "source_address": (is_press, NO_ADDRESS),
            "picture_words": (self.has_picture, NO_WORDS),
        }
        return {name: words for name, (is_wanted, words) in wanted.items() if is_wanted and not self[name].data}

    def validate(self, extra_validators=None) -> bool:
        """Return whether all is right; more is asked for what readers are to see."""
        super().validate(extra_validators)
        for name, sentence in self.lacks.items() if self.is_for_readers and not self.was_kept else ():
            self[name].errors = self[name].errors or [sentence]
        return not self.errors and not self.was_kept

    def validate_title(self, field):
        """Nothing: `lacks` asks for it."""

    def validate_kind(self, field):
        """Refuse a kind that no button offers."""
        if field.data not in EXPLAINED:
            field.data = ArticleKind.NEWS
            raise ValidationError("Choisissez une des sortes d’articles.")

    def validate_source_address(self, field):
        """Take the address of a page on the web, and nothing that a browser would run."""
        if field.data and re.match(r"[\w-]+(\.[\w-]+)+(/|$)", field.data):
            field.data = f"https://{field.data}"
        if field.data and not is_web(field.data):
            raise ValidationError(WRONG_LINK)

    def validate_series(self, field):
        """Notice a series that is gone."""
        if field.data not in [one.value for one in field.choices]:
            field.data = 0
            raise ValidationError("Cette série n’existe plus : choisissez-en une autre, ou aucune.")

    def validate_episode(self, field):
        """Ask for the series of a number."""
        if field.data and not field.errors and not self.series.data and not self.new_series.data:
            raise ValidationError("Choisissez aussi la série, ou effacez ce numéro.")

    def validate_ends_on(self, field):
        """Refuse an end before the beginning."""
        if field.data and self.starts_on.data and field.data < self.starts_on.data:
            raise ValidationError("Le dernier jour est avant le premier : vérifiez les deux dates.")

    def validate_expires_on(self, field):
        """Refuse what no list would ever show."""
        if not field.data or not self.is_for_readers or (self.article and self.article.expires_on == field.data):
            return
        on = self.publish_on.astimezone(PARIS).date() if self.publish_on else today()
        if field.data < on and not (self.article and self.article.published_at):
            raise ValidationError("Ce jour est avant la publication : choisissez-en un plus tard, ou videz la date.")
        if field.data < on - timedelta(days=1):
            raise ValidationError("Ce jour est passé. Pour retirer l’article dès maintenant, écrivez la date d’hier.")


class ReturnForm(Form):
    """Why an article is given back."""

    reason = area_field(
        "La raison",
        required="Écrivez la raison : cette personne la lira dans un courriel.",
        most=1000,
        description="Dites ce qu’il faudrait changer. Cette personne le lira dans un courriel.",
    )


class ArticlesForm(QueryForm):
    """What the list is narrowed by."""

    q = search_field("Chercher des mots", f"Écrivez {MAX_LENGTH} caractères au plus : quelques mots suffisent.")
    no_word = "Écrivez un mot qui dise le sujet, par exemple : jardin."
    type = choice(
        "Sorte", "Toutes", [(ARTICLE_PATH[kind], words.capitalize()) for kind, words in ARTICLE_KINDS.items()]
    )
    etat = choice("État", "Tous", STATES)
