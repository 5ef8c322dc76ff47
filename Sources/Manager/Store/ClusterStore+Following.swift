extension ClusterStore {
  /// Shows `body` the state as it is, and again after each change that is of interest; several at once are shown as one. For who looks at the
  /// whole state each time. Returns when the store closes or the task is cancelled.
  func follow(_ isOfInterest: @escaping @Sendable (StoreEvent) -> Bool, _ body: (StoreView) async -> Void) async {
    _ = await until(isOfInterest) { view in
      await body(view)
      return false
    }
  }

  /// The same, and returns as soon as the state is as asked for.
  /// - Returns: false when the store closed or the task was cancelled before.
  func until(_ isOfInterest: @escaping @Sendable (StoreEvent) -> Bool, _ isSo: (StoreView) async -> Bool) async -> Bool {
    while !Task.isCancelled {
      let (view, changes) = watch(isOfInterest)
      if await isSo(consume view) { return true }
      // An error says that this reader fell behind, or the state was replaced: it begins again from the view.
      while let events = try? await changes.nextBatch() {
        if events.isEmpty { return false }
        if await isSo(self.view) { return true }
      }
    }
    return false
  }
}
