"""How the view looks in a terminal: cells, glyphs, styles, strips, columns and labels. Widgets put them on screen."""
