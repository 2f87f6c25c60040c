"""What handles batches: implementations of the engine's `Function` port."""
