"""The product without proof: what `./test --bench receipts` holds the product against. Nothing else may load it."""
