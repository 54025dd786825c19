"""Files people make, read into the model: issue folders, documents, contact sheets."""
