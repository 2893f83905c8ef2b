"""A flood of strangers who begin to sign in to the SMART app leaves nothing behind, and a clinician still gets in."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.contract.authorization_server import SmartEhr
from tests.contract.smart_clinic import Browser, Clinic, records

pytestmark = pytest.mark.fuzz

STRANGERS = 20_000
"""Twice as many as once could begin before nobody else could."""


def test_twenty_thousand_launches_of_strangers_leave_no_row_and_keep_no_clinician_out(tmp_path: Path) -> None:
    clinic = Clinic(tmp_path, SmartEhr(records()))
    try:
        app = clinic.app()
        with Browser() as browser:
            begun = clinic.callback(browser, app)
            # Not through a socket each: what is stored is in question, not how fast sockets are.
            stranger = app.app.test_client(use_cookies=False)
            for number in range(STRANGERS):
                query = {"iss": clinic.ehr.base, "launch": f"stranger-{number}"}
                assert stranger.get("/smart/launch", query_string=query).status_code == 303
            assert clinic.rows("launch") == clinic.rows("used") == clinic.rows("session") == 0
            assert browser.open(begun, follow=False).status_code == 303, "a sign-in that was under way"
            assert clinic.launch(browser, app, follow=True).status_code == 200, "a new one"
            assert clinic.rows("session") == 2
    finally:
        clinic.stop()
