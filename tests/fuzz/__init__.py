"""Hostile input for every parser and dialogue: ``python -m tests.fuzz`` for as long as wanted, a little in each run."""
