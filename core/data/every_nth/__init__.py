"""Every Nth frame of a data set, as a set of its own, for quick measurements."""
