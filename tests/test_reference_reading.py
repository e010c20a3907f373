"""`flask reference import`: official files in every layout they are published in, and those that are wrong."""

import gzip

import pytest

from app.extensions import db
from app.models import Precision, Territory, TerritoryKind
from app.services.reference import cells, names
from tests.official_files import (
    ALL,
    QPV,
    QPV_HEADER,
    SUCCESSIONS,
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


@pytest.mark.parametrize(
    ("official", "read"),
    [
        ("Les Courbes De L'Albarine", "Les Courbes de l'Albarine"),
        ("Quartier Prioritaire D’Iloni", "Quartier Prioritaire d’Iloni"),
        ("Le Bas De La Rivière Et De L’Île", "Le Bas de la Rivière et de l’Île"),
        ("De Beaulieu - Du Village Au Moulin", "De Beaulieu - Du Village au Moulin"),
        ("Le Bois L'Abbé - Saint-Pol-Sur-Mer", "Le Bois L'Abbé - Saint-Pol-Sur-Mer"),
        ("CLOS D'ORVILLE", "CLOS D'ORVILLE"),
        ("Porte de La Chapelle (En Jacca)", "Porte de La Chapelle (En Jacca)"),
    ],
)
def test_small_words_inside_a_name_lose_their_capital(bring, official, read):
    files = {**TERRITORIES, "q.csv": QPV_HEADER + f"QP001901,{official},01901" + "," * 14}
    bring(files)
    assert (neighbourhood("QP001901").name, council("QP001901").name) == (read, read)
    assert counted(bring(files), "quartiers") == [0, 0, 1, 0]
    assert names.with_small_words(read) == read


def test_a_neighbourhood_is_not_renamed_for_its_small_words_alone(bring):
    bring(ALL)
    neighbourhood("QP001902").name = council("QP001902").name = "Pré Des Saules"
    db.session.commit()
    bring({"qpv2014.csv": QPV.replace("La Forge", "Pré Des Saules")})
    assert neighbourhood("QP001902").name == "Pré Des Saules"


@pytest.mark.parametrize(
    ("code", "city"),
    [("75101", "75056"), ("75120", "75056"), ("75121", "75121"), ("69381", "69123"), ("69389", "69123"),
     ("69390", "69390"), ("13201", "13055"), ("13216", "13055"), ("13217", "13217"), ("2A004", "2A004")],
)  # fmt: skip
def test_an_arrondissement_is_its_city(code, city):
    assert cells.commune_code(code) == city


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


# --- files and rows that are wrong ----------------------------------------------------------------------------------


def test_bad_rows_are_told_and_the_others_taken(bring):
    rows = QPV + "QP1,Court,01901,,,,,,,,,,,,,,\nQP001971,Loin,01901,,,,,,,,,,,,646210.0,6862330.0,\nQP001972,Peu\n" \
                 "QP001973,Faux,0190X,,,,,,,,,,,,,,\nQP001974,Contr\x07ôle,01901,,,,,,,,,,,,,,\n"  # fmt: skip
    result = bring({**TERRITORIES, "q.csv": rows})
    assert counted(result, "quartiers") == [4, 0, 0, 4]
    for text in (
        "ligne 5, refus : « QP1 » n’est pas un code",
        "ligne 6, refus : position hors limites",
        "ligne 7, refus : il manque des cellules",
        "ligne 8, refus : « 0190X » n’est pas un code de commune",
    ):
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
