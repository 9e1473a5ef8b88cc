"""What a program imports that watches itself, or says what its executors do."""
