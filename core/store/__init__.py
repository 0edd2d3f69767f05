"""One database for jobs, versions and aliases, and the folders of weights beside it."""
