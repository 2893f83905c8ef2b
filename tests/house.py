"""The house as its imports draw it: rooms, arrows between them, floors, circles. `python -m tests.house` prints them.

What may live here: reading imports from source and working out the picture. The architecture test decides
which arrows are allowed.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
STOREYS = ("hooks", "fhir_mappings", "cds_service")
"""From the bottom up."""
OPEN_HALL = "cds_service"
"""The folder whose single modules are rooms, because each has its own subject."""
AT_ONCE, LAZILY, FOR_TYPES = "at once", "lazily", "for types"
KINDS = (AT_ONCE, LAZILY, FOR_TYPES)
"""When an import is carried out: with its module, inside a function, never (only a type checker follows it)."""

Arrow = tuple[str, str]
Graph = Mapping[str, set[str]]


@dataclass(frozen=True, slots=True)
class House:
    """A tree of source below `root`, whose top folders are `storeys`."""

    root: Path = ROOT
    storeys: Sequence[str] = STOREYS


OURS = House()


@cache
def modules(house: House = OURS) -> dict[str, Path]:
    """Every module by its dotted name; a package by the name of its folder."""
    found = (module for storey in house.storeys for module in sorted((house.root / storey).rglob("*.py")))
    return {name_of(module, house): module for module in found}


def name_of(module: Path, house: House = OURS) -> str:
    """hooks/labs.py → hooks.labs"""
    parts = module.relative_to(house.root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def parsed(module: Path) -> ast.Module:
    """A module's source as a tree."""
    return ast.parse(module.read_text(encoding="utf-8"), filename=str(module))


def uses(name: str, house: House = OURS) -> Iterator[tuple[str, str]]:
    """The modules of the house that this module imports, and when."""
    named = modules(house)
    for imported, kind in imports(parsed(named[name])):
        known = _known(imported, named)
        if known:
            yield known, kind


def rooms(house: House = OURS) -> list[str]:
    """Every folder with Python, and every single module of the open hall, by its dotted name."""
    return sorted({room_of(module, house) for module in modules(house).values()})


def room_of(module: Path, house: House = OURS) -> str:
    """hooks/cards/facts.py lies in hooks.cards, cds_service/app.py is a room by itself."""
    folder = ".".join(module.relative_to(house.root).parent.parts)
    return name_of(module, house) if folder == OPEN_HALL else folder


def arrows(house: House = OURS) -> dict[Arrow, str]:
    """Which room imports which, wherever in a file the import stands, and when it is carried out at the earliest."""
    found: dict[Arrow, str] = {}
    named = modules(house)
    for name, module in named.items():
        here = room_of(module, house)
        for other, kind in uses(name, house):
            there = room_of(named[other], house)
            if there != here:
                found[here, there] = min(kind, found.get((here, there), kind), key=KINDS.index)
    return found


def imports(tree: ast.AST, kind: str = AT_ONCE) -> Iterator[tuple[str, str]]:
    """Every imported name in full, and when it is imported."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, kind) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield from ((f"{node.module}.{alias.name}", kind) for alias in node.names)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield from imports(node, LAZILY if kind == AT_ONCE else kind)
        elif isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            yield from imports(ast.Module(body=node.body, type_ignores=[]), FOR_TYPES)
            yield from imports(ast.Module(body=node.orelse, type_ignores=[]), kind)
        else:
            yield from imports(node, kind)


def is_one_hall(room: str, other: str) -> bool:
    """A folder and the rooms inside it are one hall: its modules and theirs may use each other."""
    return f"{room}.".startswith(f"{other}.") or f"{other}.".startswith(f"{room}.")


def circles(house: House = OURS) -> list[list[str]]:
    """Rooms that reach each other, outside one hall; each circle once, by name."""
    return _circles(_between_halls(house))


def module_circles(house: House = OURS) -> list[list[str]]:
    """Modules that reach each other, in one room or in several."""
    return _circles({name: {other for other, _ in uses(name, house)} for name in modules(house)})


def upward(house: House = OURS) -> list[Arrow]:
    """Arrows from a storey to one above it."""
    storey = {name: number for number, name in enumerate(house.storeys)}
    return sorted((room, used) for room, used in arrows(house) if storey[_top(room)] < storey[_top(used)])


def floors(house: House = OURS) -> dict[str, int]:
    """The floor of each room: one above the highest room that it uses outside its hall; the ground is 1.

    Rooms of one circle share a floor.
    """
    graph = _between_halls(house)
    circle_of = {room: circle for circle in map(frozenset, circles(house)) for room in circle}

    @cache
    def floor(group: frozenset[str]) -> int:
        below = {other for room in group for other in graph[room]} - group
        return 1 + max((floor(circle_of.get(other, frozenset({other}))) for other in below), default=0)

    return {room: floor(circle_of.get(room, frozenset({room}))) for room in graph}


def picture(house: House = OURS) -> Iterator[str]:
    """The house in lines of text, the top floor first."""
    drawn, heights, going_up = arrows(house), floors(house), upward(house)
    round_about = [*circles(house), *module_circles(house)]
    yield (
        f"{len(heights)} rooms, {max(heights.values())} floors, {len(drawn)} arrows, {len(going_up)} upward, "
        f"{len(circles(house))} circles of rooms, {len(module_circles(house))} of modules"
    )
    for height in sorted(set(heights.values()), reverse=True):
        yield f"\nfloor {height}"
        for room in (room for room in heights if heights[room] == height):
            yield f"  {room}"
            yield from _ways(room, drawn)
    yield from (f"\nUPWARD: {room} -> {used}" for room, used in going_up)
    yield from (f"\nCIRCLE: {', '.join(circle)}" for circle in round_about)


def _ways(room: str, drawn: Mapping[Arrow, str]) -> Iterator[str]:
    for kind in KINDS:
        others = [used for (user, used), how in sorted(drawn.items()) if user == room and how == kind]
        if others:
            yield f"    {'' if kind == AT_ONCE else kind + ' '}-> {', '.join(others)}"


def _known(imported: str, named: Mapping[str, Path]) -> str | None:
    """`hooks.labs.Labs` is in hooks.labs; `hooks.labs` is that module itself, not something in hooks."""
    names = (imported, imported.rpartition(".")[0])
    return next((name for name in names if name in named), None)


def _between_halls(house: House) -> Graph:
    graph: dict[str, set[str]] = {room: set() for room in rooms(house)}
    for room, used in arrows(house):
        if not is_one_hall(room, used):
            graph[room].add(used)
    return graph


def _circles(graph: Graph) -> list[list[str]]:
    reached = {start: _reached(graph, start) for start in graph}
    found = {frozenset(other for other in reached[start] if start in reached[other]) for start in graph}
    return sorted(sorted(circle) for circle in found if circle)


def _reached(graph: Graph, start: str) -> set[str]:
    """Where the arrows lead from here; `start` itself only when some way leads back."""
    found: set[str] = set()
    ahead = [start]
    while ahead:
        new = graph[ahead.pop()] - found
        found |= new
        ahead += new
    return found


def _top(room: str) -> str:
    return room.partition(".")[0]


def main() -> None:
    """Print the picture of this project."""
    print("\n".join(picture()))


if __name__ == "__main__":
    main()
