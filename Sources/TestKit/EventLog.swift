package import Logging

/// Hands every event of a log to a closure, in the thread that logs it.
package struct EventLog: LogHandler {
  private let take: @Sendable (LogEvent) -> Void
  package var logLevel: Logger.Level {
    get { .trace }
    set {}
  }
  package var metadata: Logger.Metadata = [:]

  package init(_ take: @escaping @Sendable (LogEvent) -> Void) { self.take = take }

  package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  package func log(event: LogEvent) { take(event) }
}
