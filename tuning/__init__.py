"""Light LoRA tuning. Its output is a self-describing adapter folder that serving can check and use.

Knows no screens. The prompts of training are those of serving (``rag.write_prompt``).
"""
