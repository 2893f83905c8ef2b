"""Charts that fire, and what their answers may be however they are spelled.

What may live here: playing quirks upon these charts and judging the answers, for the tests in this folder and for the
longer ones of tests/fuzz.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from tests.contract.ehr import Ehr
from tests.fhir_stand_in import FhirStandIn
from tests.field.held import (
    BY_SESSIONS,
    ORDER_HOOKS,
    ORDERS_CALCITRIOL,
    ORDERS_CALCIUM,
    ORDERS_WARFARIN,
    SUSPECTED,
    WITH_RISK,
    Chart,
)
from tests.field.play import Answer, Topics, post, request
from tests.field.quirks import QUIRKS, Quirk, Stage, applied
from tests.field.server import PLAIN, FieldServer

SAID_AS_UNREAD = frozenset({"cua-data-gap", "order-data-gap", "calcium-data-gap", "vitd-data-gap"})
"""Topics of cards that say that something could not be read."""


AT_A_SERVER = frozenset({"drugs_by_the_full_url_of_their_entry"})
"""Quirks that say the same in a prefetch only: no search by HTTP answers with addresses of a transaction."""


@dataclass(frozen=True)
class Firing:
    """A chart at a hook, and the cards that it gives; `less` are topics that do where a part of it cannot be read."""

    hook: str
    chart: Chart
    topics: Topics
    less: frozenset[str] = frozenset()


ORDERS = {
    "warfarin": (ORDERS_WARFARIN, [("vka-dialysis", "warning")]),
    "calcium acetate, calcium 10.9": (ORDERS_CALCIUM, [("calcium-hypercalcaemia", "warning")]),
    "calcitriol, calcium 12.6": (ORDERS_CALCITRIOL, [("vitd-hypercalcaemia", "critical")]),
}
FIRING = {
    "skin necrosis": Firing("patient-view", SUSPECTED, [("cua-suspected", "critical"), ("vka-cua", "critical")]),
    # The card of the risk names the drug; without the calcium there is no such risk, and the drug has its own card.
    "warfarin and calcium 10.9": Firing(
        "patient-view", WITH_RISK, [("cua-risk-elevated", "info")], frozenset({"vka-dialysis"})
    ),
    "warfarin, dialysis by its sessions": Firing("order-sign", BY_SESSIONS, [("vka-dialysis", "warning")]),
} | {f"{hook}: {name}": Firing(hook, *order) for hook in ORDER_HOOKS for name, order in ORDERS.items()}

IN_ORDER = {name: place for place, name in enumerate(QUIRKS)}


def played(
    ehr: Ehr, firing: Firing, *quirks: Quirk, mode: str = "prefetch", server: FhirStandIn | None = None
) -> Answer:
    """The answer to this chart with these quirks, in the order of the list; `server` is the FHIR server behind it."""
    listed = sorted(quirks, key=lambda quirk: IN_ORDER.get(quirk.name, 0))
    chart = applied(listed, Stage.CHART, firing.chart)
    if server:
        FieldServer(chart, applied(listed, Stage.SERVER, PLAIN)).serve(server)
    body = applied(listed, Stage.BODY, request(ehr, firing.hook, chart, mode, server.base if server else ""))
    body = applied(listed, Stage.WRAPPING, body)
    raw, headers = applied(listed, Stage.WIRE, (json.dumps(body).encode(), {}))
    return post(ehr.client, ehr.url(firing.hook), raw, headers)


def complaint(answer: Answer, firing: Firing, quirks: Sequence[Quirk], *, at_server: bool = False) -> str:
    """What is wrong with an answer, or "".

    What means the same gives the same cards. Else there is a card of the plain chart, or one that says what could not
    be read, or a refusal that says it.
    """
    if all(quirk.spelling and not (at_server and quirk.name in AT_A_SERVER) for quirk in quirks):
        return "" if answer.topics == firing.topics else f"{answer.status} {answer.topics} {answer.refusal}"
    if answer.status != 200:
        return "" if 400 <= answer.status < 500 and answer.refusal else f"{answer.status} {answer.refusal}"
    telling = dict(firing.topics).keys() | firing.less | SAID_AS_UNREAD
    return "" if dict(answer.topics).keys() & telling else f"200 {answer.topics}"
