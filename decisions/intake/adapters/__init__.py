"""One adapter a protocol: from the request as that protocol sends it to the action that it asks for."""
