"""Short clips with what is known of their objects: what trackers learn from."""
