"""The libraries, each called as its users would call it."""
