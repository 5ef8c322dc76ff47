import SwiftProtobuf
import Yams

/// The one place that turns API messages into what is printed.
enum Output {
  /// A list. JSON and YAML are arrays of the API's messages; `quiet` prints one identifier a line.
  static func render<Row: ListDisplayable>(
    _ payload: [some Message], rows: [Row], format: OutputFormat, quiet: Bool = false, bold: Bool = false
  ) throws -> String {
    switch format {
    case .json: return PrettyJSON.format(try array(payload)) + "\n"
    case .yaml: return try yaml(try array(payload))
    case .table where quiet: return rows.map { $0.identifier + "\n" }.joined()
    case .table where rows.isEmpty: return Row.emptyText + "\n"
    case .table: return TextTable.render(header: Row.header, rows: rows.map(\.cells), bold: bold)
    }
  }

  /// One object; `text` is its form for people.
  static func render(_ message: some Message, text: String, format: OutputFormat) throws -> String {
    switch format {
    case .json: PrettyJSON.format(try json(message)) + "\n"
    case .yaml: try yaml(try json(message))
    case .table: text
    }
  }

  /// One item of a stream: JSON in one line, YAML as a document of its own.
  static func renderItem(_ message: some Message, text: String, format: OutputFormat) throws -> String {
    switch format {
    case .json: try json(message) + "\n"
    case .yaml: "---\n" + (try yaml(try json(message)))
    case .table: text
    }
  }

  static func json(_ message: some Message) throws -> String {
    // Its fields come in a random order otherwise.
    if let object = message as? Google_Protobuf_Struct {
      let fields = object.fields.sorted { $0.key < $1.key }
      return "{" + (try fields.map { try Google_Protobuf_Value(stringValue: $0.key).jsonString() + ":" + json($0.value) }.joined(separator: ","))
        + "}"
    }
    var options = JSONEncodingOptions()
    options.useDeterministicOrdering = true
    return try message.jsonString(options: options)
  }

  private static func array(_ messages: [some Message]) throws -> String {
    "[" + (try messages.map(json).joined(separator: ",")) + "]"
  }

  /// YAML is a superset of JSON, so the JSON form is read as YAML and written again in block style.
  static func yaml(_ json: String) throws -> String {
    guard let node = try Yams.compose(yaml: json) else { return "" }
    return try Yams.serialize(node: blockStyle(node), width: -1, allowUnicode: true)
  }

  private static func blockStyle(_ node: Node) -> Node {
    switch node {
    case .scalar(let scalar): return .scalar(plainIfSafe(scalar))
    case .sequence(var sequence):
      let items = sequence.map(blockStyle)
      sequence = Node.Sequence(items, sequence.tag, items.isEmpty ? .flow : .block)
      return .sequence(sequence)
    case .mapping(let mapping):
      let pairs = mapping.map { (blockStyle($0.key), blockStyle($0.value)) }
      return .mapping(Node.Mapping(pairs, mapping.tag, pairs.isEmpty ? .flow : .block))
    case .alias: return node
    }
  }

  /// Drops the quotes JSON needs where YAML reads the same string without them.
  private static func plainIfSafe(_ scalar: Node.Scalar) -> Node.Scalar {
    guard scalar.style == .doubleQuoted, Resolver.default.resolveTag(of: .scalar(.init(scalar.string, .implicit, .plain))) == .str else {
      return scalar
    }
    return Node.Scalar(scalar.string, scalar.tag, .any)
  }
}
