"""A folder with some of the data files that clinicians own, in place of those that ship.

What may live here: which file of such a folder is which data file, and their texts beside the packaged ones. The folder
is laid out like the package (`hooks/thresholds.toml`) or flat (`thresholds.toml`). Reading it is I/O, and happens when
a command begins, never on a request.
"""

from __future__ import annotations

import difflib
import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fhir_mappings.data_files import DataFileError, text_of
from fhir_mappings.dropped_values import dropped_values
from fhir_mappings.knowledge_files import changed_data, knowledge_problems
from fhir_mappings.packaged import PACKAGE_OF, packaged_text
from fhir_mappings.site_changes import NO_CHANGES, Changes

PACKAGED = "packaged"
"""The word that stands for the files that ship, wherever a folder may be named."""

_ROOMS = frozenset(PACKAGE_OF.values())
_SUFFIX = ".toml"
_DIGITS = 12
_COPY = re.compile(
    rf"(?:copy of )?(?P<name>{'|'.join(PACKAGE_OF)})"
    r"(?:[ _-]+(?:\(\d+\)|copy|kopie|old|new|backup|v?\d+)|\(\d+\))*"
    r"(?:\.toml.*|\.(?:bak|old|orig|txt|tom|tml|save|tmp)|~?)$",
    re.IGNORECASE,
)
"""A data file's name with what editors, mail programs and people put behind it when they keep a copy."""


@dataclass(frozen=True, slots=True)
class PolicyFiles:
    """The text of each data file by its name ("labs"), and the path inside the folder of those that came from there.

    `unused` is a line for each copy or backup of such a file that lies beside it. `changes` are those of a clinic, read
    from the text `site`.
    """

    texts: Mapping[str, str]
    own: Mapping[str, str]
    unused: tuple[str, ...] = ()
    changes: Changes = NO_CHANGES
    site: str = ""

    def data(self, name: str) -> dict[str, Any]:
        """The values of the file of this name with the clinic's changes, where no file has a fault."""
        return changed_data(name, self.texts, self.changes)

    @property
    def digest(self) -> str:
        """The first digits of a SHA-256 over all data files, packaged ones and a clinic's: it names this policy."""
        whole = hashlib.sha256()
        files = {f"{name}.toml": text for name, text in sorted(self.texts.items())}
        for name, text in (files | ({"site policy": self.site} if self.site else {})).items():
            content = text.encode("utf-8", "surrogateescape")
            whole.update(f"{name} {len(content)}\n".encode() + content)
        return whole.hexdigest()[:_DIGITS]


def policy_files(folder: Path | None) -> PolicyFiles:
    """The files of a folder, and the packaged one for each that is missing there; None is a folder without files.

    Raises:
        DataFileError: the folder cannot be read, holds no data file, one twice, or a *.toml that is none, or its
            thresholds have lost their first value, or a file is called almost as a data file that is missing. Every
            such problem is named, and with it every fault of the files; where there is none, only their readers tell
            those.
    """
    texts = {name: packaged_text(name) for name in PACKAGE_OF}
    if folder is None:
        return PolicyFiles(texts, {})
    own, problems = _found(folder)
    copies = _copies(folder)
    problems += [f"{path}: is not used; did you mean {name}{_SUFFIX}?" for path, name in copies if name not in own]
    for name, inside in own.items():
        try:
            texts[name] = text_of((folder / inside).read_bytes())
        except OSError as error:
            problems.append(f"{inside}: cannot be read ({error.strerror})")
    if "thresholds" in own:
        problems += dropped_values(texts["thresholds"], packaged_text("thresholds"))
    if problems:
        raise DataFileError([*problems, *knowledge_problems(texts)])
    unused = [f"{path}: is not used: {own[name]} is" for path, name in copies]
    return PolicyFiles(texts, own, tuple(unused))


def folder_named(word: str) -> Path | None:
    """The folder of this name; None for the word that stands for the packaged files."""
    return None if word == PACKAGED else Path(word)


def _found(folder: Path) -> tuple[dict[str, str], list[str]]:
    """The data files of a folder by name, as paths inside of it, and what is wrong with what lies there."""
    try:
        files = sorted(path.relative_to(folder) for path in _toml_files(folder))
    except OSError as error:
        return {}, [f"{folder}: cannot be read ({error.strerror})"]
    if not files:
        names = ", ".join(f"{name}{_SUFFIX}" for name in PACKAGE_OF)
        return {}, [f"{folder}: holds no data file ({names}), neither by itself nor in {_rooms()}"]
    found: dict[str, str] = {}
    problems: list[str] = []
    for path in files:
        name, room = path.name.removesuffix(_SUFFIX), path.parent.name
        problem = _problem(name, room)
        if problem is None and name not in PACKAGE_OF:
            continue
        if problem is None and name in found:
            problem = f"stands beside {found[name]}: which of the two counts?"
        if problem is None:
            found[name] = str(path)
        else:
            problems.append(f"{path}: {problem}")
    return found, problems


def _toml_files(folder: Path) -> Iterator[Path]:
    """Everything of a folder and the folders in it that looks like TOML."""
    return (file for file in _files(folder) if file.name.lower().endswith(_SUFFIX))


def _files(folder: Path) -> Iterator[Path]:
    """Everything of a folder and the folders in it; what is hidden is an editor's."""
    for path in folder.iterdir():
        for file in path.iterdir() if path.is_dir() else (path,):
            if not file.name.startswith("."):
                yield file


def _copies(folder: Path) -> list[tuple[Path, str]]:
    """What is called almost as a data file and is no TOML, where such a file may lie; each with the name meant.

    Editors and mail programs make "thresholds.toml.txt" or "thresholds (1).bak" of it.
    """
    try:
        files = sorted(path.relative_to(folder) for path in _files(folder))
    except OSError:
        return []
    near = [(path, _COPY.match(path.name)) for path in files if path.parent.name in ("", *_ROOMS)]
    return [(path, found["name"].lower()) for path, found in near if found and path.suffix.lower() != _SUFFIX]


def _problem(name: str, room: str) -> str | None:
    """What is wrong with a file of this name in this room ("" for none); None where nothing is, or it is not ours."""
    if name in PACKAGE_OF:
        home = PACKAGE_OF[name]
        return None if room in ("", home) else f"lies in the wrong place; did you mean {home}/{name}{_SUFFIX}?"
    if room not in ("", *_ROOMS):
        return None
    near = difflib.get_close_matches(name.lower(), PACKAGE_OF, n=1)
    meant = f"; did you mean {near[0]}{_SUFFIX}?" if near else ""
    return f"there is no such data file{meant}"


def _rooms() -> str:
    return " or ".join(f"{room}/" for room in sorted(_ROOMS))
