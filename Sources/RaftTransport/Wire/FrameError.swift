/// Why bytes are no frame, or a frame cannot become bytes.
package enum FrameError: Error, Hashable {
  case tooLarge
  case malformed
  /// Well-formed, but of a kind that this version does not know.
  case unknown
  /// A number that no log reaches, or too many of something.
  case beyondLimits
}

/// What is taken for a frame at most.
package enum FrameLimits {
  /// In bytes. Four times the largest append that a leader makes.
  package static let frame = 16 << 20
  /// Of the protobuf part, in bytes.
  package static let head = 2 << 20
  /// Before it is known who is there.
  package static let hello = 1024
  package static let entries = 1 << 17
  package static let context = 4096
  /// Of each list of members.
  package static let members = 1024
  package static let chunk = 8 << 20
  package static let snapshot = 1 << 40
  /// No real term or index comes near.
  package static let number: UInt64 = 1 << 62
}
