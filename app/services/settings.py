"""What the animator sets from the pages of the site."""

from sqlalchemy import select

from app.extensions import db, insert
from app.models import Setting


def get(name: str, default: str) -> str:
    """Return what the setting `name` says; `default` as long as nobody has set it."""
    value = db.session.scalar(select(Setting.value).filter_by(name=name))
    return default if value is None else value


def put(name: str, value: str) -> None:
    """Set `name` to `value`; of two at once, the later one stays."""
    new = insert(Setting).values(name=name, value=value)
    db.session.execute(new.on_conflict_do_update(index_elements=["name"], set_={"value": value}))
