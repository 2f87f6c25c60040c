"""What several commands read and write: scenarios, traces, pages, each whole or not at all."""
