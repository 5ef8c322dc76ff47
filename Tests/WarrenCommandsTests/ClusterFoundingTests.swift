import ClusterModel
import ClusterSecurity
import Foundation
import Glibc
import Logging
import Manager
import RaftStorage
import Testing

@testable import WarrenCommands

/// What a start makes of keys, and what it leaves alone.
@Suite struct ClusterFoundingTests {
  private let directory = NSTemporaryDirectory() + "warren-founding-" + UUID().uuidString
  private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

  private func withStore(isManagerOnly: Bool = true, _ body: (ClusterStore, Founder) async throws -> Void) async throws {
    let storage =
      LogDatabase.exists(dataDirectory: directory)
      ? try LogDatabase.open(dataDirectory: directory, logger: logger)
      : try LogDatabase.create(dataDirectory: directory, identity: LogIdentity(clusterID: "c1", nodeID: "n1"), logger: logger)
    let store = ClusterStore { .now }
    let log = try await RaftMember.start(storage: storage, stateMachine: store, logger: logger)
    store.attach(to: log)
    var settings = DaemonSettings()
    settings.managerOnly = isManagerOnly
    let configuration = try DaemonConfiguration(nodeID: "n1", dataDirectory: directory, settings: settings, hostname: "h")
    let membership = NodeMembership(storage: storage, configuration: configuration, bridge: nil, event: "node.resumed")
    try await body(
      store,
      Founder(
        founding: ClusterFounding(membership: membership, store: store, logger: logger),
        announcement: NodeAnnouncement(configuration: configuration, member: 1, store: store, logger: logger)))
  }

  /// As a start of a manager that is alone.
  private struct Founder {
    let founding: ClusterFounding
    let announcement: NodeAnnouncement

    func run() async throws -> NodeCredentials? {
      let credentials = try await founding.run()
      try await announcement.store(keys: credentials.map { [$0.certificate.keyFingerprint] })
      return credentials
    }
  }

  private func isWithout(_ founding: Founder) async throws -> Bool { try await founding.run() == nil }

  private var keys: SealingKeyring {
    get throws { try #require(try SecurityDirectory(dataDirectory: directory).keptSealingKeys()) }
  }

  @Test func firstStartMakesAnAuthorityAndACertificateOfIt() async throws {
    defer { try? FileManager.default.removeItem(atPath: directory) }
    try await withStore { store, founding in
      let credentials = try #require(try await founding.run())
      #expect(credentials.identity == (try NodeIdentity(cluster: "c1", node: "n1", role: .manager)))
      let authority = try CertificateAuthority(#require(store.view.cluster?.authority), cluster: "c1", sealedWith: keys)
      #expect(authority.trust == credentials.trust)
      let peer = try await CertificateVerifier(cluster: "c1", roots: authority.trust.roots)
        .verify(credentials.chain.map { try $0.der }, as: .server, now: .now)
      let node = try #require(store.view.node("n1"))
      try Standing(revoked: []) { _ in Standing.Node(node) }.check(peer)
    }
  }

  @Test func laterStartsWriteNothing() async throws {
    defer { try? FileManager.default.removeItem(atPath: directory) }
    try await withStore { store, founding in
      let first = try #require(try await founding.run())
      let index = store.view.index
      let second = try #require(try await founding.run())
      #expect(second.certificate == first.certificate && store.view.index == index)
    }
  }

  @Test func storeOfAVersionWithoutAuthorityGetsOne() async throws {
    defer { try? FileManager.default.removeItem(atPath: directory) }
    try await withStore(isManagerOnly: false) { store, founding in
      let node = ClusterNode(id: "n1", roles: [.manager, .worker], description: NodeDescription(hostname: "h"))
      try await store.update {
        try $0.put(Cluster(id: "c1"))
        try $0.put(node)
      }
      let credentials = try #require(try await founding.run())
      #expect(store.view.cluster?.authority != nil)
      #expect(store.view.node("n1")?.keys == [credentials.certificate.keyFingerprint])
    }
  }

  @Test func nodeThatRunsContainersIsDownUntilItsWorkerIsThere() async throws {
    defer { try? FileManager.default.removeItem(atPath: directory) }
    try await withStore(isManagerOnly: false) { store, founding in
      _ = try #require(try await founding.run())
      let node = try #require(store.view.node("n1"))
      #expect(node.state == .down && node.memberID == 1 && node.roles == [.manager, .worker])
      #expect(store.view.cluster?.lastMemberID == 1)
    }
  }

  @Test func lostSealingKeysDoNotStopTheNodeNorAreTheyReplaced() async throws {
    defer { try? FileManager.default.removeItem(atPath: directory) }
    try await withStore { store, founding in
      let first = try #require(try await founding.run())
      let file = SecurityDirectory(dataDirectory: directory).sealingKeysFile
      let content = try #require(try PrivateFile(file).read())
      #expect(unlink(file) == 0)
      #expect(try await isWithout(founding))
      #expect(access(file, F_OK) != 0)
      #expect(store.view.node("n1")?.keys == [first.certificate.keyFingerprint])
      try PrivateFile(file).write(Array("nonsense".utf8))
      #expect(try await isWithout(founding))
      try PrivateFile(file).write(content)
      let last = try #require(try await founding.run())
      #expect(last.certificate == first.certificate)
    }
  }

  @Test func lostIdentityIsMadeAnew() async throws {
    defer { try? FileManager.default.removeItem(atPath: directory) }
    try await withStore { store, founding in
      let first = try #require(try await founding.run())
      #expect(unlink("\(directory)/security/identity") == 0)
      let second = try #require(try await founding.run())
      #expect(second.certificate.keyFingerprint != first.certificate.keyFingerprint)
      #expect(store.view.node("n1")?.keys == [second.certificate.keyFingerprint])
    }
  }

  @Test func anotherClustersStoreIsRefused() async throws {
    defer { try? FileManager.default.removeItem(atPath: directory) }
    try await withStore { store, founding in
      try await store.update { try $0.put(Cluster(id: "c2")) }
      let error = await #expect(throws: WarrenError.self) { try await founding.run() }
      #expect(error?.code == .dataLoss)
      #expect(store.view.cluster?.authority == nil)
    }
  }
}
