"""What visitors say of single predictions: right or wrong, the right answer, a reason; and cases sent to a person.

What an answer was about is kept only when its visitor agreed, and not for ever: an image as a picture with the places
that were marked on it (`core.store.pictures`), a transaction as what the model saw of it (`core.store.cases`), a text
without personal data (`core.store.kept_texts`). Otherwise nothing of it stays but a keyed hash, which tells the same
input again.
"""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, RowMapping, func, insert, select, update
from sqlalchemy import delete as delete_rows

from core import access
from core.contracts import N_, ImageSample, Message, ModelRef, Outline, Sample, Single, TextSample
from core.errors import InputRefused, StoreError
from core.intake.personal import mask
from core.settings import settings
from core.store import audit, cases, kept_texts, pictures
from core.store import kept as kept_files
from core.store.database import open_store
from core.store.schema import corrections as table

Kind = Literal["correction", "review"]
CORRECTION: Kind = "correction"
REVIEW: Kind = "review"
"""Sent to a person, who has not answered yet."""

REASON_LENGTH = 500
_PICTURE, _CASE, _TEXT = kept_files.ENDINGS
_numbers = itertools.count(1)
_latest = {"revision": 0}


@dataclass(frozen=True)
class Correction:
    """One entry. `decision` is what the model said, empty when it declined; `answer` what a person said."""

    id: str
    created: datetime
    sector: str
    kind: str
    version: str
    sha256: str
    """Of the model's weights."""
    input_hmac: str
    stored: str
    """Path of the kept picture, case or text below the folder of corrections; empty when none is kept."""
    decision: str
    answer: str
    reason: str
    scores: Mapping[str, float] = field(hash=False)
    """Of the model, by label; empty when nothing is kept."""
    actor: str
    undone: bool

    @property
    def kept(self) -> bool:
        """Whether what it is about is here."""
        return bool(self.stored)

    @property
    def of_table(self) -> bool:
        """Whether a row of a table is kept."""
        return self.stored.endswith(_CASE)

    @property
    def of_text(self) -> bool:
        """Whether a text is kept."""
        return self.stored.endswith(_TEXT)

    @property
    def right(self) -> bool:
        """Whether the model was right."""
        return self.answer == self.decision

    @property
    def kept_until(self) -> datetime:
        """When the kept file is deleted at the latest."""
        return self.created + timedelta(days=settings().correction_days)


def add(
    sample: Sample, prediction: Single, model: ModelRef, *, answer: str, reason: str = "", keep: bool = False
) -> Correction:
    """Store what a visitor says of a prediction; replaces what was said of this input and model version before.

    A viewer replaces only his own words: others may have looked at the same sample.

    Args:
        sample: The input.
        prediction: What the model said of it.
        model: Which model.
        answer: The right label; equal to the decision when the model was right.
        reason: A remark; personal data in it are masked, and it is cut at `REASON_LENGTH` characters.
        keep: The visitor agreed that the sample is kept.

    Raises:
        InputRefused: the answer is no label of the model.
        StoreError: there are as many entries as the settings allow, or the database cannot be written.
    """
    access.require("viewer")
    _check_label(answer, prediction.labels)
    return _put(_entry(CORRECTION, sample, prediction, model, keep), sample, answer=answer, reason=reason)


def review(sample: Sample, prediction: Single, model: ModelRef) -> Correction:
    """Send a prediction to a person; the sample is kept, because without it there is nothing to look at.

    Raises:
        StoreError: there are as many entries as the settings allow, or the database cannot be written.
    """
    access.require("viewer")
    return _put(_entry(REVIEW, sample, prediction, model, True), sample, answer="", reason="")


def answer_case(case_id: str, answer: str, reason: str = "", marked: Sequence[Outline] = ()) -> Correction:
    """Answer an open case, which makes it a correction; `marked` is kept with its picture.

    Raises:
        StoreError: there is no such open case.
        InputRefused: the answer is no label of the model that declined.
        AccessRefused: only who may train may answer.
    """
    access.require("presenter")
    written = ""
    try:
        with _change() as ledger:
            case = _one(ledger.connection, case_id)
            if case.kind != REVIEW or case.undone:
                raise _unknown()
            _check_label(answer, tuple(case.scores))
            if marked:  # in a file of its own: the one of the case goes when the answer is there, and not before
                written = f"{case.sector}/{case.id}-{uuid.uuid4().hex[:8]}{_PICTURE}"
                pictures.write(written, pictures.read(case.stored).pixels, marked)
            entry = replace(case, kind=CORRECTION, answer=answer, reason=_short(reason), stored=written or case.stored)
            ledger.connection.execute(update(table).where(table.c.id == case_id).values(**vars(entry)))
            _note(ledger, "correction.answer", case, {"answer": answer})
    except BaseException:
        kept_files.remove([written])
        raise
    kept_files.remove([case.stored if written else ""])
    return entry


def corrections(sector: str, kind: Kind | None = None) -> list[Correction]:
    """Entries of a sector, newest first: all of them for who may train, one's own for a viewer."""
    sweep()
    wanted = table.c.sector == sector
    if kind is not None:
        wanted &= table.c.kind == kind
    return _read(wanted & _visible())


def find(sample: Sample, model: ModelRef) -> Correction | None:
    """The standing entry about this input and model version, if the one who asks may see it."""
    return find_all([sample], model).get(sample.sha256)


def find_all(samples: Sequence[Sample], model: ModelRef) -> dict[str, Correction]:
    """`find` for many samples with one query: sha256 of a sample -> its entry, for those that have one."""
    hashes = {_hmac(sample): sample.sha256 for sample in samples}
    wanted = (table.c.sector == model.sector) & (table.c.sha256 == model.sha256) & table.c.input_hmac.in_(hashes)
    newest_first = _read(wanted & ~table.c.undone & _visible())
    return {hashes[entry.input_hmac]: entry for entry in reversed(newest_first)}


def revision() -> int:
    """Another number after every change that this process makes; those of other processes do not show."""
    return _latest["revision"]


def kept(sector: str) -> list[Correction]:
    """Corrections that a training can learn from, oldest first: with a kept sample, not undone."""
    sweep()
    usable = (table.c.sector == sector) & (table.c.kind == CORRECTION) & ~table.c.undone & (table.c.stored != "")
    return _read(usable)[::-1]


def kept_sample(correction: Correction) -> Sample:
    """What is kept of the input; raises `StoreError` when nothing is."""
    if correction.of_table:
        return cases.read(correction.stored)
    if correction.of_text:
        return kept_texts.read(correction.stored)
    return pictures.read(correction.stored)


def kept_text(correction: Correction) -> str:
    """The kept text; raises `StoreError` when none is."""
    return kept_texts.read(correction.stored).text


def undo(correction_id: str) -> None:
    """Take a correction back: it stays in the list as undone, what was kept is deleted.

    Raises:
        StoreError: there is no such correction.
        AccessRefused: it is somebody else's, and the one who asks may not train.
    """
    with _change() as ledger:
        found = _own(ledger.connection, correction_id)
        changed = update(table).where(table.c.id == correction_id).values(undone=True, stored="", scores={})
        ledger.connection.execute(changed)
        _note(ledger, "correction.undo", found)
    kept_files.remove([found.stored])


def delete(correction_id: str) -> None:
    """Delete a correction with what was kept for it; nothing of it stays but the audit log's keyed hash.

    Raises:
        StoreError, AccessRefused: as `undo`.
    """
    with _change() as ledger:
        found = _own(ledger.connection, correction_id)
        ledger.connection.execute(delete_rows(table).where(table.c.id == correction_id))
        _note(ledger, "correction.delete", found)
    kept_files.remove([found.stored])


def training_folder(sector: str, target: Path) -> int:
    """Write every kept correction as a file `<label>/<id>` below `target`, anew; returns how many there are.

    A label that is no plain name of a folder is left out.
    """
    return kept_files.lay_out([(entry.answer, entry.stored) for entry in kept(sector)], target)


def sweep() -> int:
    """Delete what was kept longer than the settings allow and files without a row; returns how many had their time.

    The answer stays without its sample; a case that nobody answered in that time goes as a whole.
    """
    limit = datetime.now(UTC) - timedelta(days=settings().correction_days)
    stale = (table.c.created < limit) & (table.c.stored != "")
    old = _read(stale)
    if old:
        with _change() as ledger:
            gone = table.c.id.in_([entry.id for entry in old])
            ledger.connection.execute(delete_rows(table).where(gone & (table.c.kind == REVIEW)))
            ledger.connection.execute(update(table).where(gone).values(stored="", scores={}))
            ledger.record("correction.expire", n_items=len(old))
        kept_files.remove([each.stored for each in old])
    kept_files.remove(kept_files.strays({entry.stored for entry in _read(table.c.stored != "")}))
    return len(old)


def _entry(kind: Kind, sample: Sample, prediction: Single, model: ModelRef, keep: bool) -> Correction:
    identity = uuid.uuid4().hex
    ending = _PICTURE if isinstance(sample, ImageSample) else _TEXT if isinstance(sample, TextSample) else _CASE
    return Correction(
        id=identity,
        created=datetime.now(UTC),
        sector=model.sector,
        kind=kind,
        version=model.version,
        sha256=model.sha256,
        input_hmac=_hmac(sample),
        stored=f"{model.sector}/{identity}{ending}" if keep else "",
        decision=prediction.decision or "",
        answer="",
        reason="",
        scores=_scores(prediction) if keep else {},
        actor=access.current().id,
        undone=False,
    )


def _put(entry: Correction, sample: Sample, *, answer: str, reason: str) -> Correction:
    sweep()
    entry = replace(entry, answer=answer, reason=_short(reason))
    try:
        if entry.stored:
            _keep(entry.stored, sample)
        with _change() as ledger:
            before = _same(entry.sector, entry.input_hmac, entry.sha256) & _visible()
            replaced = [_correction(row) for row in ledger.connection.execute(select(table).where(before)).mappings()]
            ledger.connection.execute(delete_rows(table).where(before))
            _check_room(ledger.connection)
            ledger.connection.execute(insert(table).values(**vars(entry)))
            details = {"right": entry.right, "kept": entry.kept, "replaced": len(replaced)}
            _note(ledger, "correct" if entry.kind == CORRECTION else "review", entry, details)
    except BaseException:
        kept_files.remove([entry.stored])
        raise
    kept_files.remove([each.stored for each in replaced])
    return entry


def _keep(stored: str, sample: Sample) -> None:
    if isinstance(sample, ImageSample):
        pictures.write(stored, sample.pixels, sample.marked)
    elif isinstance(sample, TextSample):
        kept_texts.write(stored, sample)
    else:
        cases.write(stored, sample)


@contextmanager
def _change() -> Iterator[audit.Change]:
    """A change of the entries; what was read before it is stale once it is done."""
    try:
        with audit.change(open_store()) as ledger:
            yield ledger
    finally:  # after the commit, or whoever reads in between would keep the old entry under the new number
        _latest["revision"] = next(_numbers)


def _check_label(answer: str, labels: Iterable[str]) -> None:
    known = tuple(labels)
    if answer not in known:
        raise InputRefused(
            "correction.label",
            Message(N_("{answer} is no answer that this model knows."), {"answer": str(answer)[:80] or "-"}),
            Message(N_("Choose one of: {labels}."), {"labels": ", ".join(known[:20])}),
        )


def _check_room(connection: Connection) -> None:
    limit = settings().correction_limit
    if (connection.execute(select(func.count()).select_from(table)).scalar() or 0) >= limit:
        raise StoreError(
            "corrections.full",
            Message(N_("There are {limit} corrections already; more are not kept."), {"limit": limit}),
            N_("Delete some of them on the page, or raise VITRINE_CORRECTION_LIMIT."),
        )


def _scores(prediction: Single) -> dict[str, float]:
    return {label: round(float(score), 6) for label, score in zip(prediction.labels, prediction.scores, strict=True)}


def _hmac(sample: Sample) -> str:
    return audit.input_hmac(sample.sha256)


def _short(reason: str) -> str:
    """One line without personal data and control characters, as long as its column."""
    return "".join(sign for sign in " ".join(mask(reason).text.split()) if sign.isprintable())[:REASON_LENGTH]


def _same(sector: str, input_hmac: str, sha256: str) -> ColumnElement[bool]:
    return (table.c.sector == sector) & (table.c.input_hmac == input_hmac) & (table.c.sha256 == sha256)


def _visible() -> ColumnElement[bool]:
    """A viewer sees his own entries: reasons and samples are nobody else's business."""
    everything = table.c.seq > 0
    return everything if access.allowed("presenter") else table.c.actor == access.current().id


def _read(wanted: ColumnElement[bool]) -> list[Correction]:
    with open_store().read() as connection:
        query = select(table).where(wanted).order_by(table.c.seq.desc())
        return [_correction(row) for row in connection.execute(query).mappings()]


def _correction(row: RowMapping) -> Correction:
    return Correction(**{name: value for name, value in row.items() if name != "seq"})


def _one(connection: Connection, correction_id: str) -> Correction:
    row = connection.execute(select(table).where(table.c.id == correction_id)).mappings().first()
    if row is None:
        raise _unknown()
    return _correction(row)


def _own(connection: Connection, correction_id: str) -> Correction:
    """The entry, if it belongs to the one who asks or he may change everybody's."""
    found = _one(connection, correction_id)
    if found.actor != access.current().id:
        access.require("presenter")
    return found


def _unknown() -> StoreError:
    return StoreError("corrections.unknown", N_("There is no such correction any more."), N_("Reload the page."))


def _note(ledger: audit.Change, action: str, entry: Correction, details: Mapping[str, Any] | None = None) -> None:
    ledger.record(
        action,
        sector=entry.sector,
        version=entry.version,
        sha256=entry.sha256,
        input_hmac=entry.input_hmac,
        n_items=1,
        details=details or {},
    )
