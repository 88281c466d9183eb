"""Training on projects and folders, in a process of its own: what window and command line share."""
