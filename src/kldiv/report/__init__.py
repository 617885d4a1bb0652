"""Results as people and programs read them: on a terminal, piped, and as JSON."""
