# %% [markdown] id="title"
# # 06 Neural networks
#
# **Promise.** Write a network that learns, check its gradient, train it with any rule of this course, and measure why some deep networks do not
# learn at all.
#
# **You will be able to**
#
# - compute what a network says (forward) and how its loss changes (backward), and verify both;
# - find the faults in a training loop that climbs, forgets or never moves;
# - train with momentum, RMSprop and Adam, and compare them fairly;
# - choose the scale of the first weights, and measure vanishing and exploding gradients;
# - say what adaptive steps and gradient-free methods can and cannot do about them.
#
# **Time** 50 minutes. **Needs** lessons [02](02_linear_regression.ipynb), [04](04_momentum.ipynb) and [05](05_adaptive_steps.ipynb).

# %% id="setup"
import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

from ngo_lesson.models import mlp
from ngo_lesson.optimize.updates import GD, Adam, Momentum, RMSprop
from ngo_lesson.show.explorer import Explorer, choice, slider
from ngo_lesson.show.figures import panels, show, three
from ngo_lesson.show.pieces import image, line
from ngo_lesson.show.style import BLACK, BLUE, GREEN, ORANGE, VERMILION

# %% [markdown] id="question-text"
# ## 1 The question
#
# Lessons [02](02_linear_regression.ipynb) to [05](05_adaptive_steps.ipynb) built the rules. Nearly all models were linear in their parameters, and their loss was a bowl. Some tasks cannot be solved that way. The smallest is **XOR**: answer 1 if exactly
# one of two inputs is 1. No line separates the two ones from the two zeros. Least squares answers "one half" for everything:

# %% id="question"
inputs = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
targets = np.array([0.0, 1.0, 1.0, 0.0])
line_theta = np.linalg.lstsq(np.column_stack([np.ones(4), inputs]), targets, rcond=None)[0]
print("best linear answers to XOR:", (np.column_stack([np.ones(4), inputs]) @ line_theta).round(2))

# %% [markdown] id="forward-text"
# ## 2 Forward
#
# A **multilayer perceptron** (MLP) stacks linear maps with a bend between them. Layer $l$ takes the **activations** $A_l$ (one row a sample) to
#
# $$A_{l+1} = \sigma(A_l W_l + b_l) ,$$
#
# where the **activation function** $\sigma$ works on each entry: $\max(0, z)$ (relu), $\tanh z$, or $1/(1+e^{-z})$ (sigmoid). In the last layer there is
# none here. Without the bends the stack would be one linear map again.


# %% id="forward"
def forward(weights, biases, X):
    activations = [X]
    for layer, (W, b) in enumerate(zip(weights, biases, strict=True)):
        Z = activations[-1] @ W + b
        activations.append(np.maximum(Z, 0) if layer < len(weights) - 1 else Z)
    return activations


sizes = (2, 8, 1)
theta = mlp.initialize(sizes, "he", rng=0)
weights, biases = mlp.unpack(theta, sizes)
print(
    "parameters:",
    theta.size,
    "- as weights",
    [W.shape for W in weights],
    "and biases",
    [b.shape for b in biases],
)
ours, package = forward(weights, biases, inputs)[-1], mlp.forward(theta, sizes, inputs)[-1]
print("the package's forward agrees:", np.allclose(ours, package))

# %% [markdown] id="flat-text"
# All parameters live in one flat vector `theta`; `unpack` gives views of it as matrices. So every update rule of the course works on a network as it
# works on a bowl: it sees a vector and a gradient.

# %% [markdown] id="backward-text"
# ## 3 Backward
#
# **Backpropagation** is the chain rule, from the last layer to the first. Let $\delta_l$ be the derivative of the loss by $A_l W_l + b_l$. For the half squared error
# $J = \frac{1}{2m}\sum_i (\hat y_i - y_i)^2$ it starts with $\delta = (\hat y - y)/m$, and then
#
# $$\frac{\partial J}{\partial W_l} = A_l^\top \delta_l, \qquad \frac{\partial J}{\partial b_l} = \sum_i \delta_{l,i}, \qquad
# \delta_{l-1} = \left(\delta_l W_l^\top\right) \circ \sigma'(A_{l-1} W_{l-1} + b_{l-1}) ,$$
#
# where $\circ$ multiplies entry by entry.
#
# Each line costs about as much as the line of the forward pass that it belongs to. That is why a gradient costs about three evaluations, whatever the number of parameters.


# %% id="backward"
def backward(weights, activations, y):
    """Gradients of the half squared error by all weights and biases, first layer first."""
    delta = (activations[-1] - y.reshape(-1, 1)) / len(y)
    dW, db = [], []
    for layer in reversed(range(len(weights))):
        dW.insert(0, activations[layer].T @ delta)
        db.insert(0, delta.sum(axis=0))
        if layer:
            delta = (delta @ weights[layer].T) * (activations[layer] > 0)
    return dW, db


dW, db = backward(weights, forward(weights, biases, inputs), targets)
value, gradient = mlp.loss_and_gradient(theta, sizes, inputs, targets, kind="half_squared_error")
theirs = mlp.unpack(gradient, sizes)
agree = all(np.allclose(a, b) for a, b in zip(dW + db, theirs[0] + theirs[1], strict=True))
print("the package's gradient agrees:", agree)

# %% [markdown] id="check-text"
# **The gradient check of lesson [02](02_linear_regression.ipynb) is not optional here.** With a wrong sign in one layer, a forgotten bias or a derivative applied twice, a
# network often still learns a little, and nobody notices. The check compares with central differences (one value on each side) and gives one number: below 1e-6
# is right, much more is wrong, and 1, the most there is, means the opposite direction.


# %% id="check" tags=["Q10"]
def xor_loss(theta):
    return mlp.loss(theta, sizes, inputs, targets, kind="half_squared_error")


def xor_gradient(theta):
    return mlp.loss_and_gradient(theta, sizes, inputs, targets, kind="half_squared_error")[1].copy()


point = mlp.initialize(sizes, "he", rng=1) + 0.1
print("right:          ", mlp.gradient_check(xor_loss, xor_gradient, point) < 1e-6)
print("sign turned:    ", mlp.gradient_check(xor_loss, lambda t: -xor_gradient(t), point) < 1e-6)
print(
    "bias forgotten: ",
    mlp.gradient_check(
        xor_loss, lambda t: np.where(np.arange(t.size) < 16, xor_gradient(t), 0), point
    )
    < 1e-6,
)

# %% [markdown] id="faults-text"
# ## 4 A loop with every fault
#
# One document ends with a network that learns XOR "by RMSprop". Given the data and the sigmoid that it lacks, it runs, and its error *rises*. We rebuilt its faults in a few lines of our own, so that they can be taken out one by one:
#
# 1. *ascent*: the error is $y - \hat y$, but the step is subtracted;
# 2. *accumulation*: the gradients of all epochs are summed and never set back;
# 3. *not RMSprop*: the step of each array of weights or biases is divided by the length of its gradient, one number for all entries; no running mean of squares.
#
# Three more listings of the documents define networks that cannot learn, because the update stands in a function that is never written, or is
# never given the state it needs. The count below answers them all: what works is the loop, complete.


# %% id="faults" tags=["C09", "C10", "C11", "C18"]
def xor_run(seed, ascent=False, accumulate=False, whole_norm=False, epochs=1000):
    rng = np.random.default_rng(seed)
    W1, W2 = rng.standard_normal((2, 8)), rng.standard_normal((8, 1))
    b1, b2 = np.zeros(8), np.zeros(1)
    parameters = [W1, b1, W2, b2]
    squares = [np.zeros_like(p) for p in parameters]
    total = [np.zeros_like(p) for p in parameters]
    for _ in range(epochs):
        hidden = np.tanh(inputs @ W1 + b1)
        delta = (hidden @ W2 + b2 - targets[:, None]) / 4 * (-1 if ascent else 1)
        back = delta @ W2.T * (1 - hidden**2)
        grads = [inputs.T @ back, back.sum(axis=0), hidden.T @ delta, delta.sum(axis=0)]
        for p, g, t, s in zip(parameters, grads, total, squares, strict=True):
            t[:] = t + g if accumulate else g
            s[:] = 0.9 * s + 0.1 * t**2
            p -= 0.02 * t / (np.linalg.norm(t) + 1e-8 if whole_norm else np.sqrt(s) + 1e-8)
    return np.mean((np.tanh(inputs @ W1 + b1) @ W2 + b2 - targets[:, None]) ** 2)


for name, faults in {
    "all three faults": {"ascent": True, "accumulate": True, "whole_norm": True},
    "sign repaired": {"accumulate": True, "whole_norm": True},
    "and no accumulation": {"whole_norm": True},
    "and true RMSprop": {},
}.items():
    with np.errstate(all="ignore"):
        errors = np.array([xor_run(seed, **faults) for seed in range(10)])
    solved = int(np.sum(errors < 0.01))
    print(
        f"{name:20} solved {solved:2} of 10 seeds, median squared error {three(np.median(errors))}"
    )


# %% [markdown] id="faults-after"
# Dividing the gradient of each array by its length is a method too, a form of normalized gradient descent, and it solves XOR. It is not RMSprop: that
# keeps one running mean of squares for *each* parameter (lesson [05](05_adaptive_steps.ipynb)). The lesson of the table is the order: first the sign, then the bookkeeping, then the rule.

# %% [markdown] id="xor-text"
# ## 5 Watch it bend
#
# Now XOR with the package's parts: one network, 8 hidden units, full batches, and three rules. All of them solve it from ten starts.


# %% id="xor-train" tags=["Q11", "Q12"]
def xor_path(make_rule, seed, steps=600):
    """Parameters at every step of training on XOR."""
    rule, theta = make_rule(), mlp.initialize(sizes, "xavier", rng=seed)
    path = [theta.copy()]
    for _ in range(steps):
        g = mlp.loss_and_gradient(theta, sizes, inputs, targets, "tanh", "half_squared_error")[1]
        rule.step_(theta, g)
        path.append(theta.copy())
    return np.array(path)


rules = {
    "momentum": lambda: Momentum(lr=0.1, momentum=0.9),
    "RMSprop": lambda: RMSprop(lr=0.01, alpha=0.9),
    "Adam": lambda: Adam(lr=0.02),
}


def answers(theta, points):
    return mlp.forward(theta, sizes, points, "tanh")[-1][:, 0]


paths = {name: [xor_path(make, seed) for seed in range(10)] for name, make in rules.items()}
for name, runs in paths.items():
    solved = sum(np.all(np.abs(answers(path[-1], inputs) - targets) < 0.25) for path in runs)
    print(f"{name:8} solved XOR from {solved} of 10 starts")

# %% [markdown] id="xor-explorer-text"
# ### Explore: the boundary while it learns
#
# The picture shows the answer of the network over the square, dark for 0 and light for 1, and the four points. Press *play*. **Goal:** find a rule, a
# start and a step at most 40 at which all four answers are right to within 0.25.


# %% id="xor-picture"
side = np.linspace(-0.5, 1.5, 41)
plane = np.array([[a, b] for b in side for a in side])


def boundary(rule, start, step):
    theta = paths[rule][start][step]
    surface = answers(theta, plane).reshape(41, 41)[::-1]
    found = answers(theta, inputs)
    worst = np.abs(found - targets).max()
    sentence = f"{rule}, start {start}, step {step}: the worst of the four answers is off by {three(worst)}."
    return {"surface": surface.clip(0, 1)}, sentence, bool(step <= 40 and worst < 0.25)


# %% id="xor-explorer"
figure, axes = panels(width=4.4, height=4)
surface = image(axes, (41, 41), cmap="cividis")
surface.set_extent((-0.5, 1.5, -0.5, 1.5))
axes.set_axis_on()
axes.grid(False)
axes.plot(
    *inputs[targets == 1].T,
    "^",
    color="white",
    markeredgecolor=BLACK,
    markersize=13,
    label="should be 1",
)
axes.plot(
    *inputs[targets == 0].T,
    "o",
    color=BLACK,
    markeredgecolor="white",
    markersize=11,
    label="should be 0",
)
axes.set(xlim=(-0.5, 1.5), ylim=(-0.5, 1.5), xlabel="first input", ylabel="second input")
axes.legend(loc="upper right", frameon=True)
bend = Explorer(
    boundary,
    figure,
    {"surface": surface},
    {
        "rule": choice("rule", list(rules)),
        "start": slider("start", 0, 9, 0, step=1),
        "step": slider("step", 0, 600, 0, step=5),
    },
    title="The boundary while it learns",
    goal="all four answers right to within 0.25 after at most 40 steps",
    play="step",
)
bend

# %% id="xor-goal"
for rule in rules:
    reached = [start for start in range(10) if bend.at(rule=rule, start=start, step=40).reached]
    print(f"{rule:8} reaches the goal at step 40 from the starts {reached}")

# %% [markdown] id="digits-text"
# ## 6 Real pictures
#
# 1,797 scanned digits of 8 x 8 pixels. The network has 64 inputs, 64 hidden units and 10 outputs, one for each digit; the loss is the **cross-entropy**, the mean of
# $-\log$ of the probability that the network gives to the true digit. The package's `MLPClassifier` takes the name of a rule. Here are the three rules of the documents, each with a rate of its own,
# ten seeds each, and a linear model beside them.

# %% id="digits"
X, y = load_digits(return_X_y=True)
train, test, label, test_label = train_test_split(X / 16, y, random_state=0, stratify=y)
rates = {"momentum": 0.1, "rmsprop": 0.003, "adam": 0.003}
scores, curves = {}, {}
for rule, lr in rates.items():
    models = [
        mlp.MLPClassifier((64,), rule=rule, learning_rate=lr, max_iter=15, random_state=seed).fit(
            train, label
        )
        for seed in range(10)
    ]
    scores[rule] = [model.score(test, test_label) for model in models]
    curves[rule] = np.array([model.loss_curve_ for model in models])
linear = LogisticRegression(max_iter=1000).fit(train, label).score(test, test_label)

# %% id="digits-figure"
figure, axes = panels()
for (rule, loss), color, marker in zip(curves.items(), (BLUE, ORANGE, GREEN), "os^", strict=True):
    passes = np.arange(1, loss.shape[1] + 1)
    axes.semilogy(
        passes,
        np.median(loss, axis=0),
        color=color,
        marker=marker,
        label=f"{rule}, lr = {rates[rule]}",
    )
    axes.fill_between(passes, loss.min(axis=0), loss.max(axis=0), color=color, alpha=0.2)
axes.set(xlabel="passes over the data", ylabel="training loss", title="Ten seeds each")
axes.legend()
text = ", ".join(f"{rule} {100 * min(s):.0f} to {100 * max(s):.0f} %" for rule, s in scores.items())
show(figure, f"Held-out digits right after 15 passes: {text}; a linear model {100 * linear:.0f} %.")

# %% [markdown] id="digits-after"
# With its own rate, each rule gets about as far as the linear model, RMSprop less reliably: the choice of rule matters less than the documents say. And all three ask for one gradient in
# each step: nothing here is gradient-free.

# %% [markdown] id="init-text"
# ## 7 Where to start
#
# **Not at zero.** If all weights are equal, all hidden units get the same gradient for ever: the network has one unit in many copies. The start must be random to break
# the symmetry. One document names *orthogonal* starts; that is a good choice, for every optimizer. What matters is the **scale**. Each layer multiplies the size of the activations, and on the way back the size of the gradient, by some
# factor $f$. Over $L$ layers that makes $f^L$: with 0.5 and 30 layers $10^{-9}$ (**vanishing gradient**), with 2 it is $10^9$ (**exploding gradient**).
#
# An **orthogonal** matrix keeps the length of every vector, so $f = 1$ exactly, in a linear network of any depth (Saxe et al. 2014). To draw one, take a matrix of normal numbers
# and its factor Q in the QR decomposition, and turn the sign of each column of Q where the diagonal of R is negative: the result is uniform among all orthogonal matrices (Mezzadri 2007).
#
# The cells above began with independent normal weights. `"he"` gives them the variance $2/\text{inputs}$, which keeps the size of the activations under relu (He et al. 2015);
# `"xavier"` the variance $2/(\text{inputs} + \text{outputs})$, for tanh (Glorot and Bengio 2010).

# %% id="init" tags=["A04"]
zero = mlp.initialize((64, 8, 10), lambda rows, columns, rng: np.zeros((rows, columns)), rng=0)
rule = GD(lr=0.5)
for _ in range(20):
    rule.step_(zero, mlp.loss_and_gradient(zero, (64, 8, 10), train, label, "tanh")[1])
print(
    "from zero, different hidden units after 20 steps:",
    np.unique(mlp.unpack(zero, (64, 8, 10))[0][0], axis=1).shape[1],
)

vector = np.random.default_rng(1).standard_normal(64)
for name, scale in (("orthogonal", 0), ("normal, times 0.8", 0.8), ("normal, times 1.2", 1.2)):
    rng, x = np.random.default_rng(0), vector
    for _ in range(50):
        x = x @ (mlp.normal(64, 64, rng, scale / 8) if scale else mlp.orthogonal(64, 64, rng))
    print(
        f"{name:18} 50 layers multiply the length by {three(np.linalg.norm(x) / np.linalg.norm(vector))}"
    )

# %% [markdown] id="depth-text"
# ### Explore: depth and scale
#
# A network with 64 units in each layer looks at 100 digits. The picture shows the length of the gradient of each layer's weights. **Goal:** a setting with at least 30 layers in
# which the largest and the smallest of them differ by less than a factor of 10.


# %% id="depth" tags=["A24", "A28"]
def layer_gradients(activation, depth, scale):
    """Length of the gradient of each layer; weights are `scale` times orthogonal, 64 units in each layer."""
    sizes = (64,) * depth + (10,)
    start = mlp.initialize(sizes, lambda r, c, rng: mlp.orthogonal(r, c, rng, gain=scale), rng=0)
    g = mlp.loss_and_gradient(start, sizes, train[:100] - 0.3, label[:100], activation)[1]
    return mlp.layer_norms(g, sizes)


def depth_picture(activation, depth, scale):
    norms = np.maximum(layer_gradients(activation, depth, scale), 1e-300)
    ratio = norms.max() / norms.min()
    sentence = f"{activation}, {depth} layers, gain {scale}: the first layer's gradient is {three(norms[0])}, the largest is {three(ratio)} times the smallest."
    return {"norms": (np.arange(1, depth + 1), norms)}, sentence, bool(depth >= 30 and ratio < 10)


# %% id="depth-explorer"
figure, axes = panels()
axes.set(
    xlim=(0, 61),
    ylim=(1e-20, 1e12),
    yscale="log",
    xlabel="layer, from the input",
    ylabel="length of its gradient",
)
deep = Explorer(
    depth_picture,
    figure,
    {"norms": line(axes, color=BLUE, markevery=1)},
    {
        "activation": choice("activation", ("sigmoid", "tanh", "relu", "identity")),
        "depth": slider("layers", 2, 60, 20, step=1),
        "scale": slider("gain of the weights", 0.5, 2.5, 1.0, step=0.1, ticks={1.0: "orthogonal"}),
    },
    title="Depth and scale",
    goal="30 layers or more, gradients of all layers within a factor of 10",
    play="depth",
)
deep

# %% id="depth-goal"
for activation, scale in (
    ("sigmoid", 1.0),
    ("tanh", 1.0),
    ("tanh", 1.1),
    ("relu", 1.4),
    ("identity", 1.0),
):
    shown = deep.at(activation=activation, depth=40, scale=scale)
    print(shown.sentence, "Goal reached:", shown.reached)

# %% [markdown] id="cure-text"
# ## 8 What does not cure it
#
# Two documents say that Adagrad and RMSprop "avoid vanishing and exploding gradients", a third says so of gradient-free methods, and one says that these were invented for this purpose. Let us test.
#
# **Adaptive steps** divide each gradient by its usual size. A small but meaningful gradient becomes a step of normal length: that can help. But in a deep sigmoid network the
# gradient of the first layers has lost what it was about. And nothing changes in the network: the signal still does not get through.
#
# **Gradient-free methods** do not propagate backward, true. But the loss does not change when the first layers move, and a difference of two equal numbers
# is zero. They were not invented for this either: Nelder-Mead is from 1965, annealing from 1983, SPSA from 1992.


# %% id="cure" tags=["P08", "P32"]
def values_lost(activation, depth):
    """Relative change of the loss when the first layer moves by 1 %."""
    sizes = (64,) * depth + (10,)
    start = mlp.initialize(sizes, "orthogonal", rng=0)
    moved = start.copy()
    weights = mlp.unpack(moved, sizes)[0][0]
    weights += 0.01 * np.random.default_rng(1).standard_normal(weights.shape) / 8
    before, after = (
        mlp.loss(t, sizes, train[:100], label[:100], activation) for t in (start, moved)
    )
    return abs(after - before) / before


def small(change):
    return f"{change:.0e}" if change > 1e-12 else "less than 1e-12"


for activation in ("sigmoid", "tanh"):
    changes = ", ".join(small(values_lost(activation, depth)) for depth in (3, 10, 20))
    print(f"{activation:8} with 3, 10 and 20 layers: the loss changes by {changes}")


# %% id="cure-train"
def deep_training(activation, init, rule, seed=0):
    model = mlp.MLPClassifier(
        (32,) * 20,
        activation,
        rule=rule,
        learning_rate=0.001,
        init=init,
        max_iter=10,
        random_state=seed,
    )
    return model.fit(train, label).score(test, test_label)


for activation, init in (("sigmoid", "xavier"), ("tanh", "orthogonal")):
    for rule in ("rmsprop", "adam"):
        shares = [deep_training(activation, init, rule, seed) for seed in range(10)]
        print(
            f"20 hidden layers, {activation} from {init}, {rule}: {100 * min(shares):.0f} to {100 * max(shares):.0f} % right"
        )

# %% [markdown] id="cure-after"
# With sigmoid the network stays near 10 %, guessing, under both rules. With another activation and an orthogonal start the same rule learns. The cures for vanishing and
# exploding gradients are in the *model*: scale of the weights, activation, shortcuts around layers (residual networks), normalization layers, gates; and against explosion *clipping*, a limit on the length of the
# gradient. An update rule is none of them.

# %% [markdown] id="evaluations-text"
# ## 9 Trained without gradients, honestly
#
# How far does a method get that only sees values? We train a small network (64-16-10, 1,210 parameters) with the two-point estimate that lesson [01](01_what_gradient_free_means.ipynb) introduced, fed into Adam, against
# Adam with the true gradient. Same start, mini-batches of the same size, same number of evaluations (a gradient counts as 3), ten seeds. Each gets the best of four rates, chosen on three *other* seeds,
# by the training digits, which is not charged.


# %% id="evaluations"
narrow, budget = (64, 16, 10), 1500


def race(seed, lr, true_gradient, X=test, y=test_label):
    """Accuracy on X (m, 64) at 10 moments of the budget."""
    rng, theta, rule = (
        np.random.default_rng(seed),
        mlp.initialize(narrow, "he", rng=seed),
        Adam(lr=lr),
    )
    marks = []
    for t in range(budget // (3 if true_gradient else 2)):
        rows = rng.integers(len(train), size=64)
        if true_gradient:
            g = mlp.loss_and_gradient(theta, narrow, train[rows], label[rows])[1]
        else:
            u = rng.standard_normal(theta.size)
            up, down = (
                mlp.loss(theta + s * u, narrow, train[rows], label[rows]) for s in (1e-3, -1e-3)
            )
            g = (up - down) / 2e-3 * u
        rule.step_(theta, g)
        if (t + 1) % (budget // (30 if true_gradient else 20)) == 0:
            marks.append(np.mean(mlp.forward(theta, narrow, X)[-1].argmax(axis=1) == y))
    return marks


# %% id="evaluations-figure"
figure, axes = panels()
ends = {}
asked = budget / 10 * np.arange(1, 11)
for (name, true_gradient), color, marker in zip(
    {"gradient": True, "values": False}.items(), (BLUE, VERMILION), "os", strict=True
):
    tries = {
        lr: np.median([race(seed, lr, true_gradient, train, label)[-1] for seed in (50, 51, 52)])
        for lr in (0.003, 0.01, 0.03, 0.1)
    }
    lr = max(tries, key=tries.get)
    runs = np.array([race(seed, lr, true_gradient) for seed in range(10)])
    ends[name] = 100 * np.median(runs[:, -1])
    axes.plot(
        asked,
        100 * np.median(runs, axis=0),
        color=color,
        marker=marker,
        label=f"Adam fed with {name}, lr = {lr}",
    )
    axes.fill_between(asked, 100 * runs.min(axis=0), 100 * runs.max(axis=0), color=color, alpha=0.2)
axes.set(
    xlabel="evaluations (a gradient counts as 3)", ylabel="held-out digits right (%)", ylim=(0, 100)
)
axes.legend()
show(
    figure,
    f"After {budget:,} evaluations: {ends['gradient']:.0f} % with gradients, {ends['values']:.0f} % with values (medians).",
)

# %% [markdown] id="evaluations-after"
# It learns, without a single gradient, and it is far behind. Lesson [10](10_gradients_from_values.ipynb) explains the gap and narrows it; lesson [15](15_language_models.ipynb) shows where the gap is worth its price.

# %% [markdown] id="quick"
# ## 10 Quick questions
#
# Decide first, then open your choice.

# %% [markdown] id="quick-zero"
# **Quick question.** All weights of a network start at zero. What happens?
#
# - [ ] It learns, only more slowly.
#   The hidden units are equal and get equal gradients. They stay equal for ever.
# - [x] All hidden units stay copies of one another.
#   Nothing breaks the symmetry, so the network has one hidden unit in effect, if it learns at all.
# - [ ] The gradient is zero everywhere, so it stops at once.
#   The biases of the last layer still move: it learns how frequent each class is.

# %% [markdown] id="quick-adam"
# **Quick question.** A deep sigmoid network does not learn with gradient descent. A colleague says: take Adam, it cures vanishing gradients. Right?
#
# - [ ] Yes: Adam divides by the size of the gradient.
#   It rescales the step. The gradient of the first layers stays a faint echo, and the signal still does not get through.
# - [x] No: the remedy is in the model and its start.
#   Another activation, an orthogonal start, shortcuts or normalization change the factor by which each layer multiplies the gradient. An update rule does not.
# - [ ] No, but a gradient-free method would.
#   The loss hardly changes when the first layers move, so values carry no information about them either.

# %% [markdown] id="quick-check"
# **Quick question.** Your network reaches 90 % on the digits. Is its backward pass right?
#
# - [ ] Yes: with a wrong gradient it would not learn.
#   Networks learn with many faults: without biases, with a wrong factor, with one layer frozen.
# - [x] Unknown until a gradient check has passed.
#   Compare with central differences on a small network, at a random point, in float64.

# %% [markdown] id="summary"
# ## Summary
#
# 1. Forward: linear map, bend, again. Backward: the chain rule from the end, for the price of about two more forward passes.
# 2. Check the gradient with values before you believe a network.
# 3. Momentum, RMSprop and Adam all train it when each has its own rate. All are first-order.
# 4. Gradients multiply through the layers: choose activation and scale so that the factor is near 1; orthogonal starts do it.
# 5. Neither adaptive steps nor gradient-free methods cure vanishing gradients.
#
# ## Exercise
#
# Six questions: copy it with `start_exercise("06")` as in lesson [00](00_start_here.ipynb), or open
# [exercises/06_neural_networks.ipynb](../exercises/06_neural_networks.ipynb). **Next:** [07 Random search](07_random_search.ipynb). The gradient trained the weights.
# Who chose the number of units, the rate and the number of passes?

# %% [markdown] id="sources"
# ## Sources
#
# - D. E. Rumelhart, G. E. Hinton, R. J. Williams, *Learning representations by back-propagating errors*, Nature 323 (1986),
#   [doi:10.1038/323533a0](https://doi.org/10.1038/323533a0).
# - X. Glorot, Y. Bengio, *Understanding the difficulty of training deep feedforward neural networks*, AISTATS (2010),
#   [proceedings.mlr.press/v9/glorot10a](https://proceedings.mlr.press/v9/glorot10a.html).
# - A. M. Saxe, J. L. McClelland, S. Ganguli, *Exact solutions to the nonlinear dynamics of learning in deep linear neural networks* (2014),
#   [arXiv:1312.6120](https://arxiv.org/abs/1312.6120).
# - K. He, X. Zhang, S. Ren, J. Sun, *Delving deep into rectifiers* (2015), [arXiv:1502.01852](https://arxiv.org/abs/1502.01852).
# - F. Mezzadri, *How to generate random matrices from the classical compact groups*, Notices of the AMS 54 (2007),
#   [arXiv:math-ph/0609050](https://arxiv.org/abs/math-ph/0609050).
