"""From the SVG that the libraries write to the SVG that stands in the page.

What may live here: an allow-list of elements and attributes, colours as classes of the style sheet, and what the
keyboard and a screen reader need. Nothing that the page's Content-Security-Policy would refuse is left.
"""

from __future__ import annotations

import re
from typing import TypeAlias
from xml.etree import ElementTree

from markupsafe import Markup

from cds_service.web.course.drawer import BROKEN, NotDrawnError
from cds_service.web.course.drawing import INKS

Element: TypeAlias = "ElementTree.Element[str]"

SVG = "{http://www.w3.org/2000/svg}"
ELEMENTS = frozenset({"svg", "g", "path", "line", "rect", "text", "tspan"})
ATTRIBUTES = frozenset(
    {
        *("d", "transform", "x", "y", "x1", "x2", "y1", "y2", "rx", "ry", "width", "height", "viewBox"),
        *("fill-opacity", "stroke-opacity", "opacity", "stroke-width", "stroke-dasharray", "stroke-miterlimit"),
        *("font-size", "font-weight", "text-anchor"),
    }
)
MARKS = "marks_"
"""The names of the marks that can be reached begin so; Vega makes it part of a class."""
_NOTHING = ("", "M0,0h0v0h0Z")
"""Paths that draw nothing; Vega puts one or two beside every group."""
_LONG = re.compile(r"\d+\.\d{3,}")
_NAMES = {ink: name for name, ink in INKS.items()}


def page_svg(drawn: str, title: str, description: str) -> Markup:
    """The drawing as part of a page. Raises NotDrawnError when it is no SVG."""
    try:
        root = ElementTree.fromstring(drawn)  # noqa: S314  # written by our own process; entities are not expanded
    except ElementTree.ParseError:
        raise NotDrawnError(BROKEN) from None
    _clean(root)
    _hide_what_says_nothing(root)
    # The style sheet sets the size; the view box keeps the proportions.
    for name in ("width", "height"):
        root.attrib.pop(name, None)
    root.attrib |= {"id": "course-svg", "class": "course-svg", "role": "graphics-document"}
    root.attrib |= {"aria-roledescription": "timeline", "aria-label": title, "aria-describedby": "course-how"}
    described = ElementTree.Element("desc")
    described.text = description
    root.insert(0, described)
    _make_reachable(root)
    return Markup(ElementTree.tostring(root, encoding="unicode"))  # noqa: S704  # escaped by the serialiser


def _clean(element: Element) -> None:
    """Keep what is on the lists; everything else is removed, with what is in it."""
    element.tag = element.tag.removeprefix(SVG)
    lane = _lane(element)
    label = element.get("aria-label", "")
    kept = {name: _LONG.sub(_short, value) for name, value in element.attrib.items() if name in ATTRIBUTES}
    classes = [f"{way}-{_NAMES[ink]}" for way in ("fill", "stroke") if (ink := element.get(way, "")) in _NAMES]
    kept |= {way: "none" for way in ("fill", "stroke") if element.get(way) in ("none", "transparent")}
    if element.tag == "path" and "background" in element.get("class", "").split() and "fill" not in element.attrib:
        kept["fill"] = "none"
    if classes:
        kept["class"] = " ".join(classes)
    if lane:
        kept["data-lane"] = lane
    if label:
        kept["aria-label"] = label
    element.attrib.clear()
    element.attrib.update(kept)
    for child in list(element):
        if isinstance(child.tag, str) and child.tag.removeprefix(SVG) in ELEMENTS and child.get("d") not in _NOTHING:
            _clean(child)
        else:
            element.remove(child)


def _short(number: re.Match[str]) -> str:
    """A hundredth of a point cannot be seen, and long numbers are a third of the page."""
    return f"{float(number[0]):.2f}"


def _lane(element: Element) -> str:
    """The lane of marks that this group holds, or ""."""
    names = (name for name in element.get("class", "").split() if name.startswith(MARKS))
    return next(names, "").removeprefix(MARKS).removesuffix("_marks")


def _hide_what_says_nothing(root: Element) -> None:
    """Axes, lines and words are for the eye: the marks and the tables say the same."""
    for child in root:
        if any(found.get("data-lane") for found in child.iter()):
            if not child.get("data-lane"):
                child.attrib.pop("aria-label", None)
                _hide_what_says_nothing(child)
        else:
            child.attrib.pop("aria-label", None)
            child.set("aria-hidden", "true")
            for inner in child.iter():
                inner.attrib.pop("aria-label", None)


def _make_reachable(root: Element) -> None:
    """The keyboard reaches every mark, and begins at the last: the newest is asked for most."""
    marks = []
    for lane in (group for group in root.iter("g") if group.get("data-lane")):
        lane.set("role", "group")
        lane.attrib.pop("aria-label", None)
        for mark in lane:
            if mark.get("aria-label"):
                mark.attrib |= {"role": "img", "tabindex": "-1"}
                mark.set("class", f"mark {mark.get('class', '')}".strip())
                marks.append(mark)
    if marks:
        marks[-1].set("tabindex", "0")
