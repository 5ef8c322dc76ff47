import SimulationEngine

/// The replicated state machine: registers, and for each session the answer to its last command, so that a retry happens once.
package struct Registers: Equatable, Sendable {
  package struct Answer: Equatable, Sendable {
    package var sequence: UInt64
    package var value: UInt64
  }

  package private(set) var values: [UInt64]
  /// By session number; sessions are few and numbered from 0.
  package private(set) var answers: [Answer]

  package init(keys: Int, sessions: Int) {
    values = Array(repeating: 0, count: keys)
    answers = Array(repeating: Answer(sequence: 0, value: 0), count: sessions)
  }

  /// The result of applying a command.
  package enum Outcome: Equatable, Sendable {
    case done(UInt64)
    /// The session's last command came again: it is answered, not done.
    case repeated(UInt64)
    /// The session has gone on since: nobody waits for this command any more, and it never happens.
    case stale
  }

  package mutating func apply(_ command: Command) -> Outcome {
    let session = Int(command.session)
    let last = answers[session]
    if command.sequence == last.sequence { return .repeated(last.value) }
    if command.sequence < last.sequence { return .stale }
    values[command.key] = Operation.value(after: command.action, on: values[command.key])
    answers[session] = Answer(sequence: command.sequence, value: values[command.key])
    return .done(values[command.key])
  }

  /// One number that differs when the state differs.
  package var digest: UInt64 {
    var digest = values.reduce(UInt64(1)) { mix64($0, $1) }
    for answer in answers { digest = mix64(mix64(digest, answer.sequence), answer.value) }
    return digest
  }
}

extension Registers {
  /// The counts and then each number, 8 bytes each, little endian.
  package var bytes: [UInt8] {
    let words = [UInt64(values.count), UInt64(answers.count)] + values + answers.flatMap { [$0.sequence, $0.value] }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(8 * words.count)
    for word in words {
      for shift in stride(from: UInt64(0), to: 64, by: 8) { bytes.append(UInt8(truncatingIfNeeded: word >> shift)) }
    }
    return bytes
  }

  /// Nil for what is no snapshot of registers.
  package init?(bytes: [UInt8]) {
    let words = stride(from: 0, to: bytes.count / 8 * 8, by: 8).map { start in
      (0..<8).reduce(UInt64(0)) { $0 | UInt64(bytes[start + $1]) << UInt64(8 * $1) }
    }
    guard words.count >= 2, words[0] < 1000, words[1] < 1000, words.count == 2 + Int(words[0]) + 2 * Int(words[1]) else { return nil }
    let keys = Int(words[0])
    values = Array(words[2..<(2 + keys)])
    answers = stride(from: 2 + keys, to: words.count, by: 2).map { Answer(sequence: words[$0], value: words[$0 + 1]) }
  }
}
