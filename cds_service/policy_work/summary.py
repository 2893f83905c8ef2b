"""What a change of policy brings, in a few sentences: totals first.

What may live here: counting patients by card, and words for the counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from cds_service.policy_work.becoming import shown
from cds_service.policy_work.changes import Change, Difference, Row
from cds_service.policy_work.examples import NO_EXAMPLE, Example
from cds_service.policy_work.identity import service
from cds_service.policy_work.patients import Source
from cds_service.policy_work.remarks import OWN_CODES
from hooks.card import Indicator

_PLURAL: Mapping[Source, tuple[str, str]] = {
    Source.SYNTHETIC: ("synthetic patient", "synthetic patients"),
    Source.STORY: ("story", "stories"),
    Source.OWN_STORY: ("story of yours", "stories of yours"),
    Source.BUNDLE: ("Bundle", "Bundles"),
}
_NAMED_FIRST = (Source.BUNDLE, Source.OWN_STORY, Source.SYNTHETIC, Source.STORY)
MOST_NAMES = 12
ONLY_WORDS = "the same card, and it says or offers something else"


@dataclass(frozen=True, slots=True)
class Group:
    """The rows of one card and one change, with the same indicators: who they are, and how many were played."""

    topic: str
    change: Change
    old: str
    new: str
    becomes: str
    rows: tuple[Row, ...]
    played: Mapping[Source, int]

    @property
    def card(self) -> str:
        """The card, and how urgent it is or becomes."""
        if not self.topic:
            return self.old if self.change is Change.NEITHER else f"{self.old} → {self.new}"
        if self.becomes:
            return f"{self.topic} ({self.old}) becomes {self.becomes} ({self.new})"
        return f"{self.topic} {f'{self.old} → {self.new}' if self.old and self.new else self.old or self.new}"

    @property
    def names(self) -> list[str]:
        """Who they are: patients of the reader's own first, and not more than a reader will read."""
        rows = sorted(self.rows, key=lambda row: _NAMED_FIRST.index(row.source))
        more = len(rows) - MOST_NAMES
        return [*map(_name, rows[:MOST_NAMES]), *([f"and {more:,} more, whom CSV and JSON name"] if more > 0 else [])]

    @property
    def count(self) -> str:
        """How many patients, by where they come from."""
        return counted(self.rows, self.played)

    @property
    def example(self) -> Example:
        """An old and a new sentence of the first patient of whom they may be shown."""
        return next((row.example for row in self.rows if row.example != NO_EXAMPLE), NO_EXAMPLE)


def groups(told: Difference, *changes: Change) -> list[Group]:
    """The rows of these kinds by card and change, in the order of the kinds, those with most patients first."""
    found: dict[tuple[str, Change, str, str, str], list[Row]] = {}
    for row in shown(told, *changes):
        old, new = ("", "") if row.change is Change.WORDS else (row.old, row.new)
        found.setdefault((row.topic, row.change, old, new, row.becomes), []).append(row)
    order = list(Change)
    made = [Group(*key, tuple(of_group), told.played) for key, of_group in found.items()]
    return sorted(made, key=lambda group: (order.index(group.change), -len(group.rows), group.topic))


def counted(rows: Iterable[Row], out_of: Mapping[Source, int]) -> str:
    """ "2 of 38 synthetic patients and 12 of 1,259 stories"; each counts once."""
    people = {(row.source, row.patient) for row in rows}
    return counted_sources({source: sum(source is one for one, _ in people) for source in Source}, out_of)


def counted_sources(counts: Mapping[Source, int], out_of: Mapping[Source, int] | None = None) -> str:
    """The same for counts; "" for nobody. Without `out_of`, of how many is not said: "12 stories"."""
    said = []
    for source in Source:
        if number := counts.get(source, 0):
            whole = out_of[source] if out_of else number
            of_whole = f"{number:,} of {whole:,}" if out_of else f"{number:,}"
            said.append(f"{of_whole} {_PLURAL[source][whole != 1]}")
    return _listed(said)


def in_words(told: Difference) -> list[str]:
    """The totals, each a sentence, and what else there is to know about them."""
    return [
        *totals(told),
        *_refusals(told),
        *_words(told),
        *_silence(told),
        *_left_out(told),
    ]


def totals(told: Difference) -> list[str]:
    """Who loses a critical card, whose card becomes another one, and who gains or loses one.

    All but the second are always there, so that no place is left empty.
    """
    return [_critical(told), *_becomes(told), _gains(told), _loses(told), _urgency(told)]


def no_forecast(told: Difference) -> str:
    """What the numbers of patients do not say."""
    said = "Stories and synthetic patients are test cases round the limits, and no forecast of how often cards come"
    return f"{said}." if told.played.get(Source.BUNDLE) else f"{said}: add --bundles for patients of your own."


def _name(row: Row) -> str:
    """A story is known by its title; of all others it is said where they come from, and when it is so."""
    return row.patient if row.source is Source.STORY else f"{row.patient} ({row.source.value}; {moments_of(row)})"


def moments_of(row: Row) -> str:
    """When it is so: "patient-view", "warfarin at order-select and order-sign"."""
    hooks: dict[str, list[str]] = {}
    for moment in row.moments:
        hooks.setdefault(moment.drug, []).append(moment.hook)
    return ", ".join(f"{drug} at {_listed(at)}" if drug else _listed(at) for drug, at in hooks.items())


def played(told: Difference) -> str:
    """What was played."""
    when = f"Played on {told.on}: {counted_sources(told.played)}, {told.calls:,} calls under each policy."
    if told.as_told:
        stories = "story stands" if told.as_told == 1 else "stories stand"
        when += f" {told.as_told:,} {stories} on a day of their own and were played on that day."
    return when


def compared_files(told: Difference) -> str:
    """Which service and which data files were compared."""
    old, new = told.digests
    return f"{service()}; SHA-256 of the data files: {old} until now, {new} new."


def _critical(told: Difference) -> str:
    """First of all: for whom a card is no longer critical, or no longer there."""
    found = [row for row in shown(told) if _had_critical(row) and row.new != Indicator.CRITICAL]
    if not found:
        return "In what was played, no critical card is lost or becomes less urgent."
    about = ", ".join(sorted({row.topic or "of patients who are no longer judged" for row in found}))
    s = _s(found)
    return f"Critical cards: {counted(found, told.played)} lose{s} one or see{s} it less urgent ({about})."


def _had_critical(row: Row) -> bool:
    if row.change is Change.REFUSED:
        return any(card.endswith(f" {Indicator.CRITICAL}") for card in row.old.split(", "))
    return row.old == Indicator.CRITICAL


def _becomes(told: Difference) -> list[str]:
    return [f"{group.count}: {group.card}." for group in groups(told, Change.BECOMES)]


def _gains(told: Difference) -> str:
    return _by_topic(told, Change.GAINS, "gain")


def _loses(told: Difference) -> str:
    return _by_topic(told, Change.LOSES, "lose")


def _by_topic(told: Difference, change: Change, verb: str) -> str:
    by_topic: dict[str, list[Row]] = {}
    for row in shown(told, change):
        by_topic.setdefault(row.topic, []).append(row)
    most_first = sorted(by_topic.items(), key=lambda pair: -len(pair[1]))
    said = [f"{counted(found, told.played)} {verb}{_s(found)} {about}" for about, found in most_first]
    return f"{'; '.join(said)}." if said else f"{nobody(told)} {verb}s a card."


def nobody(told: Difference) -> str:
    """ "Nobody", or nobody but those whose card becomes another one."""
    return "Nobody else" if shown(told, Change.BECOMES) else "Nobody"


def _s(rows: Iterable[Row]) -> str:
    return "s" if len({(row.source, row.patient) for row in rows}) == 1 else ""


def _urgency(told: Difference) -> str:
    found = groups(told, Change.INDICATOR)
    said = [f"{group.count} see{_s(group.rows)} {group.card}" for group in found]
    return f"{'; '.join(said)}." if said else "No card changes its indicator."


def _refusals(told: Difference) -> Iterator[str]:
    for kind in (Change.REFUSED, Change.JUDGED, Change.NEITHER):
        rows = told.of(kind)
        if rows:
            yield f"{counted(rows, told.played)} {'is' if _s(rows) else 'are'} {kind.value.removeprefix('is ')}."


def _words(told: Difference) -> Iterator[str]:
    rows = told.of(Change.WORDS)
    if rows:
        yield f"{counted(rows, told.played)} see{_s(rows)} {ONLY_WORDS}."


def _silence(told: Difference) -> Iterator[str]:
    """Why nothing changes although something is changed: a value holds later, or nobody played shows it."""
    waiting = [change for change in told.numbers if not change.in_force and change.elsewhere]
    for change in waiting:
        yield f"On {told.on} {change.key} is the same in both; {'; '.join(change.elsewhere)}."
    if not told.rows and (told.entries or len(told.numbers) > len(waiting)):
        yield "The files differ, and nobody who was played shows it: tell a story of your own about it."


def _left_out(told: Difference) -> Iterator[str]:
    """What is missing from the totals, or speaks against the new policy."""
    if told.own_codes and not told.played.get(Source.BUNDLE):
        yield f"{OWN_CODES}."
    if told.unread:
        yield f"{counted_sources({Source.BUNDLE: len(told.unread)})} could not be read and not be played."
    if told.failed:
        be = "does" if len(told.failed) == 1 else "do"
        yield f"{counted_sources({Source.OWN_STORY: len(told.failed)})} {be} not hold under the new policy."


def _listed(said: Sequence[str]) -> str:
    return " and ".join([", ".join(said[:-1]), said[-1]]) if len(said) > 1 else "".join(said)
