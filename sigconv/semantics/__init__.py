"""What is asked: windows, boundaries, dtypes and shapes, as integers and names; no array data."""
