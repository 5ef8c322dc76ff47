import ClusterModel
import Logging

extension Agent {
  /// A session is not kept waiting by an engine that does not answer.
  static let firstLook = Duration.milliseconds(500)
  /// Longer than a busy machine needs.
  private static let nextLook = Duration.seconds(5)

  /// The node with what is known of its engine.
  var node: ClusterNode {
    var node = configuration.node
    switch engine {
    case .unknown: break
    case .well(let version): node.description.runtimeVersion = version
    case .ill(let problem):
      node.description.runtimeVersion = told?.description.runtimeVersion ?? ""
      node.runtimeProblem = problem
    }
    return node
  }

  /// Looks again and again whether the engine answers, and tells the manager when that changes: a containerd that hangs says nothing itself.
  func watchEngine() async {
    guard let looks = configuration.engineLooks else { return await untilCancelled() }
    while !Task.isCancelled {
      try? await clock.sleep(for: engine.isWell ? looks.whileWell : looks.whileIll)
      await reportEngine()
    }
  }

  func reportEngine() async {
    await lookAtEngine(within: Self.nextLook)
    await tellNode()
  }

  func lookAtEngine(within limit: Duration) async {
    let look: Result<String, any Error>
    do { look = .success(try await runtime.version(within: limit)) } catch { look = .failure(error) }
    if Task.isCancelled { return }
    let before = engine
    engine = before.after(look) { ($0 as? WarrenError)?.message ?? "\($0)" }
    if let problem = engine.problem {
      if before.problem == nil { logger.warning("runtime.not-answering", metadata: ["reason": "\(problem)"]) }
      // What is being made waits for the engine, and for nothing else.
      for supervisor in supervisors.values { supervisor.send(.progress(problem)) }
    } else if before.problem != nil {
      logger.notice("runtime.answers", metadata: ["version": "\(node.description.runtimeVersion)"])
      for supervisor in supervisors.values { supervisor.send(.progress("")) }
    }
  }

  private func untilCancelled() async {
    for await _ in AsyncStream<Never>.makeStream().stream {}
  }
}
