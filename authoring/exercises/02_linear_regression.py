# %% [markdown] id="title"
# # 02 Exercise: linear regression
#
# You will write the loss of linear regression, its gradient, the exact solution, gradient descent, and the largest step that
# gradient descent can take. Each answer is one to five lines of NumPy.
# Lesson [02](../notebooks/02_linear_regression.ipynb) explains everything that is asked here.

# %% [markdown] id="how"
# ## How it works
#
# - Replace the line `raise NotImplementedError(...)` by your code. Keep the line with `def`.
# - Run your cell, then the cell below it. It tries your function on several cases and shows the points.
#   You may try as often as you like.
# - Stuck? Open the hints under the question, one after the other.
# - You may call your earlier functions in later answers.
#
# **Shapes, everywhere.** There are $m$ samples and $d$ features. `X` has shape (m, d), one row a sample. The targets `y` have
# shape (m,). The parameters `theta` have shape (d,). The predictions are `X @ theta`. There is no separate
# constant: where one is wanted, a column of `X` is all ones, as in the lesson. All are arrays of floats.

# %% id="setup"
import numpy as np

from ngo_lesson.questions import check, score

# %% [markdown] id="half_mse-question" tags=["question", "F01", "F18", "F20"]
# ## 1. Half of the mean squared error
#
# How wrong are the predictions? Take the residuals $r_i = x_i^\top \theta - y_i$, square them, average them, and halve:
#
# $$J(\theta) = \frac{1}{2m} \sum_{i=1}^{m} (x_i^\top \theta - y_i)^2$$
#
# The mean squared error (MSE) is $\frac{1}{m} \sum r_i^2$; $J$ is half of it. The half makes the formula of the
# gradient shorter. The mean, not the sum, makes the loss independent of the number of samples.
#
# Write `half_mse(theta, X, y)`, which returns $J(\theta)$ as one float.
#
# *Example.* `theta = [1.]`, `X = [[1.], [2.]]`, `y = [1., 4.]`. The predictions are 1 and 2, the residuals 0 and -2, and
# $J = (0 + 4) / (2 \cdot 2) = 1$.


# %% id="half_mse" tags=["answer"]
def half_mse(theta, X, y):
    """Half of the mean squared error of the predictions X @ theta: theta (d,), X (m, d), y (m,); returns a float."""
    ### BEGIN SOLUTION
    residuals = X @ theta - y
    return residuals @ residuals / (2 * len(y))
    ### END SOLUTION


# %% id="half_mse-check" tags=["check"]
check("02.half_mse", half_mse)

# %% [markdown] id="gradient-question" tags=["question", "F02", "C03"]
# ## 2. Its gradient
#
# The gradient collects the derivatives of $J$ by each parameter:
#
# $$\frac{\partial J}{\partial \theta_j} = \frac{1}{m} \sum_{i=1}^{m} (x_i^\top \theta - y_i)\, x_{ij}$$
#
# Write `half_mse_gradient(theta, X, y)`, which returns all $d$ of them as an array of shape (d,).
#
# With a single sample, $m = 1$, this is residual times sample. Code that moves `theta` along it uses the gradient, even if
# the word never appears in the code. So such code is not gradient-free.
#
# *Example.* `theta = [1.]`, `X = [[1.], [2.]]`, `y = [1., 4.]`. The residuals are 0 and -2, and the gradient is
# $(0 \cdot 1 + (-2) \cdot 2) / 2 = -2$, returned as `[-2.]`.


# %% id="gradient" tags=["answer"]
def half_mse_gradient(theta, X, y):
    """Gradient of half_mse at theta: theta (d,), X (m, d), y (m,); returns an array (d,)."""
    ### BEGIN SOLUTION
    return X.T @ (X @ theta - y) / len(y)
    ### END SOLUTION


# %% id="gradient-check" tags=["check"]
check("02.gradient", half_mse_gradient)

# %% [markdown] id="normal-question" tags=["question", "C02"]
# ## 3. The exact solution
#
# At the minimum the gradient is zero. That gives the *normal equation*
#
# $$X^\top X\, \theta = X^\top y$$
#
# It has one solution if no column of `X` is a sum of multiples of the other columns. If one is (a feature repeats another, a
# column is all zeros, or there are fewer samples than features), there are many solutions with the same loss.
# Then the *shortest* is asked: the one with the smallest $\lVert \theta \rVert$.
#
# Write `normal_equation(X, y)`, which returns this `theta` of shape (d,). Functions of NumPy and SciPy are allowed.
#
# *Example.* `X = [[1., 1.]]`, `y = [4.]`. Every `theta` whose entries sum to 4 has no error. The shortest is `[2., 2.]`.


# %% id="normal" tags=["answer"]
def normal_equation(X, y):
    """Least-squares parameters, the shortest if there are many: X (m, d), y (m,); returns an array (d,)."""
    ### BEGIN SOLUTION
    theta, *_ = np.linalg.lstsq(X, y, rcond=None)
    return theta
    ### END SOLUTION


# %% id="normal-check" tags=["check"]
check("02.normal", normal_equation)

# %% [markdown] id="descent-question" tags=["question", "C21", "F22"]
# ## 4. Gradient descent
#
# Start at a given `theta`. In each step go downhill, against the gradient of the half-MSE, `lr` times its length
# (`lr` is the learning rate, the same in all steps):
#
# $$\theta \leftarrow \theta - \mathrm{lr} \cdot \nabla J(\theta)$$
#
# Write `gradient_descent(X, y, theta, lr, steps)`, which returns `theta` after `steps` steps, an array of shape (d,).
# `steps` is a whole number, 0 or more. The start belongs to the caller: its array must be unchanged afterwards.
#
# *Example.* `X = [[1.], [2.]]`, `y = [1., 4.]`, `theta = [1.]`, `lr = 0.1`, `steps = 1`. The gradient is `[-2.]`, and
# $1 - 0.1 \cdot (-2) = 1.2$, returned as `[1.2]`.


# %% id="descent" tags=["answer"]
def gradient_descent(X, y, theta, lr, steps):
    """Gradient descent on half_mse: X (m, d), y (m,), theta (d,), lr a float, steps an int; returns an array (d,)."""
    ### BEGIN SOLUTION
    for _ in range(steps):
        theta = theta - lr * half_mse_gradient(theta, X, y)
    return theta
    ### END SOLUTION


# %% id="descent-check" tags=["check"]
check("02.descent", gradient_descent)

# %% [markdown] id="stable_rate-question" tags=["question", "F22"]
# ## 5. The largest stable learning rate
#
# Take a small rate, and gradient descent is slow. Take a large one, and every step jumps farther over the minimum than the
# one before: the loss grows without end. Between them there is an exact limit. It depends on `X` alone, through the curvature
# $H = X^\top X / m$ of the half-MSE.
#
# Write `max_stable_rate(X)`, which returns this limit as one float: below it, gradient descent on the half-MSE converges from
# every start; above it, it diverges from almost every start. Assume that no column of `X` is a sum of multiples of the others.
#
# *Example.* `X = [[1.], [2.]]`. Here $H = (1 + 4) / 2 = 2.5$, and a step multiplies the distance to the minimum by
# $1 - 2.5 \, \mathrm{lr}$. The limit is 0.8: there the factor is -1, and the steps jump to and fro for ever.


# %% id="stable_rate" tags=["answer"]
def max_stable_rate(X):
    """Limit of the learning rate of gradient descent on half_mse: X (m, d); returns a float."""
    ### BEGIN SOLUTION
    curvatures = np.linalg.eigvalsh(X.T @ X / len(X))
    return 2 / curvatures[-1]
    ### END SOLUTION


# %% id="stable_rate-check" tags=["check"]
check("02.stable_rate", max_stable_rate)

# %% [markdown] id="end"
# ## Your points
#
# The sum of the checks above. Questions that have not passed yet are listed.

# %% id="score"
score("02")
