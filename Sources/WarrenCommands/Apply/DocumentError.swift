import ClusterModel
import Yams

/// What is wrong with a document, and where.
struct DocumentError: Error, Equatable, CustomStringConvertible {
  let place: Place
  let message: String

  var description: String { "\(place): \(message)" }
  var asWarrenError: WarrenError { WarrenError(.invalidArgument, description) }

  init(_ place: Place, _ message: String) {
    self.place = place
    self.message = message
  }

  /// What the parser of YAML says.
  init(_ error: YamlError, in file: String) {
    switch error {
    case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
      .composer(let context, let problem, let mark, _):
      self.init(
        Place(file: file, mark), "this is not YAML; \(context.map { "\($0.text) that begins at \($0.mark) " } ?? "")\(problem); see https://yaml.org")
    case .duplicatedKeysInMapping(let keys, let context):
      let names = keys.map { "'\($0)'" }.joined(separator: ", ")
      self.init(Place(file: file, context.mark), "\(names) is given twice; only one of them could be meant; leave one out")
    case .reader(let problem, _, _, _): self.init(Place(file: file), "this is not YAML; \(problem); see https://yaml.org")
    default: self.init(Place(file: file), "this is not YAML; \(error)")
    }
  }
}
