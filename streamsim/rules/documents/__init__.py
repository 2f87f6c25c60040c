"""What destinations get, to the byte."""
