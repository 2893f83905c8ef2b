"""What outlives a request: cards given, feedback on them, used tokens, sealed sessions, in one database.

What may live here: tables, and how patiently they are asked. No column is meant for what names a patient; the comments
of clinicians are free text and may name one, and they are stored.
"""

from cds_service.storage.audited import audited_events
from cds_service.storage.counted_events import event_counts, log_span, unmapped_counts, version_counts
from cds_service.storage.crew import Crew
from cds_service.storage.database import Database
from cds_service.storage.event import ADVICE, OPENED, UNMAPPED, Event, Kind, new_id
from cds_service.storage.event_log import EventLog
from cds_service.storage.held_back import charts_opened, held_counts
from cds_service.storage.kill_switch import KillState, KillSwitch
from cds_service.storage.kill_switch_file import KillSwitchError, SwitchedOff, changing, file_beside, read_switched_off
from cds_service.storage.migrating import version_of
from cds_service.storage.patiently import Patiently
from cds_service.storage.places import NoPlace, Places
from cds_service.storage.pseudonyms import Pseudonyms, SecretError, read_keys, rotated, write_keys
from cds_service.storage.readiness import Readiness, write_heartbeat
from cds_service.storage.reading import NothingThere, ReadOnly
from cds_service.storage.records import (
    CardCount,
    EventCount,
    FeedbackItem,
    HeldCount,
    Unmapped,
    UnmappedCount,
    VersionCount,
)
from cds_service.storage.redis_server import RedisServer
from cds_service.storage.reports import (
    Readable,
    card_counts,
    override_counts,
    span,
    stored_feedback,
    unknown_counts,
)
from cds_service.storage.retention import Retention, count_before, prune
from cds_service.storage.reviewed import (
    Answer,
    Candidate,
    answers_to,
    candidates,
    cards_named,
    names_of_cards,
    verdicts_on,
)
from cds_service.storage.schema import seen_token, smart_sealed
from cds_service.storage.shown_before import Shown, ShownBefore, ShownInLog
from cds_service.storage.shown_in_redis import ShownInRedis
from cds_service.storage.spool import Spool, spool_for
from cds_service.storage.store_error import StoreError
from cds_service.storage.verdicts import MEANINGS, Drawn, Reviewed, Verdict, is_named, reviewed_event
from cds_service.storage.waiting import RETRY_SECONDS, Backlog, write_out

__all__ = [
    "ADVICE",
    "MEANINGS",
    "OPENED",
    "RETRY_SECONDS",
    "UNMAPPED",
    "Answer",
    "Backlog",
    "Candidate",
    "CardCount",
    "Crew",
    "Database",
    "Drawn",
    "Event",
    "EventCount",
    "EventLog",
    "FeedbackItem",
    "HeldCount",
    "KillState",
    "KillSwitch",
    "KillSwitchError",
    "Kind",
    "NoPlace",
    "NothingThere",
    "Patiently",
    "Places",
    "Pseudonyms",
    "ReadOnly",
    "Readable",
    "Readiness",
    "RedisServer",
    "Retention",
    "Reviewed",
    "SecretError",
    "Shown",
    "ShownBefore",
    "ShownInLog",
    "ShownInRedis",
    "Spool",
    "StoreError",
    "SwitchedOff",
    "Unmapped",
    "UnmappedCount",
    "Verdict",
    "VersionCount",
    "answers_to",
    "audited_events",
    "candidates",
    "card_counts",
    "cards_named",
    "changing",
    "charts_opened",
    "count_before",
    "event_counts",
    "file_beside",
    "held_counts",
    "is_named",
    "log_span",
    "names_of_cards",
    "new_id",
    "override_counts",
    "prune",
    "read_keys",
    "read_switched_off",
    "reviewed_event",
    "rotated",
    "seen_token",
    "smart_sealed",
    "span",
    "spool_for",
    "stored_feedback",
    "unknown_counts",
    "unmapped_counts",
    "verdicts_on",
    "version_counts",
    "version_of",
    "write_heartbeat",
    "write_keys",
    "write_out",
]
