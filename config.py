"""Every setting of the site, read from the environment or from `.env`; nothing else reads them.

`load()` returns the mapping that `create_app()` takes. A missing or impossible value raises `ConfigError`, whose
text is one French sentence for the person who installs the site.
"""

import contextlib
import json
import os
import re
import secrets
from pathlib import Path
from urllib.parse import urlsplit

from dotenv import dotenv_values
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

ROOT = Path(__file__).resolve().parent
TRUE, FALSE = {"1", "oui", "true", "yes", "on"}, {"", "0", "non", "false", "no", "off"}
OVH_ENDPOINTS = {"ovh-eu", "ovh-us", "ovh-ca", "kimsufi-eu", "kimsufi-ca", "soyoustart-eu", "soyoustart-ca"}
LOOPBACK = {"localhost", "127.0.0.1", "::1"}


class ConfigError(Exception):
    """A setting that prevents the start; the message says which one and what to write."""


def environment() -> dict[str, str]:
    """Return the settings of `.env`, overridden by those of the process."""
    return {**{k: v or "" for k, v in dotenv_values(ROOT / ".env").items()}, **os.environ}


def load(env: dict[str, str] | None = None) -> dict:
    """Return the Flask configuration made from `env` (by default: `.env` and the environment).

    Raises `ConfigError` on the first setting that is missing or makes no sense.
    """
    env = environment() if env is None else env
    production = _flag(env, "PRODUCTION")
    instance = _instance_dir(env)
    base_url = _base_url(env, production)
    secure = base_url.startswith("https:")
    return {
        **FIXED,
        **_operator(env, production),
        "PRODUCTION": production,
        "PORT": _number(env, "PORT", 8000, 1, 65535),
        "INSTANCE_DIR": instance,
        "BASE_URL": base_url,
        "TRUSTED_HOSTS": _hosts(env, base_url),
        "PROXY_HOPS": _number(env, "PROXY_HOPS", 0, 0, 5),
        "SECRET_KEY": _secret_key(env, instance, production),
        "SQLALCHEMY_DATABASE_URI": _database(env, instance),
        "MAINTENANCE": _flag(env, "MAINTENANCE"),
        "DISK_FREE_MIN_MB": _number(env, "DISK_FREE_MIN_MB", 200, 0, 10**7),
        "PAGE_CACHE_MB": _number(env, "PAGE_CACHE_MB", 16, 0, 4096),
        "MAX_CONTENT_LENGTH": _number(env, "MAX_UPLOAD_MB", 25, 1, 1024) * 2**20,
        "FILE_MB": _number(env, "FILE_MB", 20, 1, 1024),
        "COUNCIL_QUOTA_MB": _number(env, "COUNCIL_QUOTA_MB", 500, 1, 10**7),
        "SESSION_COOKIE_NAME": "__Host-session" if secure else "session",
        "SESSION_COOKIE_SECURE": secure,
        "SCHEDULER": _flag({"SCHEDULER": "on"} | env, "SCHEDULER"),
        **_mail(env, production, base_url),
        **_sms(env),
        "OUTBOX_LEASE": _outbox_lease(env),
    }


FIXED = {
    "SESSION_COOKIE_HTTPONLY": True,
    "SESSION_COOKIE_SAMESITE": "Lax",
    "WTF_CSRF_TIME_LIMIT": None,  # the token lives as long as the session: a long text is not lost to a clock
    "WTF_CSRF_CHECK_DEFAULT": False,  # each form checks its own, so that it can come back with what was typed
    "SQLALCHEMY_ENGINE_OPTIONS": {"hide_parameters": True},  # a message, or a secret link, stays out of the logs
    "COMPRESS_ALGORITHM": ["zstd", "br", "gzip"],
    "COMPRESS_ALGORITHM_STREAMING": ["zstd", "gzip"],
    "COMPRESS_MIMETYPES": [
        "text/html",
        "text/css",
        "text/csv",
        "text/calendar",
        "application/atom+xml",
        "text/markdown",
        "application/geo+json",
        "application/json",
    ],
    "COMPRESS_BR_LEVEL": 5,
    "COMPRESS_ZSTD_LEVEL": 6,  # the level before makes pages as heavy as gzip does
}
# Who answers for the site, with what a demonstration shows; a real site must say all of it.
OPERATOR = {
    "OPERATOR_NAME": "Association de démonstration",
    "OPERATOR_ADDRESS": "1 place de la Mairie, 00000 Exemple-Ville",
    "OPERATOR_EMAIL": "contact@demo.example",
    "PUBLICATION_DIRECTOR": "Camille Exemple",
    "HOSTING_NAME": "Hébergeur de démonstration",
    "HOSTING_ADDRESS": "1 rue des Serveurs, 00000 Exemple-Ville",
}


def _operator(env, production):
    operator = {name: _text(env, name, default, required=production) for name, default in OPERATOR.items()}
    if "@" not in operator["OPERATOR_EMAIL"]:
        raise ConfigError("OPERATOR_EMAIL doit être une adresse électronique, par exemple contact@exemple.fr.")
    source = _text(env, "SOURCE_URL")
    if source and not source.startswith(("https://", "http://")):
        raise ConfigError(f"SOURCE_URL vaut « {source} » : écrivez l'adresse où se trouve le code source du site.")
    optional = {
        "SITE_NAME": _text(env, "SITE_NAME", "Conseils citoyens"),
        "OPERATOR_PHONE": _text(env, "OPERATOR_PHONE"),
    }
    return {**operator, **optional, "SOURCE_URL": source}


def _mail(env, production, base_url):
    """Return the settings of the mail; without MAIL_SERVER, mails stay in the demo box."""
    server = _text(env, "MAIL_SERVER", required=production)
    security = _text(env, "MAIL_SECURITY", "starttls").lower()
    if security not in ("starttls", "tls", "aucune"):
        raise ConfigError(f"MAIL_SECURITY vaut « {security} » : écrivez starttls, tls ou aucune.")
    sender = _text(env, "MAIL_SENDER", f"ne-pas-repondre@{urlsplit(base_url).hostname}")
    if sender.count("@") != 1:
        raise ConfigError(f"MAIL_SENDER vaut « {sender} » : écrivez l'adresse d'où partent les courriels.")
    return {
        "MAIL_SERVER": server,
        "MAIL_PORT": _number(env, "MAIL_PORT", {"starttls": 587, "tls": 465, "aucune": 25}[security], 1, 65535),
        "MAIL_USE_TLS": security == "starttls",
        "MAIL_USE_SSL": security == "tls",
        "MAIL_USERNAME": _text(env, "MAIL_USERNAME") or None,
        "MAIL_PASSWORD": env.get("MAIL_PASSWORD") or None,
        "MAIL_TIMEOUT": _mail_timeout(env),
        "MAIL_SENDER": sender,
        "MAIL_SUPPRESS_SEND": False,
        "MAIL_DAILY_QUOTA": _number(env, "MAIL_DAILY_QUOTA", 0, 0, 10**7),
        "DELIVERY_RETENTION_DAYS": _number(env, "DELIVERY_RETENTION_DAYS", 90, 1, 3650),
    }


def _mail_timeout(env):
    return _number(env, "MAIL_TIMEOUT", 20, 1, 300)


def _sms_timeout(env):
    return _number(env, "SMS_TIMEOUT", 15, 1, 120)


def _outbox_lease(env):
    """Return the seconds that a message stays with its process, never fewer than it may take to hand it over: a mail
    has four steps (sender, recipient, start and end of the text), an SMS fewer, each with the time-out."""
    name, timeout = max(("MAIL_TIMEOUT", _mail_timeout(env)), ("SMS_TIMEOUT", _sms_timeout(env)), key=lambda it: it[1])
    least = 4 * timeout
    lease = _number(env, "OUTBOX_LEASE", max(90, least), 1, 3600)
    if lease < least:
        raise ConfigError(
            f"OUTBOX_LEASE vaut « {lease} » : écrivez au moins {least}, quatre fois {name}, ou rien. Sinon un message "
            "qui est en train de partir serait envoyé une seconde fois."
        )
    return lease


def _text(env, name, default="", *, required=False):
    value = env.get(name, "").strip()
    if not value and required:
        raise ConfigError(f"{name} manque : ce réglage est obligatoire quand PRODUCTION=1 (voir .env.example).")
    return value or default


def _flag(env, name):
    value = env.get(name, "").strip().lower()
    if value not in TRUE | FALSE:
        raise ConfigError(f"{name} vaut « {value} » : écrivez 1 pour oui ou 0 pour non.")
    return value in TRUE


def _number(env, name, default, low, high):
    value = env.get(name, "").strip()
    if not value:
        return default
    if not value.isascii() or not value.isdigit() or not low <= int(value) <= high:
        raise ConfigError(f"{name} vaut « {value} » : écrivez un nombre entier entre {low} et {high}.")
    return int(value)


def _instance_dir(env):
    path = ROOT / Path(_text(env, "INSTANCE_DIR", "instance")).expanduser()
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"INSTANCE_DIR : le dossier {path} ne peut pas être créé ({error.strerror}).") from error
    if not os.access(path, os.W_OK):
        raise ConfigError(f"INSTANCE_DIR : il est impossible d'écrire dans le dossier {path}.")
    return path


def _base_url(env, production):
    port = _number(env, "PORT", 8000, 1, 65535)
    value = _text(env, "BASE_URL", f"http://127.0.0.1:{port}", required=production).rstrip("/")
    try:
        parts = urlsplit(value)
        usable = parts.scheme in ("http", "https") and parts.hostname and (parts.port or 1)
    except ValueError:
        usable = False
    if not usable or parts.path or parts.query or parts.fragment:
        raise ConfigError(f"BASE_URL vaut « {value} » : écrivez l'adresse du site, comme https://conseils.exemple.fr.")
    if production and parts.scheme != "https":
        raise ConfigError(f"BASE_URL vaut « {value} » : quand PRODUCTION=1, l'adresse commence par https://.")
    return value


def _hosts(env, base_url):
    """Return the host names that requests may carry; the loopback ones stay open for health checks."""
    named = [host.strip() for host in env.get("TRUSTED_HOSTS", "").split(",") if host.strip()]
    return [*dict.fromkeys([urlsplit(base_url).hostname, "localhost", "127.0.0.1", "[::1]", *named])]


def _secret_key(env, instance, production):
    value = env.get("SECRET_KEY", "").strip()
    if value:
        if len(value) < 24:
            raise ConfigError("SECRET_KEY est trop courte : il faut au moins 24 caractères tirés au hasard.")
        return value
    if production:
        raise ConfigError("SECRET_KEY manque : ce réglage est obligatoire quand PRODUCTION=1 (voir .env.example).")
    path = instance / "secret_key"
    if not path.exists():
        # Two workers may start at the same instant: the link is made whole, once, and the other one reads it.
        draft = instance / f"secret_key.{os.getpid()}"
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(48), encoding="ascii")
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(draft)
        draft.unlink()
    return path.read_text(encoding="ascii")


def _database(env, instance):
    value = _text(env, "DATABASE_URL")
    if not value:
        return URL.create("sqlite", database=str(instance / "conseils.sqlite3")).render_as_string()
    if value.startswith("postgres://"):  # the form that many hosting companies hand out
        value = "postgresql://" + value.removeprefix("postgres://")
    try:
        url = make_url(value)
    except ArgumentError as error:
        raise ConfigError("DATABASE_URL n'est pas une adresse de base de données (voir .env.example).") from error
    backend = url.get_backend_name()
    if backend not in ("sqlite", "postgresql"):
        raise ConfigError(f"DATABASE_URL désigne « {backend} » : seuls sqlite et postgresql sont pris en charge.")
    return value


def _inbound_secret(env):
    value = _text(env, "SMS_INBOUND_SECRET")
    if value and (len(value) < 24 or not value.isalnum()):
        raise ConfigError("SMS_INBOUND_SECRET : il faut au moins 24 lettres et chiffres tirés au hasard.")
    return value


def _sms(env):
    """Return the settings of SMS. Those of a gateway that is not chosen are read, and not asked for."""
    gateway = _text(env, "SMS_GATEWAY").lower()
    if gateway not in ("", "ovh", "http"):
        raise ConfigError(f"SMS_GATEWAY vaut « {gateway} » : écrivez ovh, http, ou rien pour ne pas envoyer de SMS.")
    sender = _text(env, "SMS_SENDER")
    if sender and not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9 ._-]{2,10}|\+?[0-9]{5,15}", sender):
        raise ConfigError(f"SMS_SENDER vaut « {sender} » : écrivez de 3 à 11 lettres ou chiffres sans accent.")
    return {
        **_sms_ovh(env, gateway == "ovh"),
        **_sms_http(env, gateway == "http"),
        "SMS_GATEWAY": gateway,
        "SMS_SENDER": sender,
        "SMS_TIMEOUT": _sms_timeout(env),
        "SMS_INBOUND_SECRET": _inbound_secret(env),
        "SMS_COST_CENTS": _cents(env, "SMS_COST_CENTS", 7),
        "SMS_MONTHLY_CAP": _number(env, "SMS_MONTHLY_CAP", 1000, 0, 10**7),
        "SMS_COUNCIL_MONTHLY_CAP": _number(env, "SMS_COUNCIL_MONTHLY_CAP", 100, 0, 10**7),
    }


def _sms_ovh(env, chosen):
    endpoint = _text(env, "SMS_OVH_ENDPOINT", "ovh-eu")
    if endpoint not in OVH_ENDPOINTS:
        raise ConfigError(f"SMS_OVH_ENDPOINT vaut « {endpoint} » : écrivez ovh-eu, ovh-ca ou ovh-us.")
    names = ("APPLICATION_KEY", "APPLICATION_SECRET", "CONSUMER_KEY", "SERVICE")
    return {f"SMS_OVH_{name}": _for_gateway(env, f"SMS_OVH_{name}", "ovh", chosen) for name in names} | {
        "SMS_OVH_ENDPOINT": endpoint
    }


def _sms_http(env, chosen):
    url = _for_gateway(env, "SMS_HTTP_URL", "http", chosen)
    method = _text(env, "SMS_HTTP_METHOD", "POST").upper()
    headers = _headers(env, "SMS_HTTP_HEADERS")
    body = _text(env, "SMS_HTTP_BODY")
    if method not in ("GET", "POST", "PUT"):
        raise ConfigError(f"SMS_HTTP_METHOD vaut « {method} » : écrivez POST, PUT ou GET.")
    if chosen:
        _check_gateway_url(url)
        _check_gateway_body(headers, body)
        if not all(re.search(names, url + body) for names in (r"\{(number|digits)\}", r"\{text\}")):
            raise ConfigError("SMS_HTTP_BODY ou SMS_HTTP_URL doit contenir {number} (ou {digits}) et {text}.")
    return {
        "SMS_HTTP_METHOD": method,
        "SMS_HTTP_URL": url,
        "SMS_HTTP_HEADERS": headers,
        "SMS_HTTP_BODY": body,
        "SMS_HTTP_ID_PATH": _text(env, "SMS_HTTP_ID_PATH"),
    }


def _for_gateway(env, name, gateway, chosen):
    value = _text(env, name)
    if chosen and not value:
        raise ConfigError(f"{name} manque : ce réglage est obligatoire quand SMS_GATEWAY={gateway}.")
    return value


def _check_gateway_url(url):
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - reading it checks it
    except ValueError as error:
        raise ConfigError("SMS_HTTP_URL n'est pas une adresse (voir .env.example).") from error
    if parts.scheme not in ("http", "https") or not parts.hostname or "{" in parts.netloc or "@" in parts.netloc:
        raise ConfigError("SMS_HTTP_URL doit être une adresse comme https://sms.exemple.fr/envoi, sans mot de passe.")
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise ConfigError("SMS_HTTP_URL commence par http:// : les numéros et les textes ne partent que par https://.")


def _check_gateway_body(headers, body):
    kind = next((value.lower() for name, value in headers.items() if name.lower() == "content-type"), "")
    if body and "json" not in kind and "x-www-form-urlencoded" not in kind:
        raise ConfigError(
            "SMS_HTTP_HEADERS doit dire la forme de SMS_HTTP_BODY : Content-Type: application/json, "
            "ou application/x-www-form-urlencoded."
        )
    if body and "json" in kind:
        try:
            json.loads(body)
        except ValueError as error:
            raise ConfigError(
                "SMS_HTTP_BODY n'est pas du JSON : mettez {text} et {number} entre guillemets."
            ) from error


def _headers(env, name):
    """Return the headers of « Name: value | Name: value »."""
    headers = {}
    for part in filter(None, map(str.strip, _text(env, name).split("|"))):
        key, colon, value = (piece.strip() for piece in part.partition(":"))
        if not re.fullmatch(r"[A-Za-z0-9-]+", key) or not colon or not re.fullmatch(r"[\x20-\x7e]*", value):
            raise ConfigError(f"{name} : écrivez chaque en-tête « Nom: valeur », sans accent, séparés par des |.")
        if "{text}" in value:
            raise ConfigError(f"{name} : le texte du SMS ne va pas dans un en-tête ; seul {{reference}} y a sa place.")
        headers[key] = value
    return headers


def _cents(env, name, default):
    value = _text(env, name, str(default)).replace(",", ".")
    if not re.fullmatch(r"[0-9]{1,4}(\.[0-9]{1,4})?", value):
        raise ConfigError(f"{name} vaut « {value} » : écrivez un nombre de centimes, par exemple 6,5.")
    return float(value)
