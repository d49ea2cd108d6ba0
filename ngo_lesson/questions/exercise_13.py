"""Questions of exercise 13, text with matrices: texts as lists of strings, counts of pairs as arrays."""

from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from ngo_lesson.answers import Outcome
from ngo_lesson.questions.question import Case, Question, Seed, follows_seed, kind, same_faults


# 13.classify
def text_classification(texts, labels, new_texts, num_components):
    """Return a label for each new text; everything is fitted on `texts` alone."""
    svd = TruncatedSVD(num_components, random_state=0)
    return make_pipeline(TfidfVectorizer(), svd, LogisticRegression()).fit(texts, labels).predict(new_texts)


TOPICS = tuple(
    words.split()
    for words in (
        "boat wave fish sail harbor",
        "bread soup salt oven spoon",
        "song drum piano choir tune",
        "goal team race coach match",
        "leaf root seed bloom moss",
        "coin bank loan price trade",
    )
)


def _documents(rng: np.random.Generator, topic: int, count: int, repeat: int = 1) -> list[str]:
    """Return texts with four of the five words of a topic, each `repeat` times."""
    return [" ".join(list(rng.permutation(TOPICS[topic])[:4]) * repeat) for _ in range(count)]


def _classes(rng: np.random.Generator, train: list[tuple], new: list[tuple], k: int, extra: Sequence[str] = ()) -> Case:
    """Make a case of (topic, count, label, repeat) for training and (topic, count) for new texts.

    A topic that the k largest components leave out lands at zero, where the label of most such texts decides.
    """
    texts = [text for topic, count, _, repeat in train for text in _documents(rng, topic, count, repeat)]
    labels = np.concatenate([np.full(count, label) for _, count, label, _ in train])
    order, asked = rng.permutation(len(texts)), [text for topic, count in new for text in _documents(rng, topic, count)]
    return Case(([texts[i] for i in order], labels[order], [*extra, *asked], k))


def classify_cases(rng: np.random.Generator) -> list[Case]:
    """Two clear topics; rare topics left out, one of them long, one frequent among the new texts; four components.

    Where one label is rare, a text of both topics tells whether old and new texts have the same scale.
    """
    sea, kitchen, music, sport, plants, money = range(6)
    clear = ["boat and wave", "wave and sail", "soup and salt", "bread and soup"], np.array([0, 0, 1, 1])
    two = [(sea, 16, 0, 1), (kitchen, 13, 1, 1), (plants, 6, 0, 1), (money, 3, 1, 1)]
    long = [*two[:3], (money, 3, 1, 12)]
    even = [(sea, 14, 0, 1), (kitchen, 14, 1, 1)]
    four = [(sea, 16, 3, 1), (kitchen, 18, 5, 1), (music, 15, 3, 1), (sport, 12, 5, 1), (plants, 8, 3, 1)]
    four += [(money, 5, 5, 1)]
    mixed = ["boat boat soup", "soup soup boat"]
    both = [" ".join(TOPICS[sea][:4] + 2 * TOPICS[kitchen][:4])]
    return [
        Case((*clear, ["the boat has a sail", "salt in the soup"], 2)),
        _classes(rng, two, [(sea, 2), (kitchen, 2), (plants, 2), (money, 2)], 2),
        _classes(rng, long, [(kitchen, 3), (money, 3), (sea, 3)], 2),
        _classes(rng, two, [(sea, 3), (money, 45), (kitchen, 3)], 2),
        _classes(rng, even, [(kitchen, 2), (sea, 1)], 2, mixed + ["boat " * 3 + word for word in TOPICS[0][1:] * 20]),
        _classes(rng, [(sea, 20, 0, 1), (kitchen, 6, 1, 1)], [(sea, 2), (kitchen, 2)], 2, both),
        _classes(rng, four, [(topic, 3) for topic in (money, sport, plants, music, sea, kitchen)], 4),
    ]


def _classified(vectors: Callable, reduce: Callable) -> Callable:
    """Classify by other vectors of (texts, new_texts), reduced by another rule (vectors, new vectors, k)."""

    def run(texts, labels, new_texts, num_components):
        train, new = reduce(*vectors(texts, new_texts), num_components)
        return LogisticRegression().fit(train, labels).predict(new)

    return run


def _tfidf(texts, new_texts):
    vectorizer = TfidfVectorizer().fit(texts)
    return vectorizer.transform(texts).toarray(), vectorizer.transform(new_texts).toarray()


def _tfidf_of_all(texts, new_texts):
    vectorizer = TfidfVectorizer().fit([*texts, *new_texts])
    return vectorizer.transform(texts).toarray(), vectorizer.transform(new_texts).toarray()


def _counts(texts, new_texts):
    vectorizer = CountVectorizer().fit(texts)
    return vectorizer.transform(texts).toarray(), vectorizer.transform(new_texts).toarray()


def _by(components: Callable) -> Callable:
    """Project both on components (n, k) found from (vectors, new vectors, k)."""

    def reduce(train, new, k):
        V = components(train, new, k)
        return train @ V, new @ V

    return reduce


def _rows_of_vt(train, new, k):
    return np.linalg.svd(train)[2][:k].T


def _whitened(train, new, k):
    U, s, Vt = np.linalg.svd(train, full_matrices=False)
    return U[:, :k], new @ Vt[:k].T / s[:k]


def _new_columns(texts, labels, new_texts, num_components):
    svd = TruncatedSVD(num_components, random_state=0).fit(TfidfVectorizer().fit_transform(texts))
    train, new = (svd.transform(TfidfVectorizer().fit_transform(part)) for part in (texts, new_texts))
    return LogisticRegression().fit(train, labels).predict(new)


def _refitted(texts, labels, new_texts, num_components):
    def parts():
        return make_pipeline(TfidfVectorizer(), TruncatedSVD(num_components, random_state=0))

    return LogisticRegression().fit(parts().fit_transform(texts), labels).predict(parts().fit_transform(new_texts))


def _svd_refitted(train, new, k):
    return tuple(TruncatedSVD(k, random_state=0).fit_transform(part) for part in (train, new))


CLASSIFY_MISTAKES = {
    "the vectorizer and the SVD are fitted on all texts: the new ones must stay unseen": _classified(
        _tfidf_of_all, _by(lambda train, new, k: _rows_of_vt(np.vstack([train, new]), None, k))
    ),
    "the vectorizer is fitted on all texts: it counts the words of the new ones": _classified(
        _tfidf_of_all, _by(_rows_of_vt)
    ),
    "the SVD is fitted on all texts: the new ones must stay unseen": _classified(
        _tfidf, _by(lambda train, new, k: _rows_of_vt(np.vstack([train, new]), None, k))
    ),
    "components are counted on the wrong side: they are the rows of Vt, not its columns": _classified(
        _tfidf, _by(lambda train, new, k: np.linalg.svd(train)[2][:, :k])
    ),
    "components are counted on the wrong side for the new texts: they are the rows of Vt": _classified(
        _tfidf, lambda train, new, k: (train @ _rows_of_vt(train, new, k), new @ np.linalg.svd(train)[2][:, :k])
    ),
    "the old texts are rows of U, the new ones x V, which is longer: both must be X V_k": _classified(
        _tfidf,
        lambda train, new, k: (np.linalg.svd(train, full_matrices=False)[0][:, :k], new @ _rows_of_vt(train, new, k)),
    ),
    "the new texts are divided by the singular values: both sides must be X V_k": _classified(_tfidf, _whitened),
    "there is no SVD: the words themselves are the features": _classified(_tfidf, lambda train, new, k: (train, new)),
    "counts are used, or rows of any length: TF-IDF scales each row to length one": _classified(
        _counts, _by(_rows_of_vt)
    ),
    "num_components is not used: scikit-learn's default is 2": _classified(
        _tfidf, _by(lambda train, new, k: _rows_of_vt(train, new, 2))
    ),
    "one component is missing": _classified(_tfidf, _by(lambda train, new, k: _rows_of_vt(train, new, k - 1))),
    "there is one component too many": _classified(_tfidf, _by(lambda train, new, k: _rows_of_vt(train, new, k + 1))),
    "the vectorizer is fitted again on the new texts: their columns are then other words": _new_columns,
    "vectorizer and SVD are fitted again on the new texts: only transform these": _refitted,
    "the SVD is fitted again on the new texts: only transform these": _classified(_tfidf, _svd_refitted),
    "the labels of the training texts are predicted, those of the new texts were asked": (
        lambda texts, labels, new_texts, num_components: text_classification(texts, labels, texts, num_components)
    ),
    "every text gets the most frequent label": lambda texts, labels, new_texts, num_components: np.full(
        len(new_texts), Counter(labels.tolist()).most_common(1)[0][0]
    ),
}


# 13.ppmi
def ppmi(counts):
    """Return the positive pointwise mutual information of counts (m, n), in nats (Levy & Goldberg 2014, section 3)."""
    expected = counts.sum(axis=1, keepdims=True) * counts.sum(axis=0) / counts.sum()
    ratio = np.divide(counts, expected, out=np.ones(counts.shape), where=counts > 0)
    return np.log(np.maximum(ratio, 1))


def ppmi_cases(rng: np.random.Generator) -> list[Case]:
    """By hand, one-sided counts, a table that is not square, an empty row and column, then random ones."""
    fixed = [[2.0, 0.0], [1.0, 1.0]], [[0.0, 4.0, 1.0], [1.0, 0.0, 3.0], [0.0, 2.0, 9.0]], [[5.0, 1.0, 2.0], [1, 1, 0]]
    empty = rng.poisson(2.0, size=(5, 5)).astype(float)
    empty[2] = empty[:, 3] = 0
    empty[0, 0] = 9
    drawn = [rng.poisson(rate, size=shape).astype(float) for rate, shape in ((1.0, (6, 6)), (3.0, (4, 9)))]
    return [Case((np.array(counts),)) for counts in (*fixed, empty, *drawn)]


def _pmi(
    log: Callable = np.log,
    expected: Callable = lambda r, c, n: r * c / n,
    finish: Callable = lambda x: np.maximum(x, 0),
) -> Callable:
    """PPMI with another logarithm, other expected counts (of row sums (m, 1), column sums (n,), total), or end."""

    def run(counts):
        with np.errstate(all="ignore"):
            model = expected(counts.sum(axis=1, keepdims=True), counts.sum(axis=0), counts.sum())
            x = log(counts / model)
        return finish(np.where(counts > 0, x, -np.inf))

    return run


def _unguarded(counts):
    with np.errstate(all="ignore"):
        return np.log(counts * counts.sum() / (counts.sum(axis=1, keepdims=True) * counts.sum(axis=0)))


def _mixed(counts):
    with np.errstate(all="ignore"):
        x = np.log(counts * counts.sum() / (counts.sum(axis=0)[:, None] * counts.sum(axis=1)))
    return np.where((counts > 0) & (x > 0), x, 0.0)


PPMI_MISTAKES = {
    "log of zero: -inf and NaN are returned": _unguarded,
    "0 / 0 gives NaN in empty rows and columns: they stay zero": lambda counts: np.maximum(_unguarded(counts), 0),
    "a small number keeps zeros away: in empty rows and columns it is all there is": lambda counts: np.maximum(
        np.log((counts + 1e-12) * counts.sum() / (counts.sum(axis=1, keepdims=True) * counts.sum(axis=0) + 1e-12)), 0
    ),
    "the logarithm is to base 2, the natural one was asked": _pmi(np.log2),
    "the logarithm is to base 10, the natural one was asked": _pmi(np.log10),
    "rows and columns are mixed: divide each row by its own sum, each column by its own": _mixed,
    "negative values are kept: only the positive part was asked": _pmi(finish=lambda x: np.where(x > -np.inf, x, 0)),
    "the absolute value is taken, the positive part was asked": _pmi(
        finish=lambda x: np.where(x > -np.inf, np.abs(x), 0)
    ),
    "the logarithm is missing": _pmi(lambda x: x, finish=lambda x: np.where(x > 1, x, 0)),
    "the logarithm is missing, and nothing is cut": _pmi(lambda x: x),
    "1 is added before the logarithm (log1p)": _pmi(np.log1p),
    "the total or one of the sums is forgotten: the ratio is total * count / (row * column)": _pmi(
        expected=lambda r, c, n: r * c
    ),
    "the columns are forgotten: this compares each row with a uniform one": _pmi(
        expected=lambda r, c, n: r / c.size * np.ones_like(c)
    ),
    "the row sums are used for the columns, too": _pmi(expected=lambda r, c, n: r * r / n * np.ones_like(c)),
    "1 is added to every count": lambda counts: ppmi(counts + 1),
    "divided by the number of cells, the sum of all counts was asked": _pmi(
        expected=lambda r, c, n: r * c / (r.size * c.size)
    ),
    "PMI is multiplied by the probability: the sum of that is the mutual information": lambda counts: (
        counts / counts.sum() * ppmi(counts)
    ),
}


# 13.nearest
def nearest(vectors, i, n):
    """Return the indices of the n rows with the largest cosine to row i, the largest first, without i."""
    cosine = vectors @ vectors[i] / np.linalg.norm(vectors, axis=1)
    cosine[i] = -np.inf
    return np.argsort(-cosine)[:n]


def nearest_cases(rng: np.random.Generator) -> list[Case]:
    """Four vectors in the plane, then random ones of very different lengths, no two equally far."""
    plane = np.array([[1.0, 0.0], [9.0, 9.0], [0.5, 0.1], [-1.0, 0.2]])
    drawn = [(_spread(rng, m, d), int(rng.integers(1, m - 1)), n) for m, d, n in ((8, 3, 3), (12, 4, 11), (30, 5, 6))]
    return [Case(case) for case in ((plane, 0, 2), (plane, 2, 1), (plane, 1, 3), *drawn)]


def _spread(rng: np.random.Generator, m: int, d: int) -> np.ndarray:
    """Return vectors (m, d) of lengths from 0.1 to 10 whose cosines differ clearly."""
    while True:
        vectors = rng.standard_normal((m, d))
        unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        cosines = np.sort(unit @ unit.T, axis=1)
        if np.diff(cosines).min() > 1e-4:
            return unit * 10 ** rng.uniform(-1, 1, size=(m, 1))


def _ranked(similarity: Callable, take: Callable = lambda order, i, n: order[order != i][:n]) -> Callable:
    """Neighbors by another similarity (vectors, i), or another part of the order."""
    return lambda vectors, i, n: take(np.argsort(-similarity(vectors, i)), i, n)


def _cosine(vectors, i):
    return vectors @ vectors[i] / np.linalg.norm(vectors, axis=1) / np.linalg.norm(vectors[i])


def _after_deletion(vectors, i, n):
    return np.argsort(-np.delete(_cosine(vectors, i), i))[:n]


NEAREST_MISTAKES = {
    "the vector itself comes first: leave it out": _ranked(_cosine, lambda order, i, n: order[:n]),
    "the vector itself comes first, and there is one too many": _ranked(_cosine, lambda order, i, n: order[: n + 1]),
    "there is one too few: leave the vector itself out before you count": _ranked(
        _cosine, lambda order, i, n: order[:n][order[:n] != i]
    ),
    "the dot product is compared: divide by the lengths": _ranked(lambda vectors, i: vectors @ vectors[i]),
    "the dot product is compared, and the vector itself is among the results": _ranked(
        lambda vectors, i: vectors @ vectors[i], lambda order, i, n: order[:n]
    ),
    "Euclidean distances are compared, cosines were asked": _ranked(
        lambda vectors, i: -np.linalg.norm(vectors - vectors[i], axis=1)
    ),
    "the least similar come first": _ranked(lambda vectors, i: -_cosine(vectors, i)),
    "the right ones in the wrong order: the most similar comes first": _ranked(
        _cosine, lambda order, i, n: order[order != i][:n][::-1]
    ),
    "the right ones, sorted by index: the most similar comes first": _ranked(
        _cosine, lambda order, i, n: np.sort(order[order != i][:n])
    ),
    "the sign is lost: opposite vectors are not similar": _ranked(lambda vectors, i: np.abs(_cosine(vectors, i))),
    "columns are scaled to length one, rows were asked": _ranked(
        lambda vectors, i: (vectors / np.linalg.norm(vectors, axis=0)) @ (vectors / np.linalg.norm(vectors, axis=0))[i]
    ),
    "divided by the squared lengths": _ranked(lambda vectors, i: vectors @ vectors[i] / np.sum(vectors**2, axis=1)),
    "indices are shifted: they count as if the vector itself had been removed": _after_deletion,
    "n is not used: all others are returned": _ranked(_cosine, lambda order, i, n: order[order != i]),
    "the cosines are returned, indices were asked": lambda vectors, i, n: _cosine(vectors, i)[nearest(vectors, i, n)],
    "the vectors are returned, their indices were asked": lambda vectors, i, n: vectors[nearest(vectors, i, n)],
}


# 13.bigram
EMPTY = 1e-9  # a row with a smaller sum is empty but for rounding


def low_rank_bigrams(counts, k):
    """Return probabilities (n, n): the rank-k SVD of the counts, clipped at 0, rows divided by their sums."""
    U, s, Vt = np.linalg.svd(counts)
    P = np.maximum(U[:, :k] * s[:k] @ Vt[:k], 0)
    total = P.sum(axis=1, keepdims=True)
    return np.where(total > EMPTY, P / np.maximum(total, EMPTY), 1 / len(counts))


def bigram_cases(rng: np.random.Generator) -> list[Case]:
    """Full rank; one group of words that rank 1 leaves out; an empty row; random ones with an empty row."""
    groups = np.zeros((5, 5))
    groups[:3, :3] = [[4, 2, 2], [2, 6, 1], [3, 1, 5]]
    groups[3:, 3:] = [[1, 2], [2, 0]]
    empty = np.array([[3.0, 1.0, 0.0], [0.0, 0.0, 0.0], [1.0, 5.0, 2.0]])
    fixed = (np.array([[1.0, 3.0], [2.0, 2.0]]), 2), (groups, 1), (empty, 1), (empty, 2)
    return [*(Case(case) for case in fixed), *(Case((_bigrams(rng, n, k), k)) for n, k in ((5, 2), (8, 3), (12, 4)))]


def _bigrams(rng: np.random.Generator, n: int, k: int) -> np.ndarray:
    """Return counts (n, n) with an empty row whose rank-k part is well apart from the rest and partly negative."""
    while True:
        counts = rng.poisson(1.5, size=(n, n)) * rng.integers(0, 3, size=(n, n)).astype(float)
        counts[rng.integers(n)] = 0
        U, s, Vt = np.linalg.svd(counts)
        part = U[:, :k] * s[:k] @ Vt[:k]
        total, sums = np.maximum(part, 0).sum(axis=1), np.abs(part.sum(axis=1))
        if s[k - 1] > 1.05 * s[k] and part.min() < -0.2 and np.sort(total)[1] > 0.1 and np.sort(sums)[1] > 0.1:
            return counts


def _cut(counts, k):
    U, s, Vt = np.linalg.svd(counts)
    return U[:, :k] * s[:k] @ Vt[:k]


def _shares(P, axis=1, otherwise=None):
    """Divide rows (or columns) by their sums; where these are 0, `otherwise` (1 / n unless told)."""
    total = P.sum(axis=axis, keepdims=True)
    filled = np.abs(total) > EMPTY
    return np.where(filled, P / np.where(filled, total, 1), 1 / len(P) if otherwise is None else otherwise)


BIGRAM_MISTAKES = {
    "negative entries are kept: no probability is negative": lambda counts, k: _shares(_cut(counts, k)),
    "the rows do not sum to one: divide by the sums after the clipping, not before": lambda counts, k: np.maximum(
        _shares(_cut(counts, k)), 0
    ),
    "the rows do not sum to one: after the SVD of probabilities nothing was divided": lambda counts, k: np.maximum(
        _cut(_shares(counts, otherwise=0), k), 0
    ),
    "the rows are not divided by their sums": lambda counts, k: np.maximum(_cut(counts, k), 0),
    "an empty row gives NaN (0 / 0): it becomes uniform": lambda counts, k: _shares(
        np.maximum(_cut(counts, k), 0), otherwise=np.nan
    ),
    "an empty row stays zero: it becomes uniform": lambda counts, k: _shares(
        np.maximum(_cut(counts, k), 0), otherwise=0
    ),
    "only rows without counts become uniform: a row that the k components leave out must, too": lambda counts, k: (
        np.where(
            counts.any(axis=1, keepdims=True), _shares(np.maximum(_cut(counts, k), 0), otherwise=0), 1 / len(counts)
        )
    ),
    "the absolute value is taken: clip at 0": lambda counts, k: _shares(np.abs(_cut(counts, k))),
    "the probabilities are factorized, the counts were asked": lambda counts, k: _shares(
        np.maximum(_cut(_shares(counts), k), 0)
    ),
    "the probabilities are factorized, with empty rows left at zero; the counts were asked": lambda counts, k: _shares(
        np.maximum(_cut(_shares(counts, otherwise=0), k), 0)
    ),
    "the columns sum to one, the rows were asked": lambda counts, k: _shares(np.maximum(_cut(counts, k), 0), axis=0),
    "the whole matrix sums to one, each row was asked": lambda counts, k: (
        np.maximum(_cut(counts, k), 0) / np.maximum(_cut(counts, k), 0).sum()
    ),
    "k is not used: these are the counts themselves": lambda counts, k: _shares(counts),
    "the smallest components are kept": lambda counts, k: _shares(
        np.maximum(counts - _cut(counts, len(counts) - k), 0)
    ),
    "the singular values are left out": lambda counts, k: _shares(
        np.maximum(np.linalg.svd(counts)[0][:, :k] @ np.linalg.svd(counts)[2][:k], 0)
    ),
    "1 is added to every count": lambda counts, k: low_rank_bigrams(counts + 1, k),
    "softmax replaces the division by the sum": lambda counts, k: (
        np.exp(_cut(counts, k)) / np.exp(_cut(counts, k)).sum(axis=1, keepdims=True)
    ),
}


# 13.generate
def text_generation(texts, seed_text, num_words, rng):
    """Return the seed and `num_words` more words, drawn by a low-rank table of which word follows which."""
    space = " " if any(" " in text for text in texts) else ""
    split = str.split if space else list
    names = sorted({word for text in texts for word in split(text)})
    place = {word: i for i, word in enumerate(names)}
    counts = np.zeros((len(names), len(names)))
    for text in texts:
        for a, b in pairwise(split(text)):
            counts[place[a], place[b]] += 1
    P = low_rank_bigrams(counts, min(8, len(names)))
    words = split(seed_text)
    for _ in range(num_words):
        p = P[place[words[-1]]] if words[-1] in place else counts.sum(axis=0) / counts.sum()
        words.append(names[rng.choice(len(names), p=p)])
    return space.join(words)


CIRCLES = ("天地日月", "春夏秋冬", "东西南北", "红黄蓝绿", "牛马羊狗", "米面菜肉")
STARTS = 24  # cases that tell whether a text goes on from its seed


def generate_cases(rng: np.random.Generator) -> list[Case]:
    """English and Chinese seeds, short and long, words that no text holds, two seeds and one of them again.

    A text stays with the words of one topic; so must a generated one, if each word follows from the one before.
    """
    seeds = [Seed(int(seed)) for seed in rng.choice(10**6, size=6 + STARTS, replace=False)]
    english = [" ".join(rng.choice(words, size=9)) for words in TOPICS for _ in range(9)]
    chinese = ["".join(rng.choice(list(circle), size=9)) for circle in CIRCLES for _ in range(9)]
    cases = [
        (english, "boat", 12, seeds[0]),
        (english, "bread soup salt", 15, seeds[1]),
        (english, "bread soup salt", 15, seeds[2]),
        (english, "bread soup salt", 15, seeds[1]),
        (chinese, "天地", 14, seeds[3]),
        (english, "zebra", 11, seeds[4]),
        (chinese, "龙", 13, seeds[5]),
    ]
    for number, seed in enumerate(seeds[6:]):
        texts, topics = (chinese, CIRCLES) if number % 2 else (english, TOPICS)
        cases.append((texts, str(rng.choice(list(topics[number % 6]))), 10, seed))
    return [Case(case) for case in cases]


def _split(texts: list[str], text: str) -> list[str]:
    return text.split() if " " in texts[0] else list(text)


def generation_faults(outcome: Outcome) -> dict[object, str]:
    """Return what is wrong with a text, by kind: no text, another seed, another length, words from nowhere."""
    (texts, seed_text, num_words), text = outcome.arguments[:3], outcome.value
    if not isinstance(text, str):
        return {("kind", type(text)): f"the result is {kind(text)}; one string was expected."}
    words, seed = _split(texts, text), _split(texts, seed_text)
    new = words[len(seed) :]
    shown = repr(text) if len(text) < 80 else repr(text[:76]) + " ..."
    faults: dict[object, str] = {}
    if "  " in text or (" " in text and " " not in texts[0]):
        faults["spaces"] = f"{shown} has spaces where none belong."
    if " " in texts[0] and " " not in text:
        faults["joined"] = f"{shown} has no spaces between its words."
    if words[: len(seed)] != seed:
        faults["seed"] = f"{shown} does not begin with the seed {seed_text!r}."
    elif len(new) != num_words:
        faults["length", len(new) - num_words] = (
            f"{shown} has {len(new)} new words or characters; {num_words} were expected."
        )
    if set(words) - set(seed) - {word for each in texts for word in _split(texts, each)} - {" "}:
        faults["words"] = f"{shown} has words or characters that stand in no text."
    return faults


def generation_manner(outcomes: Sequence[Outcome]) -> dict[str, str]:
    """Say in what manner the texts were made: whether words follow from the one before, and the first from the seed."""
    begins, stays = [], []
    for outcome in outcomes[-STARTS:]:
        texts, words = outcome.arguments[0], _split(outcome.arguments[0], outcome.value)
        place = {word: i for i, topic in enumerate(TOPICS if " " in texts[0] else CIRCLES) for word in topic}
        topics = [place.get(word, -1) for word in words]
        begins.append(topics[0] == topics[1])
        stays += [a == b for a, b in pairwise(topics[1:])]
    manner = {}
    if np.mean(stays) < 0.55:  # 1/6 by chance, 0.95 and more from counts of pairs
        manner["stays"] = (
            f"only {np.mean(stays):.0%} of the new words follow, in the texts, a word like the one before them."
        )
    if np.mean(begins) < 0.55:
        manner["begins"] = (
            f"only {np.mean(begins):.0%} of the first new words follow, in the texts, a word like the seed."
        )
    return manner


def same_generation(expected: Sequence[Outcome], got: Sequence[Outcome]) -> str | None:
    """Compare which texts are equal, then the manner in which they were made."""
    expects, has = generation_manner(expected), generation_manner(got)
    manner = None if expects.keys() == has.keys() else next(iter(has.values()), "these texts are right.")
    return follows_seed(expected, got) or manner


def _generated(
    follow: Callable = lambda P, i, rng: rng.choice(len(P), p=P[i]),
    unseen: Callable = lambda P, rng: rng.integers(len(P)),
    first: Callable = lambda i, n, rng: i,
    split: Callable = lambda texts, text: _split(texts, text),
    join: Callable = lambda space, seed, new: space.join([*seed, *new]),
    length: Callable = lambda num_words, seed: num_words,
) -> Callable:
    """Generation from counts of pairs with one part made in another way."""

    def run(texts, seed_text, num_words, rng):
        names = sorted({word for text in texts for word in split(texts, text)})
        place = {word: i for i, word in enumerate(names)}
        counts = np.full((len(names), len(names)), 1e-3)
        for text in texts:
            words = [place[word] for word in split(texts, text)]
            np.add.at(counts, (words[:-1], words[1:]), 1)
        P, seed, new = counts / counts.sum(axis=1, keepdims=True), split(texts, seed_text), []
        i = place.get(seed[-1])
        i = unseen(P, rng) if i is None else first(i, len(names), rng)
        for _ in range(length(num_words, seed)):
            i = follow(P, i, rng)
            new.append(names[i])
        return join(" " if " " in texts[0] else "", seed, new)

    return run


def _crash(error: Exception) -> Callable:
    def unseen(P, rng):
        raise error

    return unseen


GENERATE_MISTAKES = {
    "an unseen seed crashes: the table has no such word (KeyError)": _generated(unseen=_crash(KeyError("zebra"))),
    "an unseen seed crashes: nothing follows it in the texts (ValueError)": _generated(
        unseen=_crash(ValueError("a cannot be empty"))
    ),
    "an unseen seed crashes: nothing follows it in the texts (IndexError)": _generated(
        unseen=_crash(IndexError("list index out of range"))
    ),
    "the seed is lost: it comes first": _generated(join=lambda space, seed, new: space.join(new)),
    "only the last word of the seed is kept": _generated(join=lambda space, seed, new: space.join([seed[-1], *new])),
    "no separator after the seed": _generated(join=lambda space, seed, new: space.join(seed) + space.join(new)),
    "the words of the seed are counted: num_words are new": _generated(
        length=lambda num_words, seed: num_words - len(seed)
    ),
    "one word is missing": _generated(length=lambda num_words, seed: num_words - 1),
    "there is one word too many": _generated(length=lambda num_words, seed: num_words + 1),
    "Chinese characters are joined by spaces: no separator there": _generated(
        join=lambda space, seed, new: " ".join([*seed, *new])
    ),
    "English words are joined without spaces": _generated(join=lambda space, seed, new: "".join([*seed, *new])),
    "Chinese texts are split at spaces, of which they have none: there a word is a character": _generated(
        split=lambda texts, text: text.split()
    ),
    "Chinese texts are split at spaces, of which they have none: so nothing follows the seed (ValueError)": _generated(
        split=lambda texts, text: text.split(), unseen=_crash(ValueError("a cannot be empty"))
    ),
    "Chinese texts are split at spaces, of which they have none: so the table has no such word (KeyError)": _generated(
        split=lambda texts, text: text.split(), unseen=_crash(KeyError("zebra"))
    ),
    "English texts are split into letters: there a word is what stands between spaces": _generated(
        split=lambda texts, text: list(text), join=lambda space, seed, new: "".join([*seed, *new])
    ),
    "the same text every time: draw each word with rng, do not take the most frequent": _generated(
        follow=lambda P, i, rng: int(np.argmax(P[i])), unseen=lambda P, rng: 0
    ),
    "rng is not used: the texts cannot be repeated": lambda texts, seed_text, num_words, rng: text_generation(
        texts, seed_text, num_words, np.random.default_rng()
    ),
    "the word before does not matter: draw from the row of the last word": _generated(
        follow=lambda P, i, rng: rng.integers(len(P))
    ),
    "the seed does not matter: draw the first new word from the row of its last word": _generated(
        first=lambda i, n, rng: rng.integers(n)
    ),
    "a list of words is returned, one string was asked": _generated(join=lambda space, seed, new: [*seed, *new]),
}


# 13.dedup
def split_without_leak(texts, share, rng):
    """Return (train, test), indices; the test side holds round(share * distinct) distinct texts with all copies."""
    distinct, group = np.unique(texts, return_inverse=True)
    held_out = rng.permutation(len(distinct))[: round(share * len(distinct))]
    test = np.isin(group, held_out)
    return np.flatnonzero(~test), np.flatnonzero(test)


def dedup_cases(rng: np.random.Generator) -> list[Case]:
    """Two texts, one of them twice; no copies; many of one text; one draw again, in Chinese, too."""
    seeds = [Seed(int(seed)) for seed in rng.choice(10**6, size=8, replace=False)]
    many = ["good"] * 90 + [f"review {i}" for i in range(40)]
    even = [f"text {i % 50}" for i in range(150)]
    chinese = [f"评论{int(i)}" for i in rng.integers(60, size=140)]
    mixed = [str(text) for text in rng.permutation(many)]
    cases = [
        (["a", "b", "a", "c"], 0.34, seeds[0]),
        ([f"only {i}" for i in range(30)], 0.2, seeds[1]),
        *((mixed, 0.26, seed) for seed in (*seeds[2:5], seeds[2])),
        (even, 0.25 + 0.008, seeds[5]),
        (chinese, 0.297, seeds[6]),
        (many, 0.4, seeds[7]),
    ]
    return [Case(case) for case in cases]


def split_faults(outcome: Outcome) -> dict[object, str]:
    """Return what is wrong with a split, by kind: no two arrays of indices, no partition, a leak, another share."""
    (texts, share), value = outcome.arguments[:2], outcome.value
    if not isinstance(value, (tuple, list)) or len(value) != 2:
        return {("kind", type(value)): f"the result is {kind(value)}; (train indices, test indices) was expected."}
    sides = [np.asarray(side) for side in value]
    if any(side.ndim != 1 or (side.size and side.dtype.kind not in "iu") for side in sides):
        return {("sides", *(side.dtype.kind for side in sides)): "each side must be a row of whole numbers, indices."}
    train, test = ([int(i) for i in side] for side in sides)
    faults: dict[object, str] = {}
    chosen = Counter([*train, *test])
    if any(not 0 <= i < len(texts) for i in chosen):
        return {"range": f"an index lies outside 0 to {len(texts) - 1}."}
    if max(chosen.values(), default=0) > 1:
        faults["twice"] = "an index stands on both sides, or twice on one."
    if len(chosen) < len(texts):
        faults["missing"] = f"{len(texts) - len(chosen)} of {len(texts)} texts are on neither side."
    both = {texts[i] for i in train} & {texts[i] for i in test}
    if both:
        faults["leak"] = f"{min(both)!r} stands on both sides."
    count, wanted = len({texts[i] for i in test}), round(share * len(set(texts)))
    if count != wanted:
        faults["share", np.sign(count - wanted)] = (
            f"the test side holds {count} distinct texts of {len(set(texts))}; {wanted} were expected."
        )
    return faults


def _by_groups(count: Callable, order: Callable = lambda n, rng: rng.permutation(n)) -> Callable:
    """A split by distinct texts that holds out another number of them, or in another order."""

    def run(texts, share, rng):
        distinct, group = np.unique(texts, return_inverse=True)
        drawn = order(len(distinct), rng)
        test = np.isin(group, drawn[: count(share, drawn, np.bincount(group))])
        return np.flatnonzero(~test), np.flatnonzero(test)

    return run


def _rows_split(texts, share, rng):
    order = rng.permutation(len(texts))
    cut = round(share * len(texts))
    return order[cut:], order[:cut]


def _dropped(texts, share, rng):
    first = np.unique(texts, return_index=True)[1]
    order = rng.permutation(first)
    cut = round(share * len(first))
    return order[cut:], order[:cut]


def _shared_rows(share, drawn, sizes):
    return int(np.searchsorted(np.cumsum(sizes[drawn]), round(share * sizes.sum()))) + 1


DEDUP_MISTAKES = {
    "rows are drawn: copies of a text land on both sides": _rows_split,
    "copies are dropped: every row belongs to one side": _dropped,
    "the test side holds the share of the rows, a share of the distinct texts was asked": _by_groups(_shared_rows),
    "the two sides are exchanged: the first is for training, and share is the part for testing": (
        lambda *given: split_without_leak(*given)[::-1]
    ),
    "the number of test texts is rounded down": _by_groups(lambda share, drawn, sizes: int(share * len(sizes))),
    "the number of test texts is rounded up": _by_groups(lambda share, drawn, sizes: int(np.ceil(share * len(sizes)))),
    "nothing is drawn: every seed gives the same split": _by_groups(
        lambda share, drawn, sizes: round(share * len(sizes)), lambda n, rng: np.arange(n)
    ),
    "rng is not used: the split cannot be repeated": lambda texts, share, rng: split_without_leak(
        texts, share, np.random.default_rng()
    ),
    "the texts are returned, their indices were asked": lambda texts, share, rng: tuple(
        [texts[i] for i in side] for side in split_without_leak(texts, share, rng)
    ),
    "True and False are returned, indices were asked": lambda texts, share, rng: tuple(
        np.isin(np.arange(len(texts)), side) for side in split_without_leak(texts, share, rng)
    ),
    "indices of the distinct texts are returned, indices of the rows were asked": lambda texts, share, rng: _rows_split(
        sorted(set(texts)), share, rng
    ),
    "only the test side is returned": lambda *given: split_without_leak(*given)[1],
}


QUESTIONS = (
    Question(
        id="13.classify",
        points=3,
        difficulty=2,
        minutes=12,
        cases=classify_cases,
        reference=text_classification,
        mistakes=CLASSIFY_MISTAKES,
        hints=(
            "Three parts of scikit-learn do it, one after the other: `TfidfVectorizer` makes X, "
            "`TruncatedSVD(n_components)` makes X V_k, `LogisticRegression` makes the labels.",
            "On the old texts each part may use `fit`. On the new texts only `transform`, and `predict` at the end. "
            "`make_pipeline(...)` of `sklearn.pipeline` takes care of that.",
            "By hand: `U, s, Vt = np.linalg.svd(X, full_matrices=False)`. V_k has the first k **rows** of Vt as its "
            "columns, and both sides, old and new, are multiplied by it.",
        ),
    ),
    Question(
        id="13.ppmi",
        points=2,
        difficulty=2,
        minutes=10,
        cases=ppmi_cases,
        reference=ppmi,
        mistakes=PPMI_MISTAKES,
        hints=(
            "`counts.sum(axis=1, keepdims=True)` is a column, `counts.sum(axis=0)` a row: their product has "
            "the shape of the counts.",
            "Where the count is 0 the result is 0. Compute the logarithm only elsewhere: "
            "`np.log(x, out=zeros, where=mask)` leaves the zeros of an array alone.",
        ),
    ),
    Question(
        id="13.nearest",
        points=2,
        difficulty=1,
        minutes=8,
        cases=nearest_cases,
        reference=nearest,
        mistakes=NEAREST_MISTAKES,
        hints=(
            "The cosine is the dot product of two vectors divided by both lengths.",
            "`np.argsort(-x)` gives the indices, the largest entry first. See to it that `i` is not among the first n.",
        ),
    ),
    Question(
        id="13.bigram",
        points=2,
        difficulty=2,
        minutes=10,
        cases=bigram_cases,
        reference=low_rank_bigrams,
        mistakes=BIGRAM_MISTAKES,
        hints=(
            "First the SVD of the counts and the product of its first k parts, then the clipping, last the division.",
            "`P.sum(axis=1, keepdims=True)` is a column, so each row is divided by its own entry.",
            "`np.where(total > 1e-9, a, b)` takes rows of a where there is something, and b elsewhere. Keep a from "
            "dividing by 0.",
        ),
    ),
    Question(
        id="13.generate",
        points=3,
        difficulty=3,
        minutes=20,
        cases=generate_cases,
        reference=text_generation,
        mistakes=GENERATE_MISTAKES,
        compare=same_faults(generation_faults),
        compare_all=same_generation,
        hints=(
            "Find out first whether there are spaces. `text.split()` gives words, `list(text)` characters.",
            "Number the distinct words, count which follows which, and make the rows probabilities, for example with "
            "your function of question 4.",
            "`rng.choice(names, p=row)` draws a word. What should happen where the last word stands in no text? "
            '`" ".join(words)` and `"".join(words)` make one string.',
        ),
    ),
    Question(
        id="13.dedup",
        points=2,
        difficulty=2,
        minutes=10,
        cases=dedup_cases,
        reference=split_without_leak,
        mistakes=DEDUP_MISTAKES,
        compare=same_faults(split_faults),
        compare_all=follows_seed,
        hints=(
            "Draw among the distinct texts, not among the rows. `np.unique(texts, return_inverse=True)` gives the "
            "distinct texts and, for each row, the number of its text.",
            "`np.isin(numbers, drawn)` is True for each row whose text was drawn. `np.flatnonzero` makes indices.",
        ),
    ),
)
