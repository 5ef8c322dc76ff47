import NIOConcurrencyHelpers
import Raft
import RaftTransport

/// Keeps what a transport tells, and has a snapshot to give.
final class RecordingUser: RaftTransportUser {
  struct State {
    var received: [Message] = []
    var unreachable: [MemberID: Int] = [:]
    var lost: [MemberID] = []
    var sent: [Bool] = []
    var stored: [Int: [UInt8]] = [:]
    var installed: [Message] = []
    /// Chunks read by the sender or stored by the receiver.
    var reads = 0
    var stores = 0
    var mostInFlight = 0
  }

  let state = NIOLockedValueBox(State())
  private let offer: SnapshotOffer?
  private let wants: Bool
  /// How many chunks the receiver has stored, for the sender.
  private let storedThere: @Sendable () -> Int
  /// Called before a chunk is stored.
  private let willStore: @Sendable (Int) async throws -> Void

  init(
    offer: SnapshotOffer? = nil, wants: Bool = true, willStore: @escaping @Sendable (Int) async throws -> Void = { _ in },
    stored: @escaping @Sendable () -> Int = { 0 }
  ) {
    self.offer = offer
    self.wants = wants
    storedThere = stored
    self.willStore = willStore
  }

  subscript<Value>(_ path: any KeyPath<State, Value> & Sendable) -> Value { state.withLockedValue { $0[keyPath: path] } }

  func receive(_ messages: [Message]) { state.withLockedValue { $0.received += messages } }
  func unreachable(_ member: MemberID) { state.withLockedValue { $0.unreachable[member, default: 0] += 1 } }
  func lost(_ member: MemberID) { state.withLockedValue { $0.lost.append(member) } }
  func snapshotSent(to member: MemberID, succeeded: Bool) { state.withLockedValue { $0.sent.append(succeeded) } }

  func snapshotToSend(to member: MemberID) async throws -> SnapshotOffer {
    guard let offer else { throw CancellationError() }
    return offer
  }

  func readSnapshotChunk(_ number: Int, of offer: SnapshotOffer) async throws -> [UInt8] {
    let stored = storedThere()
    state.withLockedValue {
      $0.reads += 1
      $0.mostInFlight = max($0.mostInFlight, $0.reads - stored)
    }
    return Self.chunk(number, of: offer)
  }

  /// Goes on where an earlier transfer ended.
  func acceptSnapshot(_ offer: SnapshotOffer) async throws -> Int {
    if !wants { throw CancellationError() }
    return state.withLockedValue { $0.stored.count }
  }

  func storeSnapshotChunk(_ number: Int, _ data: [UInt8], of offer: SnapshotOffer) async throws {
    try await willStore(number)
    state.withLockedValue {
      $0.stores += 1
      // Only whether it is right: keeping 50 MB would show nothing more.
      $0.stored[number] = data == Self.chunk(number, of: offer) ? [] : data
    }
  }

  func receiveSnapshot(_ message: Message, _ offer: SnapshotOffer) async throws { state.withLockedValue { $0.installed.append(message) } }

  private static func chunk(_ number: Int, of offer: SnapshotOffer) -> [UInt8] {
    [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: min(offer.chunkSize, offer.size - number * offer.chunkSize))
  }
}
