"""Lessons: a scenario and a text with questions, whose stated answers are held to what the engine does."""
