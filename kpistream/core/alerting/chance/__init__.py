"""How far chance moves the value of a KPI, told from the sums of a window."""
