"""What the processes of a run say to each other: events, requests, and the lines that carry them."""
