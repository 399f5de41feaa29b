"""Former forms of a distribution, and how each becomes PEP 621: texts in, texts out."""
