import ClusterModel

/// A document that is one service. Its keys are the options of `service create`, and take the same texts; what it leaves out has its default.
enum NativeService {
  typealias Setter<Target> = @Sendable (inout Target, DocumentValue) throws -> Void

  /// - Parameter document: a mapping.
  static func read(_ document: DocumentValue) throws -> DeclaredService {
    let entries = try document.entries()
    guard let name = entries.first(where: { $0.key == "name" }) else {
      throw document.error("the service has no name; begin the document with name: NAME")
    }
    guard let image = entries.first(where: { $0.key == "image" }) else {
      throw document.error("service \(try name.value.text()) has no image; give one with image: NAME[:TAG]")
    }
    var spec = ServiceSpec(name: try name.value.text(), task: TaskSpec(container: ContainerSpec(image: try image.value.text())))
    try set(&spec, entries.filter { $0.key != "name" && $0.key != "image" }, by: keys, besides: ["name", "image"])
    try refuseContradictions(in: entries)
    return DeclaredService(spec: spec, place: document.place)
  }

  /// The keys of all levels: `image`, `update.parallelism`.
  static var allKeys: Set<String> {
    var all: Set<String> = ["name", "image"]
    all.formUnion(keys.keys)
    for role in ["readiness", "liveness"] { all.formUnion(healthKeys.keys.map { "\(role).\($0)" } + ["\(role).check"]) }
    for policy in ["update", "rollback"] { all.formUnion(policyKeys.keys.map { "\(policy).\($0)" }) }
    all.formUnion(strategyKeys.map { "update.\($0)" })
    return all
  }

  static func set<Target>(
    _ target: inout Target, _ entries: [DocumentValue.Entry], by setters: [String: Setter<Target>], besides others: [String] = []
  ) throws {
    for entry in entries {
      guard let set = setters[entry.key] else { throw DocumentError.unknown(entry, Array(setters.keys) + others) }
      try set(&target, entry.value)
    }
  }

  private static func refuseContradictions(in entries: [DocumentValue.Entry]) throws {
    func entry(_ key: String) -> DocumentValue.Entry? { entries.first { $0.key == key } }
    if let replicas = entry("replicas"), let mode = entry("mode"), try mode.value.text() == "global" {
      throw DocumentError(replicas.keyPlace, "replicas has no meaning with mode global, which runs one on every node; leave one of the two out")
    }
    if let label = entry("label"), entry("labels") != nil {
      throw DocumentError(label.keyPlace, "label and labels are the same; leave one of the two out")
    }
  }
}
