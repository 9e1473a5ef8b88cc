"""What is to be known of processes by those who start them: what they inherit, which come from them, how they end."""
