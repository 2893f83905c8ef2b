"""One chart per hook and what is said of it, for tests that change how it is sent and not what it says.

What may live here: requests that raise a card, and the cards as (topic, indicator).
"""

from __future__ import annotations

import copy
from collections.abc import Sequence

from tests.contract.ehr import Ehr
from tests.contract.records import CONFIRMED, DIALYSIS, WARFARIN_DRAFT, Json

EXPECTED = {
    "patient-view": [("cua-confirmed", "critical"), ("vka-cua", "critical")],
    "order-select": [("vka-dialysis", "warning")],
    "order-sign": [("vka-dialysis", "warning")],
}


def request(ehr: Ehr, hook: str) -> Json:
    """A whole request of this hook, with complete prefetch; a copy that may be changed."""
    record = CONFIRMED if hook == "patient-view" else DIALYSIS
    return copy.deepcopy(ehr.request(hook, record, [] if hook == "patient-view" else [WARFARIN_DRAFT]))


def said(cards: Sequence[Json]) -> list[tuple[str, str]]:
    """What the cards are about, and how urgent they are."""
    return [(card["source"]["topic"]["code"], card["indicator"]) for card in cards]
