"""The pictures of the documentation, and the recordings that they are made from."""
