"""How gunicorn serves the site; it reads this file by itself from the directory it starts in."""

import sys

from config import ConfigError, load

try:
    bind = f"127.0.0.1:{load()['PORT']}"
except ConfigError as error:
    sys.exit(f"Le site ne peut pas démarrer. {error}")
# A search of 10,000 characters gets a page of the site, not the server's own words; a proxy sets its own limit.
limit_request_line = 0
worker_class = "gthread"
workers = 2
threads = 4
loglevel = "warning"
# By default it is opened in the home directory, where two sites of the same account would fight for it.
control_socket_disable = True


def post_worker_init(worker):
    """Let each worker reach for the clock: a lease in the database gives it to one of them."""
    from app.jobs.clock import Clock  # in the worker alone: a reload must read new code

    app = worker.app.wsgi()
    if app.config.get("SCHEDULER"):
        worker.clock = Clock(app)
        worker.clock.start()


def worker_exit(server, worker):
    """Finish what runs and hand the clock over."""
    if hasattr(worker, "clock"):
        worker.clock.stop()
