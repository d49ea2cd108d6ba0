# %% [markdown] id="title"
# # 06 Exercise: neural networks
#
# You will write a neural network: the forward pass, the backward pass that gives the gradient, a check of that gradient
# by values alone, and the training, with rules of exercises [04](../exercises/04_momentum.ipynb) and
# [05](../exercises/05_adaptive_steps.ipynb). Last, you draw orthogonal matrices, a good start for deep networks. Lesson
# [06](../notebooks/06_neural_networks.ipynb) explains everything that is asked here.

# %% [markdown] id="how"
# ## How it works
#
# - Replace the line `raise NotImplementedError(...)` by your code. Keep the line with `def`.
# - Run your cell, then the cell below it. It tries your function on several cases and shows the points.
#   You may try as often as you like.
# - Stuck? Open the hints under the question, one after the other.
# - You may call your earlier functions in later answers.
#
# **Shapes and names, everywhere.** There are $m$ samples. A layer with `i` inputs and `o` outputs has *weights* of
# shape (i, o) and a *bias* of shape (o,). It takes *activations* of shape (m, i), one row a sample, and gives (m, o).
# `weights` and `biases` are lists of arrays, one entry a layer, the first layer first. The data `X` are the first
# activations, the targets `y` have the shape of the last ones, both with $m$ rows. The arrays and lists you are given
# belong to the caller: leave them unchanged.

# %% id="setup"
import numpy as np

from ngo_lesson.questions import check, score

# %% [markdown] id="sigmoid-question" tags=["question"]
# ## 1. The sigmoid
#
# The *sigmoid* bends a number into the interval from 0 to 1. Without such a bend, any number of layers would be one
# matrix product.
#
# $$\sigma(z) = \frac{1}{1 + e^{-z}} = \frac{e^z}{1 + e^z}$$
#
# On paper both forms are equal. On a computer one of them breaks: $e^{1000}$ is too large for a float. Your function
# must be right for every $z$, however large or negative.
#
# Write `sigmoid(z)`, which returns the sigmoid of each entry of the array `z`, in the same shape. Functions of NumPy
# and SciPy are allowed.
#
# *Example.* `z = [0., 1000., -1000.]` gives `[0.5, 1., 0.]`.


# %% id="sigmoid" tags=["answer"]
def sigmoid(z):
    """1 / (1 + exp(-z)) of each entry: z an array of any shape; returns an array of this shape."""
    ### BEGIN SOLUTION
    return (1 + np.tanh(z / 2)) / 2
    ### END SOLUTION


# %% id="sigmoid-check" tags=["check"]
check("06.sigmoid", sigmoid)

# %% [markdown] id="forward-question" tags=["question", "C09"]
# ## 2. Forward
#
# Each layer multiplies its input by the weights, adds the bias, and takes the sigmoid. The output layer does the same.
# With $a_0 = X$, layer $k$ makes $a_{k+1}$ from $a_k$:
#
# $$z_k = a_k W_k + b_k, \qquad a_{k+1} = \sigma(z_k)$$
#
# Write `forward(weights, biases, X)`, which returns the list of all activations $[a_0, a_1, \dots]$: `X` first, the
# output last. With two layers the list has three entries. We keep them all, because the way back needs them. One of the
# source documents goes on with the *sizes* of the layers in their place, and has no biases.
#
# *Example.* One layer: `weights = [[[1.], [1.]]]`, `biases = [[-1.]]`, `X = [[0., 0.], [1., 0.], [1., 1.]]`. Then
# $z$ is -1, 0 and 1, and the result is `X` and `[[0.269], [0.5], [0.731]]`, rounded.


# %% id="forward" tags=["answer"]
def forward(weights, biases, X):
    """All activations, X first: weights a list of (i, o), biases a list of (o,), X (m, i); returns a list of arrays."""
    ### BEGIN SOLUTION
    activations = [X]
    for W, b in zip(weights, biases):
        activations.append(sigmoid(activations[-1] @ W + b))
    return activations
    ### END SOLUTION


# %% id="forward-check" tags=["check"]
check("06.forward", forward)

# %% [markdown] id="backward-question" tags=["question", "A24"]
# ## 3. Backward
#
# How does the loss change when one weight in the first layer changes? *Backpropagation* answers this for all weights at
# once, by the chain rule, from the last layer to the first. The loss is half the squared error, summed over the
# outputs and averaged over the samples, with $n$ layers and so $a_n$ the output:
#
# $$L = \frac{1}{2m} \sum_{\text{samples}} \; \sum_{\text{outputs}} (a_n - y)^2$$
#
# Let $\delta_k$, of shape (m, o), be the derivative of $L$ by the sums $z_k$ of layer $k$. Its parts are multiplied
# entry by entry ($\odot$). At the output, and from layer $k$ down to layer $k - 1$:
#
# $$\delta_{n-1} = \frac{1}{m} (a_n - y) \odot a_n \odot (1 - a_n), \qquad
# \delta_{k-1} = (\delta_k W_k^\top) \odot a_k \odot (1 - a_k)$$
#
# since the slope of the sigmoid is $\sigma'(z) = a (1 - a)$ with $a = \sigma(z)$: no $z$ is needed any more. The
# gradients are
#
# $$\frac{\partial L}{\partial W_k} = a_k^\top \delta_k, \qquad
# \frac{\partial L}{\partial b_k} = \text{the sum of the rows of } \delta_k$$
#
# Write `backward(weights, activations, y)`, which returns two lists, `(dW, db)`: the gradients of all weights and of
# all biases, first layer first, each in the shape of what it belongs to. `activations` is what `forward` returned.
#
# The slope $a (1 - a)$ is at most 1/4, and each layer multiplies by it. That is how gradients vanish in deep networks.
# Adam and RMSprop see only the result; they can make a step longer, but they do not change these products.
#
# *Example.* One sample, one layer, one unit: `weights = [[[0.]]]`, `activations = [[[3.]], [[0.5]]]`, `y = [[1.]]`.
# Then $\delta = -0.5 \cdot 0.5 \cdot 0.5 = -0.125$, the gradient of the weight is $3 \cdot (-0.125) = -0.375$, that of
# the bias -0.125. The result is `([[[-0.375]]], [[-0.125]])`.


# %% id="backward" tags=["answer"]
def backward(weights, activations, y):
    """Gradients by weights and biases: lists of arrays, y (m, outputs); returns (dW, db), lists shaped like these."""
    ### BEGIN SOLUTION
    dW, db = [], []
    error = (activations[-1] - y) / len(y)
    for k in reversed(range(len(weights))):
        a = activations[k + 1]
        delta = error * a * (1 - a)
        dW.insert(0, activations[k].T @ delta)
        db.insert(0, delta.sum(axis=0))
        error = delta @ weights[k].T
    return dW, db
    ### END SOLUTION


# %% id="backward-check" tags=["check"]
check("06.backward", backward)

# %% [markdown] id="check-question" tags=["question", "Q10"]
# ## 4. A gradient from values
#
# A wrong gradient rarely stops a program: it trains, only worse. So compare every gradient that you derive by hand with
# one that needs no derivation. *Central differences* move one entry of $x$ by $h$ to both sides, all others fixed
# ($e_i$ is 1 at entry $i$ and 0 elsewhere):
#
# $$\frac{\partial f}{\partial x_i} \approx \frac{f(x + h\, e_i) - f(x - h\, e_i)}{2h}$$
#
# Write `numerical_gradient(f, x, h)`, which returns these quotients for all entries of `x`, in the shape of `x`. That
# may be a vector, a matrix, or have more dimensions. `f` takes an array of this shape and returns a float. Evaluate it
# twice for each entry. Here is the honest price of a gradient without derivatives: for a network with a million
# weights, two million evaluations.
#
# *Example.* `f(x)` is the sum of the cubes of all entries, `x = [1., -2.]`, `h = 0.5`. For the first entry
# $(1.5^3 - 0.5^3) / 1 = 3.25$, for the second $((-1.5)^3 - (-2.5)^3) / 1 = 12.25$: returned as `[3.25, 12.25]`. The
# true gradient is `[3., 12.]`. A smaller $h$ comes closer to it.


# %% id="check" tags=["answer"]
def numerical_gradient(f, x, h):
    """Central differences: f a function of an array like x, x of any shape, h a float; returns an array like x."""
    ### BEGIN SOLUTION
    gradient = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[index] += h
        down[index] -= h
        gradient[index] = (f(up) - f(down)) / (2 * h)
    return gradient
    ### END SOLUTION


# %% id="check-check" tags=["check"]
check("06.check", numerical_gradient)

# %% [markdown] id="train-question" tags=["question", "C10", "C11", "C18", "Q10", "Q11", "Q12"]
# ## 5. Training
#
# Now put it together. The rules of exercises [04](../exercises/04_momentum.ipynb) and
# [05](../exercises/05_adaptive_steps.ipynb) come as functions of one form, `step(w, g, state, t)`. It gets an array of
# weights or a bias, its gradient, what the rule remembers of this array, and the number of the step. It returns the new
# array and the new state, `(w, state)`. The next cell has four of them.
#
# Write `train(X, y, sizes, step, epochs, rng)`, which returns `(weights, biases)`, two lists.
#
# - `sizes` is the list of the numbers of units, the inputs first: `[2, 8, 1]` makes two layers, with weights of shapes
#   (2, 8) and (8, 1).
# - *Start.* For each layer, from the first to the last, draw `rng.standard_normal((i, o))`, and divide it by
#   $\sqrt{i}$, with `i` the number of its inputs. All biases start at zero. Draw nothing else.
# - *One epoch.* Take the gradients over all samples, by `forward` and `backward`. When all of them are there, call
#   `step` once for every weight array and once for every bias.
# - *State.* Every array has a state of its own. It is `None` at first; later it is what `step` returned for this array
#   the last time.
# - `t` is 1 in the first epoch, 2 in the second, and the same for all arrays. With `epochs = 0` the start is returned.
#
# XOR has four samples: the target is 1 where exactly one of two inputs is 1. No network of one layer can do that. The
# last ten cases of the check train eight hidden units on XOR with RMSprop, from ten seeds. After 50 epochs a right
# answer has all four outputs on the right side of 0.5, from every seed. The other rules need more: 100 epochs of Adam,
# 150 of momentum and 300 of plain descent are enough.
#
# Compare with the sources. Their network for XOR goes uphill, because its error is $y - a$ and it is subtracted; it
# adds the gradients of all epochs up; it divides by the length of the whole gradient and calls that RMSprop. Its mean
# squared error rises to 0.5 and stays there. Their other listings have no state that comes back, or no $t$.
#
# *Example.* With `epochs = 0`, `sizes = [4, 1]` and `rng = np.random.default_rng(0)`, the four numbers of
# `standard_normal((4, 1))` are 0.126, -0.132, 0.640 and 0.105, rounded. They are divided by 2. The result is
# `([[[0.063], [-0.066], [0.320], [0.052]]], [[0.]])`.


# %% id="steps"
def descent(w, g, state, t):
    """Gradient descent. It remembers nothing."""
    return w - 10 * g, state


def momentum(w, g, state, t):
    """Heavy ball. The state is v."""
    v = g if state is None else 0.9 * state + g
    return w - 3 * v, v


def rmsprop(w, g, state, t):
    """RMSprop. The state is s."""
    s = 0.1 * g**2 if state is None else 0.9 * state + 0.1 * g**2
    return w - 0.1 * g / (np.sqrt(s) + 1e-8), s


def adam(w, g, state, t):
    """Adam. The state is the pair (m, v)."""
    m, v = (0, 0) if state is None else state
    m = 0.9 * m + 0.1 * g
    v = 0.999 * v + 0.001 * g**2
    return w - 0.1 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8), (m, v)


X_xor = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
y_xor = np.array([[0.0], [1.0], [1.0], [0.0]])


# %% id="train" tags=["answer"]
def train(X, y, sizes, step, epochs, rng):
    """Train a network: X (m, sizes[0]), y (m, sizes[-1]), step a rule, rng a generator; returns (weights, biases)."""
    ### BEGIN SOLUTION
    weights, biases = [], []
    for i, o in zip(sizes[:-1], sizes[1:]):
        weights.append(rng.standard_normal((i, o)) / np.sqrt(i))
        biases.append(np.zeros(o))
    layers = range(len(weights))
    weight_states, bias_states = [None for _ in layers], [None for _ in layers]
    for t in range(1, epochs + 1):
        dW, db = backward(weights, forward(weights, biases, X), y)
        for k in layers:
            weights[k], weight_states[k] = step(weights[k], dW[k], weight_states[k], t)
            biases[k], bias_states[k] = step(biases[k], db[k], bias_states[k], t)
    return weights, biases
    ### END SOLUTION


# %% id="train-check" tags=["check"]
check("06.train", train)

# %% [markdown] id="orthogonal-question" tags=["question", "A04"]
# ## 6. Orthogonal matrices
#
# In a deep network the signal goes through many matrices, one after the other. If each makes it a little shorter,
# nothing is left at the end; if each makes it a little longer, it overflows. An *orthogonal* matrix, $W^\top W = W
# W^\top = I$, leaves every length as it is. So it is a good start for the weights of deep networks, times a *gain* that
# makes up for what the activation takes away. Where a matrix is not square, only one of the two products can be $I$.
#
# Write `orthogonal(rows, columns, gain, rng)`, which returns a random matrix of shape (rows, columns):
#
# - *tall or square*, rows ≥ columns: its columns are orthonormal times `gain`, so $W^\top W = \mathrm{gain}^2 I$;
# - *wide*, rows < columns: its rows are orthonormal times `gain`, so $W W^\top = \mathrm{gain}^2 I$;
# - *uniform*: among all such matrices, none is preferred. Any entry is as often positive as negative, for example;
# - all random numbers come from `rng`, so the same seed gives the same matrix. How you draw is up to you.
#
# `gain` is a positive number. Functions of NumPy and SciPy are allowed. Mind that a function which returns *some*
# orthogonal matrix may choose its signs by a fixed rule: then the matrix is not uniform. The check draws many small
# matrices to find out.
#
# *Example.* `orthogonal(1, 2, 3.0, rng)` is a row of length 3 in any direction of the plane, `[[1.8, -2.4]]` say, and
# `orthogonal(1, 1, 3.0, rng)` is `[[3.]]` or `[[-3.]]`, each half of the time.


# %% id="orthogonal" tags=["answer"]
def orthogonal(rows, columns, gain, rng):
    """Random matrix with orthonormal rows or columns times gain: two ints, a float, a generator; (rows, columns)."""
    ### BEGIN SOLUTION
    tall = rng.standard_normal((max(rows, columns), min(rows, columns)))
    Q, R = np.linalg.qr(tall)
    Q = gain * Q * np.sign(np.diag(R))
    return Q if rows >= columns else Q.T
    ### END SOLUTION


# %% id="orthogonal-check" tags=["check"]
check("06.orthogonal", orthogonal)

# %% [markdown] id="end"
# ## Your points
#
# The sum of the checks above. Questions that have not passed yet are listed.

# %% id="score"
score("06")
