import ClusterModel
import Logging
import NIOCore
import NIOPosix
import NIOSSL
import Raft

/// The connections of a transport. Used on its event loop only; what others leave for it is in `outbox`.
final class TransportCore {
  let loop: any EventLoop
  let configuration: TransportConfiguration
  let outbox: Outbox
  let incidents: Incidents
  weak var user: (any RaftTransportUser)?
  var random = SystemRandomNumberGenerator()
  var peers: [MemberID: Peer] = [:]
  /// All that others made, also those whose `Hello` has not come yet.
  var incoming: [ObjectIdentifier: IncomingConnection] = [:]
  /// Transfers of snapshots in both directions.
  var transfers: [Int: Task<Void, Never>] = [:]
  var transferCount = 0
  private(set) var isStopped = false
  private(set) var clientTLS: NIOSSLContext?
  private(set) var serverTLS: NIOSSLContext?
  private(set) var security: TransportSecurity

  var limits: TransportLimits { configuration.limits }
  var now: Duration { .nanoseconds(Int64(NIODeadline.now().uptimeNanoseconds)) }

  /// - Throws: what BoringSSL says of the certificates.
  init(_ configuration: TransportConfiguration, _ loop: any EventLoop, _ outbox: Outbox, _ incidents: Incidents) throws {
    self.configuration = configuration
    self.loop = loop
    self.outbox = outbox
    self.incidents = incidents
    security = configuration.security
    try setSecurity(configuration.security)
  }

  /// For connections made from now on.
  func setSecurity(_ new: TransportSecurity) throws {
    if case .mutualTLS(let certificates) = new {
      (clientTLS, serverTLS) = (try certificates.context(isServer: false), try certificates.context(isServer: true))
    }
    security = new
  }

  func setPeers(_ addresses: [MemberID: HostPort], former: [MemberID: HostPort]) {
    if isStopped { return }
    let all = former.merging(addresses) { $1 }
    for (id, peer) in peers where all[id] != peer.address || (addresses[id] == nil) != peer.isFormer { remove(peer) }
    for (id, address) in all where id != configuration.member && peers[id] == nil {
      let peer = Peer(id, address, isFormer: addresses[id] == nil, self)
      peers[id] = peer
      peer.start()
    }
  }

  private func remove(_ peer: Peer) {
    peers[peer.id] = nil
    peer.close()
    outbox.remove(peer.id)
  }

  /// Sends what was left in the outbox.
  func drain() {
    let leftovers = outbox.begin()
    for (member, count) in leftovers.dropped {
      peers[member]?.metrics.dropped(count)
      user?.unreachable(member)
    }
    for message in leftovers.snapshots { sendSnapshot(message) }
    for peer in peers.values { peer.drain() }
  }

  func dropped(_ count: Int, for peer: Peer) {
    guard count > 0 else { return }
    peer.metrics.dropped(count)
    user?.unreachable(peer.id)
  }

  // MARK: Outgoing

  func connection(to peer: Peer, _ purpose: Purpose, limit: Duration, _ callbacks: OutgoingConnection.Callbacks) -> OutgoingConnection {
    let hello = Hello(
      cluster: configuration.cluster, from: configuration.member, to: peer.id, purpose: purpose,
      address: configuration.advertised, founder: configuration.founder())
    var callbacks = callbacks
    callbacks.superseded = { [configuration] in configuration.superseded(peer.address) }
    return OutgoingConnection(hello, security, incidents, toAnyManager: peer.isFormer, limit: limit, loop: loop, callbacks)
  }

  func connect(_ connection: OutgoingConnection, to address: HostPort, limit: Duration) {
    var bootstrap = ClientBootstrap(group: loop).connectTimeout(TimeAmount(limit))
    for option in SocketOption.all(silence: limits.silence) { bootstrap = bootstrap.channelOption(option.option, value: option.value) }
    // Names take a thread and more time; most addresses are none.
    let literal = try? SocketAddress(ipAddress: address.host, port: address.port)
    let connected = literal.map(bootstrap.connect(to:)) ?? bootstrap.connect(host: address.host, port: address.port)
    connected.assumeIsolated().whenComplete { result in
      switch result {
      case .success(let channel): connection.adopt(channel, self.clientTLS)
      case .failure: connection.fail()
      }
    }
  }

  // MARK: The end

  /// Takes nothing more on. Completes once what was queued is with the kernel.
  func stop() -> EventLoopFuture<Void> {
    if isStopped { return loop.makeSucceededVoidFuture() }
    let leftovers = outbox.begin()
    for message in leftovers.snapshots { sendSnapshot(message) }
    isStopped = true
    return EventLoopFuture.andAllComplete(peers.values.flatMap { $0.links.compactMap { $0.flush() } }, on: loop)
  }

  /// Ends all connections. What is left are transfers, which end by that.
  func close() -> [Task<Void, Never>] {
    isStopped = true
    for peer in peers.values { remove(peer) }
    for connection in incoming.values { connection.close() }
    for task in transfers.values { task.cancel() }
    return Array(transfers.values)
  }
}
