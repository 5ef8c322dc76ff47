enum RaftStoragePlaceholder {}
