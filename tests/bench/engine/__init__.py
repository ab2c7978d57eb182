"""The engine beside its peers: the same rules, the same answers, in one run."""
