"""What the pages say of parts: nothing of patients, X-rays or classes, and no score that passes for a probability."""

from __future__ import annotations

import string
from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from core.catalog import sector
from core.ui.wording import told
from core.ui.wording_of_part_quality import OF_PART_QUALITY
from core.ui.wording_of_parts import OF_PARTS
from tests.ui.test_house import words
from tests.ui.test_table_pages import sentences

OpenPage = Callable[..., AppTest]
UNTRUE = (
    "patient",
    "x-ray",
    "disease",
    "pneumonia",
    "scanner",
    "diagnos",
    "classes",
    "probability of",
    "calibrat",
    "people",
)


def test_every_wording_is_used_once_and_fits_the_fields_of_its_sentence() -> None:
    assert not set(OF_PARTS) & set(OF_PART_QUALITY)
    own = OF_PARTS | OF_PART_QUALITY
    assert set(own) <= sentences(), set(own) - sentences()
    for images, parts in own.items():
        here, there = ({f[1] for f in string.Formatter().parse(text) if f[1]} for text in (parts, images))
        assert here <= there, parts


def test_sentences_are_told_of_parts_on_their_page_alone() -> None:
    assert told("Classes", "defects") == "Verdicts"
    assert told("Classes", "medical") == "Classes"


@pytest.mark.slow
@pytest.mark.parametrize("view", sector("defects").sections)
def test_no_section_speaks_of_people_or_classes(open_page: OpenPage, view: str) -> None:
    page = open_page("defects", view=view, lang="en")
    assert not page.exception
    said = words(page).lower().replace("no part is released or scrapped without a person", "")
    assert len(said) > 100
    assert [word for word in UNTRUE if word in said] == []
