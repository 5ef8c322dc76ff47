package import ClusterModel
package import GRPCNIOTransportHTTP2Posix
package import Logging
import SwiftProtobuf
import WarrenAPI

/// A worker's session to whichever manager takes it, over the network.
///
/// It learns from each which managers there are and keeps that in the journal, so that it finds the cluster again when those it was started
/// with are gone.
package actor NetworkSession: ManagerSession {
  /// Makes a transport to the manager at `host:port`.
  package typealias Dial = @Sendable (String) throws -> HTTP2ClientTransport.Posix

  /// Of one report, so that it stays well below what a manager takes in one message.
  private static let mostUpdates = 200

  private let journal: Journal
  private let dial: Dial
  private let clock: any Clock<Duration>
  private let random: @Sendable () -> Double
  private let logger: Logger
  private let refused: @Sendable () -> Void
  private var operations: (any NodeOperations)?
  private var directory: ManagerDirectory
  private var hasLoaded = false
  /// The newest group of managers that was heard of.
  private var founder: UInt64 = 0
  private var link: ManagerLink?

  /// The manager that the session is with; of a session that is over, the one it was with.
  package var manager: String? { link?.address }
  package var isOver: Bool { link?.isOver ?? true }
  /// How long nothing has come from the manager.
  package var silence: Duration { link?.silence ?? .zero }

  /// - Parameters:
  ///   - seeds: `host:port` of at least one manager.
  ///   - random: from 0 up to but not including 1; which of several managers is tried first.
  ///   - refused: told whenever a manager does not take the node for what its certificate says.
  package init(
    seeds: [String], journal: Journal, clock: any Clock<Duration> = .continuous, random: @escaping @Sendable () -> Double = { .random(in: 0..<1) },
    logger: Logger, refused: @escaping @Sendable () -> Void = {}, dial: @escaping Dial
  ) {
    self.refused = refused
    directory = ManagerDirectory(seeds: seeds)
    self.journal = journal
    self.dial = dial
    self.clock = clock
    self.random = random
    self.logger = logger
  }

  /// What managers may ask of this node; before the first session. Apart from the initializer since it needs the agent, which needs this.
  package func serve(_ operations: any NodeOperations) { self.operations = operations }

  /// Tries each known manager once.
  /// - Throws: `unavailable`, with what became of each, when none takes a session.
  package func open(_ node: ClusterNode) async throws -> AsyncThrowingStream<Assignment, any Error> {
    await load()
    if let last = link {
      // A session that is over counts against its manager: another is tried first.
      last.end(nil)
      directory.failed(last.address)
      link = nil
    }
    var failures: [String] = []
    for address in directory.order(random: random) {
      do {
        let link = try await open(node, at: address)
        directory.worked(address)
        self.link = link
        logger.info("session.manager", metadata: ["node": "\(node.id)", "manager": "\(address)"])
        return link.assignments
      } catch {
        try Task.checkCancellation()
        directory.failed(address)
        if (error as? WarrenError)?.code == .unauthenticated { refused() }
        failures.append("\(address): \((error as? WarrenError)?.message ?? "\(error)")")
      }
    }
    throw WarrenError(
      .unavailable, "no manager takes a session of node \(node.id); \(failures.joined(separator: " | ")); what runs here goes on; it is tried again")
  }

  private func open(_ node: ClusterNode, at address: String) async throws -> ManagerLink {
    let link = ManagerLink(
      to: address, as: node, operations: OperationServer(operations: operations, node: node.id, logger: logger), clock: clock
    ) { [weak self] list in await self?.learn(list) }
    // Not a child: the session lives on when this has returned, and ends with the reader of its assignments.
    let session = Task { [dial] in await link.run(dial) }
    link.endsWithItsReader(session)
    try await withTaskCancellationHandler {
      try await link.opened()
    } onCancel: {
      link.end(CancellationError())
      session.cancel()
    }
    do { try await note(founder: link.founder) } catch {
      link.end(error)
      session.cancel()
      throw error
    }
    return link
  }

  /// - Throws: when a newer group of managers was heard of than that of the one that has just taken the session.
  private func note(founder heard: UInt64) async throws {
    if heard == founder { return }
    guard heard > founder else {
      throw WarrenError(
        .failedPrecondition, "it was given up when the cluster was recovered or restored without it, and is not obeyed; it has to join anew")
    }
    founder = heard
    do { try await journal.save(founder: heard) } catch {
      logger.warning("session.managers-not-kept", metadata: ["error": "\(error)"])
    }
  }

  package func update(_ node: ClusterNode) async throws {
    try await current().request { number in
      .with {
        $0.node.number = number
        $0.node.node = node.wire
      }
    }
  }

  package func report(_ node: NodeID, _ updates: [TaskStatusUpdate]) async throws {
    let link = try current()
    for start in stride(from: 0, to: updates.count, by: Self.mostUpdates) {
      let part = updates[start..<min(start + Self.mostUpdates, updates.count)].map(\.bounded)
      try await link.request { number in
        .with {
          $0.report.number = number
          $0.report.updates = part
        }
      }
    }
  }

  private func current() throws(WarrenError) -> ManagerLink {
    if let link { return link }
    throw WarrenError(.failedPrecondition, "the worker has no session to a manager; open one")
  }

  private func load() async {
    if hasLoaded { return }
    do {
      _ = directory.learn(try await journal.managers())
      founder = max(founder, try await journal.founder())
      hasLoaded = true
    } catch {
      logger.warning("session.managers-not-read", metadata: ["error": "\(error)"])
    }
  }

  package func knowsManagers() async -> Bool {
    await load()
    return !directory.learned.isEmpty
  }

  /// Managers to begin with, for a worker that was told of none yet: whoever takes its session tells it of all.
  package func begin(with list: [ManagerAddress]) async {
    await load()
    if directory.learned.isEmpty { await learn(list) }
  }

  private func learn(_ list: [ManagerAddress]) async {
    guard directory.learn(list) else { return }
    logger.info("session.managers", metadata: ["managers": "\(directory.learned.map(\.address).joined(separator: " "))"])
    do { try await journal.save(managers: directory.learned) } catch {
      logger.warning("session.managers-not-kept", metadata: ["error": "\(error)"])
    }
  }
}

extension TaskStatusUpdate {
  /// With texts as long as the manager keeps them: a registry's whole error page would make the report too large to be sent, ever.
  fileprivate var bounded: Warren_V1_TaskStatusUpdate {
    var update = wire
    update.status.message = update.status.message.clipped(toBytes: 4096)
    if update.status.hasLastExit { update.status.lastExit.reason = update.status.lastExit.reason.clipped(toBytes: 4096) }
    return update
  }
}
