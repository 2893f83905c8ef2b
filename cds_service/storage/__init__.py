"""What outlives a request: the cards given and the feedback on them, in one database.

What may live here: tables, and how patiently they are asked. Nothing that names a patient is stored.
"""

from cds_service.storage.cards_and_feedback import FeedbackItem, IssuedCard, Store, SuggestionLabel
from cds_service.storage.database import Database, StoreError

__all__ = [
    "Database",
    "FeedbackItem",
    "IssuedCard",
    "Store",
    "StoreError",
    "SuggestionLabel",
]
