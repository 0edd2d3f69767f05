"""What is taken for personal data and what is not, on lines of our own; and that no text takes long."""

from __future__ import annotations

import time

import pytest

from core.intake.personal import NAMES, mask, mask_all

EMAILS = (
    "Write to <bob.smith+shop@mail.example.co.uk>.",
    "联系我zhang_san@163.com，谢谢",
    "My address is A-B@Example-Shop.COM!",
    "ｈｅｌｌｏ＠ｅｘａｍｐｌｅ．ｃｏｍ 发我",
    "jane (at) example.org knows more",
    "jane[at]example.org knows more",
    "bob@exam\u200bple.com",
    "müller@example.de",
    "é.dupont@exemple.fr",
    "联系我zoë@exämple.de，谢谢",
    "иван@пример.рф",
    "me@example。com",
)
PHONES = (
    "电话13800138000转",
    "１３８００１３８０００ 找我",
    "加我微信:139 1234 5678",
    "199-1234-5678 随时打",
    "1380 013 8000",
    "138 001 38000",
    "+86 138 0013 8000",
    "+8613800138000",
    "0086 13800138000",
    "(86)13800138000",
    "138\u200b0013\u200b8000",
    "138–0013–8000",
    "١٣٨٠٠١٣٨٠٠٠",
    "①③⑧⓪⓪①③⑧⓪⓪⓪",
    "一三八零零一三八零零零",
    "座机010-62345678",
    "(0755) 8123 4567",
    "0571-87654321",
    "02162345678",
    "400-810-8888",
    "拨打4006666888转1",
    "客服电话:8008208820",
    "400-123-4567",
    "400 1234 567",
    "电话13800138000元旦后打",
    "Call (415) 555-2671 now",
    "415-555-2671",
    "415.555.2671",
    "+1 (415) 555-2671",
    "1-415-555-2671",
    "4155552671",
    "+44 20 7946 0958",
    "+49 30/123456",
    "+33 6 12 34 56 78",
    "06 12 34 56 78",
    "020 7946 0958",
    "07700 900123",
    "03-1234-5678",
    "0090 212 555 12 12",
)
ID_CARDS = (
    "身份证11010519491231002X。",
    "11010519491231002x",
    "440524188001010014",
    "110105 19491231 002X",
    "身份证号：１１０１０５１９４９１２３１００２Ｘ",
    "130503670401001",
)
BANK_CARDS = (
    "4111 1111 1111 1111",
    "4111111111111111",
    "5500-0000-0000-0004",
    "3782 822463 10005",
    "4111.1111.1111.1111",
    "4111_1111_1111_1111",
    "4111 1111\n1111 1111",
    "6222 0212\r\n3456 7890 128",
    "2023 4111 1111 1111 1111",
    "4111 1111 1111 1111 12/25, 123",
    "378282246310005",
    "30569309025904",
    "4222222222222",
    "6222021234567890128",
    "卡号6222 0212 3456 7890 128",
    "622202 1234567890128",
    "６２２２０２１２３４５６７８９０１２８",
)
HARMLESS = (
    "",
    "It cost $1,234,567.89 in 2019 and 12.99 in 2023.",
    "价格 12345.67 元，打8折，2023年5月1日到货",
    "2023-05-01 12:30:45",
    "05-12-2023 10:30",
    "01/02/2023",
    "订单号12345678，快递单号 87654321",
    "Order 111-1234567-1234567 arrived",
    "order no. 204817",
    "Order number: 9489378421",
    "订单编号:9489378421",
    "京东订单号：12235689503",
    "http://example.com/2009/06/09/14/08/03/",
    "Room 1204, floor 12, 10/10, 100 %",
    "ISBN 9787111123456",
    "ISBN 978-7-111-12345-6",
    "1690000000",
    "1690000000000",
    "192.168.100.10",
    "v2.15.0, 3.14159265358979",
    "0.13800138000",
    "0.4111111111111111",
    "2.7182818284",
    "订单号4006666888",
    "价格13999999999元",
    "票房 13900000000 元",
    "It made $13900000000 dollars",
    "I scored 3125550123 points",
    "01.02.03.04.05 was the mix",
    "+100 100 100 100",
    "0800 1200 1600 2000 time table",
    "2023 0501 - 2023 0601",
    "2,187,463,944 dollars",
    "138001380001380",
    "1920x1080, 16 GB, 5000 mAh",
    "1 2 3 4 5 6 7 8 9 10",
    "5 @ 2.99 each",
    "thanks @nike.com and @user",
    "a@b",
    "110105194912310021",
    "110105194913310022",
    "4111 1111 1111 1112",
    "6222021234567890123",
    "三星一二三，一九九八年",
    "100000000",
    "+10086",
    "😀😀 5⭐",
    "\0\ud800",
)


@pytest.mark.parametrize(
    ("kind", "lines"), [("e-mail", EMAILS), ("phone", PHONES), ("id card", ID_CARDS), ("bank card", BANK_CARDS)]
)
def test_personal_data_in_any_writing_give_way_to_a_mark(kind: str, lines: tuple[str, ...]) -> None:
    missed = [line for line in lines if mask(line).found != {kind: 1} or f"[{kind}]" not in mask(line).text]
    assert not missed


def test_prices_dates_and_order_numbers_are_left_alone() -> None:
    assert [line for line in HARMLESS if mask(line).found or mask(line).text != line] == []


def test_everything_around_a_mark_stays_character_for_character() -> None:
    masked = mask("  Ｆｕｌｌ\u200b width\t１３８００１３８０００\u3000bob@example.com\n<b>12</b> ")
    assert masked.text == "  Ｆｕｌｌ\u200b width\t[phone]\u3000[e-mail]\n<b>12</b> "
    assert masked.found == {"phone": 1, "e-mail": 1}


def test_neighbours_are_told_apart() -> None:
    text = "2023-05-01 13800138000 4111 1111 1111 1111, 11010519491231002X/010-62345678"
    assert mask(text).text == "2023-05-01 [phone] [bank card], [id card]/[phone]"


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("13800138000，13900139000", "[phone]，[phone]"),
        ("13800138000.13900139000", "[phone].[phone]"),
        ("张三,35,13800138000", "张三,35,[phone]"),
        ("张三,35,010-62345678,0", "张三,35,[phone],0"),
        ("1.13800138000 2.13900139000", "1.[phone] 2.[phone]"),
        ("10.13800138000\n11.010-62345678", "10.[phone]\n11.[phone]"),
        ("6222021001116245702,11010519491231002X", "[bank card],[id card]"),
        ("1.6222021001116245702 2.11010519491231002X", "1.[bank card] 2.[id card]"),
        ("35,4155552671,415-555-2671", "35,[phone],[phone]"),
        ("4155552671,4155552671", "[phone],[phone]"),
        ("4111 1111 1111 1111 4111 1111 1111 1111", "[bank card] [bank card]"),
        ("in 2019 1234 4111 1111 1111 1111", "in 2019 1234 [bank card]"),
    ],
)
def test_lists_and_numbered_lists_are_masked_to_the_last(text: str, clean: str) -> None:
    assert mask(text).text == clean


def test_masking_twice_changes_nothing() -> None:
    for line in (*EMAILS, *PHONES, *ID_CARDS, *BANK_CARDS):
        once = mask(line).text
        assert mask(once).text == once


def test_many_texts_are_counted_together() -> None:
    texts, found = mask_all(["nothing", "bob@example.com", "13800138000 and 13900139000"])
    assert texts == ["nothing", "[e-mail]", "[phone] and [phone]"]
    assert found == {"e-mail": 1, "phone": 2}
    assert set(found) < set(NAMES)


REPEATED = (
    "1",
    "a",
    "0",
    "1 ",
    "+1",
    "(0",
    "a@",
    "x@y-",
    "1.",
    "1 - ",
    "4111-1111-",
    "4111\n",
    "4111.",
    "13800138000,",
    "0800 1200 ",
    "4008208820 ",
    "138 0013 ",
    "a (at) b.",
    "一三",
    "1\u200b",
    "１ ",
    "好的13800138000 a@b.com ",
)


@pytest.mark.slow
@pytest.mark.parametrize("unit", REPEATED)
def test_a_megabyte_takes_no_longer_than_its_length(unit: str) -> None:
    """Twice the text may take twice the time; a search that goes back and forth would take four times it."""
    took = []
    for size in (250_000, 1_000_000):
        text = unit * (size // len(unit))
        began = time.process_time()
        mask(text)
        took.append(time.process_time() - began)
    assert took[1] < max(9 * took[0], 0.5)
    assert took[1] < 3


@pytest.mark.slow
@pytest.mark.parametrize("before", ["a@", "+", "1 ", "a (at) "])
def test_a_long_tail_is_no_trap(before: str) -> None:
    for tail in ("1", "a.", "1.", " ", "-", "1-", "(", "()1"):
        began = time.process_time()
        mask(before + tail * 300_000)
        assert time.process_time() - began < 3, tail
