"""`flask reference import` with the real official files, where they are at hand."""

import shutil
from pathlib import Path

import pytest
from flask_migrate import upgrade
from sqlalchemy import func, select

from app import create_app
from app.extensions import db
from app.models import Council, Neighbourhood, Territory, TerritoryKind
from app.models.stamp import DIRECTORY, read_stamp
from tests.conftest import settings
from tests.official_files import council, count, counted

REAL = Path(__file__).parents[2] / "shared" / "data"
EXCERPTS = sorted((REAL / "excerpts").glob("*"))
needs_real_data = pytest.mark.skipif(not REAL.is_dir(), reason=f"the official files are not in {REAL}")


@pytest.fixture(scope="session")
def real_site(tmp_path_factory):
    """A site of its own, on SQLite, with the complete official data."""
    instance = tmp_path_factory.mktemp("real")
    site = create_app(settings(instance, DATABASE_URL=f"sqlite:///{instance / 'real.sqlite3'}"))
    with site.app_context():
        upgrade()
    result = site.test_cli_runner().invoke(args=["reference", "import", str(REAL)])
    assert result.exit_code == 0, result.output
    return site


@pytest.fixture
def real(real_site):
    with real_site.app_context():
        yield real_site


def _everything():
    """The names, places and communes of all neighbourhoods, and the names of all territories."""
    rows = db.session.execute(select(Neighbourhood.__table__).order_by(Neighbourhood.code)).mappings()
    known = {row["code"]: {k: v for k, v in row.items() if k != "id"} for row in rows}
    places = db.session.execute(select(Territory.kind, Territory.code, Territory.name, Territory.latitude)).all()
    return known, set(map(tuple, places))


@needs_real_data
@pytest.mark.slow
def test_the_official_data_give_every_council_its_place(real):
    generations = select(Neighbourhood.generation, func.count()).group_by(Neighbourhood.generation)
    assert dict(db.session.execute(generations).all()) == {2014: 1514, 2024: 1584}
    kinds = dict(db.session.execute(select(Territory.kind, func.count()).group_by(Territory.kind)).all())
    assert kinds == {"region": 26, "department": 109, "epci": 1266, "commune": 34969}
    assert count(Council) == 1514
    bourg = council("QP001001")
    assert (bourg.name, bourg.slug) == (
        "Grande Reyssouze Terre des Fleurs", "grande-reyssouze-terre-des-fleurs-bourg-en-bresse")  # fmt: skip
    assert bourg.territories_of(TerritoryKind.COMMUNE)[0].name == "Bourg-en-Bresse"
    assert not db.session.scalar(select(func.count()).where(Council.latitude.is_(None)))


@needs_real_data
@pytest.mark.slow
def test_a_second_import_of_the_official_data_changes_nothing(real):
    before, stamp = _everything(), read_stamp(DIRECTORY)
    result = real.test_cli_runner().invoke(args=["reference", "import", str(REAL)])
    assert counted(result, "communes") == [0, 0, 34969, 0]
    assert counted(result, "quartiers") == [0, 0, 3098, 0]
    assert counted(result, "conseils") == [0, 0, 1514, 0]
    assert (_everything(), read_stamp(DIRECTORY)) == (before, stamp)


@needs_real_data
@pytest.mark.slow
def test_the_official_data_with_all_excerpts_of_other_files_come_out_the_same(real):
    known, places = _everything()
    result = real.test_cli_runner().invoke(args=["reference", "import", str(REAL / "excerpts"), str(REAL)])
    assert counted(result, "communes") == [0, 0, 34969, 0]
    assert counted(result, "quartiers")[1:] == [0, 3098, 1]
    after, places_after = _everything()
    assert {code: after[code] for code in known} == known
    assert after.keys() - known.keys() <= {"QN09301M"}  # a test row in a verbatim excerpt
    assert places_after == places


@needs_real_data
@pytest.mark.slow
@pytest.mark.parametrize("path", EXCERPTS, ids=lambda path: path.name[:40])
def test_an_excerpt_of_an_official_file_spoils_nothing(real, path, tmp_path):
    known, places = _everything()
    shutil.copy(path, tmp_path)
    result = real.test_cli_runner().invoke(args=["reference", "import", str(tmp_path / path.name)])
    assert result.exit_code == 0, result.output
    after, places_after = _everything()
    assert ({code: after[code] for code in known}, places_after) == (known, places)
