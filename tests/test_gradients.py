"""Finite differences: as exact as theory says, at the cost they state."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ngo_lesson.optimize.gradients import ESTIMATORS, Central, Forward

both = pytest.mark.parametrize("estimator", ESTIMATORS.values(), ids=ESTIMATORS)
numbers = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=6).map(np.array)


@both
@given(x=numbers)
def test_a_line_is_exact_up_to_rounding(estimator, x):
    slopes = np.arange(1.0, x.size + 1)
    g = estimator.gradient(lambda z: float(slopes @ z), x)
    np.testing.assert_allclose(g, slopes, rtol=0, atol=1e-6 * (1 + np.abs(x).sum()))


@pytest.mark.parametrize(("estimator", "error"), [(Forward(), 1e-7), (Central(), 1e-9)])
def test_curves_are_as_exact_as_theory_says(estimator, error):
    x = np.array([0.3, -1.2, 2.0])
    g = estimator.gradient(lambda z: float(np.exp(z).sum()), x)
    assert np.abs(g / np.exp(x) - 1).max() < error


@pytest.mark.parametrize(("form", "order"), [(Forward, 1), (Central, 2)])
def test_the_error_falls_with_the_order_of_the_formula(form, order):
    x = np.array([1.0])
    error = [abs(form(step).gradient(lambda z: float(np.exp(z[0])), x)[0] - np.e) for step in (1e-2, 1e-3)]
    assert error[0] / error[1] == pytest.approx(10**order, rel=0.05)


@both
@given(st.floats(0.1, 1e9))
def test_the_distance_is_what_rounding_leaves_of_it(estimator, x0):
    assert estimator.gradient(lambda z: z[0] - x0, np.array([x0]))[0] == 1.0


@both
def test_the_step_grows_with_x(estimator):
    x = np.array([1e6])
    assert estimator.gradient(lambda z: z[0] ** 2, x)[0] == pytest.approx(2e6, rel=1e-6)


@both
def test_float32_gets_a_step_of_its_own(estimator):
    x = np.array([1.0, 100.0], dtype=np.float32)
    g = estimator.gradient(lambda z: np.float32(z @ z), x)
    assert g.dtype == np.float32
    np.testing.assert_allclose(g, 2 * x, rtol=0.05, atol=2)


@both
@pytest.mark.parametrize("d", [1, 2, 7])
def test_the_cost_is_the_one_stated(estimator, d):
    asked = []
    estimator.gradient(lambda z: asked.append(z) or 0.0, np.zeros(d))
    assert len(asked) == estimator.evaluations(d) == {"Forward": d + 1, "Central": 2 * d}[type(estimator).__name__]


@both
def test_functions_get_a_copy_of_x(estimator):
    def clears(z):
        value = float(z @ z)
        z[:] = 0
        return value

    x = np.array([1.0, 2.0])
    np.testing.assert_allclose(estimator.gradient(clears, x), [2.0, 4.0], rtol=1e-6)
    np.testing.assert_array_equal(x, [1.0, 2.0])


@pytest.mark.parametrize("form", [Forward, Central])
@pytest.mark.parametrize("step", [0, -1e-3, np.nan, np.inf, "small"])
def test_steps_out_of_range_are_named(form, step):
    with pytest.raises(ValueError, match=f"step={step!r} must be a positive number"):
        form(step)
