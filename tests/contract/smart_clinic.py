"""A clinic for the tests of the SMART app: an EHR, the app in its own threads, and browsers without a screen.

What may live here: starting and stopping these. The course page has its own tests; here a page stands in its place that
says what could be read, type by type.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urlencode

import requests
from flask import Flask, Response
from werkzeug.serving import WSGIRequestHandler, make_server

from cds_service import create_app
from cds_service.fhir_client import FhirError, FhirServer
from cds_service.settings import Settings
from cds_service.web import PageContext
from cds_service.web.page import page
from cds_service.web.smart.redirects import redirect_address
from tests.contract.authorization_server import Registered, SmartEhr

CLIENT_ID = "calciphylaxis"
SEARCHED = ("Condition", "Observation", "MedicationRequest", "Medication", "Procedure")
ANNA, BEN = "anna-7", "ben-9"
FRAME = "https://frames.example"


def records() -> list[dict[str, Any]]:
    """Two patients, each with one condition."""
    found: list[dict[str, Any]] = []
    for patient, family in ((ANNA, "Quillfeather"), (BEN, "Underbridge")):
        subject = {"reference": f"Patient/{patient}"}
        code = {"text": "end-stage kidney disease"}
        found += [
            {"resourceType": "Patient", "id": patient, "name": [{"family": family}]},
            {"resourceType": "Condition", "id": f"c-{patient}", "subject": subject, "code": code},
        ]
    return found


def course_stand_in(
    around: PageContext,
    server: FhirServer,
    patient_id: str,
    *,
    framed_by: Collection[str] = (),
    kept: Mapping[str, str] | None = None,
) -> Response:
    """A page that reads each type through the client it was given, and says how that went."""
    assert kept, "a nearer look at the course has to stay in its session"
    said = []
    with around.client.talk(server, around.client.deadline()) as talk:
        try:
            patient = talk.answer(talk.read(f"Patient/{patient_id}"))
            said.append(f"course of {patient['name'][0]['family']}")
        except FhirError as error:
            said.append(f"Patient: {error.reason}")
        for kind in SEARCHED:
            try:
                if kind == "Medication":
                    talk.answer(talk.read("Medication/none"))
                else:
                    found = talk.answer(talk.search(f"{kind}?patient={patient_id}"))
                    said.append(f"{kind}: {len(found.resources)}{'' if found.complete else f' ({found.reason})'}")
            except FhirError as error:
                said.append(f"{kind}: {error.reason}")
    return page("problem.html", title="Course", what="; ".join(said), framed_by=framed_by)


class RunningApp:
    """One worker of the service, answering over real HTTP. `public` is the address it gives out, by default its own."""

    def __init__(self, settings: dict[str, Any], clock: Any, public: str | None = None) -> None:
        self._server = make_server("127.0.0.1", 0, self._call, threaded=True, request_handler=_Silent)
        self.base = f"http://127.0.0.1:{self._server.server_port}"
        self.app: Flask = create_app(Settings(**{"public_url": public or self.base, **settings}), clock=clock)
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        for name in ("cds_fhir_client", "cds_database"):
            if name in self.app.extensions:
                self.app.extensions[name].close()

    def _call(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        return self.app(environ, start_response)


class _Silent(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:
        """The development server would log addresses; the real one does not."""


class Browser(requests.Session):
    """A browser without a screen: keeps cookies, follows redirects and remembers every address it was sent to."""

    def __init__(self) -> None:
        super().__init__()
        self.trust_env = False
        self.addresses: list[str] = []

    def open(self, address: str, follow: bool = True, **asked: str) -> requests.Response:
        answer = self.get(f"{address}?{urlencode(asked)}" if asked else address, allow_redirects=follow, timeout=20)
        self.addresses += [response.url for response in (*answer.history, answer)]
        return answer


class Clinic:
    """An EHR, and workers of the service that share a database."""

    def __init__(self, folder: Path, ehr: SmartEhr) -> None:
        self.folder, self.ehr = folder, ehr
        self.database = folder / "cards.sqlite3"
        self.now = datetime.now(UTC)
        self._apps: list[RunningApp] = []
        ehr.launches = {"chart-of-anna": ANNA, "chart-of-ben": BEN}
        ehr.picked = ANNA

    def app(
        self, *, client: str = "", public: str | None = None, secret: str | None = None, **changed: Any
    ) -> RunningApp:
        """A worker that trusts the EHR. `client` are more lines of its entry; `secret` is what the EHR knows us by."""
        trust = self.folder / "clients.toml"
        trust.write_text(self.trust_file(client))
        settings = {
            "database_url": f"sqlite:///{self.database}",
            "trusted_clients": trust,
            "pages": frozenset({"smart"}),
            "fhir_deadline_seconds": 20.0,
        }
        self._apps.append(RunningApp({**settings, **changed}, lambda: self.now, public))
        made = self._apps[-1]
        self.ehr.register(Registered(CLIENT_ID, redirect_address(public or made.base, self.ehr.base), secret))
        return made

    def trust_file(self, more: str = "") -> str:
        values = {"tenant": "north", "issuer": "https://ehr.example", "jwks_url": "https://ehr.example/jwks.json"}
        lines = [f'{name} = "{value}"' for name, value in values.items()]
        lines += [f'fhir_servers = ["{self.ehr.base}"]', more or f'smart_client_id = "{CLIENT_ID}"']
        return "\n".join(["[[client]]", *lines, ""])

    def launch(self, browser: Browser, app: RunningApp, chart: str = "chart-of-anna", follow: bool = True) -> Any:
        """The EHR opens the app from a chart."""
        return browser.open(f"{app.base}/smart/launch", follow, iss=self.ehr.base, launch=chart)

    def callback(self, browser: Browser, app: RunningApp, chart: str = "chart-of-anna") -> str:
        """Sign in, but stop before the app hears of it: the address with code and state."""
        at_the_ehr = self.launch(browser, app, chart, follow=False).headers["Location"]
        return str(browser.get(at_the_ehr, allow_redirects=False, timeout=20).headers["Location"])

    def later(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def stored(self) -> bytes:
        """All that the database has on disk."""
        return b"".join(path.read_bytes() for path in self.folder.glob("cards.sqlite3*"))

    def rows(self, purpose: str) -> int:
        """How many rows of this purpose, or of one that begins so, are stored."""
        wanted = "select count(*) from smart_sealed where purpose like ? || '%'"
        with closing(sqlite3.connect(self.database)) as connection:
            (count,) = connection.execute(wanted, [purpose]).fetchone()
        return int(count)

    def stop(self) -> None:
        for app in self._apps:
            app.stop()
        self.ehr.stop()
