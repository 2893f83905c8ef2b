"""Are the order templates valid FHIR R4? It is checked at start, in a child process: no worker carries the models.

What may live here: the check with fhir.resources and the process around it.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Mapping
from multiprocessing.connection import Connection
from typing import Any

from cds_service.knowledge.order_templates import TemplateError, filled

Templates = Mapping[str, Mapping[str, Any]]


def insist_on_valid_templates(templates: Templates) -> None:
    """Check every template as it will be sent, in a child of this process; call it before any thread is started.

    Raises:
        TemplateError: a template is not valid R4, or the check did not end.
    """
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    child = context.Process(target=_report, args=(templates, sender), name="template-check")
    child.start()
    sender.close()
    try:
        problem: str | None = receiver.recv()
    except EOFError:
        problem = "orders.json: the check of the templates did not come to an end"
    finally:
        child.join()
        receiver.close()
    if problem is not None:
        raise TemplateError(problem)


def _report(templates: Templates, sender: Connection) -> None:
    sender.send(template_problem(templates))
    sender.close()


def template_problem(templates: Templates) -> str | None:
    """The first template that is no valid FHIR R4 and why, or None."""
    from fhir.resources.R4B import get_fhir_model_class

    for name, template in templates.items():
        try:
            get_fhir_model_class(template["resourceType"]).model_validate(filled(template, "example"))
        except (ValueError, KeyError) as error:
            return f"orders.json: {name} is not valid FHIR R4: {error}"
    return None
