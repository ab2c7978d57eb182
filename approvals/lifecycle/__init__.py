"""The life of an approval, pure: states, quorum, what the reviewer is shown, and how hostile text is shown."""
