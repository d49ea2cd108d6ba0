"""Grades a folder of submitted notebooks: restore the answers, run the checks with nbval, write the gradebook."""
