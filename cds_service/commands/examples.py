"""`calciphylaxis-cds examples`: made-up messages in the shapes of real EHRs.

What may live here: the list of them, and one of them printed as it would be sent today.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cds_service.commands.common import HELP, say, say_json
from cds_service.commands.parameters import AS_JSON

if TYPE_CHECKING:
    from cds_service.tryout import Example


@click.command(context_settings=HELP)
@click.argument("name", required=False)
@AS_JSON
def examples(name: str | None, as_json: bool) -> None:
    """List made-up messages, or print the one called NAME.

    They have the shapes of real EHRs. `invoke --example NAME` judges it; what is printed may be saved, changed and
    judged by `invoke --request FILE`.
    """
    from cds_service.clock import utc_now
    from cds_service.tryout import load_examples

    found = load_examples()
    if name is None and as_json:
        say_json({"examples": [_about(example) for example in found]})
        return
    if name is None:
        for example in found:
            say(f"{example.name}\n    {example.title}. {example.see}")
        return
    chosen = next((example for example in found if example.name == name), None)
    if chosen is None:
        raise click.UsageError(f"there is no example {name}; calciphylaxis-cds examples lists them")
    click.echo(chosen.text(utc_now()), nl=False)


def _about(example: Example) -> dict[str, Any]:
    return {
        "name": example.name,
        "title": example.title,
        "see": example.see,
        "hook": example.hook or None,
        "drugs": list(example.drugs),
    }
