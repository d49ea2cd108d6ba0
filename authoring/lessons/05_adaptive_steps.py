# %% [markdown] id="title"
# # 05 Adaptive steps
#
# **Promise.** Give every parameter a step of its own. You will write Adagrad, RMSprop, Adam and AdamW, each because of a flaw of the one
# before it, and you will know where they win, where they only seem to, and what they do not cure.
#
# **You will be able to**
#
# - write the four rules in a few lines of NumPy, and find the faults in a version that somebody else wrote;
# - say why Adam divides by $1-\beta^t$, and compute what happens without it;
# - explain why weight decay and an L2 penalty are two things under Adam;
# - predict when adaptive steps pay (rare features, slopes that change) and when they do not (rotated valleys, bad units);
# - compare rules fairly: equal evaluations, tuned rates, ten starts.
#
# **Time** 100 minutes; a good place for a break is after section 4. **Needs** lessons [03](03_stochastic_gradients.ipynb) and
# [04](04_momentum.ipynb).

# %% id="setup"
import numpy as np
from scipy.optimize import lsq_linear
from scipy.special import expit
from sklearn.feature_extraction.text import CountVectorizer

from ngo_lesson import data
from ngo_lesson.models import linear
from ngo_lesson.optimize.functions import LANDSCAPES
from ngo_lesson.optimize.minimize import minimize
from ngo_lesson.optimize.objective import Objective
from ngo_lesson.optimize.schedules import inverse_root
from ngo_lesson.optimize.updates import GD, Adagrad, Adam, AdamW, Momentum, RMSprop
from ngo_lesson.show.explorer import Explorer, choice, slider
from ngo_lesson.show.figures import panels, show, three
from ngo_lesson.show.pieces import band, dots, landscape, line
from ngo_lesson.show.style import BLACK, BLUE, GREEN, ORANGE, PURPLE, SKY, VERMILION

# %% [markdown] id="question-text"
# ## 1 The question
#
# Momentum (lesson [04](04_momentum.ipynb)) gave the whole vector one velocity. The rate still has to serve all coordinates at once. Take the ten measures of the patients
# in the units in which they were taken: years, mmHg, mg/dl. (We subtract the means, so that no column of ones is needed, and leave the
# units.) How large is the slope of the half-MSE in each coordinate?

# %% id="question"
patients = data.diabetes()
raw = patients.data - patients.data.mean(axis=0)
Z, y = raw / raw.std(axis=0), patients.target - patients.target.mean()
slopes = {name: np.abs(A.T @ y) / len(y) for name, A in (("raw units", raw), ("standardized", Z))}

figure, axes = panels()
for (name, size), color, marker in zip(slopes.items(), (VERMILION, BLUE), "so", strict=True):
    axes.semilogy(size, color=color, marker=marker, markersize=8, linestyle="", label=name)
axes.set_xticks(range(10), patients.feature_names)
axes.set(xlabel="measure", ylabel="size of the slope at the start")
axes.legend()
spread = {name: three(size.max() / size.min()) for name, size in slopes.items()}
show(
    figure,
    f"The largest slope is {spread['raw units']} times the smallest in raw units, {spread['standardized']} times standardized.",
)

# %% [markdown] id="one-rate-text"
# A rate that is safe for the large slopes is tiny for the small ones. What does that cost? We give gradient descent and momentum 300 full
# gradients, and to each the best of 30 rates. (A trick that we use throughout this lesson: our functions work on a matrix, too, with one
# column for each rate, so that all rates run at once.)


# %% id="one-rate"
def heavy_ball(gradient, theta, lr, mu, steps):
    """The path of lesson 04; mu = 0 is gradient descent."""
    v, path = np.zeros_like(theta), [theta]
    for _ in range(steps):
        v = mu * v + gradient(theta)
        theta = theta - lr * v
        path.append(theta)
    return np.array(path)


def best_share(walk, A, rates, steps=300):
    """Smallest share of the excess half-MSE that one of the rates leaves; walk takes (gradient, theta, lr, steps)."""
    H, b = A.T @ A / len(A), A.T @ y / len(A)
    bottom = np.linalg.solve(H, b)
    with np.errstate(over="ignore", invalid="ignore"):
        thetas = np.zeros((10, rates.size))
        end = walk(lambda theta: (theta.T @ H - b).T, thetas, rates, steps)[-1]
        gap = end.T - bottom
        return np.nanmin(np.sum(gap @ H * gap, axis=1) / (bottom @ H @ bottom))


def best_of_gd(walk, A):
    return best_share(walk, A, linear.max_stable_rate(A) * np.geomspace(0.01, 2, 30))


def plain(gradient, theta, lr, steps):
    return heavy_ball(gradient, theta, lr, 0.0, steps)


def momentum(gradient, theta, lr, steps):
    return heavy_ball(gradient, theta, lr, 0.9, steps)


for name, A in (("raw units", raw), ("standardized", Z)):
    left = [best_of_gd(walk, A) for walk in (plain, momentum)]
    shares = [three(100 * share) if share > 1e-9 else "less than 1e-7" for share in left]
    print(f"{name:12}: gradient descent leaves {shares[0]} % of the excess, momentum {shares[1]} %")

# %% [markdown] id="words-text"
# For ten measures one can standardize. Words are harder. Below, 4,000 reviews of food, one column for each word that at least two of them
# contain: 1 if the review contains it, 0 if not. The slope of a word's weight is zero in each review without the word, so a word that is rare hardly ever moves. And
# standardizing would turn a matrix of zeros into one without any.

# %% id="words" tags=["machine"]
reviews = None
try:
    foods = data.food_reviews()
except data.MissingDataError as error:
    print("The reviews are not here, so three cells below stay empty:", error)
else:
    vectorizer = CountVectorizer(binary=True, min_df=2, dtype=float)
    words = [
        method([foods.texts[i] for i in rows])
        for method, rows in (
            (vectorizer.fit_transform, foods.train),
            (vectorizer.transform, foods.test),
        )
    ]
    great = [foods.target[rows].astype(float) for rows in (foods.train, foods.test)]
    reviews = {"train": (words[0].tocsr(), great[0])}
    for part, rows in (("choose", slice(0, 500)), ("judge", slice(500, 1000))):
        reviews[part] = words[1][rows], great[1][rows]
    count = np.asarray(words[0].sum(axis=0)).ravel()
    figure, axes = panels()
    axes.loglog(np.arange(1, count.size + 1), np.sort(count)[::-1], color=BLUE, markevery=0.1)
    axes.set(xlabel="rank of the word", ylabel="reviews that contain it")
    show(
        figure,
        f"{count.size:,} words in {len(great[0]):,} reviews: the most frequent is in {three(100 * count.max() / len(great[0]))} % of them, "
        f"half of all words are in {np.median(count):.0f} or fewer.",
    )

# %% [markdown] id="adagrad-text"
# ## 2 Adagrad: remember how steep it was
#
# The idea: divide each coordinate's step by the size of the slopes that this coordinate has seen. **Adagrad** (Duchi, Hazan and Singer
# 2011) adds up their squares and takes the root. All operations are meant coordinate by coordinate:
#
# $$s \leftarrow s + g^2, \qquad \theta \leftarrow \theta - \mathrm{lr}\, \frac{g}{\sqrt{s} + \varepsilon} .$$
#
# $\varepsilon$ only prevents 0/0 for a coordinate that has not seen any slope yet. One document leaves it out and gets exactly that.


# %% id="adagrad" tags=["F11"]
def adagrad(gradient, theta, lr, steps, eps=1e-10):
    s, path = np.zeros_like(theta), [theta]
    for _ in range(steps):
        g = gradient(theta)
        s = s + g**2
        theta = theta - lr * g / (np.sqrt(s) + eps)
        path.append(theta)
    return np.array(path)


begin = np.array([1.0, 2.0, 3.0])
constant = np.array([0.1, 0.2, 0.3])  # a gradient that never changes
print("one step: ", adagrad(lambda theta: constant, begin, 0.01, 1)[-1].round(6))
with np.errstate(invalid="ignore"):
    print("slope zero, no eps: ", adagrad(lambda theta: 0 * theta, begin, 0.01, 1, eps=0)[-1])

# %% [markdown] id="adagrad-package-text"
# The first step has the length lr in every coordinate, whatever the slope. Now the package's version, as a method of `minimize` and as an
# object that takes one step at a time and keeps $s$. Names and defaults are those of `torch.optim.Adagrad`.


# %% id="adagrad-package" tags=["P30"]
H, b = Z.T @ Z / len(Z), Z.T @ y / len(Z)


def loss(theta):
    return np.mean((Z @ theta - y) ** 2) / 2


def gradient(theta):
    return H @ theta - b


start = np.zeros(10)
path = adagrad(gradient, start, lr=10, steps=100)
result = minimize(loss, start, method="adagrad", grad=gradient, lr=10, steps=100, keep_path=True)
print("minimize walks the same path:  ", np.allclose(result.history["x"], path))

rule, theta = Adagrad(lr=10), start.copy()
for _ in range(100):
    rule.step_(theta, gradient(theta))
print("the rule object ends there too:", np.allclose(theta, path[-1]))

# %% [markdown] id="invariance-text"
# What does it buy? Take $f = (x^2 + 10\,y^2)/2$ from $(1, 1)$. Gradient descent moves ten times as fast in $y$ as in $x$. Adagrad divides
# by the slopes, the factor 10 cancels, and both coordinates walk *the same path*. It does not see how steep a coordinate is.

# %% id="invariance"
curvature = np.array([1.0, 10.0])
for walk in (plain, adagrad):
    x_path, y_path = walk(lambda theta: curvature * theta, np.ones(2), 0.1, 50).T
    print(f"{walk.__name__:8} x and y on the same path: {np.allclose(x_path, y_path)}")

# %% [markdown] id="adagrad-faults-text"
# ### Three ways to lose it
#
# A document programs Adagrad like this: $G$ starts at zero *inside* the function, so each call forgets, and the step divides by $G$
# *before* the square is added. So it divides by $\sqrt{0 + \varepsilon}$ each time. The commentary below the listing describes "the
# initialization of G", which is the trouble. And the text calls $G$ the *average* of the squared gradients. It is the sum, and that is a
# different rule: with the sum, steps under a constant slope shrink like $1/\sqrt{t}$; with the average they do not shrink at all. (A
# *running* average is RMSprop, section 4.)


# %% id="adagrad-faults" tags=["C16", "F12", "P30"]
def documents_adagrad(theta, g, lr, eps=1e-8):
    G = np.zeros_like(theta)
    theta = theta - lr * g / np.sqrt(G + eps)
    G = G + g**2  # thrown away at the return
    return theta


theta = begin
for step in range(1, 5):
    theta = documents_adagrad(theta, constant, 0.01)
    print(f"document, step {step}:", theta.round(1))
print("Adagrad, step 4: ", adagrad(lambda theta: constant, begin, 0.01, 4)[-1].round(3))

s = 0
for t in range(1, 101):
    s = s + constant[0] ** 2
    if t in (1, 4, 100):
        summed, averaged = (constant[0] / np.sqrt(size) for size in (s, s / t))
        print(
            f"step {t:3}, constant slope: {summed:.2f} lr by the sum, {averaged:.2f} lr by the average"
        )

# %% [markdown] id="sparse-text"
# ## 3 Rare features
#
# This is what Adagrad was made for. A word that has occurred once still has its full rate; a word that occurred a thousand times has
# $1/\sqrt{1000}$ of it. In languages the word of rank $r$ occurs about $1/r$ as often as the first one (Zipf's law). Here is a stream of
# samples with 200 made-up words of frequencies $\propto r^{-a}$, a linear target, and one pass in batches of 50. At $a = 0$ all words are
# equally frequent, at $a = 1$ they are as uneven as in English.


# %% id="sparse-stream"
SGD_RATES, ADAGRAD_RATES = np.geomspace(0.1, 10, 7), np.geomspace(0.1, 10, 7)


def stream(exponent, seed, batch=50, batches=60):
    """Excess after every 3rd batch, (21, 2, rates), for SGD and Adagrad; how often words occur; Adagrad's last s."""
    rng = np.random.default_rng(seed)
    chance = np.arange(1, 201.0) ** -exponent
    chance = np.minimum(8 * chance / chance.sum(), 0.9)  # about eight words in a sample
    truth = rng.standard_normal((200, 1))
    sgd, ada = np.zeros((2, 200, SGD_RATES.size))
    s, excess = np.zeros_like(ada), []
    for k in range(batches + 1):
        if k % 3 == 0:
            gaps = np.stack([sgd, ada]) - truth
            excess.append((chance * (1 - chance) @ gaps**2 + (chance @ gaps) ** 2) / 2)
        A = (rng.random((batch, 200)) < chance).astype(float)
        target = A @ truth + 0.1 * rng.standard_normal((batch, 1))
        sgd = sgd - SGD_RATES * (A.T @ (A @ sgd - target)) / batch
        g = A.T @ (A @ ada - target) / batch
        s = s + g**2
        ada = ada - ADAGRAD_RATES * g / (np.sqrt(s) + 1e-10)
    return np.array(excess), chance, s


# %% [markdown] id="sparse-run-text"
# The expected error on new samples follows from the weights and the frequencies, no test set is needed. Thirteen exponents, ten seeds,
# seven rates for each rule; each rule keeps the rate whose median is lowest at the end.


# %% id="sparse-run"
EXPONENTS = [k / 8 for k in range(13)]


def tuned_streams(exponent):
    runs = [stream(exponent, seed) for seed in range(10)]
    excess = np.array([run[0] for run in runs])
    best = np.nanargmin(np.median(excess[:, -1], axis=0), axis=1)
    curves = [excess[:, :, rule, best[rule]] for rule in (0, 1)]
    _, chance, s = runs[0]
    s, seen = s[:, best[1]], s[:, best[1]] > 0
    rates = SGD_RATES[best[0]], ADAGRAD_RATES[best[1]]
    return curves, rates, chance[seen], rates[1] / np.sqrt(s[seen])


with np.errstate(over="ignore", invalid="ignore"):
    STREAMS = {exponent: tuned_streams(exponent) for exponent in EXPONENTS}
ENDS = {e: [np.median(excess[:, -1]) for excess in STREAMS[e][0]] for e in EXPONENTS}
SMALLEST = min(e for e, (sgd, ada) in ENDS.items() if ada <= sgd / 2)
won = sum(sgd < ada for sgd, ada in ENDS.values())
print(f"{len(EXPONENTS)} exponents from 0 to 1.5: SGD ends lower at {won} of them")

# %% [markdown] id="sparse-explorer-text"
# ### Explore: how uneven must the words be?
#
# Left, the median and the range of ten seeds. Right, the rate that each word has at the end: one for all with SGD, one for each with
# Adagrad. **Goal:** find the smallest exponent at which Adagrad ends with at most half the excess of SGD. And what does the right picture
# look like at exponent 0?


# %% id="sparse-uneven"
def uneven(exponent):
    curves, rates, chance, rate = STREAMS[exponent]
    read = 150 * np.arange(21)
    shown = {"word rates": (chance, rate), "one rate": ([2e-4, 1], [rates[0]] * 2)}
    for name, excess in zip(("SGD", "Adagrad"), curves, strict=True):
        shown[name] = read, np.median(excess, axis=0)
        shown[name + " range"] = read, excess.min(axis=0), excess.max(axis=0)
    ends = [
        f"{name} (lr {three(lr)}) ends {three(end)}"
        for name, lr, end in zip(("SGD", "Adagrad"), rates, ENDS[exponent], strict=True)
    ]
    sentence = f"Exponent {exponent:g}: {ends[0]} above the lowest, {ends[1]}."
    return shown, sentence, exponent == SMALLEST


# %% id="sparse-explorer"
figure, (curve, spectrum) = panels(1, 2, width=8.4, height=3.8)
curve.set(xlim=(0, 3000), ylim=(1e-3, 8), yscale="log")
curve.set(xlabel="samples read", ylabel="excess on new samples")
spectrum.set(xlim=(2e-4, 1), ylim=(0.03, 200), xscale="log", yscale="log")
spectrum.set(xlabel="how often the word occurs", ylabel="its rate at the end")
moving = {
    "SGD": line(curve, "SGD", color=ORANGE, marker="s"),
    "Adagrad": line(curve, "Adagrad", color=GREEN, marker="^"),
    "one rate": line(spectrum, color=ORANGE, marker=""),
    "word rates": dots(spectrum, color=GREEN, marker="^"),
}
moving |= {name + " range": band(curve, moving[name]) for name in ("SGD", "Adagrad")}
curve.legend(loc="lower left")
ticks = {0.0: "even", 1.0: "language"}
zipf = Explorer(
    uneven,
    figure,
    moving,
    {"exponent": slider("exponent of the frequencies", 0.0, 1.5, 1.5, step=0.125, ticks=ticks)},
    title="Rare features",
    goal="the smallest exponent at which Adagrad ends with at most half the excess of SGD",
    play="exponent",
)
zipf

# %% id="sparse-goal"
for exponent in (0.0, 1.0, 0.5):
    shown = zipf.at(exponent=exponent)
    print(shown.sentence, "Goal reached:", shown.reached)

# %% [markdown] id="sparse-after"
# With even frequencies there is nothing to adapt: all words have the same rate, and that it falls is even a little in the way. As the
# words become uneven, SGD is caught: the frequent words forbid a larger rate, and the rare ones would need it. Adagrad gives it to them.
#
# ### Real reviews
#
# Now the reviews of section 1. A linear model says whether a review gives the highest score ($t = 1$) or not ($t = 0$). The objective is
# its **log loss**, the mean over the reviews of
#
# $$\log(1 + e^z) - t z, \qquad z = x^\top \theta .$$
#
# It is small where $z$ is large for $t = 1$ and very negative for $t = 0$. The gradient for one review has a form that we know, error times
# features; the error is the *sigmoid* $1/(1 + e^{-z})$, a number between 0 and 1 (`expit` in SciPy), minus $t$.
#
# Each rule may choose among six rates, twice: once for the lowest *training* loss, and once for the lowest loss on 500 reviews that it never
# trained on. Another 500 are the judge. The choice is made by the mean of three seeds of its own, then follow ten new ones.


# %% id="reviews" tags=["machine"]
def log_loss(theta, part):
    X, t = reviews[part]
    z = X @ theta
    return np.mean(np.logaddexp(0, z) - t * z)


def read_reviews(rule, seed, passes=2, batch=80):
    """The weights after some passes in random order, and the loss on the three parts."""
    X, t = reviews["train"]
    rng, theta = np.random.default_rng(seed), np.zeros(X.shape[1])
    for _ in range(passes):
        order = rng.permutation(len(t))
        mixed, labels = X[order], t[order]
        for first in range(0, len(t), batch):
            rows = slice(first, first + batch)
            A = mixed[rows]
            error = expit(A @ theta) - labels[rows]
            rule.step_(theta, A.T @ error / error.size)
    return theta, [log_loss(theta, part) for part in ("train", "choose", "judge")]


READERS = {
    "SGD": (lambda lr: GD(lr=lr), 0.1, ORANGE, "s"),
    "momentum": (lambda lr: Momentum(lr=lr), 0.01, PURPLE, "D"),
    "Adagrad": (lambda lr: Adagrad(lr=lr), 0.03, GREEN, "^"),
    "Adam": (lambda lr: Adam(lr=lr), 0.001, BLUE, "o"),
}
if reviews is not None:
    chosen, found = {}, {}
    for name, (make, low, *_) in READERS.items():
        rates = low * np.geomspace(1, 100, 6)
        tried = [[read_reviews(make(lr), s)[1][:2] for s in (100, 101, 102)] for lr in rates]
        chosen[name] = rates[np.mean(tried, axis=1).argmin(axis=0)]
        runs = [[read_reviews(make(lr), s)[1] for s in range(10)] for lr in chosen[name]]
        found[name] = np.array([np.array(runs[0])[:, 0], np.array(runs[1])[:, 2]])

# %% id="reviews-figure" tags=["A25", "machine"]
if reviews is not None:
    figure, axes = panels(1, 2, width=8.4, sharey=True)
    for k, title in enumerate(("training reviews", "new reviews")):
        ax = axes[k]
        for place, (name, (_, _, color, marker)) in enumerate(READERS.items()):
            low, middle, high = np.quantile(found[name][k], (0, 0.5, 1))
            ax.vlines(place, low, high, color=color, linewidth=5, alpha=0.4)
            ax.plot(place, middle, color=color, marker=marker, markersize=9)
        labels = [f"{name}\nlr {three(rates[k])}" for name, rates in chosen.items()]
        ax.set_xticks(range(4), labels, fontsize=9)
        ax.set(title=title, xlim=(-0.5, 3.5))
    axes[0].set(ylabel="log loss after 2 passes", ylim=(0, None))
    lists = [
        ", ".join(f"{name} {three(np.median(ends[k]))}" for name, ends in found.items())
        for k in (0, 1)
    ]
    show(
        figure, f"Median of ten seeds on the training reviews: {lists[0]}; on new ones: {lists[1]}."
    )

# %% [markdown] id="reviews-after" tags=["A38"]
# Read both panels. On the *objective* the adaptive rules are far ahead: after the same number of samples their training loss is several
# times lower. On *new* reviews the lead is gone, although each rule has the rate that suits this purpose: memorizing the rare words of
# the training reviews does not help there. "Adagrad is good for sparse data" is a statement about optimization, and as such it is right.
# What helps with new data is another question (lessons [13](13_text_with_matrices.ipynb) and [14](14_smaller_and_sturdier_models.ipynb)).
#
# One of the documents advises to combine features from a matrix factorization with a classifier trained by momentum or Adam. Nothing
# speaks against it: where features come from and which rule trains the weights are separate choices. Only, the training is first-order.

# %% [markdown] id="rmsprop-text"
# ## 4 RMSprop: forget
#
# Adagrad's flaw is its memory. The sum never forgets, so a steep beginning slows a coordinate down for good. Networks often are like
# that: steep at first, gentle later. **RMSprop** (Tieleman and Hinton 2012) replaces the sum by a running mean that forgets about
# $1/(1-\alpha)$ steps back:
#
# $$s \leftarrow \alpha\, s + (1 - \alpha)\, g^2, \qquad \theta \leftarrow \theta - \mathrm{lr}\, \frac{g}{\sqrt{s} + \varepsilon} .$$
#
# $\alpha$ (also called $\rho$) is the **decay rate of the memory**, 0.9 or 0.99. One of the documents writes $\eta$ for it and calls it
# the step size; there is a step size, too, and it is another number. (The name of the mean in that document, "gradient-squared gradient",
# does not exist. It is the mean of the squared gradients.)


# %% id="rmsprop" tags=["F13", "F14"]
def rmsprop(gradient, theta, lr, steps, alpha=0.99, eps=1e-8):
    s, path = np.zeros_like(theta), [theta]
    for _ in range(steps):
        g = gradient(theta)
        s = alpha * s + (1 - alpha) * g**2
        theta = theta - lr * g / (np.sqrt(s) + eps)
        path.append(theta)
    return np.array(path)


path = rmsprop(gradient, start, lr=1, steps=100)
result = minimize(loss, start, method="rmsprop", grad=gradient, lr=1, steps=100, keep_path=True)
print("minimize walks the same path:", np.allclose(result.history["x"], path))

# %% [markdown] id="wall-text"
# A wall to test it on: $f = x^4/4$, from ten starts between 5 and 15. At 10 the slope is a thousand times what it is at 1. Each rule has
# the best of 30 rates for 300 steps.

# %% id="wall" tags=["A26"]
far = np.repeat(np.random.default_rng(0).uniform(5, 15, 10)[:, None], 30, axis=1)
walks = {
    "GD": (plain, np.geomspace(1e-4, 0.1, 30), ORANGE, "s"),
    "Adagrad": (adagrad, np.geomspace(0.1, 30, 30), GREEN, "^"),
    "RMSprop": (lambda *run: rmsprop(*run, alpha=0.9), np.geomspace(0.01, 10, 30), SKY, "v"),
}
figure, axes = panels()
ends = {}
for name, (walk, rates, color, marker) in walks.items():
    with np.errstate(over="ignore", invalid="ignore"):
        values = walk(lambda x: x**3, far, rates, 300) ** 4 / 4
        best = np.nanargmin(np.median(values[-1], axis=0))
    low, middle, high = np.quantile(values[:, :, best], (0, 0.5, 1), axis=1)
    style = {"color": color, "marker": marker, "markevery": 30}
    axes.semilogy(middle, label=f"{name}, lr {three(rates[best])}", **style)
    axes.fill_between(np.arange(301), low, high, color=color, alpha=0.2)
    ends[name] = three(middle[-1]) if middle[-1] > 1e-6 else "less than 1e-6"
axes.set(xlabel="step", ylabel="value", ylim=(1e-12, 1e5), title="Median and range of ten starts")
axes.legend(loc="lower left")
show(figure, "Value after 300 steps: " + ", ".join(f"{k} {v}" for k, v in ends.items()) + ".")

# %% [markdown] id="jitter-text"
# Forgetting has a price. Adagrad's steps die out by themselves, as if a schedule $\mathrm{lr}/\sqrt t$ were built in. RMSprop's steps
# stay about as long as the rate says, however small the slope, so a noisy run jitters until a schedule lowers the rate. Here is
# $f = x^2/2$ with noise of size 1 in each gradient:

# %% id="jitter"
disturbed = np.random.default_rng(0).standard_normal((10_000, 10))
for name, rule in {
    "Adagrad, lr 1           ": Adagrad(lr=1),
    "RMSprop, lr 0.1         ": RMSprop(lr=0.1),
    "RMSprop, lr 1/sqrt(step)": RMSprop(lr=inverse_root(1)),
}.items():
    x, squares = np.ones(10), []
    for drawn in disturbed:
        rule.step_(x, x + drawn)
        squares.append(np.mean(x**2))
    early, late = np.mean(squares[500:1000]) ** 0.5, np.mean(squares[5000:]) ** 0.5
    print(f"{name}: distance {early:.2f} in steps 500 to 1,000, {late:.2f} after 5,000; ten runs")

# %% [markdown] id="rmsprop-after"
# Two more claims of the documents. "Good for sparse data": yes, but that is Adagrad's case, and RMSprop forgets a word that it has not
# seen for a few hundred steps. "Good for long sequences": what is usually said, with reason, is *objectives that change while you train*;
# the wall above shows why. Nothing about sequences follows.
#
# ### The first step, and three faults
#
# $s$ starts at zero and is a mean, so at first it is too small: $s = (1-\alpha) g^2$ after one step, and the first step has the length
# $\mathrm{lr}/\sqrt{1-\alpha}$: 3.2 lr for $\alpha = 0.9$, 10 lr for 0.99.
#
# **No state.** The listing of the document stops with an error, because its $S$ is used before it exists (the commentary describes how it
# is initialized). Repaired, it takes exactly this first step.
#
# **One size for all.** A second listing calls itself RMSprop and divides the whole gradient by its length, a single number. (It also
# keeps no memory, although it is given a decay rate, and it has the sign wrong, so that its error rises to 0.5 on XOR; lesson
# [06](06_neural_networks.ipynb) repairs it step by step.) Dividing by one number cannot adapt anything: the step still points along the gradient.
#
# **Inside or outside.** Some write $\sqrt{s + \varepsilon}$, as that document and early TensorFlow do, others $\sqrt{s} + \varepsilon$,
# as PyTorch. Both are right, but the same number does not mean the same: inside, it acts like $\sqrt\varepsilon$. For small slopes the
# step differs by a factor of ten.


# %% id="rmsprop-first" tags=["C17", "C18", "F13", "P30"]
def documents_rmsprop(theta, g):
    S = 0.9 * S + 0.1 * g**2
    return theta - 0.01 * g / np.sqrt(S + 1e-8)


try:
    documents_rmsprop(begin, constant)
except UnboundLocalError:
    print("the document's listing: S is used before it exists")
for alpha in (0.9, 0.99):
    first = begin - rmsprop(lambda theta: constant, begin, 0.01, 1, alpha=alpha)[-1]
    print(f"alpha {alpha}: first step {(first / 0.01).round(2)} times lr", end="")
    print(", as 1 / sqrt(1 - alpha):", np.allclose(first, 0.01 / np.sqrt(1 - alpha)))

g = np.array([100.0, 1.0])
for name, step in {
    "divided by its length": g / np.linalg.norm(g),
    "RMSprop": g / np.sqrt(g**2),
}.items():
    print(f"gradient {g}, {name:21}: step {step.round(2)}")

g, eps = 1e-4, 1e-7
s = 0.1 * g**2  # after the first step with alpha = 0.9
outside, inside = g / (np.sqrt(s) + eps), g / np.sqrt(s + eps)
print(f"slope {g}, eps {eps}: step {three(outside)} lr outside, {three(inside)} lr inside")

# %% [markdown] id="adam-text" tags=["A21", "A22", "A23"]
# ## 5 Adam
#
# RMSprop has two flaws left: its first steps are too long, and it follows single noisy gradients. **Adam** (Kingma and Ba 2015) mends
# both. It averages the gradients too, and corrects both averages for their start at zero. For $t = 1, 2, \dots$
#
# $$m \leftarrow \beta_1 m + (1 - \beta_1)\, g, \qquad v \leftarrow \beta_2 v + (1 - \beta_2)\, g^2,$$
#
# $$\hat m = \frac{m}{1 - \beta_1^t}, \qquad \hat v = \frac{v}{1 - \beta_2^t}, \qquad \theta \leftarrow \theta - \mathrm{lr}\, \frac{\hat m}{\sqrt{\hat v} + \varepsilon} .$$
#
# So it joins momentum (lesson [04](04_momentum.ipynb), as an average) with RMSprop. Its authors say that it combines the advantages of Adagrad and RMSprop,
# and one document repeats this. Another one says "of gradient descent and SGD", which is wrong: those two differ only in how many samples
# they read.


# %% id="adam" tags=["F06", "Q08", "C07"]
def adam(gradient, theta, lr, steps, beta1=0.9, beta2=0.999, eps=1e-8, correct=True):
    m, v, path = np.zeros_like(theta), np.zeros_like(theta), [theta]
    for t in range(1, steps + 1):
        g = gradient(theta)
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        c1, c2 = (1 - beta1**t, 1 - beta2**t) if correct else (1, 1)
        theta = theta - lr * (m / c1) / (np.sqrt(v / c2) + eps)
        path.append(theta)
    return np.array(path)


path = adam(gradient, start, lr=3, steps=100)
result = minimize(loss, start, method="adam", grad=gradient, lr=3, steps=100, keep_path=True)
print("minimize walks the same path:", np.allclose(result.history["x"], path))
for scale in (1e-4, 1, 1e4):
    first = begin - adam(lambda theta: scale * constant, begin, 0.01, 1)[-1]
    print(f"gradient times {scale:g}: first step {first.round(4)}")

# %% [markdown] id="signature-text" tags=["C07", "C10", "C11", "Q11", "Q12"]
# Whatever the scale of the gradient, the first step is lr in each coordinate, and later ones are seldom longer. So lr has a meaning: *how
# far a parameter may move in one step*.
#
# The documents set Adam as a task, with these signatures: `adam_optimizer(W, lr, beta1, beta2, epsilon)` and, for a network, the previous
# $m$ and $v$ but no $t$. Neither can be implemented. The first gets no gradient and has no place for $m$ and $v$; the second cannot
# correct anything. The RMSprop task returns the weights only, so $s$ is lost. A step must take and return *everything that lives on*: in
# the exercise of this lesson it is `adam_step(theta, g, m, v, t, lr, beta1, beta2, eps)`, which returns `theta, m, v`.
#
# ### Why divide by $1 - \beta^t$?
#
# Under a constant gradient $g$, after $t$ steps from zero, $m = (1 - \beta_1^t)\, g$: a share of the truth that starts at 0.1 and tends
# to 1. The division removes exactly this share. For random gradients the same holds for the expected value: $\hat m$ and $\hat v$ are
# **unbiased** estimates of the mean of $g$ and of $g^2$, if those do not change. One document calls them "Gaussian estimates"; nothing
# here is Gaussian, the word is *bias-corrected*.

# %% id="correction" tags=["F10"]
draws = np.random.default_rng(0).exponential(1, (5, 200_000))
print(f"not Gaussian: mean {draws.mean():.2f}, mean of squares {np.mean(draws**2):.1f}")
m = v = 0.0
for t, g in enumerate(draws, start=1):
    m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
    m_hat, v_hat = m.mean() / (1 - 0.9**t), v.mean() / (1 - 0.999**t)
    print(
        f"t = {t}: m is {m.mean():.2f} and v {v.mean():.4f} on average; corrected {m_hat:.2f} and {v_hat:.1f}"
    )

# %% [markdown] id="variance-text"
# **$v$ is not a variance, and $m$ and $v$ are no prior.** One document says "prior mean and variance". There is no prior: both start at
# zero, which nobody believes. And $v$ estimates the mean of $g^2$, which is the variance *plus the square of the mean*. For a steady
# gradient the variance is zero and $v$ is not; divide by the variance instead, and the step would be infinite where the gradient is most
# certain.

# %% id="variance" tags=["F09"]
noise = np.random.default_rng(0).standard_normal((5_000, 10))
for name, g in {
    "always 3": 3 + 0 * noise,
    "noise around 0": noise,
    "noise around 3": 3 + noise,
}.items():
    v, seen = np.zeros(10), []
    for t, squares in enumerate(g**2, start=1):
        v = 0.999 * v + 0.001 * squares
        seen.append(v / (1 - 0.999**t))
    print(f"gradient {name:15} variance {abs(g.var()):.0f}, corrected v {np.mean(seen):.0f}")

# %% [markdown] id="bias-explorer-text"
# ### Explore: the correction, on and off
#
# Without it each step is
#
# $$\frac{1-\beta_1^t}{\sqrt{1-\beta_2^t}}$$
#
# times as long as it should be. With the usual 0.9 and 0.999 that is 3.2 at first and up to 6.6, for more than a thousand steps. The
# knobs are the two *memories*, $1/(1-\beta_1)$ and $1/(1-\beta_2)$, in steps; on the right a run on the patients from zero. **Goal:**
# without the correction, steps that are at no time more than 1.5 times too long, while $v$ remembers at least 100 steps. Does the
# correction make the run faster? Compare lr = 1 and lr = 10.


# %% id="bias-run"
STEPS = np.arange(1, 2001)
LOWEST = loss(np.linalg.solve(H, b))


def corrected_or_not(lr, short, long):
    beta1, beta2 = 1 - 1 / short, 1 - 1 / long
    factor = (1 - beta1**STEPS) / np.sqrt(1 - beta2**STEPS)
    gaps = {
        name: adam(gradient, start, lr, 200, beta1, beta2, correct=on) - np.linalg.solve(H, b)
        for name, on in (("on", True), ("off", False))
    }
    above = {name: np.einsum("td,de,te->t", gap, H, gap) / 2 for name, gap in gaps.items()}
    data = {"factor": (STEPS, factor)} | {
        name: (np.arange(201), values) for name, values in above.items()
    }
    sentence = (
        f"Memories {short:g} and {long:g}, lr {three(lr)}: uncorrected steps are "
        f"{three(factor.min())} to {three(factor.max())} times as long, "
        f"the excess at most {three(above['off'].max() / above['off'][0])} times the first."
    )
    return data, sentence, bool(factor.max() <= 1.5 and long >= 100)


# %% id="bias-explorer"
figure, (length, curve) = panels(1, 2, width=8.4, height=3.8)
length.set(xlim=(1, 2000), ylim=(0.02, 120), xscale="log", yscale="log")
length.set(xlabel="step t", ylabel="length without / with correction")
length.axhline(1, color=BLACK, linestyle="--", linewidth=1)
curve.set(xlim=(0, 200), ylim=(0.1, 1e5), yscale="log", xlabel="step")
curve.set_ylabel("half-MSE above the lowest")
moving = {
    "factor": line(length, color=VERMILION, marker="s"),
    "off": line(curve, "off", color=VERMILION, marker="s", markevery=20),
    "on": line(curve, "on", color=BLUE, marker="o", markevery=20),
}
curve.legend(title="correction", loc="lower left")
bias = Explorer(
    corrected_or_not,
    figure,
    moving,
    {
        "lr": slider("learning rate", 0.1, 30, 10, log=True),
        "short": slider("memory of m", 1, 100, 10, log=True, unit="steps", ticks={10: "usual"}),
        "long": slider(
            "memory of v", 2, 10_000, 1000, log=True, unit="steps", ticks={1000: "usual"}
        ),
    },
    title="Bias correction on and off",
    goal="without correction never more than 1.5 times too long, and v remembers 100 steps or more",
    play="long",
)
bias

# %% id="bias-goal"
for short, long in ((10, 1000), (10, 100), (32, 100)):
    shown = bias.at(short=short, long=long)
    print(shown.sentence, "Goal reached:", shown.reached)
for lr in (1, 10):
    runs = bias.at(lr=lr).data
    for t in (10, 100):
        on, off = (three(runs[name][1][t]) for name in ("on", "off"))
        print(f"lr {lr:2}, step {t:3}: excess {on} corrected, {off} not")

# %% [markdown] id="bias-after"
# The correction is no accelerator. With a small rate the uncorrected run ends even lower, because its steps are up to six times as long;
# with a large rate it is thrown far away first and needs its time to come back. What the correction does: lr means the same from the
# first step on, whatever the betas. If you drop it, you use a schedule that nobody chose.
#
# ### The documents' formulas
#
# | where | step, in units of $-\mathrm{lr}$ | what is wrong |
# |---|---|---|
# | one document | $\dfrac{1}{\sqrt{1-\beta_2^t}} \cdot \dfrac{m}{1-\beta_1^t}$ | $\sqrt v$ and $\varepsilon$ are missing, and a correction of $v$ divides where it should multiply |
# | another, first form | $\dfrac{1-\beta_1^t}{1-\beta_2^t} \cdot \dfrac{\hat m}{\sqrt{\hat v} + \varepsilon}$ | corrected twice, the second time by the wrong factor of the next row |
# | the same, last form | $\dfrac{1-\beta_1^t}{1-\beta_2^t} \cdot \dfrac{m}{\sqrt{v} + \varepsilon}$ | the factor is upside down and lacks a root |
# | Kingma and Ba, end of section 2 | $\dfrac{\sqrt{1-\beta_2^t}}{1-\beta_1^t} \cdot \dfrac{m}{\sqrt{v} + \hat\varepsilon}$ | nothing: the efficient form, with $\hat\varepsilon = \varepsilon\sqrt{1-\beta_2^t}$ |
#
# Each of them on a valley, $f = (x^2 + 1000\,y^2)/2$ from $(1, 1)$ with lr = 0.01, 2,000 steps:


# %% id="formulas" tags=["F05", "F07", "F08"]
def follow(formula, gradient, theta, steps, lr=0.01):
    m, v = np.zeros_like(theta), np.zeros_like(theta)
    for t in range(1, steps + 1):
        g = gradient(theta)
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
        theta = theta - lr * formula(m, v, 1 - 0.9**t, 1 - 0.999**t)
    return theta


FORMULAS = {
    "Kingma & Ba": lambda m, v, c1, c2: m / c1 / (np.sqrt(v / c2) + 1e-8),
    "  efficient": lambda m, v, c1, c2: np.sqrt(c2) / c1 * m / (np.sqrt(v) + 1e-8 * np.sqrt(c2)),
    "one": lambda m, v, c1, c2: m / np.sqrt(c2) / c1,
    "another, first": lambda m, v, c1, c2: c1 / c2 * (m / c1) / (np.sqrt(v / c2) + 1e-8),
    "another, last": lambda m, v, c1, c2: c1 / c2 * m / (np.sqrt(v) + 1e-8),
}
steep = np.array([1.0, 1000.0])
for name, formula in FORMULAS.items():
    first = 1 - follow(formula, lambda theta: steep * theta, np.ones(2), 1)
    end = np.abs(follow(formula, lambda theta: steep * theta, np.ones(2), 2000)).max()
    size = three(end) if end > 1e-6 else "less than 1e-6"
    print(
        f"{name:14} first step {first[0] / 0.01:6.3g} and {first[1] / 0.01:8.3g} lr; at the end {size} away"
    )

factors = [(1 - 0.9**t) / (1 - 0.999**t) for t in (1, 10, 100, 1000)]
print("factor of the other document at t = 1, 10, 100, 1000:", ", ".join(map(three, factors)))

# %% [markdown] id="formulas-after"
# The formula without the root depends on the scale of the slopes again, as if there were no adaptive rates. The two of the other document
# are thrown away at the start; on this bowl they come back, when their factor has fallen to 1.
#
# ### The faults in the listings
#
# **$t$ from 0.** A listing corrects first and counts afterwards. Then $1 - \beta^0 = 0$. **Nothing stored.** Another computes $m$ and $v$
# from zeros in each step and never stores them. A constant share of the gradient divided by the root of another is a sign: the steps have
# no memory, do not shrink with the slope, and never settle. **Errors for gradients.** The same listing feeds the errors of the
# predictions, which do not even have the shape of the parameters. If by chance there are as many samples as parameters, it runs, and runs
# away.


# %% id="listings" tags=["C15", "C23"]
g, m, v, t = constant, 0.1 * constant, 0.001 * constant**2, 0
with np.errstate(divide="ignore", invalid="ignore"):
    print(
        "t = 0: theta is", begin - 0.01 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
    )

theta = start
for t in range(1, 2001):
    m, v = 0.1 * gradient(theta), 0.001 * gradient(theta) ** 2
    theta = theta - 0.3 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
kept = adam(gradient, start, lr=0.3, steps=2000)[-1]
print(f"nothing stored: {three(loss(theta) - LOWEST)} above the lowest after 2,000 steps,", end="")
print(f" stored: {three(loss(kept) - LOWEST)}")

try:
    0.1 * (Z @ start - y) + 0.9 * np.zeros_like(start)
except ValueError as error:
    print("errors for gradients:", error)
A, few = Z[:10], y[:10]  # ten patients, ten measures: an exact solution exists, and the shapes fit
for name, fed in (
    ("gradients", lambda theta: A.T @ (A @ theta - few) / 10),
    ("errors", lambda theta: A @ theta - few),
):
    end = adam(fed, start, lr=1, steps=5000)[-1]
    miss = np.mean((A @ end - few) ** 2)
    size = three(miss) if miss > 0.001 else "less than 0.001"
    print(f"ten patients, fed with {name:9}: MSE {three(np.mean(few**2))} -> {size}")

# %% [markdown] id="adamw-text"
# ## 6 AdamW: decay is not a penalty
#
# To keep weights small, one adds the *L2 penalty* $\frac{\lambda}{2} \lVert\theta\rVert^2$ to the objective. Its gradient is $\lambda\theta$.
# For gradient descent this is the same as shrinking the weights by the factor $1 - \mathrm{lr}\,\lambda$ in each step, so both go by the
# name *weight decay*. Under Adam they part: the penalty's gradient goes through the division by $\sqrt{\hat v}$ as well. A weight with
# large slopes is then hardly shrunk. **AdamW** (Loshchilov and Hutter 2019) shrinks the weights directly and keeps $\lambda\theta$ out of
# $g$:
#
# $$\theta \leftarrow (1 - \mathrm{lr}\,\lambda)\,\theta - \mathrm{lr}\, \frac{\hat m}{\sqrt{\hat v} + \varepsilon} .$$
#
# This is the form of the libraries. In the paper, $\lambda$ is multiplied by the schedule alone, not by the rate.


# %% id="adamw" tags=["Q33"]
def adamw(gradient, theta, lr, steps, decay, beta1=0.9, beta2=0.999, eps=1e-8):
    m, v, path = np.zeros_like(theta), np.zeros_like(theta), [theta]
    for t in range(1, steps + 1):
        g = gradient(theta)
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        theta = (1 - lr * decay) * theta
        theta = theta - lr * (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + eps)
        path.append(theta)
    return np.array(path)


options = {"grad": lambda theta: curvature * theta, "lr": 0.01, "steps": 10, "keep_path": True}
bowl = lambda theta: curvature @ theta**2 / 2
ends = {
    (method, decay): minimize(
        bowl, np.ones(2), method=method, weight_decay=decay, **options
    ).history["x"][-1]
    for method, decay in (("adam", 0.0), ("adam", 0.1), ("adamw", 0.1))
}
ours = adamw(options["grad"], np.ones(2), 0.01, 10, decay=0.1)[-1]
print("minimize(method='adamw') equals ours:", np.allclose(ends["adamw", 0.1], ours))
for (method, decay), end in ends.items():
    print(f"{method:5} weight_decay {decay}: x after 10 steps {end[0]:.4f}")
gap = np.abs(ends["adam", 0.1] - ends["adam", 0.0]).max()
print("Adam with the penalty equals Adam without it to 8 digits:", gap < 1e-8)

# %% [markdown] id="decay-text"
# Where do they end? The penalty changes the *objective*, so Adam with the penalty ends at the same place as any other method: the ridge
# solution. Decay changes the *rule*. With full gradients, where $\hat m/\sqrt{\hat v}$ of a persistent slope is $\pm 1$, it holds every
# weight within about $\pm 1/\lambda$ and, once settled, does nothing else (Xie and Li 2024): AdamW ends near least squares in a box.

# %% id="decay"
penalty = 0.1
ridge = np.linalg.solve(H + penalty * np.eye(10), b)
box = lsq_linear(Z, y, (-1 / penalty, 1 / penalty)).x
for name, rule in {
    "GD with the penalty  ": GD(lr=0.3, weight_decay=penalty),
    "Adam with the penalty": Adam(lr=inverse_root(1), weight_decay=penalty),
    "AdamW                ": AdamW(lr=inverse_root(1), weight_decay=penalty),
}.items():
    theta = start.copy()
    for _ in range(10_000):
        rule.step_(theta, gradient(theta))
    gaps = [np.abs(theta - target).max() for target in (ridge, box)]
    sizes = [three(gap) if gap > 1e-3 else "less than 0.001" for gap in gaps]
    print(f"{name}: from the ridge solution {sizes[0]}, from the box solution {sizes[1]}")

# %% [markdown] id="shrink-text"
# With noisy gradients both shrink, and differently. Back to the reviews: how much smaller does each make the weights of frequent and of
# rare words, compared with plain Adam?

# %% id="shrink" tags=["machine"]
if reviews is not None:
    groups = [(2, 4), (5, 19), (20, 99), (100, 499), (500, 4000)]
    makers = {
        "no decay": lambda: Adam(lr=0.01),
        "penalty, 0.003": lambda: Adam(lr=0.01, weight_decay=0.003),
        "AdamW, 0.3": lambda: AdamW(lr=0.01, weight_decay=0.3),
    }
    sizes = {name: [] for name in makers}
    for name, make in makers.items():
        for seed in range(10):
            weights = np.abs(read_reviews(make(), seed)[0])
            sizes[name].append(
                [weights[(low <= count) & (count <= high)].mean() for low, high in groups]
            )
    figure, axes = panels()
    for name, color, marker in (("penalty, 0.003", VERMILION, "s"), ("AdamW, 0.3", BLUE, "o")):
        kept = np.array(sizes[name]) / sizes["no decay"]
        axes.plot(np.median(kept, axis=0), color=color, marker=marker, label=name)
        axes.fill_between(range(5), kept.min(axis=0), kept.max(axis=0), color=color, alpha=0.2)
        sizes[name] = ", ".join(three(value) for value in np.median(kept, axis=0))
    axes.set_xticks(range(5), [f"{low} to {high}" for low, high in groups])
    axes.set(
        xlabel="reviews that contain the word", ylabel="weight, share of no decay", ylim=(0, 1)
    )
    axes.legend()
    show(
        figure,
        f"Left of the weights, rare to frequent: penalty {sizes['penalty, 0.003']}; AdamW {sizes['AdamW, 0.3']}.",
    )

# %% [markdown] id="shrink-after"
# The penalty under Adam spares the frequent words and crushes the rare ones; the decay of AdamW treats all alike. Neither is right or
# wrong in itself, but they are two things, and a number that suits one does not suit the other. Most language models of today are trained
# with AdamW.

# %% [markdown] id="limits-text"
# ## 7 What adaptive steps do not cure
#
# **Bad units, only half.** Change a column from meters to centimeters. The slope becomes 100 times larger *and* the way to the best
# weight 100 times shorter. Gradient descent is wrong by both, $100^2$. The adaptive rules cancel the slope but still take steps of length
# lr, so they are wrong by 100. Below, the ten standardized measures are put into units that differ by up to $10^k$, at random, ten times;
# 300 full gradients, the best of 30 rates each. Shares below 1e-9 are drawn as 1e-9.


# %% id="units"
def best_of_adaptive(walk, A):
    return best_share(walk, A, np.geomspace(0.01, 3e4, 30))


WALKS = {
    "GD": (plain, best_of_gd, ORANGE, "s"),
    "momentum": (momentum, best_of_gd, PURPLE, "D"),
    "Adagrad": (adagrad, best_of_adaptive, GREEN, "^"),
    "Adam": (adam, best_of_adaptive, BLUE, "o"),
}
decades, left = range(4), {}
for name, (walk, best, *_) in WALKS.items():
    left[name] = np.empty((10, len(decades)))
    for seed in range(10):
        order = np.random.default_rng(seed).permutation(10) / 9
        left[name][seed] = [best(walk, Z * 10 ** (k * order)) for k in decades]

# %% id="units-figure"
figure, axes = panels()
for name, (_, _, color, marker) in WALKS.items():
    low, middle, high = np.quantile(left[name].clip(1e-9), (0, 0.5, 1), axis=0)
    axes.semilogy(decades, middle, color=color, marker=marker, label=name)
    axes.fill_between(decades, low, high, color=color, alpha=0.2)
axes.set_xticks(decades, ["1", "10", "100", "1,000"])
axes.set(xlabel="largest unit / smallest unit", ylabel="share of the excess left", ylim=(3e-10, 1))
axes.set_title("Median and range of ten assignments")
axes.legend(loc="lower right")
worst = ", ".join(f"{name} {three(100 * np.median(left[name][:, -1]))} %" for name in WALKS)
pair = [three(100 * np.median(left[name][:, k])) for name, k in (("Adagrad", 2), ("GD", 1))]
show(
    figure,
    f"Units up to 1,000 apart leave {worst}. Adagrad leaves {pair[0]} % at 100, about what GD leaves at 10, {pair[1]} %.",
)

# %% [markdown] id="rotation-text"
# So the adaptive rules help, and *standardizing helps more*, where it is possible: the left end of the picture costs one line of code.
#
# **Rotated valleys.** Each coordinate has its own rate, so the coordinates matter. Take the raw measures of section 1, whose trouble lies
# along the axes, and turn the axes: each parameter is now a mixture of all. The half-MSE has the same valleys as before. Gradient descent
# and momentum do not notice; what the adaptive rules knew is worth much less. (The left column also answers the question of section 1: in
# raw units Adam leaves 0.04 % where gradient descent leaves 7 %. On the standardized measures momentum left less than 1e-7 %.)

# %% id="rotation"
turns = [
    np.linalg.qr(np.random.default_rng(seed).standard_normal((10, 10)))[0] for seed in range(10)
]
for name, (walk, best, *_) in WALKS.items():
    turned = np.median([best(walk, raw @ turn) for turn in turns])
    print(f"{name:8}: leaves {three(100 * best(walk, raw)):>6} % with the raw columns", end="")
    print(f", {three(100 * turned):>5} % when turned, median of 10 turns")

# %% [markdown] id="vanishing-text"
# **Vanishing and exploding gradients.** Documents promise that Adagrad and RMSprop avoid them. In a deep network the gradient is a
# product of one matrix for each layer; it vanishes or explodes because the *product* does. The slope of a sigmoid is 0.25 at most, so
# each such layer multiplies by a quarter of its weights or less. Dividing by $\sqrt{\hat v}$ afterwards makes a small number large again,
# as long as it is well above $\varepsilon$. It cannot bring back a direction that is lost in rounding, or zero. And one slope that
# explodes makes $v$ so large (below, its square overflows to infinity) that the parameter stands still:

# %% id="vanishing" tags=["A24"]
for depth in (1, 10, 20, 40):
    theta = np.zeros(1)
    Adam(lr=1).step_(theta, np.array([0.25**depth]))
    print(
        f"{depth:2} sigmoid layers, slope {three(0.25**depth)}: Adam's step {three(-theta[0])} lr"
    )

for name, largest in (("as it comes", 1e200), ("clipped to 1", 1.0)):
    rule, theta = Adam(lr=1), np.zeros(1)
    for g in [largest] + [1.0] * 100:
        rule.step_(theta, np.array([g]))
    print(f"one slope of 1e200, {name}, then 100 of 1: moved {abs(theta[0]):.0f} lr")

# %% [markdown] id="vanishing-after"
# What does help acts on the product or on the gradient: good initial weights, residual connections, normalization, gates, clipping.
# Lesson [06](06_neural_networks.ipynb) measures it.
#
# **Memory.** Each average is one more copy of the parameters (4 bytes each in single precision). And **gradients**: all these rules ask
# for one in each step, and for nothing else. Nothing here is gradient-free. (AMSGrad, Reddi et al. 2018, also keeps the largest $v$ so
# far, because there are convex problems on which Adam does not converge.)

# %% id="memory" tags=["A18"]
for name, rule in {
    "GD": GD(),
    "momentum": Momentum(),
    "Adagrad": Adagrad(),
    "RMSprop": RMSprop(),
    "Adam": Adam(),
    "AMSGrad": Adam(amsgrad=True),
    "AdamW": AdamW(),
}.items():
    oracle, theta = Objective(loss, grad=gradient), start.copy()
    for _ in range(50):
        rule.step_(theta, oracle.gradient(theta))
    copies = rule.state.size // theta.size
    print(f"{name:8} 50 steps: {oracle.gradients} gradients, {oracle.values} values;", end="")
    print(f" copies kept: {copies}, {copies * 28} GB for 7 billion parameters of 28 GB")

# %% [markdown] id="race-text"
# ## 8 A race of all rules
#
# Eight landscapes in two dimensions, 100 full gradients (300 evaluations), best value so far. The rates are tuned for each rule and each
# landscape: 15 rates from 1e-7 to 1 for the three rules whose step grows with the slope, 7 rates from
# 0.001 to 1 widths of the box for the adaptive ones, over three starts. Then come ten new starts, the same for all. Below 1e-12 of the first value all count as equal.


# %% id="race-rules"
PLACES = "sphere ellipsoid rosenbrock zakharov rastrigin beale himmelblau".split()
PLACES.append("six-hump camel")
RACERS = {
    "GD": ("gd", ORANGE, "s"),
    "momentum": ("momentum", PURPLE, "D"),
    "Nesterov": ("nesterov", BLACK, "P"),
    "Adagrad": ("adagrad", GREEN, "^"),
    "RMSprop": ("rmsprop", SKY, "v"),
    "Adam": ("adam", BLUE, "o"),
}


def run_race(place, name, x, lr, steps=100):
    """Best value so far as a share of the first, (steps + 1,), and the path, (steps + 1, 2)."""
    land = LANDSCAPES[place]
    run = minimize(
        land.fun, x, method=RACERS[name][0], grad=land.grad, lr=lr, steps=steps, keep_path=True
    )
    stay = steps + 1 - len(run.history["fun"])  # where the slope is zero it stops
    share = np.pad(run.history["fun"], (0, stay), mode="edge") / run.history["fun"][0]
    return share.clip(1e-12), run.history["x"]


def tuned_rate(place, name, starts):
    box = LANDSCAPES[place].high - LANDSCAPES[place].low
    adaptive = name in ("Adagrad", "RMSprop", "Adam")
    rates = box * np.geomspace(1e-3, 1, 7) if adaptive else np.geomspace(1e-7, 1, 15)
    ends = [[run_race(place, name, x, lr)[0][-1] for x in starts] for lr in rates]
    return float(rates[np.argmin(np.median(ends, axis=1))])


# %% id="race-run"
boxes = {place: LANDSCAPES[place].bounds(2).T for place in PLACES}
draws = {place: np.random.default_rng(0).uniform(*boxes[place], (13, 2)) for place in PLACES}
RATES = {
    (place, name): tuned_rate(place, name, draws[place][:3]) for place in PLACES for name in RACERS
}
RACES = {
    key: np.array([run_race(*key, x, RATES[key])[0] for x in draws[key[0]][3:]]) for key in RATES
}

# %% [markdown] id="race-explorer-text"
# ### Explore: choose a landscape
#
# Left, the paths of the six rules from your start (drag it). Right, what is left of the value: the median and the range of the ten
# starts, and a cross for yours. Let the evaluations play. **Goal:** a landscape on which, after all 300 evaluations, plain gradient
# descent has a lower median than Adam. There is more than one. What do they have in common?


# %% id="race-show"
def race(place, evaluations, x, y):
    land, step = LANDSCAPES[place], evaluations // 3
    begin = land.low + (land.high - land.low) * np.array([x, y])
    shown, medians, yours = {"start": ([x], [y])}, {}, []
    for k, name in enumerate(RACERS):
        share, path = run_race(place, name, begin, RATES[place, name])
        walked = (path[: step + 1].T - land.low) / (land.high - land.low)
        runs = RACES[place, name][:, step]
        medians[name] = np.median(runs)
        shown[name] = walked.clip(-1, 2)
        shown[name + " range"] = [k, k], [runs.min(), runs.max()]
        shown[name + " median"] = [k], [medians[name]]
        yours.append(share[step])
    shown["yours"] = np.arange(6), yours
    best, last = min(medians, key=medians.get), max(medians, key=medians.get)
    sentence = (
        f"{place}, {evaluations} evaluations, median of ten starts: lowest {best} "
        f"(lr {three(RATES[place, best])}), highest {last} (lr {three(RATES[place, last])})."
    )
    return shown, sentence, bool(evaluations == 300 and medians["GD"] < medians["Adam"])


def draw_place(figure, place):
    land = LANDSCAPES[place]
    landscape(
        figure.axes[0],
        lambda p: land.fun(land.low + (land.high - land.low) * p),
        (0, 1),
        (0, 1),
        log=True,
    )


# %% id="race-explorer"
figure, (map_, score) = panels(1, 2, width=8.4, height=4)
map_.set(xlabel="x, share of the box", ylabel="y, share of the box")
score.set(xlim=(-0.6, 5.6), ylim=(3e-13, 3), yscale="log")
score.set_ylabel("share of the first value left")
score.set_xticks(range(6), RACERS, rotation=30)
moving = {}
for name, (_, color, marker) in RACERS.items():
    moving[name] = line(map_, color=color, marker=marker, markersize=4, linewidth=1.3)
    moving[name + " range"] = line(score, color=color, marker="", linewidth=5, alpha=0.4)
    moving[name + " median"] = dots(score, color=color, marker=marker, markersize=9)
moving["start"] = dots(map_, color=BLACK, marker="D", markersize=8)
moving["yours"] = dots(score, color=BLACK, marker="x", markersize=7, markeredgecolor=BLACK)
contest = Explorer(
    race,
    figure,
    moving,
    {
        "place": choice("landscape", PLACES, "six-hump camel"),
        "evaluations": slider("evaluations", 3, 300, 300, step=3),
        "x": slider("start x", 0.0, 1.0, 0.1, step=0.01),
        "y": slider("start y", 0.0, 1.0, 0.9, step=0.01),
    },
    title="A race of six rules",
    goal="gradient descent has a lower median than Adam after 300 evaluations",
    play="evaluations",
    drag=(map_, "x", "y"),
    backdrop=draw_place,
)
contest

# %% id="race-goal"
for place in ("rosenbrock", "beale", "himmelblau"):
    shown = contest.at(place=place)
    print(f"{place}: goal reached: {shown.reached}")

# %% id="race-table" tags=["machine"]
print("median and lr ", "  ".join(f"{name:11}" for name in RACERS))
for place in PLACES:
    medians = {name: np.median(RACES[place, name][:, -1]) for name in RACERS}
    row = [f"{medians[name]:.0e} {RATES[place, name]:.0e}" for name in RACERS]
    print(f"{place:14}", "  ".join(row))

# %% [markdown] id="race-after"
# No rule wins everywhere. Where gradient descent is level or ahead (sphere, Himmelblau), one rate suits all directions; momentum and Adam
# carry their speed past the bottom and ring around it (lesson [04](04_momentum.ipynb)). Where slopes differ by a factor of a million *along the axes*
# (ellipsoid), Adagrad and RMSprop are at home. On Rastrigin's egg box, which
# reaches the goal, too, the tuned rates are so large that every rule jumps about and keeps
# the best place it came by: that is no descent any more (lesson [08](08_simulated_annealing.ipynb) does it better).
#
# Be careful with such races. Give all rules the same rate, and you choose the winner. Tune one with more care than the others, and you
# choose it, too (Schmidt et al. 2021 compared fifteen rules: much depends on tuning and task).

# %% [markdown] id="quick"
# ## 9 Quick questions
#
# Decide first, then open your choice.

# %% [markdown] id="quick-free"
# **Quick question.** "Adam is gradient-free, because it works with running statistics." Is it?
#
# - [ ] Yes: $m$ and $v$ take the place of the gradient.
#   They are averages *of* gradients and of their squares. Somebody has to deliver one in every step.
# - [x] No, unless you feed it with estimates from values.
#   With exact gradients it is first-order; its paper says so in the first sentence. Lesson [10](10_gradients_from_values.ipynb) feeds it with values.
# - [ ] Yes, if $g$ is computed by hand and not by a library.
#   A gradient written by hand is a gradient (lesson [01](01_what_gradient_free_means.ipynb)).

# %% [markdown] id="quick-variance"
# **Quick question.** A slope is exactly 2 in every step. What do the corrected $\hat m$ and $\hat v$ of Adam tell?
#
# - [ ] $\hat m = 2$ and $\hat v = 0$, because there is no noise.
#   That would be the variance. $v$ averages $g^2$ without taking the mean off.
# - [x] $\hat m = 2$ and $\hat v = 4$, so the step is lr.
#   $\hat v$ is the mean of the squares. The ratio $\hat m / \sqrt{\hat v}$ is 1, whatever the slope.
# - [ ] At first less, because both start at zero.
#   $m$ and $v$ do. The correction divides exactly this away.

# %% [markdown] id="quick-bias"
# **Quick question.** Somebody drops the bias correction of Adam and keeps 0.9 and 0.999. What happens?
#
# - [ ] Nothing that matters: after a few steps both corrections are 1.
#   That of $m$ is, after some thirty steps. That of $v$ needs thousands.
# - [ ] The first steps become shorter, because $m$ starts at zero.
#   $v$ starts at zero, too, and its root stays small much longer.
# - [x] The steps are up to 6.6 times as long as meant, and too long for more than a thousand steps.
#   The factor is $(1-\beta_1^t)/\sqrt{1-\beta_2^t}$: 3.2 at first, 6.6 at the twelfth step.

# %% [markdown] id="quick-vanish"
# **Quick question.** The first layers of a deep network get slopes of 1e-15. Does Adam train them?
#
# - [ ] Yes: it divides by the size of the slope, so every layer moves by lr.
#   The division has $\varepsilon$ = 1e-8 in it, and a slope that small is mostly rounding of larger numbers.
# - [x] Hardly: the steps are about 1e-7 lr, and their direction is doubtful.
#   The cause is a product of many matrices. Help comes from initial weights, residual connections and normalization.
# - [ ] No, but RMSprop does.
#   It divides by the same kind of root, with the same $\varepsilon$.

# %% [markdown] id="quick-decay"
# **Quick question.** You replace `Adam(weight_decay=0.01)` by `AdamW(weight_decay=0.01)`. What changes?
#
# - [ ] Nothing: the gradient of the penalty is decay.
#   For gradient descent. Under Adam the penalty's gradient is divided by $\sqrt{\hat v}$.
# - [x] Weights with large slopes are shrunk more than before, compared with the others.
#   Decay treats all alike; the penalty under Adam spares weights with large slopes. So 0.01 must be tuned anew.
# - [ ] The objective: AdamW has another penalty.
#   AdamW has none. It is the rule that changes, and with it the place where it ends.

# %% [markdown] id="quick-rotate"
# **Quick question.** A valley lies along the diagonal, not along an axis. Which rule notices?
#
# - [ ] Gradient descent and momentum.
#   They see only the curvatures, and turning the axes does not change those.
# - [x] Adagrad, RMSprop and Adam.
#   They have one rate for each coordinate. On a diagonal valley all coordinates look alike, and the advantage is gone.
# - [ ] None: a rotation changes nothing.
#   It changes what a coordinate is, and these rules live in coordinates.

# %% [markdown] id="summary"
# ## Summary
#
# 1. Adagrad divides by the root of the *sum* of squares: rare features keep a high rate, and no coordinate's rate recovers. RMSprop forgets.
# 2. Adam adds an average of gradients and corrects both for their start at zero, with $t$ from 1: no step without $m$, $v$, $t$.
# 3. $v$ is the mean of squared slopes: no variance, no prior. lr is about the farthest that a parameter moves in a step.
# 4. A penalty changes the objective; AdamW's decay changes the rule. Under Adam they are two things.
# 5. Adaptive rules help with rare features, changing slopes and, by half, with units. They are first-order, cost one or two copies, and cure neither rotated valleys nor vanishing gradients.
#
# ## Exercise
#
# Five questions, about 45 minutes, one of them a loop with four planted faults to repair: copy it with `start_exercise("05")` as in lesson
# [00](00_start_here.ipynb), or open [exercises/05_adaptive_steps.ipynb](../exercises/05_adaptive_steps.ipynb). **Next:** [06 Neural
# networks](06_neural_networks.ipynb). Nearly all our objectives so far were bowls. What do the rules do where nothing is convex, and where slopes vanish?

# %% [markdown] id="sources"
# ## Sources
#
# - J. Duchi, E. Hazan, Y. Singer, *Adaptive subgradient methods for online learning and stochastic optimization*, Journal of Machine Learning Research 12 (2011), 2121-2159: Adagrad.
# - T. Tieleman, G. Hinton, *Lecture 6.5: rmsprop*, Coursera: Neural Networks for Machine Learning (2012).
# - D. P. Kingma, J. Ba, *Adam: a method for stochastic optimization* (2015), [arXiv:1412.6980](https://arxiv.org/abs/1412.6980).
# - S. J. Reddi, S. Kale, S. Kumar, *On the convergence of Adam and beyond* (2018), [arXiv:1904.09237](https://arxiv.org/abs/1904.09237): where Adam fails, and AMSGrad.
# - I. Loshchilov, F. Hutter, *Decoupled weight decay regularization* (2019), [arXiv:1711.05101](https://arxiv.org/abs/1711.05101): AdamW.
# - S. Xie, Z. Li, *Implicit bias of AdamW: $\ell_\infty$ norm constrained optimization* (2024), [arXiv:2404.04454](https://arxiv.org/abs/2404.04454).
# - R. M. Schmidt, F. Schneider, P. Hennig, *Descending through a crowded valley: benchmarking deep learning optimizers* (2021), [arXiv:2007.01547](https://arxiv.org/abs/2007.01547).
# - J. McAuley, J. Leskovec, *From amateurs to connoisseurs: modeling the evolution of user expertise through online reviews*, WWW (2013),
#   [doi:10.1145/2488388.2488466](https://doi.org/10.1145/2488388.2488466): the reviews, as a table of the R package modeldata.
