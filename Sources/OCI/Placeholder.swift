enum OCIPlaceholder {}
