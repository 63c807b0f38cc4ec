"""PyTorch's `utils`: what lives elsewhere in fathom, under the names that PyTorch gives it."""
