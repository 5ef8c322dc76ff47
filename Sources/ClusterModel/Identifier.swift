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
    return Self(String((0..<20).map { _ in alphabet[Int.random(in: 0..<32, using: &generator)] }))
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
