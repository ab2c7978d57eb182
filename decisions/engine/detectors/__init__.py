"""One module for each kind of sensitive data; each says whether it occurs in a text, after RE2 has found candidates."""
