"""Pages of this app: plain forms and links."""
