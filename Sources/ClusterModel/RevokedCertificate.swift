/// A certificate that counts no more though it has not run out.
package struct RevokedCertificate: Hashable, Sendable {
  /// Its serial number, lower-case hexadecimal.
  package var serial: String
  /// Whose it was, for people.
  package var subject: String
  /// When it would run out; the entry is of no use after that.
  package var expiresAt: Timestamp
  package var unknown = UnknownFields()

  package init(serial: String, subject: String, expiresAt: Timestamp) {
    self.serial = serial
    self.subject = subject
    self.expiresAt = expiresAt
  }
}
