"""Who answers for something, by name: may two names be those of one person?

What may live here: comparing names as people write them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence

from fhir_mappings.letters import folded

_TITLES = frozenset(
    folded(
        "dr doctor prof professor mr mrs ms miss mx sir dame rev sr sra srta "
        # German, with academic and medical posts
        "habil doz dozent univ dipl herr frau oberarzt oberärztin chefarzt chefärztin "
        # French, Italian, Spanish, Portuguese
        "mme mlle monsieur madame docteur pr dott dottssa dottoressa dottore profssa dra drª doctora prof. profª "
        # Dutch, Scandinavian, Polish, Czech
        "drs mw dhr overlege överläkare mgr mudr phdr rndr mddr "
        # posts that stand before a name
        "nurse sister matron consultant pharmacist"
    ).split()
)
"""Words that belong to nobody's name, without dots."""
_DEGREES = frozenset(
    folded(
        "med hc priv pd apl fr oa "
        "md dds dmd phd dphil dsc scd mph mha msc bsc msn bsn dnp mbbs mbchb mbbch bm bch frcp frcpc mrcp frcpath "
        "facp fasn pharmd rph mpharm bpharm rn lpn np fnp aprn crnp cns cnm esq"
    ).split()
)
"""Degrees and posts that are nobody's name, however they are written."""
_DOUBTFUL = frozenset(folded("ing mag hab lek doc csc mba face fesc pac").split())
"""Degrees that are names as well, Mba, Ing, Lek and Face among them: where they are not written as degrees, with a dot
or two capitals, a name may be meant with them or without.
"""
SO_IT_IS_TWO = "first name and surname of both in full; where two names have two words in common, name somebody else"
_CAPITALS = 2

_BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
_ENDS = re.compile(r"[,;:/|]|\s[-\N{EN DASH}\N{EM DASH}]+\s")
"""Behind these stands what somebody does, or, after one word alone, the first name."""
_APART = re.compile(r"[\s.\-]+")
_APOSTROPHE = re.compile("['\N{LEFT SINGLE QUOTATION MARK}\N{RIGHT SINGLE QUOTATION MARK}`\"]")
_UMLAUTS = re.compile("(?<=[aou])e")
_WHOLE_NAME = 2
_LOOK_ALIKE = frozenset({"LATIN", "CYRILLIC", "GREEK"})


def is_whole(name: str) -> bool:
    """Are there two words or more, all of letters of one alphabet, of which one may be an initial?"""
    words = _words(name)
    if not all(map(_is_of_letters, words)) or _mixes_alphabets(name):
        return False
    return len(words) >= _WHOLE_NAME and not all(map(_is_initial, words))


def may_be_one(one: str, other: str) -> bool:
    """May these be names of one person: have they two whole words in common, a first one among them, or is the
    shorter one in the longer?

    The order of words makes no difference. Whatever else stands beside first name and surname may be what somebody is.
    Accents, letter case, titles, degrees and what stands in brackets or behind a comma make no other person. An initial
    may stand for every word that begins with it. Whoever has no name may be anybody.
    """
    if _share_two(_words(one), _words(other)):
        return True
    return any(_within(*sorted((mine, theirs), key=len)) for mine in _forms(one) for theirs in _forms(other))


def are_two(names: Iterable[str]) -> bool:
    """Are there two among these that cannot be one person?"""
    known = list(names)
    return any(not may_be_one(one, other) for place, one in enumerate(known) for other in known[place + 1 :])


def _words(name: str) -> list[str]:
    """Those in front of the first comma, and where that is one word ("Silva, Ana") those behind it."""
    words: list[str] = []
    for part in _parts(name):
        if len(words) < _WHOLE_NAME:
            words += part
    return words


def _forms(name: str) -> Iterator[list[str]]:
    """The words of the name, without those in doubt, and with what follows the first comma: that may be a name, too."""
    yield (words := _words(name))
    first = [word for part in _parts(name)[:2] for word in part]
    sure = [word for word in words if word not in _DOUBTFUL]
    yield from (form for form in (first, sure) if form and form != words)


def _parts(name: str) -> list[list[str]]:
    plain = _BRACKETS.sub(" ", _APOSTROPHE.sub("", name))
    parts = ([word for token in part.split() for word in _of(token)] for part in _ENDS.split(plain))
    return [part for part in parts if part]


def _of(token: str) -> list[str]:
    """The words of what stands between two blanks ("Dr.med.", "M.D.", "Anna-Lena"), compared as if without umlauts."""
    plain = folded(token)
    is_degree = "." in token or sum(letter.isupper() for letter in token) >= _CAPITALS
    none = _TITLES | _DEGREES | _DOUBTFUL if is_degree else _TITLES | _DEGREES
    if plain.replace(".", "") in none:
        return []
    return [_UMLAUTS.sub("", word) for word in _APART.split(plain) if word and word not in none]


def _share_two(one: Sequence[str], other: Sequence[str]) -> bool:
    """With the first word of one of them among the two: brothers and sisters may share two surnames."""
    common = {word for word in one if word in other and not _is_initial(word)} - _DOUBTFUL
    return len(common) >= _WHOLE_NAME and not common.isdisjoint((one[0], other[0]))


def _within(shorter: Sequence[str], longer: Sequence[str]) -> bool:
    """Does every word stand for another one of the longer name? Whole words look for theirs before initials do."""
    left = list(longer)
    for word in sorted(shorter, key=len, reverse=True):
        match = word if word in left else next((its for its in left if _stands_for(word, its)), None)
        if match is None:
            return False
        left.remove(match)
    return True


def _stands_for(word: str, other: str) -> bool:
    return (_is_initial(word) and other.startswith(word)) or (_is_initial(other) and word.startswith(other))


def _is_of_letters(word: str) -> bool:
    return all(unicodedata.category(letter)[0] in "LM" for letter in word)


def _mixes_alphabets(name: str) -> bool:
    """Letters of another alphabet can look the same, and make another name of one."""
    letters = (unicodedata.name(letter, "").partition(" ")[0] for letter in name if letter.isalpha())
    return len(_LOOK_ALIKE & {*letters}) > 1


def _is_initial(word: str) -> bool:
    """One letter; a character of a script without capitals is a word."""
    return len(word) == 1 and word.upper() != word
