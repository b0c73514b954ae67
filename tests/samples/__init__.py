"""Small sites, bundles, releases, and the faults and mistakes that the tests put into them."""
