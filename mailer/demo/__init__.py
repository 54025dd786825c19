"""The world the demo plays: its mail server and the mailboxes behind it."""
