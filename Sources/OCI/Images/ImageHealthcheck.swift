/// Docker's extension to the image configuration: how the image wants to be checked. Durations are nanoseconds, 0 or nil meaning the default.
package struct ImageHealthcheck: Hashable, Sendable, Codable {
  /// `["NONE"]`, `["CMD", args…]` or `["CMD-SHELL", line]`; empty inherits.
  package var test: [String]?
  package var interval: Int64?
  package var timeout: Int64?
  package var startPeriod: Int64?
  package var startInterval: Int64?
  package var retries: Int?

  package init(test: [String]) { self.test = test }

  private enum CodingKeys: String, CodingKey {
    case test = "Test"
    case interval = "Interval"
    case timeout = "Timeout"
    case startPeriod = "StartPeriod"
    case startInterval = "StartInterval"
    case retries = "Retries"
  }
}
