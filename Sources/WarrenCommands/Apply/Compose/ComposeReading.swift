import ClusterModel

/// What is known while a Compose file is read, and what is found on the way.
final class ComposeReading {
  /// Of the file: what it names is meant from there.
  let directory: String
  let variables: ComposeVariables
  /// Nil when there is no such file.
  let readFile: (String) throws(WarrenError) -> String?
  /// What has no counterpart in Warren.
  private(set) var unsupported: [DocumentError] = []
  private(set) var warnings: [DocumentError] = []
  private var missing: Set<String> = []

  init(directory: String, variables: ComposeVariables, readFile: @escaping (String) throws(WarrenError) -> String?) {
    self.directory = directory
    self.variables = variables
    self.readFile = readFile
  }

  func leaveOut(_ place: Place, _ what: String, _ hint: String? = nil) {
    unsupported.append(DocumentError(place, "'\(what.prefix(120))' has no counterpart in Warren" + (hint.map { "; \($0)" } ?? "")))
  }

  func leaveOut(_ entry: DocumentValue.Entry, _ hint: String? = nil) { leaveOut(entry.keyPlace, entry.value.name, hint) }

  func leaveOut(_ value: DocumentValue, _ hint: String? = nil) throws {
    leaveOut(value.place, value.node.scalar == nil ? value.name : "\(value.name): \(try value.text())", hint)
  }

  func expand(_ text: String, at place: Place, besides others: [String: String] = [:]) throws -> String {
    let variables = others.isEmpty ? variables : ComposeVariables { [variables] in variables.lookup($0) ?? others[$0] }
    do throws(ValueError) {
      return try variables.expand(text) { name in
        if missing.insert(name).inserted { warnings.append(DocumentError(place, "the variable \(name) is not set; it is taken as empty")) }
      }
    } catch { throw DocumentError(place, error.description) }
  }

  /// The entries of a file that is named relative to the Compose file.
  /// - Returns: nil when there is no such file.
  func environment(in path: String, _ place: Place) throws -> [EnvironmentFile.Entry]? {
    let path = path.hasPrefix("/") ? path : "\(directory)/\(path)"
    let text: String?
    do throws(WarrenError) { text = try readFile(path) } catch { throw DocumentError(place, error.message) }
    guard let text else { return nil }
    return try EnvironmentFile.parse(text, file: path) { value, earlier, place in
      try self.expand(value, at: place, besides: earlier)
    }
  }
}
