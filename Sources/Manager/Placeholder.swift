enum ManagerPlaceholder {}
