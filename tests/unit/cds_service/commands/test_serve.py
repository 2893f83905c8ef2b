"""`serve --dev` says where its pages are, and its cards link to them; outside --dev neither is made up."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from cds_service.clock import utc_now
from cds_service.commands.common import settings_for
from cds_service.commands.serve import _own_url
from cds_service.demo.play import free_port
from cds_service.ehr_client import Ehr
from cds_service.knowledge import load_knowledge
from cds_service.settings import Settings
from cds_service.tryout import load_examples

OWN = "http://127.0.0.1:6480"


@contextmanager
def serving(folder: Path, pages: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Its address, and what it has told: the addresses by what is there."""
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    settings = {"CDS_PAGES": pages, "CDS_DATABASE_URL": f"sqlite:///{folder}/cards.sqlite3", "CDS_WORKERS": "1"}
    command = (sys.executable, "-m", "cds_service.commands.entry", "serve", "--dev", "--port", str(port))
    with subprocess.Popen(command, env={**os.environ, **settings}, stderr=subprocess.PIPE, text=True) as service:
        assert service.stderr is not None
        told: dict[str, str] = {}
        for line in service.stderr:
            found = re.fullmatch(rf"(\S.*?)  +({re.escape(base)}/\S*)\n", line)
            told |= {found[1]: found[2]} if found else {}
            if "Booting worker" in line:
                break
        try:
            yield base, told
        finally:
            service.send_signal(signal.SIGTERM)
            service.stderr.read()
            assert service.wait(30) == 0


def test_the_addresses_that_are_told_can_be_opened_and_cards_link_there(tmp_path: Path) -> None:
    with serving(tmp_path, "reasons,try") as (base, told):
        paths = {
            "home": "/",
            "discovery": "/cds-services",
            "API": "/openapi.json",
            "page reasons": "/reasons",
            "page try": "/try",
        }
        assert told == {what: f"{base}{path}" for what, path in paths.items()}
        for address in told.values():
            assert requests.get(address, timeout=30).status_code == 200
        (example,) = [one for one in load_examples() if one.name == "epic-patient-view"]
        for card in cards_of(base, example.text(utc_now())):
            assert card["source"]["url"] == f"{base}/reasons"
            (link,) = [link["url"] for link in card["links"] if link["url"].startswith(f"{base}/reasons/")]
            assert requests.get(link, timeout=30).status_code == 200


def cards_of(base: str, message: str) -> list[dict[str, Any]]:
    service = Ehr(base, "").service_for("patient-view")
    headers = {"Content-Type": "application/json"}
    answer = requests.post(f"{base}/cds-services/{service['id']}", data=message.encode(), headers=headers, timeout=30)
    cards: list[dict[str, Any]] = answer.json()["cards"]
    assert cards
    return cards


def test_an_address_that_is_set_comes_before_the_one_where_it_listens() -> None:
    public = "https://cds.example"
    assert load_knowledge(Settings(dev=True, own_url=OWN)).reasons_url == f"{OWN}/reasons"
    assert load_knowledge(Settings(dev=True, own_url=OWN, public_url=public)).reasons_url == f"{public}/reasons"


def test_outside_development_the_own_address_is_for_nobody() -> None:
    assert load_knowledge(Settings(own_url=OWN)).reasons_url is None
    assert settings_for(dev=False).link_base is None


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:6480"),
        ("localhost", "http://localhost:6480"),
        ("::1", "http://[::1]:6480"),
        ("0.0.0.0", "http://127.0.0.1:6480"),
        ("::", "http://127.0.0.1:6480"),
    ],
)
def test_the_own_address_is_one_that_a_browser_on_this_machine_can_open(host: str, url: str) -> None:
    assert _own_url(host, 6480) == url
