"""Figures with their uncertainty, on outputs that lie in files. Needs no model."""
