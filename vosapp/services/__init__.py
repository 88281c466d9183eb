"""What the window and the command line both do with the engine. No Qt."""
