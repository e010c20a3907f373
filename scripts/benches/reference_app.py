"""What the site is measured against: a bare Flask « hello », and R, a bare view with 3 ORM queries and a 6 KB page."""

import os

from flask import Flask, render_template_string
from sqlalchemy import create_engine, func, select
from sqlalchemy.orm import Session

from app.models import Council, Neighbourhood, Territory

app = Flask(__name__)
engine = create_engine(os.environ["DATABASE_URL"])

PAGE = """<!doctype html><html lang="fr"><head><title>{{ council.name }}</title></head><body><h1>{{ council.name }}</h1>
<p>{{ count }}</p><ul>{% for place in places %}<li><a href="/quartiers/{{ place.code }}">{{ place.name }}</a>
<span>{{ place.code }}, {{ place.latitude }}, {{ place.longitude }}</span>
<small>liste de {{ place.generation }}, précision {{ place.precision }}</small></li>{% endfor %}</ul></body></html>"""


@app.get("/hello")
def hello():
    """Answer two words."""
    return "hello world"


@app.get("/r")
def r():
    """Answer a page of about 6 KB made from 3 ORM queries."""
    with Session(engine) as session:
        council = session.scalars(select(Council).order_by(Council.id).limit(1)).one()
        places = session.scalars(select(Neighbourhood).order_by(Neighbourhood.code).limit(36)).all()
        count = session.scalar(select(func.count(Territory.id)).where(Territory.kind == "region"))
        return render_template_string(PAGE, council=council, places=places, count=count)
