"""How the scene looks in a terminal: cells as glyphs and styles, columns, labels. Widgets put them on the screen."""
