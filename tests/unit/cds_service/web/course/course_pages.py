"""Pages of the course as text, and where they stand."""

from __future__ import annotations

import re
from collections.abc import Callable

from flask.testing import FlaskClient

from tests.unit.cds_service.web.course.course_records import TWO_YEARS

Browse = Callable[..., FlaskClient]
ADDRESS = f"/course/{TWO_YEARS.patient_id}"


def shown(client: FlaskClient, address: str = ADDRESS, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status
    return answer.get_data(as_text=True)


def table(page: str, title: str) -> str:
    """The table of this title as text."""
    found = re.search(rf"<summary>{re.escape(title)}.*?</details>", page, re.DOTALL)
    assert found, title
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", found[0]))
