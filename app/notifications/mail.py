"""Mail: from a delivery to a message of the Internet, and to the server."""

import email.policy
import hmac
import smtplib
import socket
import ssl
from contextlib import contextmanager
from email.charset import QP, Charset
from email.mime.text import MIMEText
from urllib.parse import urlsplit

import flask_mail
from flask import current_app

from app.models import Delivery
from app.notifications import newsletter
from app.notifications.message import LONGEST_LINE, body, choices_address, is_account, stop_address
from app.notifications.outcomes import PermanentFailure, TemporaryFailure, UnknownOutcome, Unreachable
from app.text import one_line

# Kind of error → what it means to whoever keeps the site; the first that fits. A refusal in the server's own words,
# which its documentation explains, has none.
WORDS = {
    smtplib.SMTPAuthenticationError: "identifiant ou mot de passe refusé, voir MAIL_USERNAME et MAIL_PASSWORD",
    smtplib.SMTPNotSupportedError: "le serveur ne sait pas faire ce que demandent les réglages, voir MAIL_SECURITY",
    smtplib.SMTPServerDisconnected: "le serveur a coupé la ligne",
    smtplib.SMTPResponseException: "",
    smtplib.SMTPRecipientsRefused: "",
    smtplib.SMTPException: "l’échange avec le serveur a échoué",
    ssl.SSLCertVerificationError: "le certificat du serveur n’est pas valable",
    ssl.SSLError: "la liaison chiffrée ne s’établit pas, voir MAIL_SECURITY et MAIL_PORT",
    TimeoutError: "pas de réponse à temps",
    socket.gaierror: "nom de serveur inconnu, voir MAIL_SERVER",
    ConnectionRefusedError: "le serveur refuse la connexion, voir MAIL_SERVER et MAIL_PORT",
    OSError: "la connexion a échoué",
}

FOLDED = Charset("utf-8")
FOLDED.body_encoding = QP


class Connection(flask_mail.Connection):
    """Flask-Mail's connection with a time-out on every step, a verified certificate and a quiet end."""

    def configure_host(self):
        """Open the connection; raises `OSError` or `SMTPException` within `MAIL_TIMEOUT` seconds a step."""
        config, mail = current_app.config, self.mail
        arguments = {"timeout": config["MAIL_TIMEOUT"], "local_hostname": site_host()}
        context = ssl.create_default_context() if mail.use_ssl or mail.use_tls else None  # 50 ms of work
        if mail.use_ssl:
            host = smtplib.SMTP_SSL(mail.server, mail.port, context=context, **arguments)
        else:
            host = smtplib.SMTP(mail.server, mail.port, **arguments)
        if mail.use_tls:
            host.starttls(context=context)
        if mail.username:
            host.login(mail.username, mail.password)
        return host

    def __exit__(self, *error):
        """Say goodbye, unless the server is gone."""
        try:
            super().__exit__(*error)
        except (smtplib.SMTPException, OSError):
            self.host.close()


class Mail(flask_mail.Message):
    """Flask-Mail's message without its outer envelope for attachments: text and HTML stand side by side."""

    def _mimetext(self, text, subtype="plain"):
        """Fold a text with a paragraph that is longer than a line of a mail may be."""
        if max(map(len, text.encode().split(b"\n"))) > LONGEST_LINE:
            return MIMEText(text, subtype, FOLDED)
        return super()._mimetext(text, subtype)

    def _message(self):
        mixed = super()._message()
        (alternative,) = mixed.get_payload()
        for name, value in mixed.raw_items():
            if name.lower() not in ("content-type", "mime-version"):
                alternative.set_raw(name, value)
        # Flask-Mail has encoded and folded the headers; the policy it sets does it again, in 15 ms for a long name.
        alternative.policy = email.policy.compat32.clone(linesep="\r\n", max_line_length=None)
        return alternative


@contextmanager
def session():
    """Yield a function that sends one delivery; all go through one connection. Raises `Unreachable`."""
    connection = Connection(current_app.extensions["mail"])
    _open(connection)
    drawn = {}  # what letters have in common
    try:
        yield lambda delivery: _send(connection, make(delivery, drawn))
    finally:
        connection.__exit__(None, None, None)


def _open(connection):
    try:
        connection.__enter__()
    except (smtplib.SMTPException, OSError) as error:
        raise Unreachable(f"Connexion au serveur de courriel impossible : {describe(error)}") from error


def _send(connection, mail):
    """Hand one mail to the server. Raises the outcomes of `outcomes`; `UnknownOutcome` when the line broke."""
    if connection.host.sock is None:  # the server ended the session with a 421, as some do every hundred mails
        _open(connection)
    try:
        connection.send(mail)
    except smtplib.SMTPRecipientsRefused as error:
        if 500 <= _code(error) < 600:
            # 5.7.x (RFC 3463) is a rule of the server or a fault of our settings, not of the address.
            raise PermanentFailure(describe(error), blames_recipient=" 5.7." not in describe(error)) from error
        raise TemporaryFailure(describe(error)) from error
    except (smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as error:
        if 500 <= _code(error) < 600:  # our sender or this text: no fault of the address
            raise PermanentFailure(describe(error), blames_recipient=False) from error
        raise TemporaryFailure(describe(error)) from error
    except (smtplib.SMTPException, OSError) as error:
        raise UnknownOutcome(describe(error)) from error


def _code(error):
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return next(iter(error.recipients.values()))[0]
    return error.smtp_code


def make(delivery: Delivery, drawn: dict | None = None) -> Mail:
    """Return the mail of a delivery: text and HTML of the same message, and the headers that its kind asks for. `drawn`
    is that of `newsletter.texts`.

    The Message-ID comes from the delivery alone: sent again, it is the same mail. One-click unsubscription follows
    RFC 8058; account mails have none.
    """
    config = current_app.config
    stop = None if is_account(delivery) else stop_address(delivery)
    is_letter, drawn = newsletter.is_letter(delivery), {} if drawn is None else drawn
    text, html = newsletter.texts(delivery, stop, drawn) if is_letter else _texts(delivery, stop)
    mail = Mail(
        subject=delivery.subject,
        recipients=[(one_line(delivery.name), delivery.recipient) if delivery.name else delivery.recipient],
        sender=(config["SITE_NAME"], config["MAIL_SENDER"]),
        body=text,
        html=html,
        extra_headers={"Auto-Submitted": "auto-generated", "List-Id": f"<{delivery.kind}.{site_host()}>"},
    )
    mail.msgId = message_id(delivery.key)
    if stop:
        mail.extra_headers |= {
            "List-Unsubscribe": f"<{stop}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        }  # fmt: skip
    if is_letter:
        mail.extra_headers["Precedence"] = "bulk"  # older answering machines know no other sign
    return mail


def message_id(key: str) -> str:
    """Return the Message-ID of the mails of a delivery with this key. Nobody else can guess it: whoever names it, and
    the address, has the mail or a report about it."""
    made = hmac.digest(current_app.config["SECRET_KEY"].encode(), f"mail\0{key}".encode(), "sha256")
    return f"<{made.hex()[:32]}@{site_host()}>"


def _texts(delivery, stop):
    links = {"choices": choices_address(delivery), "stop": stop}
    return body(delivery.content, "txt", **links), body(delivery.content, "html", **links)


def site_host() -> str:
    """Return the host name of the site."""
    return urlsplit(current_app.config["BASE_URL"]).hostname


def describe(error: Exception) -> str:
    """Return in one line, in plain French, what went wrong; with what the server or the system said of it."""
    if isinstance(error, smtplib.SMTPServerDisconnected) and isinstance(error.__context__, OSError):
        error = error.__context__  # smtplib says so of every time-out
    words = next((words for kind, words in WORDS.items() if isinstance(error, kind)), "")
    said = _said(error)
    return f"{words} ({said[:120]})" if words and said else words or said


def _said(error):
    """Return what the server answered, code first; of other errors, what they say of themselves."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, text = next(iter(error.recipients.values()))
    elif isinstance(error, smtplib.SMTPResponseException):
        code, text = error.smtp_code, error.smtp_error
    else:
        code, text = "", getattr(error, "verify_message", "") or error
    text = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return one_line(f"{code} {text}")[:300]
