import ClusterModel
import ClusterSecurity
import Crypto
import Foundation
import Logging
import Manager
import RaftStorage
import Testing
import WarrenAPI

@testable import WarrenCommands

/// What becomes of a data directory when its node is promoted, demoted or removed, also when that is cut short.
@Suite struct DataDirectoryTransitionTests {
  private static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

  private static func withDirectory(_ body: (DataDirectory) throws -> Void) throws {
    let path = try temporaryDirectory()
    defer { try? FileManager.default.removeItem(atPath: path) }
    let directory = DataDirectory("\(path)/data")
    try directory.prepare()
    try body(directory)
  }

  private static func keep(_ role: NodeIdentity.Role, in directory: DataDirectory) throws {
    let authority = try CertificateAuthority.create(cluster: "c1", now: .now)
    let key = P256.Signing.PrivateKey()
    let chain = try authority.issue(try NodeIdentity(cluster: "c1", node: "n1", role: role), for: key.publicKey, now: .now)
    let credentials = try NodeCredentials(chain: chain, key: key, trust: authority.trust)
    try directory.security.keep(credentials, sealedWith: try directory.security.sealingKeys())
  }

  private static func makeLog(in directory: DataDirectory) throws {
    let identity = LogIdentity(clusterID: "c1", nodeID: "n1", memberID: 2)
    try LogDatabase.create(dataDirectory: directory.path, identity: identity, founders: [], logger: logger).close()
  }

  private static let managers = [
    ClusterJoin.Manager(node: "n1", apiAddress: "", raftAddress: "", memberID: 2),
    ClusterJoin.Manager(node: "m1", apiAddress: "m1:8080", raftAddress: "m1:7946", memberID: 1),
  ]

  private func names(_ directory: DataDirectory) throws -> Set<String> { Set(try FileManager.default.contentsOfDirectory(atPath: directory.path)) }

  @Test func aManagersLogUnderAWorkersCertificateGoes() throws {
    try Self.withDirectory { directory in
      try Self.makeLog(in: directory)
      try PeerBook.write(Self.managers.map(PeerBook.Entry.init), dataDirectory: directory.path)
      try Self.keep(.manager, in: directory)
      try directory.finishTransition()
      #expect(LogDatabase.exists(dataDirectory: directory.path), "a manager's is left alone")
      let clusters = try directory.security.sealingKeys()
      try Self.keep(.worker, in: directory)
      #expect(try directory.wasDemoted())
      #expect(try names(directory).isDisjoint(with: ["raft", "managers.json"]))
      #expect(try directory.settings()?.managers == ["m1:8080"])
      let own = try directory.security.sealingKeys()
      #expect(own != clusters && own.keys.allSatisfy { !clusters.keys.contains($0) }, "the cluster's keys are no worker's")
      #expect(try directory.security.credentials(sealedWith: own)?.identity.role == .worker)
    }
  }

  @Test func aDirectoryInUseIsLeftAlone() throws {
    try Self.withDirectory { directory in
      try Self.makeLog(in: directory)
      try Self.keep(.worker, in: directory)
      let lock = try DirectoryLock(path: "\(directory.path)/raft.lock", dataDirectory: directory.path)
      #expect(throws: WarrenError.self) { try directory.finishTransition() }
      #expect(LogDatabase.exists(dataDirectory: directory.path))
      lock.release()
    }
  }

  /// What a manager answers to a worker that was promoted.
  private static func promoted(_ directory: DataDirectory, nodeDown: Duration? = nil, raftProfile: String? = nil) throws -> CertificateCalls.Renewed {
    let credentials = try #require(try directory.security.credentials(sealedWith: directory.security.sealingKeys()))
    return CertificateCalls.Renewed(credentials: credentials, managers: managers, nodeDown: nodeDown, raftProfile: raftProfile)
  }

  @Test func aPromotedWorkerTakesOverWhatIsTheSameOnAllManagers() throws {
    try Self.withDirectory { directory in
      try Self.keep(.worker, in: directory)
      try directory.keep(DaemonSettings(labels: ["zone": "a"]))
      try directory.prepareForManager("n1", as: Self.promoted(directory, nodeDown: .seconds(4), raftProfile: "wan"), keys: SealingKeyring())
      let settings = try #require(try directory.settings())
      #expect(settings.nodeDownSeconds == 4 && settings.raftProfile == "wan" && settings.labels == ["zone": "a"] && settings.changedRole == true)
      // It was a manager before, and was told something else by people.
      try directory.prepareForManager("n1", as: Self.promoted(directory, nodeDown: .seconds(9), raftProfile: "lan"), keys: SealingKeyring())
      #expect(try directory.settings() == settings)
      try directory.prepareForManager("n1", as: Self.promoted(directory), keys: SealingKeyring())
      #expect(try directory.settings() == settings, "of a version that does not say")
    }
  }

  @Test func aPromotedWorkerGetsALogOnceAndALostOneIsNotReplaced() throws {
    try Self.withDirectory { directory in
      try Self.keep(.worker, in: directory)
      try directory.prepareForManager("n1", as: Self.promoted(directory), keys: SealingKeyring())
      #expect(try !directory.wasPromoted(), "its certificate decides")
      try Self.keep(.manager, in: directory)
      #expect(try directory.wasPromoted() && directory.isPreparedManager())
      try Self.makeLog(in: directory)
      directory.security.hasJoined()
      try FileManager.default.removeItem(atPath: "\(directory.path)/raft")
      let lost = #expect(throws: WarrenError.self) { try directory.isPreparedManager() }
      #expect(lost?.code == .dataLoss && lost?.message.contains("warren manager rejoin") == true)
    }
  }

  /// It was demoted and promoted again: the member that runs here was given up.
  @Test func anotherMemberBeginsAnew() throws {
    try Self.withDirectory { directory in
      try Self.makeLog(in: directory)
      try Self.keep(.manager, in: directory)
      let identity = LogIdentity(clusterID: "c1", nodeID: "n1", memberID: 2)
      func told(_ member: UInt64) throws -> CertificateCalls.Renewed {
        var told = try Self.promoted(directory)
        told.sealingKeys = SealingKeyring()
        told.managers[0].memberID = member
        return told
      }
      for number in [0, 1, 2] as [UInt64] { try directory.prepareForSuccessor(of: identity, as: told(number)) }
      try directory.finishTransition()
      #expect(LogDatabase.exists(dataDirectory: directory.path), "that is itself, or of a manager that is behind")
      let replaced = #expect(throws: WarrenError.self) { try directory.prepareForSuccessor(of: identity, as: told(5)) }
      #expect(replaced?.reason == .memberReplaced)
      try directory.finishTransition()
      #expect(try !LogDatabase.exists(dataDirectory: directory.path) && directory.isPreparedManager())
      let book = try PeerBook(dataDirectory: directory.path, logger: Self.logger)
      #expect(book.member(of: "n1")?.rawValue == 5)
    }
  }

  @Test func nothingOfARemovedNodeIsLeftAlsoAfterACrash() throws {
    try Self.withDirectory { directory in
      try Self.makeLog(in: directory)
      try Self.keep(.manager, in: directory)
      try directory.keep(DaemonSettings(labels: ["zone": "a"]))
      try SupersededMark(directory.path).write(by: "m2:7946")
      // Cut short after it was decided.
      try PrivateFile("\(directory.path)/departed").write([])
      try directory.finishTransition()
      #expect(try names(directory).isSubset(of: ["raft.lock", "worker.lock"]))
      try directory.checkVacant()
      guard case .nobody = try directory.occupant() else {
        Issue.record("somebody is left")
        return
      }
    }
  }
}
