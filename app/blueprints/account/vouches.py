"""`/validation`: a peer's word on a sign-up, given from the mail without logging in."""

from flask import Blueprint, abort, flash, make_response, redirect, render_template, url_for

from app.access import may_keep, may_vouch, viewer_of
from app.extensions import begin_write, db
from app.forms.vouches import VouchForm
from app.labels import UserStatus
from app.models import User
from app.notifications.signups import vouch_value
from app.services import validation
from app.signing import BadToken, read

bp = Blueprint("vouches", __name__)

LASTS = 30 * 24 * 3600  # seconds
GONE = "Cette inscription n’est plus à valider"
NO_PEER = (
    "Ce lien n’est plus valable",
    "Il sert aux membres actifs du conseil où la personne s’inscrit. Votre compte n’en fait pas partie aujourd’hui.",
)
MOVED = (
    "Ce lien ne sert plus",
    "Votre adresse a changé depuis. Connectez-vous : les inscriptions à valider sont dans « Gérer mon conseil ».",
)
EXPIRED = (
    "Ce lien est trop ancien",
    "Il a servi pendant 30 jours. Connectez-vous : les inscriptions à valider sont dans « Gérer mon conseil ».",
)
CUT = (
    "Ce lien est incomplet",
    "Votre messagerie l’a peut-être coupé en deux. Copiez-le en entier, ou connectez-vous : les inscriptions à valider "
    "sont dans « Gérer mon conseil ».",
)


@bp.route("/validation/<token>", methods=["GET", "POST"])
def edit(token):
    """Show the candidate and the three answers, or what has become of the sign-up; POST writes the answer down."""
    candidate, peer = _people(token)
    vouch = validation.vouch_of(peer, candidate)
    form = VouchForm(obj=vouch)
    if form.validate_on_submit():
        return _answer(candidate.id, peer.id, form, token)
    known = {"candidate": candidate, "peer": peer, "vouch": vouch}
    return render_template("account/vouches/edit.html", form=form, **known), *form.outcome


def _answer(candidate_id, peer_id, form, token):
    begin_write()
    candidate = db.session.get(User, candidate_id, with_for_update=True)
    peer = db.session.get(User, peer_id)
    if candidate and may_vouch(viewer_of(peer), candidate):
        validation.answer(peer, candidate, form.answer.data, form.reason.data)
        if candidate.status == UserStatus.PENDING:  # otherwise the page says it
            flash(validation.thanks(candidate, form.answer.data))
    db.session.commit()
    return redirect(url_for(".edit", token=token))


def _people(token):
    """Return the candidate and the peer that a link stands for; abort with a page that says why it does not."""
    value = _value(token)
    candidate_id, peer_id, _ = value
    candidate, peer = db.session.get(User, candidate_id), db.session.get(User, peer_id)
    if peer is None or peer.status != UserStatus.ACTIVE:
        _stop(403, NO_PEER)
    if candidate is None:
        _stop(410, (GONE, validation.verdict(None, peer)))
    if vouch_value(candidate, peer) != value:
        _stop(410, MOVED)
    if not may_keep(viewer_of(peer), candidate.council_id):
        _stop(403, NO_PEER)
    if not may_vouch(viewer_of(peer), candidate):
        _stop(200, _settled(candidate, peer))
    return candidate, peer


def _settled(candidate, peer):
    is_theirs = candidate.is_active and candidate.decided_by_id == peer.id
    heading = f"Merci, {candidate.name} a maintenant un compte" if is_theirs else GONE
    return heading, validation.verdict(candidate, peer)


def _value(token):
    try:
        value = read("vouch", token, LASTS)
    except BadToken as error:
        _stop(*((410, EXPIRED) if error.is_expired else (404, CUT)))
    return value if isinstance(value, list) and len(value) == 3 else _stop(404, CUT)


def _stop(code, words):
    heading, text = words
    page = render_template("account/vouches/closed.html", heading=heading, text=text)
    abort(make_response(page, code))
