"""Other right answers to exercise 13: loops, other libraries and solvers, other models of text."""

from collections import Counter, defaultdict
from itertools import pairwise

import numpy as np
from scipy import sparse
from scipy.optimize import minimize
from scipy.sparse.linalg import svds
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics.pairwise import cosine_similarity
from sklearn.model_selection import GroupShuffleSplit, train_test_split


def classify_steps(texts, labels, new_texts, num_components):
    vectorizer = TfidfVectorizer()
    X = vectorizer.fit_transform(texts).toarray()
    U, s, Vt = np.linalg.svd(X, full_matrices=False)
    V = Vt[:num_components].T
    model = LogisticRegression(C=10, max_iter=1000).fit(U[:, :num_components] * s[:num_components], labels)
    return model.predict(vectorizer.transform(new_texts).toarray() @ V).tolist()


def classify_arpack(texts, labels, new_texts, num_components):
    counter, weigh = CountVectorizer(), TfidfTransformer()
    X = weigh.fit_transform(counter.fit_transform(texts))
    svd = TruncatedSVD(num_components, algorithm="arpack")
    model = LogisticRegression(solver="newton-cg").fit(svd.fit_transform(X), labels)
    return model.predict(svd.transform(weigh.transform(counter.transform(new_texts))))


def classify_by_hand(texts, labels, new_texts, num_components):
    names = sorted({word for text in texts for word in text.split() if len(word) > 1})
    count = np.array([[text.split().count(name) for name in names] for text in [*texts, *new_texts]])
    seen = (count[: len(texts)] > 0).sum(axis=0)
    X = count * (np.log((1 + len(texts)) / (1 + seen)) + 1)
    X = X / np.maximum(np.linalg.norm(X, axis=1, keepdims=True), 1e-12)
    V = np.linalg.eigh(X[: len(texts)].T @ X[: len(texts)])[1][:, -num_components:]
    first, new = X[: len(texts)] @ V, X[len(texts) :] @ V
    low, high = np.unique(labels)
    sign = np.where(labels == high, 1, -1)

    def loss(w):
        return np.logaddexp(0, -sign * (first @ w[:-1] + w[-1])).sum() + w[:-1] @ w[:-1] / 2

    w = minimize(loss, np.zeros(num_components + 1)).x
    return np.where(new @ w[:-1] + w[-1] > 0, high, low)


def ppmi_loops(counts):
    result, total = np.zeros(counts.shape), counts.sum()
    for i, row in enumerate(counts):
        for j, count in enumerate(row):
            if count:
                result[i, j] = max(0, np.log(count * total / (row.sum() * counts[:, j].sum())))
    return result


def ppmi_shares(counts):
    p = counts / counts.sum()
    with np.errstate(all="ignore"):
        pmi = np.log(p) - np.log(p.sum(axis=1))[:, None] - np.log(p.sum(axis=0))
    return np.where(np.isnan(pmi) | (pmi < 0), 0, pmi).tolist()


def nearest_sorted(vectors, i, n):
    cosine = cosine_similarity(vectors)[i]
    return sorted((j for j in range(len(vectors)) if j != i), key=lambda j: -cosine[j])[:n]


def nearest_drop(vectors, i, n):
    unit = vectors / np.linalg.norm(vectors, axis=1)[:, None]
    return np.argsort(unit @ unit[i])[::-1][1 : n + 1]


def bigram_eigen(counts, k):
    values, V = np.linalg.eigh(counts.T @ counts)
    V = V[:, np.argsort(values)[::-1][:k]]
    P = (counts @ V @ V.T).clip(min=0)
    for row in P:
        row[:] = row / row.sum() if row.sum() > 1e-6 else 1 / len(P)
    return P


def bigram_sparse(counts, k):
    if k == len(counts):
        return bigram_eigen(counts, k)
    U, s, Vt = svds(sparse.csr_array(counts), k=k)
    P = U @ np.diag(s) @ Vt
    P[P < 1e-9] = 0
    P[P.sum(axis=1) == 0] = 1
    return P / P.sum(axis=1)[:, None]


def _units(texts):
    return (" ", str.split) if " " in texts[0] else ("", list)


def generate_pairs(texts, seed_text, num_words, rng):
    space, split = _units(texts)
    follows, every = defaultdict(list), []
    for text in texts:
        words = split(text)
        every += words
        for a, b in pairwise(words):
            follows[a].append(b)
    result = split(seed_text)
    for _ in range(num_words):
        choices = follows.get(result[-1]) or every
        result.append(choices[rng.integers(len(choices))])
    return space.join(result)


def generate_triples(texts, seed_text, num_words, rng):
    space, split = _units(texts)
    counts = defaultdict(Counter)
    for text in texts:
        words = split(text)
        for i, word in enumerate(words):
            for context in (words[max(i - 2, 0) : i], words[max(i - 1, 0) : i], []):
                counts[tuple(context)][word] += 1
    result = split(seed_text)
    for _ in range(num_words):
        context = next(tuple(result[-n:]) if n else () for n in (2, 1, 0) if not n or tuple(result[-n:]) in counts)
        names, found = zip(*counts[context].items(), strict=True)
        result.append(str(rng.choice(names, p=np.array(found) / sum(found))))
    return space.join(result)


def generate_smoothed(texts, seed_text, num_words, rng):
    space, split = _units(texts)
    names = sorted({word for text in texts for word in split(text)})
    counts = np.zeros((len(names), len(names)))
    for text in texts:
        places = [names.index(word) for word in split(text)]
        np.add.at(counts, (places[:-1], places[1:]), 1)
    kinds, single = (counts > 0).sum(axis=1, keepdims=True), counts.sum(axis=0) / counts.sum()
    P = (counts + kinds * single) / (counts.sum(axis=1, keepdims=True) + kinds)
    result = seed_text
    last = split(seed_text)[-1]
    for _ in range(num_words):
        last = rng.choice(names, p=P[names.index(last)] if last in names else single)
        result += space + last
    return result


def dedup_dict(texts, share, rng):
    places = defaultdict(list)
    for i, text in enumerate(texts):
        places[text].append(i)
    distinct = list(places)
    rng.shuffle(distinct)
    cut = round(share * len(distinct))
    return [i for text in distinct[cut:] for i in places[text]], [i for text in distinct[:cut] for i in places[text]]


def dedup_groups(texts, share, rng):
    count = round(share * len(set(texts)))
    splitter = GroupShuffleSplit(1, test_size=count, random_state=int(rng.integers(2**31)))
    return next(splitter.split(texts, groups=texts))


def dedup_sets(texts, share, rng):
    distinct = sorted(set(texts))
    test = set(train_test_split(distinct, test_size=round(share * len(distinct)), random_state=rng.integers(10**9))[1])
    sides = [[i for i, text in enumerate(texts) if (text in test) == inside] for inside in (False, True)]
    return np.array(sides[0]), np.array(sides[1])


ALTERNATIVES = {
    "13.classify": [classify_steps, classify_arpack, classify_by_hand],
    "13.ppmi": [ppmi_loops, ppmi_shares],
    "13.nearest": [nearest_sorted, nearest_drop],
    "13.bigram": [bigram_eigen, bigram_sparse],
    "13.generate": [generate_pairs, generate_triples, generate_smoothed],
    "13.dedup": [dedup_dict, dedup_groups, dedup_sets],
}
