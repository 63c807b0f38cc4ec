"""The models that are trained side by side: a file for each, listed in catalogue.py."""
