"""What the screens consist of. Each draws a scene, and holds no facts of its own."""
