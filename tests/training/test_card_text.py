"""What others wrote stands in a card as it is and does nothing there."""

import pytest

from core.training.card_text import as_code, as_text


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("![x](http://evil.example/beacon.png)", r"!\[x\](http://evil.example/beacon.png)"),
        ("<img src=x onerror=alert(1)>", "&lt;img src=x onerror=alert(1)>"),
        ("a | b\n\n# Heading", r"a \| b # Heading"),
        ("a\\|b", r"a\\\|b"),
        ("*loud* `code` _soft_", r"\*loud\* \`code\` \_soft\_"),
        ("&lt;b>", "&amp;lt;b>"),
        ("online_shopping_10_cats, 好评", "online_shopping_10_cats, 好评"),
        (0.5, "0.5"),
    ],
)
def test_markdown_is_shown_and_not_read(value, shown):
    assert as_text(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("train --data 'a b.csv'", "`train --data 'a b.csv'`"),
        ("a`b``c", "``` a`b``c ```"),
        ("a|b\nc", r"`a\|b c`"),
    ],
)
def test_code_ends_where_its_fence_does(value, shown):
    assert as_code(value) == shown
