"""Who is let into the console: passwords, second factors, sessions, and attempts that are one too many."""
