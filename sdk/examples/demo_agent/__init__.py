"""An agent with real tools behind `aarm.Guard`: files, a table of customers, mail. `./run demo` starts it."""
