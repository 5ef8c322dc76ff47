import ClusterModel
import WarrenAPI

/// What is made of a worker's messages and of its silence: the rules of a session, without its connection.
struct SessionGate {
  /// What a worker asks for and waits to be answered.
  enum Request {
    case update(ClusterNode)
    case report([TaskStatusUpdate])
    /// Cannot be read; only this is answered.
    case invalid(WarrenError)
  }

  enum Action {
    case none
    case open(ClusterNode)
    case request(Request, number: UInt64)
  }

  /// Requests a worker may leave unanswered: ours sends the next report when the last was taken in, and now and then its node beside it.
  static let mostRequests = 4
  /// Heartbeats between two of ours: four times as many as a worker sends that is told to send as often as we do.
  static let mostHeartbeats = 16

  /// Who the connection belongs to.
  let peer: NodeID
  private let timing: SessionTiming
  private var isOpen = false
  private var requests = 0
  private var heartbeats = 0
  /// Our own heartbeats since the worker was last heard.
  private var missed = 0

  init(peer: NodeID, timing: SessionTiming) {
    self.peer = peer
    self.timing = timing
  }

  /// At least how long the worker has been silent.
  var silence: Duration { timing.managerInterval * max(missed - 1, 0) }

  /// - Throws: what ends the session.
  mutating func take(_ message: Warren_V1_WorkerMessage) throws(WarrenError) -> Action {
    missed = 0
    switch message.message {
    case .open(let open):
      if isOpen { throw WarrenError(.invalidArgument, "node \(peer) opened a session in a session; the worker may be damaged; restart it") }
      isOpen = true
      return .open(try own(ClusterNode(wire: open.node)))
    case .node(let update): return try admit(read(update), number: update.number)
    case .report(let report): return try admit(read(report), number: report.number)
    // A message of a later version means nothing here.
    case .heartbeat, nil:
      heartbeats += 1
      if heartbeats > Self.mostHeartbeats { throw flood("heartbeats") }
      return .none
    }
  }

  /// A request was answered.
  mutating func answered() { requests -= 1 }

  /// Once every `managerInterval`.
  /// - Throws: when the worker is gone.
  mutating func tick() throws(WarrenError) {
    heartbeats = 0
    missed += 1
    if timing.managerInterval * missed < timing.workerInterval * SessionTiming.patience { return }
    throw WarrenError(.unavailable, "node \(peer) has not been heard of for \(silence); its session is over; open another")
  }

  private mutating func admit(_ request: Request, number: UInt64) throws(WarrenError) -> Action {
    guard isOpen else { throw WarrenError(.failedPrecondition, "node \(peer) has no session here; open comes first; send it") }
    requests += 1
    if requests > Self.mostRequests { throw flood("requests") }
    return .request(request, number: number)
  }

  private func read(_ update: Warren_V1_NodeUpdate) -> Request {
    do throws(WarrenError) { return .update(try own(ClusterNode(wire: update.node))) } catch { return .invalid(error) }
  }

  private func read(_ report: Warren_V1_StatusReport) -> Request {
    var updates: [TaskStatusUpdate] = []
    do throws(WarrenError) {
      for update in report.updates { updates.append(try TaskStatusUpdate(wire: update)) }
    } catch {
      return .invalid(error)
    }
    return .report(updates)
  }

  private func flood(_ what: String) -> WarrenError {
    WarrenError(.resourceExhausted, "node \(peer) sends too many \(what) at once; the worker may be damaged; restart it")
  }

  private func own(_ node: ClusterNode) throws(WarrenError) -> ClusterNode {
    if node.id == peer {
      var node = node
      // Which keys are the node's, its admission says.
      node.keys = []
      return node
    }
    throw WarrenError(.permissionDenied, "node \(peer) may not speak for node \(node.id); start the worker of that node with its own certificate")
  }
}
