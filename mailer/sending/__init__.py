"""One issue from frozen to finished, in one process or as a worker."""
