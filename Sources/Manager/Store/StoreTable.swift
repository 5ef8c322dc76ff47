import HashTreeCollections

/// The objects of one kind by id, and by unique name where the kind has one.
///
/// Copies share structure: a copy costs nothing, a change after it costs the path to the changed leaf.
package struct StoreTable<Object: StoreObject>: Sendable {
  private(set) var objects: TreeDictionary<Object.ID, Object> = [:]
  private var names: TreeDictionary<String, Object.ID> = [:]

  package subscript(id: Object.ID) -> Object? { objects[id] }

  package func named(_ name: String) -> Object? { names[name.lowercased()].flatMap { objects[$0] } }

  /// The id of the object that keeps `object` from being stored because it has the same unique name.
  func nameOwner(blocking object: Object) -> Object.ID? {
    guard let name = object.uniqueName, let owner = names[name], owner != object.id else { return nil }
    return owner
  }

  /// Removes the name of an object that is about to be replaced or removed.
  mutating func releaseName(of object: Object) {
    if let name = object.uniqueName, names[name] == object.id { names[name] = nil }
  }

  mutating func set(_ object: Object) {
    let old = objects.updateValue(object, forKey: object.id)
    if let old, old.uniqueName != object.uniqueName { releaseName(of: old) }
    if let name = object.uniqueName, old?.uniqueName != name { names[name] = object.id }
  }

  mutating func remove(_ id: Object.ID) {
    if let old = objects.removeValue(forKey: id) { releaseName(of: old) }
  }
}

extension StoreTable: Equatable {
  /// The name index follows from the objects.
  package static func == (left: Self, right: Self) -> Bool { left.objects == right.objects }
}
