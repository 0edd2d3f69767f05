"""Where a Transformer comes from: a preset, the hub or a folder of the administrator; files are read, code is not."""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core import hub
from core.catalog import presets_of_task
from core.contracts import N_, Message
from core.errors import InputRefused, ModelRefused
from core.settings import settings
from core.store.sealed import refused

CONFIG = "config.json"
TOKENIZER = "tokenizer.json"
SINGLE, SHARDED = "model.safetensors", "model.safetensors.index.json"
VOCABULARIES = ((TOKENIZER,), ("vocab.txt",), ("vocab.json", "merges.txt"))
"""Files that a tokenizer is made from; one of these sets must be whole."""
TOKENIZER_FILES = (
    *(name for files in VOCABULARIES for name in files),
    *("tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"),
)
"""All that may be read of a tokenizer."""
ADAPTER = "adapter_config.json"
"""Says that the weights are those of an adapter, or are changed by one."""
FILES = (CONFIG, "model*.safetensors", SHARDED, ADAPTER, *TOKENIZER_FILES)
"""What is asked for; everything else, such as weights in the pickle format or code, stays where it is."""
ENCODERS = (
    *("albert", "bert", "camembert", "deberta", "deberta-v2", "distilbert", "electra", "ernie", "modernbert", "mpnet"),
    *("roberta", "xlm-roberta"),
)
"""Kinds of Transformers that are read; all look at the whole text at once, and each was tried."""
CONFIG_BYTES = 2**20
TOKENIZER_BYTES = 2**26
_PART = r"[A-Za-z0-9][\w.-]{0,95}"
_WEIGHTS = re.compile(r"model[\w.-]{0,90}\.safetensors", re.ASCII)
"""Names of files of weights; never a path."""
_NAME = re.compile(rf"(?P<model>{_PART}(?:/{_PART})?)(?:@(?P<revision>{_PART}))?", re.ASCII)


@dataclass(frozen=True)
class Source:
    """Files of a Transformer in the hub's layout, and what is known of them."""

    folder: Path
    name: str
    """`owner/name` on the hub, or that of a folder."""
    revision: str
    """Commit on the hub; empty for a folder."""
    licence: str
    config: Mapping[str, Any]
    """Of its network, as the file says."""
    weights: tuple[str, ...]
    """Names of the files of its weights, all in the safetensors format."""

    @property
    def kind(self) -> str:
        """One of `ENCODERS`."""
        return str(self.config["model_type"])


@contextmanager
def refused_to_start() -> Iterator[None]:
    """What is refused in this block was to be trained, not to answer: nothing can be rolled back."""
    try:
        yield
    except ModelRefused as error:
        hint = Message(N_("Name another Transformer, or mend the files of this one where they are yours."))
        raise ModelRefused(error.code, error.message, hint) from error


@refused_to_start()
def find_source(asked: str, watch: Callable[[int, int], None] | None = None) -> Source:
    """The files of a Transformer, fetched when they are not here yet and the hub can be reached.

    Args:
        asked: Name of a preset, of a folder below the setting `models`, or of a model on the hub as `owner/name`,
            with `@` and a revision if it is to be another one than the newest. Never a path.
        watch: Told bytes so far and bytes of all of a download.

    Raises:
        InputRefused: There is no such preset or folder.
        NetworkUnavailable: Neither cached nor reachable, or the hub does not give it to everybody.
        ModelRefused: What lies there is not a whole model that this program reads.
    """
    named = _NAME.fullmatch(asked)
    if named is None or ".." in asked:
        raise _unknown(asked)
    preset = next((entry for entry in presets_of_task("text_classification") if entry.name == asked), None)
    if preset is not None and preset.kind == "hub":
        folder = hub.model_folder(preset.source, FILES, preset.revision, watch)
        return _checked(folder, preset.source, preset.revision, preset.licence)
    model, revision = named["model"], named["revision"]
    own = settings().models
    if own is not None and revision is None and (own / model).is_dir():
        return _checked(own / model, model, "", "of that folder; its administrator knows it")
    if "/" not in model:
        raise _unknown(asked)
    folder = hub.model_folder(model, FILES, revision or hub.MAIN, watch)
    return _checked(folder, model, folder.name, "of the model on the hub")


def own_models() -> tuple[str, ...]:
    """Names of the folders below the setting `models` that hold a model, at most two levels deep."""
    own = settings().models
    if own is None or not own.is_dir():
        return ()
    found = [path.parent for depth in ("*", "*/*") for path in own.glob(f"{depth}/{CONFIG}")]
    return tuple(sorted(folder.relative_to(own).as_posix() for folder in found))


def _checked(folder: Path, name: str, revision: str, licence: str) -> Source:
    config = _read_json(folder / CONFIG, name)
    kind = config.get("model_type")
    if kind not in ENCODERS:
        raise refused(
            "model.architecture",
            N_("{name} is of the architecture {found}; these are read: {known}."),
            name=name,
            found=str(kind)[:40],
            known=", ".join(ENCODERS),
        )
    if config.get("quantization_config"):
        raise refused(
            "model.quantized", N_("The weights of {name} are quantized; those in full precision are read."), name=name
        )
    if os.path.lexists(folder / ADAPTER):
        raise refused(
            "model.adapter", N_("{name} holds an adapter; merge it into its model and name what comes out."), name=name
        )
    weights = _weights_of(folder, name)
    if not any(all(_is_file(folder / file) for file in files) for files in VOCABULARIES):
        raise refused(
            "model.no_tokenizer",
            N_("{name} lacks the files of its tokenizer: {files}."),
            name=name,
            files=" / ".join(" + ".join(files) for files in VOCABULARIES),
        )
    for file in TOKENIZER_FILES:
        if os.path.lexists(folder / file):
            _check_file(folder / file, TOKENIZER_BYTES, name)
    return Source(folder, name, revision, licence, config, weights)


def _weights_of(folder: Path, name: str) -> tuple[str, ...]:
    """The files of weights: one, or all that the index names."""
    if _is_file(folder / SINGLE):
        return (SINGLE,)
    if not os.path.lexists(folder / SHARDED):
        raise refused(
            "model.no_safetensors",
            N_("{name} has no weights in the safetensors format; others can hold code and are never opened."),
            name=name,
        )
    places = _read_json(folder / SHARDED, name).get("weight_map")
    named = set(places.values()) if isinstance(places, dict) and all(map(_is_text, places.values())) else set()
    if not named or not all(_WEIGHTS.fullmatch(file) and _is_file(folder / file) for file in named):
        raise refused(
            "model.hub_index",
            N_("{file} of {name} names other files than weights in the safetensors format that lie beside it."),
            name=name,
            file=SHARDED,
        )
    return tuple(sorted(named))


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return False  # in a folder that this program may not enter


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _check_file(path: Path, most: int, name: str) -> None:
    """Raise `ModelRefused` for what is no ordinary file, or larger than any of its kind."""
    if not _is_file(path) or path.stat().st_size > most:
        raise _unreadable(path, name)


def _read_json(path: Path, name: str) -> Mapping[str, Any]:
    """The object in a JSON file, all of its numbers finite."""
    _check_file(path, CONFIG_BYTES, name)
    try:
        found = json.loads(path.read_bytes(), parse_constant=_finite, parse_float=_finite)
        if not isinstance(found, dict):
            raise TypeError
        json.dumps(found, ensure_ascii=False).encode()  # half a character, which JSON may hold, can be told nobody
    except (OSError, ValueError, TypeError, RecursionError) as error:
        raise _unreadable(path, name) from error
    return found


def _finite(written: str) -> float:
    value = float(written)
    if not math.isfinite(value):
        raise ValueError
    return value


def _unreadable(path: Path, name: str) -> ModelRefused:
    return refused("model.hub_config", N_("{name} has no {file} that can be read."), name=name, file=path.name)


def _unknown(asked: str) -> InputRefused:
    presets = [entry.name for entry in presets_of_task("text_classification") if entry.kind == "hub"]
    return InputRefused(
        "config.transformer",
        Message(N_("There is no Transformer called {name}."), {"name": asked[:120]}),
        Message(
            N_("Name one of these, or a model of the hub as owner/name: {names}."),
            {"names": ", ".join((*presets, *own_models()))},
        ),
    )
