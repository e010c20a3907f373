"""`flask reference import`: official files, as they are published, brought into the directory."""

import gzip
import json
import re
import shutil
from pathlib import Path

import pytest
from flask_migrate import upgrade
from sqlalchemy import func, select

from app import create_app
from app.extensions import db
from app.models import Council, CouncilPicture, Neighbourhood, Precision, StoredFile, Territory, TerritoryKind
from app.models.stamp import DIRECTORY, PAGES, read_stamp
from app.models.types import utcnow
from app.services import councils, reference
from tests.conftest import settings

REAL = Path(__file__).parents[2] / "shared" / "data"
EXCERPTS = sorted((REAL / "excerpts").glob("*"))
needs_real_data = pytest.mark.skipif(not REAL.is_dir(), reason=f"the official files are not in {REAL}")

# Made up, in the layouts of the official files.
REGIONS = "code,nom,lat,lon\n84,Auvergne-Rhône-Alpes,45.5,4.5\n94,Corse,42.1,9.1\n11,Île-de-France,48.7,2.5\n"
DEPARTMENTS = (
    "code,nom,code_region,lat,lon\n01,Ain,84,46.1,5.3\n2A,Corse-du-Sud,94,41.8,8.9\n"
    "93,Seine-Saint-Denis,11,48.9,2.4\n95,Val-d'Oise,11,49.0,2.2\n"
)
EPCI = (
    "siren,nom,niveau,code_departement,code_region,lat,lon\n200000001,CA du Val Clair,epci,01,84,46.2,5.2\n"
    "200000002,Métropole,epci,93,11,48.9,2.4\n200000003,Plaine Est,ept,93,11,48.9,2.4\n"
)
COMMUNES = (
    "code_insee,nom,codes_postaux,code_departement,code_region,siren_epci,siren_ept,population,lat,lon\n"
    "01901,Valclair,01000|01009,01,84,200000001,,40000,46.2051,5.2460\n"
    "01902,Oyonnette,01100,01,84,200000001,,22000,46.2560,5.6550\n"
    "01903,Bellignette-le-Haut,01100,01,84,200000001,,3500,46.2402,5.6371\n"
    "2A901,Porto-Nuovo,20137,2A,94,,,12000,41.59,9.27\n"
    "93901,Dugnette,93440,93,11,200000002,200000003,10000,48.95,2.41\n"
    "95901,Garges-la-Belle,95140,95,11,,,42000,48.97,2.40\n"
)
TERRITORIES = {"regions.csv": REGIONS, "departements.csv": DEPARTMENTS, "epci.csv": EPCI, "communes.csv": COMMUNES}
QPV_HEADER = (
    "code,nom,communes_insee,communes_noms,code_departement,nom_departement,code_region,nom_region,siren_epci,nom_epci,"
    "code_contrat_ville,nom_contrat_ville,population_2013,population_2018,lat,lon,precision_geo\n"
)
QPV = QPV_HEADER + (
    "QP001901,La Grande Rivière des Fleurs,01901,Valclair,01,Ain,84,Auvergne-Rhône-Alpes,200000001,CA Val,"
    "CV001,Val,6000,6490,46.2105,5.2220,perimetre_2014\n"
    "QP001902,La Forge,01902|01903,Oyonnette|Bellignette-le-Haut,01,Ain,84,Auvergne-Rhône-Alpes,200000001,CA Val,"
    "CV001,Val,,4876,46.2583,5.6408,perimetre_2014_incertain\n"
    "QP02A901,,2A901,Porto-Nuovo,2A,Corse-du-Sud,94,Corse,,,,,,797,41.60,9.28,commune\n"
)
QPV_2024 = QPV_HEADER + (
    "QN00191M,Grande Rivière,01901,Valclair,01,Ain,84,,,,,,,,46.212,5.229,perimetre_2024\n"
    "QN00192N,Gare,01902,Oyonnette,01,Ain,84,,,,,,,,46.256,5.65,perimetre_2024\n"
)
SUCCESSIONS = "code_qp2014,nom_qp2014,code_qp2024,nom_qp2024,methode\nQP001901,x,QN00191M,y,nom+commune\n"
ALL = TERRITORIES | {"qpv2014.csv": QPV, "qpv2024.csv": QPV_2024, "correspondance.csv": SUCCESSIONS}


@pytest.fixture
def bring(app, tmp_path):
    """Write files (name → text or bytes), import them by name in this order, and return the command's result."""

    def run(files, *options, folder=None):
        for name, content in files.items():
            content = content if isinstance(content, bytes) else content.encode()
            (tmp_path / name).write_bytes(content)
        paths = [folder] if folder else [tmp_path / name for name in files]
        result = app.test_cli_runner().invoke(args=["reference", "import", *map(str, paths), *options])
        db.session.expire_all()
        return result

    return run


def neighbourhood(code):
    return db.session.scalar(select(Neighbourhood).where(Neighbourhood.code == code))


def council(code):
    return db.session.get(Council, neighbourhood(code).council_id)


def commune_codes(code):
    return [commune.code for commune in neighbourhood(code).communes]


def territory(kind, code):
    return db.session.scalar(select(Territory).where(Territory.kind == kind, Territory.code == code))


def count(model):
    return db.session.scalar(select(func.count()).select_from(model))


def counted(result, kind):
    """The four numbers of a kind in the final table: added, updated, unchanged, refused."""
    line = next(line for line in result.output.splitlines() if line.startswith(kind) and line[-1].isdigit())
    return [int(number) for number in line.split()[-4:]]


def polygon(latitude, longitude, size=0.002):
    corners = [(0, 0), (0, size), (size, size), (size, 0), (0, 0)]
    return [[[longitude - size / 2 + x, latitude - size / 2 + y] for x, y in corners]]


def geojson(*features):
    items = [{"type": "Feature", "properties": p, "geometry": g} for p, g in features]
    return json.dumps({"type": "FeatureCollection", "features": items})


# --- the whole directory -----------------------------------------------------------------------------------------


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
    stamp = read_stamp(DIRECTORY)
    result = bring({"qpv2014.csv": QPV.replace("La Forge", "La Forge et le Lavoir"),
                    "communes.csv": COMMUNES.replace("01000|01009", "01000")})  # fmt: skip
    assert counted(result, "quartiers") == [0, 1, 2, 0]
    assert counted(result, "communes") == [0, 1, 5, 0]
    assert council("QP001902").name == "La Forge et le Lavoir"
    assert council("QP001902").slug == "la-forge-oyonnette"
    assert read_stamp(DIRECTORY) == stamp + 1


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


# --- councils ----------------------------------------------------------------------------------------------------


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
    demo.is_demo, demo.pictures = True, [CouncilPicture(file=_stored_file(), alternative="Dessin")]
    db.session.commit()
    result = bring({"qpv2014.csv": QPV})
    assert "Conseils de démonstration retirés : 1." in result.output
    assert (count(Council), count(StoredFile)) == (3, 0)
    assert not council("QP001901").is_demo


def test_demo_councils_stay_when_only_figures_come(bring):
    bring(ALL)
    council("QP001901").is_demo = True
    db.session.commit()
    bring({"sdes.csv": "CodGeo,Note,nbLsPls\nQP099001,0,12\n"})
    assert council("QP001901").is_demo


def _stored_file():
    return StoredFile(digest="0" * 64, name="d.webp", media_type="image/webp", size=1, width=1, height=1)


# --- the layouts of official files -------------------------------------------------------------------------------

ANCT = (
    "\ufeffcode_qp;lib_qp;insee_reg;lib_reg;insee_dep;lib_dep;insee_com;lib_com;siren_epci;lib_epci;;;\n"
    "QN00181M;Clos Neuf;84;Auvergne-Rhône-Alpes;1;Ain;1901;Valclair;200000001;CA Val;;;\n"
    'QN00182M;Forge;84;Auvergne-Rhône-Alpes;1;Ain;"01902; 01903";"Oyonnette; Bellignette-le-Haut";200000001;CA;;;\n'
    'QN00183I;Mail;84;Auvergne-Rhône-Alpes;1;Ain;"=""01904""";Neuville;ZZZZZZZZZ;;;;\n'
    ";;;;;;;;;;;;\n"
)


def test_the_list_of_the_anct_is_read_without_its_zeros_and_opens_the_places_it_names(bring):
    result = bring({"listeqp2024.csv": ANCT}, "--generation", "2024")
    assert counted(result, "quartiers") == [3, 0, 0, 0]
    assert commune_codes("QN00182M") == ["01902", "01903"]
    assert territory(TerritoryKind.COMMUNE, "01904").name == "Neuville"
    assert {t.code for t in council("QN00181M").territories} == {"01901", "200000001", "01", "84"}


def test_a_list_of_neighbourhoods_does_not_rename_the_places_it_names(bring):
    bring({**TERRITORIES, "liste.csv": ANCT})
    assert territory(TerritoryKind.EPCI, "200000001").name == "CA du Val Clair"
    assert commune_codes("QN00181M") == ["01901"]


def test_the_correspondence_of_the_anct_replaces_the_deduced_one(bring):
    official = "\ufeffQP2024;Label_QP2024;Statut;QP2015_1;Label_QP2015_1; QP2015_2 ;Label\r\n" \
               "QN00191M;x;;QP001901;x;QP001902;y\r\nQN00199M;x;;QP001901;;;\r\n"  # fmt: skip
    result = bring({**ALL, "officielle.csv": official})
    assert {later.code for later in neighbourhood("QP001902").successors} == {"QN00191M"}
    assert "ligne 3, refus : quartier inconnu : QN00199M" in result.output
    bring({"correspondance.csv": SUCCESSIONS})
    assert {later.code for later in neighbourhood("QP001902").successors} == {"QN00191M"}


@pytest.mark.parametrize("case", [str.upper, str.lower])
def test_a_geojson_gives_the_centre_of_the_perimeter(bring, case):
    big, small = polygon(46.25, 5.65, 0.02), polygon(46.26, 5.66, 0.0002)
    names = {case("code_qp"): "QP001902", case("nom_qp"): "La Forge", case("commune_qp"): "Oyonnette, Ailleurs"}
    bring({**TERRITORIES, "c.geojson": geojson((names, {"type": "MultiPolygon", "coordinates": [big, small]}))})
    found = neighbourhood("QP001902")
    assert (round(found.latitude, 3), round(found.longitude, 3)) == (46.25, 5.65)
    assert (found.precision, commune_codes("QP001902")) == (Precision.EXACT, ["01902"])


def test_a_perimeter_improves_an_uncertain_place_whatever_the_order(bring):
    shape = {"type": "Polygon", "coordinates": polygon(46.2500, 5.6500)}
    contours = geojson(({"code_qp": "QP001902", "lib_qp": "LA FORGE"}, shape))
    bring({"c.geojson": contours, **ALL})
    found = neighbourhood("QP001902")
    assert (found.latitude, found.precision, found.name) == (46.25, Precision.EXACT, "La Forge")
    bring({"qpv2014.csv": QPV})
    assert neighbourhood("QP001902").latitude == 46.25


def test_the_table_of_data_portals_has_both_coordinates_in_one_cell(bring):
    header = "code_quartier;departement;nom_dept;quartier_prioritaire;noms_des_communes_concernees;nom_epci;nom_reg;" \
             "geo_point_2d;commune_qp;nom_qp;code_insee;geo_shape;nom_dep\n"  # fmt: skip
    rows = "QP001921;01;Ain;Les Prés;Oyonnette, Bellignette-le-Haut;CA;ARA;46.25,5.64;Oyonnette;Les Prés;01902;;Ain\n" \
           "QP001922;01;Ain;Loin;Valclair;CA;ARA;46.20514,5.24604;Valclair;Loin;01901;;Ain\n" \
           "QP001923;01;Ain;Vide;Valclair;CA;ARA;;Valclair;Vide;01901;;Ain\n"  # fmt: skip
    bring({**TERRITORIES, "ods.csv": header + rows})
    assert commune_codes("QP001921") == ["01902", "01903"]
    precisions = [neighbourhood(f"QP00192{i}").precision for i in (1, 2, 3)]
    assert precisions == [Precision.EXACT, Precision.COMMUNE, Precision.COMMUNE]


def test_a_windows_1252_list_with_names_alone_is_understood(bring):
    rows = "Code quartier;DEPARTEMENT;Quartier prioritaire;Noms des communes concernées\r\n" \
           "QP093902;Seine-Saint-Denis;Été à l’Île;Dugnette, Garges-la-Belle\r\n" \
           "QP093903;Seine-Saint-Denis;Perdu;Atlantis\r\n"  # fmt: skip
    result = bring({**TERRITORIES, "onpv.csv": rows.encode("cp1252")})
    assert neighbourhood("QP093902").name == "Été à l’Île"
    assert commune_codes("QP093902") == ["93901", "95901"]
    assert "ligne 3, refus : QP093903 : commune inconnue (Atlantis)" in result.output


@pytest.mark.parametrize("header", ["qp;lib_qp;list_com_2023", "QP;LIB_QP;LIST_COM_2025"])
def test_commune_codes_without_separator_are_cut_apart(bring, header):
    rows = "QP001931;Forge;0190201903\nQP001932;Pré;190101902\nQP02A931;Port;2A901\n"
    bring({**TERRITORIES, "tag.csv": f"\ufeff{header}\n{rows}CSZ;Hors quartier;\n"})
    assert commune_codes("QP001931") == ["01902", "01903"]
    assert commune_codes("QP001932") == ["01901", "01902"]
    assert commune_codes("QP02A931") == ["2A901"]


def test_the_population_of_insee_starts_under_a_title_and_drops_totals(bring):
    rows = "Population des quartiers;;;\n;;;\ncodeQPV;libQPV;codeReg;popMuniQPV;listeDepCom;listeLibDepCom\n" \
           "ENSEMBLE;France;;5000000;;\nQP001901;RIVIERE;84;7 001;01901;Valclair\nQP001902;F;84;s;01902;\n"  # fmt: skip
    result = bring({**ALL, "population.csv": rows})
    assert counted(result, "quartiers")[3] == 0
    bring({"population.csv": rows})
    assert (neighbourhood("QP001901").population, neighbourhood("QP001902").population) == (7001, 4876)
    assert neighbourhood("QP001901").name == "La Grande Rivière des Fleurs"


@pytest.mark.parametrize("titles", [4, 7])
def test_the_demography_of_insee_has_a_header_that_moves(bring, titles):
    rows = "NOM_QP;qp;listcom;reg;niv\nNom du quartier;Code du quartier;Code commune;;Taille\n" \
           "Ensemble des quartiers;;;;\nForge;QP001941;Oyonnette, Bellignette-le-Haut;82;2\n" \
           "Port;QP001942;Valclair 16ème arrondissement,;82;2\n"  # fmt: skip
    result = bring({**TERRITORIES, "demographie.csv": "Titre;;;;\n" * titles + rows})
    assert counted(result, "quartiers") == [2, 0, 0, 0]
    assert (commune_codes("QP001941"), commune_codes("QP001942")) == (["01902", "01903"], ["01901"])


def test_housing_figures_change_nothing_and_name_unknown_neighbourhoods(bring):
    bring(ALL)
    result = bring({"rpls.csv": 'CodGeo,Note,nbLsPls,txVac\nQP001901,0,2493.0,"4,8"\nQP099001,0,10,""\n'})
    assert counted(result, "quartiers") == [0, 0, 1, 1]
    assert "ligne 3, refus : quartier inconnu : QP099001" in result.output


def test_the_decree_has_a_name_too_few_in_its_header_and_blanks_between_communes(bring):
    rows = "CODE QUARTIER,DÉPARTEMENT\t,COMMUNES CONCERNÉES\nQP001951,01,La Forge,Oyonnette Bellignette-le-Haut\n" \
           "QP093951,93,Le Mail,Dugnette Garges-la-Belle\nQP001952,01,Perdu,Oyonnette Atlantis\n"  # fmt: skip
    result = bring({**TERRITORIES, "decret.csv": rows})
    assert (neighbourhood("QP001951").name, commune_codes("QP001951")) == ("La Forge", ["01902", "01903"])
    assert commune_codes("QP093951") == ["93901", "95901"]
    assert "ligne 4, refus" in result.output


def test_the_abridged_table_of_insee_and_the_contracts_are_read(bring):
    bring({**ALL, "tag.csv": "code,nom_qp,insee_com\nQP001961,Neuf,1901\n",
           "cv.csv": "code,nom,departements,code_geo_2015\nCV001,CA du Val Clair,01,240100883\n"})  # fmt: skip
    assert commune_codes("QP001961") == ["01901"]
    assert neighbourhood("QP001901").contract_name == "CA du Val Clair"


# --- what is known better stays ----------------------------------------------------------------------------------


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


# --- files and rows that are wrong -------------------------------------------------------------------------------


def test_bad_rows_are_told_and_the_others_taken(bring):
    rows = QPV + "QP1,Court,01901,,,,,,,,,,,,,,\nQP001971,Loin,01901,,,,,,,,,,,,646210.0,6862330.0,\nQP001972,Peu\n" \
                 "QP001973,Faux,0190X,,,,,,,,,,,,,,\nQP001974,Contr\x07ôle,01901,,,,,,,,,,,,,,\n"  # fmt: skip
    result = bring({**TERRITORIES, "q.csv": rows})
    assert counted(result, "quartiers") == [4, 0, 0, 4]
    for text in ("ligne 5, refus : « QP1 » n’est pas un code", "ligne 6, refus : position hors limites",
                 "ligne 7, refus : il manque des cellules", "ligne 8, refus : « 0190X » n’est pas un code de commune"):
        assert text in result.output
    assert neighbourhood("QP001974").name == "Contrôle"


def test_a_damaged_letter_spoils_its_row_and_not_the_others(bring):
    rows = (QPV_HEADER + "QP001991,Forêt,01901,,,,,,,,,,,,,,\nQP001992,Pré,01901,,,,,,,,,,,,,,\n").encode()
    result = bring({**TERRITORIES, "q.csv": rows.replace("é".encode(), b"\xc3")})
    assert neighbourhood("QP001991").name == "Forêt"
    assert "ligne 3, refus" in result.output


def test_of_two_rows_with_one_code_the_last_counts_and_it_is_said(bring):
    rows = "QP001981,Un,01901,,,,,,,,,,,,,,\nQP001981,Un,01901,,,,,,,,,,,,,,\nQP001981,Deux,01901,,,,,,,,,,,,,,\n"
    result = bring({**TERRITORIES, "q.csv": QPV_HEADER + rows})
    assert neighbourhood("QP001981").name == "Deux"
    assert result.output.count("QP001981, déjà donné ligne 2") == 1


def test_only_the_first_twenty_bad_rows_are_shown(bring):
    result = bring({**TERRITORIES, "q.csv": QPV_HEADER + "QP1,a,01901,,,,,,,,,,,,,,\n" * 25})
    assert result.output.count("n’est pas un code de quartier") == 20
    assert "et 5 autres" in result.output


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("q.xlsx", b"PK\x03\x04...", "enregistrez la feuille utile au format CSV"),
        ("q.xls", b"\xd0\xcf\x11\xe0...", "enregistrez la feuille utile au format CSV"),
        ("q.shp", b"\x00\x00\x27\x0a...", "convertissez-le en GeoJSON"),
        ("q.zip", b"PK\x03\x04...", "décompressez-la"),
        ("q.csv", b"\xef\xbb\xbf\n", "est vide"),
        ("q.csv", b"a\x00b", "n’est pas du texte"),
        ("q.csv", b"nom;age\nAlice;30\n", "colonnes non reconnues (nom, age)"),
        ("q.geojson", b'{"type": "Topology"}', "n’est pas un GeoJSON"),
        ("q.csv.gz", b"not gzip", "abîmé"),
    ],
)
def test_a_named_file_that_is_not_understood_stops_everything(bring, name, content, reason):
    result = bring({**ALL, name: content})
    assert result.exit_code == 1
    assert name in result.output and reason in result.output
    assert count(Territory) == 0


def test_a_path_that_does_not_exist_or_an_empty_folder_stops_everything(bring, tmp_path, app):
    bring(TERRITORIES, folder=tmp_path / "absent")
    assert count(Territory) == 0
    (tmp_path / "vide").mkdir()
    result = app.test_cli_runner().invoke(args=["reference", "import", str(tmp_path / "vide")])
    assert result.exit_code == 1 and "aucun fichier de données" in result.output


def test_a_file_over_fifty_megabytes_is_refused_even_packed(bring):
    result = bring({"q.csv.gz": gzip.compress(b"x" * (50 * 2**20 + 1))})
    assert result.exit_code == 1 and "50 Mo" in result.output


def test_a_header_alone_is_no_error(bring):
    result = bring({"qpv2014.csv": QPV_HEADER})
    assert result.exit_code == 0 and "0 ligne" in result.output


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


# --- the real files ----------------------------------------------------------------------------------------------


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
