"""Plan, deliver, retry, recover: every recipient ends in one final state."""
