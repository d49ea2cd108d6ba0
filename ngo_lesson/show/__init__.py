"""What is shown: one Matplotlib style, pictures with alt text, explorers, quick questions. Knows no optimizer."""
