"""Reports: where their numbers are looked up, and the page that tells them."""
