"""The one spider. Which cities it crawls is said in `crawler/cities`."""
