import pytest

from core.training.p_value import p_figure, p_said


@pytest.mark.parametrize(
    ("value", "figure", "said"),
    [
        (0.0, "< 0.001", "p < 0.001"),
        (0.00099, "< 0.001", "p < 0.001"),
        (0.001, "0.001", "p = 0.001"),
        (0.0234, "0.023", "p = 0.023"),
        (1.0, "1.000", "p = 1.000"),
    ],
)
def test_small_ones_are_never_written_as_zero(value, figure, said):
    assert (p_figure(value), p_said(value)) == (figure, said)
