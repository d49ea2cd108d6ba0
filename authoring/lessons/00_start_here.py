# %% [markdown] id="title"
# # 00 Start here
#
# **Promise.** In a quarter of an hour you know that everything works on your machine, how lessons and exercises
# work, and where this course takes you.
#
# **You will be able to** run a notebook from top to bottom · read a check and use its message · start an exercise without ever
# losing your work · choose where to go next.
#
# **Time** 15 minutes. **Needs** Python basics: functions, loops, NumPy arrays.

# %% [markdown] id="check-text"
# ## 1 Is everything installed?
#
# A notebook is a row of **cells**. Click on the gray cell below and press **Shift+Enter**: the cell runs, its output appears under it, and
# the next cell is selected. Do this now. Lines that start with `ok` are fine; every other line says what to do.

# %% id="check" tags=["machine"]
try:
    from ngo_lesson.installation import check_installation
except ModuleNotFoundError as error:
    print(f"Not found in this kernel: {error.name}")
    print("In a terminal, in the folder of the course:  pip install -r requirements.txt")
    print("Then choose in the menu: Kernel > Restart Kernel, and run this cell again.")
else:
    check_installation()

# %% [markdown] id="question"
# ## 2 What the course is about
#
# To **optimize** is to find the input that makes a function small: the error of a model, the length of a tour, the cost of a
# schedule. The function is called the **objective**. Every method asks the objective questions and moves according to the answers. So there are two
# things to say of a method:
#
# - **what it may ask**: only values ("how good is this point?"), only comparisons ("which of the two is better?"), or also
#   gradients ("which way is uphill?");
# - **how it moves**: the rule that turns the answers into the next point.
#
# A method that never asks for a gradient is **gradient-free** (also **zeroth-order** or *derivative-free*). Here is a small objective and
# the smallest gradient-free method: try random points, keep the best.

# %% id="first-search"
import numpy as np


def objective(x):
    return np.sum((x - 0.7) ** 2)


rng = np.random.default_rng(0)
best, value = None, np.inf
for _ in range(1000):
    x = rng.uniform(-1, 1, size=2)
    if objective(x) < value:
        best, value = x, objective(x)
print("best of 1000 random points:", best.round(2), "- the true answer is [0.7 0.7]")

# %% [markdown] id="dimension-text"
# Each value that a method asks for is one **evaluation**, and the number of evaluations that it may spend is its **budget**. With a
# budget of 1,000 this works in two dimensions. Now the same budget in twenty:

# %% id="dimension"
distance = []
for seed in range(10):
    points = np.random.default_rng(seed).uniform(-1, 1, size=(1000, 20))
    distance.append(min(np.linalg.norm(point - 0.7) for point in points))
print(
    f"20 dimensions, 10 seeds: the best point is still {min(distance):.1f} to {max(distance):.1f} away from the answer"
)

# %% [markdown] id="honest-text"
# That is the honest tension of this course. Methods without gradients can work where nothing else does: on programs, tours,
# games, models behind an interface. They pay for it in evaluations, and the price usually grows with the dimension. The course was
# commissioned from five documents. Four of them claim that such methods train large language models better or more cheaply than gradients do. Most of the listings do not
# run, and none of those that train a model is gradient-free. You will repair what they meant, measure it, and know which claims hold.

# %% [markdown] id="how-lessons"
# ## 3 How a lesson works
#
# - Run the cells in order. If something looks odd: **Kernel > Restart Kernel and Run All Cells**.
# - Every statement is followed by the cell that shows it. Change numbers and run again: you cannot break anything. To get
#   a changed notebook back, choose **File > Revert Notebook to Checkpoint**: that is how it was when you last saved it yourself, or
#   first opened it. In a terminal, `git checkout notebooks` brings all of them back as they came.
# - Each figure also prints its finding as a line of numbers. That line is what automatic tests compare.
# - Sliders belong to Python. They answer only after their cell has been run in your session.
# - Everything works offline: the data come from packages that `pip` installed.
# - Random numbers come from `numpy.random.default_rng(seed)`, so your numbers are ours.

# %% id="same-seed"
first, second = (np.random.default_rng(2024).integers(1, 7, size=5) for _ in range(2))
print("the same seed gives the same five dice:", bool(np.all(first == second)))

# %% [markdown] id="how-exercises"
# ## 4 How an exercise works
#
# An exercise notebook has questions. You fill in the function in the *answer cell*; the *check cell* below it tries your function on
# several cases and gives points at once. Let us try one here. A model with parameters `theta` predicts `X @ theta` for the targets `y`.
# The question asks for *half* of the mean of the squared differences (lesson [02](02_linear_regression.ipynb) says why half), and this
# answer has a mistake on purpose:


# %% id="wrong-answer"
from ngo_lesson.questions import check


def half_mse(theta, X, y):
    return np.mean((X @ theta - y) ** 2)


check("02.half_mse", half_mse)

# %% [markdown] id="wrong-answer-after"
# Read the message: it says on which case your answer differs and, when it recognizes the mistake, what was done wrong. Nothing else
# stops; you can go on with the next question and come back. Now correct it:


# %% id="right-answer"
def half_mse(theta, X, y):
    return np.mean((X @ theta - y) ** 2) / 2


check("02.half_mse", half_mse)

# %% [markdown] id="start-exercise-text"
# Work on **your own copy**. The next cell copies exercise 02 into the folder `my_work`, which belongs to you: updates of the course
# never touch it, and running the cell again never replaces what you have written.

# %% id="start-exercise" tags=["machine"]
from ngo_lesson.my_work import start_exercise

mine = start_exercise("02")

# %% [markdown] id="stuck-text"
# When you are stuck: open the hints under the question one at a time, read the message of the check again, look into the lesson of
# the same number, and last of all into [solutions](../solutions). A function that never ends is stopped by the check; you can
# also press the stop button (■) in the toolbar. The last cell of each exercise adds up your points.

# %% [markdown] id="map"
# ## 5 The map
#
# | lesson | minutes | needs | exercise |
# |---|---|---|---|
# | [01 What "gradient-free" means](01_what_gradient_free_means.ipynb) | 50 | 00 | |
# | [02 Linear regression](02_linear_regression.ipynb) | 60 | 00 | [02](../exercises/02_linear_regression.ipynb) |
# | [03 Stochastic gradients](03_stochastic_gradients.ipynb) | 45 | 02 | [03](../exercises/03_stochastic_gradients.ipynb) |
# | [04 Momentum](04_momentum.ipynb) | 90 | 02, 03 | [04](../exercises/04_momentum.ipynb) |
# | [05 Adaptive steps](05_adaptive_steps.ipynb) | 100 | 03, 04 | [05](../exercises/05_adaptive_steps.ipynb) |
# | [06 Neural networks](06_neural_networks.ipynb) | 50 | 02, 04, 05 | [06](../exercises/06_neural_networks.ipynb) |
# | [07 Random search](07_random_search.ipynb) | 95 | 01, 03, 06 | [07](../exercises/07_random_search.ipynb) |
# | [08 Simulated annealing](08_simulated_annealing.ipynb) | 80 | 07 | [08](../exercises/08_simulated_annealing.ipynb) |
# | [09 Genetic algorithms](09_genetic_algorithms.ipynb) | 85 | 07, 08 | [09](../exercises/09_genetic_algorithms.ipynb) |
# | [10 Gradients from values](10_gradients_from_values.ipynb) | 90 | 05, 06 | [10](../exercises/10_gradients_from_values.ipynb) |
# | [11 Evolution strategies](11_evolution_strategies.ipynb) | 100 | 07, 10 | [11](../exercises/11_evolution_strategies.ipynb) |
# | [12 Matrix factorization](12_matrix_factorization.ipynb) | 110 | 02, 03, 07 | [12](../exercises/12_matrix_factorization.ipynb) |
# | [13 Text with matrices](13_text_with_matrices.ipynb) | 90 | 03, 12 | [13](../exercises/13_text_with_matrices.ipynb) |
# | [14 Smaller and sturdier models](14_smaller_and_sturdier_models.ipynb) | 90 | 02, 06, 12 | [14](../exercises/14_smaller_and_sturdier_models.ipynb) |
# | [15 Language models](15_language_models.ipynb) | 85 | 06, 10, 11 | [15](../exercises/15_language_models.ipynb) |
# | [16 The state of the art](16_the_state_of_the_art.ipynb) | 70 | 10, 11, 15 | [16](../exercises/16_the_state_of_the_art.ipynb) |
# | [17 Reading claims](17_reading_claims.ipynb) | 100 | 01, 07, 10, 11 | [17](../exercises/17_reading_claims.ipynb) |
#
# Lessons 01 to 06 settle what a gradient is worth, lessons 07 to 11 do without it. Lessons 12 to 14 are about models that linear algebra builds and
# makes smaller. Lesson 15 is about language models, lesson 16 about recent papers, and lesson 17 about which claims to believe.

# %% [markdown] id="summary"
# ## Summary
#
# 1. Shift+Enter runs a cell; restart and run all when in doubt.
# 2. An objective is what is minimized; a method is what it may ask, times how it moves.
# 3. Gradient-free methods ask only for values or comparisons, and pay for it in evaluations.
# 4. A check gives points at once and names known mistakes; your work lives in `my_work`.
# 5. Same seed, same numbers: every claim can be checked in the cell below it.
#
# **Next:** [01 What "gradient-free" means](01_what_gradient_free_means.ipynb).
