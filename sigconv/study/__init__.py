"""Seeing it: methods compared on real data, the algebra checked, convolutions followed by hand, named kernels."""
