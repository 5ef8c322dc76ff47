/// What a simulator's program was asked for.
struct SimulationOptions: Sendable {
  /// Of the program of that name.
  static func usage(of program: String) -> String {
    "usage: \(program) [--seed N] [--runs N] [--jobs N] [--trace] [--lines N] [--until-violation]"
  }

  private(set) var seed: UInt64 = 1
  private(set) var runs: UInt64 = 1
  private(set) var jobs = 2
  /// Prints the end of what happened in the first run, whether it went well or not.
  private(set) var trace = false
  /// Says only which seed broke which property.
  private(set) var untilViolation = false
  /// Of the trace.
  private(set) var lines = 400

  /// Nil for what cannot be understood.
  init?(_ arguments: some Sequence<String>) {
    var rest = Array(arguments)[...]
    while let option = rest.popFirst() {
      if option == "--trace" {
        trace = true
        continue
      }
      if option == "--until-violation" {
        untilViolation = true
        continue
      }
      guard let value = rest.popFirst().flatMap({ UInt64($0) }) else { return nil }
      switch option {
      case "--seed": seed = value
      case "--lines": lines = Int(min(max(value, 1), 1_000_000))
      case "--runs": runs = value
      case "--jobs": jobs = Int(min(max(value, 1), 64))
      default: return nil
      }
    }
  }
}
