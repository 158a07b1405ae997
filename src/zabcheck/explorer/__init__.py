"""``zabcheck explore``: a page on loopback that walks through a model, and the questions that it asks."""
