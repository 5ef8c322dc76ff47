import ClusterModel
import Logging
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import Raft
import RaftTransport
import TestKit

/// A member with a real transport on the loopback.
struct TestMember: Sendable {
  let id: MemberID
  let user: RecordingUser
  let transport: NetworkTransport
  /// What it logged: the event and its reason.
  let events: NIOLockedValueBox<[String]>

  static func listen(
    _ id: MemberID, _ authority: TestAuthority?, port: Int = 0, cluster: ClusterID = "cluster", certificateFor: MemberID? = nil,
    user: RecordingUser = RecordingUser(), on loop: (any EventLoop)? = nil, limits change: (inout TransportLimits) -> Void = { _ in },
    configure: (inout TransportConfiguration) -> Void = { _ in }
  ) async throws -> TestMember {
    var configuration = TransportConfiguration(
      cluster: cluster, member: id, listen: HostPort(host: "127.0.0.1", port: port),
      security: try authority.map { .mutualTLS(try $0.certificates(for: certificateFor ?? id)) } ?? .plaintextForTestsOnLoopback)
    // A machine with other work may take long for a handshake; what tests look for does not depend on it.
    configuration.limits.handshake = .seconds(120)
    configuration.limits.hurriedHandshake = .seconds(120)
    configuration.limits.silence = .seconds(300)
    configuration.limits.snapshotStall = .seconds(120)
    configuration.limits.flush = .seconds(60)
    change(&configuration.limits)
    configure(&configuration)
    let events = NIOLockedValueBox<[String]>([])
    let logger = Logger(label: "test") { _ in
      EventLog { event in
        events.withLockedValue { $0.append("\(event.message) \(event.metadata?["reason"].map { "\($0)" } ?? "")") }
      }
    }
    let loop = loop ?? MultiThreadedEventLoopGroup.singleton.next()
    let transport = try await NetworkTransport.listen(configuration, on: loop, logger: logger)
    transport.attach(user)
    return TestMember(id: id, user: user, transport: transport, events: events)
  }

  /// Each of the members knows all of them, where they listen now.
  static func introduce(_ members: [TestMember]) {
    let addresses = Dictionary(uniqueKeysWithValues: members.map { ($0.id, $0.transport.address) })
    for member in members { member.transport.setPeers(addresses) }
  }

  static func withPair(_ body: (TestMember, TestMember) async throws -> Void) async throws {
    let authority = try TestAuthority()
    try await with([try await listen(1, authority), try await listen(2, authority)]) { members in
      introduce(members)
      try await body(members[0], members[1])
    }
  }

  /// Stops the members after the body, however it ends.
  static func with(_ members: [TestMember], _ body: ([TestMember]) async throws -> Void) async throws {
    let result: Result<Void, any Error>
    do { result = .success(try await body(members)) } catch { result = .failure(error) }
    for member in members { await member.transport.stop() }
    try result.get()
  }

  /// Sends messages until some arrive after whatever was there before: there are connections for both purposes then.
  func reach(_ other: TestMember) async throws {
    let before = other.user[\.received.count]
    try await eventually("\(id) reaches \(other.id)") {
      transport.send([Message(.heartbeat, to: other.id, from: id, term: 1), Message(.append, to: other.id, from: id, term: 1)])
      return Set(other.user[\.received].dropFirst(before).filter { $0.from == id }.map(\.kind)).isSuperset(of: [.heartbeat, .append])
    }
  }

  func logged(_ event: String) -> Bool { events.withLockedValue { $0.contains { $0.hasPrefix(event) } } }
}
