"""Put small faults into the sources and count those that the tests of their room notice."""
