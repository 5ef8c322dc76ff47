import ClusterModel
import NIOCore
import Raft

/// Another member and the connections with it. Used on the transport's event loop only.
final class Peer {
  let id: MemberID
  let address: HostPort
  /// Of an earlier group: it is told that it was given up, and nothing else.
  let isFormer: Bool
  let metrics: PeerMetrics
  private(set) var links: [Link] = []
  /// What it made, by purpose. The newest counts.
  private var incoming: [Purpose: IncomingConnection] = [:]
  private var loss = LossDetector()
  /// The connection of a snapshot on its way there.
  var sending: OutgoingConnection?
  var isSendingSnapshot = false
  /// The last transfer from there.
  var receiving: Task<Void, Never>?
  private let lost: () -> Void

  init(_ id: MemberID, _ address: HostPort, isFormer: Bool = false, _ core: TransportCore) {
    self.id = id
    self.address = address
    self.isFormer = isFormer
    metrics = PeerMetrics(id)
    lost = { core.user?.lost(id) }
    links = isFormer ? [Link(.control, self, core)] : [Link(.control, self, core), Link(.bulk, self, core)]
  }

  /// Whether its process may be gone.
  var isSuspected: Bool { loss.isSuspicious }

  func start() { for link in links { link.hurry() } }

  func drain() { for link in links { link.drain() } }

  func accepted(_ connection: IncomingConnection) {
    loss.connected()
    // It made this one because it has given up the other.
    let old = incoming.updateValue(connection, forKey: connection.purpose)
    old?.close(.byPeer)
    for link in links { link.hurry() }
  }

  func ended(_ connection: IncomingConnection, _ end: LossDetector.End) {
    if incoming[connection.purpose] === connection { incoming[connection.purpose] = nil }
    ended(end)
  }

  /// A connection, whichever side made it.
  func ended(_ end: LossDetector.End) {
    tell(loss.ended(end))
    if end == .byPeer { for link in links { link.hurry() } }
  }

  func connected() {
    loss.connected()
    metrics.connected()
  }

  /// An attempt to connect was in vain.
  func failed(answered: Bool) {
    if answered { loss.answered() } else { tell(loss.failed()) }
  }

  private func tell(_ isLost: Bool) {
    guard isLost, !links.isEmpty else { return }
    metrics.lostPeer()
    lost()
  }

  /// Ends all connections with it, for ever.
  func close() {
    let links = links
    self.links = []
    for link in links { link.close() }
    for connection in incoming.values { connection.close() }
    sending?.close()
  }
}
