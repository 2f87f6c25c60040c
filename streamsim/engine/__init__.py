"""The running parts: virtual time, the in-order worker, the mapping that owns workers, the concurrency pool."""
