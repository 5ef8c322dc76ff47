import Yams

/// A value in a document, with where it is. Scalars are texts as they were written: what `on` or `22:22` means is for who asks.
struct DocumentValue {
  struct Entry {
    let key: String
    let keyPlace: Place
    let value: DocumentValue
  }

  let node: Node
  let file: String
  /// What it is the value of, for messages.
  let name: String
  /// Applied to each text: what a Compose file has in place of variables.
  var expand: (String, Place) throws -> String = { text, _ in text }
  /// More of them in one mapping are a mistake, or meant to harm.
  private static let mostKeys = 10_000

  var place: Place { Place(file: file, node.mark) }

  func error(_ message: String) -> DocumentError { DocumentError(place, message) }

  var isNull: Bool {
    guard let scalar = node.scalar, scalar.style == .plain || scalar.style == .any else { return false }
    return ["", "~", "null", "Null", "NULL"].contains(scalar.string)
  }
  var isMapping: Bool { node.mapping != nil }
  var isList: Bool { node.sequence != nil }

  /// A number or a truth value is a text, too: as it was written.
  func text() throws -> String {
    guard let scalar = node.scalar else { throw error("'\(name)' is a \(kind); it must be one value") }
    if isNull { throw error("'\(name)' has no value; give one, or leave it out") }
    return try expand(scalar.string, place)
  }

  /// - Parameter parse: that of the command line's option.
  func text<Value>(_ parse: (String) throws -> Value) throws -> Value {
    let text = try text()
    do { return try parse(text) } catch { throw self.error("'\(name)' is not valid; \(error)") }
  }

  func choice<Value>(_ values: [(String, Value)]) throws -> Value {
    let text = try text()
    if let value = values.first(where: { $0.0 == text }) { return value.1 }
    throw error("'\(text)' is no value of '\(name)'; use \(values.map(\.0).joined(separator: ", "))")
  }

  func choice<Value: CaseIterable & RawRepresentable<String>>(of _: Value.Type = Value.self) throws -> Value {
    try choice(Value.allCases.map { ($0.rawValue, $0) })
  }

  func integer(_ range: ClosedRange<Int> = 0...Int(Int32.max)) throws -> Int {
    let text = try text()
    guard let number = Int(text), range.contains(number) else {
      throw error("'\(text)' is no value of '\(name)'; use a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  func ratio() throws -> Double {
    let text = try text()
    guard let number = Double(text), (0...1).contains(number) else { throw error("'\(text)' is no value of '\(name)'; use a number from 0 to 1") }
    return number
  }

  func flag() throws -> Bool { try choice([("true", true), ("false", false)]) }

  func list() throws -> [DocumentValue] {
    guard let sequence = node.sequence else { throw error("'\(name)' is a \(kind); it must be a list, as in [a, b]") }
    return sequence.map { with($0, name) }
  }

  /// A list, or a single value.
  func listOrOne() throws -> [DocumentValue] { isList ? try list() : [self] }

  func texts() throws -> [String] { try list().map { value in try value.text() } }

  func texts<Value>(_ parse: (String) throws -> Value) throws -> [Value] {
    try listOrOne().map { value in try value.text(parse) }
  }

  /// `KEY=VALUE` in a list, or a mapping of keys to values; nil for a key without a value.
  func pairs() throws -> [(key: String, value: String?, place: Place)] {
    if !isList {
      return try entries().map { entry in (entry.key, entry.value.isNull ? nil : try entry.value.text(), entry.keyPlace) }
    }
    return try list().map { value in
      let text = try value.text()
      guard let separator = text.firstIndex(of: "=") else { return (text, nil, value.place) }
      return (String(text[..<separator]), String(text[text.index(after: separator)...]), value.place)
    }
  }

  /// What a mapping holds, with what `<<` takes over from others. Keys are unique: the parser sees to that.
  func entries() throws -> [Entry] {
    var budget = Self.mostKeys
    return try entries(&budget)
  }

  private func entries(_ budget: inout Int) throws -> [Entry] {
    guard let mapping = node.mapping else { throw error("'\(name)' is a \(kind); it must be a mapping, as in {key: value}") }
    var own: [Entry] = []
    var merged: [Entry] = []
    for (key, value) in mapping {
      budget -= 1
      if budget < 0 { throw error("'\(name)' has too many keys; at most \(Self.mostKeys) are allowed") }
      let keyPlace = Place(file: file, key.mark)
      guard let text = key.scalar?.string else { throw DocumentError(keyPlace, "a key is no text; use for example image: nginx") }
      guard text == "<<" else {
        own.append(Entry(key: text, keyPlace: keyPlace, value: with(value, name.isEmpty ? text : "\(name).\(text)")))
        continue
      }
      for source in value.sequence.map(Array.init) ?? [value] { merged += try with(source, "<<").entries(&budget) }
    }
    var known = Set(own.map(\.key))
    return own + merged.filter { known.insert($0.key).inserted }
  }

  private func with(_ node: Node, _ name: String) -> DocumentValue { DocumentValue(node: node, file: file, name: name, expand: expand) }

  private var kind: String { isMapping ? "mapping" : isList ? "list" : "single value" }
}

extension DocumentError {
  /// - Parameter keys: those that there are.
  static func unknown(_ entry: DocumentValue.Entry, _ keys: some Sequence<String>) -> DocumentError {
    let keys = keys.sorted()
    let guess = keys.map { ($0.editDistance(to: entry.key), $0) }.min { $0 < $1 }
    let hint = guess.map { $0.0 <= max(2, entry.key.count / 3) ? "did you mean \($0.1)?" : "known are \(keys.joined(separator: ", "))" } ?? ""
    return DocumentError(entry.keyPlace, "unknown key '\(entry.key.prefix(80))'; \(hint)")
  }
}
