import HashTreeCollections

/// Which objects belong to an owner: the tasks of a service, of a node.
struct StoreIndex<Owner: Hashable & Sendable, Member: Hashable & Sendable>: Sendable, Equatable {
  private var members: TreeDictionary<Owner, TreeSet<Member>> = [:]

  subscript(owner: Owner) -> TreeSet<Member> { members[owner] ?? [] }

  mutating func move(_ old: Member?, from oldOwner: Owner?, to newOwner: Owner?, as new: Member?) {
    if old == new, oldOwner == newOwner { return }
    if let old, let oldOwner {
      members[oldOwner]?.remove(old)
      if members[oldOwner]?.isEmpty == true { members[oldOwner] = nil }
    }
    if let new, let newOwner { members[newOwner, default: []].insert(new) }
  }
}
