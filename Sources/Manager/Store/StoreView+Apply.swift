import ClusterModel
import Raft

extension StoreView {
  /// How many request records are kept whatever their age.
  package static let requestLimit = 4096
  /// For how long a record is kept beyond that: twice as long as clients go on asking the managers.
  package static let requestAge: Duration = .seconds(10)
  /// The most records that are kept for their age, so that calls cannot fill the memory: 1,600 a second for `requestAge`.
  package static let youngRequestLimit = 16_384

  /// Applies one command. Depends on nothing but the view and the command, so every manager comes to the same state.
  /// - Throws: when the state the command was decided on has moved; nothing is changed then, except that `index` moves on.
  mutating func apply(_ command: StoreCommand, index newIndex: LogIndex) throws(StoreRejection) -> [StoreChange] {
    index = newIndex
    var draft = self
    let changes = try draft.perform(command)
    self = draft
    return changes
  }

  private mutating func perform(_ command: StoreCommand) throws(StoreRejection) -> [StoreChange] {
    for change in command.changes { try verifyVersion(change) }
    // All old names are given up before a new one is taken: one command may remove a service and create another of its name.
    for change in command.changes { releaseName(replacedBy: change) }
    var changes: [StoreChange] = []
    for case .remove(let key, _) in command.changes {
      if let change = drop(key, key.kind.objectType) { changes.append(change) }
    }
    for case .put(let object, _) in command.changes { changes.append(try store(object, at: command.proposedAt)) }
    while let oldest = surplusRequest(at: command.proposedAt), let change = drop(oldest, RequestRecord.self) { changes.append(change) }
    return changes
  }

  /// The oldest request record, when there are too many.
  private func surplusRequest(at now: Timestamp) -> StoreObjectKey? {
    guard requestAges.count > Self.requestLimit, let oldest = requestAges.oldest, let record = request(oldest) else { return nil }
    let isYoung = now - record.meta.createdAt <= Self.requestAge
    return isYoung && requestAges.count <= Self.youngRequestLimit ? nil : StoreObjectKey(kind: .request, id: oldest.rawValue)
  }

  private func verifyVersion(_ change: StoreCommand.Change) throws(StoreRejection) {
    let (key, expected) =
      switch change {
      case .put(let object, let expected): (object.key, expected)
      case .remove(let key, let expected), .check(let key, let expected): (key, expected)
      }
    let actual = version(of: key, key.kind.objectType)
    if actual != expected { throw .version(key, expected: expected, actual: actual) }
  }

  private func version<Object: StoreObject>(of key: StoreObjectKey, _: Object.Type) -> UInt64 {
    self[keyPath: Object.table][Object.ID(key.id)]?.meta.version ?? 0
  }

  private mutating func releaseName(replacedBy change: StoreCommand.Change) {
    switch change {
    case .put(let object, _): releaseName(of: object.key, unless: object.uniqueName, object.key.kind.objectType)
    case .remove(let key, _): releaseName(of: key, unless: nil, key.kind.objectType)
    case .check: break
    }
  }

  private mutating func releaseName<Object: StoreObject>(of key: StoreObjectKey, unless kept: String?, _: Object.Type) {
    guard let old = self[keyPath: Object.table][Object.ID(key.id)], old.uniqueName != kept else { return }
    self[keyPath: Object.table].releaseName(of: old)
  }

  private mutating func drop<Object: StoreObject>(_ key: StoreObjectKey, _: Object.Type) -> StoreChange? {
    guard let old = self[keyPath: Object.table][Object.ID(key.id)] else { return nil }
    remove(old)
    return Object.change(old: old, new: nil)
  }

  private mutating func store<Object: StoreObject>(_ object: Object, at now: Timestamp) throws(StoreRejection) -> StoreChange {
    let table = self[keyPath: Object.table]
    if let owner = table.nameOwner(blocking: object) { throw .nameTaken(object.key, by: owner.rawValue) }
    let old = table[object.id]
    var new = object
    new.meta = Meta(version: index, createdAt: old?.meta.createdAt ?? now, updatedAt: now)
    set(new)
    return Object.change(old: old, new: new)
  }
}
