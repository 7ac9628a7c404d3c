"""What computes: transforms and compiled loops; the only files that touch pyfftw, scipy.fft and numba."""
