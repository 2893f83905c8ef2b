"""`calciphylaxis-cds serve`.

What may live here: its options. How the service is served stands in `cds_service.server`.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from cds_service.commands.common import HELP, in_words, say, settings_for
from cds_service.commands.parameters import ADDRESS, PORT
from cds_service.commands.ports import insist_on_port

if TYPE_CHECKING:
    from cds_service.settings import Settings

_EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 (nothing is bound by this)


@click.command(context_settings=HELP)
@click.option("--dev", is_flag=True, help="No client authentication, loopback FHIR servers allowed, loopback only.")
@click.option("--container", is_flag=True, help="In a container: bind any address; publish it on loopback only.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=5000, show_default=True, type=PORT, help="The port to listen on.")
@click.option("--allow-fhir", multiple=True, type=ADDRESS, help="Allow this FHIR server (a prefix when it ends in /).")
def serve(dev: bool, container: bool, host: str, port: int, allow_fhir: tuple[str, ...]) -> None:
    """Serve the CDS Hooks endpoints.

    Ctrl-C or SIGTERM stops it: what was received is answered first. With --dev the addresses of the pages are told.
    """
    settings = settings_for(dev=dev, allow_fhir=allow_fhir, own_url=_own_url(host, port) if dev else None)
    insist_on_port(host, port, "--host or --port")
    # Loading the application takes seconds: whoever has the wrong port need not wait for it.
    from cds_service.server import UnsafeStart, check_start
    from cds_service.server import serve as run

    try:
        check_start(
            host, dev=dev, container=container, environment=os.environ, authenticated=bool(settings.trusted_clients)
        )
    except UnsafeStart as error:
        raise click.ClickException(str(error)) from None
    if dev:
        click.echo("development mode: no client authentication", err=True)
    with in_words():
        run(settings, host, port, lambda: _tell_addresses(settings))


def _own_url(host: str, port: int) -> str:
    """Where a browser on this machine reaches us. A container that listens everywhere is published on loopback."""
    name = "127.0.0.1" if host in _EVERYWHERE else host
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"


def _tell_addresses(settings: Settings) -> None:
    """With --dev: what can be opened or called, when it is ready."""
    if settings.own_url is None:
        return
    told = {"home": "/"} if settings.pages else {}
    told |= {"discovery": "/cds-services", "API": "/openapi.json"}
    told |= {f"page {page}": f"/{page}" for page in sorted(settings.pages)}
    width = max(map(len, told))
    for what, path in told.items():
        say(f"{what:{width}}  {settings.own_url}{path}", err=True)
