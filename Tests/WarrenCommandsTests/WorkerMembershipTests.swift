import ArgumentParser
import ClusterModel
import ClusterSecurity
import Crypto
import Foundation
import Logging
import NIOConcurrencyHelpers
import RaftStorage
import Testing

@testable import WarrenCommands

/// What a data directory makes of a start as a worker.
@Suite struct WorkerMembershipTests {
  private static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

  /// A cluster that takes in whoever asks.
  private struct Cluster {
    let id: ClusterID
    let authority: CertificateAuthority
    let token: JoinSecret
    let joins = NIOLockedValueBox<[(node: ClusterNode, managers: [String], key: Data)]>([])

    init(_ id: ClusterID) throws {
      self.id = id
      authority = try CertificateAuthority.create(cluster: id, now: .now)
      var generator = SystemRandomNumberGenerator()
      token = JoinSecret.random(pin: try #require(authority.trust.pins.first), using: &generator)
    }

    @Sendable func join(
      _ node: ClusterNode, _ managers: [String], _ token: JoinSecret, _ key: P256.Signing.PrivateKey
    ) async throws -> NodeCredentials {
      joins.withLockedValue { $0.append((node, managers, key.rawRepresentation)) }
      let identity = try NodeIdentity(cluster: id, node: node.id, role: .worker)
      return try NodeCredentials(chain: try authority.issue(identity, for: key.publicKey, now: .now), key: key, trust: authority.trust)
    }
  }

  private static func withDirectory(_ body: (String) async throws -> Void) async throws {
    let path = try temporaryDirectory()
    defer { try? FileManager.default.removeItem(atPath: path) }
    try await body("\(path)/data")
  }

  /// Each with a bridge of its own: tests run side by side.
  private static func options(_ path: String, _ more: String...) throws -> NodeOptions {
    try NodeOptions.parse(["--data-dir", path, "--bridge", "wt\(abs(path.hashValue) % 1_000_000)", "--cni-subnet", "10.251.0.0/24"] + more)
  }

  private static func open(
    _ options: NodeOptions, managers: [String] = [], token: JoinSecret? = nil, in cluster: Cluster
  ) async throws -> WorkerMembership {
    try await WorkerMembership.open(options, managers: managers, token: token, logger: logger, join: cluster.join)
  }

  private static func refusal(_ body: () async throws -> Void) async -> WarrenError? {
    do {
      try await body()
      return nil
    } catch { return error as? WarrenError }
  }

  @Test func joinsOnceAndResumesWithNeitherTokenNorManagers() async throws {
    try await Self.withDirectory { path in
      let cluster = try Cluster("c1")
      do {
        let first = try await Self.open(
          try Self.options(path, "--node-id", "w1", "--label", "zone=a"), managers: ["m1:8080"], token: cluster.token, in: cluster)
        #expect(first.isNew && first.credentials.identity.node == "w1" && first.managers == ["m1:8080"])
        let asked = try #require(cluster.joins.withLockedValue { $0.first })
        #expect(asked.node.roles == [.worker] && asked.node.labels == ["zone": "a"] && asked.node.apiAddress.isEmpty && asked.managers == ["m1:8080"])
      }
      let second = try await Self.open(try Self.options(path), in: cluster)
      #expect(!second.isNew && second.credentials.identity.node == "w1" && second.managers == ["m1:8080"])
      #expect(second.configuration.labels == ["zone": "a"] && second.configuration.runsContainers && !second.configuration.isManager)
      #expect(cluster.joins.withLockedValue { $0.count } == 1)
      let busy = await Self.refusal { _ = try await Self.open(try Self.options(path), in: cluster) }
      #expect(busy?.code == .failedPrecondition)
    }
  }

  @Test func isRefusedAnotherNodesOrClustersDirectory() async throws {
    try await Self.withDirectory { path in
      let (cluster, other) = (try Cluster("c1"), try Cluster("c2"))
      _ = try await Self.open(try Self.options(path, "--node-id", "w1"), managers: ["m1:8080"], token: cluster.token, in: cluster)
      let wrongNode = await Self.refusal { _ = try await Self.open(try Self.options(path, "--node-id", "w2"), in: cluster) }
      #expect(wrongNode?.code == .failedPrecondition && wrongNode?.message.contains("belongs to node w1, not w2") == true)
      let wrongCluster = await Self.refusal { _ = try await Self.open(try Self.options(path), managers: ["x:1"], token: other.token, in: other) }
      #expect(wrongCluster?.code == .failedPrecondition && wrongCluster?.message.contains("c1") == true)
      #expect(throws: WarrenError.self) { try DataDirectory(path).refuseWorker() }
    }
  }

  @Test func needsATokenAndManagersForAnEmptyDirectory() async throws {
    try await Self.withDirectory { path in
      let cluster = try Cluster("c1")
      let nothing = await Self.refusal { _ = try await Self.open(try Self.options(path), in: cluster) }
      #expect(nothing?.code == .invalidArgument && nothing?.message.contains("--manager") == true)
      let noToken = await Self.refusal { _ = try await Self.open(try Self.options(path), managers: ["m1:8080"], in: cluster) }
      #expect(noToken?.code == .invalidArgument && noToken?.message.contains("--token") == true)
      #expect(!FileManager.default.fileExists(atPath: path), "nothing is made for it")
    }
  }

  @Test func aManagersDirectoryIsNoWorkers() async throws {
    try await Self.withDirectory { path in
      let cluster = try Cluster("c1")
      try DataDirectory(path).prepare()
      _ = try LogDatabase.create(dataDirectory: path, identity: LogIdentity(clusterID: "c1", nodeID: "n1"), logger: Self.logger)
      let refusal = await Self.refusal {
        _ = try await Self.open(try Self.options(path), managers: ["m1:8080"], token: cluster.token, in: cluster)
      }
      #expect(refusal?.code == .failedPrecondition && refusal?.message.contains("manager") == true)
    }
  }

  @Test func whoseAnswerWasLostAsksAgainWithTheSameKey() async throws {
    try await Self.withDirectory { path in
      let cluster = try Cluster("c1")
      let lost = await Self.refusal {
        _ = try await WorkerMembership.open(
          try Self.options(path), managers: ["m1:8080"], token: cluster.token, logger: Self.logger
        ) {
          _ = try await cluster.join($0, $1, $2, $3)
          throw WarrenError(.unavailable, "the answer is lost")
        }
      }
      #expect(lost?.message == "the answer is lost")
      let joined = try await Self.open(try Self.options(path), managers: ["m1:8080"], token: cluster.token, in: cluster)
      let keys = cluster.joins.withLockedValue { $0.map(\.key) }
      #expect(keys.count == 2 && keys[0] == keys[1] && joined.credentials.key.rawRepresentation == keys[0])
      #expect(try !SecurityDirectory(dataDirectory: path).isJoining(), "it is no longer needed")
    }
  }

  @Test func aFailedJoinCanBeTriedAgain() async throws {
    try await Self.withDirectory { path in
      let cluster = try Cluster("c1")
      let refusal = await Self.refusal {
        _ = try await WorkerMembership.open(
          try Self.options(path, "--label", "zone=a"), managers: ["m1:8080"], token: cluster.token, logger: Self.logger
        ) { _, _, _, _ in throw WarrenError(.unavailable, "nobody answers") }
      }
      #expect(refusal?.message == "nobody answers")
      let joined = try await Self.open(try Self.options(path), managers: ["m2:8080"], token: cluster.token, in: cluster)
      #expect(joined.managers == ["m2:8080"] && joined.configuration.labels.isEmpty, "what the first attempt was told is forgotten")
    }
  }

  @Test func theTokenComesFromOneOfThreePlaces() throws {
    let cluster = try Cluster("c1")
    let nowhere = Environment { _ in nil }
    #expect(try TokenOptions.parse([]).secret(environment: nowhere) == nil)
    #expect(try TokenOptions.parse(["--token", cluster.token.text]).secret(environment: nowhere) == cluster.token)
    let named = Environment { [text = cluster.token.text] name in name == "WARREN_TOKEN" ? text : nil }
    let fromEnvironment = try TokenOptions.parse([]).secret(environment: named)
    #expect(fromEnvironment == cluster.token)
    let path = try temporaryDirectory()
    defer { try? FileManager.default.removeItem(atPath: path) }
    try "  \(cluster.token.text)\n".write(toFile: path + "/token", atomically: false, encoding: .utf8)
    #expect(try TokenOptions.parse(["--token-file", path + "/token"]).secret(environment: nowhere) == cluster.token)
    #expect(throws: WarrenError.self) { try TokenOptions.parse(["--token-file", path + "/none"]).secret(environment: nowhere) }
    let nonsense = try #require(throws: WarrenError.self) { try TokenOptions.parse(["--token", "sesame"]).secret(environment: nowhere) }
    #expect(nonsense.code == .invalidArgument && !nonsense.message.contains("sesame"))
  }
}
