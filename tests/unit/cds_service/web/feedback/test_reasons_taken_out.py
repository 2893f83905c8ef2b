"""A reason that a clinic has taken out of its policy is told by its code; what is no code of ours is not."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from cds_service import create_app
from cds_service.api import OVERRIDE_SYSTEM
from cds_service.settings import Settings
from cds_service.storage import Database, Event, EventLog, Kind

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
CARD = Event("", NOW, Kind.ISSUED, service="calciphylaxis-patient-view", hook="patient-view", topic="vka-cua")


def test_it_stands_beside_what_an_ehr_sent_in_place_of_a_reason(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/cards.sqlite3"
    sent = [("on-trial", OVERRIDE_SYSTEM)] * 6 + [("Mrs Example", OVERRIDE_SYSTEM)] * 3 + [("x1", "urn:elsewhere")] * 4
    with closing(Database(url)) as database:
        for number, (code, system) in enumerate(sent):
            card = replace(CARD, id=f"card-{number}", card_uuid=str(number), indicator="critical")
            answer = replace(card, id=f"answer-{number}", kind=Kind.FEEDBACK, outcome="overridden")
            said = replace(
                answer,
                outcome_timestamp=NOW,
                override_reason_code=code,
                override_reason_system=system,
                override_reason_display="In a trial, said Mrs Example",
                content={"accepted_suggestions": []},
            )
            EventLog(database).record([card, said])
    app = create_app(Settings(dev=True, pages=frozenset({"feedback"}), database_url=url), lambda: NOW)
    visitor = app.test_client()
    assert [list(row.values())[:2] for row in visitor.get("/feedback.json").get_json()["by_reason"]] == [
        ["a reason that this service does not offer", 7],
        ["no policy offers it now: on-trial", 6],
    ]
    page = visitor.get("/feedback").text
    assert "no policy offers it now: on-trial" in page
    assert "Example" not in page
    app.extensions["cds_database"].close()
    app.extensions["cds_fhir_client"].close()
