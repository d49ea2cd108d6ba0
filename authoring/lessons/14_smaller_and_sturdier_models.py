# %% [markdown] id="title"
# # 14 Smaller and sturdier models
#
# **Promise.** Store a trained network in a seventh of the bytes, counted in a real file. Then measure which remedies make a network err less on new
# data, and which only seem to.
#
# **You will be able to**
#
# - cut a layer to low rank, prune it, and store it in 8, 4 or 2 bits, and say what each saves *on disk*;
# - predict when a smaller form takes more room than the matrix itself;
# - use a penalty, changed copies of the data, dropout and early stopping, each in one or two lines;
# - say of each of them what it changes: the objective, the data, the model, or the moment at which training stops;
# - measure over-fitting, and tell a remedy from a hope.
#
# **Time** 90 minutes. **Needs** lessons [02](02_linear_regression.ipynb), [06](06_neural_networks.ipynb) and
# [12](12_matrix_factorization.ipynb).

# %% id="setup"
import numpy as np
import scipy.sparse
from sklearn.datasets import load_digits
from sklearn.linear_model import Lasso, Ridge
from sklearn.model_selection import train_test_split
from threadpoolctl import threadpool_limits

from ngo_lesson import data
from ngo_lesson.models import mlp
from ngo_lesson.models.compression import (
    from_mask,
    low_rank,
    mask_and_values,
    pack,
    prune,
    quantize,
    size_on_disk,
    unpack,
)
from ngo_lesson.optimize.minimize import minimize
from ngo_lesson.optimize.updates import Adam
from ngo_lesson.show.explorer import Explorer, choice, slider
from ngo_lesson.show.figures import panels, show, three
from ngo_lesson.show.pieces import band, bars, dots, image, line
from ngo_lesson.show.style import BLACK, BLUE, GREEN, ORANGE, PURPLE, VERMILION

limits = threadpool_limits(1)  # small matrices: more threads would wait for each other

# %% [markdown] id="question-text"
# ## 1 The question
#
# Lesson [13](13_text_with_matrices.ipynb) gave a vector to every word, lesson [12](12_matrix_factorization.ipynb) one to every person and every
# movie. Such models grow with the vocabulary and with the customers. Low rank saved room there, but only sometimes. So the first question is: **how small can a trained model be made, and what does it cost?**
#
# Here is a network to work on: 1,000 scanned digits to learn from, 797 to judge by, 256 hidden units. We train it from ten starts. Beside it stands
# the same kind of network that saw only 100 digits. It makes no mistake on these, and many on the others. So the second question is: **what helps
# with new data?**

# %% id="question" tags=["machine"]
X, y = load_digits(return_X_y=True)
X = (X / 16).astype(np.float32)
train, test, label, test_label = train_test_split(X, y, test_size=797, random_state=0, stratify=y)
SIZES = (64, 256, 10)


def wrong(theta, sizes, X, y):
    """Share of wrong answers in percent."""
    return 100 * np.mean(mlp.forward(theta, sizes, X)[-1].argmax(axis=1) != y)


def from_ten_starts(rows, epochs):
    """Parameters of ten networks trained on the first `rows` digits."""
    options = {"learning_rate": 0.003, "max_iter": epochs}
    networks = [mlp.MLPClassifier((256,), random_state=seed, **options) for seed in range(10)]
    return [fit.fit(train[:rows], label[:rows]).theta_.astype(np.float32) for fit in networks]


nets = from_ten_starts(1000, epochs=20)
for rows, thetas in ((1000, nets), (100, from_ten_starts(100, epochs=60))):
    seen = np.median([wrong(theta, SIZES, train[:rows], label[:rows]) for theta in thetas])
    unseen = np.median([wrong(theta, SIZES, test, test_label) for theta in thetas])
    print(f"{rows:5,} digits seen: {seen:.1f} % of them wrong, new digits {unseen:.1f} % wrong")
print(f"parameters: {nets[0].size:,}, a file of {size_on_disk([nets[0]]):,} bytes")

# %% [markdown] id="claim-text"
# One source document lists regularization, data augmentation, pruning and quantization as the ways in which its "gradient-free method" *adjusts
# parameters*, and names all four as the cure for over-fitting. They are four different things:
#
# | technique | what it changes | what it asks for |
# |---|---|---|
# | low rank, pruning, quantization | the **model**, after training | nothing |
# | penalty (L2, L1) | the **objective** | whatever the optimizer asks for |
# | changed copies, noise on the inputs | the **data** | whatever the optimizer asks for |
# | dropout | the model, anew for each batch, and so the **objective** | whatever the optimizer asks for |
# | early stopping | the **end** of the run | values on validation data |
#
# None of them says how to move the parameters downhill, so none of them is an optimizer. All of them work with any optimizer. Sections 2 to 6 take
# the first row, sections 7 to 10 the others.

# %% [markdown] id="look-text"
# ## 2 What a matrix of weights looks like
#
# The first layer holds 64 x 256 of the 19,210 parameters. Two pictures of it suggest three ways to make it smaller. Many weights are close to zero:
# leave them out (*pruning*). All lie in a narrow range: count in coarse steps (*quantization*). The singular values fall: keep the
# first ones (*low rank*).

# %% id="look" tags=["machine"]
layers = [mlp.unpack(theta, SIZES)[0][0] for theta in nets]
singular = np.array([np.linalg.svd(W, compute_uv=False) for W in layers])
figure, (left, right) = panels(1, 2, width=8.4, height=3.4)
left.hist(layers[0].ravel(), bins=80, color=BLUE)
left.set(xlabel="weight", ylabel="number of weights", title="First layer of one network")
right.plot(np.arange(1, 65), np.median(singular, axis=0), color=BLUE, markevery=4)
right.fill_between(np.arange(1, 65), singular.min(axis=0), singular.max(axis=0), alpha=0.2)
right.set(xlabel="number", ylabel="singular value", ylim=(0, None), title="Ten networks")
close = 100 * np.mean(np.abs(layers[0]) < 0.1 * np.abs(layers[0]).max())
squares = singular**2
kept = 100 * np.mean(squares[:, :16].sum(axis=1) / squares.sum(axis=1))
show(
    figure,
    f"{close:.0f} % of the weights are below a tenth of the largest; "
    f"16 of 64 singular values hold {kept:.0f} % of the squares.",
)

# %% [markdown] id="rank-text"
# ## 3 Low rank
#
# Lesson [12](12_matrix_factorization.ipynb): the best matrix of rank $k$ is $W \approx A B$ with $A$ of shape $(m, k)$ and $B$ of shape $(k, n)$, cut from the singular value
# decomposition. It holds $k(m+n)$ numbers in the place of $mn$, so it saves only if
#
# $$k < \frac{mn}{m+n} .$$
#
# For our layer that is $64 \cdot 256 / 320 = 51.2$.


# %% id="rank" tags=["P10"]
def cut(W, k):
    U, s, Vt = np.linalg.svd(W, full_matrices=False)
    return U[:, :k] * s[:k], Vt[:k]


ours, package = cut(layers[0], 16), low_rank(layers[0], 16)
same = np.allclose(ours[0] @ ours[1], package[0] @ package[1], atol=1e-5)
print("the package's factors have the same product:", same)
print(f"the layer itself: {size_on_disk([layers[0]]):6,} bytes on disk")
for k in (8, 16, 51, 52, 64):
    print(f"factors, rank {k:2}: {size_on_disk(low_rank(layers[0], k)):6,} bytes")

# %% [markdown] id="rank-after"
# Rank 51 saves all of 14 bytes (each array brings a header of about 250), and from 52 on the factors hold *more* numbers than the layer they
# replace. "A low rank always saves memory" is wrong. And no loss was asked for: a factorization copies a given matrix as well as
# it can. What that does to the answers must be measured.

# %% [markdown] id="rank-explorer-text"
# ### Explore: the rank of a layer
#
# Left, the weights into 32 of the 256 hidden units, each as a picture of 8 x 8 pixels: what the unit looks for. Right, the mistakes of the ten networks on new digits against the bytes of the
# whole file. **Goal:** at most 1.5 percentage points more mistakes than the full network (median), in a file of at most 60 % of its bytes.


# %% id="changed-layer"
def with_layer(theta, change):
    """A copy of the network with its first layer changed."""
    theta = theta.copy()
    W = mlp.unpack(theta, SIZES)[0][0]
    W[:] = change(W)
    return theta


def product(W, k):
    A, B = low_rank(W, k)
    return A @ B


def mistakes(thetas):
    return np.array([wrong(theta, SIZES, test, test_label) for theta in thetas])


# %% id="rank-of-layer"
FULL_BYTES, FULL_WRONG = size_on_disk([nets[0]]), np.median(mistakes(nets))
REST = nets[0][64 * 256 :]


def rank_point(k):
    """Bytes of the file, and lowest, median and highest percentage of mistakes."""
    counts = mistakes([with_layer(theta, lambda W: product(W, k)) for theta in nets])
    return size_on_disk([*low_rank(layers[0], k), REST]), *np.quantile(counts, (0, 0.5, 1))


def as_pictures(W):
    """The weights into the first 32 units: 4 rows of 8 pictures with gaps."""
    tiles = np.pad(W[:, :32].T.reshape(4, 8, 8, 8), ((0, 0), (0, 0), (0, 1), (0, 1)))
    return tiles.transpose(0, 2, 1, 3).reshape(36, 72)


def rank_of_layer(k):
    size, low, middle, high = rank_point(k)
    sentence = (
        f"Rank {k}: {size / 1000:.1f} kB, {100 * size / FULL_BYTES:.0f} % of the full file; "
        f"{three(middle)} % wrong ({three(low)} to {three(high)}), {three(FULL_WRONG)} % before."
    )
    data = {"units": as_pictures(product(layers[0], k)), "here": ([size / 1000], [middle])}
    return data, sentence, bool(middle <= FULL_WRONG + 1.5 and size <= 0.6 * FULL_BYTES)


# %% id="rank-explorer" tags=["machine"]
figure, (left, right) = panels(1, 2, width=8.6, height=3.5)
curve = np.array([rank_point(k) for k in (1, 4, 8, 16, 24, 32, 48, 64)]).T
right.plot(curve[0] / 1000, curve[2], color=ORANGE, marker="s", label="ten networks")
right.fill_between(curve[0] / 1000, curve[1], curve[3], color=ORANGE, alpha=0.2)
right.axvline(FULL_BYTES / 1000, color=BLACK, linestyle="--", linewidth=1, label="full file")
right.set(xlabel="kB on disk", ylabel="new digits wrong (%)", yscale="log", ylim=(1, 100))
moving = {
    "units": image(left, (36, 72), -0.5, 0.5, cmap="PuOr"),
    "here": dots(right, "this rank", color=BLUE, marker="o", markersize=10),
}
left.set_title("weights into 32 units")
right.legend(loc="upper right", frameon=True)
ranks = Explorer(
    rank_of_layer,
    figure,
    moving,
    {"k": slider("rank", 1, 64, 2, step=1, ticks={51: "saves up to here"})},
    title="The rank of a layer",
    goal="at most 1.5 points more mistakes, at most 60 % of the bytes",
    play="k",
)
ranks

# %% id="rank-goal" tags=["machine"]
for k in (8, 24, 52):
    shown = ranks.at(k=k)
    print(shown.sentence, "Goal reached:", shown.reached)

# %% [markdown] id="factors-text"
# ### Low rank from the start
#
# One can also *train* the factors: the layer is $A B$ from the first step on, and the chain rule gives $\partial J/\partial A = G B^\top$ and
# $\partial J/\partial B = A^\top G$, where $G$ is the gradient by the layer. There are fewer parameters, also in Adam's two means. The gradient is
# still there in every step.


# %% id="factors" tags=["P07", "P10", "machine"]
def train_factors(k, seed, steps=320):
    """Train A (64, k), B (k, 256) and the rest with Adam; return theta with A @ B in the first layer."""
    rng, rule = np.random.default_rng(seed), Adam(lr=0.003)
    start = mlp.initialize(SIZES, "he", rng).astype(np.float32)
    A, B = low_rank(mlp.unpack(start, SIZES)[0][0], k)
    phi = np.concatenate([A.ravel(), B.ravel(), start[64 * 256 :]])
    A, B = phi[: 64 * k].reshape(64, k), phi[64 * k : 320 * k].reshape(k, 256)
    for _ in range(steps):
        rows = rng.integers(len(train), size=64)
        theta = np.concatenate([(A @ B).ravel(), phi[320 * k :]])
        g = mlp.loss_and_gradient(theta, SIZES, train[rows], label[rows])[1]
        G = g[: 64 * 256].reshape(64, 256)
        rule.step_(phi, np.concatenate([(G @ B.T).ravel(), (A.T @ G).ravel(), g[64 * 256 :]]))
    return np.concatenate([(A @ B).ravel(), phi[320 * k :]])


def spread(values):
    """The median and, in parentheses, the range."""
    low, middle, high = (three(value) for value in np.quantile(values, (0, 0.5, 1)))
    return f"{middle} % wrong ({low} to {high})"


cut_down = [with_layer(theta, lambda W: product(W, 8)) for theta in nets]
trained = [train_factors(8, seed) for seed in range(10)]
print("full layer, 16,384 weights:    ", spread(mistakes(nets)))
print("rank 8, 2,560, cut afterwards: ", spread(mistakes(cut_down)))
print("rank 8, 2,560, trained as such:", spread(mistakes(trained)))

# %% [markdown] id="embedding-text"
# At the same rank and the same bytes, factors that were trained do much better than a trained layer that was cut. ALBERT (Lan et al. 2020) does
# this with the largest matrix of a language model, the vectors of the vocabulary. For many languages that matrix is huge: XLM-R
# (Conneau et al. 2020) has about 250,000 entries of width 1,024, nearly half of its 550 million parameters.
#
# A document says that gradient-free algorithms make multilingual training cheaper "by matrix factorization". Count what becomes cheaper:

# %% id="embedding" tags=["P07"]
V, H = 250_000, 1024
print(f"factors save only below an inner width of {V * H / (V + H):,.0f}")
print(
    f"{'inner width':>12}{'parameters':>14}{'products: look up a word':>26}{'score all words':>17}"
)
print(f"{'no factors':>12}{V * H:14,}{0:26,}{V * H:17,}")
for inner in (512, 128, 64):
    print(f"{inner:12}{inner * (V + H):14,}{inner * H:26,}{inner * (V + H):17,}")

# %% [markdown] id="embedding-after"
# Parameters, Adam's memory and the scores over all words become cheaper, by a factor of about 8 at inner width 128. Looking a word up becomes
# *dearer*. Whether the model stays as good must be measured each time. And none of this is gradient-free: ALBERT and XLM-R were trained with
# gradients.

# %% [markdown] id="prune-text"
# ## 4 Pruning
#
# **Magnitude pruning** sets the weights that are closest to zero to zero: the `int(share * size)` smallest $|w|$.


# %% id="prune" tags=["A10"]
def without_smallest(w, share):
    pruned = w.copy()
    pruned.flat[np.argsort(np.abs(w), axis=None)[: int(share * w.size)]] = 0
    return pruned


ours = without_smallest(layers[0], 0.8)
print("the package agrees:", np.array_equal(ours, prune(layers[0], 0.8)))
print(f"zeros: {100 * np.mean(ours == 0):.0f} %")
print(f"bytes on disk: {size_on_disk([layers[0]]):,} before, {size_on_disk([ours]):,} after")

# %% [markdown] id="formats-text"
# A zero takes four bytes like any other number. A saving comes from the way it is *stored*. We compare four ways to write the layer: as it is; deflated
# (the compression of zip files, `np.savez_compressed`); as a sparse matrix (CSR: a value and a column number for each weight that is left); as a
# **mask** of one bit for every weight, and the values that are left.


# %% id="formats" tags=["machine"]
def sparse_parts(W):
    rows = scipy.sparse.csr_array(W)
    return [rows.data, rows.indices, rows.indptr]


shares = (0, 0.25, 0.5, 0.8, 0.95)
print("share pruned   ", "".join(f"{share:>9}" for share in shares))
for name, size in {
    "as it is": lambda W: size_on_disk([W]),
    "deflated": lambda W: size_on_disk([W], compressed=True),
    "sparse (CSR)": lambda W: size_on_disk(sparse_parts(W)),
    "mask and values": lambda W: size_on_disk(mask_and_values(W)),
}.items():
    print(f"{name:15}", "".join(f"{size(prune(layers[0], share)):9,}" for share in shares))

# %% id="formats-check"
mask, left = mask_and_values(ours)
print(
    "mask and values give the layer back:", np.array_equal(from_mask(mask, left, ours.shape), ours)
)

# %% [markdown] id="formats-after"
# Three findings. Trained weights hardly deflate: their digits look random. Deflating finds the zeros by itself. And the sparse format, with two
# numbers for each weight, *doubles* the file when nothing is pruned, and breaks even only at one half. The mask costs 2 kB and pays
# from a few percent of zeros on; deflating alone does about as well.
#
# ### Prune, then train on
#
# With most weights gone, the others no longer fit. Training them a little more, with the zeros held at zero, repairs much of it
# (Han et al. 2015). The repair is done by an optimizer, with gradients. The pruning was not.


# %% id="retrain" tags=["A10", "machine"]
def train_on(theta, sizes, X, y, seed):
    """100 steps of Adam on the weights that are not zero."""
    kept, theta, rule = theta != 0, theta.copy(), Adam(lr=0.003)
    rng = np.random.default_rng(seed)
    for _ in range(100):
        rows = rng.integers(len(X), size=64)
        g = mlp.loss_and_gradient(theta, sizes, X[rows], y[rows])[1]
        rule.step_(theta, g * kept)
    return theta


for share in (0.5, 0.8, 0.9):
    pruned = [with_layer(theta, lambda W: prune(W, share)) for theta in nets]
    repaired = [train_on(theta, SIZES, train, label, seed) for seed, theta in enumerate(pruned)]
    print(
        f"{share:.0%} pruned: {spread(mistakes(pruned))}; trained on: {spread(mistakes(repaired))}"
    )

# %% id="retrain-check"
held = all(np.array_equal(a == 0, b == 0) for a, b in zip(pruned, repaired, strict=True))
print("the zeros are still where they were:", held)
halved = np.median(mistakes(repaired)) < np.median(mistakes(pruned)) / 2
print("at 90 % training on halves the mistakes:", halved)

# %% [markdown] id="quantize-text"
# ## 5 Quantization
#
# Store whole numbers $q$ of equal steps. With $b$ bits there are $2^b$ of them. The **symmetric** form puts zero in the middle:
#
# $$s = \frac{\max |w|}{2^{b-1} - 1}, \qquad q = \operatorname{round}(w / s), \qquad w \approx s\, q, \qquad \text{error} \le \frac{s}{2} .$$
#
# The **affine** form lets the range begin and end where the weights do: $q = \operatorname{round}(w/s) + z$ with $s = (\max w - \min w)/(2^b - 1)$.
# The *zero point* $z$ is a whole number, so that a weight of 0 stays exactly 0.


# %% id="quantize" tags=["A10"]
def symmetric(w, bits):
    scale = np.abs(w).max() / (2 ** (bits - 1) - 1)
    return np.rint(w / scale).astype(np.int8), scale


W = layers[0]
for bits in (8, 4, 2):
    same = np.array_equal(symmetric(W, bits)[0], quantize(W, bits).integers)
    forms = [quantize(W, bits), quantize(W, bits, symmetric=False)]
    within = [np.abs(q.restore() - W).max() < 0.501 * q.scale for q in forms]
    print(f"{bits} bits: the package agrees {same}; both forms within half a step {all(within)}")

# %% id="steps" tags=["machine"]
for bits in (8, 4, 2):
    for form in ("symmetric", "affine"):
        q = quantize(W, bits, symmetric=form == "symmetric")
        used = len(np.unique(q.integers))
        print(f"{bits} bits, {form:9}: step {q.scale:.4f}, {used:3} integers used")

# %% [markdown] id="pack-text"
# The smallest integer of NumPy has 8 bits. For 4 and 2 bits we must **pack** two or four numbers into a byte: keep the lowest 4 bits of each and
# shift the second by 4. What does each number of bits cost in answers? Both layers are quantized, the biases stay.


# %% id="pack" tags=["A10", "machine"]
def two_in_a_byte(q):
    first, second = q.reshape(-1, 2).T.astype(np.uint8) & 15
    return first | second << 4


q = quantize(W, 4)
print("packed as by the package:", np.array_equal(two_in_a_byte(q.integers), q.packed()))
back = unpack(q.packed(), 4, W.shape)
print("unpacked, the same integers:", np.array_equal(back, q.integers))
print(f"bytes of the layer: {W.nbytes:,} with 32 bits, {q.packed().nbytes:,} with 4")


def quantized(theta, bits, form):
    theta = theta.copy()
    for weights in mlp.unpack(theta, SIZES)[0]:
        weights[:] = quantize(weights, bits, symmetric=form == "symmetric").restore()
    return theta


print("32 bits:           ", spread(mistakes(nets)))
for bits in (8, 4, 2):
    for form in ("symmetric", "affine"):
        found = mistakes([quantized(theta, bits, form) for theta in nets])
        print(f"{bits:2} bits, {form:9}: ", spread(found))

# %% id="pack-check"
eight, four, two = (
    np.median(mistakes([quantized(theta, bits, "affine") for theta in nets])) for bits in (8, 4, 2)
)
print("8 bits cost less than 0.3 points:", eight < FULL_WRONG + 0.3)
print("4 bits cost less than 1 point:   ", four < FULL_WRONG + 1)
print("2 bits cost more than 5 points:  ", two > FULL_WRONG + 5)

# %% [markdown] id="pack-after"
# Eight bits cost next to nothing here, four cost little. With two bits the symmetric form has only $-1, 0, 1$ and a step as long as the largest weight:
# nearly all weights become 0. The affine form has one number more, and that makes a great difference. Networks with so few bits are usually
# *trained* in that form, as were the factors of section 3.

# %% [markdown] id="smaller-explorer-text"
# ## 6 Both together
#
# ### Explore: share and bits
#
# Prune both layers, then quantize what is left. The file holds the packed integers, or a mask and the packed integers that are left, whichever is
# smaller; the biases stay as they are. The curves show pruning alone, and pruning with 8 and 4 bits (affine); the dashed lines mark the goal.
# **Goal:** a file of at most 14 % of the bytes, with at most 1 percentage point more mistakes (median of ten networks). Can two bits do it?


# %% id="smaller"
def stored(w, bits, form):
    """What one layer puts into the file: arrays, and scale and zero point; and the weights that come out again."""
    if bits == 32:
        entries, out, coded, numbers = w, w, lambda part: part, []
    else:
        q = quantize(w, bits, symmetric=form == "symmetric")
        entries, out, numbers = q.integers, q.restore(), [q.scale, q.zero]
        coded = lambda part: pack(part, bits)
    left = out != 0
    forms = [coded(entries)], [np.packbits(left), coded(entries[left])]
    return min(forms, key=size_on_disk), numbers, out


def smaller_file(theta, share, bits, form):
    """Bytes of the file, and the parameters that are read from it."""
    theta = theta.copy()
    weights, biases = mlp.unpack(theta, SIZES)
    file, rest = [], [*biases]
    for W in weights:
        arrays, numbers, W[:] = stored(prune(W, share), bits, form)
        file, rest = [*file, *arrays], [*rest, np.float32(numbers)]
    return size_on_disk([*file, np.concatenate(rest)]), theta


def file_point(share, bits, form):
    """Bytes, and lowest, median and highest percentage of mistakes of the ten networks."""
    sizes, thetas = zip(*[smaller_file(theta, share, bits, form) for theta in nets], strict=True)
    return np.median(sizes), *np.quantile(mistakes(thetas), (0, 0.5, 1))


# %% id="smaller-choice"
def share_and_bits(share, bits, form):
    size, low, middle, high = file_point(share, bits, form)
    sentence = (
        f"{share:.0%} pruned, {bits} bits: {size / 1000:.1f} kB, {100 * size / FULL_BYTES:.0f} % of the full file; "
        f"{three(middle)} % wrong ({three(low)} to {three(high)}), {three(FULL_WRONG)} % before."
    )
    weights = mlp.unpack(smaller_file(nets[0], share, bits, form)[1], SIZES)[0][0]
    heights = np.histogram(weights, EDGES)[0] / weights.size
    data = {"weights": heights, "here": ([size / 1000], [middle])}
    return data, sentence, bool(middle <= FULL_WRONG + 1 and size <= 0.14 * FULL_BYTES)


EDGES = np.linspace(-0.5, 0.5, 102)
curves = {
    bits: np.array(
        [file_point(share, bits, "affine") for share in (0, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9)]
    ).T
    for bits in (32, 8, 4)
}

# %% id="smaller-explorer" tags=["machine"]
figure, (left, right) = panels(1, 2, width=8.6, height=3.7)
left.set(
    xlim=(-0.5, 0.5), ylim=(1e-4, 1.5), yscale="log", xlabel="weight", ylabel="share of the weights"
)
left.set_title("first layer of one network")
for (bits, (size, _, middle, _)), color, marker in zip(
    curves.items(), (BLACK, ORANGE, GREEN), "sD^", strict=True
):
    right.plot(
        size / 1000, middle, color=color, marker=marker, label=f"{bits} bits, 0 to 90 % pruned"
    )
right.axvline(0.14 * FULL_BYTES / 1000, color=BLACK, linestyle="--", linewidth=1)
right.axhline(FULL_WRONG + 1, color=BLACK, linestyle="--", linewidth=1)
right.set(xscale="log", yscale="log", xlim=(2, 100), ylim=(1, 300))
right.set(xlabel="kB on disk", ylabel="new digits wrong (%)")
moving = {
    "weights": bars(left, EDGES, color=BLUE),
    "here": dots(right, "your setting", color=VERMILION, marker="o", markersize=10),
}
right.legend(loc="upper right", fontsize=9, frameon=True)
smaller = Explorer(
    share_and_bits,
    figure,
    moving,
    {
        "share": slider("share pruned", 0.0, 0.95, 0.0, step=0.05),
        "bits": choice("bits", (32, 8, 4, 2)),
        "form": choice("form", ("symmetric", "affine")),
    },
    title="Share and bits",
    goal="at most 14 % of the bytes, at most 1 point more mistakes",
    play="share",
)
smaller

# %% id="smaller-goal" tags=["machine"]
for share, bits, form in (
    (0.8, 32, "affine"),
    (0.4, 8, "affine"),
    (0.4, 4, "affine"),
    (0.0, 2, "affine"),
):
    shown = smaller.at(share=share, bits=bits, form=form)
    print(shown.sentence, "Goal reached:", shown.reached)

# %% [markdown] id="penalty-text"
# ## 7 A penalty changes the objective
#
# Now the second question. A model that answers its training data perfectly and new data badly has **over-fitted**. Lesson
# [02](02_linear_regression.ipynb) showed it with columns of noise. Here is the same with real columns and few rows: 13 measures of a house, and only
# 20 houses to learn from.
#
# A classic remedy is **ridge regression** (Hoerl and Kennard 1970): add a price for large weights, an **L2 penalty**,
#
# $$J_\lambda(w) = \lVert Zw - c \rVert^2 + \lambda \lVert w \rVert^2, \qquad w_\lambda = \left(Z^\top Z + \lambda I\right)^{-1} Z^\top c ,$$
#
# where $Z$ holds the standardized columns, $c$ the centered targets and $w$ the weights; centered data need no constant. This is a new objective with a
# minimum of its own. Who looks for the minimum is another matter: below, a formula, gradient descent, Adam, and CMA-ES (lesson
# [11](11_evolution_strategies.ipynb)), which sees values only, all arrive at the same place.


# %% id="houses-data" tags=["machine"]
try:
    houses = data.ames_houses()
except data.MissingDataError as missing:
    houses = data.diabetes()
    print(missing, "Until then we go on with the patients of lesson 02.")


def few_rows(seed, count=20):
    """Standardized columns and centered targets of `count` houses, and all the others on the same scale."""
    order = np.random.default_rng(seed).permutation(len(houses.target))
    rows, others = order[:count], order[count:]
    mean, deviation = houses.data[rows].mean(axis=0), houses.data[rows].std(axis=0) + 1e-9
    Z, new = ((houses.data[part] - mean) / deviation for part in (rows, others))
    center = houses.target[rows].mean()
    return Z, houses.target[rows] - center, new, houses.target[others] - center


def ridge(Z, c, lam):
    return np.linalg.solve(Z.T @ Z + lam * np.eye(Z.shape[1]), Z.T @ c)


# %% id="ridge" tags=["A10", "Q33", "machine"]
Z, c, new, new_c = few_rows(0)
lam, start = 10.0, np.zeros(Z.shape[1])
w_ridge = ridge(Z, c, lam)
size = np.abs(w_ridge).max()
penalized = lambda w: np.sum((Z @ w - c) ** 2) + lam * np.sum(w**2)
slope = lambda w: 2 * Z.T @ (Z @ w - c) + 2 * lam * w
found = {
    "scikit-learn": Ridge(alpha=lam).fit(Z, c).coef_,
    "GD": minimize(penalized, start, method="gd", grad=slope, lr=0.004, steps=1000).x,
    "Adam": minimize(penalized, start, method="adam", grad=slope, lr=size / 20, steps=2000).x,
    "CMA-ES": minimize(penalized, start, method="cma", sigma=size, budget=8000, seed=0).x,
}
far = np.linalg.norm(ridge(Z, c, 0) - w_ridge)
for name, w in found.items():
    gap = np.linalg.norm(w - w_ridge)
    print(f"{name:12} at the ridge solution: {gap < 1e-3 * far}")

# %% [markdown] id="houses-text"
# What does the penalty buy? Ten draws of 20 houses. The held-out houses are all the others, nearly 3,000.

# %% id="houses-errors"
lams = np.geomspace(0.01, 1000, 16)
errors = np.empty((10, 16, 2))
plain = np.empty((10, 2))


def root_mse(w, Z, c):
    return np.mean((Z @ w - c) ** 2) ** 0.5


for seed in range(10):
    Z, c, new, new_c = few_rows(seed)
    for k, w in enumerate([ridge(Z, c, lam) for lam in lams]):
        errors[seed, k] = root_mse(w, Z, c), root_mse(w, new, new_c)
    w = np.linalg.lstsq(Z, c, rcond=None)[0]
    plain[seed] = root_mse(w, Z, c), root_mse(w, new, new_c)

# %% id="houses" tags=["Q21", "Q32", "A33", "machine"]
figure, axes = panels()
for side, name, color, marker in (
    (0, "20 training houses", BLUE, "o"),
    (1, "new houses", VERMILION, "s"),
):
    axes.semilogx(
        lams, np.median(errors[:, :, side], axis=0), color=color, marker=marker, label=name
    )
    axes.fill_between(
        lams, *np.quantile(errors[:, :, side], (0, 1), axis=0), color=color, alpha=0.2
    )
axes.set(
    xlabel="strength of the penalty",
    ylabel="root of the MSE",
    title="Median and range of ten draws",
)
axes.legend()
best = int(np.median(errors[:, :, 1], axis=0).argmin())
gain = 100 * (1 - errors[:, best, 1] / plain[:, 1])
show(
    figure,
    f"Least squares: {three(np.median(plain[:, 0]))} on its 20 houses, {three(np.median(plain[:, 1]))} on new ones. "
    f"Penalty {three(lams[best])}: {three(np.median(errors[:, best, 0]))} and "
    f"{three(np.median(errors[:, best, 1]))}; new houses gain {gain.min():.0f} to {gain.max():.0f} %.",
)

# %% [markdown] id="houses-after"
# Read both curves. The penalty makes the *training* error worse, everywhere: judged by what an optimizer is for, it does harm. It pays on new houses, up to
# a point. A document says that the goal of an optimization algorithm is the best training performance "while avoiding over-fitting". The first half is
# optimization. The second half is decided by objective, data, model and the end of the run.
#
# Here we picked the strength by looking at the new houses, for all draws together. In earnest it is chosen by cross-validation (lesson
# [03](03_stochastic_gradients.ipynb)).
#
# ### L1 makes zeros
#
# The **L1 penalty** $\lambda \sum_j |w_j|$ (Tibshirani 1996) pulls with the same force on small and on large weights, so that many end at exactly zero. It
# prunes while it fits, and knows the loss when it does.

# %% id="lasso" tags=["A10", "machine"]
print("zeros among the weights, and error on new houses, medians of ten draws")
for name, make in {
    "least squares": lambda: Ridge(alpha=1e-9),
    "L2": lambda: Ridge(alpha=10),
    "L1": lambda: Lasso(alpha=0.02 * houses.target.std() / 0.177),
}.items():
    rows = []
    for seed in range(10):
        Z, c, new, new_c = few_rows(seed)
        w = make().fit(Z, c).coef_
        rows.append([np.sum(w == 0), root_mse(w, new, new_c)])
    zeros, error = np.median(rows, axis=0)
    print(f"{name:14}{zeros:4.0f} of {len(w)}{three(error):>10}")

# %% [markdown] id="noise-text"
# ## 8 More data from the same data
#
# **Augmentation** adds changed copies of the training data whose answer is known: digits moved, turned, or with noise. It changes the data. For a linear model one
# can say what noise does. Add normal noise of standard deviation $\sigma$ to the inputs of $m$ rows; the squares of the noise terms do not cancel, and on average
# the objective becomes (Bishop 1995)
#
# $$\lVert Zw - c \rVert^2 + m \sigma^2 \lVert w \rVert^2 .$$
#
# So for a linear model noise on the inputs *is* ridge regression with $\lambda = m \sigma^2$.

# %% id="noise" tags=["A10", "machine"]
Z, c, *_ = few_rows(0)
sigma = (10 / len(Z)) ** 0.5
rng = np.random.default_rng(0)
copies = np.tile(Z, (5000, 1))
copies += sigma * rng.standard_normal(copies.shape)
w_noise = np.linalg.lstsq(copies, np.tile(c, 5000), rcond=None)[0]
gap = np.linalg.norm(w_noise - w_ridge) / np.linalg.norm(ridge(Z, c, 0) - w_ridge)
print(
    f"least squares on noisy copies ends at the ridge solution, up to 3 % of the way: {gap < 0.03}"
)

# %% [markdown] id="shift-text"
# For pictures the natural change is a small move. One function moves a picture by whole pixels, zeros come in at the border; nine moves make nine
# times the data.


# %% id="shift" tags=["A10"]
def moved(pictures, dy, dx):
    """Pictures (n, 64) moved down by dy and right by dx, each -1, 0 or 1."""
    wide = np.pad(pictures.reshape(-1, 8, 8), ((0, 0), (1, 1), (1, 1)))
    return wide[:, 1 - dy : 9 - dy, 1 - dx : 9 - dx].reshape(-1, 64)


def nine_copies(pictures, answers):
    moves = [(dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)]
    return np.concatenate([moved(pictures, *move) for move in moves]), np.tile(answers, 9)


figure, axes = panels(1, 5, width=7.2, height=1.7)
for ax, move in zip(axes, [(0, 0), (-1, 0), (1, 0), (0, 1), (1, -1)], strict=True):
    image(ax, (8, 8)).set_data(moved(train[:1], *move).reshape(8, 8))
    ax.set_title(f"down {move[0]}, right {move[1]}", fontsize=9)
show(figure, f"One picture of a {label[0]}, and four of its eight moved copies.")

# %% [markdown] id="loop-text"
# ## 9 Five remedies in one loop
#
# Here is a training loop, and in it the place where each remedy acts. *Noise* and *moved copies* act on the data. The *penalty* is the rule's
# `weight_decay`: for `Adam` it means that $\lambda\theta$ is added to the gradient (lesson [05](05_adaptive_steps.ipynb)). **Dropout** (Srivastava et
# al. 2014) silences a random part of the hidden units for each batch and strengthens the others; in the end all take part. For **early stopping** we
# keep the parameters after every 20 steps and take those with the lowest loss on digits set aside for this, one in five of the training digits. (Who
# really wants to stop early waits for some rounds without a new lowest loss: question 4 of the
# [exercise](../exercises/14_smaller_and_sturdier_models.ipynb).)


# %% id="loop" tags=["A10", "Q33"]
def silenced(theta, sizes, drop, rng):
    """Factors for theta that switch hidden units off, with the chance `drop`, and strengthen the others."""
    factors = np.ones_like(theta)
    weights, biases = mlp.unpack(factors, sizes)
    weights[0][:] = biases[0][:] = (rng.random(sizes[1]) >= drop) / (1 - drop)
    return factors


def train_small(X, y, seed, hidden=64, l2=0.0, noise=0.0, drop=0.0, copies=False):
    """Parameters after 20, 40, ..., 200 steps of Adam on batches of 32."""
    rng, sizes, path = np.random.default_rng(seed), (64, hidden, 10), []
    theta = mlp.initialize(sizes, "he", rng).astype(np.float32)
    rule = Adam(lr=0.01, weight_decay=l2)  # the objective
    if copies:  # the data
        X, y = nine_copies(X, y)
    for t in range(200):
        rows = rng.integers(len(X), size=32)
        batch, factors = X[rows], np.float32(1)
        if noise:  # the data
            batch = batch + noise * rng.standard_normal(batch.shape, dtype=np.float32)
        if drop:  # the model of this batch
            factors = silenced(theta, sizes, drop, rng)
        g = mlp.loss_and_gradient(theta * factors, sizes, batch, y[rows])[1]
        rule.step_(theta, g * factors)
        if t % 20 == 19:
            path.append(theta.copy())
    return path


# %% [markdown] id="experiment-text"
# The experiment: 200 digits to learn from, ten draws, the same draws and the same number of steps for all. Once with the labels as they are, and
# once with about one label in five replaced by a wrong one, as careless labeling does. The held-out digits keep their right labels. Each strength
# was chosen among two to five, for each kind of labels, on ten *other* draws and then left alone. The held-out digits were the same, which
# flatters the remedies a little. *Fewer units* is a smaller network from the start. Last comes a rival without any trick: twice the digits.

# %% id="experiment"
REMEDIES = {
    "nothing": ({}, {}),
    "L2 penalty": ({"l2": 0.001}, {"l2": 0.01}),
    "noise": ({"noise": 0.2}, {"noise": 0.4}),
    "moved copies": ({"copies": True}, {"copies": True}),
    "dropout": ({"drop": 0.2}, {"drop": 0.5}),
    "fewer units": ({"hidden": 32}, {"hidden": 16}),
}
LABELS = ("labels right", "one in five wrong")
COMPARED = (*REMEDIES, "early stopping", "twice the digits")


def draw(seed, kind, count=200):
    """Training digits, and their labels; more of them contain the fewer."""
    rng = np.random.default_rng(seed)
    rows, slips = rng.permutation(len(train))[:count], rng.integers(1, 10, len(train))[:count]
    slips[rng.random(len(train))[:count] >= (0.2 if kind == LABELS[1] else 0)] = 0
    return train[rows], (label[rows] + slips) % 10


def stopped_early(X, y, seed):
    """The first 160 train, the other 40 say when to stop."""
    path = train_small(X[:160], y[:160], seed)
    return [min(path, key=lambda theta: mlp.loss(theta, (64, 64, 10), X[160:], y[160:]))]


paths = {}
for kind, seed in ((kind, seed) for kind in LABELS for seed in range(10)):
    digits = draw(seed, kind)
    for name, options in REMEDIES.items():
        paths[name, kind, seed] = train_small(*digits, seed, **options[LABELS.index(kind)])
    paths["early stopping", kind, seed] = stopped_early(*digits, seed)
    paths["twice the digits", kind, seed] = train_small(*draw(seed, kind, 400), seed)


# %% id="judge"
def judge(theta, digits):
    """Training loss, and percentage of wrong answers on the training digits and on new ones."""
    sizes = (64, theta.size // 75, 10)
    return (
        mlp.loss(theta, sizes, *digits),
        wrong(theta, sizes, *digits),
        wrong(theta, sizes, test, test_label),
    )


def judge_all(name, kind):
    """Array (draws, kept moments, 3)."""
    return np.array(
        [[judge(t, draw(seed, kind)) for t in paths[name, kind, seed]] for seed in range(10)]
    )


judged = {(name, kind): judge_all(name, kind) for kind in LABELS for name in COMPARED}

# %% [markdown] id="judge-explorer-text"
# ### Explore: remedy and moment
#
# The curves are medians and ranges of the ten draws while training goes on. The slider stops it. **Goal:** with one label in five wrong, at most 15 % of the new
# digits wrong (median). Try first what stopping alone can do.


# %% id="remedy"
def remedy_until(remedy, labels, steps):
    kept = judged[remedy, labels]
    at = steps // 20 - 1
    low, middle, high = np.quantile(kept, (0, 0.5, 1), axis=0)
    data = {"stop": ([steps, steps], [0, 100])}
    for side, name in ((1, "seen"), (2, "new")):
        data[name] = MOMENTS, middle[:, side]
        data[name + " band"] = MOMENTS, low[:, side], high[:, side]
    sentence = (
        f"{remedy}, {labels}, {steps} steps: {middle[at, 1]:.1f} % of the training digits wrong, "
        f"{middle[at, 2]:.1f} % of the new ones ({low[at, 2]:.1f} to {high[at, 2]:.1f})."
    )
    return data, sentence, bool(labels == LABELS[1] and middle[at, 2] <= 15)


MOMENTS = np.arange(20, 201, 20)

# %% id="remedy-explorer" tags=["machine"]
figure, axes = panels(width=7.2, height=3.8)
axes.set(xlim=(15, 205), ylim=(0, 60), xlabel="steps of Adam", ylabel="wrong (%)")
seen = line(axes, "200 training digits, labels as given", color=BLUE, marker="o", markevery=1)
unseen = line(axes, "797 new digits", color=VERMILION, marker="s", markevery=1)
moving = {
    "seen": seen,
    "seen band": band(axes, seen),
    "new": unseen,
    "new band": band(axes, unseen),
    "stop": line(axes, color=BLACK, marker="", linestyle="--", linewidth=1),
}
axes.legend(loc="upper right", frameon=True)
remedies = Explorer(
    remedy_until,
    figure,
    moving,
    {
        "remedy": choice("remedy", tuple(REMEDIES)),
        "labels": choice("labels", LABELS),
        "steps": slider("stop after", 20, 200, 200, step=20, unit="steps"),
    },
    title="Remedy and moment",
    goal="one label in five wrong, at most 15 % of the new digits wrong",
    play="steps",
)
remedies

# %% id="remedy-goal" tags=["machine"]
for remedy, steps in (("nothing", 60), ("nothing", 200), ("fewer units", 100), ("noise", 200)):
    shown = remedies.at(remedy=remedy, labels=LABELS[1], steps=steps)
    print(shown.sentence, "Goal reached:", shown.reached)

# %% [markdown] id="remedy-after"
# With wrong labels and no remedy, the curve of the new digits turns: first the network learns what the digits share, then it learns the wrong labels by
# heart. With right labels the same network reads its 200 digits without a mistake, and the new ones do not get worse. Zero training error is
# not by itself the trouble.

# %% [markdown] id="table-text"
# ## 10 What helped, and what did not
#
# All draws at the end of training. The change is against *nothing*, draw by draw.


# %% id="table" tags=["A10", "A33", "Q21", "machine"]
def change_of(last, kind):
    """Change of the percentage of wrong answers on new digits, each draw against itself."""
    return last[:, 2] - judged["nothing", kind][:, -1, 2]


for kind in LABELS:
    print(f"{kind:19}{'training loss':>13}{'train wrong':>13}{'new wrong':>11}   change")
    for name in COMPARED:
        last = judged[name, kind][:, -1]
        loss, seen_wrong, new_wrong = np.median(last, axis=0)
        low, middle, high = np.quantile(change_of(last, kind), (0, 0.5, 1))
        change = f"{middle:+.1f} ({low:+.1f} to {high:+.1f})" if name != "nothing" else ""
        print(f"  {name:17}{loss:13.3f}{seen_wrong:11.1f} %{new_wrong:9.1f} %   {change}")

# %% id="table-check" tags=["A10"]
above = [
    judged[name, kind][:, -1, 0] > judged["nothing", kind][:, -1, 0]
    for name in COMPARED[1:-1]
    for kind in LABELS
]
print(f"runs with a remedy: {np.size(above)}, training loss above that of nothing: {np.sum(above)}")
better = [
    name
    for name in COMPARED
    if np.median(change_of(judged[name, LABELS[1]][:, -1], LABELS[1])) < -3
]
print("at least 3 points better with wrong labels:", ", ".join(better))

# %% [markdown] id="table-after"
# With right labels no remedy gained half a point in the median, only more digits did. With wrong labels noise, dropout and the penalty helped in nearly every
# draw, and noise as much as twice the digits. Moved copies came in 200 steps not as far as the others. Early stopping, with 40 digits to judge by
# and 40 fewer to learn from, was a gamble. And the last line: every remedy left the *training* loss higher, in every run. An optimizer is judged by how low it gets that loss. A
# remedy gives some of it away.
#
# ### Do pruning and quantization cure over-fitting?
#
# The document names them beside the other two. We take the networks trained with *nothing*, make them smaller, and judge them in the same way. The
# last row trains on after pruning, as in section 4.


# %% id="cure" tags=["P16", "A10", "Q21"]
def smaller_copy(theta, change):
    theta = theta.copy()
    for W in mlp.unpack(theta, (64, 64, 10))[0]:
        W[:] = change(W)
    return theta


COMPRESSED = {
    "pruned 50 %": lambda W: prune(W, 0.5),
    "pruned 70 %": lambda W: prune(W, 0.7),
    "8 bits": lambda W: quantize(W, 8).restore(),
    "4 bits": lambda W: quantize(W, 4).restore(),
    "rank 16": lambda W: product(W, min(16, *W.shape)),
}
changes = {(name, kind): change_of(judged[name, kind][:, -1], kind) for name, kind in judged}
for kind in LABELS:
    draws = [draw(seed, kind) for seed in range(10)]
    nothing = [paths["nothing", kind, seed][-1] for seed in range(10)]
    made = {
        name: [smaller_copy(theta, change) for theta in nothing]
        for name, change in COMPRESSED.items()
    }
    pruned = [smaller_copy(theta, lambda W: prune(W, 0.8)) for theta in nothing]
    made["pruned 80 %, trained on"] = [
        train_on(theta, (64, 64, 10), *draws[seed], seed) for seed, theta in enumerate(pruned)
    ]
    for name, thetas in made.items():
        last = np.array([judge(*pair) for pair in zip(thetas, draws, strict=True)])
        changes[name, kind] = change_of(last, kind)

# %% id="cure-figure" tags=["P16", "A10", "Q21", "machine"]
names = (*COMPARED[1:], *made)
figure, axes = panels(1, 2, width=8.6, height=4.6, sharey=True)
for ax, kind in zip(axes, LABELS, strict=True):
    for place, name in enumerate(names):
        color, marker = (PURPLE, "D") if name in made else (BLUE, "o")
        found = changes[name, kind]
        ax.plot(found, np.full(10, place), marker, color=color, alpha=0.4, linestyle="")
        ax.plot(
            [np.median(found)] * 2,
            [place - 0.3, place + 0.3],
            color=BLACK,
            marker="",
            linewidth=2.5,
        )
    ax.axvline(0, color=BLACK, linestyle="--", linewidth=1)
    ax.set(title=kind, xlabel="change on new digits (points)", xlim=(-18, 30))
axes[0].set_yticks(range(len(names)), names)
axes[0].invert_yaxis()
text = "; ".join(
    f"{kind}: "
    + ", ".join(f"{name} {np.median(changes[name, kind]):.1f}" for name in ("noise", *made))
    for kind in LABELS
).replace("-0.0", "0.0")
show(figure, f"Median change of the mistakes on new digits, in points. {text}.")
for name in names:
    wins = [np.sum(changes[name, kind] < 0) for kind in LABELS]
    print(f"{name:23} better than nothing in {wins[0]} and {wins[1]} of 10 draws")

# %% id="cure-check" tags=["P16"]
gains = [-np.median(changes[name, kind]) for name in made for kind in LABELS]
print("median gain of any compression above half a point:", max(gains) > 0.5)

# %% [markdown] id="sturdy-text"
# ### Sturdier against what?
#
# On straight digits the moved copies looked like a mistake. They teach something that these held-out digits never ask, because all are centered. Ask for it: judge the same
# networks (right labels) on the new digits moved by one pixel, and on the new digits with noise.

# %% id="sturdy" tags=["A10", "P16", "machine"]
rng = np.random.default_rng(1)
moves = rng.integers(-1, 2, (len(test), 2))
trials = {
    "as they are": test,
    "moved": np.concatenate([moved(test[i : i + 1], *moves[i]) for i in range(len(test))]),
    "with noise": test + 0.4 * rng.standard_normal(test.shape, dtype=np.float32),
}
print("wrong, median (range)    ", "".join(f"{name:>24}" for name in trials))
for name in ("nothing", "L2 penalty", "noise", "moved copies"):
    cells = []
    for digits in trials.values():
        found = [
            wrong(paths[name, LABELS[0], s][-1], (64, 64, 10), digits, test_label)
            for s in range(10)
        ]
        low, middle, high = np.quantile(found, (0, 0.5, 1))
        cells.append(f"{middle:.0f} % ({low:.0f} to {high:.0f})")
    print(f"trained with {name:12}", "".join(f"{cell:>24}" for cell in cells))

# %% [markdown] id="sturdy-after"
# The network trained on moved copies is three times better on moved digits, and *worse* than all others on noisy ones. Augmentation makes a model sturdy against
# the changes it was shown, if new data really change in that way. It is knowledge about the task, put into the data.
#
# So the model answer to the document's question "how is over-fitting solved?" reads: *first measure it, on held-out data. More or cleaner data
# helped most here. A penalty, noise, dropout or fitting augmentation can help; how much depends on the data, and it is worth a comparison. Pruning and quantization make
# the model smaller; expect the same mistakes, or more. None of these is an optimization method, gradient-free or not.*

# %% [markdown] id="quick"
# ## 11 Quick questions
#
# Decide first, then open your choice.

# %% [markdown] id="quick-optimizer" tags=["A10"]
# **Quick question.** "Pruning and quantization adjust the parameters and call no `backward()`. So they are gradient-free optimizers." Are they?
#
# - [ ] Yes: what calls no `backward()` is gradient-free.
#   They use no gradient, true. They use no loss either, so there is nothing that they could be optimizing.
# - [ ] Yes, they compete with SGD, as SVD and NMF do.
#   SVD and NMF are models of a matrix, not competitors of SGD. All four can be applied to a network that SGD has trained.
# - [x] No: they change the model, and never ask how good it is.
#   As a rule the training loss rises when they are used. An optimizer is what brings it down again, as in "prune, then train on".

# %% [markdown] id="quick-rank" tags=["P10"]
# **Quick question.** A layer has 300 x 500 weights. Its factors of rank 200 keep nearly all of it. What do they do to the file?
#
# - [ ] They save: a low rank always needs less memory.
#   Only below $mn/(m+n)$, which is 187.5 here.
# - [x] They make it larger.
#   $200 \cdot (300 + 500) = 160{,}000$ numbers in the place of 150,000.
# - [ ] They save a third, as 200 is two thirds of 300.
#   There are two factors, and both have 200 rows or columns.

# %% [markdown] id="quick-bytes"
# **Quick question.** You set 60 % of the weights to zero and save the array with `np.save`. How large is the file?
#
# - [x] As large as before.
#   A zero takes four bytes like any number. A mask with the values left, or deflating, makes use of it.
# - [ ] 40 % of what it was.
#   Only if the places of the values left cost nothing. A mask costs one bit for every weight.
# - [ ] 40 %, if it is stored as a sparse matrix.
#   CSR keeps a column number for each value: about 80 %, and at less than one half of zeros the file grows.

# %% [markdown] id="quick-cure" tags=["P16", "Q21"]
# **Quick question.** A network gets all of its training digits right, and 12 % of the new ones wrong. You prune half of it and store it in 4 bits. What do you
# expect on new digits?
#
# - [ ] Fewer mistakes: a simpler model over-fits less.
#   The weights that are left are those that fitted the training data. In section 10 the network pruned by half was better in 0 and 2 of 10 draws.
# - [x] About as many mistakes, or more, in a smaller file.
#   It compresses. Training on after pruning brought the mistakes back to about what they were, not below.
# - [ ] No mistakes: quantization removes the noise in the weights.
#   It adds rounding errors. With 8 bits they changed next to nothing, with 2 bits they ruined the network.

# %% [markdown] id="quick-goal" tags=["A33", "Q32"]
# **Quick question.** "We optimize in order to avoid over-fitting." What is wrong with the sentence?
#
# - [ ] Nothing, if the optimizer is good enough.
#   A better optimizer gets a lower *training* loss. On the houses, least squares had the lowest, and the penalty, which raised it, erred less on new ones.
# - [x] Optimization makes the objective small; whether that helps on new data depends on objective, data, model and the end of the run.
#   That is why these are chosen on data that the optimizer did not see.
# - [ ] It should say: gradient-free optimization avoids over-fitting.
#   CMA-ES ended at the same weights as gradient descent, with the same penalty. How the minimum is found does not change what it is.

# %% [markdown] id="quick-decay" tags=["Q33"]
# **Quick question.** What is the difference between an optimizer and a regularization, and where does the "weight decay" of AdamW belong?
#
# - [ ] There is none: both change the weights.
#   An optimizer looks for a minimum. A penalty changes the function whose minimum is looked for.
# - [ ] The decay of AdamW is the L2 penalty under another name.
#   For gradient descent it would be. Under Adam the two end at different places (lesson [05](05_adaptive_steps.ipynb), section 6).
# - [x] An optimizer says how to move, a penalty says where the minimum is; the decay of AdamW is part of the rule.
#   `Adam(weight_decay=...)` adds the penalty's gradient. `AdamW` shrinks the weights apart from the gradient, and need not end at the minimum of the penalized loss.

# %% [markdown] id="quick-languages" tags=["P07"]
# **Quick question.** A model for 100 languages stores its vocabulary as two factors of inner width 128. Which cost does *not* fall?
#
# - [ ] The memory of Adam's two means.
#   It falls with the number of parameters, about eight times.
# - [ ] The scores over all words at the end of each text.
#   They go through the small width first, and fall about eight times too.
# - [x] That of looking a word up, and the need for gradients.
#   A row of a table costs no product; now it costs $128 \cdot 1024$. And the factors are trained by gradients like everything else.

# %% [markdown] id="summary"
# ## Summary
#
# 1. Low rank, pruning and quantization change the model after training; penalties change the objective, augmentation the data, early stopping the end. None is an
#    optimizer.
# 2. Factors of rank $k$ save only if $k < mn/(m+n)$; zeros save only if the file format uses them; sparse formats break even at one half.
# 3. Eight bits cost next to nothing here and four little; prune 40 % and keep 4 bits: a seventh of the bytes, less than one point more mistakes. Training on after
#    pruning, or training the factors, repairs most of the damage, with gradients.
# 4. Ridge is the minimum of another objective, whoever finds it; noise on the inputs of a linear model is ridge.
# 5. Regularization paid with 20 houses and with wrong labels, hardly with 200 clean digits; pruning and quantization did not cure over-fitting anywhere.
#
# ## Exercise
#
# Five questions: copy it with `start_exercise("14")` as in lesson [00](00_start_here.ipynb), or open
# [exercises/14_smaller_and_sturdier_models.ipynb](../exercises/14_smaller_and_sturdier_models.ipynb). **Next:**
# [15 Language models](15_language_models.ipynb). There the largest cost in memory is not the weights. It is what training keeps beside them: gradients, Adam's means
# and the activations. How much of that can be left out?

# %% [markdown] id="sources"
# ## Sources
#
# - C. Eckart, G. Young, *The approximation of one matrix by another of lower rank*, Psychometrika 1 (1936),
#   [doi:10.1007/BF02288367](https://doi.org/10.1007/BF02288367).
# - S. Han, J. Pool, J. Tran, W. Dally, *Learning both weights and connections for efficient neural networks*, NIPS (2015),
#   [arXiv:1506.02626](https://arxiv.org/abs/1506.02626): prune, then train on.
# - B. Jacob et al., *Quantization and training of neural networks for efficient integer-arithmetic-only inference*, CVPR (2018),
#   [arXiv:1712.05877](https://arxiv.org/abs/1712.05877): scale and zero point.
# - Z. Lan et al., *ALBERT: a lite BERT for self-supervised learning of language representations*, ICLR (2020),
#   [arXiv:1909.11942](https://arxiv.org/abs/1909.11942): a vocabulary in two factors.
# - A. Conneau et al., *Unsupervised cross-lingual representation learning at scale*, ACL (2020),
#   [arXiv:1911.02116](https://arxiv.org/abs/1911.02116): XLM-R.
# - A. E. Hoerl, R. W. Kennard, *Ridge regression: biased estimation for nonorthogonal problems*, Technometrics 12 (1970),
#   [doi:10.1080/00401706.1970.10488634](https://doi.org/10.1080/00401706.1970.10488634).
# - R. Tibshirani, *Regression shrinkage and selection via the lasso*, Journal of the Royal Statistical Society B 58 (1996),
#   [doi:10.1111/j.2517-6161.1996.tb02080.x](https://doi.org/10.1111/j.2517-6161.1996.tb02080.x).
# - C. M. Bishop, *Training with noise is equivalent to Tikhonov regularization*, Neural Computation 7 (1995),
#   [doi:10.1162/neco.1995.7.1.108](https://doi.org/10.1162/neco.1995.7.1.108).
# - L. Prechelt, *Early stopping - but when?*, in Neural Networks: Tricks of the Trade (1998),
#   [doi:10.1007/3-540-49430-8_3](https://doi.org/10.1007/3-540-49430-8_3).
# - N. Srivastava, G. Hinton, A. Krizhevsky, I. Sutskever, R. Salakhutdinov, *Dropout: a simple way to prevent neural networks from overfitting*, Journal of
#   Machine Learning Research 15 (2014), 1929-1958.
# - C. Zhang, S. Bengio, M. Hardt, B. Recht, O. Vinyals, *Understanding deep learning requires rethinking generalization*, ICLR (2017),
#   [arXiv:1611.03530](https://arxiv.org/abs/1611.03530): networks can learn wrong labels by heart.
