"""`/mon-profil`: what others read of a person, what the person is told, and where."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_login import current_user
from sqlalchemy import select

from app import passwords
from app.access import is_member, require
from app.blueprints.web import count, current_viewer, home_of, proves, require_token
from app.extensions import begin_write, db
from app.forms.passwords import ChangePasswordForm
from app.forms.profile import CodeForm, EmailForm, PhoneForm, ProfileForm
from app.jobs.contents import delete_unused
from app.labels import Channel
from app.models import User
from app.notifications import outbox
from app.phone import display
from app.services import (
    accounts,
    alerts,
    following,
    limits,
    listening,
    phones,
    pictures,
    profiles,
    renewals,
    subscribing,
)
from app.services.phones import Outcome
from app.signing import BadToken

bp = Blueprint("profile", __name__)

ASK_AGAIN = "Ce code ne sert plus : il a plus de dix minutes, ou trop d’essais. Demandez-en un autre."
OUTCOMES = {Outcome.WRONG: "Ce n’est pas le code du dernier SMS : vérifiez les six chiffres.", Outcome.OVER: ASK_AGAIN}


@bp.route("/mon-profil", methods=["GET", "POST"])
def edit():
    """Show and keep the profile. Mails bring everybody here: who waits for their validation sees how it goes."""
    viewer = current_viewer()
    if viewer.user_id and not is_member(viewer):
        return redirect(home_of(current_user))
    require(is_member(viewer))
    form = ProfileForm(current_user, alerts.choices_of(current_user), subscribing.is_asked_for(current_user.email))
    if form.validate_on_submit():
        picture = _picture(form)
        if not form.errors:
            _keep(form, picture)
            flash("Votre profil est enregistré.")
            return redirect(url_for(".edit"))
    shown = {
        "why_off": outbox.why_off(Channel.MAIL, current_user.email), "number": _number(),
        "stops": profiles.stops_of(current_user),
        "count": following.count_followed(viewer) + listening.count_followed(viewer),
    }  # fmt: skip
    return render_template("account/profile/edit.html", form=form, **shown), *form.outcome


def _picture(form):
    """Return the new photo, if there is one; the form says what is wrong with it."""
    if not form.photo.data:
        return None
    content = form.photo.data.read(pictures.HEAVIEST + 1)
    try:
        return pictures.make_picture(content, width=profiles.PHOTO_SIDE, height=profiles.PHOTO_SIDE, crop=True)
    except pictures.BadPicture as error:
        form.refuse_photo(str(error))


def _keep(form, picture):
    """Write the whole profile, then delete what is left of the former photo."""
    begin_write()
    user, unused = _me(), None
    profiles.keep(user, **form.words)
    alerts.set_choices(user, form.choices)
    if picture or ("no_photo" in form and form.no_photo.data):
        unused = profiles.set_photo(user, picture)
    db.session.commit()
    delete_unused([unused] if unused else [])


def _me():
    """Return one's own account, locked, if it is still one."""
    user = db.session.scalar(select(User).where(User.id == current_user.id).with_for_update())
    require(user.is_active)
    return user


@bp.get("/mon-profil/suivis")
def followed():
    """Show what the person follows, documents and discussions, with the buttons that stop."""
    viewer = current_viewer()
    require(is_member(viewer))
    return render_template(
        "account/profile/followed.html",
        followed=following.some_followed(viewer),
        unheard=following.unheard(current_user),
        discussed=listening.some_followed(viewer),
        undiscussed=listening.unheard(current_user),
    )


@bp.post("/mon-profil/reprise")
def resume():
    """Let the messages come again that were stopped by a link or by an SMS."""
    require(is_member(current_viewer()))
    require_token()
    begin_write()
    profiles.resume(_me())
    db.session.commit()
    flash("Les messages que vous aviez arrêtés vous arriveront de nouveau, selon vos choix.")
    return redirect(url_for(".edit"))


@bp.route("/mon-profil/mot-de-passe", methods=["GET", "POST"])
def password():
    """Change the password; the other browsers are logged out, this one stays."""
    require(is_member(current_viewer()))
    form = ChangePasswordForm(current_user)
    if form.validate_on_submit() and proves(form):
        proved, password_hash = current_user.password_hash, passwords.hash_password(form.new_password.data)
        begin_write()
        user = _me()
        if user.password_hash == proved:
            renewals.change_password(user, password_hash)
            db.session.commit()
            flash("Votre mot de passe est changé. Les autres appareils où votre compte était ouvert sont déconnectés.")
            return redirect(url_for(".edit"))
        form.refuse("Votre mot de passe vient d’être changé ailleurs : recommencez avec le nouveau.")
    return render_template("account/profile/password.html", form=form), *form.outcome


@bp.route("/mon-profil/adresse", methods=["GET", "POST"])
def email():
    """Ask for another mail address; whether it has an account does not show."""
    require(is_member(current_viewer()))
    form = EmailForm(current_user)
    if form.validate_on_submit() and proves(form) and count(form, (limits.MAIL_CHANGE, str(current_user.id))):
        begin_write()
        renewals.ask_new_address(_me(), accounts.normal_email(form.email.data))
        db.session.commit()
        return redirect(url_for(".email_sent"))
    return render_template("account/profile/email.html", form=form), *form.outcome


@bp.get("/mon-profil/adresse/envoye")
def email_sent():
    """Say where to look for the link."""
    require(is_member(current_viewer()))
    return render_template("account/profile/email_sent.html")


@bp.post("/mon-profil/adresse/confirmation")
def prove():
    """Send the link that switches one's address on again."""
    require(is_member(current_viewer()))
    require_token()
    begin_write()
    wait = limits.hit((limits.MAIL_CHANGE, str(current_user.id)))
    if not wait:
        renewals.ask_to_prove(_me())
    db.session.commit()
    flash("Trop d’essais : recommencez dans une heure." if wait else "Un courriel est parti : ouvrez son lien.")
    return redirect(url_for(".edit"))


@bp.route("/adresse/<token>", methods=["GET", "POST"])
def confirm(token):
    """Confirm a mail address, from whatever browser its link was opened in."""
    try:
        if request.method == "GET":
            user, address = renewals.by_address_token(token)
            is_done = renewals.is_proved(user, address)
            return render_template("account/profile/confirm.html", user=user, address=address, is_done=is_done)
        require_token()
        begin_write()
        user, address = renewals.by_address_token(token, lock=True)
        renewals.change_address(user, address)
        db.session.commit()
    except renewals.AddressTaken:
        return _dead("taken")
    except BadToken as error:
        return _dead("old" if error.is_expired else "cut")
    flash(f"L’adresse de votre compte est maintenant {address}.")
    return redirect(url_for(".edit"))


def _dead(why):
    db.session.rollback()
    return render_template("account/profile/dead.html", why=why), 404 if why == "cut" else 410


@bp.route("/mon-profil/telephone", methods=["GET", "POST"])
def phone():
    """Ask for a mobile number and send it a code."""
    require(is_member(current_viewer()))
    department = current_user.council.department if current_user.council else None
    kept = {"phone": "" if current_user.phone_confirmed_at else _number()}
    form = PhoneForm(department.code if department else None, data=kept)
    if form.validate_on_submit() and _may_text(form):
        begin_write()
        phones.send_code(_me(), form.number)
        db.session.commit()
        return redirect(url_for(".code"))
    return render_template("account/profile/phone.html", form=form, number=_number()), *form.outcome


def _number():
    return display(current_user.phone) if current_user.phone else ""


def _may_text(form):
    return count(form, (limits.CODE_ACCOUNT, str(current_user.id)), (limits.CODE_PHONE, form.number))


@bp.route("/mon-profil/telephone/code", methods=["GET", "POST"])
def code():
    """Take the code that was sent."""
    require(is_member(current_viewer()))
    form = CodeForm()
    if form.validate_on_submit():
        begin_write()
        outcome = phones.try_code(_me(), form.digits)
        db.session.commit()
        if outcome == Outcome.RIGHT:
            flash("Votre numéro est confirmé. Vous pouvez maintenant choisir ce qui arrive par SMS.")
            return redirect(url_for(".edit", _anchor="alertes"))
        form.code.errors = [OUTCOMES[outcome]]
    awaited = phones.awaited(current_user)
    number = display(awaited.phone) if awaited else ""
    return render_template("account/profile/code.html", form=form, number=number), *form.outcome


@bp.post("/mon-profil/telephone/retrait")
def remove_phone():
    """Forget the mobile number."""
    require(is_member(current_viewer()))
    require_token()
    begin_write()
    phones.remove(_me())
    db.session.commit()
    flash("Votre numéro est retiré.")
    return redirect(url_for(".edit"))
