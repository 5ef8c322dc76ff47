/// How often each kind of thing happened, so that a soak shows what it exercised.
package struct Counts<Kind: Hashable & Sendable>: Sendable {
  private var counts: [Kind: Int] = [:]

  package init() {}

  package subscript(kind: Kind) -> Int {
    get { counts[kind, default: 0] }
    set { counts[kind] = newValue }
  }

  package mutating func add(_ other: Self) { counts.merge(other.counts, uniquingKeysWith: +) }
}
