import ClusterModel
import ClusterSecurity
import ClusterTLS
import Logging
import NIOConcurrencyHelpers
import ServiceLifecycle
import Worker

/// Finds out when the cluster has made something else of this node than what runs here, and ends the daemon then: returns when the node was
/// removed, and its tasks have stopped, when it has another role, or when it is another member of Raft.
struct RoleWatch: Service {
  enum Verdict: Sendable, Equatable, CustomStringConvertible {
    case asBefore
    case becomes(NodeIdentity.Role)
    case removed

    var description: String {
      switch self {
      case .asBefore: "as before"
      case .becomes(let role): role.rawValue
      case .removed: "removed"
      }
    }
  }

  let identity: NodeIdentity
  let doubts: Doubts
  let renewal: CertificateRenewal
  let credentials: CurrentCredentials
  /// Nil for a node that runs no containers.
  let agent: Agent?
  let logger: Logger
  private let outcome = NIOLockedValueBox(Verdict.asBefore)

  init(
    identity: NodeIdentity, doubts: Doubts, renewal: CertificateRenewal, credentials: CurrentCredentials, agent: Agent?, logger: Logger
  ) {
    self.identity = identity
    self.doubts = doubts
    self.renewal = renewal
    self.credentials = credentials
    self.agent = agent
    self.logger = logger
  }

  /// For when it has returned.
  var verdict: Verdict { outcome.withLockedValue { $0 } }

  /// Tasks that do not stop in this time are killed by what stops them; then the node goes all the same.
  private static let patience = Duration.seconds(120)
  private static let pauses = (least: Duration.milliseconds(500), most: Duration.seconds(5))

  func run() async throws {
    try? await cancelWhenGracefulShutdown {
      try await withThrowingTaskGroup(of: Void.self) { group in
        // The usual renewal may be the first to learn of another role.
        group.addTask { for await renewed in credentials.replacements() where renewed.identity.role != identity.role { doubts.raise() } }
        group.addTask { try await decide() }
        defer { group.cancelAll() }
        // The first never ends by itself.
        while try await group.next() != nil, verdict == .asBefore {}
      }
    }
    if verdict == .asBefore { try? await gracefulShutdown() }
  }

  private func decide() async throws {
    var pause = Self.pauses.least
    for await _ in doubts.raised {
      let verdict = await look()
      if verdict == .asBefore {
        // Doubts may be raised many times a second; each asks another manager.
        try await Task.sleep(for: pause)
        pause = min(pause * 2, Self.pauses.most)
        continue
      }
      outcome.withLockedValue { $0 = verdict }
      logger.notice("node.role-changed", metadata: ["node": "\(identity.node)", "now": "\(verdict)"])
      if verdict == .removed, let agent, await !agent.dismiss(within: Self.patience) {
        logger.error("worker.tasks-left", metadata: ["node": "\(identity.node)"])
      }
      return
    }
  }

  func look() async -> Verdict {
    if let role = credentials.value?.identity.role, role != identity.role { return .becomes(role) }
    // Only the next certificate says what the node is now.
    do { try await renewal.renewNow() } catch let error as WarrenError where error.reason == .nodeRemoved {
      return .removed
    } catch let error as WarrenError where error.reason == .memberReplaced {
      return .becomes(.manager)
    } catch {
      logger.debug("node.role-not-known", metadata: ["error": "\(error)"])
    }
    return credentials.value.flatMap { $0.identity.role == identity.role ? nil : .becomes($0.identity.role) } ?? .asBefore
  }
}
