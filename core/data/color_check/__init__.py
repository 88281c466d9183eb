"""How true it is that what looks alike is one object: the check of data for box losses."""
