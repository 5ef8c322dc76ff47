/// A value of the TOML subset that `hosts.toml` files use; see `TOMLParser`.
enum TOMLValue: Hashable, Sendable {
  case string(String)
  case integer(Int)
  case boolean(Bool)
  case array([TOMLValue])
  case table(TOMLTable)

  var string: String? { if case .string(let value) = self { value } else { nil } }
  var boolean: Bool? { if case .boolean(let value) = self { value } else { nil } }
  var table: TOMLTable? { if case .table(let value) = self { value } else { nil } }
  var array: [TOMLValue]? { if case .array(let value) = self { value } else { nil } }

  /// A string, or a list of strings.
  var strings: [String]? {
    if let string { return [string] }
    guard let array else { return nil }
    let all = array.compactMap(\.string)
    return all.count == array.count ? all : nil
  }
}

/// Keeps the order of its keys: mirrors are tried in the order in which they are written.
struct TOMLTable: Hashable, Sendable {
  private(set) var keys: [String] = []
  private var values: [String: TOMLValue] = [:]

  subscript(key: String) -> TOMLValue? {
    get { values[key] }
    set {
      if values[key] == nil { keys.append(key) }
      values[key] = newValue
    }
  }

  /// Puts `value` at a dotted path, making the tables on the way; false if something else is there already.
  mutating func insert(_ value: TOMLValue, at path: ArraySlice<String>) -> Bool {
    guard let key = path.first else { return false }
    if path.count == 1 {
      if case .table = value, values[key]?.table != nil { return true }
      guard values[key] == nil else { return false }
      self[key] = value
      return true
    }
    guard var child = values[key].map(\.table) ?? TOMLTable() else { return false }
    let inserted = child.insert(value, at: path.dropFirst())
    self[key] = .table(child)
    return inserted
  }
}
