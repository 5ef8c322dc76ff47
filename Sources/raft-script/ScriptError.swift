/// Why a directive could not be carried out, in words for the person who wrote it.
package struct ScriptError: Error, Equatable, CustomStringConvertible {
  package var description: String

  package init(_ description: String) {
    self.description = description
  }
}
