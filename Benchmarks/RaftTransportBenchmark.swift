import ArgumentParser
import ClusterModel
import Logging
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import Raft
import RaftTransport
import TestKit

/// What the transport between managers carries: appends one way, acknowledgements back, over TLS on the loopback.
struct RaftTransportBenchmark: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "raft-transport", abstract: "Messages a second and round trips between two members on the loopback, on two event loops.")

  @Option(help: "Bytes of a message's payload.") var bytes = 1024
  @Option(help: "How many messages each measurement sends.") var messages = 200_000
  @Option(help: "How many messages are under way at a time.") var windows = [1, 16, 64]

  func run() async throws {
    let authority = try TestAuthority()
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
    let sender = WindowedSender(bytes: bytes)
    let receiver = Acknowledger()
    var transports: [NetworkTransport] = []
    for member: MemberID in [1, 2] {
      let configuration = TransportConfiguration(
        cluster: "benchmark", member: member, listen: HostPort(host: "127.0.0.1", port: 0),
        security: .mutualTLS(try authority.certificates(for: member)))
      transports.append(try await NetworkTransport.listen(configuration, on: group.next(), logger: Logger(label: "benchmark")))
    }
    transports[0].attach(sender)
    transports[1].attach(receiver)
    sender.transport.withLockedValue { $0 = transports[0] }
    receiver.transport.withLockedValue { $0 = transports[1] }
    let peers: [MemberID: HostPort] = [1: transports[0].address, 2: transports[1].address]
    for transport in transports { transport.setPeers(peers) }
    try await eventually("both are connected") {
      transports[0].send([Message(.append, to: 2, from: 1, term: 1)])
      return sender.hasHeard
    }
    print("window    messages/s    p50 µs    p99 µs    processor µs a message")
    for window in windows {
      let processor = ProcessorTime.ofThisProcess()
      let result = await sender.measure(messages, window: window)
      let cost = (ProcessorTime.ofThisProcess() - processor) / Double(messages)
      print(
        "\(window)".leftPadded(6), "\(Int(Double(messages) / result.seconds))".leftPadded(13), "\(result.median)".leftPadded(9),
        "\(result.high)".leftPadded(9), "\(Int(cost))".leftPadded(25))
    }
    for transport in transports { await transport.stop() }
    try await group.shutdownGracefully()
  }
}

/// Sends the next message for each acknowledgement. Shared by threads under its lock.
private final class WindowedSender: MessageUser {
  struct Result {
    var seconds: Double
    /// Of round trips, in microseconds.
    var median: Int
    var high: Int
  }

  private struct State {
    var sent = 0
    var acknowledged = 0
    var limit = 0
    var departures: [ContinuousClock.Instant] = []
    var trips: [Duration] = []
    var done: CheckedContinuation<Void, Never>?
    var hasHeard = false
  }

  let transport = NIOLockedValueBox<NetworkTransport?>(nil)
  private let state = NIOLockedValueBox(State())
  private let payload: [UInt8]

  init(bytes: Int) { payload = [UInt8](repeating: 7, count: bytes) }

  var hasHeard: Bool { state.withLockedValue { $0.hasHeard } }

  func measure(_ count: Int, window: Int) async -> Result {
    let start = ContinuousClock.now
    await withCheckedContinuation { continuation in
      let first = state.withLockedValue { state in
        state = State(limit: count, done: continuation, hasHeard: true)
        state.departures.reserveCapacity(count)
        state.trips.reserveCapacity(count)
        return next(min(window, count), &state)
      }
      transport.withLockedValue { $0 }?.send(first)
    }
    let trips = state.withLockedValue { $0.trips }.sorted()
    func microseconds(_ part: Double) -> Int { Int(trips[Int(Double(trips.count - 1) * part)] / .microseconds(1)) }
    return Result(seconds: (ContinuousClock.now - start) / .seconds(1), median: microseconds(0.5), high: microseconds(0.99))
  }

  func receive(_ messages: [Message]) {
    let now = ContinuousClock.now
    let (following, done) = state.withLockedValue { state -> ([Message], CheckedContinuation<Void, Never>?) in
      state.hasHeard = true
      var acknowledgements = 0
      // Others answer what was sent to find out whether there is a connection.
      for message in messages where message.index > 0 && state.acknowledged < state.limit {
        state.trips.append(now - state.departures[state.acknowledged])
        state.acknowledged += 1
        acknowledgements += 1
      }
      let following = next(acknowledgements, &state)
      guard state.limit > 0, state.acknowledged == state.limit else { return (following, nil) }
      defer { state.done = nil }
      return (following, state.done)
    }
    if !following.isEmpty { transport.withLockedValue { $0 }?.send(following) }
    done?.resume()
  }

  private func next(_ count: Int, _ state: inout State) -> [Message] {
    (0..<min(count, state.limit - state.sent)).map { _ in
      state.departures.append(.now)
      state.sent += 1
      let index = UInt64(state.sent)
      return Message(.append, to: 2, from: 1, term: 1, index: index, entries: [Entry(term: 1, index: index + 1, data: payload)])
    }
  }
}

private final class Acknowledger: MessageUser {
  let transport = NIOLockedValueBox<NetworkTransport?>(nil)

  func receive(_ messages: [Message]) {
    let answers = messages.map { Message(.appendResponse, to: 1, from: 2, term: 1, index: $0.index) }
    transport.withLockedValue { $0 }?.send(answers)
  }
}

/// Of messages alone.
private protocol MessageUser: RaftTransportUser {}

extension MessageUser {
  func unreachable(_ member: MemberID) {}
  func lost(_ member: MemberID) {}
  func snapshotToSend(to member: MemberID) async throws -> SnapshotOffer { throw CancellationError() }
  func readSnapshotChunk(_ number: Int, of offer: SnapshotOffer) async throws -> [UInt8] { throw CancellationError() }
  func snapshotSent(to member: MemberID, succeeded: Bool) {}
  func acceptSnapshot(_ offer: SnapshotOffer) async throws -> Int { throw CancellationError() }
  func storeSnapshotChunk(_ number: Int, _ data: [UInt8], of offer: SnapshotOffer) async throws {}
  func receiveSnapshot(_ message: Message, _ offer: SnapshotOffer) async throws {}
}
