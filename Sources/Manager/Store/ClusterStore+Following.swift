extension ClusterStore {
  /// Shows `body` the state as it is, and again after each change that is of interest; several at once are shown as one. For who looks at the
  /// whole state each time. Returns when the store closes or the task is cancelled.
  func follow(_ isOfInterest: (StoreEvent) -> Bool, _ body: (StoreView) async -> Void) async {
    while !Task.isCancelled {
      let (view, changes) = watch()
      await body(view)
      // An error says that this reader fell behind, or the state was replaced: it begins again from the view.
      while let events = try? await changes.nextBatch() {
        if events.isEmpty { return }
        if events.contains(where: isOfInterest) { await body(self.view) }
      }
    }
  }
}
