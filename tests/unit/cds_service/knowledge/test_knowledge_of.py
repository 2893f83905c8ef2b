"""A folder of data files becomes knowledge and reasons, checked as the packaged files are, or is refused in words."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from cds_service.knowledge import knowledge_of, load_knowledge
from cds_service.settings import Settings
from fhir_mappings.data_files import DataFileError
from fhir_mappings.packaged import default_reasons, packaged_text


def put(folder: Path, name: str, old: str, new: str) -> Path:
    text = packaged_text(name)
    assert text.count(old) == 1
    (folder / f"{name}.toml").write_text(text.replace(old, new), "utf-8")
    return folder


def test_without_a_folder_it_is_what_the_service_loads() -> None:
    settings = Settings(public_url="https://cds.example", pages=frozenset({"reasons", "smart"}))
    found, loaded = knowledge_of(None, settings), load_knowledge(settings)
    # The vocabulary holds compiled patterns and indexes, which are no two times the same.
    assert replace(found.knowledge, vocabulary=loaded.vocabulary) == loaded
    assert found.knowledge.vocabulary.labs == loaded.vocabulary.labs
    assert found.reasons == default_reasons(loaded.policy)
    assert found.files.own == {}


def test_a_folder_changes_what_it_holds_and_nothing_else(tmp_path: Path) -> None:
    found = knowledge_of(put(tmp_path, "thresholds", "value = 10.2,", "value = 10.0,"), Settings())
    loaded = load_knowledge(Settings())
    assert [limits.calcium_high for _, limits in found.knowledge.policy.history.periods] == [10.0] * len(
        loaded.policy.history.periods
    )
    assert found.reasons.numbers["calcium_high"].values[-1].shown == "10 mg/dL"
    assert found.knowledge.queries == loaded.queries
    assert found.files.own == {"thresholds": "thresholds.toml"}


def test_a_shorter_window_makes_the_searches_look_back_less(tmp_path: Path) -> None:
    folder = put(tmp_path, "thresholds", "fresh = 100, usable = 180", "fresh = 100, usable = 170")
    days = {query.key: query.look_back_days for query in knowledge_of(folder, Settings()).knowledge.queries}
    packaged = {query.key: query.look_back_days for query in load_knowledge(Settings()).queries}
    assert {key: (packaged[key], days[key]) for key in days if days[key] != packaged[key]} == {"pth_alp": (180, 170)}


def test_a_folder_is_spelled_for_the_locale(tmp_path: Path) -> None:
    folder = put(tmp_path, "thresholds", "value = 10.2,", "value = 10.0,")
    american = knowledge_of(folder, Settings(locale="en-US"))
    assert "hypercalcemia" in str(american.knowledge.policy.drug_texts) + str(american.reasons.topics)


def test_every_fault_is_told_and_none_is_switched_off_by_a_folder(tmp_path: Path) -> None:
    put(tmp_path, "thresholds", "value = 12.0,", "value = 10.2,")
    put(tmp_path, "labs", '"17861-6" = "Calcium [Mass/volume] in Serum or Plasma"', '"17861-6" = "Albumin"')
    with pytest.raises(DataFileError) as refused:
        knowledge_of(tmp_path, Settings())
    said = refused.value.problems
    assert any(line.startswith("thresholds.toml: [calcium_high] 10.2 ") for line in said)
    assert any(
        line.startswith("labs.toml: analyte 1 (total_calcium): loinc.17861-6: must be the LOINC") for line in said
    )
