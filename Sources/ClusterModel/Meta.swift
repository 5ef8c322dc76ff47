/// Bytes of fields that a newer version of Warren wrote into an object and this one does not know: kept and written back as they are,
/// so that managers of different versions can share one cluster.
package struct UnknownFields: Hashable, Sendable {
  package var bytes: [UInt8]
  package init(_ bytes: [UInt8] = []) { self.bytes = bytes }
}

/// What every stored object carries.
package struct Meta: Hashable, Sendable {
  /// Index of the log entry that last changed the object; 0 before it is stored. A writer names the version it read;
  /// a different one by then is a conflict.
  package var version: UInt64
  package var createdAt: Timestamp
  package var updatedAt: Timestamp

  package init(version: UInt64 = 0, createdAt: Timestamp = .epoch, updatedAt: Timestamp = .epoch) {
    self.version = version
    self.createdAt = createdAt
    self.updatedAt = updatedAt
  }
}
