import ClusterModel
import NIOHTTP1
import Testing

@testable import WarrenCommands

@Suite struct ObservabilityPagesTests {
  private func pages(_ checks: [SelfCheck], patience: Duration = .seconds(5)) -> ObservabilityPages {
    ObservabilityPages(registry: PrometheusRegistry(), checks: checks, patience: patience)
  }
  private let good = SelfCheck("store") {}
  private let bad = SelfCheck("containerd") { throw WarrenError(.unavailable, "containerd does not answer") }
  private let stuck = SelfCheck("agent") { try await Task.sleep(for: .seconds(3600)) }

  @Test func readyWhenEverythingIs() async {
    let pages = pages([good])
    #expect(await pages.answer(method: .GET, uri: "/ready") == .init(status: .ok, body: "ok\n"))
    #expect(await pages.answer(method: .GET, uri: "/health") == .init(status: .ok, body: "store: ok\n"))
  }

  @Test func notReadyWithTheReasons() async {
    let pages = pages([good, bad, stuck], patience: .seconds(1))
    let ready = await pages.answer(method: .GET, uri: "/ready?verbose")
    #expect(ready.status == .serviceUnavailable)
    #expect(ready.body == "containerd: containerd does not answer\nagent: no answer within 1.0 seconds\n")
    let health = await pages.answer(method: .GET, uri: "/health")
    #expect(health.status == .serviceUnavailable)
    #expect(health.body.hasPrefix("store: ok\ncontainerd: "))
    #expect(await pages.answer(method: .GET, uri: "/live") == .init(status: .ok, body: "ok\n"))
  }

  @Test func metricsTellOfTheProcess() async {
    let answer = await pages([]).answer(method: .GET, uri: "/metrics")
    #expect(answer.contentType == "text/plain; version=0.0.4; charset=utf-8")
    for name in ["process_resident_memory_bytes", "process_cpu_seconds_total", "process_open_fds", "process_max_fds", "process_start_time_seconds"] {
      #expect(answer.body.contains("\n\(name) ") || answer.body.hasPrefix("\(name) "))
    }
  }

  @Test func onlyReadingAndOnlyThesePaths() async {
    #expect(await pages([]).answer(method: .POST, uri: "/ready").status == .methodNotAllowed)
    #expect(await pages([]).answer(method: .GET, uri: "/").status == .notFound)
    #expect(await pages([]).answer(method: .GET, uri: "/metricsx").status == .notFound)
  }
}
