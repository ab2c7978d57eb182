"""Access tokens: the issuers' keys and answers, fetched and remembered for a while, and who bears a token."""
