"""What the try page shows of one message: how it was understood, its cards or its refusal, what we do not know in it.

What may live here: putting the parts together for the template. Nothing is kept of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urljoin

from cds_service.knowledge import Knowledge
from cds_service.tryout import (
    Choice,
    Judged,
    Made,
    Maker,
    NotUnderstood,
    Unknown,
    judge,
    read_sent,
    unknown_in,
    without_tokens,
)
from cds_service.web.cards import ShownCard, shown_card
from cds_service.web.curl import as_curl
from hooks.reasons import Reasons

LONGEST_CURL = 1_000_000
"""Characters of a command that a page shows, and a terminal takes."""


@dataclass(frozen=True, slots=True)
class Shown:
    """The answer to a message. `problem` says why there is none at all; then the other parts are empty.

    `text` is the message for the text field, without tokens; `cleaned` says that it differs from what was sent.
    """

    text: str = field(repr=False)
    cleaned: bool = False
    problem: str = ""
    made: Made | None = None
    judged: Judged | None = None
    cards: tuple[ShownCard, ...] = field(default=(), repr=False)
    unknown: Unknown = field(default=Unknown(), repr=False)
    curl: str = field(default="", repr=False)

    @property
    def words(self) -> str:
        """The answer in one line."""
        if self.judged is None:
            return "Not understood: nothing was judged"
        if self.judged.refusal is not None:
            return f"Refused ({self.judged.refusal.status}): nothing was judged"
        counts = Counter(card.word.lower() for card in self.cards)
        cards = [f"{times} {word} card{'' if times == 1 else 's'}" for word, times in counts.items()]
        return f"Judged: {', '.join(cards) or 'no cards'}"

    @property
    def well(self) -> bool:
        """Was it judged?"""
        return self.judged is not None and self.judged.refusal is None


@dataclass(frozen=True)
class Desk:
    """What messages are judged with. `reasons` belong to the policy of `knowledge`; `address` is that of this service,
    for cURL.
    """

    maker: Maker
    knowledge: Knowledge
    reasons: Reasons
    max_entries: int
    address: str

    def shown(self, text: str, choice: Choice, now: datetime) -> Shown:
        """The answer to what was pasted."""
        try:
            sent = read_sent(text.encode("utf-8", "replace"), now)
        except NotUnderstood as problem:
            return Shown(without_tokens(text), problem=str(problem))
        clean = without_tokens(text)
        cleaned = clean != text
        try:
            made = self.maker.made(sent, choice, now)
            judged = judge(made.body, self.knowledge, now, self.max_entries, self.reasons)
        except NotUnderstood as problem:
            return Shown(clean, cleaned, str(problem))
        return Shown(
            clean,
            cleaned,
            made=made,
            judged=judged,
            cards=tuple(shown_card(card, {}, "") for card in judged.cards),
            unknown=unknown_in(made.body, self.knowledge, now),
            curl=self._curl(judged.service, made.body),
        )

    def _curl(self, service: str, body: Mapping[str, Any]) -> str:
        command = as_curl(urljoin(self.address, f"cds-services/{service}"), body)
        return command if len(command) <= LONGEST_CURL else ""
