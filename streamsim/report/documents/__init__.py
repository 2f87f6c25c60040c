"""The reference pages of `streamsim/docs`, drawn from the tables that the code reads."""
