"""Print, for each address given, the queries and milliseconds that its page takes when nothing is kept."""

import sys
import time

import sqlalchemy as sa

from app.extensions import db
from wsgi import app

sent = []
with app.app_context():
    sa.event.listen(db.engine, "before_cursor_execute", lambda *event: sent.append(event[2]))
client = app.test_client()
client.get("/conseils?q=x")  # makes the directory, once for all
for path in sys.argv[1:]:
    times = []
    for _ in range(5):
        sent.clear()
        start = time.perf_counter()
        client.get(path)
        times.append((time.perf_counter() - start) * 1000)
    print(f"{len(sent):3} requêtes {min(times):7.1f} ms")
