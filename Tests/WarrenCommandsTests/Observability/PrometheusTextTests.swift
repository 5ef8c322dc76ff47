import CoreMetrics
import Testing

@testable import WarrenCommands

@Suite struct PrometheusTextTests {
  private let registry = PrometheusRegistry()
  private var text: String { PrometheusText.render(registry.families) }

  @Test func countersGaugesAndTheirLabels() {
    registry.makeCounter(label: "warren.rpc", dimensions: [("method", "Echo"), ("code", "a\"b\\c\nd")]).increment(by: 3)
    registry.makeCounter(label: "warren_api_requests_total", dimensions: []).increment(by: 1)
    registry.makeMeter(label: "warren_tasks", dimensions: [("state", "running")]).set(2.5)
    #expect(
      text == """
        # TYPE warren_api_requests_total counter
        warren_api_requests_total 1
        # TYPE warren_rpc_total counter
        warren_rpc_total{code="a\\"b\\\\c\\nd",method="Echo"} 3
        # TYPE warren_tasks gauge
        warren_tasks{state="running"} 2.5

        """)
  }

  @Test func timersAreHistogramsInSeconds() {
    let timer = registry.makeTimer(label: "warren_commit", dimensions: [("kind", "a")])
    timer.recordNanoseconds(1_000_000)
    timer.recordNanoseconds(7_000_000)
    timer.recordNanoseconds(64_000_000_000)
    let lines = text.split(separator: "\n")
    #expect(lines.first == "# TYPE warren_commit_seconds histogram")
    #expect(lines.contains("warren_commit_seconds_bucket{kind=\"a\",le=\"0.001\"} 1"))
    #expect(lines.contains("warren_commit_seconds_bucket{kind=\"a\",le=\"0.01\"} 2"))
    #expect(lines.contains("warren_commit_seconds_bucket{kind=\"a\",le=\"10\"} 2"))
    #expect(lines.contains("warren_commit_seconds_bucket{kind=\"a\",le=\"+Inf\"} 3"))
    #expect(lines.contains { $0.hasPrefix("warren_commit_seconds_sum{kind=\"a\"} 64.008") })
    #expect(lines.last == "warren_commit_seconds_count{kind=\"a\"} 3")
  }

  @Test func theSameNameAndLabelsAreTheSameSeries() {
    registry.makeCounter(label: "a", dimensions: [("x", "1"), ("y", "2")]).increment(by: 1)
    registry.makeCounter(label: "a", dimensions: [("y", "2"), ("x", "1")]).increment(by: 1)
    #expect(text == "# TYPE a_total counter\na_total{x=\"1\",y=\"2\"} 2\n")
  }

  @Test func aNameKeepsItsFirstType() {
    registry.makeMeter(label: "a_total", dimensions: []).set(1.0)
    registry.makeCounter(label: "a", dimensions: []).increment(by: 5)
    #expect(text == "# TYPE a_total gauge\na_total 1\n")
  }

  @Test func labelsWithoutEndAreCountedTogether() {
    for number in 0..<(PrometheusRegistry.seriesLimit + 50) {
      registry.makeCounter(label: "a", dimensions: [("id", "\(number)")]).increment(by: 1)
    }
    #expect(registry.families["a_total"]?.series.count == PrometheusRegistry.seriesLimit + 1)
    #expect(text.contains("\na_total 50\n") || text.contains("counter\na_total 50\n"))
  }

  @Test(arguments: [("a.b-c", "a_b_c"), ("9a", "_9a"), ("", "_"), ("ok:x", "ok:x")])
  func names(_ text: String, _ expected: String) { #expect(PrometheusText.name(text) == expected) }

  @Test func aProcessNameMayHaveAnything() throws {
    let stat = "42 (a b) c) S 1 1 1 0 -1 4194304 1 0 0 0 150 50 0 0 20 0 7 0 1000 9 256 0"
    let own = try #require(ProcessMetrics(stat: stat, systemStat: "cpu 1\nbtime 5000\n", ticksPerSecond: 100, pageSize: 4096))
    #expect(own.cpuSeconds == 2)
    #expect(own.threads == 7)
    #expect(own.startTime == 5010)
    #expect(own.residentBytes == 1_048_576)
    #expect(ProcessMetrics(stat: "", systemStat: "", ticksPerSecond: 100, pageSize: 4096) == nil)
  }
}
