"""`python -m streamsim` is `streamsim`."""

from streamsim.cli import main

if __name__ == "__main__":
    main(prog_name="streamsim")
