import ClusterModel
import WarrenAPI

/// What files declare beside what there is. Pure.
struct ApplyPlan {
  struct Change {
    let wanted: ServiceSpec
    /// As it is; nil for one that has to be made.
    var old: ClusterService?
    /// The same, as the managers answered.
    var answer: Warren_V1_Service?

    /// Whether it is so already.
    var isNothing: Bool {
      guard let old, !old.deleting else { return false }
      var same = wanted
      // In whichever case it is written.
      same.name = old.spec.name
      return same == old.spec
    }

    /// What would change, for people.
    func description(tasks: [ClusterTask]) throws -> String {
      guard let old else {
        return "\(wanted.name) is new:\n" + (try RolloutPlan.declared(wanted)).map { "  \($0)\n" }.joined()
      }
      if isNothing { return "\(old.spec.name) stays as it is.\n" }
      var spec = wanted
      spec.name = old.spec.name
      let lines = try RolloutPlan(of: old, to: spec, force: false).text(tasks: tasks).split(separator: "\n")
      return "\(old.spec.name) changes:\n" + lines.map { "  \($0)\n" }.joined()
    }
  }

  private(set) var changes: [Change]

  init(_ declared: [ServiceSpec]) { changes = declared.map { Change(wanted: $0) } }

  var names: [String] { changes.map(\.wanted.name) }
  var changesAnything: Bool { !changes.allSatisfy(\.isNothing) }

  /// - Parameter service: what was found under that name, or as an id of another one.
  mutating func found(_ service: Warren_V1_Service?, named name: String) throws {
    guard let service, service.spec.name.lowercased() == name.lowercased() else { return }
    for index in changes.indices where changes[index].wanted.name == name {
      changes[index].old = try ClusterService(wire: service)
      changes[index].answer = service
    }
  }
}
