"""NMF: scikit-learn's multiplicative updates, SciPy's NNLS and the conditions of a minimum agree with it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import nnls
from sklearn.datasets import load_digits
from sklearn.decomposition import non_negative_factorization
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.estimator_checks import parametrize_with_checks

from ngo_lesson.factorize.nmf import BLOCK, NMF, nmf, nmf_step

NUMBERS = st.one_of(st.just(0.0), st.floats(0, 10).map(lambda value: round(value, 2)))


@st.composite
def problems(draw):
    """Some X (m, n), W (m, k) and H (k, n), with many zeros and k above and below m and n."""
    m, n, k = (draw(st.integers(1, 6)) for _ in range(3))
    return [draw(arrays(float, shape, elements=NUMBERS)) for shape in ((m, n), (m, k), (k, n))]


def start(m, n, k, seed):
    rng = np.random.default_rng(seed)
    return rng.random((m, k)), rng.random((k, n))


@pytest.fixture(scope="module")
def digits():
    return load_digits().data[:500]


@parametrize_with_checks([NMF(random_state=0), NMF(solver="mu", random_state=0)])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_scikit_learn_accepts_the_estimator(estimator, check):
    check(estimator)


def test_the_step_is_that_of_scikit_learn(digits):
    W, H = start(*digits.shape, 5, seed=0)
    options = {"init": "custom", "solver": "mu", "max_iter": 20, "tol": 0}
    expected = non_negative_factorization(digits, W.copy(), H.copy(), 5, **options)
    for _ in range(20):
        W, H = nmf_step(digits, W, H)
    np.testing.assert_allclose(W, expected[0], rtol=1e-8)
    np.testing.assert_allclose(H, expected[1], rtol=1e-8)


@given(problems())
def test_the_step_stays_non_negative_keeps_zeros_and_never_raises_the_error(problem):
    X, W, H = problem
    new_W, new_H = nmf_step(X, W, H)
    assert (new_W[W == 0] == 0).all()
    assert (new_H[H == 0] == 0).all()
    assert min(new_W.min(), new_H.min()) >= 0
    assert np.linalg.norm(X - new_W @ new_H) <= np.linalg.norm(X - W @ H) + 1e-9


@given(problems(), st.sampled_from(["hals", "mu"]))
def test_both_solvers_stay_non_negative_and_their_errors_are_true_and_never_rise(problem, solver):
    X, W, H = problem
    given_W, given_H = W.copy(), H.copy()
    new_W, new_H, errors = nmf(X, W, H, solver=solver, max_iter=30, tol=0)
    assert min(new_W.min(), new_H.min()) >= 0
    accuracy = 1e-7 * (1 + np.linalg.norm(X))
    assert errors[0] == np.linalg.norm(X - W @ H)
    assert abs(errors[-1] - np.linalg.norm(X - new_W @ new_H)) <= accuracy
    assert (np.diff(errors) <= accuracy).all()
    np.testing.assert_array_equal(W, given_W)
    np.testing.assert_array_equal(H, given_H)


def test_zeros_lock_the_multiplicative_rule_but_not_hals():
    X = np.ones((6, 5))
    W, H = start(6, 5, 1, seed=0)
    W[0] = 0
    locked, _, errors = nmf(X, W, H, solver="mu", max_iter=500, tol=0)
    assert locked[0] == 0
    assert errors[-1] >= np.sqrt(5)  # row 0 of X is out of reach
    assert nmf(X, W, H, max_iter=50)[2][-1] < 1e-6


def test_hals_ends_where_no_small_step_helps(digits):
    X = digits[:100]
    W, H, errors = nmf(X, *start(*X.shape, 4, seed=1), max_iter=2000, tol=0)
    for factor, slope in ((W, (W @ H - X) @ H.T), (H, W.T @ (W @ H - X))):
        least = 1e-4 * np.linalg.norm(X) * np.linalg.norm(factor)
        assert slope.min() > -least  # growing does not help
        assert np.abs(slope[factor > 0]).max() < least  # nor does anything, where there is something to shrink
    assert errors[-1] > np.linalg.norm(np.linalg.svd(X)[1][4:])  # which Eckart and Young say is the least


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_hals_reaches_the_error_of_scikit_learn_from_the_same_starts(digits):
    ratios = []
    for seed in range(12):
        W, H = start(*digits.shape, 8, seed)
        peer = non_negative_factorization(digits, W.copy(), H.copy(), 8, init="custom", max_iter=300)
        ratios.append(nmf(digits, W, H)[2][-1] / np.linalg.norm(digits - peer[0] @ peer[1]))
    assert 0.997 < np.median(ratios) < 1.003
    assert max(ratios) < 1.02


def test_transform_solves_non_negative_least_squares(digits):
    assert len(digits) > 2 * BLOCK
    assert len(digits) % BLOCK > 0
    model = NMF(6, random_state=0).fit(digits)
    W = model.transform(digits)
    expected = np.array([nnls(model.components_.T, row)[0] for row in digits])
    np.testing.assert_allclose(W, expected, atol=1e-6)
    error = np.linalg.norm(digits - model.inverse_transform(W))
    assert 0.999 * model.reconstruction_err_ < error <= model.reconstruction_err_
    assert model.errors_.shape == (model.n_iter_ + 1,)


@pytest.mark.parametrize("solver", ["hals", "mu"])
def test_k_above_both_sides_reproduces_X(solver):
    X = np.random.default_rng(0).random((3, 4))
    model = NMF(6, solver=solver, max_iter=5000, tol=1e-9, random_state=0).fit(X)
    np.testing.assert_allclose(model.inverse_transform(model.transform(X)), X, atol=5e-3)  # such sweeps are slow


@pytest.mark.parametrize("solver", ["hals", "mu"])
def test_zero_rows_and_columns_come_back_as_zeros(solver, digits):
    X = digits[:80].copy()
    X[[0, 70]], X[:, 0] = 0, 0
    model = NMF(4, solver=solver, max_iter=20, tol=0, random_state=0).fit(X)
    back = model.inverse_transform(model.transform(X))
    assert (back[[0, 70]] == 0).all()
    assert (back[:, 0] == 0).all()
    nothing = NMF(3, solver=solver, random_state=0).fit(np.zeros((5, 4)))
    assert nothing.reconstruction_err_ == 0
    assert (nothing.transform(np.ones((2, 4))) == 0).all()


def test_the_same_seed_gives_the_same_model(digits):
    first, second, other = (NMF(3, random_state=seed).fit(digits).components_ for seed in (3, 3, 4))
    np.testing.assert_array_equal(first, second)
    assert (first != other).any()


def test_too_few_iterations_are_named(digits):
    with pytest.warns(ConvergenceWarning, match="max_iter=2 did not reach tol=1e-09"):
        model = NMF(3, max_iter=2, tol=1e-9, random_state=0).fit(digits)
    assert model.n_iter_ == 2


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"X": -np.eye(3)}, "X must hold nothing negative"),
        ({"X": np.full((3, 3), np.nan)}, "X must hold nothing .* NaN"),
        ({"W": np.full((3, 2), np.inf)}, "W must hold nothing .* infinite"),
        ({"H": -np.ones((2, 3))}, "H must hold nothing negative"),
        ({"X": np.ones(3)}, r"X has shape \(3,\)"),
        ({"X": np.ones((0, 3))}, r"X has shape \(0, 3\)"),
        ({"W": np.ones((3, 0))}, r"W \(3, 0\)"),
        ({"W": np.ones((4, 2))}, r"W has shape \(4, 2\); with X of shape \(3, 3\) it must be \(3, 2\)"),
        ({"H": np.ones((3, 2))}, r"H has shape \(3, 2\); with X of shape \(3, 3\) it must be \(2, 3\)"),
        ({"solver": "cd"}, "solver='cd'"),
        ({"max_iter": 0}, "max_iter=0"),
        ({"tol": -1.0}, "tol=-1.0"),
    ],
)
def test_what_cannot_be_factorized_is_named(changed, named):
    arguments = {"X": np.eye(3), "W": np.ones((3, 2)), "H": np.ones((2, 3))} | changed
    with pytest.raises(ValueError, match=named):
        nmf(**arguments)
    if arguments.keys() <= {"X", "W", "H"}:
        with pytest.raises(ValueError, match=named):
            nmf_step(**arguments)


@pytest.mark.parametrize(
    ("X", "n_components", "named"),
    [
        (-np.eye(3), 2, "Negative values"),
        (np.full((3, 3), np.nan), 2, "contains NaN"),
        (np.eye(3), 0, "n_components=0"),
        (np.eye(3), 1.5, "n_components=1.5"),
    ],
)
def test_what_cannot_be_fitted_is_named(X, n_components, named):
    with pytest.raises(ValueError, match=named):
        NMF(n_components).fit(X)
    with pytest.raises(ValueError, match="Negative values"):
        NMF().fit(np.eye(3)).transform(-np.eye(3))
