import ClusterModel
import Testing

@testable import WarrenCommands

/// Reads texts as if they were files in a directory.
struct Documents {
  var environment: [String: String] = [:]
  /// By path.
  var files: [String: String] = [:]

  func read(_ texts: (name: String, text: String)...) throws -> DocumentSet {
    let reader = DocumentReader(
      environment: { [environment] in environment[$0] }, readFile: { [files] path throws(WarrenError) in files[path] })
    return try reader.read(texts.map { DocumentSource(name: $0.name, directory: "dir", text: $0.text) })
  }

  /// The only service.
  func spec(_ text: String) throws -> ServiceSpec {
    let set = try read(("f.yaml", text))
    #expect(set.unsupported.isEmpty && set.warnings.isEmpty && set.services.count == 1, "\(set)")
    return try #require(set.services.first).spec
  }

  /// What is said of a text that is refused.
  func refusal(_ text: String, name: String = "f.yaml") throws -> String {
    let error = #expect(throws: DocumentError.self) { try read((name, text)) }
    return try #require(error).description
  }
}
