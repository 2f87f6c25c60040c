"""Functions that can be called from outside: one invocation, asynchronous events, and the local endpoint."""
