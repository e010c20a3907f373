"""`/sante`: whether the site works, for the machine or the person who watches it."""

import shutil

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Blueprint, current_app, jsonify, request
from sqlalchemy.exc import SQLAlchemyError

from app.extensions import db
from app.jobs import clock

bp = Blueprint("health", __name__)


@bp.get("/sante")
def show():
    """Answer 200 when all is well, 503 otherwise; which part fails is told to this machine only."""
    checks = {"database": _database(), "migrations": _migrations(), "disk": _disk()}
    if checks["migrations"]["ok"]:
        late = clock.late_jobs()
        checks["jobs"] = {"ok": not late, "late": late}
    healthy = all(check["ok"] for check in checks.values())
    answer = {"status": "ok" if healthy else "error"}
    # Behind a proxy that the settings forget, everybody seems to come from this machine: the header tells.
    if request.remote_addr in ("127.0.0.1", "::1") and "X-Forwarded-For" not in request.headers:
        answer["checks"] = checks
    return jsonify(answer), 200 if healthy else 503


def _database():
    try:
        db.session.execute(db.select(1))
    except SQLAlchemyError as error:
        return {"ok": False, "error": type(error).__name__}
    return {"ok": True}


def _migrations():
    directory = current_app.extensions["migrate"].directory
    wanted = set(ScriptDirectory(directory).get_heads())
    try:
        present = set(MigrationContext.configure(db.session.connection()).get_current_heads())
    except SQLAlchemyError as error:
        return {"ok": False, "error": type(error).__name__}
    return {"ok": present == wanted, "present": sorted(present), "wanted": sorted(wanted)}


def _disk():
    free = shutil.disk_usage(current_app.config["INSTANCE_DIR"]).free // 2**20
    return {"ok": free >= current_app.config["DISK_FREE_MIN_MB"], "free_mb": free}
