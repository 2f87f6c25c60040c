"""What a function gets, to the byte."""
