import CoreMetrics
import Synchronization

/// One time series: a metric's name with one set of labels. The same object is every kind of handler, since swift-metrics' kinds differ
/// only in how they call it.
final class MetricSeries: CounterHandler, FloatingPointCounterHandler, RecorderHandler, TimerHandler, MeterHandler, Sendable {
  enum Kind: String, Sendable { case counter, gauge, histogram }

  struct Values: Sendable, Equatable {
    /// Of a counter or gauge.
    var current = 0.0
    var sum = 0.0
    var count: UInt64 = 0
    /// Observations per bucket, not cumulated; the last one is everything above the highest bound.
    var buckets: [UInt64]
  }

  let kind: Kind
  /// Upper bounds of a histogram's buckets, rising.
  let bounds: [Double]
  /// From what is recorded to the unit of the metric: nanoseconds to seconds for timers.
  private let scale: Double
  private let state: Mutex<Values>

  init(kind: Kind, bounds: [Double] = [], scale: Double = 1) {
    self.kind = kind
    self.bounds = bounds
    self.scale = scale
    state = Mutex(Values(buckets: Array(repeating: 0, count: bounds.count + 1)))
  }

  var values: Values { state.withLock { $0 } }

  func increment(by amount: Int64) { increment(by: Double(amount)) }
  func increment(by amount: Double) { state.withLock { $0.current += amount } }
  func decrement(by amount: Double) { state.withLock { $0.current -= amount } }
  func reset() { state.withLock { $0.current = 0 } }
  func set(_ value: Int64) { set(Double(value)) }
  func set(_ value: Double) { state.withLock { $0.current = value } }
  func record(_ value: Int64) { record(Double(value)) }
  func recordNanoseconds(_ duration: Int64) { record(Double(duration)) }

  func record(_ value: Double) {
    guard kind == .histogram else { return set(value) }
    let scaled = value * scale
    let bucket = bounds.firstIndex { scaled <= $0 } ?? bounds.count
    state.withLock {
      $0.sum += scaled
      $0.count += 1
      $0.buckets[bucket] += 1
    }
  }
}
