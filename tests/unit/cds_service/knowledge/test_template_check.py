"""Order templates are checked with fhir.resources at start, and the models do not stay.

What may live here: the check, in a process of its own and in this one.
"""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest

from cds_service.knowledge.order_templates import TemplateError, load_templates
from cds_service.knowledge.template_check import insist_on_valid_templates, template_problem

VALID = load_templates(())
SPOILT = ({"status": None}, {"intent": 7}, {"priority": ["urgent"]}, {"unheardOf": "x"}, {"resourceType": "Coffee"})


def spoilt(change: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {**VALID, "calcium": VALID["calcium"] | change}


def test_every_packaged_template_is_valid_r4() -> None:
    assert template_problem(VALID) is None


@pytest.mark.parametrize("change", SPOILT)
def test_a_template_that_is_not_valid_r4_is_named(change: dict[str, Any]) -> None:
    assert str(template_problem(spoilt(change))).startswith("orders.json: calcium is not valid FHIR R4: ")


def test_a_template_without_a_type_is_named() -> None:
    assert str(template_problem({"calcium": {}})).startswith("orders.json: calcium is not valid FHIR R4: ")


def test_valid_templates_let_the_service_start() -> None:
    insist_on_valid_templates(VALID)


def test_the_service_does_not_start_with_a_template_that_is_not_valid_r4() -> None:
    with pytest.raises(TemplateError, match="calcium is not valid FHIR R4"):
        insist_on_valid_templates(spoilt({"status": None}))


def test_a_check_that_dies_does_not_let_the_service_start() -> None:
    with pytest.raises(TemplateError, match="did not come to an end"):
        insist_on_valid_templates({"calcium": Deadly()})


class Deadly(dict[str, Any]):
    """A template that ends the process that reads it."""

    def __getitem__(self, key: str) -> Any:
        os._exit(9)


def test_the_models_stay_out_of_the_process_that_serves() -> None:
    script = (
        "import sys, cds_service.server as serve\n"
        "serve.insist_on_valid_templates(serve.load_templates(()))\n"
        "sys.exit('pydantic' in sys.modules)"
    )
    assert subprocess.run((sys.executable, "-c", script), timeout=60, check=False).returncode == 0
