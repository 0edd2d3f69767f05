"""Where sentences end: not in numbers, names, abbreviations and addresses, and after the Chinese marks."""

from __future__ import annotations

import time

import pytest

from core.data.sentences import sentence_spans

CUT = "|"
CASES = (
    "The soup is great.| My room was awful today!|",
    "I rate it 3.5 stars.| Mr. Smith was kind.|",
    "It costs $4.99.| Not worth it",
    "From .5 to 10.| It got 5.| The end.|",
    "Dr. J. R. Brown and Mrs. Lee of St. Mary said so.|",
    "J.K. Rowling and George R.R. Martin wrote them.| I read both.|",
    "My wife and I.| We loved it.|",
    "We left at 9 a.m. and came at 5 p.m. sharp.| Late!|",
    "We left at 9 a.m.| The room was cold.|",
    "Fruit, e.g. apples, i.e. green ones, pears etc. if you can.| Thanks.|",
    "Towels, soap etc.| We missed nothing.|",
    "Ask for No. 5.| No.| It was bad.|",
    "Made in the U.S. in Jan. 2020.| Fine.|",
    "It is 4K.| It is B2B.| It is Type-C.| All work.|",
    "It was ok... not more.| Well...| It broke.|",
    "So…so good.| so...so bad.| Wait…| What?|",
    "See https://example.com/a.b?x=1!2 for more.| Or www.example.com/?q.| Bye.|",
    "Look at example.com or write to a.b@example.com.|",
    "Is it https://example.com/x?| Yes.|",
    "What?!| No way!!!| Yes!|No",
    '"It broke."| Then she left.|',
    'He said "good." and left.| "Great!" he said.|',
    "(It was late.)| We ate.|",
    "1. Clean rooms.| 2. Kind staff.|",
    "One line\n|Another line\n|\n|Third",
    "Mr.\n|Smith",
    "房间很干净。|早餐太差！|还会来吗？|会；|当然……|好的",
    "评分3.5分。|价格19.9元，贵。|",
    "1.房间很干净，2.早餐很好。|不错",
    "很好.|但是贵.|再见",
    "他说：“很好。”|然后走了。|",
    "（早餐不错。）|房间一般",
    "见https://example.com/a。|很好",
    "The room was lovely.| 早餐太难吃了！| Mr. 王 was kind.|",
)


@pytest.mark.parametrize("marked", CASES)
def test_a_text_is_divided_where_its_sentences_end(marked: str) -> None:
    text = marked.replace(CUT, "")
    found = [text[start:end] for start, end in sentence_spans(text)]
    assert found == [part.strip() for part in marked.split(CUT) if part.strip()]


def test_tags_of_pages_divide_and_belong_to_no_sentence() -> None:
    text = "<p>Bad.</p>Nice <i>place</i><br /><br />The end"
    assert [text[start:end] for start, end in sentence_spans(text)] == ["Bad.", "Nice <i>place</i>", "The end"]


@pytest.mark.parametrize("text", ["", " \n ", "\u3000", "<br>"])
def test_of_nothing_there_are_none(text: str) -> None:
    assert sentence_spans(text) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "piece", [".", ". ", "a.", "A. ", "Mr. ", "<br", "www.", "https://", '."', "… a", "\n", "1.房", "a"]
)
def test_the_time_grows_with_the_text_and_not_faster(piece: str) -> None:
    def seconds(n: int) -> float:
        text, began = piece * n, time.process_time()
        sentence_spans(text)
        return time.process_time() - began

    seconds(100)
    short = min(seconds(5_000) for _ in range(3))
    # Ten times as long takes ten times as long; were it a square, a hundred times.
    assert min(seconds(50_000) for _ in range(2)) < 40 * max(short, 1e-3)
