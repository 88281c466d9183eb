"""A system in as few lines as the project allows: one convolution, matched as keys."""
