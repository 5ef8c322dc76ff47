import HashTreeCollections

/// The order in which objects were first stored, so that the oldest can be dropped.
struct StoreAges<ID: Hashable & Sendable>: Sendable {
  private var byNumber: TreeDictionary<UInt64, ID> = [:]
  private var numbers: TreeDictionary<ID, UInt64> = [:]
  private var first: UInt64 = 0
  private var next: UInt64 = 0

  var count: Int { numbers.count }

  var oldest: ID? { ordered.first { _ in true } }

  /// Oldest first.
  var ordered: some Sequence<ID> { (first..<next).lazy.compactMap { byNumber[$0] } }

  /// Takes an object in when it is new, drops it when it is gone, leaves its place when it only changed.
  mutating func move(_ old: ID?, to new: ID?) {
    if let new, numbers[new] == nil {
      numbers[new] = next
      byNumber[next] = new
      next += 1
    } else if new == nil, let old, let number = numbers.removeValue(forKey: old) {
      byNumber[number] = nil
      while first < next, byNumber[first] == nil { first += 1 }
    }
  }
}

extension StoreAges: Equatable {
  /// Equal when the order is: numbers start anew after a restart.
  static func == (left: Self, right: Self) -> Bool { left.count == right.count && left.ordered.elementsEqual(right.ordered) }
}
