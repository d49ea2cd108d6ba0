"""Truncated SVD: NumPy, scikit-learn and theory agree with it, also on matrices without full rank."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import sparse
from sklearn.datasets import load_digits
from sklearn.decomposition import TruncatedSVD as ScikitSVD
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.utils.estimator_checks import parametrize_with_checks
from sklearn.utils.extmath import randomized_svd as scikit_svd

from ngo_lesson.factorize.svd import TruncatedSVD, power_iteration, randomized_svd, subspace_iteration

FORMATS = {
    "dense": np.asarray,
    "Fortran": np.asfortranarray,
    "csr": sparse.csr_array,
    "csc": sparse.csc_matrix,
    "coo": sparse.coo_array,
}
SHAPES = {"tall": (120, 90), "wide": (90, 120), "square": (100, 100)}


def with_spectrum(values, shape, seed=0):
    """A random matrix with these singular values."""
    rng = np.random.default_rng(seed)
    U, V = (np.linalg.qr(rng.standard_normal((side, len(values))))[0] for side in shape)
    return (U * values) @ V.T


def text(seed=0, documents=300, words=800):
    """Sparse TF-IDF of documents that each draw their words from one of 12 topics."""
    rng = np.random.default_rng(seed)
    topics = rng.gamma(0.1, size=(12, words)) / np.arange(5, words + 5)
    topics /= topics.sum(axis=1, keepdims=True)
    counts = np.array([rng.multinomial(60, topics[rng.integers(12)]) for _ in range(documents)])
    return TfidfTransformer().fit_transform(sparse.csr_array(counts))


def assert_svd(A, U, s, Vt):
    """U and Vt are orthonormal, s falls, and A V = U s, or U'A = s Vt if A is wide."""
    k, scale = s.size, max(np.linalg.norm(A, 2), 1e-300)
    assert (U.shape, Vt.shape) == ((A.shape[0], k), (k, A.shape[1]))
    np.testing.assert_allclose(U.T @ U, np.eye(k), atol=1e-7)
    np.testing.assert_allclose(Vt @ Vt.T, np.eye(k), atol=1e-7)
    assert (s >= 0).all()
    assert (np.diff(s) <= 1e-9 * scale).all()
    if A.shape[0] < A.shape[1]:
        A, U, Vt = A.T, Vt.T, U.T
    np.testing.assert_allclose(A @ Vt.T / scale, U * s / scale, atol=1e-7)


def assert_best(A, U, s, Vt):
    """Nothing of this rank is closer to A (Eckart & Young 1936)."""
    assert_svd(A, U, s, Vt)
    exact, scale = np.linalg.svd(A, compute_uv=False), max(np.linalg.norm(A), 1e-300)
    np.testing.assert_allclose(s / scale, exact[: s.size] / scale, atol=1e-7)
    error = np.linalg.norm(A - U * s @ Vt) / scale
    assert error == pytest.approx(np.linalg.norm(exact[s.size :]) / scale, abs=1e-7)


@parametrize_with_checks([TruncatedSVD(random_state=0)])
def test_scikit_learn_accepts_the_estimator(estimator, check):
    check(estimator)


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    "svd",
    [
        lambda A: subspace_iteration(A, 5, 30, 0),
        lambda A: randomized_svd(A, 5, rng=0),
        lambda A: randomized_svd(A, 5, oversamples=0, iterations=4, rng=0),
        lambda A: randomized_svd(A, 5, iterations=1, rng=0),
    ],
)
def test_low_rank_is_found_exactly(svd, shape, form):
    A = with_spectrum([8, 5, 4, 2, 1], SHAPES[shape])
    A[:, 7] = A[9] = 0.0
    U, s, Vt = svd(FORMATS[form](A))
    assert_best(A, U, s, Vt)
    np.testing.assert_allclose(U * s @ Vt, A, atol=1e-9)
    U_numpy, _, Vt_numpy = np.linalg.svd(A)
    np.testing.assert_allclose(np.abs(np.sum(U * U_numpy[:, :5], axis=0)), 1, atol=1e-9)
    np.testing.assert_allclose(np.abs(np.sum(Vt * Vt_numpy[:5], axis=1)), 1, atol=1e-9)


@given(
    st.tuples(st.integers(1, 9), st.integers(1, 9)).flatmap(
        lambda shape: arrays(float, shape, elements=st.integers(-3, 3).map(float))
    ),
    st.data(),
)
def test_small_matrices_are_cut_as_eckart_and_young_say(A, data):
    k = data.draw(st.integers(1, min(A.shape)))
    assert_best(A, *randomized_svd(A, k, rng=0))
    assert_best(A, *randomized_svd(sparse.csr_array(A), k, rng=0))


@given(st.integers(0, 99), st.integers(0, 30), st.integers(1, 4), st.integers(0, 6), st.integers(1, 6), st.booleans())
def test_a_random_basis_gives_an_svd_that_is_never_too_large(seed, rank, k, oversamples, iterations, wide):
    rng = np.random.default_rng(seed)
    A = rng.integers(-2, 3, (70, rank)).astype(float) @ rng.integers(-2, 3, (rank, 60))
    A = A.T if wide else A
    U, s, Vt = randomized_svd(A, k, oversamples=oversamples, iterations=iterations, rng=rng)
    assert_svd(A, U, s, Vt)
    exact = np.linalg.svd(A, compute_uv=False)
    assert (s <= exact[:k] + 1e-9 * exact[0]).all()
    assert np.linalg.norm(A - U * s @ Vt) >= np.linalg.norm(exact[k:]) - 1e-9 * exact[0]


DEFICIENT = {
    "zero": np.zeros((90, 80)),
    "one entry": np.eye(90, 80) * (np.arange(80) == 3),
    "identity": np.eye(80),
    "first of the identity": np.eye(90, 80) * (np.arange(80) < 7),
    "ones": np.ones((90, 80)),
    "twice the same columns": np.tile(np.random.default_rng(0).standard_normal((90, 6)), 12),
    "halving values": with_spectrum(0.5 ** np.arange(80), (90, 80)),
    "tenths": with_spectrum(0.1 ** np.arange(80), (90, 80)),
    "many equal values": with_spectrum(np.r_[np.ones(9), np.full(30, 0.5), np.full(41, 0.1)], (90, 80)),
    "tiny": with_spectrum(1e-120 * 0.5 ** np.arange(80), (90, 80)),
    "huge": with_spectrum(1e60 * 0.5 ** np.arange(80), (90, 80)),
}


@pytest.mark.parametrize("form", ["dense", "csr"])
@pytest.mark.parametrize("name", DEFICIENT)
def test_matrices_with_dependent_columns(name, form):
    A = DEFICIENT[name]
    for oversamples in (0, 10):
        assert_best(A, *randomized_svd(FORMATS[form](A), 9, oversamples=oversamples, rng=0))


def test_small_singular_values_keep_their_digits():
    values = 0.1 ** np.arange(12)
    _, s, _ = randomized_svd(with_spectrum(values, (300, 200)), 12, rng=0)
    np.testing.assert_allclose(s, values, rtol=1e-3)


@pytest.mark.parametrize(
    "values", [1 / np.arange(1, 201), np.arange(1, 201) ** -0.25, np.linspace(2, 1, 200)], ids=["1/i", "slow", "flat"]
)
def test_no_further_from_the_best_than_scikit_learn(values):
    A, k = with_spectrum(values, (400, 200)), 20

    def excess(svd):
        best = np.linalg.norm(values[k:])
        errors = [np.sqrt(np.sum(values**2) - np.sum(svd(seed)[1] ** 2)) for seed in range(10)]
        return np.mean(errors) / best - 1

    ours = excess(lambda seed: randomized_svd(A, k, rng=seed))
    assert -1e-9 < ours < 0.7 * excess(lambda seed: scikit_svd(A, k, n_iter=5, random_state=seed))


def test_every_block_brings_the_basis_closer():
    A = text()
    captured = [
        [np.sum(randomized_svd(A, 5, iterations=iterations, rng=seed)[1] ** 2) for iterations in range(1, 6)]
        for seed in range(10)
    ]
    assert (np.diff(captured, axis=1) > 0).mean() > 0.95


def test_iterations_converge_at_the_rates_of_the_books():
    A = with_spectrum([4.0, 3.0, 2.0, 1.0], (30, 20))
    V = np.linalg.svd(A)[2]

    def angle(steps):
        return np.linalg.norm(V[1:] @ power_iteration(A, steps, 0)[2])

    assert angle(30) / angle(20) == pytest.approx((3 / 4) ** 20, rel=0.02)

    def angles(steps):
        return np.linalg.norm(V[2:] @ subspace_iteration(A, 2, steps, 0)[2].T, axis=0)

    np.testing.assert_allclose(angles(20) / angles(12), [(2 / 4) ** 16, (2 / 3) ** 16], rtol=0.05)


def test_power_iteration_finds_the_first_pair():
    X = load_digits().data
    sigma, u, v = power_iteration(X, 20, np.random.default_rng(1))
    U, s, Vt = np.linalg.svd(X, full_matrices=False)
    assert isinstance(sigma, float)
    assert sigma == pytest.approx(s[0], rel=1e-12)
    np.testing.assert_allclose(np.outer(u, v), np.outer(U[:, 0], Vt[0]), atol=1e-9)
    assert v[np.abs(v).argmax()] > 0


def test_signs_and_seeds():
    A = load_digits().data[:200]
    results = [randomized_svd(A, 3, rng=seed) for seed in range(10)] + [subspace_iteration(A, 3, 300, 5)]
    for U, _, Vt in results:
        assert (Vt[np.arange(3), np.abs(Vt).argmax(axis=1)] > 0).all()
        np.testing.assert_allclose(U, results[0][0], atol=1e-6)
        np.testing.assert_allclose(Vt, results[0][2], atol=1e-6)
    A = np.random.default_rng(0).standard_normal((200, 150))
    np.testing.assert_array_equal(randomized_svd(A, 3, rng=7)[0], randomized_svd(A, 3, rng=7)[0])
    assert (randomized_svd(A, 3, rng=7)[0] != randomized_svd(A, 3, rng=8)[0]).any()


def test_arguments_stay_as_they_are():
    A = text()
    before = A.copy()
    randomized_svd(A, 4, rng=0)
    assert (before != A).nnz == 0


@pytest.mark.parametrize("form", ["csr", "csc", "dense"])
def test_scikit_learn_finds_the_same_in_text(form):
    X = FORMATS[form](text().toarray())
    ours, theirs = TruncatedSVD(8, iterations=8, random_state=0), ScikitSVD(8, algorithm="arpack", random_state=0)
    coordinates, expected = ours.fit_transform(X), theirs.fit_transform(X)
    np.testing.assert_allclose(coordinates, expected, atol=1e-6)
    for name in ("components_", "singular_values_", "explained_variance_", "explained_variance_ratio_"):
        np.testing.assert_allclose(getattr(ours, name), getattr(theirs, name), atol=1e-6, err_msg=name)
    np.testing.assert_allclose(ours.transform(X), coordinates, atol=1e-8)
    np.testing.assert_allclose(ours.inverse_transform(coordinates), theirs.inverse_transform(expected), atol=1e-6)
    assert list(ours.get_feature_names_out()) == [f"truncatedsvd{i}" for i in range(8)]


def test_new_rows_and_float32():
    X = load_digits().data.astype(np.float32)
    model = TruncatedSVD(5, random_state=0).fit(X[:1000])
    assert model.components_.dtype == np.float64
    np.testing.assert_allclose(model.transform(X[1000:]), X[1000:].astype(float) @ model.components_.T)


@pytest.mark.parametrize("form", ["dense", "csr"])
def test_fitted_rows_get_the_coordinates_that_new_rows_get(form):
    X = FORMATS[form](np.random.default_rng(0).standard_normal((90, 400)))  # wide and far from converged
    model = TruncatedSVD(3, iterations=2, random_state=0)
    np.testing.assert_allclose(model.fit_transform(X), X @ model.components_.T, atol=1e-9)


def test_constant_columns_have_no_variance_to_explain():
    model = TruncatedSVD(2, random_state=0).fit(np.ones((6, 3)))
    np.testing.assert_allclose(model.explained_variance_ratio_, 0, atol=1e-20)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: randomized_svd(np.ones(3), 1), r"A has shape \(3,\); it must be \(m, n\)"),
        (lambda: randomized_svd(np.ones((0, 3)), 1), "at least one row and one column"),
        (lambda: randomized_svd([[1.0, np.nan]], 1), "A holds NaN or infinity.*; remove, fill or scale"),
        (lambda: subspace_iteration(sparse.csr_array([[1.0, np.inf]]), 1, 1, 0), "A holds NaN or infinity"),
        (lambda: power_iteration([[-np.inf]], 1, 0), "A holds NaN or infinity"),
        (lambda: randomized_svd([[1e80, 1.0]], 1), "numbers above 1e70"),
        (lambda: randomized_svd(np.ones((4, 3)), 4), "k=4 must be an integer from 1 to 3, the smaller of n_samples=4"),
        (lambda: randomized_svd(np.ones((4, 3)), 0), "k=0 must be an integer from 1"),
        (lambda: subspace_iteration(np.ones((4, 3)), 1.5, 1, 0), r"k=1\.5 must be an integer from 1"),
        (lambda: power_iteration(np.ones((4, 3)), -1, 0), "steps=-1 must be an integer, at least 0"),
        (lambda: randomized_svd(np.ones((4, 3)), 1, iterations=0), "iterations=0 must be an integer, at least 1"),
        (lambda: randomized_svd(np.ones((4, 3)), 1, oversamples=-1), "oversamples=-1 must be an integer, at least 0"),
        (lambda: TruncatedSVD(4).fit(np.ones((9, 3))), "n_components=4 must be an integer from 1 to 3.*n_features=3"),
        (lambda: TruncatedSVD(1).fit(np.ones((9, 3))).transform(np.ones((2, 4))), "4 features"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
