/// One command of a script: a name, arguments `key` or `key=value` or `key=(value,value)`, and changes of the membership.
package struct Directive: Sendable, Equatable {
  package struct Argument: Sendable, Equatable {
    package var key: String
    package var values: [String]

    package init(key: String, values: [String] = []) {
      self.key = key
      self.values = values
    }
  }

  package var command: String
  package var arguments: [Argument]
  /// Changes of the membership, such as `v1 l2 r3 u4`.
  package var input: String

  package init(command: String, arguments: [Argument] = [], input: String = "") {
    self.command = command
    self.arguments = arguments
    self.input = input
  }

  /// The arguments that are no `key=value`, in order.
  package var positional: [String] {
    arguments.filter(\.values.isEmpty).map(\.key)
  }

  /// All values given for `key`.
  package func values(_ key: String) -> [String] {
    arguments.filter { $0.key == key }.flatMap(\.values)
  }
}

extension Directive {
  /// Reads `{"cmd": …, "args": [{"key": …, "vals": […]}], "input": …}`.
  package init(json: JSONValue) throws(ScriptError) {
    guard let command = json["cmd"]?.string else { throw ScriptError("a directive needs a \"cmd\"") }
    self.init(command: command, input: json["input"]?.string ?? "")
    for argument in json["args"]?.array ?? [] {
      guard let key = argument["key"]?.word else { throw ScriptError("an argument needs a \"key\"") }
      let values = argument["vals"]?.array ?? []
      arguments.append(Argument(key: key, values: values.compactMap(\.word)))
    }
  }

  /// Reads one line of the readable form. For commands that change the membership the changes stand among the arguments:
  /// `propose-conf-change 1 v4 r1 transition=explicit`.
  package init(line: String) throws(ScriptError) {
    var words = try Self.words(line)[...]
    guard let command = words.popFirst() else { throw ScriptError("an empty line is no directive") }
    self.init(command: command)
    let positionsBeforeChanges = ["simple": 0, "enter-joint": 0, "propose-conf-change": 1][command]
    var changes: [String] = []
    for word in words {
      if let equals = word.firstIndex(of: "="), !word.hasPrefix("\"") {
        arguments.append(Argument(key: String(word[..<equals]), values: Self.list(word[word.index(after: equals)...])))
      } else if let positions = positionsBeforeChanges, positional.count >= positions {
        changes.append(word)
      } else {
        arguments.append(Argument(key: word))
      }
    }
    input = changes.joined(separator: " ")
  }

  /// Splits at spaces outside parentheses and quotes. Quotes stay: they are bytes of the proposal.
  private static func words(_ line: String) throws(ScriptError) -> [String] {
    var words: [String] = []
    var word = ""
    var isQuoted = false
    var isListed = false
    for character in line {
      if character == " ", !isQuoted, !isListed {
        if !word.isEmpty { words.append(word) }
        word = ""
        continue
      }
      if character == "\"" { isQuoted.toggle() }
      if !isQuoted, character == "(" { isListed = true }
      if !isQuoted, character == ")" { isListed = false }
      word.append(character)
    }
    guard !isQuoted, !isListed else { throw ScriptError("a quote or parenthesis is not closed") }
    return word.isEmpty ? words : words + [word]
  }

  private static func list(_ text: Substring) -> [String] {
    guard text.hasPrefix("("), text.hasSuffix(")") else { return [String(text)] }
    return text.dropFirst().dropLast().split(whereSeparator: { $0 == "," || $0 == " " }).map(String.init)
  }
}
