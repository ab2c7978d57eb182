"""Places outside the database that keep copies of checkpoints, one file a kind. Look at `base` first."""
