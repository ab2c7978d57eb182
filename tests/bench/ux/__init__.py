"""How the pages do against the goals of their design, in a real browser at a real server."""
