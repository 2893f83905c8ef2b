"""The counted alert burden as Markdown tables. `make burden` prints them.

What may live here: rows and columns, and the options of the command. What is counted stands in `burden`.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from time import perf_counter

from cds_service.demo.burden import OPENED, Burden, Clinic, counted
from cds_service.demo.population import population
from hooks import order_select, order_sign
from hooks.card import Indicator

CHARTS, SEED = 2000, 2026


def report(burden: Burden) -> str:
    """The counts as Markdown tables."""
    tables = (_key_figures, _interrupted_charts, _cards_by_hook, _opening_cards, _order_cards)
    return "\n\n".join(table(burden) for table in tables)


def _key_figures(burden: Burden) -> str:
    opening = sum(n for (hook, *_), n in burden.cards.items() if hook == OPENED)
    refused = sum(burden.refused.values())
    by = ", ".join(f"{topic} {n}" for topic, n in _most_first(burden.quiet_by))
    rows = [
        ("charts opened", burden.charts, burden.charts),
        ("cards when a chart is opened", opening, burden.charts),
        ("charts that open with an interruptive card (aim: at most 15 of 100)", burden.interrupted, burden.charts),
        ("quiet haemodialysis charts", burden.quiet, burden.charts),
        (
            f"quiet charts that open with an interruptive card (goal: 0){f': {by}' if by else ''}",
            burden.quiet_interrupted,
            burden.quiet,
        ),
        ("calls that were refused, over all hooks", refused, sum(burden.calls.values())),
    ]
    return _table(("figure", "count", "of 100"), [(what, str(n), _of_hundred(n, of)) for what, n, of in rows])


def _interrupted_charts(burden: Burden) -> str:
    rows = [(topic, str(n), _of_hundred(n, burden.charts)) for topic, n in _most_first(burden.opened_by)]
    return _table(("charts that open with an interruptive card, by its topic", "charts", "of 100"), rows)


def _cards_by_hook(burden: Burden) -> str:
    calls: Counter[str] = Counter()
    cards: Counter[tuple[str, Indicator]] = Counter()
    for (hook, _), n in burden.calls.items():
        calls[hook] += n
    for (hook, _, _, indicator), n in burden.cards.items():
        cards[hook, indicator] += n
    rows = [
        (hook, str(n), *(_count_and_share(cards[hook, indicator], n) for indicator in Indicator))
        for hook, n in calls.items()
    ]
    return _table(("hook", "calls", *(f"{indicator}: cards (per 100 calls)" for indicator in Indicator)), rows)


def _opening_cards(burden: Burden) -> str:
    found = [(n, topic, indicator) for (hook, _, topic, indicator), n in burden.cards.items() if hook == OPENED]
    rows = [
        (topic, indicator.value, str(n), _of_hundred(n, burden.charts))
        for n, topic, indicator in sorted(found, key=lambda row: (-row[0], row[1:]))
    ]
    return _table(("patient-view: topic", "indicator", "cards", "per 100 charts"), rows)


def _order_cards(burden: Burden) -> str:
    """One row for each kind of card on each new order, with both hooks side by side."""
    hooks = (order_select.HOOK, order_sign.HOOK)
    said = {(order, topic, indicator): 0 for (_, order, topic, indicator) in burden.cards if order}
    rows = []
    for order in dict.fromkeys(order for _, order in burden.calls if order):
        found = [
            (topic, indicator, [burden.cards.get((hook, order, topic, indicator), 0) for hook in hooks])
            for of, topic, indicator in said
            if of == order
        ]
        for topic, indicator, counts in sorted(found, key=lambda row: (-row[2][0], row)):
            pairs = zip(hooks, counts, strict=True)
            shares = (_count_and_share(n, burden.calls[hook, order]) for hook, n in pairs)
            rows.append((order, topic, indicator.value, *shares))
        rows += [] if found else [(order, "no card", "", "0", "0")]
    return _table(("new order", "topic", "indicator", *(f"{hook}: cards (per 100 orders)" for hook in hooks)), rows)


def _most_first(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def _of_hundred(count: int, of: int) -> str:
    return f"{100 * count / of:.1f}" if of else "–"


def _count_and_share(count: int, of: int) -> str:
    return f"{count} ({_of_hundred(count, of)})" if count else "0"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows))


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the burden of a population as Markdown."""
    parser = ArgumentParser(prog="python -m cds_service.demo.burden_report", description=main.__doc__)
    parser.add_argument("--charts", type=int, default=CHARTS, help=f"how many patients (default {CHARTS})")
    parser.add_argument("--seed", type=int, default=SEED, help=f"another seed, other patients (default {SEED})")
    parser.add_argument("--on", type=date.fromisoformat, help="the day; by default the one of the newest thresholds")
    options = parser.parse_args(arguments)
    begun, clinic = perf_counter(), Clinic.packaged(options.on)
    answers = (answer for facts in population(options.charts, options.seed) for answer in clinic.answers(facts))
    burden = counted(answers)
    print(f"{burden.charts} synthetic charts, seed {options.seed}, rules as on {clinic.on}\n")
    print(report(burden))
    print(f"\n{perf_counter() - begun:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
