"""What happened, in words: a line for each thing worth a line."""
