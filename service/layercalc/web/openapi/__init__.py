"""The specification, generated, and the routes that serve it."""
