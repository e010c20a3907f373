"""Small official files that the tests of the import start from, the command that imports them, and what came of it."""

import json

from sqlalchemy import func, select

from app.extensions import db
from app.models import Council, Neighbourhood, Territory

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


def importer(app, tmp_path):
    """Return a function that imports files (name → text or bytes) by name in this order: the command's result."""

    def bring(files, *options, folder=None):
        for name, content in files.items():
            content = content if isinstance(content, bytes) else content.encode()
            (tmp_path / name).write_bytes(content)
        paths = [folder] if folder else [tmp_path / name for name in files]
        result = app.test_cli_runner().invoke(args=["reference", "import", *map(str, paths), *options])
        db.session.expire_all()
        return result

    return bring


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
