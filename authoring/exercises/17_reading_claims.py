# %% [markdown] id="title"
# # 17 Exercise: reading claims
#
# A quiz, and a project. You will sort claims, answer the interview questions of the documents, choose methods for problems, and find what is unfair in a comparison. Then you take a claim of your own choice and measure it. Lesson [17](../notebooks/17_reading_claims.ipynb), and
# the lessons before it, explain everything that is asked here.

# %% [markdown] id="how"
# ## How it works
#
# - Replace the dots `...` by your answer. Run your cell, then the cell below it.
# - A wrong choice is answered with the reason why it is wrong. You may try as often as you like.
# - Stuck? Open the hints under the question.

# %% id="setup"
from ngo_lesson.questions import check, score

# %% [markdown] id="sort_claims-question" tags=["question", "P12", "P15", "P24", "P27", "P28"]
# ## 1. Right, half right, wrong
#
# Ten claims, most of them from the five documents. Answer with a list of ten words, each `"right"`, `"half"` or `"wrong"`. *Half* means: true under a condition that the claim leaves out.
#
# 1. "Adam works with running averages, so it is free of gradients."
# 2. "Random search, simulated annealing and genetic algorithms need no gradient."
# 3. "Computing a gradient is expensive, so training without gradients is faster."
# 4. "Training without gradients saves memory."
# 5. "Matrix factorization makes a model smaller."
# 6. "A model that was trained without gradients is harder to interpret."
# 7. "The listing optimizes GPT-3 without gradients, as its printed output shows."
# 8. "If nothing leaks from the held-out parts, cross-validation is a fair way to evaluate a model."
# 9. "Momentum reduces oscillation."
# 10. "Workers that send one number and a seed, and no gradient, keep their update private."


# %% id="sort_claims" tags=["answer"]
### BEGIN SOLUTION
sort_claims = [
    "wrong",
    "right",
    "wrong",
    "half",
    "half",
    "wrong",
    "wrong",
    "right",
    "half",
    "wrong",
]
### END SOLUTION

# %% id="sort_claims-check" tags=["check"]
check("17.sort_claims", sort_claims)

# %% [markdown] id="interview_1-question" tags=["question", "Q01", "Q14", "Q19"]
# ## 2. "How would you implement optimization without gradients?"
#
# Answer with one letter.
#
# - a) With momentum, Adagrad, RMSprop or Adam, which work with running statistics.
# - b) With the usual training loop inside of `torch.no_grad()`.
# - c) With a loop that proposes points, asks for their values, and updates its state: random search, annealing, a genetic algorithm, CMA-ES; or with an update rule fed with a gradient estimated from values.
# - d) With a matrix factorization of the weights.


# %% id="interview_1" tags=["answer"]
### BEGIN SOLUTION
interview_1 = "c"
### END SOLUTION

# %% id="interview_1-check" tags=["check"]
check("17.interview_1", interview_1)

# %% [markdown] id="interview_2-question" tags=["question", "Q04", "Q15", "Q24", "Q26"]
# ## 3. "What is the difference to gradient descent?"
#
# - a) What is asked: values only, where gradient descent asks for derivatives. From that follow cost per step, memory, noise and number of steps.
# - b) It uses internal gradients, and gradient descent external ones.
# - c) It uses the prediction error itself as the direction.
# - d) It is random, and gradient descent is not.


# %% id="interview_2" tags=["answer"]
### BEGIN SOLUTION
interview_2 = "a"
### END SOLUTION

# %% id="interview_2-check" tags=["check"]
check("17.interview_2", interview_2)

# %% [markdown] id="interview_3-question" tags=["question", "Q02", "Q18", "P11", "P14"]
# ## 4. "What is its main limit?"
#
# About the two-point estimate of a gradient along a random direction, in $d$ dimensions:
#
# - a) It takes $2d$ evaluations.
# - b) It points the wrong way, whatever the number of directions.
# - c) Its error comes from a step that is too large; a smaller one removes it.
# - d) It is right on average, but its squared error is about $d$ times the squared gradient; so it takes about $d$ times as many steps, or as many as the effective rank where that is lower.


# %% id="interview_3" tags=["answer"]
### BEGIN SOLUTION
interview_3 = "d"
### END SOLUTION

# %% id="interview_3-check" tags=["check"]
check("17.interview_3", interview_3)

# %% [markdown] id="interview_4-question" tags=["question", "Q16", "Q23", "Q27"]
# ## 5. "When would you use it?"
#
# - a) To train an image classifier faster.
# - b) To tune a prompt of a model that answers over the network and tells no derivatives.
# - c) To fit a linear regression with many rows.
# - d) To pre-train a large language model from random weights.


# %% id="interview_4" tags=["answer"]
### BEGIN SOLUTION
interview_4 = "b"
### END SOLUTION

# %% id="interview_4-check" tags=["check"]
check("17.interview_4", interview_4)

# %% [markdown] id="interview_5-question" tags=["question", "Q20"]
# ## 6. "How would you show that one optimizer is better than another?"
#
# - a) By its loss curve in one run.
# - b) By its loss after the same number of steps.
# - c) By the loss after the same number of evaluations, from the same starts, over ten seeds or more, with a band, after equal tuning.
# - d) By the test accuracy of the model that each of them trains, on one split.


# %% id="interview_5" tags=["answer"]
### BEGIN SOLUTION
interview_5 = "c"
### END SOLUTION

# %% id="interview_5-check" tags=["check"]
check("17.interview_5", interview_5)

# %% [markdown] id="decide-question" tags=["question", "A40", "Q17", "Q34"]
# ## 7. Choose a method
#
# Eight problems, eight methods, each fits one problem best: `"least squares"`, `"adam"` (with backpropagation), `"mezo"`, `"cma-es"`, `"annealing"`, `"random search"`, `"integer program"`, `"svd"`. Answer with a list
# of eight of these words, in the order of the problems.
#
# 1. Fine-tune a language model. The model fits into memory, backpropagation does not. There is time.
# 2. Store a full matrix of 2000 x 1000 in a twentieth of its size, with the smallest possible squared error.
# 3. In ten seconds, find a short tour through 400 places.
# 4. Predict house prices from 13 columns, by a linear formula and squared errors.
# 5. Choose a learning rate and two other settings. Thirty trainings can run at the same time, each takes an hour.
# 6. Train an image classifier with a million weights from random ones.
# 7. Fit ten continuous parameters of a simulator that tells no derivatives. Its valley is narrow and curved; 10,000 runs are affordable.
# 8. Fill a knapsack from 500 items under two limits on weight, and prove that no filling is better.


# %% id="decide" tags=["answer"]
### BEGIN SOLUTION
decide = [
    "mezo",
    "svd",
    "annealing",
    "least squares",
    "random search",
    "adam",
    "cma-es",
    "integer program",
]
### END SOLUTION

# %% id="decide-check" tags=["check"]
check("17.decide", decide)

# %% [markdown] id="protocol-question" tags=["question", "A11", "Q20", "R08"]
# ## 8. What is unfair here?
#
# A report compares a new search with Adam. Which of these nine statements make the comparison unfair? Answer with a list of letters.
#
# - a) The settings of the new search were chosen from 50 tries. Adam ran with its defaults.
# - b) Both started from the same 20 points.
# - c) The table shows the best of 20 seeds for the new search, and the median for Adam.
# - d) The horizontal axis counts steps. A step of the new search takes 40 evaluations, one of Adam a gradient.
# - e) All settings were chosen on validation data; the test data were used once, at the end.
# - f) All test functions have their optimum in the middle of the box, to which the new search is drawn.
# - g) Runs in which the new search diverged were left out.
# - h) The plot shows the median and a band from the 10th to the 90th percentile.
# - i) The number of epochs was chosen by the accuracy on the same data that the report then states.


# %% id="protocol" tags=["answer"]
### BEGIN SOLUTION
protocol = ["a", "c", "d", "f", "g", "i"]
### END SOLUTION

# %% id="protocol-check" tags=["check"]
check("17.protocol", protocol)

# %% [markdown] id="capstone" tags=["A39"]
# ## 9. Capstone: measure a claim
#
# Pick one claim: from the documents, a paper, a blog, a colleague. Design a measurement that could show it to be wrong, run it on this computer, and report. Two to four pages in a notebook of its own are enough. Your instructor gives the points by hand, by this rubric.
#
# | | 0 points | 2 points | 4 points |
# |---|---|---|---|
# | **claim** | vague | one sentence that can be tested | and: what result would refute it, written before the measurement |
# | **design** | one run | same start, same number of evaluations, equal tuning | and: 10 seeds or more, the right baseline, a problem that favors nobody |
# | **measurement** | does not run | runs from top to bottom in minutes | and: seeds fixed, all runs reported, failures included |
# | **report** | a curve | median, band, numbers with units | and: by how much, where it does not hold, what was not tested |
# | **judgment** | repeats the claim | right, half right or wrong, with the reason | and: what a reader may now do differently |
#
# Twenty points in all.

# %% [markdown] id="end"
# ## Your points
#
# The sum of the checks above. Questions that have not passed yet are listed.

# %% id="score"
score("17")
