/// Permission for a new node to join, kept as a hash of its secret half.
package struct JoinToken: Hashable, Sendable, Identifiable {
  /// SHA-256 of the token's secret half, lower-case hexadecimal.
  package var id: Identifier<JoinToken>
  package var meta = Meta()
  package var role: ClusterNode.Role
  package var expiresAt: Timestamp
  /// When it was replaced by another and stopped to count; kept to say so to who still has it.
  package var rotatedAt: Timestamp?
  package var unknown = UnknownFields()

  package init(id: Identifier<JoinToken>, role: ClusterNode.Role, expiresAt: Timestamp) {
    self.id = id
    self.role = role
    self.expiresAt = expiresAt
  }
}
