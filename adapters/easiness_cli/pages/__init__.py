"""HTML pages of the command: the report and the review list."""
