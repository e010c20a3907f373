"""The WSGI entry point: `gunicorn wsgi:app`, `flask --app wsgi …`."""

import sys

import config
from app import create_app

try:
    app = create_app()
except config.ConfigError as error:
    sys.exit(f"Le site ne peut pas démarrer. {error}")
