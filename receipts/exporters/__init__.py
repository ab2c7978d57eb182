"""Receipts in the forms in which they leave: for verifiers, for spreadsheets, for other systems."""
