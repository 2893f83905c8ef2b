"""What several options take: an address, a port, one of the synthetic patients; and what is said of a wrong one.

What may live here: types of arguments and options. The message names what was given and how to write it.
"""

from __future__ import annotations

import difflib
from typing import Any

import click
from click.shell_completion import CompletionItem

from cds_service.commands.exit_status import CARDS_FOUND

PORT = click.IntRange(1, 65535)
_LIKE = "write it like http://127.0.0.1:8080/fhir"
_NOT_PLAIN = "an address here has no user, query, fragment or percent sign; " + _LIKE


# Older releases of click know no type argument here.
class Address(click.ParamType):  # type: ignore[type-arg]
    """An http(s) base address, in its one normal form. What could hold a secret is not repeated."""

    name = "URL"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The address as `normal_url` writes it."""
        from cds_service.addresses import normal_url

        normal = normal_url(value)
        if normal is None:
            self.fail(_NOT_PLAIN if set("@?#%") & set(value) else f"{value!r} is no http(s) URL; {_LIKE}", param, ctx)
        return normal


class PatientKey(click.ParamType):  # type: ignore[type-arg]
    """The key of a synthetic patient."""

    name = "KEY"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The key, if there is such a patient."""
        keys = _keys()
        if value not in keys:
            near = "".join(f" Did you mean {key}?" for key in difflib.get_close_matches(value, keys, n=1))
            listed = "`calciphylaxis-cds sandbox list` lists them."
            self.fail(f"there is no synthetic patient {value!r}; {listed}{near}", param, ctx)
        return str(value)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """The keys that begin so."""
        return [CompletionItem(key) for key in _keys() if key.startswith(incomplete)]


ADDRESS, PATIENT_KEY = Address(), PatientKey()
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON document, and nothing beside it.")
EXIT_STATUS = click.option(
    "--exit-status", "tells_cards", is_flag=True, help=f"End with exit status {CARDS_FOUND} when there are cards."
)


def _keys() -> list[str]:
    from cds_service.clock import utc_now
    from cds_service.demo.patients import load_patients

    return [patient.key for patient in load_patients(utc_now())]
