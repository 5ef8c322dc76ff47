import Raft

/// What is under way in a `MemoryNetwork`, and when it arrives, if it does.
struct MessageSchedule: Sendable {
  private struct Link: Hashable {
    var from: MemberID
    var to: MemberID
  }

  private struct Item {
    var due: Duration
    var order: Int
    var from: MemberID
    var message: Message
  }

  var faults: MemoryNetwork.Faults
  private let seed: UInt64
  private var dice: [Link: SeededGenerator] = [:]
  private var cuts: Set<Link> = []
  /// By the moment they are due, then as they were sent.
  private var items: [Item] = []
  private var count = 0

  init(seed: UInt64, faults: MemoryNetwork.Faults) {
    self.seed = seed
    self.faults = faults
  }

  mutating func cut(_ from: MemberID, to: MemberID) {
    cuts.insert(Link(from: from, to: to))
    items.removeAll { $0.from == from && $0.message.to == to }
  }

  mutating func heal() { cuts = [] }

  func isCut(_ from: MemberID, _ to: MemberID) -> Bool { cuts.contains(Link(from: from, to: to)) }

  /// Drops what comes from a member or goes to it.
  mutating func forget(_ member: MemberID) { items.removeAll { $0.from == member || $0.message.to == member } }

  mutating func add(_ message: Message, from: MemberID, at now: Duration) {
    let link = Link(from: from, to: message.to)
    if cuts.contains(link) { return }
    var dice = dice[link] ?? SeededGenerator(seed: seed ^ from.rawValue << 32 ^ message.to.rawValue)
    defer { self.dice[link] = dice }
    if chance(faults.drop, &dice) { return }
    for _ in 0..<(chance(faults.duplicate, &dice) ? 2 : 1) {
      let span = faults.delay.upperBound - faults.delay.lowerBound
      let delay = faults.delay.lowerBound + (span == .zero ? .zero : span * Double.random(in: 0...1, using: &dice))
      count += 1
      let item = Item(due: now + delay, order: count, from: from, message: message)
      items.insert(item, at: items.lastIndex { ($0.due, $0.order) < (item.due, item.order) }.map { $0 + 1 } ?? 0)
    }
  }

  /// Takes out what comes next of what is due: everything that one member sent another until something else is due.
  mutating func next(at now: Duration) -> (from: MemberID, messages: [Message])? {
    guard let first = items.first, first.due <= now else { return nil }
    let messages = items.prefix { $0.due <= now && $0.from == first.from && $0.message.to == first.message.to }.map(\.message)
    items.removeFirst(messages.count)
    return (first.from, messages)
  }

  private func chance(_ probability: Double, _ dice: inout SeededGenerator) -> Bool {
    probability > 0 && Double.random(in: 0..<1, using: &dice) < probability
  }
}
