import ArgumentParser

/// What an option takes one of a few words for.
protocol Choice: ExpressibleByArgument, CaseIterable, RawRepresentable, Sendable where RawValue == String {}

extension Choice {
  /// ArgumentParser's own goes through a key path, which the runtime puts together each time that a command starts.
  static var allValueStrings: [String] { allCases.map { $0.rawValue } }

  /// A word is its own description: ArgumentParser's own would find that out each time, too.
  static var allValueDescriptions: [String: String] { [:] }
}
