"""Entries of the problem list that look like a skin sign, or like calciphylaxis, and are no sign today.

What may live here: why such an entry does not count, in words. Which signs count is decided in `skin_signs`.
"""

from __future__ import annotations

from collections.abc import Iterator

from hooks.cards import exact, listed, unescaped
from hooks.chart import Condition
from hooks.explain.explanation import Fact
from hooks.explain.facts import FactTeller
from hooks.skin_signs import EXPLAIN_INDURATION, EXPLAINED, FOOT_ULCER, LEVELS, REFUTED, Reading

HISTORY, CELLULITIS = "calciphylaxis_history", "cellulitis"
_NAMES = {FOOT_ULCER: "foot or heel ulcer", CELLULITIS: "cellulitis"}
_SAID = {
    FOOT_ULCER: "alone it is no sign",
    HISTORY: "past calciphylaxis is no sign",
    REFUTED: "calciphylaxis that was excluded is no sign",
}


def near_signs(teller: FactTeller) -> Iterator[Fact]:
    """Each such entry with the reason why it does not count."""
    patient = teller.patient
    counted = {id(sign.condition) for sign in patient.signs.signs}
    active = [entry for entry in patient.chart.conditions if entry.active]
    reading = Reading(active, patient.on, patient.limits)
    explained = next(patient.chart.active(*EXPLAIN_INDURATION), None)
    for entry in patient.chart.conditions:
        names = [name for name in entry.concepts if name in LEVELS or name in _NAMES or name in _SAID]
        if names and id(entry) not in counted:
            (told,) = teller.facts(entry)
            why = _why(entry, names, reading, explained, teller)
            yield Fact(f"no sign today: {told.says}: {_named(names, teller)}; {why}", told.how)


def _named(names: list[str], teller: FactTeller) -> str:
    signs = teller.policy.wording.signs
    return listed(signs.get(name, _NAMES.get(name, "calciphylaxis")) for name in names)


def _why(entry: Condition, names: list[str], reading: Reading, explained: Condition | None, teller: FactTeller) -> str:
    limits = teller.patient.limits
    if not entry.active and HISTORY not in names and REFUTED not in names:
        return "not active"
    if explained is not None and EXPLAINED.issuperset(names):
        return f"explained by {unescaped(teller.words.condition(explained))}"
    said = next((_SAID[name] for name in names if name in _SAID), "")
    if not said and reading.is_old(entry):
        return f"older than {exact(limits.sign_days)} days, and not said to be still active"
    if not said and CELLULITIS in names:
        return f"two episodes within {exact(limits.cellulitis_days)} days make a sign"
    return said or "another sign stands for it"
