"""The REST API of a house, /api/v1: for programs, each with a token that acts for a user."""
