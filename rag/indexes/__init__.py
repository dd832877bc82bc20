"""Indexes over chunks: words and vectors. Projections of the ledger, never the truth."""
