"""How gunicorn serves the site; it reads this file by itself from the directory it starts in."""

import os

bind = f"127.0.0.1:{os.environ.get('PORT', '8000')}"
worker_class = "gthread"
workers = 2
threads = 4
loglevel = "warning"
# By default it is opened in the home directory, where two sites of the same account would fight for it.
control_socket_disable = True
