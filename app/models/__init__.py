"""All tables of the site."""

from app.labels import Precision, TerritoryKind
from app.models.activity import Activity
from app.models.audit import AuditEntry
from app.models.council import Council, CouncilLink, CouncilPicture, council_territories
from app.models.delivery import Address, Delivery, OptOut
from app.models.file import StoredFile
from app.models.job import Job, Lease
from app.models.limit import Tally
from app.models.neighbourhood import Neighbourhood, neighbourhood_communes, neighbourhood_successions
from app.models.stamp import Stamp
from app.models.territory import PostalCode, Territory
from app.models.user import AlertChoice, Login, PhoneCode, User, Vouch, referent_territories

__all__ = [
    "Activity",
    "Address",
    "AlertChoice",
    "AuditEntry",
    "Council",
    "CouncilLink",
    "CouncilPicture",
    "Delivery",
    "Job",
    "Lease",
    "Login",
    "Neighbourhood",
    "OptOut",
    "PhoneCode",
    "PostalCode",
    "Precision",
    "Stamp",
    "StoredFile",
    "Tally",
    "Territory",
    "TerritoryKind",
    "User",
    "Vouch",
    "council_territories",
    "neighbourhood_communes",
    "neighbourhood_successions",
    "referent_territories",
]
