"""Training and models as the window sees them: what is chosen, what runs, what came of it."""
