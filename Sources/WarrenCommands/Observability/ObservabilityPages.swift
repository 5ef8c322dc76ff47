import NIOHTTP1

/// What is answered to which request; knows nothing of sockets.
struct ObservabilityPages: Sendable {
  struct Answer: Sendable, Equatable {
    var status: HTTPResponseStatus
    var contentType = "text/plain; charset=utf-8"
    var body: String
  }

  let registry: PrometheusRegistry
  let checks: [SelfCheck]
  /// How long one check may take.
  var patience = Duration.seconds(2)

  func answer(method: HTTPMethod, uri: String) async -> Answer {
    guard method == .GET || method == .HEAD else { return Answer(status: .methodNotAllowed, body: "Only GET and HEAD are answered here.\n") }
    switch uri.prefix(while: { $0 != "?" }) {
    case "/metrics":
      return Answer(status: .ok, contentType: PrometheusText.contentType, body: PrometheusText.render(registry.families) + ProcessMetrics.render())
    case "/live": return Answer(status: .ok, body: "ok\n")
    case "/ready": return await ready()
    case "/health": return await health()
    default: return Answer(status: .notFound, body: "There is /metrics, /health, /ready and /live.\n")
    }
  }

  /// Whether work can be given to this node; the body has the reasons against it only.
  private func ready() async -> Answer {
    let reasons = await results().compactMap { result in result.reason.map { "\(result.name): \($0)\n" } }
    return reasons.isEmpty ? Answer(status: .ok, body: "ok\n") : Answer(status: .serviceUnavailable, body: reasons.joined())
  }

  /// Every check with its result.
  private func health() async -> Answer {
    let results = await results()
    let healthy = results.allSatisfy { $0.reason == nil }
    return Answer(status: healthy ? .ok : .serviceUnavailable, body: results.map { "\($0.name): \($0.reason ?? "ok")\n" }.joined())
  }

  /// All checks at once, in their order.
  private func results() async -> [(name: String, reason: String?)] {
    await withTaskGroup(of: (Int, String?).self) { group in
      for (index, check) in checks.enumerated() { group.addTask { (index, await check.reason(patience: patience)) } }
      var reasons: [Int: String] = [:]
      for await (index, reason) in group { reasons[index] = reason }
      return checks.enumerated().map { ($0.element.name, reasons[$0.offset]) }
    }
  }
}
