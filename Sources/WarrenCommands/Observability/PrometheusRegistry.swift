import CoreMetrics
import Synchronization

/// Collects what swift-metrics is told, for Prometheus to read. Naming follows https://prometheus.io/docs/practices/naming/:
/// counters end in `_total`, timers are histograms in seconds.
final class PrometheusRegistry: MetricsFactory, Sendable {
  struct Family: Sendable {
    let kind: MetricSeries.Kind
    /// By the labels as they are printed.
    var series: [String: MetricSeries] = [:]
  }

  /// A label whose values never end would otherwise fill the memory; what is above is counted together under no label.
  static let seriesLimit = 1000
  private static let secondBounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
  private static let countBounds = [1.0, 10, 100, 1_000, 10_000, 100_000]

  private let state = Mutex<[String: Family]>([:])

  var families: [String: Family] { state.withLock { $0 } }

  func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
    series(label, suffix: "_total", dimensions) { MetricSeries(kind: .counter) }
  }
  func makeFloatingPointCounter(label: String, dimensions: [(String, String)]) -> any FloatingPointCounterHandler {
    series(label, suffix: "_total", dimensions) { MetricSeries(kind: .counter) }
  }
  func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
    series(label, dimensions) { MetricSeries(kind: .gauge) }
  }
  func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
    series(label, dimensions) { aggregate ? MetricSeries(kind: .histogram, bounds: Self.countBounds) : MetricSeries(kind: .gauge) }
  }
  func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
    series(label, suffix: "_seconds", dimensions) { MetricSeries(kind: .histogram, bounds: Self.secondBounds, scale: 1e-9) }
  }

  // Series live as long as the process: one that came and went would look like a reset.
  func destroyCounter(_ handler: any CounterHandler) {}
  func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {}
  func destroyMeter(_ handler: any MeterHandler) {}
  func destroyRecorder(_ handler: any RecorderHandler) {}
  func destroyTimer(_ handler: any TimerHandler) {}

  private func series(_ label: String, suffix: String = "", _ dimensions: [(String, String)], make: () -> MetricSeries) -> MetricSeries {
    let clean = PrometheusText.name(label)
    let name = clean.hasSuffix(suffix) ? clean : clean + suffix
    let labels = PrometheusText.labels(dimensions)
    return state.withLock { families in
      let made = make()
      var family = families[name] ?? Family(kind: made.kind)
      // One name has one type; a second use of it with another type is a mistake that must not spoil the page.
      guard family.kind == made.kind else { return made }
      let key = family.series[labels] != nil || family.series.count < Self.seriesLimit ? labels : ""
      if let known = family.series[key] { return known }
      family.series[key] = made
      families[name] = family
      return made
    }
  }
}
