"""The commands, one module each: turns errors into exit codes; the only place that prints."""
