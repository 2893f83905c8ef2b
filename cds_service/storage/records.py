"""What is stored and read: an answer to a card, and what is told of cards and answers.

What may live here: frozen types. A comment is free text and may name the patient: no repr shows it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class FeedbackItem:
    """What a clinician did with one card; `outcome` is CDS Hooks' "accepted" or "overridden".

    `outcome_timestamp` has a time zone; `accepted_suggestions` are uuids.
    """

    card: str
    outcome: str
    outcome_timestamp: datetime
    accepted_suggestions: tuple[str, ...] = ()
    override_reason_code: str | None = None
    override_reason_system: str | None = None
    override_reason_display: str | None = None
    user_comment: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class StoredFeedback:
    """One feedback as stored. `known` tells whether we had given that card to that client.

    `topic` is empty where we had not; `client` is None where an earlier release did not keep it.
    """

    service: str
    item: FeedbackItem
    received_at: datetime
    known: bool
    topic: str
    client: str | None = ""


@dataclass(frozen=True, slots=True)
class OverrideCount:
    """How many cards of one topic were overridden for one reason; empty strings where none was given.

    `comment_only`: a comment was given and no reason.
    """

    service: str
    topic: str
    reason_system: str
    reason_code: str
    reason_display: str
    times: int
    comment_only: bool = False


@dataclass(frozen=True, slots=True)
class CardCount:
    """How many cards of one kind were given in one week, and what was done with them.

    `week` counts from 0 in the weeks that were asked for; `outcome` is "accepted", "overridden", or "" where nobody
    answered. `client` is None and `hook` "" where an earlier release did not keep it. The reason is that of an
    override.
    """

    service: str
    client: str | None
    topic: str
    indicator: str
    week: int
    outcome: str
    reason_system: str
    reason_code: str
    comment_only: bool
    times: int
    hook: str = ""
    tenant: str = ""


@dataclass(frozen=True, slots=True)
class EventCount:
    """How many events of one kind there were in one week, and when the last of them was.

    `week` counts from 0 in the weeks that were asked for. What a kind does not have is "".
    """

    kind: str
    tenant: str
    service: str
    hook: str
    topic: str
    indicator: str
    reason: str
    week: int
    times: int
    last: datetime


@dataclass(frozen=True, slots=True)
class VersionCount:
    """Calls of one tenant that one version of the policy and of the rules answered or refused, with the first and the
    last of them. `policy` is "" where it was not kept. So many of the answered calls `opened` a chart.
    """

    tenant: str
    policy: str
    rules: str
    answered: int
    refused: int
    first: datetime
    last: datetime
    opened: int = 0


@dataclass(frozen=True, slots=True)
class HeldCount:
    """Cards of one kind that one tenant did not get, for one reason and under one version of the policy, with the
    first and the last of them. `policy` is "" where it was not kept.
    """

    tenant: str
    reason: str
    policy: str
    hook: str
    topic: str
    indicator: str
    times: int
    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True)
class UnmappedCount:
    """On how many answered calls a code was that the vocabulary does not hold; `kind` is "lab" or "drug".

    `unit` is that of the results, "" for drugs and where there was none.
    """

    kind: str
    system: str
    code: str
    unit: str
    calls: int


@dataclass(frozen=True, slots=True)
class Unmapped:
    """The codes that the vocabulary does not hold, the most frequent first, and how many answered calls were looked at
    for them: not all are. On `not_shown` of these was a code that could be a name: a remark stands in its place.
    """

    looked_at: int = 0
    codes: tuple[UnmappedCount, ...] = ()
    not_shown: int = 0


@dataclass(frozen=True, slots=True)
class UnknownCount:
    """How many answers came on cards that are not in the log, by outcome."""

    outcome: str
    times: int
