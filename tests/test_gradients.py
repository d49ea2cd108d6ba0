"""Gradients from values: as exact as theory says, at the cost they state."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ngo_lesson.optimize.gradients import ESTIMATORS, SPSA, Central, Forward, ForwardGradient, Gaussian, Sphere, draw_
from ngo_lesson.optimize.minimize import minimize

both = pytest.mark.parametrize("estimator", [Central(), Forward()], ids=["central", "forward"])
sampled = pytest.mark.parametrize("form", [SPSA, Gaussian, Sphere])
every = pytest.mark.parametrize("estimator", ESTIMATORS.values(), ids=ESTIMATORS)
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


@every
def test_functions_get_a_copy_of_x(estimator):
    def clears(z):
        value = float(z @ z)
        z[:] = 0
        return value

    x = np.array([1.0, 2.0])
    g = estimator.gradient(clears, x, np.random.default_rng(0))
    np.testing.assert_array_equal(g, estimator.gradient(lambda z: float(z @ z), x, np.random.default_rng(0)))
    np.testing.assert_array_equal(x, [1.0, 2.0])


@pytest.mark.parametrize("form", [Forward, Central, SPSA, Gaussian, Sphere])
@pytest.mark.parametrize("step", [0, -1e-3, np.nan, np.inf, "small"])
def test_steps_out_of_range_are_named(form, step):
    with pytest.raises(ValueError, match=f"step={step!r} must be a positive number"):
        form(step=step)


def errors(form, d, n, draws, step=None, two_sided=True):
    """Return the mean error and the mean squared error, relative, of estimates of the slopes of a linear function."""
    slopes, rng = np.random.default_rng(1).normal(size=d), np.random.default_rng(2)
    estimator = form(n, step, two_sided)
    found = np.array([estimator.gradient(lambda z: float(slopes @ z), np.zeros(d), rng) for _ in range(draws)]) - slopes
    return found.mean(axis=0) / np.linalg.norm(slopes), (found**2).sum(axis=1).mean() / (slopes @ slopes)


@sampled
@pytest.mark.parametrize("two_sided", [True, False])
def test_the_mean_is_the_gradient(form, two_sided):
    mean, square = errors(form, 5, 1, 4000, two_sided=two_sided)
    assert np.abs(mean).max() < 4 * np.sqrt(square / 4000)


@pytest.mark.parametrize(("form", "more"), [(SPSA, -1), (Gaussian, 1), (Sphere, -1)])
@pytest.mark.parametrize(("d", "n"), [(4, 1), (20, 1), (20, 8)])
def test_the_squared_error_grows_with_dimension_and_falls_with_directions(form, more, d, n):
    assert errors(form, d, n, 3000)[1] == pytest.approx((d + more) / n, rel=0.15)


def directions(form, n, d, seed):
    U = np.empty((n, d))
    draw_(np.random.default_rng(seed), form.kind, U)
    return U


@sampled
@pytest.mark.parametrize("two_sided", [True, False])
def test_on_a_parabola_pairs_are_exact_and_one_side_is_off_by_half_the_curvature(form, two_sided):
    x, A, h = np.array([1.0, -2.0, 0.5]), np.array([[2.0, 1.0, 0.0], [1.0, 5.0, -1.0], [0.0, -1.0, 3.0]]), 0.7
    U = directions(form, 4, 3, seed=3)
    slopes = U @ A @ x + (0 if two_sided else h / 2 * np.sum(U @ A * U, axis=1))
    g = form(4, h, two_sided).gradient(lambda z: float(z @ A @ z) / 2, x, np.random.default_rng(3))
    np.testing.assert_allclose(g, slopes @ U / 4, rtol=1e-9)


def test_directions_are_signs_or_normal_or_of_the_length_of_the_root_of_d():
    assert set(np.unique(directions(SPSA, 50, 7, 0))) == {-1.0, 1.0}
    np.testing.assert_array_equal(directions(Gaussian, 50, 7, 0), np.random.default_rng(0).standard_normal((50, 7)))
    np.testing.assert_allclose(np.linalg.norm(directions(Sphere, 50, 7, 0), axis=1), np.sqrt(7))


@sampled
@pytest.mark.parametrize("two_sided", [True, False])
def test_the_default_step_is_good_in_both_types(form, two_sided):
    """The error against the exact slopes along the same directions: rounding and curvature, not chance."""
    for dtype, tolerance in ((np.float64, 1e-7 if two_sided else 1e-6), (np.float32, 1e-2 if two_sided else 5e-2)):
        x, U = np.array([0.3, -1.2, 2.0], dtype=dtype), directions(form, 5, 3, seed=1)
        g = form(5, two_sided=two_sided).gradient(lambda z: np.exp(z).sum(), x, np.random.default_rng(1))
        assert g.dtype == dtype
        exact = U @ np.exp(x.astype(float)) @ U / 5
        assert np.linalg.norm(g - exact) < tolerance * np.linalg.norm(exact)


@sampled
@pytest.mark.parametrize(("n", "two_sided", "cost"), [(1, True, 2), (5, True, 10), (1, False, 2), (5, False, 6)])
def test_the_cost_of_directions_does_not_depend_on_the_dimension(form, n, two_sided, cost):
    for d in (1, 30):
        asked, estimator = [], form(n, two_sided=two_sided)
        estimator.gradient(lambda z, asked=asked: asked.append(z) or 0.0, np.zeros(d), np.random.default_rng(0))
        assert len(asked) == estimator.evaluations(d) == cost
        assert len({id(z) for z in asked}) == cost


def test_a_forward_gradient_is_what_pairs_tend_to():
    x, jvp = np.array([0.3, -1.2, 2.0]), lambda x, u: float(np.exp(x) @ u)
    exact = ForwardGradient(jvp, n=5).gradient(None, x, np.random.default_rng(4))
    pairs = Gaussian(n=5).gradient(lambda z: float(np.exp(z).sum()), x, np.random.default_rng(4))
    np.testing.assert_allclose(pairs, exact, rtol=1e-7)
    np.testing.assert_allclose(exact, directions(Gaussian, 5, 3, 4) @ np.exp(x) @ directions(Gaussian, 5, 3, 4) / 5)
    assert ForwardGradient(jvp).gradient(None, x.astype(np.float32), np.random.default_rng(4)).dtype == np.float32


def test_slopes_of_forward_mode_are_charged():
    bowl, estimator = lambda z: float(z @ z), ForwardGradient(lambda x, u: 2 * float(x @ u), n=3)
    result = minimize(bowl, np.ones(4), method="gd", grad=estimator, lr=0.05, budget=1000, seed=0)
    assert (estimator.evaluations(4), result.nit, result.nfev) == (6, 142, 142 * 7 + 1)
    assert result.fun < 1e-3


@every
def test_a_value_that_is_no_number_shows_in_the_estimate(estimator):
    values = iter([1.0, np.nan, *[1.0] * 9])
    assert np.isnan(estimator.gradient(lambda z: next(values), np.ones(2), np.random.default_rng(0))).any()


@every
@pytest.mark.parametrize(
    ("x", "what"),
    [(np.array([1, 2]), r"int64 of shape \(2,\)"), ([1.0, 2.0], "a list"), (np.ones((2, 2)), "float64 of")],
)
def test_points_that_are_no_vectors_of_floats_are_named(estimator, x, what):
    with pytest.raises(TypeError, match=f"x is {what}.*give an array of floats"):
        estimator.gradient(lambda z: float(np.sum(z)), x, np.random.default_rng(0))


@sampled
def test_bad_counts_and_sides_are_named(form):
    for n in (0, -1, 2.5, "two"):
        with pytest.raises(ValueError, match=f"n={n!r} must be a positive integer"):
            form(n)
    with pytest.raises(ValueError, match="two_sided='left' must be True or False"):
        form(two_sided="left")
    with pytest.raises(ValueError, match="n=0 must be a positive integer"):
        ForwardGradient(lambda x, u: 0.0, n=0)
    with pytest.raises(TypeError, match="jvp=3 is not a function"):
        ForwardGradient(3)
