"""Forms of options: what means nothing beside what is chosen is not drawn, and has no value."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.settings import settings
from core.tasks.text_classification.config import TextClassificationConfig
from core.training.options import applies, option


def page() -> None:
    import streamlit as st

    from core.tasks.text_classification.config import TextClassificationConfig
    from core.ui.forms import config_form

    st.session_state["values"] = config_form("t", TextClassificationConfig)


def drawn(at: AppTest) -> set[str]:
    kinds = ("selectbox", "number_input", "toggle", "text_input")
    return {str(widget.key).removeprefix("t.") for kind in kinds for widget in at.get(kind) if widget.key}


def test_an_option_applies_beside_the_values_that_it_names() -> None:
    from dataclasses import dataclass, fields

    @dataclass(frozen=True)
    class Options:
        kind: str = option("a", "Kind", "One of two.", choices={"a": "A", "b": "B"})
        depth: int = option(1, "Depth", "Of b.", when={"kind": ("b",)})

    kind, depth = fields(Options)
    assert applies(kind, {}) and applies(depth, {"kind": "b"})
    assert not applies(depth, {"kind": "a"}) and not applies(depth, {})


@pytest.mark.slow
def test_the_form_draws_what_belongs_to_the_chosen_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "models" / "mine").mkdir(parents=True)
    (tmp_path / "models" / "mine" / "config.json").write_text("{}")
    monkeypatch.setenv("VITRINE_MODELS", str(tmp_path / "models"))
    settings.cache_clear()
    at = AppTest.from_function(page).run()
    assert not at.exception
    shared = {"model", "class_weights", "validation_share", "test_share", "columns", "seed"}
    ngrams = {"pretrained", "scaling", "regularisation", "steps", "early_stopping", "min_count", "cues"}
    assert drawn(at) == shared | ngrams == set(at.session_state["values"])

    at.selectbox(key="t.model").set_value("transformer").run()
    assert not at.exception
    transformers = {"transformer", "tuning", "epochs", "max_length", "batch_size", "learning_rate", "lora_rank"}
    assert shared | transformers <= drawn(at) and not drawn(at) & ngrams
    assert at.selectbox(key="t.transformer").options == ["distilbert-english", "distilbert-multilingual", "mine"]

    at.selectbox(key="t.tuning").set_value("none").run()
    assert drawn(at) == shared | {"transformer", "tuning", "max_length"}
    config = TextClassificationConfig(**at.session_state["values"])
    assert (config.model, config.tuning, config.steps) == ("transformer", "none", 40)


@pytest.mark.slow
def test_what_the_page_knows_already_is_not_asked() -> None:
    def script() -> None:
        import streamlit as st

        from core.tasks.text_classification.config import TextClassificationConfig
        from core.ui.forms import config_form

        st.session_state["values"] = config_form("t", TextClassificationConfig, ("columns",))

    at = AppTest.from_function(script).run()
    assert not at.exception
    assert "seed" in drawn(at) and "columns" not in drawn(at) | set(at.session_state["values"])
