"""Both languages: the catalogue is complete and fresh, placeholders agree, and the right language is chosen."""

from __future__ import annotations

import io
import re
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from core.contracts import Message
from core.settings import ROOT
from core.ui.extraction import sentences, shown_values
from core.ui.i18n import LANGUAGE_NAMES, parse_language, translate

FOLDER = ROOT / "assets" / "locales" / "zh" / "LC_MESSAGES"
RUN = "run `make messages` and translate what is new in assets/locales"


def in_code() -> dict[str, str]:
    with (ROOT / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)
    found = extract_from_dir(ROOT, methods, options, keywords={"t": None, "N_": None, "told": None})
    return {message: where for where, _line, message, _comments, _context in found if message}


@pytest.fixture(scope="module")
def catalogue() -> Catalog:
    with (FOLDER / "vitrine.po").open("rb") as file:
        return read_po(file, locale="zh", domain="vitrine")


def fields(template: str) -> set[str]:
    return {name for _text, name, _spec, _conversion in Formatter().parse(template) if name is not None}


@pytest.mark.slow
def test_every_sentence_of_the_code_is_in_the_catalogue(catalogue: Catalog) -> None:
    code, known = in_code(), {message.id for message in catalogue if message.id}
    missing = {sentence: where for sentence, where in code.items() if sentence not in known}
    assert not missing, f"{len(missing)} are missing, {RUN}: {list(missing.items())[:5]}"
    left = known - set(code)
    assert not left, f"{len(left)} are no longer in the code, {RUN}: {sorted(map(str, left))[:5]}"


def test_every_sentence_is_translated_and_none_is_a_guess(catalogue: Catalog) -> None:
    assert not [message.id for message in catalogue if message.id and not message.string]
    assert not [message.id for message in catalogue if message.id and message.fuzzy]


def test_translations_carry_the_same_placeholders(catalogue: Catalog) -> None:
    wrong = [m.id for m in catalogue if m.id and fields(str(m.id)) != fields(str(m.string))]
    assert not wrong


def test_translations_use_full_width_punctuation_after_chinese(catalogue: Catalog) -> None:
    wrong = [m.string for m in catalogue if m.id and re.search(r"[\u4e00-\u9fff][,;!?]", str(m.string))]
    assert not wrong


def test_compiled_catalogue_is_fresh(catalogue: Catalog) -> None:
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    assert (FOLDER / "vitrine.mo").read_bytes() == compiled.getvalue(), RUN


@pytest.mark.parametrize(
    ("tag", "expected"),
    [("zh-CN", "zh"), ("zh_TW", "zh"), ("ZH", "zh"), ("en-GB", "en"), ("fr-FR", None), ("", None), (None, None)],
)
def test_language_of_a_tag(tag: str | None, expected: str | None) -> None:
    assert parse_language(tag) == expected


def test_values_are_filled_in_after_translation() -> None:
    nasty = "{0} {missing} %s"
    assert translate(Message("{name}: {other}", {"name": nasty, "other": Message("{n} left", {"n": 2})}), "en") == (
        f"{nasty}: 2 left"
    )
    assert translate("a {brace} stays without values", "en") == "a {brace} stays without values"


@pytest.mark.parametrize("language", LANGUAGE_NAMES)
def test_the_empty_sentence_stays_empty(language: str) -> None:
    assert translate("", language) == ""  # type: ignore[arg-type]


def test_a_missing_catalogue_falls_back_to_english(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import gettext

    found = gettext.translation("vitrine", tmp_path, languages=["zh"], fallback=True)
    assert found.gettext("Language") == "Language"


def test_sentences_inside_f_strings_are_found() -> None:
    code = b"""st.caption(f":icon: {t('inside')}"); i18n.t("dotted"); t(TITLES["key"]); t("one " "sentence"); N_("")"""
    found = [text for _line, _name, text, _comments in sentences(io.BytesIO(code), {"t", "N_"}, (), {})]
    assert sorted(found) == ["dotted", "inside", "one sentence"]


def test_captions_and_labels_of_data_are_found() -> None:
    manifest = b'[{"file": "a.png", "caption": "A lung"}, {"labels": ["NORMAL", 3], "other": "no"}]'
    found = [text for _line, _name, text, _comments in shown_values(io.BytesIO(manifest), (), (), {})]
    assert found == ["A lung", "NORMAL"]
