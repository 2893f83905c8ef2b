"""A name server that does not answer: the deadline holds all the same. Needs a C compiler, to slow the look-up down."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.needed import do_without

pytestmark = [pytest.mark.real, pytest.mark.alone]

SLOW = """
#include <netdb.h>
#include <unistd.h>
int getaddrinfo(const char *n, const char *s, const struct addrinfo *h, struct addrinfo **r) {
    sleep(6);
    return EAI_FAIL;
}
"""
CALL = """
import time
from cds_service.fhir_client import FhirClient, FhirError, FhirServer, Limits
client = FhirClient(Limits(deadline_seconds=0.5), lambda base: True)
begun = time.monotonic()
with client.talk(FhirServer("https://ehr.example/fhir"), client.deadline()) as talk:
    try:
        talk.answer(talk.read("Patient/1"))
    except FhirError as failure:
        print(failure.reason)
print(time.monotonic() - begun)
"""
KEYS = """
import time
from concurrent.futures import ThreadPoolExecutor
from cds_service.access import KeySets, TrustedClient
from cds_service.access.key_sets import KeySetUnavailable
key_sets, client = KeySets(), TrustedClient("north", "urn:north", jwks_url="https://ehr.example/jwks.json")
def call(number):
    try:
        key_sets.find(client, "2026-03", "ES384")
    except KeySetUnavailable:
        return "no keys"
begun = time.monotonic()
with ThreadPoolExecutor(6) as threads:
    print(*set(threads.map(call, range(6))))
print(time.monotonic() - begun)
"""
COUNTS = """
import time
from cds_service.access import counts_of
counts = counts_of("600 per minute", "redis://cache.example:6379")
begun = time.monotonic()
print(counts.spend("north"))
print(time.monotonic() - begun)
"""


@pytest.fixture
def slow_look_up(tmp_path: Path) -> Path:
    """A library that makes every look-up of a name take six seconds."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        do_without("there is no C compiler on this machine (Debian: apt-get install gcc libc6-dev)")
    source, library = tmp_path / "slow.c", tmp_path / "slow.so"
    source.write_text(SLOW)
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, source], check=True)
    return library


def called(code: str = CALL, **environment: str) -> tuple[str, float]:
    """What it came to, and for how many seconds the call held its thread."""
    command, variables = [sys.executable, "-c", code], os.environ | environment
    made = subprocess.run(command, env=variables, capture_output=True, text=True, check=True, timeout=60)
    reason, seconds = made.stdout.splitlines()
    return reason, float(seconds)


def test_a_call_does_not_wait_for_a_name_that_nobody_looks_up(slow_look_up: Path) -> None:
    reason, seconds = called(LD_PRELOAD=str(slow_look_up))
    assert (reason, seconds < 2.0) == ("the FHIR server did not answer in time", True)


def test_without_the_slow_library_the_name_is_soon_known_to_be_wrong() -> None:
    reason, seconds = called()
    assert reason in ("the FHIR server could not be reached", "the FHIR server did not answer in time")
    assert seconds < 2.0


def test_callers_do_not_wait_for_the_name_of_a_key_server_that_nobody_looks_up(slow_look_up: Path) -> None:
    said, seconds = called(KEYS, LD_PRELOAD=str(slow_look_up))
    assert said == "no keys"
    assert seconds < 4, "two seconds are promised"


def test_callers_do_not_wait_for_the_name_of_a_redis_that_nobody_looks_up(slow_look_up: Path) -> None:
    waits, seconds = called(COUNTS, LD_PRELOAD=str(slow_look_up))
    assert waits == "0"
    assert seconds < 2, "half a second is promised"
    # Without the slow look-up: it is the name that is waited for, and nothing else.
    assert called(COUNTS)[0] == "0"
