"""Skin signs in words: the sign, its place, and what denies it."""

from __future__ import annotations

import pytest

from hooks.chart import Sign
from tests.unit.fhir_mappings.entries import concepts, read, some
from tests.unit.fhir_mappings.resources import ICD10_CM, ICD10_GM, ICD10_WHO, SNOMED, condition

SIGNS = (
    *("skin_induration", "livedo", "painful_lesion", "local_wound", "skin_necrosis", "gangrene", "gangrene_acral"),
    *("gangrene_pad", "skin_ulcer", "skin_texture"),
)
TEXTURE = (ICD10_CM, "R23.4", "Changes in skin texture")


def signs(text: str) -> str:
    return some(text, *SIGNS)


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        ("Hardening of leg skin", "skin_induration"),
        ("hard skin", "skin_induration"),
        ("skin of both calves hardened", "skin_induration"),
        ("hardening of the lower leg skin", ""),
        ("Skin, hard", "skin_induration"),
        ("hardware under skin", ""),
        ("Woody oedema", "skin_induration"),
        ("indurated thighs", "skin_induration"),
        ("Induration", "skin_induration"),
        ("Induration of the breast", ""),
        ("Indurated breasts", ""),
        ("Induration of the prostate", ""),
        ("prostatic induration", ""),
        ("Indurated lymph nodes", ""),
        ("Induration around catheter exit site", ""),
        ("Indurated abscess of the forearm", ""),
        ("Abscess of the forearm, induration of the thigh", "skin_induration"),
        ("Woody skin near the exit site", "skin_induration"),
        ("Livedo racemosa", "livedo"),
        ("Livedoid vasculopathy", ""),
        ("Retiform purpura, both thighs", "livedo"),
        ("Reticulated skin", "livedo"),
        ("Dusky plaques of abdomen", "livedo"),
        ("lesions that are dusky", "livedo"),
        ("dusky toenail", ""),
        ("violaceous", "painful_lesion"),
        ("Mottled skin over abdomen", "painful_lesion"),
        ("painful plaques", "painful_lesion"),
        ("Tender plaques on both calves", "painful_lesion"),
        ("Painful non-healing ulcers", "painful_lesion"),
        ("painful, non-healing wound", "painful_lesion"),
        ("painful nodule", "painful_lesion"),
        ("wounds, left leg, painful", "painful_lesion"),
        ("wound that is very painful", "painful_lesion"),
        ("Leg ulcer, painful knee", "skin_ulcer"),
        ("painful knee", ""),
        ("mottled", ""),
        ("Painful slowly growing purple lesion", "painful_lesion"),
        ("Painful slowly growing deep purple lesion", ""),
        ("Black eschar, left thigh", "skin_necrosis"),
        ("Eschars over both thighs", "skin_necrosis"),
        ("necrotic skin", "skin_necrosis"),
        ("skin-necrosis", "skin_necrosis"),
        ("Penile necrosis", "skin_necrosis"),
        ("Necrosis of skin of breast", "skin_necrosis"),
        ("necrotic plaque", "skin_necrosis"),
        ("Necrotising lesions", "skin_necrosis"),
        ("Bone necrosis", ""),
        ("Papillary necrosis", ""),
        ("Gangrene of left thigh", "gangrene"),
        ("gangrenous calf", "gangrene"),
        ("Gangrene", "gangrene"),
        ("Pyoderma gangrenosum", ""),
        ("Gangrenous appendicitis", ""),
        ("Gangrenous cholecystitis", ""),
        ("gangrene of the gallbladder", ""),
        ("Umbilical hernia with gangrene", ""),
        ("Gangrenous colon", ""),
        ("bowel gangrene", ""),
        ("intestinal gangrene", ""),
        ("Gangrene of dental pulp", ""),
        ("Leg ulcer", "skin_ulcer"),
        ("ulcers of both calves", "skin_ulcer"),
        ("Ulcer of skin", "skin_ulcer"),
        ("ulcer of the left hip", "skin_ulcer"),
        ("Non-pressure chronic ulcer of left calf", "skin_ulcer"),
        ("Ulcer of the toe", ""),
        ("Skin ulcer of the foot", ""),
        ("skin ulcer, left heel", "skin_ulcer"),
        ("Stage 3 pressure ulcer of the hip", ""),
        ("Decubitus ulcer of buttock", ""),
        ("Peptic ulcer", ""),
        ("Hypertension", ""),
    ],
)
def test_signs_are_read_from_the_words(text: str, sign: str) -> None:
    assert signs(text) == sign


@pytest.mark.parametrize(("words", "counts"), [("one two three", True), ("one two three four", False)])
def test_up_to_three_words_may_stand_between(words: str, counts: bool) -> None:
    assert (signs(f"painful {words} ulcer") == "painful_lesion") is counts
    assert (signs(f"ulcer {words} painful") == "painful_lesion") is counts


def test_a_hyphenated_word_is_one_word() -> None:
    assert signs("painful one-two-three four five ulcer") == "painful_lesion"


def test_a_sign_does_not_reach_over_the_end_of_a_sentence() -> None:
    for end in (".", ";", ":", " but", " with"):
        assert signs(f"painful{end} lesion") == ""


# ---------------------------------------------------------------- denial
@pytest.mark.parametrize(
    "text",
    [
        "no livedo",
        "No pain on walking and today no livedo",
        "livedo excluded",
        "Livedo was ruled out",
        "skin is not hard",
        "denies painful lesions",
        "Rule out livedo",
        "r/o skin necrosis",
        "livedo r/o",
        "risk of skin necrosis",
        "Risk assessment livedo",
        "Livedo risk",
        "family history of livedo",
        "kein Livedo",
        "Skin necrosis of the calf, ruled out",
        "Livedo; excluded",
        "livedo. Ausgeschlossen",
        "not healing but no eschar",
    ],
)
def test_a_denial_in_the_clause_or_at_the_beginning_of_the_next_one(text: str) -> None:
    assert signs(text) == ""


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        ("no pain, livedo", "livedo"),
        ("non-healing eschar", "skin_necrosis"),
        ("Not healing painful wound", "painful_lesion"),
        ("No improvement of painful wounds", "painful_lesion"),
        ("No change of livedo", "livedo"),
        ("livedo not excluded", "livedo"),
        ("livedo not ruled out", "livedo"),
        ("livedo cannot be excluded", "livedo"),
        ("suspected livedo", "livedo"),
        ("History of livedo", "livedo"),
        ("Healed leg ulcer", "skin_ulcer"),
        ("Livedo, suspected", "livedo"),
        ("Livedo, unlikely", "livedo"),
        ("Livedo but ruled out", "livedo"),
    ],
)
def test_only_the_first_line_of_the_words_around_a_name_holds_for_signs(text: str, sign: str) -> None:
    assert signs(text) == sign


# ---------------------------------------------------------------- other places
@pytest.mark.parametrize(
    "text",
    [
        "Painful mouth ulcer",
        "Painful oral lesion",
        "Painful aphthous ulcer",
        "Painful corneal ulcer",
        "painful ulcer of cornea",
        "Painful gastric ulcer",
        "Painful peptic ulcer",
        "Painful duodenal ulcer",
        "Tender lesion in the rectal area",
        "Painful anal lesion",
        "painful vaginal ulcer",
        "PPD 12 mm induration",
        "tuberculin induration",
        "Mantoux induration 10 mm",
        "Induration of the injection site",
        "Induratio penis plastica",
        "Peyronie induration",
        "Hardened skin over AV fistula",
        "Hardened skin over AV graft",
        "Woody lymphedema of the leg",
        "woody lymphoedema",
        "Painful lung lesion",
        "Painful liver lesion",
        "Painful bone lesion",
        "Painful ulcer of the mouth",
        "Gangrene and necrosis of lung",
    ],
)
def test_a_sign_at_another_place_is_none(text: str) -> None:
    assert signs(text) == ""


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        ("Skin necrosis after starting oral anticoagulant", "skin_necrosis"),
        ("Skin necrosis after oral iron", "skin_necrosis"),
        ("skin necrosis on oral steroids", "skin_necrosis"),
        ("Livedo on oral antibiotics", "livedo"),
        ("Necrotic ulcer down to bone", "skin_necrosis"),
        ("necrotic wound to the bone", "skin_necrosis"),
        ("Skin necrosis in liver failure", "skin_necrosis"),
        ("Livedo and liver failure", "livedo"),
        ("Painful mouth ulcer, violaceous plaques of the thighs", "painful_lesion"),
        ("Violaceous one two three four fistula", "painful_lesion"),
        ("Tuberculin test with induration", "skin_induration"),
    ],
)
def test_what_only_sounds_like_another_place_is_none(text: str, sign: str) -> None:
    assert signs(text) == sign


def test_another_place_counts_up_to_three_words_away() -> None:
    assert signs("Violaceous one two three fistula") == ""
    assert signs("fistula one two three violaceous") == ""
    assert signs("fistula one two three four violaceous") == "painful_lesion"


# ---------------------------------------------------------------- acral and local wounds
@pytest.mark.parametrize(
    ("text", "sign"),
    [
        ("Gangrene of toe", "gangrene_acral"),
        ("Gangrene of fingers", "gangrene_acral"),
        ("Gangrene, digits", "gangrene_acral"),
        ("gangrenous forefoot", "gangrene_acral"),
        ("Steal syndrome with gangrene", "gangrene_acral"),
        ("Gangrene, Raynaud's", "gangrene_acral"),
        ("Gangrene of foot and leg", "gangrene_acral"),
        ("Eschar of the left heel", "gangrene_acral"),
        ("Necrotic ulcer of the foot", "gangrene_acral"),
        ("Necrotic skin of the thigh, toe normal", "skin_necrosis"),
        ("Atherosclerosis of the arteries with gangrene, right leg", "gangrene_pad"),
        ("Diabetic angiopathy with gangrene", "gangrene_pad"),
        ("Peripheral arterial disease, gangrene of toe", "gangrene_pad"),
        ("peripheral vascular disease with gangrene", "gangrene_pad"),
        ("PAD, gangrene", "gangrene_pad"),
        ("pAVK: gangrene", "gangrene_pad"),
        ("Unstageable pressure ulcer of sacrum with eschar", "local_wound"),
        ("Decubitus with necrotic skin", "local_wound"),
        ("Painful pressure ulcer", "local_wound"),
        ("Pressure ulcer; heel with eschar", "local_wound"),
        ("Painful non-pressure chronic ulcer of calf", "painful_lesion"),
        ("Painful foot ulcer", "local_wound"),
        ("Heel ulcer, painful", "local_wound"),
        ("Violaceous toes", "local_wound"),
        ("Painful ulcer of left calf", "painful_lesion"),
    ],
)
def test_foot_arteries_and_pressure_explain_a_sign(text: str, sign: str) -> None:
    assert signs(text) == sign


@pytest.mark.parametrize(
    ("text", "place"),
    [("Gangrene of the right thigh", "thigh"), ("Penile gangrene", "penile"), ("Gangrene", ""), ("Wet gangrene", "")],
)
def test_a_place_that_weighs_fully_is_kept_with_gangrene(text: str, place: str) -> None:
    assert read(condition(text)).concepts["gangrene"].place == place


@pytest.mark.parametrize("coding", [(ICD10_CM, "I96"), (ICD10_WHO, "R02")])
def test_the_words_of_coded_gangrene_tell_its_place_only(coding: tuple[str, str]) -> None:
    assert concepts("Gangrene of toe", coding) == {"gangrene_acral"}
    assert concepts("Finding", (*coding, "Gangrene of the foot")) == {"gangrene_acral"}
    assert read(condition("Wound of the thigh", coding)).concepts["gangrene"].place == "thigh"
    assert concepts("Atherosclerosis", coding) == {"gangrene_pad"}
    assert concepts("No gangrene", coding) == {"gangrene"}


@pytest.mark.parametrize("coding", [(ICD10_CM, "I70.261"), (ICD10_CM, "E11.52"), (ICD10_GM, "I70.25")])
def test_gangrene_by_an_arterial_code_stays_what_it_is(coding: tuple[str, str]) -> None:
    assert "gangrene" not in concepts("Gangrene of the thigh", coding)
    assert "gangrene_pad" in concepts("Gangrene of the thigh", coding)


def test_coded_necrosis_is_never_discounted() -> None:
    coding = (SNOMED, "95347000", "Skin necrosis")
    assert concepts("Skin necrosis, right toe", coding) == {"skin_necrosis"}
    assert concepts("Pressure ulcer with skin necrosis", coding) == {"skin_necrosis"}


def test_an_acral_necrosis_tells_what_it_is() -> None:
    assert read(condition("Eschar of the left heel")).concepts["gangrene_acral"].concept == "skin_necrosis"
    assert read(condition("Gangrene of toe")).concepts["gangrene_acral"].concept == "gangrene"


def test_a_foot_code_makes_pain_a_local_wound_and_takes_no_ulcer_by_words() -> None:
    foot = (ICD10_CM, "L97.512")
    assert concepts("Painful ulcer", foot) == {"foot_ulcer", "local_wound"}
    assert concepts("Ulcer of leg", foot) == {"foot_ulcer"}
    assert concepts("Necrotic ulcer of leg", foot) == {"foot_ulcer", "skin_necrosis"}


def test_one_wound_is_one_sign() -> None:
    assert signs("Painful ulcer of the calf") == "painful_lesion"
    assert signs("Necrotic ulcer of the leg") == "skin_necrosis"
    assert signs("Painful lesion, ulcer of the leg") == "painful_lesion, skin_ulcer"


# ---------------------------------------------------------------- changed skin texture
@pytest.mark.parametrize(
    "text",
    [
        "Induration of skin",
        "Indurated plaques",
        "Hardening of both thighs",
        "Hardened plaques, abdomen",
        "Skin thickening",
        "Thickened calves",
        "Woody feeling",
        "Sclerosis of skin, lower legs",
    ],
)
def test_changed_texture_that_names_induration_is_induration(text: str) -> None:
    found = read(condition(text, TEXTURE)).concepts
    assert found.keys() == {"skin_induration"}
    assert found["skin_induration"].how == "ICD-10-CM R23.4"
    assert found["skin_induration"].words in text


def test_the_display_of_that_code_may_name_induration_and_that_of_another_may_not() -> None:
    assert concepts("Skin finding", (ICD10_WHO, "R23.4", "Woody, brawny texture")) == {"skin_induration"}
    assert concepts("Skin finding", TEXTURE, (ICD10_CM, "L98.9", "Thickened skin")) == {"skin_texture"}


@pytest.mark.parametrize(
    "text",
    [
        *("", "Changes in skin texture", "Scaling of skin", "No induration", "Skin not thickened"),
        *("Thickening over the fistula", "Hardening at the injection site", "Thickening, ruled out"),
    ],
)
def test_changed_texture_that_does_not_is_texture(text: str) -> None:
    assert concepts(text, TEXTURE) == {"skin_texture"}


# ---------------------------------------------------------------- where it is read, and quotes
def test_displays_are_read_beside_the_text() -> None:
    coding = ("urn:local", "1", "Painful skin lesion")
    assert concepts("", coding) == {"painful_lesion"}
    assert concepts("Skin finding", coding) == {"painful_lesion"}


def test_a_sign_by_words_quotes_its_clause() -> None:
    found = read(condition("Diabetes; painful violaceous lesions of both thighs")).concepts
    assert found == {"painful_lesion": Sign("painful_lesion", "by name", "painful violaceous lesions of both thighs")}


def test_a_sign_by_code_keeps_its_code_and_gains_the_words() -> None:
    found = read(condition("Induration of skin, lower legs", (SNOMED, "34319007"))).concepts
    assert found == {"skin_induration": Sign("skin_induration", "SNOMED CT 34319007", "Induration of skin")}


def test_coded_induration_counts_whatever_its_text() -> None:
    assert concepts("No induration of the breast", (SNOMED, "34319007")) == {"skin_induration"}
