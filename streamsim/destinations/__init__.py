"""Where discarded batches go: implementations of the engine's `Destination` port."""
