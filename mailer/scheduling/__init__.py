"""The working-day calendar, when a schedule is due, and the clock that wakes us."""
