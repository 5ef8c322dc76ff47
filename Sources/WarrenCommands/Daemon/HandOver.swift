import Manager
import ServiceLifecycle

/// Lets another manager lead as soon as this one is asked to stop.
struct HandOver: Service {
  let log: RaftMember

  func run() async throws {
    try? await gracefulShutdown()
    await log.handLeadershipOver()
  }
}
