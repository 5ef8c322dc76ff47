enum WarrenCommandsPlaceholder {}
