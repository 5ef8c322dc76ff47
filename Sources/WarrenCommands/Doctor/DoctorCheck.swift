/// One thing Warren needs of a machine, and whether it is there.
struct DoctorCheck: Sendable, Equatable {
  enum Outcome: String, Sendable { case ok, warning, failure }

  /// A word or two: `containerd`.
  var name: String
  var outcome: Outcome
  /// What was found.
  var detail: String
  /// What to do about it; empty when all is well.
  var fix = ""

  static func ok(_ name: String, _ detail: String) -> Self { .init(name: name, outcome: .ok, detail: detail) }
  static func warning(_ name: String, _ detail: String, fix: String) -> Self { .init(name: name, outcome: .warning, detail: detail, fix: fix) }
  static func failure(_ name: String, _ detail: String, fix: String) -> Self { .init(name: name, outcome: .failure, detail: detail, fix: fix) }
}
