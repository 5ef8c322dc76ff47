/// The name of one object in the cluster, typed by what it names so that a task's id cannot be passed for a node's.
package struct Identifier<Entity>: Hashable, Comparable, Sendable, CustomStringConvertible, ExpressibleByStringLiteral {
  package let rawValue: String

  package init(_ rawValue: String) { self.rawValue = rawValue }
  package init(stringLiteral value: String) { rawValue = value }

  package var description: String { rawValue }
  package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

  /// A new random identifier: 20 characters of lower-case base 32 (Crockford's alphabet), 100 bits.
  package static func random(using generator: inout some RandomNumberGenerator) -> Self {
    let alphabet = Array("0123456789abcdefghjkmnpqrstvwxyz")
    // Ten characters of each number: one of the system's takes a system call.
    let characters = (0..<2).flatMap { _ in
      let bits: UInt64 = generator.next()
      return (0..<10).map { alphabet[Int(bits >> (5 * $0) & 31)] }
    }
    return Self(String(characters))
  }

  package static func random() -> Self {
    var generator = SystemRandomNumberGenerator()
    return random(using: &generator)
  }
}

package typealias ClusterID = Identifier<Cluster>
package typealias NodeID = Identifier<ClusterNode>
package typealias ServiceID = Identifier<ClusterService>
package typealias TaskID = Identifier<ClusterTask>
