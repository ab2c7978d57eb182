"""Where the sign-in library meets our people: what it may decide, and what it is told instead."""
