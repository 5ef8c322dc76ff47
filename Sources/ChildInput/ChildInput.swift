import Glibc
package import Subprocess
import SystemPackage

/// Bytes for a program's standard input, of which it reads what it wants: one that ends, or closes its input, before it has read all is judged
/// by its exit status alone. Subprocess's own inputs end this process in that case, by the signal SIGPIPE or, where that is ignored, by a fatal
/// error: https://github.com/swiftlang/swift-subprocess/issues/367.
package struct ChildInput: InputProtocol {
  private let bytes: [UInt8]

  package init(_ text: String) {
    _ = Self.brokenPipesAreErrors
    bytes = Array(text.utf8)
  }

  /// - Throws: `SubprocessError` when the input cannot be written for another reason; it is closed then too.
  package func write(with writer: StandardInputWriter) async throws {
    do {
      _ = try await writer.write(bytes)
    } catch {
      try await writer.finish()
      if error.underlyingError != .brokenPipe { throw error }
    }
  }

  /// As SwiftNIO does when it opens its first socket, which a process that runs a program may not have done yet.
  private static let brokenPipesAreErrors: Void = { _ = signal(SIGPIPE, SIG_IGN) }()
}
