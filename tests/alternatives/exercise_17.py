"""Other right answers to exercise 17: tuples, capital letters, letters in another order."""

ALTERNATIVES = {
    "17.sort_claims": [
        ("Wrong", "Right", "Wrong", "Half", "Half", "Wrong", "Wrong", "Right", "Half", "Wrong"),
    ],
    **{
        f"17.interview_{number}": [letter, f" {letter.lower()}"]
        for number, letter in enumerate(("C", "A", "D", "B", "C"), 1)
    },
    "17.decide": [
        ("MeZO", "SVD", "annealing", "least squares", "random search", "Adam", "CMA-ES", "integer program"),
    ],
    "17.protocol": [("I", "G", "F", "D", "C", "A"), "acdfgi"],
}
