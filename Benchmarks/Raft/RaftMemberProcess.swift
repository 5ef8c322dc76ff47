import ArgumentParser
import ClusterModel
import Logging
import Manager
import Raft
import RaftStorage
import RaftTransport
import ServiceLifecycle
import UnixSignals

/// One member of a group, in a process of its own, with a log on disk and clients over gRPC. It ends on SIGTERM as a manager does.
struct RaftMemberProcess: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "raft-member", abstract: "Be one member of a Raft group on this machine.", shouldDisplay: false)

  @Option var id: UInt64
  @Option(help: "Where the members listen for one another: that of member 1 first.") var peerPorts: [Int]
  @Option(help: "Where this member listens for clients.") var clientPort: Int
  @Option var dataDir: String
  @Flag var verbose = false

  func run() async throws {
    let verbose = verbose
    let logger = Logger(label: "raft-member") { label in
      if verbose { StreamLogHandler.standardError(label: label) } else { SwiftLogNoOpLogHandler() }
    }
    let ids = peerPorts.indices.map { MemberID(rawValue: UInt64($0) + 1) }
    let storage =
      LogDatabase.exists(dataDirectory: dataDir)
      ? try LogDatabase.open(dataDirectory: dataDir, logger: logger)
      : try LogDatabase.create(
        dataDirectory: dataDir, identity: LogIdentity(clusterID: "bench", nodeID: NodeID("n\(id)"), memberID: id), founders: MemberSet(ids),
        logger: logger)
    let configuration = TransportConfiguration(
      cluster: "bench", member: MemberID(rawValue: id), listen: HostPort(host: "127.0.0.1", port: peerPorts[Int(id) - 1]),
      security: .plaintextForTestsOnLoopback)
    let transport = try await NetworkTransport.listen(configuration, logger: logger)
    let others = zip(ids, peerPorts).filter { $0.0.rawValue != id }
    transport.setPeers(Dictionary(uniqueKeysWithValues: others.map { ($0, HostPort(host: "127.0.0.1", port: $1)) }))
    let member = try await RaftMember.start(
      storage: storage, stateMachine: KeyValueStore(), transport: transport, logger: logger)
    // Ended in the opposite order: the transport carries the member's last words.
    let services: [any Service] = [transport, member, KeyValueServer(member: member, port: clientPort)]
    try await ServiceGroup(
      configuration: .init(
        services: services.map { .init(service: $0, successTerminationBehavior: .gracefullyShutdownGroup) },
        gracefulShutdownSignals: [.sigterm], logger: logger)
    ).run()
  }
}
