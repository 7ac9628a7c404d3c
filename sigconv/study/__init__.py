"""Seeing it: comparisons of the methods on real data, named kernels."""
