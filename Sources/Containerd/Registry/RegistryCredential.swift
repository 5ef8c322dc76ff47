/// How to prove to a registry who is asking. Never logged; not describable on purpose.
package enum RegistryCredential: Hashable, Sendable, CustomStringConvertible {
  case basic(user: String, password: String)
  /// A token to be exchanged for access tokens (`identitytoken` in Docker's configuration).
  case identityToken(String)

  package var description: String { "RegistryCredential(…)" }
}
