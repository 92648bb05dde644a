"""KPIs: formulas over measures, in units that make sense."""
