"""Reports: what a period came to, from sums that others looked up."""
