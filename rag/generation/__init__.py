"""Models that write. ``local`` runs transformers in this process, ``llamacpp`` llama.cpp.

Importing this package loads neither.
"""
