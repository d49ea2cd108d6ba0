# %% [markdown] id="title"
# # 13 Exercise: text with matrices
#
# You will classify texts by an SVD, measure which words belong together, find a word's neighbors, write new text from counts, and split
# data so that copies do not leak. Each answer is one to fifteen lines. Lesson [13](../notebooks/13_text_with_matrices.ipynb) explains everything that is
# asked here.

# %% [markdown] id="how"
# ## How it works
#
# - Replace the line `raise NotImplementedError(...)` by your code. Keep the line with `def`.
# - Run your cell, then the cell below it. It tries your function on several cases and shows the points.
#   You may try as often as you like.
# - Stuck? Open the hints under the question, one after the other.
#
# **Forms, everywhere.** Texts are a list of strings; matrices are arrays of floats. `rng` is a `numpy.random.Generator`: take every
# random number from it. What you are given belongs to the caller: leave it unchanged. scikit-learn is allowed.

# %% id="setup"
import numpy as np
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from ngo_lesson.questions import check, score

# %% [markdown] id="classify-question" tags=["question", "C08", "F16", "Q09"]
# ## 1. Classify new texts
#
# TF-IDF turns $m$ texts into a matrix $X$ of shape (m, n), one row for each text, one column for each word. The SVD
# $X \approx U_k \Sigma_k V_k^\top$ gives each text $k$ numbers, $X V_k = U_k \Sigma_k$. A new text with the row $x$ gets
# $x V_k$, with the same $V_k$.
#
# Write `text_classification(texts, labels, new_texts, num_components)`: predict a label for each **new** text by TF-IDF
# (`TfidfVectorizer`), the `num_components` largest components, and `LogisticRegression`. All three are fitted on `texts` and `labels`
# only. `labels` is an array of whole numbers, and so is the result. Leave all other options as they are.
#
# The sources have this task, too. Their listing multiplies matrices whose shapes do not fit, and predicts the texts it was trained on.
#
# *Example.* `texts = ["boat and wave", "wave and sail", "soup and salt", "bread and soup"]`, `labels = [0, 0, 1, 1]`,
# `new_texts = ["the boat has a sail"]` and 2 components give `[0]`.


# %% id="classify" tags=["answer"]
def text_classification(texts, labels, new_texts, num_components):
    """Labels of new texts by TF-IDF, SVD and logistic regression, fitted on texts and labels (m,) alone."""
    ### BEGIN SOLUTION
    vectorizer, svd = TfidfVectorizer(), TruncatedSVD(num_components, random_state=0)
    reduced = svd.fit_transform(vectorizer.fit_transform(texts))
    model = LogisticRegression().fit(reduced, labels)
    return model.predict(svd.transform(vectorizer.transform(new_texts)))
    ### END SOLUTION


# %% id="classify-check" tags=["check"]
check("13.classify", text_classification)

# %% [markdown] id="ppmi-question" tags=["question"]
# ## 2. More often than by chance
#
# `counts[i, j]` says how often word $i$ was seen with context $j$. With the total $N$, the sum $n_i$ of row $i$ and the sum $n_j$ of
# column $j$, chance alone would give $n_i n_j / N$. *Positive pointwise mutual information* is
#
# $$\mathrm{PPMI}_{ij} = \max\Bigl(0,\ \ln \frac{N\, n_{ij}}{n_i\, n_j}\Bigr), \qquad 0 \text{ where } n_{ij} = 0 .$$
#
# Write `ppmi(counts)` for an array (m, n) that is never negative and not zero everywhere. Empty rows and columns stay zero.
#
# *Example.* `counts = [[2., 0.], [1., 1.]]`: $N = 4$, and the first entry is $\ln(4 \cdot 2 / (2 \cdot 3)) = 0.288$. The result is
# `[[0.288, 0.], [0., 0.693]]`.


# %% id="ppmi" tags=["answer"]
def ppmi(counts):
    """Positive pointwise mutual information, natural logarithm: counts (m, n); returns an array (m, n)."""
    ### BEGIN SOLUTION
    chance = counts.sum(axis=1, keepdims=True) * counts.sum(axis=0) / counts.sum()
    more = counts > chance  # never where a count is zero
    return np.log(np.divide(counts, chance, out=np.ones(counts.shape), where=more))
    ### END SOLUTION


# %% id="ppmi-check" tags=["check"]
check("13.ppmi", ppmi)

# %% [markdown] id="nearest-question" tags=["question"]
# ## 3. Neighbors
#
# Two vectors point the same way when their *cosine* is near 1:
#
# $$\cos(a, b) = \frac{a^\top b}{\lVert a \rVert\, \lVert b \rVert} .$$
#
# Write `nearest(vectors, i, n)`: the indices of the $n$ rows of `vectors` with the largest cosine to row `i`, the largest first,
# without `i` itself. No row is zero.
#
# *Example.* `vectors = [[1., 0.], [9., 9.], [0.5, 0.1], [-1., 0.2]]`, `i = 0`, `n = 2`: the cosines to the others are 0.707, 0.981 and
# -0.981, so the result is `[2, 1]`.


# %% id="nearest" tags=["answer"]
def nearest(vectors, i, n):
    """Indices (n,) of the rows most similar to row i by cosine, without i: vectors (m, d)."""
    ### BEGIN SOLUTION
    cosine = vectors @ vectors[i] / np.linalg.norm(vectors, axis=1)
    order = np.argsort(-cosine)
    return order[order != i][:n]
    ### END SOLUTION


# %% id="nearest-check" tags=["check"]
check("13.nearest", nearest)

# %% [markdown] id="bigram-question" tags=["question", "C12"]
# ## 4. Probabilities of low rank
#
# `counts[i, j]` says how often word $j$ came right after word $i$. Its best approximation of rank $k$ smooths it: words that were followed
# by similar words share what they know. But it may hold negative entries, and those are no probabilities.
#
# Write `low_rank_bigrams(counts, k)` for an array (n, n): take the rank-$k$ SVD of the **counts**, multiply its parts together again, clip at 0,
# and then divide each row by its sum. A row that is empty after the clipping becomes uniform, $1/n$ everywhere. Rounding leaves numbers like
# $10^{-17}$ where zero is meant, so take a sum below $10^{-9}$ for empty.
#
# *Example.* `counts = [[1., 3.], [2., 2.]]` has rank 2, and with `k = 2` nothing is lost: `[[0.25, 0.75], [0.5, 0.5]]`.


# %% id="bigram" tags=["answer"]
def low_rank_bigrams(counts, k):
    """Rows of probabilities from the rank-k SVD of counts (n, n), clipped at 0; returns an array (n, n)."""
    ### BEGIN SOLUTION
    U, s, Vt = np.linalg.svd(counts)
    P = np.maximum(U[:, :k] * s[:k] @ Vt[:k], 0)
    P[P.sum(axis=1) < 1e-9] = 1
    return P / P.sum(axis=1, keepdims=True)
    ### END SOLUTION


# %% id="bigram-check" tags=["check"]
check("13.bigram", low_rank_bigrams)

# %% [markdown] id="generate-question" tags=["question", "C12", "Q13"]
# ## 5. Write on
#
# The sources ask for a function that generates text by a matrix factorization, and give one that does nothing. Write
# `text_generation(texts, seed_text, num_words, rng)`: one string that begins with `seed_text` and goes on with `num_words` new words.
#
# - English texts have spaces: a word is what `split()` gives, and words are joined by one space. Chinese texts have none: there a "word" is one
#   character, and characters are joined without a separator. The seed has the same form as the texts.
# - Each new word is drawn with `rng` and stands somewhere in `texts`. What comes next depends on the word before, as it does in the texts.
# - The last word of the seed may stand in no text. Then begin with any word of the texts.
#
# How you draw is free: by the function of question 4 (a rank of about 8 suits the texts of the check), by counts of pairs, or in another way.
#
# *Example.* `texts = ["boat sail wave sail", "soup salt soup"]`, `seed_text = "boat"`, `num_words = 3`: `"boat sail wave sail"` is a right
# result, and there are others.


# %% id="generate" tags=["answer"]
def text_generation(texts, seed_text, num_words, rng):
    """The seed and num_words more words (Chinese: characters) drawn from what follows what in texts; a string."""
    ### BEGIN SOLUTION
    space = " " if any(" " in text for text in texts) else ""
    parts = [text.split() if space else list(text) for text in texts]
    names = sorted({word for part in parts for word in part})
    place = {word: i for i, word in enumerate(names)}
    counts = np.zeros((len(names), len(names)))
    for part in parts:
        for a, b in zip(part, part[1:]):
            counts[place[a], place[b]] += 1
    P = low_rank_bigrams(counts, min(8, len(names)))
    words = seed_text.split() if space else list(seed_text)
    for _ in range(num_words):
        row = P[place[words[-1]]] if words[-1] in place else None
        words.append(str(rng.choice(names, p=row)))
    return space.join(words)
    ### END SOLUTION


# %% id="generate-check" tags=["check"]
check("13.generate", text_generation)

# %% [markdown] id="dedup-question" tags=["question"]
# ## 6. No leak
#
# Data from the web hold copies. If a copy of a test text stands among the training texts, the model has seen the answer.
#
# Write `split_without_leak(texts, share, rng)`, which returns `(train, test)`, two arrays of indices into `texts`. Every index stands on exactly
# one side, copies included. Equal texts stand on the same side. The test side holds `round(share * d)` of the `d` **distinct** texts, drawn with
# `rng`, and all their copies.
#
# *Example.* `texts = ["a", "b", "a", "c"]`, `share = 0.34`: one of three distinct texts is held out. If it is `"a"`, the result is
# `([1, 3], [0, 2])`.


# %% id="dedup" tags=["answer"]
def split_without_leak(texts, share, rng):
    """Indices (train, test) so that equal texts share a side and a share of the distinct ones is tested."""
    ### BEGIN SOLUTION
    distinct, number = np.unique(texts, return_inverse=True)
    drawn = rng.permutation(len(distinct))[: round(share * len(distinct))]
    held_out = np.isin(number, drawn)
    return np.flatnonzero(~held_out), np.flatnonzero(held_out)
    ### END SOLUTION


# %% id="dedup-check" tags=["check"]
check("13.dedup", split_without_leak)

# %% [markdown] id="end"
# ## Your points
#
# The sum of the checks above. Questions that have not passed yet are listed.

# %% id="score"
score("13")
