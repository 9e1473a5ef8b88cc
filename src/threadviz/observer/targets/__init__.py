"""What is watched, and how each kind of it is brought up, or found, and let go."""
