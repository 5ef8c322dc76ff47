package import ClusterModel
import Dispatch
import NIOConcurrencyHelpers
package import Raft
package import RaftTransport

/// Carries messages between members of one process. What is lost, repeated and delayed is decided by a seed, for each direction of each
/// pair by itself: it does not depend on which member sends first. Time stands still until `advance`; what is not delayed needs none.
///
/// Users are called from one serial queue.
package final class MemoryNetwork: Sendable {
  /// What happens to messages on their way. Delays of different lengths change their order.
  package struct Faults: Sendable {
    /// Probabilities, 0 to 1.
    package var drop: Double
    package var duplicate: Double
    package var delay: ClosedRange<Duration>

    package init(drop: Double = 0, duplicate: Double = 0, delay: ClosedRange<Duration> = .zero ... .zero) {
      self.drop = drop
      self.duplicate = duplicate
      self.delay = delay
    }
  }

  struct Member {
    weak var user: (any RaftTransportUser)?
    var peers: Set<MemberID> = []
    /// Those that are sent a snapshot.
    var transfers: Set<MemberID> = []
  }

  struct State {
    var members: [MemberID: Member] = [:]
    var wire: MessageSchedule
    var now = Duration.zero
  }

  let state: NIOLockedValueBox<State>
  private let queue = DispatchQueue(label: "warren.memory-network")

  package init(seed: UInt64 = 1, faults: Faults = Faults()) {
    state = NIOLockedValueBox(State(wire: MessageSchedule(seed: seed, faults: faults)))
  }

  /// The transport of a member that starts now; an earlier one of the same member ends.
  package func transport(of member: MemberID) -> MemoryTransport {
    state.withLockedValue { $0.members[member] = Member() }
    return MemoryTransport(member: member, network: self)
  }

  package func setFaults(_ faults: Faults) { state.withLockedValue { $0.wire.faults = faults } }

  /// Nothing gets from one member to the other any more, also not what is under way. Nobody is told, as with a cable that is pulled.
  package func cut(_ from: MemberID, to: MemberID) { state.withLockedValue { $0.wire.cut(from, to: to) } }

  /// Cuts both directions between the two sides.
  package func partition(_ left: [MemberID], from right: [MemberID]) {
    for one in left {
      for other in right {
        cut(one, to: other)
        cut(other, to: one)
      }
    }
  }

  /// Ends all cuts.
  package func heal() { state.withLockedValue { $0.wire.heal() } }

  /// The member's process dies: its sockets close, and everyone who was connected with it is told.
  package func kill(_ member: MemberID) {
    let mourners = state.withLockedValue { state -> [any RaftTransportUser] in
      guard state.members.removeValue(forKey: member) != nil else { return [] }
      state.wire.forget(member)
      return state.members.filter { $0.value.peers.contains(member) && !state.wire.isCut(member, $0.key) }.compactMap(\.value.user)
    }
    queue.async { for mourner in mourners { mourner.lost(member) } }
  }

  /// How much time has gone by.
  package var now: Duration { state.withLockedValue { $0.now } }

  /// Lets time go by, and delivers what was due.
  package func advance(by duration: Duration) {
    state.withLockedValue { $0.now += duration }
    deliver()
  }

  /// Returns once everything that was due has been delivered.
  package func drained() async {
    await withCheckedContinuation { continuation in queue.async { continuation.resume() } }
  }

  func send(_ messages: [Message], from member: MemberID) {
    let dropped = state.withLockedValue { state -> (user: (any RaftTransportUser)?, peers: Set<MemberID>, snapshots: [Message]) in
      guard let sender = state.members[member] else { return (nil, [], []) }
      let known = messages.filter { sender.peers.contains($0.to) }
      for message in known where message.kind != .snapshot { state.wire.add(message, from: member, at: state.now) }
      return (sender.user, Set(messages.map(\.to)).subtracting(sender.peers), messages.filter { $0.kind == .snapshot })
    }
    if let user = dropped.user, !dropped.peers.isEmpty {
      queue.async { for peer in dropped.peers { user.unreachable(peer) } }
    }
    for message in dropped.snapshots { Task { await self.transfer(message, from: member) } }
    deliver()
  }

  private func deliver() {
    queue.async {
      while true {
        let next = self.state.withLockedValue { state -> (user: any RaftTransportUser, messages: [Message])? in
          while let (sender, messages) = state.wire.next(at: state.now), let to = messages.first?.to {
            if let receiver = state.members[to], receiver.peers.contains(sender), let user = receiver.user { return (user, messages) }
          }
          return nil
        }
        guard let next else { return }
        next.user.receive(next.messages)
      }
    }
  }
}

/// One member's end of a `MemoryNetwork`.
package final class MemoryTransport: RaftTransport {
  private let member: MemberID
  private let network: MemoryNetwork

  init(member: MemberID, network: MemoryNetwork) {
    self.member = member
    self.network = network
  }

  package func attach(_ user: any RaftTransportUser) { network.state.withLockedValue { $0.members[member]?.user = user } }
  package func setPeers(_ peers: [MemberID: HostPort], former: [MemberID: HostPort]) {
    network.state.withLockedValue { $0.members[member]?.peers = Set(peers.keys).subtracting([member]) }
  }
  package func send(_ messages: [Message]) { network.send(messages, from: member) }
}
