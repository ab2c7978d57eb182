"""Reading command lines as a shell would, as far as that is certain, and saying where it isn't.

words: from text to words and operators · commands: from those to simple commands · programs: what a command runs.
"""
