"""The orders that suggestions create are checked at start; a broken one stops the service, not a clinician."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cds_service import default_policy
from cds_service.order_templates import MODELS, TemplateError, filled, load_templates

ROOT = Path(__file__).parents[3]
TEMPLATES = load_templates(())


def test_every_action_of_the_wording_has_a_template_and_every_template_is_used() -> None:
    actions = default_policy().wording.actions
    assert load_templates(actions).keys() == actions.keys()


def test_a_missing_template_is_named() -> None:
    with pytest.raises(TemplateError, match=r"lacks the templates leeches, mercury$"):
        load_templates(["mercury", "calcium", "leeches"])


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_is_a_draft_order_that_names_no_patient_and_is_valid_when_filled(name: str) -> None:
    template = TEMPLATES[name]
    assert (template["status"], template["intent"]) == ("draft", "order")
    assert not {"id", "subject"} & template.keys()
    MODELS[template["resourceType"]].model_validate(filled(template, "p1"))


def test_filling_in_leaves_the_template_as_it_was() -> None:
    template = {"resourceType": "ServiceRequest"}
    assert filled(template, "p1") == {"resourceType": "ServiceRequest", "subject": {"reference": "Patient/p1"}}
    assert template == {"resourceType": "ServiceRequest"}


@pytest.mark.parametrize("spoilt", [{"status": None}, {"intent": 7}, {"priority": ["urgent"]}, {"unheardOf": "x"}])
def test_a_template_that_is_not_valid_r4_is_refused_by_name(spoilt: dict[str, object], tmp_path: Path) -> None:
    for module in ("__init__.py", "order_templates.py", "templates"):
        source = ROOT / "cds_service" / module
        target = tmp_path / "cds_service" / module
        target.parent.mkdir(exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target)
        else:
            # An empty package marker: what is copied is the reader of templates, not the service.
            target.write_text("" if module == "__init__.py" else source.read_text("utf-8"), "utf-8")
    orders = tmp_path / "cds_service" / "templates" / "orders.json"
    templates = json.loads(orders.read_text("utf-8"))
    templates["calcium"] |= spoilt
    orders.write_text(json.dumps(templates), "utf-8")
    script = "from cds_service.order_templates import load_templates; load_templates(())"
    run = subprocess.run(
        (sys.executable, "-c", script), cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert run.returncode != 0
    assert "TemplateError: orders.json: calcium is not valid FHIR R4" in run.stderr
