"""`./test --bench`: how fast `/decide` is, beside yardsticks that do the least that such a door could do."""
