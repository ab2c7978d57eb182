"""A second evaluator of the policy language, written from docs/policy-language.md alone.

It exists to disagree with `decisions.engine`: nothing here is imported from the product, nothing is compiled or
indexed, and every rule is read again for every action. Policies come as plain dicts that are known to be valid;
`True`, `False` and `None` stand for true, false and unknown everywhere.
"""
