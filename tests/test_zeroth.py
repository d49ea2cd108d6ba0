"""Zeroth-order descent: the steps of the rules on estimates, exact budgets, and what happens when values break."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit

from ngo_lesson.optimize import zeroth
from ngo_lesson.optimize.functions import LANDSCAPES
from ngo_lesson.optimize.gradients import SPSA, Central, Gaussian, Sphere
from ngo_lesson.optimize.minimize import minimize
from ngo_lesson.optimize.updates import GD, Adam, Sign

every = pytest.mark.parametrize("method", zeroth.METHODS)
VALLEY = LANDSCAPES["rosenbrock"]


def plain(fun):
    return lambda x: float(fun(x))


@pytest.mark.parametrize(
    ("method", "rule", "estimator"),
    [
        ("zo-sgd", GD(0.02), Gaussian(n=3, step=0.1)),
        ("zo-sign", Sign(0.01), Sphere(step=1e-3, two_sided=False)),
        ("zo-adam", Adam(0.03), SPSA(n=2)),
        ("zo-adam", Adam(0.03, amsgrad=True), Gaussian(n=2, step=1e-3, two_sided=False)),
    ],
)
def test_each_method_takes_the_steps_of_its_rule_on_the_estimates(method, rule, estimator):
    x, rng, steps = np.array([0.5, -0.5, 1.0]), np.random.default_rng(7), 20
    fun, path = plain(LANDSCAPES["levy"].fun), []
    options = {"amsgrad": True} if getattr(rule, "amsgrad", False) else {}
    budget = 2 + steps * estimator.evaluations(3)
    result = minimize(
        fun, x, method=method, lr=rule.lr, estimator=estimator, budget=budget, seed=7, keep_path=True, **options
    )
    for _ in range(steps):
        path.append(x.copy())
        rule.step_(x, estimator.gradient(fun, x, rng))
    assert (result.nit, result.nfev) == (steps, budget)
    np.testing.assert_allclose(result.history["x"][-1], x, rtol=1e-9)
    assert result.fun == result.history["value"].min() == fun(result.x)


@settings(max_examples=40)
@given(
    method=st.sampled_from(sorted(zeroth.METHODS)),
    estimator=st.builds(
        lambda form, n, two_sided: form(n, two_sided=two_sided),
        *(st.sampled_from([SPSA, Gaussian, Sphere]), st.integers(1, 4), st.booleans()),
    ),
    budget=st.integers(1, 200),
    seed=st.integers(0, 99),
)
def test_compiled_and_plain_agree_bit_for_bit_and_keep_the_budget(method, estimator, budget, seed):
    given = {"x0": [-1.2, 1.0, 0.3], "method": method, "estimator": estimator, "budget": budget, "seed": seed}
    compiled, slow = minimize(VALLEY.fun, **given), minimize(plain(VALLEY.fun), **given)
    for key in ("x", "fun", "nfev", "nit", "message", "success"):
        np.testing.assert_array_equal(compiled[key], slow[key])
    np.testing.assert_array_equal(compiled.history["value"], slow.history["value"])
    cost = estimator.evaluations(3)
    assert compiled.nfev == slow.nfev <= budget
    assert compiled.nfev == 1 or compiled.nfev > budget - cost


@every
@pytest.mark.parametrize("name", ["sphere", "zakharov", "levy"])
def test_defaults_are_of_use(method, name):
    """From a start at a distance of 1 in each of 10 coordinates, 10,000 values take at least 80 % off."""
    landscape = LANDSCAPES[name]
    x0 = landscape.minimizer(10) + np.where(np.arange(10) % 2, 1.0, -1.0)
    ends = [minimize(landscape.fun, x0, method=method, seed=seed) for seed in range(3)]
    assert all(end.success for end in ends)
    assert np.median([end.fun for end in ends]) < 0.2 * landscape.fun(x0)


def test_spsa_finds_the_valley_through_noise():
    """Spall's case: the values are noisy, the step is as wide as the noise."""
    noise = np.random.default_rng(0)
    result = minimize(
        lambda x: float(x @ x) + 0.1 * noise.standard_normal(),
        np.ones(5),
        method="spsa",
        estimator=SPSA(step=0.1),
        seed=1,
    )
    assert float(result.history["value"][-1]) < 0.5


def test_the_gains_of_spsa_are_those_of_spall():
    x0 = np.array([1.0, 0.7, -1.3, 2.0])
    result = minimize(plain(LANDSCAPES["sphere"].fun), x0, method="spsa", budget=500, seed=0, keep_path=True)
    values, points, trials = result.history["value"], result.history["x"], zeroth.TRIALS
    pairs = points[1:-1].reshape(-1, 2, 4)
    centers, widths = pairs.mean(axis=1), np.abs(pairs[:, 0] - pairs[:, 1])[:, 0] / 2
    t = np.arange(len(pairs) - trials)
    np.testing.assert_allclose(widths[trials:] / widths[0], (t + 1) ** -0.101, rtol=1e-4)
    slopes = np.abs((values[1:-1:2] - values[2::2])[trials:] / (2 * widths[trials:]))
    rates = np.linalg.norm(np.diff(centers[trials:], axis=0), axis=1) / (2 * slopes[:-1])
    sure = slopes[:-1] > 0.1
    expected = ((t[:-1] + 1 + 25) / 26) ** -0.602
    np.testing.assert_allclose((rates / rates[0])[sure], expected[sure], rtol=1e-2)


@every
@pytest.mark.parametrize("form", [lambda f: f, plain])
def test_values_that_break_are_left_out_and_told(method, form):
    walled = njit(lambda x: np.sum(x * x) if x[0] < 1.2 else np.nan)
    result = minimize(form(walled), np.ones(3), method=method, lr=0.003, estimator=Gaussian(step=0.3), seed=0)
    assert result.success
    assert result.fun < 0.05
    assert "values were NaN and counted as +inf" in result.message


@every
def test_where_no_value_is_finite_x_stays(method):
    result = minimize(lambda x: np.inf, [1.0, 2.0], method=method, budget=100, seed=0)
    assert (result.success, result.x.tolist()) == (False, [1.0, 2.0])
    assert "no value was finite" in result.message


def test_a_walk_uphill_is_told_and_the_best_point_kept():
    result = minimize(LANDSCAPES["sphere"].fun, np.ones(20), method="zo-sgd", lr=0.9, budget=1000, seed=0)
    assert not result.success
    assert "the value rose from 20 to" in result.message
    assert result.fun <= 20.0
    assert result.fun == LANDSCAPES["sphere"].fun(result.x)


@every
def test_targets_and_callbacks_end_the_walk(method):
    reached = minimize(LANDSCAPES["sphere"].fun, np.ones(3), method=method, lr=0.02, target=0.5, seed=0)
    assert reached.success
    assert reached.fun <= 0.5
    assert reached.nfev < 10_000

    def stop(state):
        if state.nfev == 7:
            raise StopIteration

    assert minimize(LANDSCAPES["sphere"].fun, np.ones(3), method=method, callback=stop, seed=0).nfev == 7


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"estimator": Central()}, ValueError, r"estimator=Central.*minimize\(method=.adam., grad=estimator\)"),
        ({"estimator": "central"}, ValueError, "estimator='central' must be one of spsa, gaussian, sphere"),
        ({"lr": -1}, ValueError, "lr=-1 must be a positive number or a schedule"),
        ({"move": 0}, ValueError, "move=0 must be a positive number"),
        ({"bounds": [(0, 1)] * 2}, ValueError, "takes no bounds"),
        ({"betas": (0.9, 0.99)}, TypeError, "betas=.* is no option of 'spsa'"),
    ],
)
def test_bad_options_are_named(options, error, message):
    with pytest.raises(error, match=message):
        minimize(VALLEY.fun, [0.5, 0.5], method="spsa", **options)
