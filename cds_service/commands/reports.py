"""`calciphylaxis-cds overrides` and `feedback`: what clinicians did with the cards.

What may live here: options, and rows as lines of text.
"""

from __future__ import annotations

from contextlib import closing

import click

from cds_service.commands.common import HELP, in_words, say, settings_for


@click.command(context_settings=HELP)
@click.option("--service", help="Only this service id.")
@click.option("--client", help="Only this trusted client, by its issuer.")
def overrides(service: str | None, client: str | None) -> None:
    """Count how often which card was overridden, and why (from CDS_DATABASE_URL).

    A reason with a published equivalent is followed by that code as system|code.
    """
    from cds_service.api import OVERRIDE_SYSTEM
    from cds_service.storage import Database, Store
    from fhir_mappings.packaged import default_policy
    from hooks.cards import plain

    with in_words(), closing(Database(settings_for(dev=False).database_url)) as database:
        reasons = default_policy().wording.override_reasons
        for row in Store(database).overrides(service=service, client=client):
            reason = reasons.get(row.reason_code) if row.reason_system in ("", OVERRIDE_SYSTEM) else None
            standard = "  {}|{}".format(*reason.standard) if reason and reason.standard else ""
            words = plain(row.reason_code) or "(no reason)"
            say(f"{row.times:6}  {row.service}  {row.topic or '(unknown card)'}  {words}{standard}")


@click.command(context_settings=HELP)
@click.option("--service", help="Only this service id.")
@click.option("--client", help="Only this trusted client, by its issuer.")
def feedback(service: str | None, client: str | None) -> None:
    """List what clinicians did with the cards, oldest first, with the client that told it (from CDS_DATABASE_URL).

    Comments are not printed: they are free text and may name a patient.
    """
    from cds_service.storage import Database, Store
    from hooks.cards import plain

    with in_words(), closing(Database(settings_for(dev=False).database_url)) as database:
        for row in Store(database).feedback(service=service, client=client):
            item = row.item
            what = plain(item.override_reason_code or "") or "(no reason)"
            if item.outcome == "accepted":
                what = (
                    f"{len(item.accepted_suggestions)} suggestion{'' if len(item.accepted_suggestions) == 1 else 's'}"
                )
            day = item.outcome_timestamp.isoformat(timespec="seconds")
            sender = f"  {row.client}" if row.client else ""
            say(f"{day}  {item.outcome:10}  {row.service}  {row.topic or '(unknown card)'}  {what}{sender}")
