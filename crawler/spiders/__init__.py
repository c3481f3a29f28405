"""The one spider. Its cities are the files in `crawler/cities`."""
