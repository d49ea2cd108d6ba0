"""Text as matrices: classification by SVD, word vectors from counts, and text generation. Lesson 13.

A text is cut into units: with unit="char" its characters (English or Chinese), with unit="word" its words in lower case
and its punctuation marks. Chinese has no spaces between words, so take its characters.
"""

import numbers
import re
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple, Self

import numpy as np
from numba import int64, void
from scipy import sparse
from sklearn.base import BaseEstimator
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.utils.validation import check_is_fitted

from ngo_lesson.factorize.svd import TruncatedSVD, randomized_svd
from ngo_lesson.kernels import kernel
from ngo_lesson.models.sampling import choose

WORD = re.compile(r"\w+(?:['’]\w+)*|[^\w\s]")
END = "\n"  # stands before the first text and after each
UNKNOWN = ""  # stands for every unit that was not there in training, and is unit number 0


def lsa_classifier(n_components: int, *, analyzer="word", ngram_range=(1, 1), min_df=1, random_state=None) -> Pipeline:
    """Latent semantic analysis: TF-IDF, `n_components` singular directions, logistic regression; classifies texts.

    The arguments between are TfidfVectorizer's; for Chinese take analyzer="char", ngram_range=(1, 2) and min_df=5. A
    text without a known word lies at zero and gets the class that the intercept prefers. n_components is at most the
    number of texts and that of words. Deerwester et al. 1990. Lesson 13.
    """
    return make_pipeline(
        TfidfVectorizer(analyzer=analyzer, ngram_range=ngram_range, min_df=min_df, sublinear_tf=True),
        TruncatedSVD(n_components, random_state=random_state),
        LogisticRegression(C=10, max_iter=1000),  # the rows have length 1 or less, so C=1 would bind tightly
    )


def split_units(text: str, unit: str = "char") -> list[str]:
    """Return the units of a text: its characters, or its words and punctuation marks in lower case. Lesson 13."""
    if unit not in ("char", "word"):
        raise ValueError(f'unit={unit!r} must be "char" or "word"')
    return list(text) if unit == "char" else WORD.findall(text.lower())


def cooccurrence(
    texts: Iterable[str], window: int = 5, *, unit: str = "word", min_count: int = 5
) -> tuple[sparse.csr_array, list[str]]:
    """Count how often two units stand at most `window` apart in a text: counts (V, V), symmetric, and the V units.

    Units seen fewer than `min_count` times are left out before distances are taken. The most frequent unit comes first.
    Levy & Goldberg 2014. Lesson 13.
    """
    window = _integer("window", window)
    parts = [split_units(text, unit) for text in _checked(texts)]
    seen = Counter(each for part in parts for each in part)
    names = [name for name, count in seen.most_common() if count >= min_count]
    if not names:
        raise ValueError(f"no unit of texts occurs {min_count} times; lower min_count or give more texts")
    number = {name: i for i, name in enumerate(names)}
    kept = [[number[each] for each in part if each in number] for part in parts]
    text = np.repeat(np.arange(len(kept)), [len(part) for part in kept])
    ids = np.array([each for part in kept for each in part])
    counts = sparse.csr_array((len(names), len(names)))
    for gap in range(1, window + 1):
        same = text[:-gap] == text[gap:]
        pairs = ids[:-gap][same], ids[gap:][same]
        counts += sparse.coo_array((np.ones(pairs[0].size), pairs), shape=counts.shape).tocsr()
    return counts + counts.T.tocsr(), names


def ppmi(counts):
    """Positive pointwise mutual information, max(0, log(n_ij n / (n_i n_j))); empty rows and columns stay zero.

    `counts` (m, n) is dense or scipy-sparse and never negative; the result is of the same kind. Natural logarithm.
    Church & Hanks 1990; Levy & Goldberg 2014. Lesson 13.
    """
    table = sparse.csr_array(counts, dtype=np.float64, copy=True)
    table.sum_duplicates()
    table.eliminate_zeros()
    if not np.isfinite(table.data).all() or (table.data < 0).any():
        raise ValueError("counts holds NaN, infinity or negative entries; counts are zero or more")
    rows, columns = (np.asarray(table.sum(axis=axis)).ravel() for axis in (1, 0))
    i, j = table.nonzero()
    table.data = np.maximum(np.log(table.data * (rows.sum() / rows[i]) / columns[j]), 0)
    table.eliminate_zeros()
    return table if sparse.issparse(counts) else table.toarray()


def nearest(vectors: np.ndarray, i: int, n: int) -> np.ndarray:
    """Return the indices of the n rows most similar to row i by cosine, most similar first, without i. Lesson 13.

    A row of zeros has similarity 0 to all.
    """
    vectors = np.asarray(vectors, dtype=np.float64)
    if not 0 < n < len(vectors):
        raise ValueError(f"n={n} must be between 1 and {len(vectors) - 1}, the number of other rows")
    norms = np.linalg.norm(vectors, axis=1)
    similarity = vectors @ vectors[i] / np.maximum(norms * norms[i], np.finfo(float).tiny)
    similarity[i] = -np.inf
    return np.argsort(-similarity, kind="stable")[:n]


class _Level(NamedTuple):
    """The n-grams of one length, sorted: `keys` (g,) = context * V + unit, the context being the number of an n-gram of
    the level below; `counts` (g,); those of context h stand at first[h] : first[h + 1] and add up to totals[h].
    """

    keys: np.ndarray
    counts: np.ndarray
    first: np.ndarray
    totals: np.ndarray


class WittenBell(BaseEstimator):
    """Interpolated Witten-Bell n-gram model of characters or words, the baseline of text generation. Lesson 13.

    p(w | h) = (c(h w) + t(h) p(w | h')) / (c(h) + t(h)): c counts, t(h) is the number of different units seen after h,
    h' is h without its first unit; below all stands the uniform distribution over the units of training and one
    UNKNOWN, which stands for all others. `order` units make an n-gram, so a context h has at most order - 1.
    Attributes: units_ (V units, UNKNOWN first), levels_ (the n-grams of each length).
    Witten & Bell 1991; Chen & Goodman 1999.
    """

    def __init__(self, order: int = 3, *, unit: str = "char"):
        self.order = order
        self.unit = unit

    def fit(self, texts: Iterable[str], y=None) -> Self:
        """Count the n-grams of these texts; empty texts are skipped. Returns self."""
        order, stream = _integer("order", self.order), self._stream(texts)
        self.units_ = [UNKNOWN, *sorted(set(stream))]
        self._number = {name: i for i, name in enumerate(self.units_)}
        x, V = self._numbers(stream), len(self.units_)
        self.levels_, contexts, context = [], 1, np.zeros(x.size, np.int64)
        for n in range(order):
            keys, gram, counts = _distinct(context * V + x[n:])
            first = np.searchsorted(keys, np.arange(contexts + 1) * V)
            totals = np.diff(np.append(0, np.cumsum(counts))[first])
            self.levels_.append(_Level(keys, counts, first, totals))
            contexts, context = keys.size, gram[:-1]
        return self

    def bits(self, texts: Iterable[str]) -> float:
        """Return the mean -log2 p of a unit of these texts; the end of a text is a unit too.

        A unit that was not there in training costs what UNKNOWN costs, and not which unit it is.
        """
        check_is_fitted(self)
        p, _ = self._observed(self._numbers(self._stream(texts)))
        return float(-np.log2(p[1:]).mean())

    def perplexity(self, texts: Iterable[str]) -> float:
        """Return 2 ** bits(texts): among how many units, equally likely, the choice would be as hard."""
        return 2 ** self.bits(texts)

    def next_unit(self, context: str) -> np.ndarray:
        """Return the probability (V,) of each unit of `units_` after this beginning of a text."""
        check_is_fitted(self)
        return self._next(self._numbers([END, *split_units(context, self.unit)]))

    def sample(self, seed_text: str, length: int, temperature: float = 1.0, rng=None) -> str:
        """Return seed_text and `length` new units drawn one after the other, words joined by spaces.

        Probabilities are raised to 1 / temperature; 0 takes the likeliest. The end of a text is drawn as a newline.
        A unit of seed_text that is new counts as UNKNOWN, which is never drawn. rng: Generator, int or None.
        """
        check_is_fitted(self)
        _integer("length", length, least=0)
        rng, ids = np.random.default_rng(rng), [*self._numbers([END, *split_units(seed_text, self.unit)])]
        begin = len(ids)
        for _ in range(length):
            ids.append(1 + choose(np.log(self._next(ids)[1:]), temperature, None, rng))
        new = [self.units_[i] for i in ids[begin:]]
        return seed_text + "".join(new) if self.unit == "char" else " ".join(filter(None, [seed_text, *new]))

    def stored_bytes(self) -> int:
        """Return the bytes of the arrays that the model keeps."""
        return sum(array.nbytes for level in self.levels_ for array in level)

    def _stream(self, texts):
        """Return the units of all texts in a row, END before and after each."""
        parts = [split_units(text, self.unit) for text in _checked(texts)]
        stream = [each for part in parts if part for each in (*part, END)]
        if not stream:
            raise ValueError("texts hold nothing but empty texts; give at least one with a character or word")
        return [END, *stream]

    def _numbers(self, units):
        """Return the numbers of units, 0 for unknown ones."""
        return np.fromiter((self._number.get(each, 0) for each in units), np.int64, len(units))

    def _observed(self, x):
        """Return the probability of each unit of the stream x after those before it, and the number of its context."""
        p, context = np.full(x.size, 1 / len(self.units_)), np.zeros(x.size, np.int64)
        for keys, counts, first, totals in self.levels_:
            gram = _find(keys, context * len(self.units_) + x)
            known = np.flatnonzero((context >= 0) & (totals[context] > 0))
            h, g = context[known], gram[known]
            t = first[h + 1] - first[h]
            p[known] = (np.where(g >= 0, counts[g], 0) + t * p[known]) / (totals[h] + t)
            context = np.append(-1, gram[:-1])
        return p, context

    def _next(self, ids):
        """Return the probabilities (V,) of all units after these; `ids` holds the numbers of units."""
        p = np.full(len(self.units_), 1 / len(self.units_))
        for n, (keys, counts, first, totals) in enumerate(self.levels_):
            h = self._context(ids, n)
            if h < 0 or totals[h] == 0:
                break
            here = slice(first[h], first[h + 1])
            t = here.stop - here.start
            p *= t
            p[keys[here] - h * p.size] += counts[here]
            p /= totals[h] + t
        return p

    def _context(self, ids, n):
        """Return the number of the context that the last n of `ids` make, -1 if it was never seen."""
        h = 0 if n <= len(ids) else -1
        for level, i in zip(self.levels_, ids[len(ids) - n :], strict=False):
            h = int(_find(level.keys, h * len(self.units_) + i)) if h >= 0 else -1
        return h


class LowRankNgrams(WittenBell):
    """n-gram model whose longest n-grams are kept as a matrix of low rank, contexts by next units. Lesson 13.

    p(w | h) = s(h) q(w | h) + (1 - s(h)) p(w | h'), where q is the square of the best approximation of rank `rank` to
    the square roots of the counts, clipped at 0 and divided by its sum; s(h) = c(h) / (c(h) + t(h)) and p(w | h') are
    those of `WittenBell`. Squared errors of square roots weigh rare and frequent units as the Hellinger distance does.
    Contexts seen fewer than `min_count` times have no row, and p(w | h'). A rank above that of the matrix is lowered.
    Attributes: as `WittenBell` with order - 1 levels, rows_ (m,) contexts, weight_ (m,) s, left_ (m, k), right_ (k, V).
    """

    def __init__(self, order: int = 3, rank: int = 50, *, unit: str = "char", min_count: int = 10, random_state=None):
        self.order = order
        self.rank = rank
        self.unit = unit
        self.min_count = min_count
        self.random_state = random_state

    def fit(self, texts: Iterable[str], y=None) -> Self:
        """Count the n-grams of these texts and factorize those of the highest order. Returns self."""
        rank = _integer("rank", self.rank)
        super().fit(texts)
        keys, counts, first, totals = self.levels_.pop()
        V, t = len(self.units_), np.diff(first)
        self.rows_ = np.flatnonzero(totals >= _integer("min_count", self.min_count))
        self.weight_ = totals[self.rows_] / (totals + t)[self.rows_]
        roots = sparse.csr_array((np.sqrt(counts), keys % V, first), shape=(totals.size, V))[self.rows_]
        self.left_, self.right_ = np.zeros((0, 1), np.float32), np.zeros((1, V), np.float32)
        if self.rows_.size:
            U, s, Vt = randomized_svd(roots, min(rank, *roots.shape), iterations=2, rng=self.random_state)
            self.left_, self.right_ = (U * s).astype(np.float32), Vt.astype(np.float32)
        return self

    def stored_bytes(self) -> int:
        """Return the bytes of the arrays that the model keeps."""
        return super().stored_bytes() + sum(a.nbytes for a in (self.rows_, self.weight_, self.left_, self.right_))

    def _low_rank(self, rows):
        """Return q (r, V) of these rows; uniform where nothing is left after clipping."""
        q = np.maximum(self.left_[rows] @ self.right_, 0).astype(np.float64) ** 2
        total = q.sum(axis=1, keepdims=True)
        return np.where(total > 0, q / np.where(total > 0, total, 1), 1 / q.shape[1])

    def _observed(self, x):
        p, context = super()._observed(x)
        row = _find(self.rows_, context)
        order = np.argsort(row, kind="stable")[(row < 0).sum() :]
        for block in np.array_split(order, order.size // 1000 + 1):  # whole rows are large
            rows, place = np.unique(row[block], return_inverse=True)
            s = self.weight_[row[block]]
            p[block] = s * self._low_rank(rows)[place, x[block]] + (1 - s) * p[block]
        return p, context

    def _next(self, ids):
        p = super()._next(ids)
        row = int(_find(self.rows_, self._context(ids, len(self.levels_))))
        if row < 0:
            return p
        return self.weight_[row] * self._low_rank([row])[0] + (1 - self.weight_[row]) * p


@kernel(void(int64[::1], int64[::1], int64[::1]))
def hash_(keys, table, slots):
    """Put keys, zero or more, into a table of -1s (a power of two, larger than what comes) and fill in their slots."""
    last = table.size - 1
    for i in range(keys.size):
        slot = (keys[i] * 0x9E3779B97F4A7C1) >> 20 & last
        while table[slot] >= 0 and table[slot] != keys[i]:
            slot = (slot + 1) & last
        table[slot], slots[i] = keys[i], slot


def _distinct(keys):
    """np.unique(keys, return_inverse=True, return_counts=True), several times faster where many are equal."""
    table, slots = np.full(2 << keys.size.bit_length(), -1), np.empty_like(keys)
    hash_(keys, table, slots)
    used = np.flatnonzero(table >= 0)
    used = used[np.argsort(table[used])]
    number = np.empty_like(table)
    number[used] = np.arange(used.size)
    inverse = number[slots]
    return table[used], inverse, np.bincount(inverse)


def _find(keys, wanted):
    """Return where each of `wanted` stands among the sorted keys, -1 where it does not."""
    if keys.size == 0:
        return np.full(np.shape(wanted), -1)
    place = np.minimum(np.searchsorted(keys, wanted), keys.size - 1)
    return np.where(keys[place] == wanted, place, -1)


def _checked(texts):
    """Return texts as a list; TypeError if it is one text, or holds something else."""
    if isinstance(texts, str):
        raise TypeError("texts is one text; give a list of texts")
    texts = list(texts)
    for i, text in enumerate(texts):
        if not isinstance(text, str):
            raise TypeError(f"texts[{i}] is {text!r}; each text must be a str")
    return texts


def _integer(name, value, least=1):
    """Return value; ValueError if it is not an integer of at least `least`."""
    if not (isinstance(value, numbers.Integral) and value >= least):
        raise ValueError(f"{name}={value!r} must be an integer, at least {least}")
    return value
