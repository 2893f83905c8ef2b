"""What outlives a request: cards given, feedback on them, used tokens, sealed sessions, in one database.

What may live here: tables, and how patiently they are asked. Nothing that names a patient is stored.
"""

from cds_service.storage.cards_and_feedback import Store
from cds_service.storage.database import Database
from cds_service.storage.migrating import version_of
from cds_service.storage.places import NoPlace, Places
from cds_service.storage.readiness import Readiness, write_heartbeat
from cds_service.storage.records import FeedbackItem, IssuedCard, SuggestionLabel
from cds_service.storage.schema import seen_token, smart_sealed
from cds_service.storage.store_error import StoreError

__all__ = [
    "Database",
    "FeedbackItem",
    "IssuedCard",
    "NoPlace",
    "Places",
    "Readiness",
    "Store",
    "StoreError",
    "SuggestionLabel",
    "seen_token",
    "smart_sealed",
    "version_of",
    "write_heartbeat",
]
