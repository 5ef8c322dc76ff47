/// What is wrong with an image reference, a digest, a manifest or a platform, in words for the person who wrote it.
package struct OCIError: Error, Hashable, Sendable, CustomStringConvertible {
  package let message: String

  package init(_ message: String) { self.message = message }

  package var description: String { message }
}

extension String {
  /// At most 80 characters of text that came from outside, so that an error stays readable.
  var clipped: String { count <= 80 ? self : prefix(77) + "..." }
}
