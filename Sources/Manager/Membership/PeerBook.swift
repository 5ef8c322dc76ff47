package import ClusterModel
import ClusterSecurity
import FoundationEssentials
package import Logging
import NIOConcurrencyHelpers
package import Raft
package import RaftTransport
import ServiceLifecycle

/// Which managers there are and where they are reached, as far as this one knows.
///
/// From the store; from what members say when they connect, so that a changed address is known before it could be stored; and after a start from
/// a file, because a manager that has been off must reach the others to learn what it missed.
package final class PeerBook: Sendable {
  package struct Entry: Codable, Sendable, Hashable {
    package var node: String
    package var member: UInt64
    /// `host:port`.
    package var raftAddress: String
    package var apiAddress: String

    /// Nil for a node that has no number among the members of Raft. Who is to go has one until it has gone: its vote counts until then.
    package init?(_ node: ClusterNode) {
      guard node.memberID != 0 else { return nil }
      self.node = node.id.rawValue
      member = node.memberID
      raftAddress = node.raftAddress
      apiAddress = node.apiAddress
    }

    package init(node: NodeID, member: UInt64, raftAddress: String, apiAddress: String) {
      self.node = node.rawValue
      self.member = member
      self.raftAddress = raftAddress
      self.apiAddress = apiAddress
    }

    package var memberID: MemberID { MemberID(rawValue: member) }
    package var nodeID: NodeID { NodeID(node) }
  }

  /// What a member said of itself; it counts until the store says something new.
  private struct Announcement {
    var address: HostPort
    var instead: String
  }

  private struct State {
    var entries: [Entry]
    var announced: [MemberID: Announcement] = [:]
    var user: (member: RaftMember, transport: any RaftTransport)?
    var former: [Cluster.FormerManager] = []
  }

  private let file: PrivateFile
  private let logger: Logger
  private let state: NIOLockedValueBox<State>

  /// - Throws: `dataLoss` when the file cannot be read.
  package init(dataDirectory: String, logger: Logger) throws {
    file = PrivateFile(Self.path(in: dataDirectory))
    self.logger = logger
    var entries: [Entry] = []
    if let bytes = try file.read() {
      do { entries = try JSONDecoder().decode([Entry].self, from: Data(bytes)) } catch {
        throw WarrenError(
          .dataLoss, "\(file.path) cannot be read; put back a copy of it from another manager of this cluster, or join this one anew", cause: error)
      }
    }
    state = NIOLockedValueBox(State(entries: entries))
  }

  private static func path(in dataDirectory: String) -> String { "\(dataDirectory)/managers.json" }

  /// For a manager that is about to become one and was told of the others, itself among them.
  package static func write(_ entries: [Entry], dataDirectory: String) throws {
    try PrivateFile(path(in: dataDirectory)).write(try encoded(entries))
  }

  private static func encoded(_ entries: [Entry]) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return Array(try encoder.encode(entries))
  }

  package var entries: [Entry] { state.withLockedValue { $0.entries } }
  package func member(of node: NodeID) -> MemberID? { entries.first { $0.nodeID == node }?.memberID }
  package func entry(of member: MemberID) -> Entry? { entries.first { $0.memberID == member } }

  /// From now on the two know what is in the book.
  package func attach(to member: RaftMember, _ transport: any RaftTransport) {
    state.withLockedValue { state in
      state.user = (member, transport)
      tell(state)
    }
  }

  /// What another manager has said of all of them; it counts until the store says something new.
  package func learn(_ entries: [Entry]) {
    state.withLockedValue { state in
      if entries == state.entries { return }
      state.entries = entries
      keep(state)
    }
  }

  /// A member has said where it is reached.
  package func moved(_ member: MemberID, to address: HostPort) {
    state.withLockedValue { state in
      guard let place = state.entries.firstIndex(where: { $0.memberID == member }), state.entries[place].raftAddress != address.description else {
        return
      }
      logger.notice(
        "manager.moved",
        metadata: ["node": "\(state.entries[place].node)", "from": "\(state.entries[place].raftAddress)", "to": "\(address)"])
      state.announced[member] = Announcement(address: address, instead: state.announced[member]?.instead ?? state.entries[place].raftAddress)
      state.entries[place].raftAddress = address.description
      keep(state)
    }
  }

  /// What the store says, which must not be older than what it said before.
  /// - Parameter former: managers of earlier groups.
  func update(from nodes: some Sequence<ClusterNode>, former: [Cluster.FormerManager] = []) {
    let stored = nodes.compactMap(Entry.init).sorted { $0.member < $1.member }
    if stored.isEmpty { return }
    // A machine that has joined anew is not told any more what it was before.
    let former = former.filter { gone in !stored.contains { $0.raftAddress == gone.raftAddress } }
    state.withLockedValue { state in
      let isNews = state.former != former
      state.former = former
      defer { if isNews { tell(state) } }
      var entries = stored
      for (place, entry) in stored.enumerated() {
        guard let announcement = state.announced[entry.memberID] else { continue }
        if entry.raftAddress == announcement.instead {
          entries[place].raftAddress = announcement.address.description
        } else {
          state.announced[entry.memberID] = nil
        }
      }
      if entries == state.entries { return }
      state.entries = entries
      keep(state)
    }
  }

  private func keep(_ state: State) {
    tell(state)
    do { try file.write(try Self.encoded(state.entries)) } catch {
      logger.error("managers.not-kept", metadata: ["file": "\(file.path)", "error": "\(error)"])
    }
  }

  private func tell(_ state: State) {
    guard let (member, transport) = state.user else { return }
    var addresses: [MemberID: HostPort] = [:]
    for entry in state.entries { addresses[entry.memberID] = HostPort(entry.raftAddress) }
    let former = state.former.compactMap { gone in HostPort(gone.raftAddress).map { (MemberID(rawValue: gone.memberID), $0) } }
    transport.setPeers(addresses, former: Dictionary(former) { $1 })
    member.setNames(Dictionary(state.entries.map { ($0.memberID, "\($0.node) (\($0.raftAddress))") }) { $1 })
  }
}

/// Keeps a book as the store has it.
package struct PeerBookKeeper: Service {
  let book: PeerBook
  let store: ClusterStore
  let log: any ReplicatedLog

  package init(book: PeerBook, store: ClusterStore, log: any ReplicatedLog) {
    self.book = book
    self.store = store
    self.log = log
  }

  package func run() async throws {
    await cancelWhenGracefulShutdown {
      // Before that the store is as it was when this manager went off, and the book knows more. A barrier waits for a leader by itself; the
      // pause is for a log that refuses at once.
      while !Task.isCancelled, (try? await log.readBarrier()) == nil { try? await Task.sleep(for: .seconds(1)) }
      await store.follow(\.concernsNodes) { book.update(from: $0.nodes, former: $0.cluster?.formerManagers ?? []) }
    }
  }
}

extension StoreEvent {
  var concernsNodes: Bool { changes.contains { if case .node = $0 { true } else { false } } }
}
