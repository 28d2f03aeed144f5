"""A module of the project, imported from the tree."""

from . import words


def greet(whom):
    return f"{words.HELLO}, {whom}"
