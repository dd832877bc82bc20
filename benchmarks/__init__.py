"""Figures that anyone can reproduce. Each module says how it is run and what it means."""
