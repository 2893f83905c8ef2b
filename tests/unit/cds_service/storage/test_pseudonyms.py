"""The same person has the same name in the log, another one elsewhere, and nobody goes back without the key."""

import stat
from pathlib import Path

import pytest

from cds_service.storage.pseudonyms import Pseudonyms, SecretError, read_keys, rotated, write_keys

OLD, NEW = b"o" * 32, b"n" * 32


def test_without_a_key_nobody_has_a_name() -> None:
    assert Pseudonyms().of("patient", "urn:ehr", "p-1") is None
    assert Pseudonyms().all_of("patient", "urn:ehr", "p-1") == []


def test_the_same_person_has_the_same_name() -> None:
    assert Pseudonyms([NEW]).of("patient", "urn:ehr", "p-1") == Pseudonyms([NEW]).of("patient", "urn:ehr", "p-1")


@pytest.mark.parametrize(
    "parts",
    [
        ("user", "urn:ehr", "p-1"),
        ("patient", "urn:other", "p-1"),
        ("patient", "urn:ehr", "p-2"),
        ("patient", "urn:ehrp", "-1"),
    ],
)
def test_another_person_another_role_and_another_ehr_give_another_name(parts: tuple[str, ...]) -> None:
    assert Pseudonyms([NEW]).of(*parts) != Pseudonyms([NEW]).of("patient", "urn:ehr", "p-1")


def test_a_name_holds_nothing_of_the_person() -> None:
    name = Pseudonyms([NEW]).of("patient", "urn:ehr", "Zephyrine") or ""
    assert "Zephyrine" not in name
    assert len(name) == 8 + 1 + 64


def test_with_another_key_the_name_is_another() -> None:
    before, after = Pseudonyms([OLD]).of("patient", "", "p-1"), Pseudonyms([NEW]).of("patient", "", "p-1")
    assert before is not None
    assert after is not None
    assert before.partition(":")[0] != after.partition(":")[0], "the key is named"
    assert before.partition(":")[2] != after.partition(":")[2]


def test_after_a_rotation_the_newest_key_names_and_all_find() -> None:
    before = Pseudonyms([OLD]).of("patient", "", "p-1")
    rotating = Pseudonyms([NEW, OLD])
    assert rotating.of("patient", "", "p-1") != before
    assert rotating.all_of("patient", "", "p-1") == [Pseudonyms([NEW]).of("patient", "", "p-1"), before]


def test_a_rotation_puts_a_new_key_first_and_keeps_three() -> None:
    keys = rotated([])
    for _ in range(5):
        before, keys = keys, rotated(keys)
        assert keys[1:] == before[:3]
        assert keys[0] not in before
    assert len(keys) == 4


def test_any_text_can_be_named() -> None:
    assert Pseudonyms([NEW]).of("patient", "", "\ud800\x00é") is not None


# ------------------------------------------------------------------ the file
@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "secret"


def test_keys_come_back_from_their_file_which_only_we_can_read(file: Path) -> None:
    write_keys(file, [NEW, OLD])
    assert read_keys(file) == [NEW, OLD]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(file.parent.iterdir()) == [file]


def test_remarks_and_empty_lines_are_passed_over(file: Path) -> None:
    file.write_text(f"# made in November\n\n{NEW.hex()}  # the newest\n{OLD.hex()}\n")
    file.chmod(0o600)
    assert read_keys(file) == [NEW, OLD]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "there is no key in it"),
        ("# nothing\n", "there is no key in it"),
        (f"{NEW.hex()}\n{OLD.hex()[1:]}\n", "line 2 is no key of 64 hexadecimal digits"),
        (f"{NEW.hex().upper()}\n", "line 1 is no key"),
        ("naïve\n", "line 1 is no key"),
    ],
)
def test_a_file_that_is_no_list_of_keys_is_refused_without_repeating_it(text: str, words: str, file: Path) -> None:
    file.write_text(text, encoding="utf-8")
    file.chmod(0o600)
    with pytest.raises(SecretError, match=words) as refused:
        read_keys(file)
    assert OLD.hex()[1:] not in str(refused.value)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666])
def test_a_file_that_others_can_read_is_no_secret(mode: int, file: Path) -> None:
    write_keys(file, [NEW])
    file.chmod(mode)
    with pytest.raises(SecretError, match="chmod 600"):
        read_keys(file)


def test_a_file_that_is_not_there_says_so(file: Path) -> None:
    with pytest.raises(SecretError, match=r"secret: cannot be read \(No such file or directory\)"):
        read_keys(file)


def test_a_folder_that_cannot_be_written_leaves_the_keys_as_they_are(file: Path) -> None:
    with pytest.raises(SecretError, match="cannot be written"):
        write_keys(file / "below" / "nothing", [NEW])
