import SwiftProtobuf

/// The checks as they are printed.
enum DoctorReport {
  private struct Row: ListDisplayable {
    static let header = ["CHECK", "STATUS", "DETAIL", "FIX"]
    static let emptyText = "Nothing to check"

    let check: DoctorCheck

    var cells: [String] { [check.name, check.outcome.rawValue, check.detail, check.fix.isEmpty ? "-" : check.fix] }
    var identifier: String { check.name }
  }

  /// - Parameter quiet: the names of the checks that did not pass, only.
  static func render(_ checks: [DoctorCheck], format: OutputFormat, quiet: Bool, bold: Bool = false) throws -> String {
    let shown = quiet ? checks.filter { $0.outcome != .ok } : checks
    return try Output.render(shown.map(message), rows: shown.map(Row.init), format: format, quiet: quiet, bold: bold)
  }

  private static func message(_ check: DoctorCheck) -> Google_Protobuf_Struct {
    Google_Protobuf_Struct(fields: [
      "name": .init(stringValue: check.name), "outcome": .init(stringValue: check.outcome.rawValue), "detail": .init(stringValue: check.detail),
      "fix": .init(stringValue: check.fix),
    ])
  }
}
