import ClusterModel

/// Which of the loops' failures are worth a line in the log: one that goes on is told at growing distances, and once more when it is over.
struct FailurePacing {
  private var services: Set<ServiceID> = []
  private var placement = false
  private var since: Timestamp?
  private var code: WarrenError.Code?
  private var failures = 0
  private var toldFailures = 0
  private var nextLine = Timestamp.epoch
  private var distance = FailurePacing.shortest

  private static let shortest = Duration.seconds(2)
  private static let longest = Duration.seconds(600)

  /// - Returns: how many failures passed untold before this one; nil when this one is not to be told either.
  mutating func failed(_ services: some Sequence<ServiceID>, placement: Bool, code: WarrenError.Code?, now: Timestamp) -> Int? {
    self.services.formUnion(services)
    self.placement = self.placement || placement
    failures += 1
    if since != nil, code == self.code, now < nextLine { return nil }
    if since == nil || code != self.code { distance = Self.shortest }
    since = since ?? now
    self.code = code
    nextLine = now + distance
    distance = min(distance * 2, Self.longest)
    defer { toldFailures = failures }
    return failures - toldFailures - 1
  }

  /// - Returns: how long it went on and how often it failed, when nothing is left that had failed.
  mutating func succeeded(_ services: some Sequence<ServiceID>, placement: Bool, now: Timestamp) -> (lasted: Duration, failures: Int)? {
    guard let since else { return nil }
    self.services.subtract(services)
    if placement { self.placement = false }
    guard self.services.isEmpty, !self.placement else { return nil }
    let result = (now - since, failures)
    self = FailurePacing()
    return result
  }
}
