import ClusterModel
import WarrenAPI

/// A change to a service as it was asked for, checked as far as that is possible without the service.
struct ServiceUpdate {
  enum Change {
    case scale(to: Int)
    case spec(ServiceSpec)
  }

  let change: Change
  /// The version the change was decided on; nil means any.
  let version: UInt64?
  /// Whether tasks are replaced though their template be the same.
  private let isForced: Bool

  /// - Parameter spec: valid already.
  init(to spec: ServiceSpec, version: UInt64) {
    (change, self.version, isForced) = (.spec(spec), version, false)
  }

  init(_ request: Warren_V1_UpdateServiceRequest) throws(WarrenError) {
    version = request.version == 0 ? nil : request.version
    isForced = request.force
    switch (request.hasReplicas, request.hasSpec) {
    case (true, false):
      try ServiceSpec.validate(mode: .replicated(replicas: Int(request.replicas)))
      change = .scale(to: Int(request.replicas))
    case (false, true):
      let spec = try ServiceSpec(wire: request.spec)
      try spec.validate(checkingImage: ManagerAPI.checkImage)
      change = .spec(spec)
    case (true, true): throw WarrenError(.invalidArgument, "both replicas and a spec are given; they may disagree; give one of the two")
    case (false, false): throw WarrenError(.invalidArgument, "nothing to change is given; neither replicas nor a spec; give one of the two")
    }
  }

  /// The service as it becomes.
  func apply(to old: ClusterService, now: Timestamp) throws(WarrenError) -> ClusterService {
    let name = old.spec.name
    try old.requireChangeable()
    if let version, version != old.meta.version {
      throw WarrenError(
        .conflict,
        "service \(name) was changed by someone else; it is at version \(old.meta.version), not \(version); read it again and repeat the change")
    }
    var new = old
    switch change {
    case .scale(let replicas):
      guard case .replicated = old.spec.mode else {
        throw WarrenError(.failedPrecondition, "service \(name) cannot be scaled; it is global, one task on every node; add or remove nodes")
      }
      new.spec.mode = .replicated(replicas: replicas)
    case .spec(var spec):
      if spec.name.lowercased() != name.lowercased() {
        throw WarrenError(.invalidArgument, "service \(name) cannot be renamed to \(spec.name); tasks carry the name; create a new service instead")
      }
      if case (.replicated, .global) = (old.spec.mode, spec.mode) { throw Self.modeChange(of: name) }
      if case (.global, .replicated) = (old.spec.mode, spec.mode) { throw Self.modeChange(of: name) }
      spec.name = name
      let template = spec.task
      spec.task = old.spec.task
      new.spec = spec
      new.update(to: template, force: isForced, at: now)
    }
    return new
  }

  private static func modeChange(of name: String) -> WarrenError {
    WarrenError(.invalidArgument, "the mode of service \(name) cannot be changed; its tasks are placed by it; delete the service and create it anew")
  }
}

extension ClusterService {
  /// - Throws: `failedPrecondition` when it is being deleted.
  func requireChangeable() throws(WarrenError) {
    if deleting {
      throw WarrenError(.failedPrecondition, "service \(spec.name) is being deleted; it can no longer be changed; create it anew when it is gone")
    }
  }
}
