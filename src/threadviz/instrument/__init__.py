"""What users' programs import: `record` and `observed`."""
