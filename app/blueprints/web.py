"""What all views share: the viewer, limits, addresses, pages of a list, security headers, error pages, static files."""

import re
import secrets
from collections.abc import Callable
from urllib.parse import urlsplit

from flask import (
    Flask,
    Response,
    abort,
    current_app,
    flash,
    g,
    get_flashed_messages,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask_login import AnonymousUserMixin, current_user
from flask_sqlalchemy.pagination import Pagination
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException, SecurityError
from werkzeug.routing import AnyConverter, IntegerConverter

from app import passwords
from app.access import VISITOR, Viewer, viewer_of
from app.extensions import begin_write, db, login_manager
from app.forms.accounts import LoginForm
from app.forms.base import ActForm, Form
from app.forms.search import SearchForm
from app.labels import KIND_PATHS, OURS, Role, UserStatus
from app.models import Article, User
from app.services import accounts, limits, qr
from app.services.publishing import lock_council
from app.signing import BadToken, read, sign
from app.templating import Assets
from app.text import unbroken

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",  # « no-referrer » would empty the Origin header that form checks read
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()",
}
POLICY = (
    "default-src 'none'; style-src 'self' {}; img-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
VARY = "Accept-Encoding, Cookie, Save-Data"
LONG = 200  # characters of what somebody typed whose session is over: it is shown to be copied
SHORT_WAIT = 300  # milliseconds for what is written beside a page that is only read
LONGEST_TEXT = 2 * 2**20  # bytes; files come in another kind of form, which MAX_UPLOAD_MB limits
TITLED = re.compile(rf"^(/(?:{'|'.join(KIND_PATHS)}|forum/sujets)/[0-9]+-|/fichiers/[0-9]+/)[^/?]+")
DRAWING_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
FOR_MACHINES = ("public.stop.edit", "public.stop.receive")  # their callers carry a secret in the address instead
REREAD = (  # forms that are brought back after a login to be read again: what they write is not sent unseen
    "council.fiche.edit",
    "publications.editing.new",
    "publications.editing.edit",
    "publications.items.minutes",
    "publications.cowriting.edit",
    "community.topics.new",
    "community.topics.new_in_group",
    "community.topics.reply",
    "community.messages.edit",
    "moderation.articles.new",
    "moderation.articles.edit",
    "moderation.newsletter.edit",
)
PUBLIC = "conseils.public_page"  # marks, in the request, a page that is the same for all visitors

ERRORS = {
    400: ("Demande incomprise", "Le site n’a pas compris cette demande. Revenez en arrière et recommencez."),
    403: ("Accès réservé", "Cette page existe, mais elle n’est pas ouverte à votre compte."),
    404: ("Page introuvable", "Cette adresse ne mène à aucune page. Elle a peut-être changé, ou contient une faute."),
    405: ("Demande incomprise", "Cette page ne répond pas à cette demande. Revenez en arrière et recommencez."),
    413: (
        "Envoi trop lourd",
        "Revenez en arrière : votre texte y est encore. Puis choisissez un fichier plus petit, ou envoyez vos fichiers "
        "en plusieurs fois.",
    ),
    422: (
        "Rien n’a été fait",
        "La page était restée ouverte trop longtemps. Revenez en arrière, rechargez la page, puis recommencez.",
    ),
    429: ("Trop de demandes", "Beaucoup de demandes viennent de chez vous. Attendez une minute, puis recommencez."),
    500: ("Le site a rencontré une erreur", "L’erreur a été notée. Recommencez dans quelques minutes."),
    503: ("Le site revient bientôt", "Une opération d’entretien est en cours. Recommencez dans quelques minutes."),
}
WRONG_PASSWORD = "Ce n’est pas votre mot de passe actuel : vérifiez, puis recommencez."  # noqa: S105
WAITING = (
    "Encore un peu de patience",
    "Cette page s’ouvrira quand votre inscription sera validée : voyez « Mon inscription ».",
)


class IdConverter(IntegerConverter):
    """The number of a row, as far as databases count."""

    def __init__(self, url_map, **options):
        super().__init__(url_map, max=2**31 - 1, **options)


class KindConverter(AnyConverter):
    """The part of an address that tells a kind of publication: « documents »."""

    def __init__(self, url_map):
        super().__init__(url_map, *KIND_PATHS)


def current_viewer() -> Viewer:
    """Return who asks for the present page, with the rights of this instant."""
    if "viewer" not in g:
        g.viewer = viewer_of(current_user) if current_user.is_authenticated else VISITOR
    return g.viewer


def is_logged_in() -> bool:
    """Tell whether this request comes from somebody's account; a visitor without a cookie costs no query."""
    return current_user.is_authenticated


def home_of(user: User) -> str:
    """Return the address where a person's own things begin."""
    if user.status == UserStatus.PENDING:
        return url_for("account.signups.show")
    if user.role != Role.MEMBER:
        return url_for("moderation.dashboard.show")
    return url_for("council.dashboard.show" if user.council_id else "account.profile.edit")


def workplace() -> tuple[str, str]:
    """Return where a person's own work on what they share begins: its name, and its address."""
    if current_user.council_id:
        return "Mon conseil", url_for("council.dashboard.show")
    return "Animation", url_for("moderation.dashboard.show")


def ours(kind: str) -> str:
    """Return what the list of what somebody's council shares of a kind is called; without a council, of their own."""
    return OURS[kind] if current_user.council_id else "Mes événements"


def count(form: Form, *attempts: tuple[limits.Limit, str]) -> bool:
    """Count an attempt under each (limit, who); return whether it may go on. If not, the form says until when."""
    begin_write()
    wait = limits.hit(*attempts)
    db.session.commit()
    if wait:
        minutes = -(-wait // 60)
        when = f"{minutes} minute{'s' if minutes > 1 else ''}" if minutes < 120 else f"{-(-minutes // 60)} heures"
        form.refuse(f"Il y a eu trop d’essais. Recommencez dans {when}.", wait=wait)
    return not wait


def proves(form: Form) -> bool:
    """Tell whether the password typed in `form` is that of the person logged in; attempts are counted."""
    if not count(form, (limits.PROOF_ACCOUNT, str(current_user.id))):
        return False
    if not passwords.is_right(current_user.password_hash, form.password.data):
        form.password.errors = [WRONG_PASSWORD]
    return not form.errors


def require_token() -> None:
    """Abort with 422 unless the request carries the token of its form: for buttons, which have nothing to correct."""
    if not ActForm().validate_on_submit():
        abort(422)


def is_from_here() -> bool:
    """Tell whether the browser itself says that this request was sent by a page of the site.

    No other site can write these headers. Text browsers send the second one only.
    """
    source = request.headers.get("Origin") or request.headers.get("Referer", "")
    return urlsplit(source).netloc == request.host


def is_local(address: str) -> bool:
    """Tell whether an address is a path of the site, whatever browsers make of strange signs."""
    is_plain = address.isprintable() and not any(sign in address for sign in "\\ ")
    return is_plain and address.startswith("/") and not address.startswith("//") and not urlsplit(address).netloc


def lock_writer() -> User:
    """Return who sends this, as they are at this instant, locked with their council: those who write for a council, and
    those who change its page, take their turn. Call it in a write transaction, before any other row is locked, then
    look at the rights again: they may be gone.
    """
    # « key_share »: whoever only refers to the row, as the job that publishes does to an author, need not wait for it.
    mine = select(User).with_for_update(key_share=True).execution_options(populate_existing=True)
    me = db.session.scalar(mine.where(User.id == current_user.id))
    lock_council(me.council_id)
    return me


def note(write: Callable[..., None], *what) -> None:
    """Write down, beside a page that is shown, that somebody has seen it; the page comes even if this fails, and does
    not wait for long."""
    try:
        begin_write(wait=SHORT_WAIT)
        write(*what)
        db.session.commit()
    except OperationalError:
        db.session.rollback()


def lost(heading: str, why: str, texts: list[str], back: tuple[str, str] | None = None) -> str:
    """Print what somebody wrote for a place where they may not write any more, to be copied. `back`: the words and the
    address of the link that leads on; otherwise to where their own things begin."""
    home = "Revenir à mon conseil" if current_user.council_id else "Revenir à l’accueil"
    back = back or (home, url_for("council.dashboard.show" if current_user.council_id else "public.home.show"))
    kept = [text for text in texts if text]
    return render_template("errors/lost.html", said=heading, why=why, texts=kept, back=back)


def way_back(address: str) -> str:
    """Return where to go on after a login, without the title or name that an address of content repeats: whoever may
    read it is sent on to its present name, and nobody else is told one."""
    return TITLED.sub(r"\1x", address)


def assets() -> Assets:
    """Return the style sheet and static files of this run."""
    return current_app.extensions["assets"]


def without_images() -> bool:
    """Tell whether this visitor, or their browser, asked for pages without pictures."""
    return request.cookies.get("images") == "non" or request.headers.get("Save-Data", "").lower() == "on"


def address(endpoint: str, **values) -> str:
    """Return what `url_for` does, for templates. Each page prints the addresses of the menu, which depend on nothing:
    they are made once."""
    if values or endpoint[0] == ".":
        return url_for(endpoint, **values)
    known = current_app.extensions["addresses"]
    key = (request.script_root, endpoint)
    if key not in known:
        known[key] = url_for(endpoint)
    return known[key]


def absolute_url(endpoint: str, **values) -> str:
    """Return the address of a page with the site's own `BASE_URL`, never with the name that the request claims."""
    return current_app.config["BASE_URL"] + url_for(endpoint, **values)


def address_of_article(article: Article, *, is_absolute: bool = False) -> str:
    """Return the address of an article; of one that is not published yet, that of those who prepare it."""
    make = absolute_url if is_absolute else url_for
    if article.slug is None:
        return make("moderation.articles.show", article_id=article.id)
    return make("public.articles.show", shelf=article.shelf, slug=article.slug)


def paginate(query, per_page: int) -> Pagination:
    """Return the asked page of a query; a bad number, or one that no database counts to, is a 404."""
    if len(request.args.get("page", "")) > 6:
        abort(404)
    return db.paginate(query, per_page=per_page)


class ListPagination(Pagination):
    """One page of a list that is in memory, for the same macro as the pages of a query. A bad number is a 404."""

    def __init__(self, rows: list, per_page: int = 20):
        super().__init__(per_page=per_page, max_per_page=per_page, rows=rows)

    def _query_items(self):
        first = (self.page - 1) * self.per_page
        return self._query_args["rows"][first : first + self.per_page]

    def _query_count(self):
        return len(self._query_args["rows"])


class NumberedPagination(Pagination):
    """One page of rows that are numbered from 1 to `total` without a gap, for the same macro: nothing is counted, and
    the last page costs as much as the first. `fetch` returns the rows from one number to another."""

    def __init__(self, total: int, fetch: Callable[[int, int], list], per_page: int = 20):
        if len(request.args.get("page", "")) > 6:
            abort(404)
        super().__init__(per_page=per_page, max_per_page=per_page, rows=total, fetch=fetch)

    def _query_items(self):
        first = (self.page - 1) * self.per_page + 1
        return self._query_args["fetch"](first, first + self.per_page - 1)

    def _query_count(self):
        return self._query_args["rows"]


# Answers ----------------------------------------------------------------------------------------------------------


def _set_headers(response):
    if "Content-Security-Policy" not in response.headers:
        secure(response, POLICY.format(assets().css_hash))
    return response


def secure(response: Response, policy: str) -> None:
    """Give an answer what every answer carries, and its own Content-Security-Policy."""
    response.headers.update(HEADERS)
    response.headers["Content-Security-Policy"] = policy
    response.headers["Vary"] = VARY
    # « max-age »: Lynx shows its own copy of a form without it, with the text as it was.
    response.headers.setdefault("Cache-Control", "private, no-store, max-age=0")
    if current_app.config["BASE_URL"].startswith("https:"):
        response.headers["Strict-Transport-Security"] = "max-age=63072000"


def send_code(address: str, name: str, *, is_public: bool) -> Response:
    """Return an address as a code to photograph, which a browser keeps for a day. `name`: what stands there;
    `is_public`: whether everybody may read it."""
    response = Response(qr.draw(address, f"Code à photographier : {name}"), mimetype="image/svg+xml")
    secure(response, DRAWING_POLICY)
    response.headers["Cache-Control"] = f"{'public' if is_public else 'private'}, max-age=86400"
    response.add_etag()
    return response.make_conditional(request)


def _error_page(error: HTTPException):
    if error.response is not None:
        return error.response
    if isinstance(error, SecurityError):  # an unknown host name: no address can be built from it
        return Response("Cette adresse n’est pas celle du site.\n", 400, content_type="text/plain; charset=utf-8")
    if error.code == 403 and not is_logged_in():
        try:
            return _ask_to_log_in()
        except HTTPException as unreadable:  # too large, or cut: what was sent is read only there
            error = unreadable
    code = error.code if error.code in ERRORS else 400 if error.code < 500 else 500
    title, text = ERRORS[code] if error.code != 403 or current_viewer().is_active else WAITING
    page = render_template("errors/error.html", code=code, heading=title, text=text, login=_login_address())
    response = make_response(page, error.code)
    for name in ("Allow", "Retry-After"):
        if value := error.get_response().headers.get(name):
            response.headers[name] = value
    return response


def _login_address():
    """Return the address of the login that leads back to the page that was asked for."""
    asked = request.full_path.rstrip("?")
    return url_for(
        "account.sessions.new", suite=way_back(asked) if is_local(asked) and request.method == "GET" else None
    )


def _ask_to_log_in():
    """Send a visitor to the login, and back afterwards. What somebody wrote while their session ended comes along."""
    if request.method in ("GET", "HEAD"):
        if session.pop("_user_id", None):
            flash("Vous n’êtes plus connecté : reconnectez-vous.")
        return redirect(url_for("account.sessions.new", suite=way_back(request.full_path.rstrip("?"))))
    form, texts = LoginForm(formdata=None), []
    if is_from_here():  # another site must not have its own words offered for sending
        form.kept.data, texts = _keep(), [text for name, text in _typed() if text.strip() and _is_long(name, text)]
    secret = any("password" in name for name in request.form)
    loses = " et ".join(["le mot de passe"] * secret + ["les fichiers joints"] * any(request.files.values()))
    return make_response(render_template("account/sessions/again.html", form=form, loses=loses, texts=texts), 403)


def _keep():
    """Return what was written, where it was going, and a mark of this browser, signed."""
    session["kept"] = secrets.token_urlsafe(16)
    fields = _typed()
    if request.endpoint in REREAD:
        fields.append(("resumed", "files" if any(request.files.values()) else "text"))
    return sign("kept", [session["kept"], request.path, fields])


def _typed():
    """Return what was sent, but for passwords and what the site itself has put into the form."""
    fields = [(name, value) for name, value in request.form.items(multi=True) if "password" not in name]
    return [field for field in fields if field[0] not in ("csrf_token", "resumed")]


def _is_long(name, text):
    """Tell whether somebody would miss what they typed."""
    if name == "base":  # what the letter's form knows of itself
        return False
    is_text = name in ("description", "body", "text") or name.startswith("own_")
    return is_text or len(text) > LONG or "\n" in text.strip()


def kept(token: str) -> tuple[str, list[tuple[str, str]]] | None:
    """Return (path, fields) of what this browser had sent when its session was over, within a day; else None."""
    try:
        mark, path, fields = read("kept", token, max_age=24 * 3600) if token else (None, "", [])
    except BadToken:
        return None
    return (path, fields) if mark and mark == session.get("kept") and is_local(path) else None


def _database_page(error):
    g._login_user = AnonymousUserMixin()  # asking who this is would fail in the same way
    current_app.logger.exception("the database does not answer")
    text = ERRORS[503][1]
    page = render_template("errors/error.html", code=503, heading="Le site est momentanément indisponible", text=text)
    return page, 503, {"Retry-After": "60"}


def _whole(wsgi_app):
    """Let a request that was cut off on its way be refused: gunicorn gives out what has come as if it were all, so that
    half a text would take the place of the whole one."""

    def counted(environ, start_response):
        if environ.get("CONTENT_LENGTH"):  # Werkzeug then counts what comes
            environ.pop("wsgi.input_terminated", None)
        return wsgi_app(environ, start_response)

    return counted


def _check_origin():
    """Refuse what a page of another site sends, token or not, and a text that is longer than any of our forms."""
    origin = urlsplit(request.headers.get("Origin", "")).netloc
    ours = (request.host, urlsplit(current_app.config["BASE_URL"]).netloc)
    if request.mimetype == "application/x-www-form-urlencoded":
        request.max_content_length = LONGEST_TEXT
    if request.method == "POST" and origin and origin not in ours and request.endpoint not in FOR_MACHINES:
        title, text = ERRORS[400]
        return render_template("errors/error.html", code=400, heading=title, text=text), 403


def _close_for_maintenance():
    served = request.endpoint in ("static", "public.health.show") or isinstance(
        request.routing_exception, SecurityError
    )
    if current_app.config["MAINTENANCE"] and not served:
        title, text = ERRORS[503]
        page = render_template("errors/error.html", code=503, heading=title, text=text)
        return page, 503, {"Retry-After": "600"}


def _static(name):
    asset = assets().files.get(name) or abort(404)
    headers = {"Cache-Control": "public, max-age=31536000, immutable"}
    return Response(asset.content, mimetype=None, content_type=asset.media_type, headers=headers)


def _favicon():
    """Send the icon that browsers ask for by themselves: no page names it, so that a first visit is one request."""
    response = _static(assets().names["favicon.ico"])
    response.headers["Cache-Control"] = "public, max-age=2592000"
    return response


def _context():
    return {
        "absolute_url": absolute_url,
        "address_of_article": address_of_article,
        "assets": assets(),
        "flashes": _flashes,
        "login_form": lambda: LoginForm(formdata=None, meta={"csrf": False}),
        "me": current_user,
        "ours": ours,
        "search_form": lambda: SearchForm(formdata=None),
        "site": current_app.config,
        "without_images": without_images(),
        "workplace": workplace,
    }


def _flashes():
    """Return the messages for this person; never in a page that is kept for all."""
    return [] if PUBLIC in request.environ else map(unbroken, get_flashed_messages())


def _load(token):
    """Return who is logged in with this secret, and note now and then that they are still here."""
    user = accounts.by_token(token)
    if user and accounts.should_note(user):
        begin_write()
        accounts.note_visit(user)
        db.session.commit()
        user = accounts.by_token(token)
    return user


def init_app(app: Flask) -> None:
    """Set up what every answer carries."""
    app.wsgi_app = _whole(app.wsgi_app)
    app.url_map.converters |= {"id": IdConverter, "kind": KindConverter}
    login_manager.init_app(app)
    login_manager.user_loader(_load)
    app.add_url_rule("/static/<name>", "static", _static)
    app.add_url_rule("/favicon.ico", "favicon", _favicon)
    app.before_request(_close_for_maintenance)
    app.before_request(_check_origin)
    app.after_request(_set_headers)
    app.register_error_handler(HTTPException, _error_page)
    app.register_error_handler(OperationalError, _database_page)
    app.context_processor(_context)
    app.extensions["addresses"] = {}
    app.jinja_env.globals["url_for"] = address
