"""From the web to articles: city files, spiders, archive and extraction."""
