"""Side by side with peers: `python -m benchmarks NAME`. A benchmark reports; it never asserts a time."""
