import ClusterModel
import Orchestration

extension StoreView {
  /// The services that keep this one from getting its first tasks.
  func blockers(of service: ClusterService) -> [ClusterService] {
    guard service.waitsToStart, !service.deleting else { return [] }
    return service.spec.startsAfter.compactMap { name in
      guard let other = self.service(named: name), !other.deleting, !hasStarted(other) else { return nil }
      // Two changes at the same moment can make a ring that neither of them could see: nobody waits in it.
      return StartOrder.path(from: other.spec.name, to: service.spec.name, waiters) == nil ? other : nil
    }
  }

  /// - Throws: `invalidArgument` when the service would wait for itself.
  func refuseStartCycle(of service: ClusterService) throws(WarrenError) {
    try StartOrder.refuseCycle(from: service.spec.name) { self.service(named: $0)?.spec.startsAfter ?? [] }
  }

  /// All that it should run is up, or is done.
  private func hasStarted(_ service: ClusterService) -> Bool {
    if service.waitsToStart { return false }
    let wanted = tasks(ofService: service.id).filter { $0.desiredState == .running }
    switch service.spec.mode {
    case .replicated(let replicas): return Set(wanted.filter(\.hasStarted).map(\.slot)).count >= replicas
    case .global: return !wanted.isEmpty && wanted.allSatisfy(\.hasStarted)
    }
  }

  private func waiters(_ name: String) -> [String] {
    service(named: name).flatMap { $0.waitsToStart ? $0.spec.startsAfter : nil } ?? []
  }
}
