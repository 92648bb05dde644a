"""What is known of the past: sums by the hour, and the days that say nothing about others."""
