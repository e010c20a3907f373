"""The conseils citoyens application: `create_app()` puts all its layers together."""

from flask import Flask
from jinja2 import StrictUndefined
from werkzeug.middleware.proxy_fix import ProxyFix

import config
from app import cli, models, templating
from app.blueprints import account, community, council, kept, moderation, public, publications, web
from app.extensions import compress, csrf, db, mail, migrate

__all__ = ["create_app", "models"]


def create_app(settings: dict | None = None) -> Flask:
    """Return the application, set up from `settings` (by default those of `config.load()`).

    Raises `config.ConfigError` when a setting is missing or impossible.
    """
    app = Flask(__name__, static_folder=None)
    app.config.from_mapping(config.load() if settings is None else settings)
    app.url_map.strict_slashes = False  # « /conseils/ » is « /conseils »
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    if app.config["PROXY_HOPS"]:
        hops = app.config["PROXY_HOPS"]
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)
    db.init_app(app)
    migrate.init_app(app, db)
    csrf.init_app(app)
    mail.init_app(app)
    templating.init_app(app)
    kept.init_app(app)
    web.init_app(app)
    compress.init_app(app)
    public.init_app(app)
    account.init_app(app)
    council.init_app(app)
    publications.init_app(app)
    community.init_app(app)
    moderation.init_app(app)
    cli.init_app(app)
    return app
