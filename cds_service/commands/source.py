"""What `invoke` and `explain` look at: a patient on a FHIR server, or a message; and what is ordered there.

What may live here: the options that say so, and what follows from them. A message is judged in `messages.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from functools import wraps
from typing import Any, BinaryIO

import click

from cds_service.commands.common import HOOKS
from cds_service.commands.drafts import call_of
from cds_service.commands.messages import Message
from cds_service.commands.parameters import ADDRESS

ONE_SOURCE = "give either --fhir URL with --patient ID, or one of --request FILE, --bundle FILE, --example NAME"
_OPTIONS = (
    click.option("--fhir", type=ADDRESS, callback=lambda *given: given[-1] or "", help="FHIR R4 base URL."),
    click.option("--patient", default="", metavar="ID", help="The patient; of a Bundle, only where it holds several."),
    click.option(
        "--request", "request_", type=click.File("rb"), metavar="FILE", help="A CDS Hooks request or a prefetch."
    ),
    click.option("--bundle", type=click.File("rb"), metavar="FILE", help="A FHIR Bundle of a patient, or NDJSON."),
    click.option(
        "--example", default="", metavar="NAME", help="A made-up message; `calciphylaxis-cds examples` lists them."
    ),
    click.option(
        "--hook",
        type=click.Choice(HOOKS),
        help="As in the request; else order-select with drugs or orders, patient-view without.",
    ),
    click.option("--drug", "drugs", multiple=True, metavar="NAME", help="Order this drug (repeatable)."),
    click.option(
        "--order",
        "orders",
        multiple=True,
        type=click.File(encoding="utf-8"),
        metavar="FILE",
        help="Draft MedicationRequest as JSON (with --fhir; repeatable).",
    ),
    click.option("--token", envvar="FHIR_TOKEN", help="Bearer token for the FHIR server (or FHIR_TOKEN)."),
)


@dataclass(frozen=True, slots=True)
class Source:
    """What the command line says: `fhir` and `patient`, or one message; the hook, and what is ordered.

    Raises:
        click.UsageError: what to look at is not said, or said twice.
    """

    fhir: str
    patient: str
    request_: BinaryIO | None
    bundle: BinaryIO | None
    example: str
    hook: str | None
    drugs: tuple[str, ...]
    orders: tuple[Any, ...]
    token: str | None = field(repr=False)

    def __post_init__(self) -> None:
        told = (self.fhir, self.request_, self.bundle, self.example)
        if [bool(one) for one in told].count(True) != 1 or (self.fhir and not self.patient):
            raise click.UsageError(ONE_SOURCE)
        if self.orders and not self.fhir:
            raise click.UsageError("--order goes with --fhir; beside a message use --drug NAME")

    def message(self) -> Message | None:
        """The message, read from its file; None where a FHIR server is to be read."""
        if self.fhir:
            return None
        option, file = ("--request", self.request_) if self.request_ else ("--bundle", self.bundle)
        where = f"{option} {getattr(file, 'name', '-')}" if file else f"--example {self.example}"
        sent = _read(file, where) if file else None
        return Message(sent, where, self.example, self.hook or "", self.drugs, self.patient)

    def call(self) -> tuple[str, dict[str, Any]]:
        """The hook and the context of a call about the patient on the FHIR server."""
        return call_of(self.hook, self.patient, self.drugs, self.orders)


def _read(file: BinaryIO, where: str) -> bytes:
    try:
        return file.read()
    except OSError as error:
        raise click.UsageError(f"{where} cannot be read: {error.strerror}") from None


def with_source(command: Callable[..., None]) -> Callable[..., None]:
    """Gives a command the options above, and hands what they say to it as `source`."""

    @wraps(command)
    def run(**given: Any) -> None:
        source = Source(**{one.name: given.pop(one.name) for one in fields(Source)})
        command(source=source, **given)

    for option in reversed(_OPTIONS):
        run = option(run)
    return run
