import ClusterModel
import Raft
import RaftTransport
import TestKit

/// Frames of all kinds, with anything in them that may be.
struct RandomFrames {
  var dice: SeededGenerator

  init(seed: UInt64) { dice = SeededGenerator(seed: seed) }

  mutating func next() -> Frame {
    switch Int.random(in: 0..<12, using: &dice) {
    case 0:
      .hello(
        Hello(
          version: .random(in: 0...9, using: &dice), cluster: ClusterID("c\(number())"), from: member(), to: member(),
          purpose: one(of: Purpose.allCases),
          address: Bool.random(using: &dice) ? nil : HostPort(host: "h\(number())", port: .random(in: 1...65535, using: &dice))))
    case 1: .welcome(Bool.random(using: &dice) ? nil : one(of: Refusal.allCases))
    case 2: offer()
    case 3: .answer(firstChunk: Bool.random(using: &dice) ? nil : Int.random(in: 0...1000, using: &dice))
    case 4: .chunk(.random(in: 0...1000, using: &dice), bytes(5000))
    case 5: .stored(.random(in: 0...1000, using: &dice))
    case 6: .end
    default: .message(message())
    }
  }

  mutating func message() -> Message {
    let kind = one(of: Message.Kind.allCases.filter { !$0.isLocal })
    var message = Message(
      kind, to: member(), from: member(), term: number(), logTerm: number(), index: number() / 2, commit: number(),
      isRejection: .random(using: &dice), rejectHint: number(), isTransfer: .random(using: &dice),
      readPosition: .random(in: 0...(.max), using: &dice), context: Bool.random(using: &dice) ? [] : bytes(40))
    if kind == .append || kind == .propose {
      message.entries = (0..<Int.random(in: 0...20, using: &dice)).map { offset in
        Entry(
          term: number(), index: kind == .append ? message.index + UInt64(offset) + 1 : 0,
          kind: one(of: [.command, .singleChange, .configurationChange]),
          data: Bool.random(using: &dice) ? [] : bytes(300))
      }
    }
    return message
  }

  private mutating func offer() -> Frame {
    func members() -> MemberSet { MemberSet((0..<Int.random(in: 0...5, using: &dice)).map { _ in member() }) }
    let configuration = ConfigurationState(
      voters: members(), votersOutgoing: members(), learners: members(), learnersNext: members(), autoLeave: .random(using: &dice))
    let metadata = SnapshotMetadata(index: number(), term: number(), configuration: configuration)
    let offer = SnapshotOffer(metadata: metadata, size: .random(in: 0...1_000_000, using: &dice), chunkSize: .random(in: 1...100_000, using: &dice))
    return .offer(Message(.snapshot, to: member(), from: member(), term: number(), snapshot: Snapshot(metadata: metadata)), offer)
  }

  private mutating func member() -> MemberID { MemberID(rawValue: number()) }

  /// Of any length in bits.
  private mutating func number() -> UInt64 { dice.next() >> UInt64.random(in: 2...63, using: &dice) }

  mutating func bytes(_ limit: Int) -> [UInt8] { (0..<Int.random(in: 0...limit, using: &dice)).map { _ in UInt8.random(in: 0...255, using: &dice) } }

  private mutating func one<Value>(of values: [Value]) -> Value { values[Int.random(in: 0..<values.count, using: &dice)] }
}
