"""The user's models: bundled, trained, imported and downloaded weights, by name."""
