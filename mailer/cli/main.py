"""Where the command `mailer` starts."""


def main() -> None:
    """Run the command line."""
    raise NotImplementedError
