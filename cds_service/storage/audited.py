"""What an audit asks for: each card that was given or held back, each refusal, each feedback, each switching, each
change of a site policy and each verdict of a reviewer.

What may live here: reading these events. Their form for other systems stands in `reports`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime

from sqlalchemy import func, literal, select

from cds_service.storage.event import NAMES, Event, Kind
from cds_service.storage.reports import Readable
from cds_service.storage.schema import event

AUDITED = (
    *(Kind.ISSUED, Kind.SUPPRESSED, Kind.REFUSED, Kind.FEEDBACK),
    *(Kind.SWITCHED, Kind.POLICY_CHANGED, Kind.REVIEWED),
)
_ROWS_AT_A_TIME = 500


def audited_events(
    database: Readable, since: datetime | None = None, kinds: Collection[Kind] = AUDITED
) -> Iterator[Event]:
    """Those of these kinds at or after `since`, the oldest first. Raises StoreError where the database cannot be used.

    Feedback names the patient of its card, where it is on a card of ours. A clinician's comment does not come along.
    """
    told, given = event.c, event.alias("given")
    of_its_card = (
        select(given.c.patient)
        .where(given.c.id == literal("card-").concat(told.card_uuid))
        .where(given.c.service == told.service, given.c.client == told.client)
        .scalar_subquery()
    )
    columns = [told[name] for name in NAMES if name not in {"patient", "user_comment"}]
    query = select(*columns, func.coalesce(told.patient, of_its_card).label("patient"))
    query = query.where(told.kind.in_(kinds)).order_by(told.at, told.id)
    if since is not None:
        query = query.where(told.at >= since)
    with database.connected() as connection:
        streaming = connection.execution_options(yield_per=_ROWS_AT_A_TIME)
        for row in streaming.execute(query).mappings():
            yield Event(**row)
