"""Every word of a scenario, a trace and a report as a term: one way to ask for it, whatever room its text stands in."""
