"""What refuses, by its code."""

from __future__ import annotations

import pytest

from core.errors import ModelRefused, StoreError


def code_of(call) -> str:
    with pytest.raises((StoreError, ModelRefused)) as caught:
        call()
    assert str(caught.value.message)
    assert "/home" not in str(caught.value.message)
    return caught.value.code
