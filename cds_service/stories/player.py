"""Playing a story: its record in a dialect, the request that the EHR of the vignettes makes of it, and what came.

What may live here: bringing these together in this process. What came is judged in `expected`.
"""

from __future__ import annotations

from collections.abc import Sequence

from cds_service.knowledge import Knowledge
from cds_service.stories.asking import Answer, ask
from cds_service.stories.dialects import DIALECTS
from cds_service.stories.expected import faults
from cds_service.stories.fhir_writer import write
from cds_service.stories.prefetch import prefetched, request_body
from cds_service.stories.story import Vignette


def play(vignette: Vignette, knowledge: Knowledge, dialect: str = "") -> Answer:
    """What the service answers to a vignette in a dialect, its first one if none is named."""
    spoken = DIALECTS[dialect or vignette.dialects[0]]
    record = write(vignette, spoken)
    templates = {query.key: query.template() for query in knowledge.queries_for(vignette.hook)}
    sent = prefetched(templates, record, spoken, vignette.unreadable)
    return ask(request_body(vignette.hook, record, {"prefetch": sent}), knowledge, vignette.now)


def failed(vignettes: Sequence[Vignette], knowledge: Knowledge) -> dict[str, str]:
    """The vignettes that do not hold, by title: what came and what was expected, once, with the dialects of it."""
    found = {vignette.title: failure(vignette, knowledge) for vignette in vignettes}
    return {title: said for title, said in found.items() if said}


def failure(vignette: Vignette, knowledge: Knowledge) -> str:
    """What is not as expected, each thing once with the dialects in which it is so; "" where all is."""
    said: dict[str, list[str]] = {}
    for dialect in vignette.dialects:
        for sentence in faults(vignette, play(vignette, knowledge, dialect)):
            said.setdefault(sentence, []).append(dialect)
    return "; ".join(sentence + _where(dialects, vignette) for sentence, dialects in said.items())


def _where(dialects: Sequence[str], vignette: Vignette) -> str:
    """In every dialect is not worth saying."""
    return "" if tuple(dialects) == vignette.dialects else f" (in {', '.join(dialects)})"
