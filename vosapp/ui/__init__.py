"""The window. Talks to `vosapp.session`; knows neither SQLite nor torch."""
