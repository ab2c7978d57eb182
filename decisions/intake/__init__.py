"""From what an agent sends to the canonical action that the engine judges. Pure: no framework, no clock, no I/O."""
