"""The oracle: slow, independent executors, against which the real ones are compared in tests."""
