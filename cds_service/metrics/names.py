"""What is counted and timed.

What may live here: the metrics by name. Every label is one of few words that we or the clinicians' files have chosen (a
service, a topic, a query, a status, a reason): never a patient, a user, a client, a token, an address or anything else
that was sent.
"""

from __future__ import annotations

from cds_service.metrics.counted import Counted, Timed

ANSWERS = Counted("answers", "Answers, by what was asked for and their HTTP status.", ("endpoint", "status"))
CALLS = Timed("call_seconds", "Seconds that a call of a service took, until its answer left.", ("service",))
CARDS = Counted("cards", "Cards that were shown.", ("service", "topic", "indicator"))
HELD = Counted("cards_held_back", "Cards that were worked out and not shown.", ("service", "topic", "reason"))
GAPS = Counted("answers_silent_for_a_gap", "Answers without a card where something could not be read.", ("service",))
REFUSED = Counted("calls_refused", "Calls that could not be judged (412), by what was missing.", ("service", "what"))
FEEDBACK = Counted("feedback", "Answers of clinicians to cards.", ("service", "outcome"))
LOST = Counted("events_lost", "Events that went neither to the spool nor to the database, or could not be made.")
DATA = Counted("data", "Data of calls: how each query came, and what was read of it.", ("query", "came", "read"))
FHIR_ANSWERS = Counted("fhir_answers", "What became of requests to FHIR servers.", ("outcome",))
FHIR_SECONDS = Timed("fhir_seconds", "Seconds until a FHIR server had answered.")
FHIR_NOT_ASKED = Counted("fhir_not_asked", "Look-ups that a FHIR server was not asked for.", ("why",))
FHIR_BREAKER = Counted("fhir_breaker", "FHIR servers that are left alone for a while, and that answer again.", ("to",))
UNKNOWN_CALLERS = Counted("callers_refused", "Calls without a token that is believed (401), by reason.", ("reason",))
