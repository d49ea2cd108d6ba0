"""Schedules: their values, their limits in theory, and named errors."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ngo_lesson.optimize.schedules import constant, cosine, inverse_root, robbins_monro, spall, step_decay

positive = st.floats(1e-6, 1e3)


def values(schedule, steps):
    return [schedule(t) for t in range(steps)]


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        (constant(0.3), [0.3] * 6),
        (step_decay(0.8, factor=0.5, every=2), [0.8, 0.8, 0.4, 0.4, 0.2, 0.2]),
        (step_decay(1.0), [1.0] * 6),
        (cosine(2.0, steps=4), [2, 1 + math.sqrt(0.5), 1, 1 - math.sqrt(0.5), 0, 0]),
        (cosine(3.0, steps=4, warmup=2), [0, 1.5, 3, 1.5, 0, 0]),
        (inverse_root(6.0), [6 / math.sqrt(k) for k in (1, 2, 3, 4, 5, 6)]),
        (robbins_monro(6.0), [6, 3, 2, 1.5, 1.2, 1]),
        (robbins_monro(1.0, offset=5), [1, 5 / 6, 5 / 7, 5 / 8, 5 / 9, 0.5]),
        (spall(2.0, exponent=1.0), [2, 1, 2 / 3, 0.5, 0.4, 1 / 3]),
        (spall(2.0, stability=3.0, exponent=0.5), [2 / math.sqrt(k) for k in (4, 5, 6, 7, 8, 9)]),
    ],
)
def test_values(schedule, expected):
    np.testing.assert_allclose(values(schedule, 6), expected, rtol=1e-12, atol=1e-15)


def test_the_default_exponent_is_spalls():
    assert spall(1.0)(9) == pytest.approx(10**-0.602)


@given(lr=positive, steps=st.integers(1, 200), share=st.floats(0, 0.99))
def test_cosine_rises_then_falls_between_zero_and_lr(lr, steps, share):
    warmup = int(share * steps)
    rates = np.array(values(cosine(lr, steps, warmup), steps + 3))
    assert (np.diff(rates[: warmup + 1]) > 0).all()
    assert (np.diff(rates[warmup:]) <= 0).all()
    assert rates[warmup] == rates.max() == pytest.approx(lr)
    assert rates[0] == (0 if warmup else rates.max())
    assert (rates[steps:] == 0).all()


@given(lr=positive, offset=st.floats(0.1, 100))
def test_robbins_monro_sums(lr, offset):
    """The sum grows with every doubling by as much again; the sum of squares is bounded."""
    t = np.arange(1 << 14)
    rates = np.vectorize(robbins_monro(lr, offset))(t)
    assert rates[1 << 13 :].sum() > 0.5 * lr * offset * math.log(2) * (1 << 13) / ((1 << 13) + offset)
    assert (rates**2).sum() < lr**2 * (1 + offset)


@pytest.mark.parametrize(
    ("make", "named"),
    [
        *((lambda lr=lr: constant(lr), f"lr={lr!r} must be a positive") for lr in (0, -1, np.nan, np.inf, "x", None)),
        (lambda: step_decay(0.1, factor=0), "factor=0"),
        (lambda: step_decay(0.1, every=0), "every=0"),
        (lambda: step_decay(-0.1), "lr=-0.1"),
        (lambda: cosine(0.1, steps=0), "steps=0"),
        (lambda: cosine(0.1, steps=10, warmup=10), "warmup=10 must be at least 0 and less than steps=10"),
        (lambda: cosine(0.1, steps=10, warmup=-1), "warmup=-1"),
        (lambda: inverse_root(0), "lr=0"),
        (lambda: robbins_monro(0.1, offset=0), "offset=0"),
        (lambda: spall(0.0), "a=0.0"),
        (lambda: spall(0.1, stability=-2), "stability=-2 must not be negative"),
        (lambda: spall(0.1, exponent=-1), "exponent=-1"),
    ],
)
def test_arguments_out_of_range_are_named(make, named):
    with pytest.raises(ValueError, match=named):
        make()
