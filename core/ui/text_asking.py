"""Asks the version in use about one text, once per text and choice of options in a session."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import Any, TypeVar, cast

from core.contracts import ModelRef, TextSample, TokenAttribution
from core.explain.words import Words, words_of
from core.intake.personal import mask
from core.serving import service, text_reading
from core.serving.service import Answer
from core.serving.text_reading import TextReading
from core.ui.i18n import t
from core.ui.predict import remembered

Found = TypeVar("Found")


def reading_of(slug: str, sample: TextSample, options: Mapping[str, Any]) -> TextReading:
    """What the version in use says of a text; raises as `core.serving.text_reading.read_text`."""
    key = ("reading", sample.sha256, repr(sorted(options.items())))
    return remembered(slug, key, lambda: text_reading.read_text(slug, sample, options), t("The model reads the text"))


def answer_of(slug: str, sample: TextSample, options: Mapping[str, Any]) -> Answer:
    """The answer alone, such as for a text that was changed to see what happens."""

    def ask() -> Answer:
        (answer,) = service.predict(slug, [sample], **options)
        return answer

    key = ("answer", sample.sha256, repr(sorted(options.items())))
    return remembered(slug, key, ask, t("The model reads the text"))


def attribution_of(slug: str, sample: TextSample, model: ModelRef, target: str, method: str) -> TokenAttribution:
    """What each token adds to the score that `model` gave a text."""

    def ask() -> TokenAttribution:
        return cast(TokenAttribution, service.explain(slug, sample, target, method, model.version))

    key = ("attribution", sample.sha256, target, method)
    return remembered(slug, key, ask, t("Looking for the words that decided"), model.sha256)


def words_for(slug: str, attribution: TokenAttribution, sample: TextSample, model: ModelRef, towards: str) -> Words:
    """The words of an attribution and what each adds to the score of the label `towards`."""

    def make() -> Words:
        words = words_of(attribution)
        sign = 1.0 if attribution.target == towards else -1.0
        return Words(words.text, words.starts, words.ends, sign * words.contributions)

    return made_once(slug, ("words", sample.sha256, attribution.target, attribution.method), model, make)


def made_once(slug: str, key: tuple[Hashable, ...], model: ModelRef, make: Callable[[], Found]) -> Found:
    """What `make` makes of the words that `model` gave; of a long text it is too much to be made in every run."""
    return remembered(slug, key, make, t("Looking for the words that decided"), model.sha256)


def personal_data(slug: str, sample: TextSample) -> Mapping[str, int]:
    """Kinds of personal data in a text, by the names in `core.intake.personal.NAMES`, with how many of each."""
    key = ("personal", sample.sha256)
    return remembered(slug, key, lambda: mask(sample.text).found, t("Looking for personal data"), "any")
