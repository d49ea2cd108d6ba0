"""Linear regression: theory, NumPy, SciPy and scikit-learn agree with it, and scikit-learn's own checks pass."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import approx_fprime
from sklearn.datasets import load_diabetes
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LinearRegression
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from ngo_lesson.kernels import random_below
from ngo_lesson.models.linear import (
    GradientDescentRegressor,
    LeastSquaresRegressor,
    LMSRegressor,
    half_mse,
    half_mse_gradient,
    lms,
    max_stable_rate,
    normal_equation,
)
from ngo_lesson.optimize.minimize import minimize

NUMBERS = st.floats(-10, 10).map(lambda value: round(value, 2))


@st.composite
def problems(draw):
    """Some X (m, d) and y (m,), often rank-deficient."""
    m, d = draw(st.integers(1, 8)), draw(st.integers(1, 5))
    return draw(arrays(float, (m, d), elements=NUMBERS)), draw(arrays(float, m, elements=NUMBERS))


@pytest.fixture(scope="module")
def diabetes():
    X, y = load_diabetes(return_X_y=True)
    return StandardScaler().fit_transform(X), y


@parametrize_with_checks([LeastSquaresRegressor(), GradientDescentRegressor(), LMSRegressor(random_state=0)])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_scikit_learn_accepts_the_estimators(estimator, check):
    check(estimator)


def test_half_mse_is_half_the_mean():
    X, y, theta = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([1.0, -1.0]), np.array([1.0, 1.0])
    assert half_mse(theta, X, y) == (2.0**2 + 8.0**2) / 4
    assert half_mse([1, 1], [[1, 2], [3, 4]], [1, -1]) == 17.0


@given(problems(), st.integers(0, 9))
def test_the_gradient_is_the_derivative(problem, seed):
    X, y = problem
    theta = np.random.default_rng(seed).standard_normal(X.shape[1])
    expected = approx_fprime(theta, half_mse, 1e-6, X, y)
    np.testing.assert_allclose(half_mse_gradient(theta, X, y), expected, rtol=1e-3, atol=1e-2)


@given(problems())
def test_least_squares_residuals_are_orthogonal_to_the_columns(problem):
    X, y = problem
    np.testing.assert_allclose(X.T @ (X @ normal_equation(X, y) - y), 0, atol=1e-8)


@given(problems())
def test_least_squares_has_the_smallest_norm(problem):
    X, y = problem
    theta = normal_equation(X, y)
    np.testing.assert_allclose(theta, np.linalg.pinv(X, rcond=np.finfo(float).eps * max(X.shape)) @ y, atol=1e-5)
    null = np.linalg.svd(X)[2][np.linalg.matrix_rank(X) :]  # adding any of these rows leaves the residuals alone
    np.testing.assert_allclose(null @ theta, 0, atol=1e-6)


def test_gradient_descent_is_stable_exactly_below_the_rate(diabetes):
    X, y = diabetes
    y = y - y.mean()
    largest = max_stable_rate(X)
    assert largest == pytest.approx(2 / np.linalg.eigvalsh(X.T @ X / len(X))[-1])

    def run(lr):
        arguments = {"method": "gd", "grad": lambda t: half_mse_gradient(t, X, y), "lr": lr, "steps": 2000}
        return minimize(lambda t: half_mse(t, X, y), np.zeros(X.shape[1]), **arguments)

    assert run(0.99 * largest).success
    assert not run(1.01 * largest).success


def test_every_rate_is_stable_where_the_error_is_flat():
    assert max_stable_rate(np.zeros((3, 2))) == np.inf


def reference_lms(theta, X, y, lr, epochs, rng):
    """The same draws and steps in plain Python."""
    seed = int(rng.integers(2**63, dtype=np.uint64))
    order, losses = list(range(len(y))), []
    for _ in range(epochs):
        for k in range(len(y) - 1, -1, -1):
            j = int(random_below(seed, k + 1))
            seed += 1
            order[j], order[k] = order[k], order[j]
        errors = []
        for i in reversed(order):
            errors.append(X[i] @ theta - y[i])
            theta = theta - lr * errors[-1] * X[i]
        losses.append(np.mean(np.square(errors)) / 2)
    return theta, losses


@given(problems(), st.integers(1, 4), st.integers(0, 99))
def test_lms_takes_the_textbook_steps(problem, epochs, seed):
    X, y = problem
    start = np.ones(X.shape[1])
    theta, losses = lms(start, X, y, 1e-3, epochs, np.random.default_rng(seed))
    expected, expected_losses = reference_lms(start, X, y, 1e-3, epochs, np.random.default_rng(seed))
    np.testing.assert_allclose(theta, expected, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(losses, expected_losses, rtol=1e-9, atol=1e-9)
    np.testing.assert_array_equal(start, 1.0)


def test_lms_visits_every_sample_once_an_epoch_in_another_order():
    # With one-hot samples and rate 1 a visit makes theta_i equal y_i; a second visit would find no error.
    m = 200
    theta, losses = lms(np.zeros(m), np.eye(m), np.arange(m), 1.0, 2, 0)
    np.testing.assert_array_equal(theta, np.arange(m))
    assert losses[0] == np.mean(np.square(np.arange(m))) / 2
    assert losses[1] == 0.0
    X, y = np.ones((3, 1)), np.array([0.0, 1.0, 2.0])
    ends = {float(lms([0.0], X, y, 0.9, 1, seed)[0][0]) for seed in range(60)}
    assert len(ends) == 6  # all orders of three samples occur


def test_lms_accepts_what_numpy_can_read():
    X, y = np.arange(12.0).reshape(6, 2)[:, ::-1], np.arange(6)
    read_only = X.copy()
    read_only.flags.writeable = False
    expected = lms(np.zeros(2), X.copy(), y.astype(float), 1e-3, 3, 1)[0]
    for other in (X, read_only, X.tolist(), np.asfortranarray(X)):
        np.testing.assert_array_equal(lms([0, 0], other, y.tolist(), 1e-3, 3, 1)[0], expected)


def test_lms_stops_when_it_diverges():
    X = np.full((50, 2), 10.0)
    _, losses = lms(np.zeros(2), X, np.ones(50), 10.0, 100, 0)
    assert losses.size < 100
    assert not np.isfinite(losses[-1])


@pytest.mark.parametrize("fit_intercept", [True, False])
def test_all_three_agree_with_scikit_learn(diabetes, fit_intercept):
    X, y = diabetes
    expected = LinearRegression(fit_intercept=fit_intercept).fit(X, y)
    exact = LeastSquaresRegressor(fit_intercept=fit_intercept).fit(X, y)
    np.testing.assert_allclose(exact.coef_, expected.coef_, rtol=1e-8)
    np.testing.assert_allclose(exact.intercept_, expected.intercept_, rtol=1e-12)
    np.testing.assert_allclose(exact.predict(X[:5]), expected.predict(X[:5]))
    descent = GradientDescentRegressor(fit_intercept=fit_intercept).fit(X, y)
    np.testing.assert_allclose(descent.coef_, expected.coef_, atol=0.1)
    online = LMSRegressor(fit_intercept=fit_intercept, random_state=0).fit(X, y)
    residuals, least = y - online.predict(X), y - expected.predict(X)
    assert least @ least < residuals @ residuals < 1.03 * (least @ least)


def test_the_automatic_rates_never_raise_the_loss_of_descent(diabetes):
    for scale in (1e-3, 1.0, 1e3):
        model = GradientDescentRegressor(max_iter=200, tol=0.0)
        with pytest.warns(ConvergenceWarning, match="max_iter=200"):
            model.fit(scale * diabetes[0], diabetes[1])
        assert model.n_iter_ == 200
        assert model.loss_history_.shape == (201,)
        assert (np.diff(model.loss_history_) <= 0).all()
        online = LMSRegressor(random_state=0, max_iter=20).fit(scale * diabetes[0], diabetes[1])
        assert online.loss_history_.shape == (online.n_iter_,) == (20,)
        assert online.loss_history_[-1] < online.loss_history_[0]


def test_constant_columns_leave_the_mean():
    X, y = np.ones((5, 2)), np.arange(5.0)
    for model in (LeastSquaresRegressor(), GradientDescentRegressor(), LMSRegressor(random_state=0)):
        np.testing.assert_allclose(model.fit(X, y).predict(X), 2.0)


def test_the_same_seed_gives_the_same_model(diabetes):
    first, second, other = (LMSRegressor(random_state=seed, max_iter=2).fit(*diabetes).coef_ for seed in (3, 3, 4))
    np.testing.assert_array_equal(first, second)
    assert (first != other).any()


@pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")
@pytest.mark.parametrize("model", [GradientDescentRegressor, LMSRegressor])
def test_a_rate_too_large_is_named_with_the_largest_that_works(diabetes, model):
    with pytest.raises(ValueError, match=r"(lr|learning_rate)=50.*(below|at most) 0\.\d+"):
        model(learning_rate=50.0).fit(*diabetes)
    with pytest.raises(ValueError, match="learning_rate='fast'"):
        model(learning_rate="fast").fit(*diabetes)
    with pytest.raises(ValueError, match="learning_rate=-1 must be"):
        model(learning_rate=-1).fit(*diabetes)
    with pytest.raises(ValueError, match="max_iter=0 must be"):
        model(max_iter=0).fit(*diabetes)


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"X": np.ones(3)}, r"X has shape \(3,\)"),
        ({"X": np.ones((0, 2))}, r"X has shape \(0, 2\)"),
        ({"X": 5.0}, r"X has shape \(\)"),
        ({"y": np.ones((3, 1))}, r"y has shape \(3, 1\); with X of shape \(3, 2\) it must be \(3,\)"),
        ({"y": np.ones(4)}, r"y has shape \(4,\)"),
        ({"theta": np.ones(3)}, r"theta has shape \(3,\); with X of shape \(3, 2\) it must be \(2,\)"),
    ],
)
def test_shapes_that_do_not_fit_are_named(changed, named):
    given = {"theta": np.zeros(2), "X": np.ones((3, 2)), "y": np.ones(3)} | changed
    for function in (half_mse, half_mse_gradient, lambda theta, X, y: lms(theta, X, y, 0.1, 1, 0)):
        with pytest.raises(ValueError, match=named):
            function(**given)
    if "theta" not in changed:
        with pytest.raises(ValueError, match=named):
            normal_equation(given["X"], given["y"])


def test_nan_is_named():
    X, y = np.ones((3, 2)), np.array([1.0, np.nan, 2.0])
    with pytest.raises(ValueError, match="y holds NaN"):
        normal_equation(X, y)
    with pytest.raises(ValueError, match="X holds NaN"):
        max_stable_rate(X * np.nan)


@pytest.mark.parametrize(("lr", "epochs", "named"), [(0.0, 1, "lr=0.0"), (np.nan, 1, "lr=nan"), (0.1, 0, "epochs=0")])
def test_lms_names_bad_numbers(lr, epochs, named):
    with pytest.raises(ValueError, match=named):
        lms(np.zeros(1), np.ones((2, 1)), np.ones(2), lr, epochs, 0)
