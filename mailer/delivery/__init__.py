"""How claimed rows become delivered mail: engine, workers, queues, journal, retry."""
