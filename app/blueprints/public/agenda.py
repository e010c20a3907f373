"""`/agenda`: the events to come, the past ones, a month, a day; and the same as calendars for telephones."""

import re
from datetime import date, datetime, time, timedelta
from urllib.parse import urlencode

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from werkzeug.datastructures import ImmutableMultiDict

from app.access import VISITOR, get_readable_or_404, is_member, viewer_of
from app.blueprints.kept import public_page
from app.blueprints.web import current_viewer
from app.forms.agenda import CLOSE, REGISTERED, UNKNOWN, AgendaForm
from app.forms.listing import FIRST_YEAR
from app.models import Council, Event, Group, Publication
from app.models.types import utcnow
from app.services import agenda, calendars, groups, publishing, shelves
from app.services.directory import directory
from app.templating import PARIS, month, quoted, weekday

bp = Blueprint("agenda", __name__)

YEARS_AHEAD = 5  # the months that one may leaf through
NARROWING = ("conseil", "commune", "pres", "departement", "theme", "qui")  # what the address of a list is narrowed by
DAY = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
TEXT = "text/calendar; charset=utf-8"


# Pages ------------------------------------------------------------------------------------------------------------


@bp.get("/agenda")
@public_page
def index():
    """Show the next events, the past ones (`quand=passes`), a month (`vue=mois`) or a day (`jour`)."""
    asked = Asked(request.args, current_viewer())
    shown = {"asked": asked, "form": asked.form, "here": _here}
    if not asked.is_right:
        return render_template("public/agenda/index.html", view=None, **shown), 200 if asked.choices else 422
    if request.args.get("vue") == "mois":
        return render_template("public/agenda/index.html", view="month", **_month(asked), **shown)
    if "jour" in request.args:
        return render_template("public/agenda/index.html", view="day", **_day(asked), **shown)
    is_past = request.args.get("quand") == "passes"
    stretch = _stretch(agenda.past if is_past else agenda.coming, asked.viewer, *asked.conditions)
    months = agenda.by_month(stretch.events, is_past=is_past)
    view = "past" if is_past else "coming"
    return render_template("public/agenda/index.html", view=view, stretch=stretch, groups=months, **shown)


class Asked:
    """What an address narrows the agenda to: the form, the council and the place, and the conditions that they make.

    `choices`: the communes to choose from where a name is that of several.
    """

    def __init__(self, args, viewer):
        self.viewer, self.places, self.choices = viewer, directory(), []
        self.council = self._council(args.get("conseil"))
        self.around = self._chosen(args.get("commune"))
        self.form = AgendaForm(self._filled(args))
        departments = [(place.code, f"{place.code} {place.name}") for place in self.places.departments.values()]
        closest = "Mon conseil et mes groupes" if viewer.council_id else "Mes territoires et mes événements"
        self.form.offer(departments, publishing.themes(), closest=closest if is_member(viewer) else "")
        self.is_right = self.form.validate() and self._finds_place()

    def _council(self, slug):
        return get_readable_or_404(Council, self.viewer, slug=slug) if slug else None

    def _chosen(self, code):
        return agenda.around(self.places, self.places.communes.get(code) or abort(404)) if code else None

    def _filled(self, args):
        """Return the arguments, with the name of the chosen commune in its field."""
        if self.around is None:
            return args
        place = self.around.place
        return ImmutableMultiDict(args.to_dict() | {"pres": f"{place.name} ({place.department})"})

    def _finds_place(self):
        """Tell whether what was typed is one commune; if not, there are some to choose from, or the form says what to
        do."""
        text = self.form.pres.data
        if self.around or not text:
            return True
        found = agenda.meant(self.places, text)
        if len(found.communes) == 1:
            self.around = agenda.around(self.places, found.communes[0])
            return True
        self.choices = found.communes
        if not self.choices:
            self.form.pres.errors = [_why(found.area)]
        return False

    @property
    def conditions(self):
        """What the events meet that were asked for."""
        form, conditions = self.form, []
        if self.council:
            conditions.append(Publication.council_id == self.council.id)
        if self.around:
            conditions.append(self.around.condition)
        if form.departement.data:
            conditions.append(shelves.shared_in(form.departement.data))
        if form.theme.data:
            conditions.append(shelves.about(form.theme.data))
        if "qui" in form and form.qui.data:
            conditions.append(WHOSE[form.qui.data](self.viewer))
        return conditions

    @property
    def is_narrowed(self):
        """Whether anything is asked for but a council."""
        return bool(self.around or self.form.narrowed)


WHOSE = {CLOSE: agenda.close, REGISTERED: agenda.registered}


def _why(area):
    """Return the sentence about a place that is no commune, but perhaps an area."""
    if area is None:
        return UNKNOWN
    is_department = area.kind == "department"
    instead = "choisissez-le dans la liste « Département »" if is_department else "écrivez le nom d’une commune"
    return f"{quoted(area.name)} est {'un département' if is_department else 'une région'} : {instead}."


def _stretch(read, *args):
    """Return the part of a list that the address asks for; a cursor that the site did not write is a 404."""
    try:
        return read(*args, before=request.args.get("avant", ""), after=request.args.get("apres", ""))
    except shelves.BadCursor:
        abort(404)


def _month(asked):
    """Return the asked month, or the present one, its weeks, and the months beside it."""
    today = utcnow().astimezone(PARIS).date()
    first = _date((request.args.get("mois") or f"{today:%Y-%m}") + "-01")
    former, later = (_told(_beside(first, step)) for step in (-1, 1))
    weeks = agenda.month(asked.viewer, first, *asked.conditions)
    is_empty = not any(day and day.count for week in weeks for day in week)
    last = max(_beside(first, 1), today) - timedelta(days=1)
    then = agenda.next_day(asked.viewer, last, _last_day(), *asked.conditions) if is_empty else None
    return {
        "weeks": weeks, "month_name": _name_of(first), "former": former, "later": later, "is_empty": is_empty,
        "next": _told(then) if then else None,
    }  # fmt: skip


def _date(text):
    """Return the date that an address says; one that the site does not leaf through is a 404."""
    parts = DAY.fullmatch(text) or abort(404)
    try:
        asked = date(*map(int, parts.groups()))
    except ValueError:
        abort(404)
    return asked if date(FIRST_YEAR, 1, 1) <= asked <= _last_day() else abort(404)


def _last_day():
    return date(utcnow().astimezone(PARIS).year + YEARS_AHEAD, 12, 31)


def _told(day):
    """Return what the address says of the month of a day, and its name; None where one cannot go."""
    return (f"{day:%Y-%m}", _name_of(day)) if date(FIRST_YEAR, 1, 1) <= day <= _last_day() else None


def _name_of(day):
    return month(datetime.combine(day, time(12), PARIS))


def _beside(first, step):
    years, number = divmod(first.month - 1 + step, 12)
    return date(first.year + years, number + 1, 1)


def _day(asked):
    """Return the asked day and a part of its events."""
    day = _date(request.args["jour"])
    stretch = _stretch(agenda.of_day, asked.viewer, day, *asked.conditions)
    return {"stretch": stretch, "day_name": weekday(datetime.combine(day, time())), "month": f"{day:%Y-%m}"}


def _here(*, endpoint=".index", **changes):
    """Return the present address with other arguments; None takes one away."""
    names = (*NARROWING, *(("vue", "mois", "jour", "quand") if endpoint == ".index" else ()))
    kept = {name: request.args[name] for name in names if request.args.get(name)}
    asked = {name: value for name, value in (kept | changes).items() if value is not None}
    return f"{url_for(endpoint)}?{urlencode(asked)}" if asked else url_for(endpoint)


# Calendars --------------------------------------------------------------------------------------------------------


@bp.get("/agenda.ics")
@public_page
def feed():
    """Send what everybody may read, narrowed by what `/agenda` is narrowed by."""
    asked = Asked(request.args, VISITOR)
    if not asked.is_right:
        abort(404)
    return _calendar(calendars.rows(VISITOR, *asked.conditions), _name(asked))


def _name(asked):
    """Return what telephones call this calendar."""
    places, department = directory(), asked.form.departement.data
    parts = ["Conseils citoyens"]
    if asked.council:
        parts = [f"Conseil citoyen {asked.council.name}"]
    if department:
        parts.append(places.departments[department].name)
    if asked.around:
        parts.append(f"près de {asked.around.place.name}")
    return " – ".join(parts)


@bp.get("/conseils/<slug>/agenda.ics")
@public_page
def of_council(slug):
    """Send what a council announces to everybody."""
    council = get_readable_or_404(Council, VISITOR, slug=slug)
    return _calendar(calendars.rows(VISITOR, Publication.council_id == council.id), f"Conseil citoyen {council.name}")


@bp.get("/evenements/<id:item_id>-<slug>.ics")
@public_page
def event(item_id, slug):
    """Send one event, to whom may read its page."""
    found = get_readable_or_404(Event, current_viewer(), id=item_id)
    if found.starts_at is None:
        abort(404)
    if slug != found.slug:
        return redirect(url_for(".event", item_id=item_id, slug=found.slug), 301)
    response = _calendar([calendars.row_of(found)], found.name, calendars.text_of(found))
    response.headers["Content-Disposition"] = f"attachment; filename={found.slug}.ics"
    return response


@bp.get("/agenda/<key>.ics")
def personal(key):
    """Send what the person may read whose secret address this is, or what concerns them (`choix=proches`). No cookie is
    asked for, and none counts."""
    viewer = viewer_of(_owner_of(key))
    is_close = request.args.get("choix") == CLOSE
    conditions = [agenda.mine(viewer)] if is_close else []
    rows = calendars.rows(viewer, *conditions)
    return _secret(rows, "Mes conseils citoyens" if is_close else "Conseils citoyens, tout mon agenda")


def _owner_of(key):
    request.path = "/agenda/….ics"  # whatever is written about this request, its address stays secret
    return calendars.owner_of(key) or abort(404)


@bp.get("/agenda/<key>/groupes/<slug>.ics")
def of_group(key, slug):
    """Send what is shared with a working group, by the secret address of one of its members."""
    viewer = viewer_of(_owner_of(key))
    group = get_readable_or_404(Group, viewer, slug=slug)
    return _secret(calendars.rows(viewer, groups.shared_with(group.id)), group.name)


def _secret(rows, name):
    """Return a calendar for one person, which its telephone alone may keep."""
    response = _calendar(rows, name)
    response.add_etag(weak=True)
    response.make_conditional(request)
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _calendar(rows, name, text=""):
    return Response(calendars.written(rows, name, text), content_type=TEXT)
