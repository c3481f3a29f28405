"""CMS families: how each one's lists page, and where its articles keep things."""
