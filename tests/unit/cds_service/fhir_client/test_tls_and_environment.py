"""Whom we trust with certificates, proxies and logins: nobody whom the settings do not name."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path
from ssl import SSLContext

import pytest

from cds_service.fhir_client import (
    FhirClient,
    FhirServer,
)
from cds_service.fhir_client import terms as fhir_terms
from tests.unit.cds_service.conftest import Behaviour, drip_body, drip_headers
from tests.unit.cds_service.fhir_client.asking import ROOT, Serve, answer_patient, read, reason_of


def test_a_certificate_that_nobody_vouches_for_is_not_accepted(
    serve: Serve, tls: SSLContext, client: FhirClient
) -> None:
    server = serve(answer_patient, tls)
    assert reason_of(read, client, FhirServer(server.base, "t")) == fhir_terms.NOT_SECURE
    assert server.heads == []


ASK = """
    import sys
    from cds_service.fhir_client import FhirClient, FhirError, FhirServer, Limits

    client = FhirClient(Limits(deadline_seconds=0.8), lambda base: True, trust_environment=sys.argv[1] == "yes")
    try:
        with client.talk(FhirServer(sys.argv[2], sys.argv[3] or None), client.deadline()) as talk:
            print(talk.answer(talk.read("Patient/1"))["id"])
    except FhirError as error:
        print(error.reason)
    client.close()
"""


def ask_in_an_environment(trust: str, base: str, token: str = "t", **environment: str) -> str:
    command = [sys.executable, "-c", textwrap.dedent(ASK), trust, base, token]
    env = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.parametrize(
    ("behaviour", "reason"), [(answer_patient, "1"), (drip_body, fhir_terms.LATE), (drip_headers, fhir_terms.LATE)]
)
def test_over_tls_the_same_holds(
    serve: Serve, tls: SSLContext, certificate: Path, behaviour: Behaviour, reason: str
) -> None:
    server = serve(behaviour, tls)
    assert ask_in_an_environment("yes", server.base, REQUESTS_CA_BUNDLE=str(certificate)) == reason


def test_the_environment_vouches_for_nobody_unless_it_is_trusted(
    serve: Serve, tls: SSLContext, certificate: Path
) -> None:
    server = serve(answer_patient, tls)
    asked = ask_in_an_environment("no", server.base, REQUESTS_CA_BUNDLE=str(certificate))
    assert asked == fhir_terms.NOT_SECURE


def test_a_proxy_is_used_only_when_the_environment_is_trusted(serve: Serve) -> None:
    server, proxy = serve(answer_patient), serve(answer_patient)
    proxies = {"HTTP_PROXY": proxy.origin, "http_proxy": proxy.origin, "NO_PROXY": "", "no_proxy": ""}
    assert ask_in_an_environment("no", server.base, **proxies) == "1"
    assert proxy.heads == []
    assert ask_in_an_environment("yes", server.base, **proxies) == "1"
    assert len(proxy.heads) == len(server.heads) == 1


def test_a_dripping_proxy_is_left_at_the_deadline_too(serve: Serve) -> None:
    proxy = serve(drip_headers)
    proxies = {"HTTPS_PROXY": proxy.origin, "https_proxy": proxy.origin, "NO_PROXY": "", "no_proxy": ""}
    assert ask_in_an_environment("yes", "https://ehr.example/fhir", **proxies) == fhir_terms.LATE


@pytest.mark.parametrize("trust", ["yes", "no"])
@pytest.mark.parametrize(("token", "sent"), [("t", "Bearer t"), ("", None)])
def test_a_login_file_is_not_used_with_a_token_or_without_one(
    serve: Serve, tmp_path: Path, trust: str, token: str, sent: str | None
) -> None:
    server = serve(answer_patient)
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login someone password secret\n")
    login = {"NETRC": str(tmp_path / ".netrc"), "HOME": str(tmp_path)}
    assert ask_in_an_environment(trust, server.base, token, **login) == "1"
    found = [line.partition(": ")[2] for line in server.heads[0].splitlines() if line.startswith("Authorization")]
    assert found == ([] if sent is None else [sent])
