import ClusterModel
import Manager

extension DaemonConfiguration {
  /// Makes sure that the node can listen where it was told to, before anything is made or anybody is told of it.
  /// - Throws: `failedPrecondition` when another program listens there, or this machine has no such address.
  func checkListeners() throws {
    var wanted: [(HostPort, TCPListener.Purpose)] = isManager ? [(apiListener, .api), (raftListener, .managers)] : []
    // A name is looked up when it is bound to.
    if metricsAddressIsRequired, let metricsAddress, IPAddressText.isValid(metricsAddress.host) { wanted.append((metricsAddress, .metrics)) }
    try TCPListener.check(wanted)
  }
}
