/// One run of a simulator, decided by one seed.
package protocol SimulatedRun: SendableMetatype {
  associatedtype Happening: CaseIterable & RawRepresentable<String> & Hashable & Sendable
  associatedtype Broken: SimulatedViolation
  /// What `figure` counts.
  static var figureName: String { get }

  /// - Parameter traceLines: how many of the last things that happened are kept in words; they cost time.
  init(seed: UInt64, traceLines: Int)
  /// Runs to the end, or throws the first violation.
  func run() throws(Broken)

  var trace: Trace { get }
  var events: Int { get }
  var figure: Int { get }
  var counts: Counts<Happening> { get }
  /// Whether a part of the run was too much for the judge.
  var isUndecided: Bool { get }
}

/// A property that a run broke.
package protocol SimulatedViolation: Error, CustomStringConvertible {
  associatedtype Property: RawRepresentable<String>
  var property: Property { get }
}
