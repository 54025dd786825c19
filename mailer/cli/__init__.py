"""The command line: reads arguments, calls app, draws what comes back."""
