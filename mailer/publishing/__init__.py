"""An issue's month: its content's hash, its approval, the trail of both."""
