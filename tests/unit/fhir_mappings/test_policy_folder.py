"""A folder of data files: both layouts, the packaged file for each that is missing, and every slip named."""

from __future__ import annotations

from pathlib import Path

import pytest

from fhir_mappings.data_files import DataFileError
from fhir_mappings.packaged import PACKAGE_OF, packaged_text
from fhir_mappings.policy_folder import PACKAGED, folder_named, policy_files

PACKAGED_TEXTS = {name: packaged_text(name) for name in PACKAGE_OF}
CHANGED = PACKAGED_TEXTS["thresholds"].replace("value = 10.2,", "value = 10.0,")


def put(folder: Path, name: str, text: str = CHANGED) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, "utf-8")


def problems(folder: Path) -> list[str]:
    with pytest.raises(DataFileError) as refused:
        policy_files(folder)
    return list(refused.value.problems)


def test_without_a_folder_all_files_are_the_packaged_ones() -> None:
    files = policy_files(folder_named(PACKAGED))
    assert (files.texts, files.own) == (PACKAGED_TEXTS, {})


@pytest.mark.parametrize("name", ["thresholds.toml", "hooks/thresholds.toml"])
def test_a_file_of_either_layout_takes_the_place_of_the_packaged_one(name: str, tmp_path: Path) -> None:
    put(tmp_path, name)
    files = policy_files(folder_named(str(tmp_path)))
    assert files.texts == {**PACKAGED_TEXTS, "thresholds": CHANGED}
    assert files.own == {"thresholds": name}


def test_the_layouts_may_be_mixed_as_long_as_no_file_stands_twice(tmp_path: Path) -> None:
    put(tmp_path, "thresholds.toml")
    put(tmp_path, "fhir_mappings/labs.toml", PACKAGED_TEXTS["labs"])
    assert policy_files(tmp_path).own == {"thresholds": "thresholds.toml", "labs": "fhir_mappings/labs.toml"}
    put(tmp_path, "hooks/thresholds.toml")
    assert problems(tmp_path) == ["thresholds.toml: stands beside hooks/thresholds.toml: which of the two counts?"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("tresholds.toml", "tresholds.toml: there is no such data file; did you mean thresholds.toml?"),
        ("Thresholds.TOML", "Thresholds.TOML: there is no such data file; did you mean thresholds.toml?"),
        ("hooks/lab.toml", "hooks/lab.toml: there is no such data file; did you mean labs.toml?"),
        ("status_card.toml", "status_card.toml: there is no such data file; did you mean status_cards.toml?"),
        ("x.toml", "x.toml: there is no such data file"),
        ("hook/labs.toml", "hook/labs.toml: lies in the wrong place; did you mean fhir_mappings/labs.toml?"),
        ("hooks/drugs.toml", "hooks/drugs.toml: lies in the wrong place; did you mean fhir_mappings/drugs.toml?"),
    ],
)
def test_a_file_that_would_be_passed_over_in_silence_is_a_fault(name: str, said: str, tmp_path: Path) -> None:
    put(tmp_path, "wording.toml", PACKAGED_TEXTS["wording"])
    put(tmp_path, name)
    assert problems(tmp_path) == [said]


def test_stories_editors_and_other_files_in_the_folder_are_left_alone(tmp_path: Path) -> None:
    for name in ("stories/ours.toml", ".thresholds.toml.swp", ".#labs.toml", "README.md", "hooks/notes.txt"):
        put(tmp_path, name, "no toml")
    put(tmp_path, "hooks/thresholds.toml")
    assert policy_files(tmp_path).own == {"thresholds": "hooks/thresholds.toml"}


def test_a_folder_without_data_files_is_a_slip_and_not_the_packaged_policy(tmp_path: Path) -> None:
    put(tmp_path, "notes.txt")
    (said,) = problems(tmp_path)
    assert said.startswith(f"{tmp_path}: holds no data file (thresholds.toml, ")


def test_no_folder_and_a_file_in_its_place_are_told(tmp_path: Path) -> None:
    put(tmp_path, "policy")
    assert problems(tmp_path / "nowhere") == [f"{tmp_path}/nowhere: cannot be read (No such file or directory)"]
    assert problems(tmp_path / "policy") == [f"{tmp_path}/policy: cannot be read (Not a directory)"]


def test_a_file_that_cannot_be_read_is_told_and_so_are_the_faults_of_the_others(tmp_path: Path) -> None:
    (tmp_path / "labs.toml").symlink_to(tmp_path / "gone")
    put(tmp_path, "thresholds.toml", CHANGED.replace("value = 10.0,", "value = 2.55,"))
    unreadable, other = problems(tmp_path)
    assert unreadable == "labs.toml: cannot be read (No such file or directory)"
    assert other.startswith("thresholds.toml: [calcium_high] values[1].value: must be from 9 to 11.5, not 2.55")


HIGH = '{ since = 2003-10-01, value = 10.2, source = "KDOQI 2003, guideline 6" }'
LATER = '{ since = 2026-12-01, value = 10.0, source = "our protocol" }'


def test_a_new_value_whose_old_line_is_gone_would_hold_before_its_day_and_is_a_fault(tmp_path: Path) -> None:
    put(tmp_path, "thresholds.toml", PACKAGED_TEXTS["thresholds"].replace(HIGH, LATER))
    assert problems(tmp_path) == [
        "thresholds.toml: [calcium_high] the value from 2003-10-01 (10.2) is gone, and the first one begins "
        "2026-12-01: keep the old line"
    ]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "since = 2026-01-01, fresh = 365, usable = 365",
            "since = 2026-12-01, fresh = 200, usable = 200",
            "[windows.body_mass_index] the value from 2026-01-01 (used up to 365) is gone",
        ),
        (
            'since = 2026-01-01, value = 2, source = "ours; strongest',
            'since = 2026-12-01, value = 3, source = "ours; strongest',
            "[points.vitamin_k_antagonist] the value from 2026-01-01 (2) is gone",
        ),
        (
            '{ since = 2026-01-01, value = 3, source = "ours (heuristic, not validated)" },\n'
            "  { since = 2026-11-29, value = 4,",
            "{ since = 2026-12-01, value = 4,",
            "[suspected_score] the values from 2026-01-01 (3) and 2026-11-29 (4) are gone",
        ),
    ],
    ids=["a window", "points", "several values"],
)
def test_windows_points_and_several_lines_are_kept_alike(old: str, new: str, said: str, tmp_path: Path) -> None:
    assert PACKAGED_TEXTS["thresholds"].count(old) == 1
    put(tmp_path, "hooks/thresholds.toml", PACKAGED_TEXTS["thresholds"].replace(old, new))
    (line,) = problems(tmp_path)
    assert line.startswith(f"thresholds.toml: {said}, and the first one begins 2026-12-01: keep the old line")


@pytest.mark.parametrize(
    "new",
    [f"{HIGH}, {LATER}", HIGH.replace("10.2", "10.1"), LATER.replace("2026-12-01", "1999-01-01")],
    ids=["a line more", "another value on the same day", "an earlier day"],
)
def test_a_first_value_that_begins_no_later_is_no_fault(new: str, tmp_path: Path) -> None:
    put(tmp_path, "thresholds.toml", PACKAGED_TEXTS["thresholds"].replace(HIGH, new))
    assert policy_files(tmp_path).own == {"thresholds": "thresholds.toml"}


def test_a_window_under_another_name_is_known_by_what_it_is_about(tmp_path: Path) -> None:
    renamed = PACKAGED_TEXTS["thresholds"].replace("[windows.body_mass_index]", "[windows.size]")
    put(tmp_path, "thresholds.toml", renamed)
    assert policy_files(tmp_path).own == {"thresholds": "thresholds.toml"}
    put(
        tmp_path,
        "thresholds.toml",
        renamed.replace("since = 2026-01-01, fresh = 365", "since = 2026-12-01, fresh = 365"),
    )
    assert problems(tmp_path)[0].startswith(
        "thresholds.toml: [windows.size] the value from 2026-01-01 (used up to 365) is gone"
    )


@pytest.mark.parametrize(
    "copy",
    [
        "thresholds.toml.txt",
        "Thresholds.TOML.TXT",
        "thresholds.toml~",
        "thresholds.toml.bak",
        "thresholds (1).toml.orig",
        "thresholds.bak",
        "thresholds - Copy.txt",
        "Copy of thresholds.txt",
        "thresholds_2026-12-01.txt",
        "thresholds(1) - Copy (2).txt",
        "thresholds",
        "hooks/thresholds.toml.old",
    ],
)
def test_a_copy_that_is_no_toml_is_told_beside_the_file_and_a_fault_without_it(copy: str, tmp_path: Path) -> None:
    put(tmp_path, copy)
    put(tmp_path, "labs.toml", PACKAGED_TEXTS["labs"])
    assert problems(tmp_path) == [f"{copy}: is not used; did you mean thresholds.toml?"]
    put(tmp_path, "thresholds.toml")
    files = policy_files(tmp_path)
    assert files.unused == (f"{copy}: is not used: thresholds.toml is",)
    assert files.texts["thresholds"] == CHANGED


def test_a_copy_alone_is_named_beside_the_folder_that_holds_no_data_file(tmp_path: Path) -> None:
    put(tmp_path, "thresholds.toml.txt")
    empty, copy = problems(tmp_path)
    assert empty.startswith(f"{tmp_path}: holds no data file")
    assert copy == "thresholds.toml.txt: is not used; did you mean thresholds.toml?"


@pytest.mark.parametrize(
    "name", ["thresholds (1).toml", "thresholds.TOML", "thresholds_old.toml", "thresholds - Copy.toml"]
)
def test_a_copy_that_looks_like_toml_is_a_fault_beside_the_file_too(name: str, tmp_path: Path) -> None:
    put(tmp_path, "thresholds.toml")
    put(tmp_path, name)
    (said,) = problems(tmp_path)
    assert said.startswith(f"{name}: there is no such data file")


def test_notes_with_a_name_of_their_own_and_copies_in_other_folders_are_left_alone(tmp_path: Path) -> None:
    names = (
        "reasons.md",
        "labs.csv",
        "drugsheet.txt",
        "notes on labs.txt",
        "reasons for it.txt",
        ".thresholds.toml.swp",
        "old/labs.toml.bak",
    )
    for name in names:
        put(tmp_path, name)
    put(tmp_path, "thresholds.toml")
    assert policy_files(tmp_path).unused == ()
