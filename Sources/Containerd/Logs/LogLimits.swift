/// How much of a container's output is kept.
package struct LogLimits: Hashable, Sendable {
  package var bytesPerFile = 10_000_000
  /// The current one included; at least 1.
  package var files = 2

  package init() {}
}
