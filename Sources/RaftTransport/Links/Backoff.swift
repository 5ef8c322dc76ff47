/// How long to wait before the next attempt to reach a member: at once, 2 and 3 ms after it was lost, then 10 ms doubling to 1 s, each a
/// quarter more or less.
package struct Backoff: Sendable {
  package static let hurried: [Duration] = [.zero, .milliseconds(2), .milliseconds(3)]
  private static let first = Duration.milliseconds(10)
  private static let longest = Duration.seconds(1)

  private var step = 0
  private var lastHurry: Duration?

  package init() {}

  /// There is reason to hope, or to be sure soon that there is none: begins anew. Not twice within a second: whoever accepts connections
  /// only to close them must not keep us busy.
  /// - Returns: whether it begins anew.
  package mutating func hurry(at now: Duration) -> Bool {
    if let lastHurry, now - lastHurry < Self.longest { return false }
    lastHurry = now
    step = 0
    return true
  }

  /// A connection ended.
  package mutating func ended(at now: Duration) { if !hurry(at: now) { step = max(step, Self.hurried.count) } }

  /// Whether the last attempt was one of the first.
  package var isHurried: Bool { step <= Self.hurried.count }

  package mutating func next(_ generator: inout some RandomNumberGenerator) -> Duration {
    defer { step += 1 }
    if step < Self.hurried.count { return Self.hurried[step] }
    let doublings = min(step - Self.hurried.count, 7)
    return min(Self.first * (1 << doublings), Self.longest) * Double.random(in: 0.75...1.25, using: &generator)
  }
}
