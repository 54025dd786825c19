"""Runs one function at a time in a warm child process, with limits of time and memory."""
