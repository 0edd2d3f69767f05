"""Which transactions of a table are fraud? Window features from raw rows, four models, one threshold."""
