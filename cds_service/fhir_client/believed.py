"""Is this the answer to what was asked? HTTP/1.1 does not say so: the answer itself has to, or its connection.

What may live here: what is believed of one answer, and whether connections may be used again after it.
"""

from __future__ import annotations

from typing import Any

from cds_service.fhir_client.bundles import JsonObject
from cds_service.fhir_client.look_up import LookUp
from cds_service.fhir_client.terms import UNNAMED, FhirError, PassingError
from cds_service.fhir_client.transfer import Received


def believed(
    look_up: LookUp[Any], found: JsonObject | FhirError, received: Received
) -> tuple[JsonObject | FhirError, bool]:
    """What is believed of an answer, and whether it leaves the connections in step.

    On a connection that was used before an answer has to say what it answers: what does not is asked for once more on a
    new one, where it is surely ours. After it no connection is used again, for there a further answer that says
    nothing could not be told from ours. Over HTTP/2 each answer carries the number of its request.
    """
    if isinstance(found, FhirError):
        return found, True
    problem = look_up.objection(found)
    if problem is not None and received.on_kept:
        return PassingError(problem, 0.0), False
    if problem is not None:
        # No batch is out of step here: of its entries each is judged by itself.
        return (FhirError(problem) if look_up.body is None else found), True
    if received.in_streams or look_up.is_named_by(found):
        return found, True
    return (PassingError(UNNAMED, 0.0) if received.on_kept else found), False
