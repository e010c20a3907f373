"""All tables of the site."""

from app.labels import Precision, TerritoryKind
from app.models.activity import Activity
from app.models.council import Council, CouncilLink, CouncilPicture, council_territories
from app.models.delivery import Address, Delivery, OptOut
from app.models.file import StoredFile
from app.models.job import Job, Lease
from app.models.neighbourhood import Neighbourhood, neighbourhood_communes, neighbourhood_successions
from app.models.stamp import Stamp
from app.models.territory import PostalCode, Territory

__all__ = [
    "Activity",
    "Address",
    "Council",
    "CouncilLink",
    "CouncilPicture",
    "Delivery",
    "Job",
    "Lease",
    "Neighbourhood",
    "OptOut",
    "PostalCode",
    "Precision",
    "Stamp",
    "StoredFile",
    "Territory",
    "TerritoryKind",
    "council_territories",
    "neighbourhood_communes",
    "neighbourhood_successions",
]
