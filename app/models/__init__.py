"""All tables of the site."""

from app.labels import Precision, TerritoryKind
from app.models.action import Action
from app.models.activity import Activity
from app.models.article import Article, ArticleText, Contribution, Series, article_territories, article_themes
from app.models.attachment import Attachment
from app.models.audit import AuditEntry
from app.models.council import Council, CouncilLink, CouncilPicture, council_territories
from app.models.cowriting import Adoption, Follow, Presence, SideVersion
from app.models.delivery import Address, Delivery, OptOut
from app.models.discussion import (
    Category,
    CategoryCursor,
    Message,
    MessageLink,
    MessageText,
    Topic,
    TopicCursor,
)
from app.models.event import Event
from app.models.file import StoredFile
from app.models.group import Departure, Group, GroupRequest, group_councils, group_request_councils
from app.models.job import Job, Lease
from app.models.limit import Tally
from app.models.neighbourhood import Neighbourhood, neighbourhood_communes, neighbourhood_successions
from app.models.newsletter import NewsletterIssue, NewsletterItem, Subscriber
from app.models.publication import Document, Folder, Publication, Theme, publication_groups, publication_themes
from app.models.reading import Reading
from app.models.registration import Registration
from app.models.revision import Revision
from app.models.setting import Setting
from app.models.stamp import Stamp
from app.models.territory import PostalCode, Territory
from app.models.text import PublicationText
from app.models.user import AlertChoice, Login, PhoneCode, User, Vouch, referent_territories

__all__ = [
    "Action",
    "Activity",
    "Address",
    "Adoption",
    "AlertChoice",
    "Article",
    "ArticleText",
    "Attachment",
    "AuditEntry",
    "Category",
    "CategoryCursor",
    "Contribution",
    "Council",
    "CouncilLink",
    "CouncilPicture",
    "Delivery",
    "Departure",
    "Document",
    "Event",
    "Folder",
    "Follow",
    "Group",
    "GroupRequest",
    "Job",
    "Lease",
    "Login",
    "Message",
    "MessageLink",
    "MessageText",
    "Neighbourhood",
    "NewsletterIssue",
    "NewsletterItem",
    "OptOut",
    "PhoneCode",
    "PostalCode",
    "Precision",
    "Presence",
    "Publication",
    "PublicationText",
    "Reading",
    "Registration",
    "Revision",
    "Series",
    "Setting",
    "SideVersion",
    "Stamp",
    "StoredFile",
    "Subscriber",
    "Tally",
    "Territory",
    "TerritoryKind",
    "Theme",
    "Topic",
    "TopicCursor",
    "User",
    "Vouch",
    "article_territories",
    "article_themes",
    "council_territories",
    "group_councils",
    "group_request_councils",
    "neighbourhood_communes",
    "neighbourhood_successions",
    "publication_groups",
    "publication_themes",
    "referent_territories",
]
