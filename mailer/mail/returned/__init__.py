"""Mail that came back, taken apart: standard reports first, then notices in prose, one concern a file."""
