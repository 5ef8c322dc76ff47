/// What is around a command in the log: who proposed it, so that it can be recognised when it comes again.
///
/// Two bytes that no protobuf message begins with, then three numbers of 8 bytes, then the command. Commands written before logs were
/// replicated have no envelope.
struct ProposalEnvelope: Sendable, Equatable {
  var session: UInt64
  var sequence: UInt64
  /// The lowest number of this session that may still come, or come again.
  var floor: UInt64
  var command: [UInt8]

  private static let mark: [UInt8] = [0, 1]
  static let overhead = mark.count + 24

  init(session: UInt64, sequence: UInt64, floor: UInt64, command: [UInt8]) {
    self.session = session
    self.sequence = sequence
    self.floor = floor
    self.command = command
  }

  var bytes: [UInt8] { Self.mark + session.littleEndianBytes + sequence.littleEndianBytes + floor.littleEndianBytes + command }

  /// Nil when it is a bare command.
  init?(_ data: [UInt8]) {
    guard data.starts(with: Self.mark) else { return nil }
    var numbers = NumberReader(data[Self.mark.count...])
    guard let session = numbers.next(), let sequence = numbers.next(), let floor = numbers.next() else { return nil }
    self.init(session: session, sequence: sequence, floor: floor, command: Array(numbers.rest))
  }
}
