"""Who gets the bulletin and by whose leave: joining, leaving, sheets applied."""
