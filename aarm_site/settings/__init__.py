"""Settings: `dev` is the embedded product, `prod` the many-process one, `test` what pytest uses."""
