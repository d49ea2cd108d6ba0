"""Every figure the README states, measured side by side with peers: `python -m benchmarks`.

A group is a module of this folder with a function of the same name that yields rows (`timing.row`).
"""
