"""Random policies, actions and sessions that are likely to meet: few names, every operator, every kind of unknown.

Everything follows from a seed, so a number is enough to see a failure again. Documents are plain dicts in the words of
docs/policy-language.md, known to be valid; nothing is imported from the product here either.
"""
