# %% [markdown] id="title"
# # 12 Exercise: matrix factorization
#
# You will cut an SVD, choose its rank, find the largest singular value without it, take one step of NMF, and fit ratings in two
# ways. Each answer is one to six lines of NumPy. Lesson [12](../notebooks/12_matrix_factorization.ipynb) explains everything that is asked here.

# %% [markdown] id="how"
# ## How it works
#
# - Replace the line `raise NotImplementedError(...)` by your code. Keep the line with `def`.
# - Run your cell, then the cell below it. It tries your function on several cases and shows the points.
#   You may try as often as you like.
# - Stuck? Open the hints under the question, one after the other.
#
# **Shapes, everywhere.** A matrix `A` or `X` has shape (m, n). Singular values are sorted, the largest first. All are arrays of
# floats. The arrays you are given belong to the caller: leave them unchanged.

# %% id="setup"
import numpy as np

from ngo_lesson.questions import check, score

# %% [markdown] id="svd-question" tags=["question", "C05", "C13", "F15", "F17"]
# ## 1. Three factors, cut to rank k
#
# The singular value decomposition writes any matrix as $A = U \Sigma V^\top$. Keep the $k$ largest singular values, and
# the product of what is left is the best approximation of rank $k$ (Eckart and Young 1936).
#
# Write `matrix_decomposition(A, k)`, which returns the three factors `(U_k, s_k, Vt_k)` of shapes (m, k), (k,) and (k, n).
# Functions of NumPy are allowed. The sources have a task of this name with an empty body, and a listing that multiplies the
# factors and returns the product as one of them: a product is no decomposition.
#
# *Example.* `A = [[3., 0.], [0., 1.]]`, `k = 1` gives `([[1.], [0.]], [3.], [[1., 0.]])`. A column of U and the row of Vt that
# belongs to it may both have the other sign.


# %% id="svd" tags=["answer"]
def matrix_decomposition(A, k):
    """The k largest singular values with their vectors: A (m, n); returns (U (m, k), s (k,), Vt (k, n))."""
    ### BEGIN SOLUTION
    U, s, Vt = np.linalg.svd(A, full_matrices=False)
    return U[:, :k], s[:k], Vt[:k]
    ### END SOLUTION


# %% id="svd-check" tags=["check"]
check("12.svd", matrix_decomposition)

# %% [markdown] id="rank-question" tags=["question", "F15"]
# ## 2. How large must k be?
#
# The *energy* of a matrix is the sum of its squared entries, which is the sum of its squared singular values.
#
# Write `rank_for_energy(s, share)`: the smallest $k \ge 1$ for which the first $k$ singular values hold at least this
# share of the energy. `s` is sorted downward, `share` is between 0 and 1.
#
# *Example.* `s = [4., 2., 1.]` has the energy 16 + 4 + 1 = 21. With `share = 0.9`, one value (16 / 21 = 0.76) is not
# enough, two (20 / 21 = 0.95) are: the result is 2.


# %% id="rank" tags=["answer"]
def rank_for_energy(s, share):
    """Smallest k >= 1 that keeps this share of the squared singular values: s (r,); returns an int."""
    ### BEGIN SOLUTION
    energy = np.cumsum(s**2)
    return int(np.sum(energy < share * energy[-1])) + 1
    ### END SOLUTION


# %% id="rank-check" tags=["check"]
check("12.rank", rank_for_energy)

# %% [markdown] id="power-question" tags=["question"]
# ## 3. The largest singular value, by multiplying
#
# Multiply almost any vector by $A^\top A$, again and again: its component along the first right singular vector grows fastest.
# So the direction settles there. Normalize in each step, or the numbers overflow:
#
# $$v \leftarrow \frac{A^\top (A v)}{\lVert A^\top (A v) \rVert}, \qquad \text{at the end} \quad \sigma = \lVert A v \rVert,
# \quad u = \frac{A v}{\sigma}.$$
#
# $\sigma$ is the $s_1$ of the lesson. Write `power_iteration(A, v, steps)`, which returns `(sigma, u, v)` after `steps` steps (1 or more): a float and two vectors of
# length 1, of shapes (m,) and (n,). The common sign of `u` and `v` is free.
#
# *Example.* `A = [[3., 0.], [0., 1.]]`, `v = [1., 1.]` and many steps: close to `(3., [1., 0.], [1., 0.])`.


# %% id="power" tags=["answer"]
def power_iteration(A, v, steps):
    """Largest singular value and its vectors, from a start v (n,): A (m, n); returns (sigma, u (m,), v (n,))."""
    ### BEGIN SOLUTION
    for _ in range(steps):
        v = A.T @ (A @ v)
        v = v / np.linalg.norm(v)
    u = A @ v
    sigma = np.linalg.norm(u)
    return sigma, u / sigma, v
    ### END SOLUTION


# %% id="power-check" tags=["check"]
check("12.power", power_iteration)

# %% [markdown] id="nmf-question" tags=["question", "Q06"]
# ## 4. Parts that only add up
#
# *Nonnegative matrix factorization* looks for $X \approx W H$ with no negative entry anywhere: $W$ has shape (m, k), $H$ (k, n).
# Lee and Seung's rule multiplies each entry by a fraction, so nothing can become negative, and the squared error never rises:
#
# $$W \leftarrow W \odot \frac{X H^\top}{W H H^\top}, \qquad \text{then} \qquad H \leftarrow H \odot \frac{W^\top X}{W^\top W H}$$
#
# $\odot$ and the fraction work entry by entry. The second formula uses the new $W$. Where a part is not used, the fraction is 0 / 0, and
# the entry stays 0.
#
# Write `nmf_step(X, W, H)`, which returns the new `(W, H)`.
#
# *Example.* `X = [[6.]]`, `W = [[1.]]`, `H = [[2.]]`: the new W is $1 \cdot 12 / 4 = 3$, then H is $2 \cdot 18 / 18 = 2$.


# %% id="nmf" tags=["answer"]
def nmf_step(X, W, H):
    """One multiplicative update of W (m, k), then of H (k, n), for the squared error to X (m, n); returns (W, H)."""
    ### BEGIN SOLUTION
    W = W * (X @ H.T) / np.maximum(W @ H @ H.T, 1e-300)
    H = H * (W.T @ X) / np.maximum(W.T @ W @ H, 1e-300)
    return W, H
    ### END SOLUTION


# %% id="nmf-check" tags=["check"]
check("12.nmf", nmf_step)

# %% [markdown] id="als-question" tags=["question", "P04"]
# ## 5. Ratings with gaps
#
# A table of ratings is nearly empty: a missing rating is not a rating of 0. With the factors `Q` of all items fixed, the best
# factors $p$ of one user solve a small ridge regression over the items that this user **rated**:
#
# $$\min_p \sum_{i \text{ observed}} (r_i - q_i^\top p)^2 + \lambda \lVert p \rVert^2$$
#
# Write `als_user(Q, ratings, observed, lam)`, which returns `p` of shape (k,). `Q` has shape (items, k), `ratings` and
# `observed` (items,); `observed` holds True where there is a rating. What stands in `ratings` elsewhere means nothing. `lam` is $\lambda$, not
# multiplied by anything.
#
# *Example.* `Q = [[2.], [1.]]`, `ratings = [4., 0.]`, `observed = [True, False]`, `lam = 1.`: the minimum of
# $(4 - 2p)^2 + p^2$ is at $p = 8 / 5$, so `[1.6]`.


# %% id="als" tags=["answer"]
def als_user(Q, ratings, observed, lam):
    """Factors of one user by ridge regression over the rated items: Q (items, k); returns an array (k,)."""
    ### BEGIN SOLUTION
    seen = Q[observed]
    k = Q.shape[1]
    return np.linalg.solve(seen.T @ seen + lam * np.eye(k), seen.T @ ratings[observed])
    ### END SOLUTION


# %% id="als-check" tags=["check"]
check("12.als", als_user)

# %% [markdown] id="sgd-question" tags=["question", "P10"]
# ## 6. One rating at a time
#
# The other way looks at one rating after the other. With the error $e = r - p^\top q$,
#
# $$p \leftarrow p + \mathrm{lr}\,(e\, q - \lambda\, p), \qquad q \leftarrow q + \mathrm{lr}\,(e\, p - \lambda\, q).$$
#
# Both right-hand sides use the **old** $p$ and $q$. This is a step of stochastic gradient descent: a factorization is a model, and this
# way of fitting it uses gradients.
#
# Write `rating_step(p, q, r, lr, lam)`, which returns the new `(p, q)`, both of shape (k,).
#
# *Example.* `p = [1.]`, `q = [2.]`, `r = 3.`, `lr = 0.1`, `lam = 0.5`: the error is 1, and the result is `([1.15], [2.])`.


# %% id="sgd" tags=["answer"]
def rating_step(p, q, r, lr, lam):
    """One step on one rating r of a user's factors p (k,) and an item's q (k,); returns the new (p, q)."""
    ### BEGIN SOLUTION
    e = r - p @ q
    return p + lr * (e * q - lam * p), q + lr * (e * p - lam * q)
    ### END SOLUTION


# %% id="sgd-check" tags=["check"]
check("12.sgd", rating_step)

# %% [markdown] id="saves-question" tags=["question", "A19"]
# ## 7. Does it save memory?
#
# "A low-rank factorization saves memory" is half of the truth. Two factors of shapes (m, k) and (k, n), with the
# singular values folded into one of them, replace one matrix of shape (m, n).
#
# Write `saves_memory(m, n, k)`: True if the two factors together hold **fewer** numbers than the matrix, else False. All
# arguments are whole numbers.
#
# *Example.* A matrix of 6 by 3 holds 18 numbers, and factors of rank 2 hold $2 \cdot (6 + 3) = 18$: nothing is saved, False.


# %% id="saves" tags=["answer"]
def saves_memory(m, n, k):
    """Whether two factors of rank k hold fewer numbers than a matrix (m, n); returns True or False."""
    ### BEGIN SOLUTION
    return k * (m + n) < m * n
    ### END SOLUTION


# %% id="saves-check" tags=["check"]
check("12.saves", saves_memory)

# %% [markdown] id="end"
# ## Your points
#
# The sum of the checks above. Questions that have not passed yet are listed.

# %% id="score"
score("12")
