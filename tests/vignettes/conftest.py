"""One service, one EHR and one FHIR server for all vignettes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cds_service import create_app
from cds_service.demo.sandbox import Sandbox
from cds_service.settings import Settings
from tests.vignettes.ehr import Clock, Ehr


@pytest.fixture(scope="session")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def ehr(clock: Clock, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ehr]:
    database = tmp_path_factory.mktemp("vignettes") / "cards.sqlite3"
    # A generous deadline: a busy machine is not what the vignettes are about.
    settings = Settings(dev=True, database_url=f"sqlite:///{database}", fhir_deadline_seconds=30)
    app = create_app(settings, clock=clock)
    with Sandbox(()) as sandbox, app.test_client() as client:
        services = {service["hook"]: service for service in client.get("/cds-services").get_json()["services"]}
        yield Ehr(client, services, sandbox)
