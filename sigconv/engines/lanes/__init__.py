"""Transforms of our own: every lane of a SIMD vector holds its part of a transform, and nothing is ever reordered."""
