"""A message from a file, for `invoke` and `explain`; and judging it in this process, or by a running service.

What may live here: from a message to its answer. What a message means is decided in `cds_service/tryout/`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import click

from cds_service.commands.common import Refused, in_words, say, settings_for

if TYPE_CHECKING:
    from datetime import datetime

    from cds_service.ehr_client import Exchange
    from cds_service.knowledge import Knowledge
    from cds_service.settings import Settings
    from cds_service.tryout import Made

Cards = list[dict[str, Any]]

_REFUSALS = (400, 412, 413)


@dataclass(frozen=True)
class Message:
    """A message and what was chosen beside it; `sent` None stands for the example of that name.

    `where` is the option that named it, with its value.
    """

    sent: bytes | None = field(repr=False)
    where: str
    example: str
    hook: str
    drugs: tuple[str, ...]
    patient: str

    def judged(self, cds: str | None) -> Cards:
        """The cards; a service at `cds` is asked by HTTP. What was done to the message is said on standard error."""
        from cds_service.clock import utc_now
        from cds_service.knowledge import load_knowledge

        settings, now = settings_for(dev=True), utc_now()
        with in_words():
            knowledge = load_knowledge(settings)
        made = self.made(knowledge, now)
        return _by_service(made, cds) if cds else self._here(made, knowledge, settings, now)

    def made(self, knowledge: Knowledge, now: datetime) -> Made:
        """The request that it stands for; what was done to it is said on standard error."""
        made = self._made(knowledge, now)
        for remark in made.remarks:
            say(remark, err=True)
        return made

    def _here(self, made: Made, knowledge: Knowledge, settings: Settings, now: datetime) -> Cards:
        import logging

        from cds_service.tryout import NotUnderstood, judge

        # What the service writes into its log for a failed look-up stands in the answer.
        logging.getLogger("cds_service").addHandler(logging.NullHandler())
        try:
            answer = judge(made.body, knowledge, now, settings.max_entries)
        except NotUnderstood as problem:
            raise click.ClickException(f"{self.where}: {problem}") from None
        if answer.refusal is not None:
            raise _refused(answer.refusal.status, answer.refusal.message)
        return [dict(card) for card in answer.cards]

    def _made(self, knowledge: Knowledge, now: datetime) -> Made:
        from cds_service.tryout import Choice, Maker, NotUnderstood, load_examples, read_sent

        sent, hook, drugs = self.sent, self.hook, self.drugs
        if sent is None:
            example = next((one for one in load_examples() if one.name == self.example), None)
            if example is None:
                raise click.UsageError(f"there is no example {self.example}; calciphylaxis-cds examples lists them")
            sent, hook, drugs = example.text(now).encode(), hook or example.hook, drugs or example.drugs
        try:
            return Maker(knowledge).made(read_sent(sent, now), Choice(hook, drugs, self.patient), now)
        except NotUnderstood as problem:
            raise click.ClickException(f"{self.where}: {problem}") from None


def cards_in(answer: Exchange) -> Cards:
    """The cards of a service's answer.

    Raises:
        Refused: the service refused to judge.
        EhrError: it answered with anything else.
    """
    from cds_service.ehr_client import cards_of

    if answer.status in _REFUSALS:
        raise _refused(answer.status, answer.diagnostics)
    return cards_of(answer)


def _refused(status: int, why: str) -> Refused:
    return Refused(f"refused ({status}): {why}. This is not an all-clear: nothing was judged")


def _by_service(made: Made, cds: str) -> Cards:
    from cds_service.ehr_client import Ehr

    ehr = Ehr(cds, "")
    return cards_in(ehr.send(ehr.service_for(str(made.body["hook"])), made.body))
