"""What goes on in a run in real time, on the terminal of whoever watches it."""
