"""The widgets of the screens. Each draws the view, and holds no facts of its own."""
