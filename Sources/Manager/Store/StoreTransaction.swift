import ClusterModel

/// Changes being decided on: reads see the base view and the transaction's own changes; nothing is stored before `ClusterStore.update` returns.
package struct StoreTransaction {
  /// The base view with this transaction's changes.
  package private(set) var view: StoreView
  let base: StoreView
  /// The objects put, removed or checked, each once, in the order of first touch.
  private(set) var touched: [StoreObjectKey] = []
  private var known: Set<StoreObjectKey> = []

  init(base: StoreView) {
    self.base = base
    view = base
  }

  /// Adds an object (its `meta.version` is 0) or replaces it (its `meta.version` is the one in the view). Putting what is already there changes nothing.
  ///
  /// Version and times are set by the store.
  /// - Throws: `WarrenError` `.conflict` when the caller's copy is older than the view's or the object is gone;
  ///   `.alreadyExists` when its id or its name is taken.
  package mutating func put<Object: StoreObject>(_ object: Object) throws {
    let table = view[keyPath: Object.table]
    try checkVersion(of: object, current: table[object.id])
    if let owner = table.nameOwner(blocking: object) {
      throw WarrenError(
        .alreadyExists,
        "\(Object.kind) \(object.uniqueName ?? object.id.rawValue) already exists (id \(owner)). Choose another name, or remove that one first.")
    }
    touch(object.key)
    view.set(object)
  }

  /// Removes an object; it must exist and the caller's copy must be the newest.
  package mutating func remove<Object: StoreObject>(_ object: Object) throws {
    guard let current = view[keyPath: Object.table][object.id] else { throw Self.gone(object) }
    try checkVersion(of: object, current: current)
    touch(object.key)
    view.remove(current)
  }

  /// Makes the transaction fail (and run again) if the object changes before it commits, though it does not change the object itself.
  package mutating func check<Object: StoreObject>(_ object: Object) throws {
    guard let current = base[keyPath: Object.table][object.id] else { throw Self.gone(object) }
    try checkVersion(of: object, current: current)
    touch(object.key)
  }

  private mutating func touch(_ key: StoreObjectKey) {
    if known.insert(key).inserted { touched.append(key) }
  }

  private func checkVersion<Object: StoreObject>(of object: Object, current: Object?) throws {
    guard let current else {
      if object.meta.version != 0 { throw Self.gone(object) }
      return
    }
    if object.meta.version == current.meta.version { return }
    if object.meta.version == 0 { throw WarrenError(.alreadyExists, "\(object.key) already exists. Use another id.") }
    throw WarrenError(
      .conflict,
      "\(object.key) was changed by someone else (you have version \(object.meta.version), it is at \(current.meta.version)). Read it again and repeat the change."
    )
  }

  private static func gone(_ object: some StoreObject) -> WarrenError {
    WarrenError(object.meta.version == 0 ? .notFound : .conflict, "\(object.key) does not exist (any more). List again to see what does.")
  }
}
