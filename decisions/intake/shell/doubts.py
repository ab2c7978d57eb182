"""Why it can't be said for certain what a command line does. Fixed sentences: none repeats what was written."""

from __future__ import annotations

from enum import StrEnum


class Doubt(StrEnum):
    """One reason. What is read beside it still counts."""

    UNCLOSED = "a quotation or bracket is not closed"
    UNSEEN = "there are characters that can't be seen"
    TOO_LONG = "it is too long, or nested too deep"
    EXPANSION = "a value is computed while the line is read"
    COMPUTED = "the command itself is not written out"
    CONSTRUCT = "it uses a construct of the shell that is not read here"
    VARIABLE = "it sets a variable that may change what commands do"
    CHANGES_SHELL = "it changes what later words mean, or runs text as commands"
    OPTION = "an option of a program that runs others is not known"
    RUNS_INPUT = "an interpreter runs what it is sent"
    CODE = "a program is given code or commands that are not read here"
    RUNS_OTHERS = "a program runs another one that is not read here"
    MOVED = "a file is run by its place in a folder that is changed to"
    CONNECTION = "the name of a file stands for a connection"
