"""Marked texts: what a visitor wrote is text and nothing else, and every sign of a mark is there."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html.parser import HTMLParser

import numpy as np
import pytest

from core.explain.words import Words
from core.serving.text_reading import Edit
from core.ui import highlight
from core.ui.highlight import Part, Zone

NASTY = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</mark></div><style>*{display:none}</style>",
    '"><iframe src="javascript:alert(1)">',
    "&lt;b&gt; &amp; &#60;b&#62;",
    "![x](http://evil.example/t.png) [y](javascript:alert(1)) $x^2$ :material/home: **b**",
    "<!-- --><![CDATA[ ]]>",
)
SIGNS = {"div", "mark", "span", "b", "i", "del", "ins", "code"}


class Reader(HTMLParser):
    """What a browser makes of HTML: tags with their attributes, and text."""

    def __init__(self, body: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(body)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")


def words(text: str, values: Sequence[float], cuts: Sequence[int]) -> Words:
    edges = [0, *cuts, len(text)]
    return Words(text, np.array(edges[:-1]), np.array(edges[1:]), np.array(values, np.float64))


def checked(body: str) -> Reader:
    found = Reader(body)
    assert {tag for tag, _ in found.tags} <= SIGNS
    for _, attributes in found.tags:
        assert set(attributes) <= {"class", "title", "style", "dir"}
        assert all(re.fullmatch(r"[\w .:%+−-]*", str(value)) for value in attributes.values()), attributes
    return found


@pytest.mark.parametrize("text", NASTY)
def test_what_a_visitor_wrote_is_text_wherever_it_stands(text: str) -> None:
    middle = len(text) // 2
    assert checked(highlight.marked(words(text, [1.0, -1.0], [middle]))).text == text
    assert checked(highlight.plain(text)).text == text
    assert text in checked(highlight.bars([(text, 0.5)], 1.0)).text
    assert text in checked(highlight.listed([Part(text, text, "mid")])).text
    assert text in checked(highlight.legend(text, text)).text
    struck = checked(highlight.changed(text, [Edit(0, middle, text)])).text
    assert struck == f"{text[:middle]} {text}{text[middle:]}"
    assert text in checked(highlight.scale(0.4, [Zone(1.0, text, "up")])).text


def test_marks_say_side_and_strength_by_class_and_figure() -> None:
    found = checked(highlight.marked(words("aabbccd", [4.0, -2.0, 1.0, 0.1], [2, 4, 6])))
    marks = [attributes for tag, attributes in found.tags if tag == "mark"]
    assert [mark["class"] for mark in marks] == ["up n3", "down n2", "up n1"], "what is weak is not marked"
    assert [mark["title"] for mark in marks] == ["+4.00", "−2.00", "+1.00"]


def test_both_sides_differ_by_more_than_colour() -> None:
    rules = highlight._RULES.read_text("utf-8")
    assert re.search(r"mark\.down \{[^}]*dashed", rules) and "mark.up {" not in rules, "dashed against solid"


def test_unseen_characters_that_turn_the_order_around_are_shown_by_their_number() -> None:
    shown = checked(highlight.plain("safe\u202eexe.txt\u2066\u0007 ok\u200d👍\n\t")).text
    assert shown == "safeU+202Eexe.txtU+2066U+0007 ok\u200d👍\n\t"


@pytest.mark.parametrize(("score", "on"), [(0.0, 0), (0.39, 0), (0.4, 1), (0.6, 2), (1.0, 2)])
def test_the_zone_of_the_score_is_the_one_that_stands_out(score: float, on: int) -> None:
    zones = [Zone(0.4, "no", "down"), Zone(0.6, "neither", "mid"), Zone(1.0, "yes", "up")]
    found = checked(highlight.scale(score, zones, was=0.25))
    tones = [str(attributes["class"]) for tag, attributes in found.tags if tag == "div"][2:]
    assert [tone.endswith(" on") for tone in tones] == [place == on for place in range(3)]
    pins = [attributes for tag, attributes in found.tags if tag == "span"]
    assert [pin.get("class") for pin in pins] == ["was", None]
    assert [pin["style"] for pin in pins] == ["left:25.00%", f"left:{100 * score:.2f}%"]


def test_bars_are_as_long_as_their_share_of_the_longest() -> None:
    found = checked(highlight.bars([("a", 2.0), ("b", -1.0)], 0.5))
    bars = [attributes for tag, attributes in found.tags if tag == "span"]
    assert [(bar["class"], bar["style"]) for bar in bars] == [("up", "width:50.0%"), ("down", "width:25.0%")]
    assert "+2.00" in found.text and "−1.00" in found.text
    weak = checked(highlight.bars([("a", 0.1)], 0.5))
    assert [a["style"] for tag, a in weak.tags if tag == "span"] == ["width:10.0%"]
    assert checked(highlight.bars([], 0.5)).text == ""


def test_colours_of_both_modes_come_from_the_theme() -> None:
    style = highlight._style()
    assert style.startswith("<style>.vt{--v-up:light-dark(#") and style.endswith("</style>")
    assert "<" not in style.removeprefix("<style>").removesuffix("</style>")
