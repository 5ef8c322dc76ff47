/// How long to wait before the next attempt to reach a member: at once, 2 and 3 ms after it was lost, then 10 ms doubling to 1 s, each a
/// quarter more or less.
package struct Backoff: Sendable {
  package static let hurried: [Duration] = [.zero, .milliseconds(2), .milliseconds(3)]
  private static let first = Duration.milliseconds(10)
  private static let longest = Duration.seconds(1)

  /// How often it may begin anew within a short time, and how soon once more after that.
  private static let hurries = 8
  private static let hurryInterval = Duration.milliseconds(250)

  private var step = 0
  private var hurriesLeft = hurries
  private var countedAt = Duration.zero

  package init() {}

  /// There is reason to hope, or to be sure soon that there is none: begins anew. The death of one member asks for a few, and another may follow
  /// at once; but whoever accepts connections only to close them must not keep us busy.
  /// - Returns: whether it begins anew.
  package mutating func hurry(at now: Duration) -> Bool {
    let earned = Int((now - countedAt) / Self.hurryInterval)
    if earned > 0 {
      hurriesLeft = min(Self.hurries, hurriesLeft + earned)
      countedAt = now
    }
    guard hurriesLeft > 0 else { return false }
    hurriesLeft -= 1
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
