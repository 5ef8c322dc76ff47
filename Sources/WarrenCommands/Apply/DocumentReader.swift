import ClusterModel
import Yams

/// Turns files into services. Everything that can be wrong without asking a manager is found here.
struct DocumentReader {
  /// Of the process.
  let environment: (String) -> String?
  /// Nil when there is no such file.
  let readFile: (String) throws(WarrenError) -> String?

  /// - Throws: the first thing that is wrong, with where it is.
  func read(_ sources: [DocumentSource]) throws -> DocumentSet {
    var set = DocumentSet()
    for source in sources { try read(source, into: &set) }
    var places: [String: Place] = [:]
    for service in set.services {
      let name = service.spec.name
      if let other = places.updateValue(service.place, forKey: name.lowercased()) {
        throw DocumentError(service.place, "service \(name) is declared already, at \(other); names are unique without regard to case; rename one")
      }
      do throws(WarrenError) {
        try service.spec.validate(checkingImage: ServiceCreate.check)
      } catch { throw DocumentError(service.place, "service \(name): \(error.message)") }
    }
    let names = Dictionary(set.services.map { ($0.spec.name.lowercased(), $0.spec.startsAfter) }) { first, _ in first }
    for service in set.services {
      do throws(WarrenError) {
        try StartOrder.refuseCycle(from: service.spec.name) { names[$0.lowercased()] ?? [] }
      } catch { throw DocumentError(service.place, error.message) }
    }
    return set
  }

  private func read(_ source: DocumentSource, into set: inout DocumentSet) throws {
    var isEmpty = true
    for node in try Self.documents(in: source) {
      let document = DocumentValue(node: node, file: source.name, name: "")
      if document.isNull { continue }
      isEmpty = false
      guard document.isMapping else { throw document.error("a document is one service, or a Compose file: a mapping, as in name: web") }
      if ComposeFile.isOne(document) {
        let reading = try composeReading(source)
        set.services += try ComposeFile.read(document, reading)
        set.unsupported += reading.unsupported.sorted { ($0.place.line, $0.place.column) < ($1.place.line, $1.place.column) }
        set.warnings += reading.warnings
      } else {
        set.services.append(try NativeService.read(document))
      }
    }
    if isEmpty { throw DocumentError(Place(file: source.name), "there is no service in it; begin with name: NAME and image: IMAGE") }
  }

  private static func documents(in source: DocumentSource) throws -> [Node] {
    do {
      let parser = try Parser(yaml: source.text, encoding: .utf8)
      var documents: [Node] = []
      while let document = try parser.nextRoot() { documents.append(document) }
      return documents
    } catch let error as YamlError {
      throw DocumentError(error, in: source.name)
    } catch { throw DocumentError(Place(file: source.name), "\(error)") }
  }

  /// What the environment says counts before what `.env` beside the file says.
  private func composeReading(_ source: DocumentSource) throws -> ComposeReading {
    let file = "\(source.directory)/.env"
    let text: String?
    do throws(WarrenError) { text = try readFile(file) } catch { throw DocumentError(Place(file: file), error.message) }
    var values: [String: String] = [:]
    let environment = environment
    let entries = try EnvironmentFile.parse(text ?? "", file: file) { value, earlier, place in
      do throws(ValueError) {
        return try ComposeVariables { environment($0) ?? earlier[$0] }.expand(value) { _ in }
      } catch { throw DocumentError(place, error.description) }
    }
    for (key, value) in entries { values[key] = value }
    return ComposeReading(
      directory: source.directory, variables: ComposeVariables { [values] in environment($0) ?? values[$0] }, readFile: readFile)
  }
}
