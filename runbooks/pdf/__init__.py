"""Text as PDF, for people who print or file it: no layout language, nothing fetched, the same bytes again."""
