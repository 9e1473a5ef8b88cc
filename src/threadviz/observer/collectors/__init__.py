"""The tellers: what is told of threads beside their stretches, such as names, and what they wait on."""
