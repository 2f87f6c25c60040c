"""Several runs side by side: of a `compare`, of several backends, of a search."""
