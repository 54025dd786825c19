"""The nouns of the house as frozen values; nothing here reads or writes anything."""
