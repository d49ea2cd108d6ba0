"""Factorizations and text beside scikit-learn and scikit-surprise, one core: `python -m benchmarks matrices`."""

import contextlib
import subprocess
import tempfile
import warnings
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numba import njit
from scipy import sparse
from sklearn.datasets import load_digits
from sklearn.decomposition import TruncatedSVD as ScikitSVD
from sklearn.decomposition import non_negative_factorization
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.metrics import root_mean_squared_error
from sklearn.model_selection import train_test_split
from sklearn.utils.extmath import randomized_svd as scikit_randomized_svd

from benchmarks.timing import medians, row
from ngo_lesson.data import chinese_reviews, food_reviews, movie_ratings, python_topics
from ngo_lesson.factorize.nmf import nmf
from ngo_lesson.factorize.ratings import RatingsModel, als_half_, by_row, sgd_epoch_
from ngo_lesson.factorize.svd import TruncatedSVD, randomized_svd
from ngo_lesson.models.text import LowRankNgrams, WittenBell, lsa_classifier

NO_SURPRISE = (
    "scikit-surprise is not installed: python3 -m venv build/surprise; build/surprise/bin/pip install scikit-surprise"
)
SURPRISE = """
import sys
import numpy as np
from surprise import SVD, Dataset, Reader, accuracy

users, items, ratings, m = (np.load(sys.argv[1])[name].tolist() for name in ("users", "items", "ratings", "m"))
rows = list(zip(users, items, ratings))
whole = Dataset(Reader(rating_scale=(min(ratings), max(ratings))))
train = whole.construct_trainset([(*row, None) for row in rows[:m]])
for line in sys.stdin:
    if line.strip() == "error":
        print(accuracy.rmse(model.test(rows[m:]), verbose=False), flush=True)
    else:
        model = SVD(32, n_epochs=int(line), random_state=0).fit(train)
        print(0, flush=True)
"""
CHINESE = {"analyzer": "char", "ngram_range": (1, 2), "min_df": 5}


def matrices() -> Iterator[dict]:
    yield from svd_rows()
    yield from nmf_rows()
    yield from ratings_rows()
    yield from text_rows()


def svd_rows(repeats: int = 10) -> Iterator[dict]:
    """Yield times and errors of the truncated SVD, each turn with a new random basis."""
    m, n, k = 2000, 1000, 50
    rng = np.random.default_rng(0)
    U, V = (np.linalg.qr(rng.standard_normal((side, n)))[0] for side in (m, n))
    dense = {"values 1/i": U / np.arange(1, n + 1) @ V.T, "noise": rng.standard_normal((m, n))}
    columns = rng.standard_normal((n, k + 10))
    for name, A in dense.items():
        ours, six, fast = medians(
            lambda A=A: randomized_svd(A, k),
            lambda A=A: [A.T @ (A @ columns) for _ in range(3)],
            lambda A=A: [((columns.T @ A.T) @ A).T for _ in range(3)],
            repeats=3 * repeats,
        )
        how = f"{m} x {n}, rank {k}; six products A X and A'Y of {k + 10} columns beside it; medians of {3 * repeats}; "
        how += f"the same products with both factors transposed, as ours does its eight, take {1e3 * fast:.3g} ms"
        yield row(f"SVD: {name}, ms, against six products", 1e3 * ours, 1e3 * six, at_least=0.667, how=how)
        best = np.linalg.norm(np.linalg.svd(A, compute_uv=False)[k:])
        values = [svd(A, k, seed)[1] for svd in (ours_svd, scikit_svd) for seed in range(repeats)]
        errors = np.sqrt(np.sum(A * A) - np.sum(np.square(values), axis=1)).reshape(2, repeats) / best - 1
        how = f"mean of {repeats} random bases; ours {errors[0].min():.2g} to {errors[0].max():.2g}, scikit-learn's "
        how += f"{errors[1].min():.2g} to {errors[1].max():.2g}"
        yield row(f"SVD: {name}, error above the least possible", *errors.mean(axis=1).tolist(), at_least=1, how=how)

    random = sparse.random_array((5000, 20_000), density=0.005, rng=rng, data_sampler=rng.standard_normal)
    for name, A in {"like text": like_text(rng), "random": random.tocsr()}.items():
        models = TruncatedSVD(100, oversamples=0), ScikitSVD(100), TruncatedSVD(100)
        ours, theirs, default = medians(*(lambda model=model, A=A: model.fit(A) for model in models), repeats=repeats)
        how = f"5000 x 20000 with {A.nnz:,} entries, rank 100, TruncatedSVD.fit of both, medians of {repeats}; "
        how += f"oversamples=0, which loses less than its peer (next row); the default of 10 takes {default:.3g} s"
        yield row(f"SVD: sparse, {name}, seconds", ours, theirs, at_least=2, how=how)
        total, seeds = A.power(2).sum(), range(repeats)
        ours = [1 - np.sum(randomized_svd(A, 100, oversamples=0, rng=seed)[1] ** 2) / total for seed in seeds]
        theirs = [1 - np.sum(scikit_svd(A, 100, seed)[1] ** 2) / total for seed in seeds]
        how = f"mean of {repeats} random bases, oversamples=0; ours {min(ours):.4f} to {max(ours):.4f}, "
        how += f"scikit-learn's {min(theirs):.4f} to {max(theirs):.4f}"
        lost = (float(np.mean(each)) for each in (ours, theirs))
        yield row(f"SVD: sparse, {name}, share of the squares lost", *lost, at_least=1, how=how)


def ours_svd(A, k: int, seed: int):
    """The package's SVD with its defaults."""
    return randomized_svd(A, k, rng=seed)


def scikit_svd(A, k: int, seed: int):
    """The SVD of scikit-learn's TruncatedSVD with its defaults."""
    return scikit_randomized_svd(A, k, n_iter=5, random_state=seed)


def like_text(rng: np.random.Generator) -> sparse.csr_array:
    """Return TF-IDF (5000, 20000) of documents that each mix three of 100 topics; few words are frequent."""
    words = rng.gamma(0.15, size=(100, 20_000)) / np.arange(10, 20_010)
    documents = np.repeat(np.arange(5000), 120)
    topics = rng.integers(100, size=(5000, 3))[documents, rng.integers(3, size=documents.size)]
    columns = np.empty(documents.size, dtype=int)
    for topic, chances in enumerate(words / words.sum(axis=1, keepdims=True)):
        columns[topics == topic] = rng.choice(20_000, size=(topics == topic).sum(), p=chances)
    counts = sparse.coo_array((np.ones(documents.size), (documents, columns)), shape=(5000, 20_000)).tocsr()
    return TfidfTransformer(sublinear_tf=True).fit_transform(counts)


def nmf_rows(starts: tuple[int, int] = (15, 5)) -> Iterator[dict]:
    """Yield the time to scikit-learn's error from random starts, so many on the digits and on a larger matrix."""
    rng = np.random.default_rng(0)
    low = rng.gamma(1, 1, (2000, 20)) @ rng.gamma(1, 1, (20, 1000))
    noisy = np.maximum(low + 0.1 * low.mean() * rng.standard_normal(low.shape), 0)
    cases = ("digits, k = 16", load_digits().data, 16, 0.30), ("2000 x 1000, k = 20", noisy, 20, 0.60)
    for (name, X, k, goal), count in zip(cases, starts, strict=True):
        ours, theirs, errors = np.array([nmf_race(X, k, seed) for seed in range(count)]).T
        how = f"medians of {count} random starts, given to both; scikit-learn's coordinate descent with its defaults; "
        how += f"starts that lead it below all that ours reaches: {np.isinf(ours).sum()}; our error when its time is "
        how += f"over: {errors.min():.4f} to {errors.max():.4f} of its own, median {np.median(errors):.4f}"
        times = (1e3 * float(np.median(each)) for each in (ours, theirs))
        yield row(f"NMF: {name}, ms to scikit-learn's error", *times, at_least=1 / goal, how=how)


def nmf_race(X: np.ndarray, k: int, seed: int) -> tuple[float, float, float]:
    """Return seconds to scikit-learn's last error, its own, and the ratio of the errors when its time is over."""
    rng, scale = np.random.default_rng(seed), 2 * np.sqrt(X.mean() / k)
    start = scale * rng.random((len(X), k)), scale * rng.random((k, X.shape[1]))

    def peer():
        return non_negative_factorization(X, *(factor.copy() for factor in start), k, init="custom")

    with warnings.catch_warnings(action="ignore", category=ConvergenceWarning):
        W, H, _ = peer()
        target, errors = np.linalg.norm(X - W @ H), nmf(X, *start, max_iter=400, tol=0)[2]
        reached = (errors <= target).any()
        steps = int((errors <= target).argmax()) if reached else errors.size - 1
        ours, theirs = medians(lambda: nmf(X, *start, max_iter=steps, tol=0), peer, repeats=3)
    meanwhile = errors[min(errors.size - 1, int(steps * theirs / ours))]
    return ours if reached else np.inf, theirs, meanwhile / target


def ratings_rows(m: int = 1_000_000, epochs: int = 10, repeats: int = 3, splits: int = 5) -> Iterator[dict]:
    """Yield what m synthetic ratings and 32 factors cost, and the errors on MovieLens."""
    users, items, ratings = synthetic_ratings(m + m // 10)
    train, test, rng = (users[:m], items[:m], ratings[:m]), (users[m:], items[m:]), np.random.default_rng(0)
    X, Y = (rng.normal(0, 0.1, (n, 33)) for n in (6000, 4000))

    def ours():
        order = rng.permutation(m)  # fit shuffles once, too
        parts = [part[order] for part in train]
        for _ in range(epochs):
            sgd_epoch_(X, Y, *parts, 0.005, 0.02, 0.02)

    with surprise(users, items, ratings, m) as ask:
        if ask:
            times = medians(ours, lambda: ask(epochs), repeats=repeats)
            theirs, missing = ask("error"), ""
        else:
            times, theirs, missing = [*medians(ours, repeats=repeats), None], None, f"; {NO_SURPRISE}"
    options = {"lr": 0.005, "regularization": 0.02, "bias_regularization": 0.02}  # scikit-surprise's defaults
    model = RatingsModel(32, solver="sgd", max_epochs=10, validation_fraction=0, random_state=0, **options).fit(*train)
    error = root_mean_squared_error(ratings[m:], model.predict(*test))
    how = f"{m:,} synthetic ratings (rank 8, biases, noise) of 6000 x 4000, 32 factors"
    yield row("ratings: SGD, seconds an epoch", *(t and t / epochs for t in times), at_least=15, how=how + missing)
    yield row("ratings: SGD, held-out error after 10 epochs", error, theirs, at_least=0.995, how=how + missing)

    sides = (X, Y, by_row(*train, 6000)), (Y, X, by_row(items[:m], users[:m], ratings[:m], 4000))
    sweep, sums = medians(
        lambda: [als_half_(new, other, *entries, np.full(33, 10.0)) for new, other, entries in sides],
        lambda: [gram_matrices(other, *entries[:2]) for _, other, entries in sides],
        repeats=repeats,
    )
    how = f"{how}; the cost of the equations is that of gathering the rows and of their products by BLAS, unsolved"
    yield row("ratings: ALS, a sweep over its normal equations", sweep / sums, at_most=2, how=how)
    yield from movie_rows(splits)


def movie_rows(splits: int) -> Iterator[dict]:
    """Yield the held-out errors on MovieLens; regularization is chosen on a validation part of each training part."""
    movies, errors = movie_ratings(), defaultdict(list)
    entries = np.column_stack([movies.users, movies.movies, movies.ratings])
    choices = {
        "biases": [{"n_factors": 0, "bias_regularization": each} for each in (2, 3, 5)],
        "ALS": [{"regularization": each} for each in (10, 14, 20)],
        "SGD": [{"solver": "sgd", "regularization": each} for each in (0.06, 0.08, 0.1)],
    }
    for seed in range(splits):
        train, test = (part.T for part in train_test_split(entries, test_size=0.2, random_state=seed))
        for name, options in choices.items():
            models = [RatingsModel(random_state=seed, **each).fit(*train) for each in options]
            model = min(models, key=lambda model: model.history_["validation"].min())
            errors[name].append(root_mean_squared_error(test[2], model.predict(*test[:2])))
    biases = float(np.median(errors["biases"]))
    for name, goal in (("ALS", {"at_most": 0.88}), ("SGD", {"at_least": 1})):
        how = f"MovieLens 100k, a fifth held out, median of {splits} splits, from {min(errors[name]):.4f} to "
        how += f"{max(errors[name]):.4f}; regularization chosen on a validation part; biases alone beside it"
        yield row(
            f"ratings: MovieLens, held-out error, {name}", float(np.median(errors[name])), biases, **goal, how=how
        )


def synthetic_ratings(m: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return m users, items and ratings: rank 8, biases and noise."""
    rng, shape = np.random.default_rng(0), (6000, 4000)
    ids = [rng.integers(n, size=m) for n in shape]
    P, Q = (rng.normal(0, 0.4, (n, 8))[each] for n, each in zip(shape, ids, strict=True))
    b, c = (rng.normal(0, 0.5, n)[each] for n, each in zip(shape, ids, strict=True))
    return *ids, 3 + b + c + (P * Q).sum(axis=1) + rng.normal(0, 0.5, m)


@njit
def gram_matrices(Y, starts, others):
    """The least that normal equations cost: rows of Y gathered, and their products by BLAS."""
    for r in range(starts.size - 1):
        Z = Y[others[starts[r] : starts[r + 1]]]
        np.dot(Z.T, Z)


@contextlib.contextmanager
def surprise(users: np.ndarray, items: np.ndarray, ratings: np.ndarray, m: int):
    """Give a function that lets scikit-surprise fit for some epochs, or tell its "error"; None if it is not there."""
    python = Path(__file__).parents[1] / "build/surprise/bin/python"
    if not python.exists():
        yield None
        return
    with tempfile.TemporaryDirectory() as folder:
        np.savez(f"{folder}/ratings.npz", users=users, items=items, ratings=ratings, m=m)
        command = [python, "-c", SURPRISE, f"{folder}/ratings.npz"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:

            def ask(what):
                print(what, file=process.stdin, flush=True)
                return float(process.stdout.readline())

            yield ask
            process.stdin.close()


def text_rows(splits: int = 10, size: int = 1_000_000) -> Iterator[dict]:
    """Yield errors of classifiers of Chinese reviews, and what low rank costs a generator in three corpora."""
    reviews = chinese_reviews()
    raw = np.array(reviews.texts, dtype=object), reviews.target
    signs = defaultdict(set)
    for text, sign in zip(*raw, strict=True):
        signs[text].add(int(sign))
    clear = [(text, min(each)) for text, each in signs.items() if len(each) == 1]
    apart = np.array([text for text, _ in clear], dtype=object), np.array([sign for _, sign in clear])
    found = np.array([review_errors(*apart, seed) for seed in range(splits)]).T
    leaky = [review_errors(*raw, seed, None)[1] for seed in range(splits)]
    how = f"a quarter held out, medians of {splits} splits; SVD {shares(found[0])}, without SVD {shares(found[1])}, "
    how += f"without SVD and with the duplicates, which leak, {shares(leaky)}"
    low, full = (float(each) for each in np.median(found, axis=1))
    yield row("text: Chinese reviews, error, SVD (k = 100) against none", low, full, at_most=0.2, how=how)
    english = food_reviews().texts
    for name, texts, order, rank in (
        ("python_topics", python_topics().texts, 5, 50),
        ("English reviews", english, 5, 50),
        ("Chinese reviews", reviews.texts, 3, 200),
    ):
        found = np.array([generator_bits(texts, order, rank, seed, size) for seed in range(splits)])
        low, full, low_bytes, full_bytes = (float(each) for each in np.median(found, axis=0))
        how = f"at most {size:,} characters, a tenth held out, medians of {splits} splits; "
        how += f"{shares(found[:, 0] / found[:, 1])} times the baseline's, which is Witten-Bell of the same order; "
        how += f"kept are {low_bytes / 1e6:.1f} MB against {full_bytes / 1e6:.1f} MB"
        title = f"text: {name}, bits a character, order {order}, rank {rank}"
        yield row(title, low, full, at_least=0.952, how=how)  # at most 5 % more
    text = "\n".join(english)[:size]
    seconds = medians(lambda: WittenBell(5).fit([text]), repeats=3)[0]
    yield row(f"text: counts up to order 5 of {size:,} characters, seconds", seconds, at_most=1, how="median of 3")


def shares(values) -> str:
    """Return from where to where these values go."""
    return f"{min(values):.3f} to {max(values):.3f}"


def review_errors(texts: np.ndarray, target: np.ndarray, seed: int, k: int | None = 100) -> tuple[float, float]:
    """Return the error on held-out texts with k singular directions (NaN if None) and with all of TF-IDF."""
    train, test, y, expected = train_test_split(texts, target, test_size=0.25, random_state=seed, stratify=target)
    count, svd, model = (step for _, step in lsa_classifier(k, **CHINESE, random_state=seed).steps)
    parts = count.fit_transform(train), count.transform(test)
    full = 1 - model.fit(parts[0], y).score(parts[1], expected)
    if k is None:
        return np.nan, full
    return 1 - model.fit(svd.fit_transform(parts[0]), y).score(svd.transform(parts[1]), expected), full


def generator_bits(texts: list[str], order: int, rank: int, seed: int, size: int) -> tuple[float, float, int, int]:
    """Return held-out bits a character of the low-rank model and of the counts, and the bytes that both keep."""
    distinct = list(dict.fromkeys(texts))  # or held-out texts would have been seen
    texts = [distinct[i] for i in np.random.default_rng(seed).permutation(len(distinct))]
    ends = np.cumsum([len(text) for text in texts])
    end = np.searchsorted(ends, size, "right")
    cut = np.searchsorted(ends, 0.9 * ends[end - 1])
    models = LowRankNgrams(order, rank, random_state=seed), WittenBell(order)
    for model in models:
        model.fit(texts[:cut])
    return *(model.bits(texts[cut:end]) for model in models), *(model.stored_bytes() for model in models)
