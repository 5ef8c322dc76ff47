import ClusterModel
import WarrenAPI

/// Several services as they are to be, checked as far as that is possible without those that there are.
struct ServiceSet {
  static let most = 256

  private struct Change {
    let spec: ServiceSpec
    /// What it was decided on; 0 means that there was none of its name.
    let version: UInt64
    /// Of the service, should it have to be made.
    let newID: ServiceID
  }

  private let changes: [Change]

  init(_ request: Warren_V1_ApplyServicesRequest, newID: () -> ServiceID) throws(WarrenError) {
    if request.changes.isEmpty { throw WarrenError(.invalidArgument, "no service is given; there is nothing to apply; give one at least") }
    if request.changes.count > Self.most {
      throw WarrenError(.invalidArgument, "\(request.changes.count) services are too many; at most \(Self.most) are applied at once; apply fewer")
    }
    var changes: [Change] = []
    var names: Set<String> = []
    for change in request.changes {
      let spec = try ServiceSpec(wire: change.spec)
      do { try spec.validate(checkingImage: ManagerAPI.checkImage) } catch {
        throw WarrenError(error.code, "service \(spec.name.quoted): \(error.message)")
      }
      if !names.insert(spec.name.lowercased()).inserted {
        throw WarrenError(.invalidArgument, "service \(spec.name) is given twice; it can be only one of them; leave one out")
      }
      changes.append(Change(spec: spec, version: change.version, newID: newID()))
    }
    self.changes = changes
  }

  /// - Returns: the services as they become, in the order in which they were given.
  func apply(to transaction: inout StoreTransaction, now: Timestamp) throws -> [ClusterService] {
    let services = try changes.map { change in try Self.apply(change, to: &transaction, now: now) }
    for service in services { try transaction.view.refuseStartCycle(of: service) }
    return services
  }

  private static func apply(_ change: Change, to transaction: inout StoreTransaction, now: Timestamp) throws -> ClusterService {
    let name = change.spec.name
    guard let old = transaction.view.service(named: name) else {
      if change.version != 0 {
        throw WarrenError(.conflict, "service \(name) was deleted by someone else; read again what there is, and repeat the change")
      }
      let service = ClusterService(id: change.newID, spec: change.spec)
      try transaction.put(service)
      return service
    }
    if change.version == 0 {
      if old.deleting { throw ManagerAPI.nameTaken(by: old) }
      throw WarrenError(.conflict, "service \(name) was created by someone else; read it, and repeat the change")
    }
    let new = try ServiceUpdate(to: change.spec, version: change.version).apply(to: old, now: now)
    // The set as a whole was decided on what there was.
    if new == old { try transaction.check(old) } else { try transaction.put(new) }
    return new
  }
}
