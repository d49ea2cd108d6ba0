# %% [markdown] id="title"
# # 14 Exercise: smaller and sturdier models
#
# You will make weights smaller in two ways, by pruning and by quantization, and models sturdier in three, by a penalty, by stopping in time, and
# by moving pictures. Each answer is two to eight lines of NumPy. Lesson
# [14](../notebooks/14_smaller_and_sturdier_models.ipynb) explains everything that is asked here.

# %% [markdown] id="how"
# ## How it works
#
# - Replace the line `raise NotImplementedError(...)` by your code. Keep the line with `def`.
# - Run your cell, then the cell below it. It tries your function on several cases and shows the points.
#   You may try as often as you like.
# - Stuck? Open the hints under the question, one after the other.
#
# **Shapes, everywhere.** Weights `w` may have any shape, and the result has the same. Data `X` have shape (m, d), targets `y` have shape
# (m,), an image has rows and columns. All are arrays of floats. They belong to the caller: leave them unchanged.

# %% id="setup"
import numpy as np

from ngo_lesson.questions import check, score

# %% [markdown] id="prune-question" tags=["question", "A10"]
# ## 1. Remove the smallest weights
#
# *Magnitude pruning* sets the weights to zero that are closest to zero. It changes the model after it was trained; it does not look
# for better weights.
#
# Write `prune(w, share)`, which returns a copy of `w` in which the `int(share * w.size)` smallest magnitudes are zero. All weights of
# the array are compared with each other, whatever its shape. No two have the same magnitude.
#
# *Example.* `w = [[3., -1.], [2., -4.]]`, `share = 0.5`: the two smallest magnitudes are 1 and 2. The result is `[[3., 0.], [0., -4.]]`.


# %% id="prune" tags=["answer"]
def prune(w, share):
    """A copy with the int(share * size) smallest magnitudes set to zero: w of any shape; returns the same shape."""
    ### BEGIN SOLUTION
    new = w.flatten()
    smallest = np.argsort(np.abs(new))[: int(share * new.size)]
    new[smallest] = 0
    return new.reshape(w.shape)
    ### END SOLUTION


# %% id="prune-check" tags=["check"]
check("14.prune", prune)

# %% [markdown] id="quantize-question" tags=["question", "A10"]
# ## 2. Weights as small integers
#
# *Quantization* stores each weight as a whole number $q$ of equal steps, $w \approx s\,q$. With 8 bits there are 256 whole numbers. The *symmetric*
# form uses those from $-127$ to $127$, so that zero stays exactly zero. In general,
#
# $$\text{top} = 2^{\text{bits} - 1} - 1, \qquad s = \frac{\max |w|}{\text{top}}, \qquad q = \operatorname{round}(w / s) .$$
#
# Write `quantize(w, bits)`, which returns `(integers, scale)`: an array like `w` of whole numbers, rounded to the nearest, and the float
# $s$. If all weights are zero, the scale is 1.0. `bits` is 2 or more. Then write `dequantize(q, scale)`, which returns the floats $s\,q$.
#
# *Example.* `quantize([-1.27, 0.5], 8)`: the scale is 1.27 / 127 = 0.01, the integers are `[-127, 50]`. With 3 bits top is 3, the scale 0.423, and
# the integers are `[-3, 1]`.


# %% id="quantize" tags=["answer"]
def quantize(w, bits):
    """Symmetric integers and their scale: w of any shape; returns (integers of the same shape, float)."""
    ### BEGIN SOLUTION
    top = 2 ** (bits - 1) - 1
    largest = np.abs(w).max()
    scale = largest / top if largest > 0 else 1.0
    return np.round(w / scale).astype(int), scale
    ### END SOLUTION


def dequantize(q, scale):
    """The weights that these integers stand for: q of any shape; returns floats of the same shape."""
    ### BEGIN SOLUTION
    return q * scale
    ### END SOLUTION


# %% id="quantize-check" tags=["check"]
check("14.quantize", quantize, dequantize)

# %% [markdown] id="ridge-question" tags=["question", "A10", "Q33"]
# ## 3. A penalty on large weights
#
# *Ridge regression* adds a penalty to the sum of squares. It changes the objective, and so its minimum:
#
# $$\min_{w, b} \; \sum_{i=1}^{m} (x_i^\top w + b - y_i)^2 + \lambda \lVert w \rVert^2 .$$
#
# The intercept $b$ is not penalized: shifting all targets by 100 should shift all predictions by 100. So center `X` and `y` first. For centered data
# the best intercept is 0, and the gradient vanishes where $(X^\top X + \lambda I)\, w = X^\top y$.
#
# Write `ridge(X, y, lam)`, which returns `(w, b)`: an array of shape (d,) and a float, for the data as they came. `X` has no column of ones.
#
# *Example.* `X = [[1.], [2.], [3.]]`, `y = [3., 5., 7.]`, `lam = 2.` Centered, $X^\top X = 2$ and $X^\top y = 4$, so $w = 4 / (2 + 2) = 1$, and $b = 5 - 1 \cdot 2 =
# 3$: the result is `([1.], 3.)`. Without the penalty it would be `([2.], 1.)`.


# %% id="ridge" tags=["answer"]
def ridge(X, y, lam):
    """Weights and intercept of ridge regression: X (m, d), y (m,), lam >= 0; returns (array (d,), float)."""
    ### BEGIN SOLUTION
    x_mean, y_mean = X.mean(axis=0), y.mean()
    centered = X - x_mean
    matrix = centered.T @ centered + lam * np.eye(X.shape[1])
    w = np.linalg.solve(matrix, centered.T @ (y - y_mean))
    return w, y_mean - x_mean @ w
    ### END SOLUTION


# %% id="ridge-check" tags=["check"]
check("14.ridge", ridge)

# %% [markdown] id="stop-question" tags=["question", "Q21"]
# ## 4. Stop in time
#
# The error on the training data falls and falls. The error on *validation* data falls, and then often rises again: from there on the model learns the
# training data by heart. *Early stopping* ends the training when the validation loss has not reached a new lowest value for `patience` epochs, and goes back to the
# best epoch.
#
# Write `early_stop(losses, patience)`, which returns the number of that best epoch. `losses` holds the validation loss of each epoch. Epochs
# count from 0. No two losses are equal. What comes after the stop was never computed, so it must not be used. If training never stops, the best
# epoch of all is returned. `patience` is 1 or more.
#
# *Example.* `losses = [5., 3., 4., 4.5, 1.]`, `patience = 2`. Epoch 1 is the best so far. Epochs 2 and 3 bring no new best value, so training stops at
# epoch 3, and the 1.0 is never seen: the result is 1. With `patience = 3` training goes on, and the result is 4.


# %% id="stop" tags=["answer"]
def early_stop(losses, patience):
    """0-based epoch of the lowest loss before training stops: losses (epochs,); returns an int."""
    ### BEGIN SOLUTION
    best = 0
    for epoch in range(len(losses)):
        if losses[epoch] < losses[best]:
            best = epoch
        elif epoch - best >= patience:
            break
    return best
    ### END SOLUTION


# %% id="stop-check" tags=["check"]
check("14.stop", early_stop)

# %% [markdown] id="augment-question" tags=["question", "A10", "P16"]
# ## 5. More data from the same pictures
#
# A digit moved by one pixel is still the same digit. *Augmentation* adds such copies to the training data, so that the model learns what does not
# matter. It changes the data, and no optimizer.
#
# Write `shift(image, dy, dx)`, which returns a new image of the same shape: all moved down by `dy` rows and right by `dx` columns. Row 0 is on top. Negative
# numbers move up and left. Zeros come in; what moves out is lost. The shifts are whole numbers and may be larger than the image.
#
# *Example.* `image = [[1., 2.], [3., 4.]]`: `shift(image, 1, 0)` is `[[0., 0.], [1., 2.]]`, and `shift(image, 0, -1)` is `[[2., 0.], [4., 0.]]`.


# %% id="augment" tags=["answer"]
def shift(image, dy, dx):
    """The image moved down by dy and right by dx, zeros come in: image (rows, columns); returns the same shape."""
    ### BEGIN SOLUTION
    rows, columns = image.shape
    new = np.zeros_like(image)
    for i in range(rows):
        for j in range(columns):
            if 0 <= i - dy < rows and 0 <= j - dx < columns:
                new[i, j] = image[i - dy, j - dx]
    return new
    ### END SOLUTION


# %% id="augment-check" tags=["check"]
check("14.augment", shift)

# %% [markdown] id="end"
# ## Your points
#
# The sum of the checks above. Questions that have not passed yet are listed.

# %% id="score"
score("14")
