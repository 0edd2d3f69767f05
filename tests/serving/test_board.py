"""A table on its way through a model: in batches, by one version, with one row in the audit log; and as a file."""

from __future__ import annotations

import csv
import io
import threading
from pathlib import Path

import numpy as np
import pytest

from core.data.board import NEGATIVE, POSITIVE, UNDECIDED, UNREAD
from core.errors import ModelRefused
from core.intake.text_tables import TextTable, open_texts, table_of_texts
from core.serving import board, service
from core.serving.board import BoardReading, ScoredTexts, read_aspects, start_reading
from core.serving.board_file import board_csv
from core.settings import settings
from core.store import audit
from tests.ui import text_service

SLUG = "sentiment"
CSV = """number,review,date,shop,label
a1,good room and good bed,2026-03-01,North,positive
a2,=1+2 awful,2026-03-02,South,negative
a3,the room is fine,,North,
a4,bonjour madame,2026-03-04,,positive
a5,"差, write to li@example.org",2026-03-05,South,positive
"""


@pytest.fixture
def counter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> text_service.Counter:
    monkeypatch.setenv("VITRINE_HOME", str(tmp_path / "home"))
    settings.cache_clear()
    return text_service.install(monkeypatch)


def whole(reading: BoardReading) -> ScoredTexts:
    while not reading.finished:
        reading.step()
    return reading.result()


def many(n: int) -> TextTable:
    return table_of_texts([f"{'good' if row % 3 else 'bad'} text {row}" for row in range(n)], "many")


def small() -> TextTable:
    columns = {"text": "review", "time": "date", "category": "shop", "label": "label", "id": "number"}
    return open_texts(CSV.encode(), "small.csv", columns)


def rows(content: bytes) -> list[dict[str, str]]:
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def test_a_table_is_read_whole_and_in_order(counter: text_service.Counter) -> None:
    table = many(5000)
    scored = whole(start_reading(SLUG, table))
    assert len(scored) == scored.sent == 5000 and scored.table is table
    assert (scored.verdicts == np.where(np.arange(5000) % 3, POSITIVE, NEGATIVE)).all()
    assert sum(counter.batches) == 5000 and max(counter.batches) <= board.LARGEST
    assert len(scored.words) == 5000 and scored.words.vocabulary[0] == "bad"


def test_other_columns_of_the_same_bytes_are_other_texts(counter: text_service.Counter) -> None:
    content = b"praise,blame,shop\n" + b"a good room,a bad room,North\n" * 5
    tables = [open_texts(content, "two.csv", {"text": name}) for name in ("praise", "blame")]
    assert tables[0].sha256 == tables[1].sha256
    first, second = (whole(start_reading(SLUG, table)) for table in tables)
    assert first.key != second.key and first.verdicts[0] != second.verdicts[0]


def test_what_was_read_has_a_key_of_its_own_and_keeps_it(counter: text_service.Counter) -> None:
    reading = start_reading(SLUG, many(1000))
    reading.step()
    part = reading.result()
    assert part.key == reading.result().key
    assert whole(reading).key != part.key


def test_batches_grow_while_they_are_quick_and_shrink_while_they_are_slow(
    counter: text_service.Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter(np.cumsum([0, 0.001] * 6 + [0, 100.0] * 6).tolist())
    monkeypatch.setattr(board.time, "perf_counter", lambda: next(clock))
    for name, size in (("FIRST", 8), ("SMALLEST", 2), ("LARGEST", 100)):
        monkeypatch.setattr(board, name, size)
    reading = start_reading(SLUG, many(2000))
    reading._batch = 8
    for _ in range(12):
        reading.step()
    assert counter.batches == [8, 32, 100, 100, 100, 100, 100, 25, 6, 2, 2, 2]
    assert reading.seconds_left is not None and reading.seconds_left > 0


def test_the_log_holds_one_row_for_the_table_and_nothing_of_its_texts(counter: text_service.Counter) -> None:
    whole(start_reading(SLUG, many(3000)))
    audit.flush()
    (entry,) = audit.entries(10)
    assert (entry.action, entry.n_items, entry.code, entry.version) == ("predict", 3000, "ok", "bundled")
    assert entry.input_hmac and "good" not in repr(entry)


def test_no_version_is_told_in_the_log(counter: text_service.Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(slug: str, ref: str = "champion") -> service.Chosen:
        raise ModelRefused("model.damaged", "damaged")

    monkeypatch.setattr(service, "choose", refuse)
    with pytest.raises(ModelRefused):
        start_reading(SLUG, many(3))
    audit.flush()
    assert [entry.code for entry in audit.entries(10)] == ["model.damaged"]


def test_a_batch_that_fails_is_told_and_can_be_asked_again(
    counter: text_service.Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading = start_reading(SLUG, many(1000))
    reading.step()
    answers = counter.answers

    def fail(texts: object) -> object:
        raise ModelRefused("model.gone", "gone")

    monkeypatch.setattr(counter, "answers", fail)
    with pytest.raises(ModelRefused):
        reading.step()
    audit.flush()
    assert "model.gone" in [entry.code for entry in audit.entries(10)]
    monkeypatch.setattr(counter, "answers", answers)
    assert len(whole(reading)) == 1000


def test_what_was_read_so_far_is_a_board_too(counter: text_service.Counter) -> None:
    reading = start_reading(SLUG, many(2000))
    reading.step()
    part = reading.result()
    assert len(part) == board.FIRST == len(part.table) == len(part.words) and part.sent == 2000
    assert len(part.table.ids) == board.FIRST
    assert whole(reading).key != part.key


def test_a_board_that_is_asked_for_while_a_batch_is_read_waits_for_it(counter: text_service.Counter) -> None:
    reading, inside, go_on = start_reading(SLUG, many(600)), threading.Event(), threading.Event()
    answers, found = counter.answers, []

    def slow(texts: list[str]) -> object:
        inside.set()
        assert go_on.wait(10)
        return answers(texts)

    counter.answers = slow  # type: ignore[method-assign]
    reader = threading.Thread(target=reading.step)
    reader.start()
    assert inside.wait(10)
    asking = threading.Thread(target=lambda: found.append(reading.result()))
    asking.start()
    asking.join(0.05)
    assert asking.is_alive()
    go_on.set()
    reader.join(10)
    asking.join(10)
    assert len(found[0]) == len(found[0].table) == len(found[0].words) == board.FIRST


def test_verdicts_rows_and_categories(counter: text_service.Counter) -> None:
    scored = whole(start_reading(SLUG, small()))
    assert scored.verdicts.tolist() == [POSITIVE, NEGATIVE, UNDECIDED, UNREAD, NEGATIVE]
    places, names = scored.categories
    assert names == ("North", "South") and places.tolist() == [0, 1, 0, -1, 1]
    assert scored.rows("South").tolist() == [False, True, False, False, True]
    assert scored.rows("South", "zh").tolist() == [False] * 4 + [True]
    assert scored.rows().all() and not scored.rows("West").any()
    assert whole(start_reading(SLUG, many(3))).categories[1] == ()


def test_clauses_of_aspects_are_read_on_their_own(counter: text_service.Counter) -> None:
    texts = ["The room was good, but the breakfast was bad."] * 8 + ["the breakfast was great"] * 2
    scored = whole(start_reading(SLUG, table_of_texts(texts, "stays")))
    found = {one.aspect.name: one for one in read_aspects(SLUG, scored)}
    assert (found["room"].verdicts == POSITIVE).all() and len(found["room"].clauses) == 8
    assert (found["breakfast"].verdicts == NEGATIVE).sum() == 8 and (found["breakfast"].verdicts == POSITIVE).sum() == 2
    assert (scored.verdicts[:8] == UNDECIDED).all(), "as a whole they are neither"


def test_an_empty_table_is_an_empty_board(counter: text_service.Counter) -> None:
    scored = whole(start_reading(SLUG, table_of_texts([], "nothing")))
    assert len(scored) == 0 and read_aspects(SLUG, scored) == []
    assert rows(board_csv(scored)) == []


def test_the_file_says_what_was_sent_and_what_was_found(counter: text_service.Counter) -> None:
    found = rows(board_csv(whole(start_reading(SLUG, small())), "Not advice.", masked=False))
    assert [row["id"] for row in found] == ["a1", "a2", "a3", "a4", "a5"]
    assert found[1]["text"] == "'=1+2 awful", "no spreadsheet runs it"
    assert [row["reading"] for row in found] == ["positive", "negative", "undecided", "unread", "negative"]
    assert [row["reason"] for row in found] == ["", "", "text.unsure", "text.unknown", ""]
    assert [row["label"] for row in found] == ["positive", "negative", "", "positive", "positive"]
    assert found[0]["time"] == "2026-03-01T00:00:00" and found[0]["category"] == "North" and found[3]["category"] == ""
    assert float(found[0]["score_positive"]) == pytest.approx(0.982, abs=1e-3)
    assert {row["notice"] for row in found} == {"Not advice."} and {row["version"] for row in found} == {"bundled"}
    assert found[4]["text"] == "差, write to li@example.org"


def test_personal_data_is_masked_unless_the_visitor_wants_it(counter: text_service.Counter) -> None:
    table = open_texts(b"id,text,category\n+86 138 0013 8000,good,li@example.org\nx,bad,b\n", "own.csv")
    found = rows(board_csv(whole(start_reading(SLUG, table))))
    content = " ".join(" ".join(row.values()) for row in found)
    assert "138" not in content and "li@example.org" not in content
    assert "notice" not in found[0]


def test_every_part_of_a_long_file_has_the_same_columns(
    counter: text_service.Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.serving.board_file._AT_ONCE", 7)
    found = rows(board_csv(whole(start_reading(SLUG, many(30)))))
    assert [row["id"] for row in found] == [str(number) for number in range(1, 31)]


@pytest.mark.slow
def test_the_bundled_model_reads_the_sample_board(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from core.data.board import accuracy_against
    from core.data.sample_board import sample_table

    monkeypatch.setenv("VITRINE_HOME", str(tmp_path / "home"))
    settings.cache_clear()
    service.pool.cache_clear()
    table = sample_table()
    scored = whole(start_reading(SLUG, table))
    assert table.label is not None
    agreement = accuracy_against(scored.verdicts, table.label)
    assert agreement is not None and agreement.low > 0.9
    assert {"en", "zh"} <= set(scored.languages)
    assert {"breakfast", "房间"} <= {one.aspect.name for one in read_aspects(SLUG, scored)}
