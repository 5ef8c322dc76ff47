package import ClusterModel

/// What a box is sealed for: one that was made for something else does not open.
package struct SealingPurpose: Hashable, Sendable {
  let text: String

  package static func authorityKey(of cluster: ClusterID) -> SealingPurpose { SealingPurpose(text: "warren authority key \(cluster)") }
  package static let nodeKey = SealingPurpose(text: "warren node key")
  package static func secret(_ id: Identifier<ClusterSecret>) -> SealingPurpose { SealingPurpose(text: "warren secret \(id)") }
}
