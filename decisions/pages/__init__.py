"""From rows to what a template shows, without a query."""
