import ArgumentParser
import ClusterModel
import ClusterSecurity
import ClusterTLS
import Logging
import Manager
import RaftStorage
import SwiftProtobuf
import WarrenAPI
import Worker

struct LeaveCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "leave", abstract: "Take this machine out of its cluster.",
    discussion: example(
      "warren leave", "warren leave --force",
      note:
        "While its daemon runs. What runs here is started elsewhere first; then the daemon stops its containers, deletes its keys and its part of the "
        + "cluster's log, and ends, and this machine can join a cluster as a new one. A manager whose leaving would cost the others their quorum stays."
    ))

  @Option(help: ArgumentHelp("The node's data directory.", valueName: "path"), completion: .directory, transform: PathText.parse)
  var dataDir = "/var/lib/warren"
  @Flag(help: "Wait for no task to run elsewhere; and go though the others lose their quorum, or though no daemon or no manager answers.")
  var force = false
  @Option(
    parsing: .unconditional, help: ArgumentHelp("For tasks to run elsewhere (default: 5m).", valueName: "duration"), transform: DurationText.parse)
  var timeout: Duration?

  /// For the daemon to stop its containers and end.
  private static let patience = Duration.seconds(150)

  func run() async throws {
    let directory = DataDirectory(dataDir)
    let own = try credentials(directory)
    let isServed = try isInUse(directory)
    guard isServed || force else {
      throw WarrenError(
        .failedPrecondition,
        "no daemon runs on \(dataDir), which could stop the containers of node \(own.identity.node); start it (warren start), then leave; or use --force"
      )
    }
    do { try await leave(own, try await addresses(directory, own), mayDrain: isServed) } catch  where force && !isServed {
      Terminal.note("Note: the cluster was not told: \(error); remove the node there: warren node remove \(own.identity.node) --force")
    }
    if isServed {
      try await untilGone(directory, own)
    } else {
      try directory.depart()
      Terminal.note("Note: containers of the node were not stopped, since no daemon runs")
    }
    Terminal.line("✓ Node left the cluster: \(own.identity.node)")
  }

  private func credentials(_ directory: DataDirectory) throws -> NodeCredentials {
    if let keys = try directory.security.keptSealingKeys(), let own = try directory.security.credentials(sealedWith: keys) { return own }
    throw WarrenError(.notFound, "\(dataDir) holds no node; name its data directory with --data-dir")
  }

  private func hasKeys(_ directory: DataDirectory) throws -> Bool { try directory.security.keptSealingKeys() != nil }

  private func isInUse(_ directory: DataDirectory) throws -> Bool {
    do {
      for name in ["raft.lock", "worker.lock"] { try DirectoryLock(path: "\(directory.path)/\(name)", dataDirectory: directory.path).release() }
      return false
    } catch let error as WarrenError where error.code == .failedPrecondition {
      return true
    }
  }

  private func addresses(_ directory: DataDirectory, _ own: NodeCredentials) async throws -> [String] {
    let quiet = Logger(label: "warren") { _ in SwiftLogNoOpLogHandler() }
    var known: [String] = []
    if own.identity.role == .manager {
      // Not this one, which will end.
      known = try PeerBook(dataDirectory: directory.path, logger: quiet).entries.filter { $0.nodeID != own.identity.node }.map(\.apiAddress)
    } else {
      if let journal = try? Worker.Journal(path: "\(directory.path)/worker.sqlite") { known = try await journal.managers().map(\.address) }
      known += try directory.settings()?.managers ?? []
    }
    known = known.filter { !$0.isEmpty }
    if !known.isEmpty { return known }
    throw WarrenError(
      .failedPrecondition,
      own.identity.role == .manager
        ? "\(own.identity.node) is the only manager: the cluster would be gone with it; to end it, delete its services, stop the daemon, and delete \(dataDir)"
        : "\(dataDir) does not say where the managers are; remove the node on one of them: warren node remove \(own.identity.node)")
  }

  private func leave(_ own: NodeCredentials, _ managers: [String], mayDrain: Bool) async throws {
    let node = own.identity.node.rawValue
    let tls = ManagerTLS(CurrentCredentials(own), now: { .now })
    try await WarrenClient.connected(to: ManagerReach(managers), tls: tls) { client in
      let request = Warren_V1_RemoveNodeRequest.with {
        ($0.id, $0.force, $0.requestID) = (node, force, Identifier<RequestRecord>.random().rawValue)
      }
      let before = try await client.call { try await $0.getNode(.with { $0.id = node }) }.node.availability
      do {
        if mayDrain, !force { try await drain(node, client) }
        let answer = try await client.call { try await $0.removeNode(request) }
        for note in answer.notes { Terminal.note("Note: \(note)") }
      } catch let error as WarrenError where error.reason == .nodeRemoved {
        // The answer was lost with the connection, which is cut as soon as it is so.
        return
      } catch {
        // Nothing is to be changed by what was refused.
        if before == .active {
          _ = try? await client.call {
            try await $0.updateNode(
              .with {
                $0.id = node
                $0.availability = .active
              })
          }
        }
        throw error
      }
    }
  }

  private func drain(_ node: String, _ client: WarrenClient) async throws {
    _ = try await client.call {
      try await $0.updateNode(
        .with {
          $0.id = node
          $0.availability = .drain
          // Nothing is stopped that does not run elsewhere.
          $0.drainGrace = Duration.seconds(7 * 86_400).wire
        })
    }
    do { try await DrainWait(client: client, node: node).run(timeout: timeout ?? .seconds(300)) } catch let error as WarrenError
      where error.code == .deadlineExceeded
    {
      throw WarrenError(
        .deadlineExceeded,
        "node \(node) stays: what runs there did not all start elsewhere in time (warren task list says why); to stop it all the same: warren leave --force"
      )
    }
  }

  private func untilGone(_ directory: DataDirectory, _ own: NodeCredentials) async throws {
    let end = ContinuousClock.now + Self.patience
    while try isInUse(directory) || hasKeys(directory) {
      guard ContinuousClock.now < end else {
        throw WarrenError(
          .deadlineExceeded, "node \(own.identity.node) is out of the cluster, and its daemon has not ended yet; look at its log, then stop it")
      }
      // Another process ends: its lock is all that can be seen of it.
      try await Task.sleep(for: .milliseconds(200))
    }
  }
}
