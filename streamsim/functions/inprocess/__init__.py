"""Runs a handler in this process: quick, debuggable, and with limits that `runtime` lists."""
