"""The algorithms: one a file behind one protocol, and what they share (tiles, orientation, exact integers)."""
