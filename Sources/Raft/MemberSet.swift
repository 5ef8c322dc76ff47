/// A few members, in order.
package struct MemberSet: Hashable, Sendable, RandomAccessCollection, ExpressibleByArrayLiteral {
  private var members: [MemberID] = []

  package init() {}
  package init(_ members: some Sequence<MemberID>) { for member in members { insert(member) } }
  package init(arrayLiteral members: MemberID...) { self.init(members) }

  package var startIndex: Int { 0 }
  package var endIndex: Int { members.count }
  package subscript(position: Int) -> MemberID { members[position] }

  package func contains(_ member: MemberID) -> Bool { members.contains(member) }

  package mutating func insert(_ member: MemberID) {
    let place = members.firstIndex { $0 >= member } ?? members.count
    if place == members.count || members[place] != member { members.insert(member, at: place) }
  }

  package mutating func remove(_ member: MemberID) { members.removeAll { $0 == member } }

  package func union(_ other: MemberSet) -> MemberSet { MemberSet(members + other.members) }

  /// How many are in one of the two only.
  func differences(from other: MemberSet) -> Int {
    members.count { !other.contains($0) } + other.members.count { !members.contains($0) }
  }
}
