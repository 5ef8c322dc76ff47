import Metrics
import Raft

/// What goes on between this member and another.
struct PeerMetrics {
  private let sent: Counter
  private let sentBytes: Counter
  private let received: Counter
  private let receivedBytes: Counter
  private let dropped: Counter
  private let connections: Counter
  private let queue: Gauge
  private let lost: Counter

  init(_ peer: MemberID) {
    let dimensions = [("peer", "\(peer)")]
    sent = Counter(label: "warren_raft_messages_sent_total", dimensions: dimensions)
    sentBytes = Counter(label: "warren_raft_sent_bytes_total", dimensions: dimensions)
    received = Counter(label: "warren_raft_messages_received_total", dimensions: dimensions)
    receivedBytes = Counter(label: "warren_raft_received_bytes_total", dimensions: dimensions)
    dropped = Counter(label: "warren_raft_messages_dropped_total", dimensions: dimensions)
    connections = Counter(label: "warren_raft_connections_total", dimensions: dimensions)
    queue = Gauge(label: "warren_raft_queue_bytes", dimensions: dimensions)
    lost = Counter(label: "warren_raft_peers_lost_total", dimensions: dimensions)
  }

  func sent(_ messages: Int, bytes: Int) {
    sent.increment(by: messages)
    sentBytes.increment(by: bytes)
  }

  func received(_ messages: Int) { received.increment(by: messages) }
  func received(bytes: Int) { receivedBytes.increment(by: bytes) }
  func dropped(_ messages: Int) { dropped.increment(by: messages) }
  func connected() { connections.increment() }
  func queued(bytes: Int) { queue.record(bytes) }
  func lostPeer() { lost.increment() }
}
