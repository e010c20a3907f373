"""`flask reference import`: what official files make of the directory, and what they leave alone."""

import gzip
import re

import pytest
from sqlalchemy import select

from app import storage
from app.extensions import db
from app.models import Council, CouncilPicture, Neighbourhood, Precision, StoredFile, Territory, TerritoryKind
from app.models.stamp import DIRECTORY, PAGES, read_stamp
from app.models.types import utcnow
from app.services import councils, reference
from tests.official_files import (
    ALL,
    COMMUNES,
    QPV,
    QPV_2024,
    QPV_HEADER,
    TERRITORIES,
    commune_codes,
    council,
    count,
    counted,
    geojson,
    importer,
    neighbourhood,
    polygon,
    territory,
)

bring = pytest.fixture(importer)


def test_the_prepared_files_fill_the_directory_in_any_order(bring):
    result = bring(dict(reversed(ALL.items())))
    assert result.exit_code == 0, result.output
    assert counted(result, "quartiers") == [5, 0, 0, 0]
    assert counted(result, "conseils") == [3, 0, 0, 0]
    assert council("QP001901").slug == "la-grande-riviere-des-fleurs-valclair"
    assert {t.code for t in council("QP001902").territories} == {"01902", "01903", "200000001", "01", "84"}
    assert [p.code for p in territory(TerritoryKind.COMMUNE, "01901").postal_codes] == ["01000", "01009"]
    assert (neighbourhood("QP001901").population, neighbourhood("QP001901").contract_name) == (6490, "Val")


def test_the_same_files_again_change_nothing_and_renew_no_page(bring):
    bring(ALL)
    stamps = read_stamp(PAGES), read_stamp(DIRECTORY)
    result = bring(ALL)
    for kind in ("régions", "départements", "intercommunalités", "communes", "quartiers", "filiations", "conseils"):
        added, updated, unchanged, refused = counted(result, kind)
        assert (added, updated, refused) == (0, 0, 0) and unchanged > 0, kind
    assert (read_stamp(PAGES), read_stamp(DIRECTORY)) == stamps


def test_a_newer_file_updates_and_renews_the_pages(bring):
    bring(ALL)
    stamps = read_stamp(PAGES), read_stamp(DIRECTORY)
    result = bring({"qpv2014.csv": QPV.replace("La Forge", "La Forge et le Lavoir"),
                    "communes.csv": COMMUNES.replace("01000|01009", "01000")})  # fmt: skip
    assert counted(result, "quartiers") == [0, 1, 2, 0]
    assert counted(result, "communes") == [0, 1, 5, 0]
    assert council("QP001902").name == "La Forge et le Lavoir"
    assert council("QP001902").slug == "la-forge-oyonnette"
    assert read_stamp(PAGES) != stamps[0] and read_stamp(DIRECTORY) != stamps[1]


def test_a_folder_means_its_own_data_files(bring, tmp_path):
    (tmp_path / "older").mkdir()
    (tmp_path / "older" / "qpv2024.csv").write_text(QPV_2024)
    result = bring({**TERRITORIES, "LISEZMOI.md": "# x", "carte.json": '{"paths": []}'}, folder=tmp_path)
    assert result.exit_code == 0
    assert "carte.json : laissé de côté" in result.output
    assert "LISEZMOI" not in result.output
    assert count(Neighbourhood) == 0


def test_a_gzipped_file_is_read(bring):
    bring({**TERRITORIES, "communes.csv": "code_insee,nom,code_departement\n"})
    assert territory(TerritoryKind.COMMUNE, "01901") is None
    bring({"communes.csv.gz": gzip.compress(COMMUNES.encode())})
    assert territory(TerritoryKind.COMMUNE, "01901").name == "Valclair"


def test_a_commune_belongs_to_an_epci_and_an_ept_and_so_do_its_councils(bring):
    bring({**TERRITORIES, "q.csv": QPV_HEADER + "QP093901,Le Mail,93901|95901,,,,,,,,,,,,48.95,2.41,perimetre_2014\n"})
    found = {(t.kind, t.code, t.level) for t in council("QP093901").territories}
    assert {("epci", "200000002", "epci"), ("epci", "200000003", "ept")} <= found
    assert {code for kind, code, _ in found if kind == "department"} == {"93", "95"}


def test_parents_that_no_file_describes_are_told_and_come_with_the_same_file_later(bring):
    result = bring({"communes.csv": COMMUNES})
    for text in ("4 départements inconnus, par exemple « 01 » (6 lignes) : importez aussi leur fichier",
                 "3 régions inconnues, par exemple « 11 » (6 lignes)",
                 "3 intercommunalités inconnues, par exemple « 200000001 » (4 lignes)"):  # fmt: skip
        assert text in result.output
    parents = {name: text for name, text in TERRITORIES.items() if name != "communes.csv"}
    assert "inconnu" not in bring(parents).output
    assert territory(TerritoryKind.COMMUNE, "01901").department is None
    result = bring({"communes.csv": COMMUNES})
    assert "inconnu" not in result.output and counted(result, "communes") == [0, 6, 0, 0]
    assert territory(TerritoryKind.COMMUNE, "01901").department.name == "Ain"


def test_what_is_said_of_a_file_stands_before_its_bad_rows(bring):
    result = bring({"communes.csv": COMMUNES + "x,y,01,,,,,,,\n" * 25})
    assert "4 départements inconnus" in result.output and "et 8 autres" in result.output


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError])
def test_an_interrupted_import_writes_nothing(bring, monkeypatch, error):
    bring(TERRITORIES)
    names = [row.name for row in db.session.scalars(select(Territory))]

    def break_off(*arguments):
        raise error

    monkeypatch.setattr(reference.councils, "place", break_off)
    result = bring({"qpv2014.csv": QPV, "communes.csv": COMMUNES.replace("Valclair", "Valsombre")})
    db.session.rollback()
    assert result.exit_code == 1
    assert count(Neighbourhood) == 0
    assert [row.name for row in db.session.scalars(select(Territory))] == names


# --- councils -------------------------------------------------------------------------------------------------------


def test_what_a_council_wrote_is_never_overwritten(bring):
    bring(ALL)
    own = council("QP001901")
    own.name, own.description, own.email, own.edited_at = "Les Fleurs d’abord", "Bonjour", "a@demo.example", utcnow()
    db.session.commit()
    bring({"qpv2014.csv": QPV.replace("La Grande Rivière des Fleurs", "Rivière Neuve")})
    assert neighbourhood("QP001901").name == "Rivière Neuve"
    own = council("QP001901")
    assert (own.name, own.description, own.email) == ("Les Fleurs d’abord", "Bonjour", "a@demo.example")
    assert own.slug == "la-grande-riviere-des-fleurs-valclair"


def test_councils_of_one_name_get_numbered_addresses_in_the_order_of_codes(bring):
    rows = "QP001912,Centre,01901,,,,,,,,,,,,,,\nQP001911,Centre,01901,,,,,,,,,,,,,,\n"
    bring({**TERRITORIES, "q.csv": QPV_HEADER + rows})
    assert (council("QP001911").slug, council("QP001912").slug) == ("centre-valclair", "centre-valclair-2")


def test_a_neighbourhood_of_2024_joins_the_council_of_its_predecessor(bring):
    bring(ALL)
    assert neighbourhood("QN00191M").council_id == neighbourhood("QP001901").council_id
    assert neighbourhood("QN00192N").council_id is None
    assert [later.code for later in neighbourhood("QP001901").successors] == ["QN00191M"]


@pytest.mark.parametrize(("generation", "opened"), [("2014", 3), ("2024", 2), ("aucune", 0)])
def test_the_generation_that_opens_councils_is_chosen(bring, generation, opened):
    bring(ALL, "--generation", generation)
    assert count(Council) == opened


def test_a_council_stands_where_its_best_known_neighbourhoods_stand(bring):
    bring(ALL)
    linked = neighbourhood("QN00192N")
    linked.council_id = neighbourhood("QP001902").council_id
    db.session.commit()
    assert council("QP001902").precision == Precision.UNCERTAIN
    councils.place([linked.council_id])
    db.session.expire_all()
    placed = council("QP001902")
    assert (placed.latitude, placed.longitude, placed.precision) == (46.256, 5.65, Precision.EXACT)


def test_demo_councils_leave_when_real_neighbourhoods_come(bring):
    bring(ALL)
    demo = council("QP001901")
    demo.is_demo, demo.pictures = True, [CouncilPicture(file=_stored_file(b"Dessin"), alternative="Dessin")]
    db.session.commit()
    drawing = storage.path(demo.pictures[0].file.digest)
    assert drawing.exists()
    result = bring({"qpv2014.csv": QPV})
    assert "Conseils de démonstration retirés : 1." in result.output
    assert (count(Council), count(StoredFile)) == (3, 0)
    assert not council("QP001901").is_demo
    assert not drawing.exists()


def test_demo_councils_stay_when_only_figures_come(bring):
    bring(ALL)
    council("QP001901").is_demo = True
    db.session.commit()
    bring({"sdes.csv": "CodGeo,Note,nbLsPls\nQP099001,0,12\n"})
    assert council("QP001901").is_demo


def _stored_file(content):
    return StoredFile(digest=storage.save(content), name="d.webp", media_type="image/webp", size=len(content))


# --- what is known better stays -------------------------------------------------------------------------------------


def test_a_poorer_file_takes_nothing_away(bring):
    bring(ALL)
    before = _state("QP001902")
    result = bring({"a.csv": "code_qp;nom_qp;commune_qp\nQP001902;LA FORGE;Oyonnette\n",
                    "b.csv": "qp;lib_qp;list_com_2023\nQP001902;la forge;01902\n",
                    "c.csv": QPV_HEADER + "QP001902,,,,,,,,,,,,,,,,\n"})  # fmt: skip
    assert _state("QP001902") == before
    assert counted(result, "quartiers") == [0, 0, 1, 0]


def _state(code):
    row = neighbourhood(code)
    return row.name, row.latitude, row.longitude, row.precision, row.population, row.contract_code, commune_codes(code)


def test_a_place_far_from_its_commune_is_not_believed(bring):
    far = geojson(({"code_qp": "QP001901", "lib_qp": "x"}, {"type": "Polygon", "coordinates": polygon(48.0, 2.0)}))
    result = bring({**ALL, "c.geojson": far})
    assert re.search(r"QP001901 : position à 3\d\d km de sa commune, laissée de côté", result.output)
    assert neighbourhood("QP001901").latitude == 46.2105


def test_a_neighbourhood_without_name_or_place_gets_its_code_and_the_middle_of_its_commune(bring):
    bring(ALL)
    found = neighbourhood("QP02A901")
    assert (found.name, found.precision, found.latitude) == ("Quartier QP02A901", Precision.COMMUNE, 41.59)
    bring({"t.csv": "code,nom_qp,insee_com\nQP02A901,Le Port,2A901\n"})
    assert (neighbourhood("QP02A901").name, council("QP02A901").name) == ("Le Port", "Le Port")
