import ClusterModel

/// One decoded command: what a transaction decided on.
struct StoreCommand: Sendable {
  enum Change: Sendable {
    case put(any StoreObject, expected: UInt64)
    case remove(StoreObjectKey, expected: UInt64)
    case check(StoreObjectKey, expected: UInt64)
  }

  var changes: [Change] = []
  var proposedAt: Timestamp
}

extension StoreTransaction {
  /// What is to be proposed. Empty when nothing changed: checks alone are not worth an entry.
  func command(at now: Timestamp) -> StoreCommand {
    var command = StoreCommand(proposedAt: now)
    var changed = false
    for key in touched {
      guard let change = change(of: key, key.kind.objectType) else { continue }
      if case .check = change {} else { changed = true }
      command.changes.append(change)
    }
    if !changed { command.changes = [] }
    return command
  }

  private func change<Object: StoreObject>(of key: StoreObjectKey, _: Object.Type) -> StoreCommand.Change? {
    let id = Object.ID(key.id)
    let old = base[keyPath: Object.table][id]
    let expected = old?.meta.version ?? 0
    switch view[keyPath: Object.table][id] {
    case let new? where new != old: return .put(new, expected: expected)
    case nil where old != nil: return .remove(key, expected: expected)
    // What was put as it is, too: the rest is only right if it still is so.
    case .some: return .check(key, expected: expected)
    case nil: return nil
    }
  }
}
