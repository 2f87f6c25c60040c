"""streamsim shows, before production does, what AWS Lambda will do with your stream."""
