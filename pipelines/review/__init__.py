"""The local page where people judge pairs and sentences, and what keeps their verdicts."""
