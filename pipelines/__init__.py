"""From articles to the corpus: language, duplicates, pairs, sentences, report."""
