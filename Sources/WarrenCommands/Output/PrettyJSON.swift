/// Lays compact JSON out over lines, two spaces a level, keeping the order of keys. The input must be valid JSON.
enum PrettyJSON {
  static func format(_ compact: String) -> String {
    var output = ""
    var depth = 0
    var inString = false
    var escaped = false
    var previous: Character = " "
    func newline() -> String { "\n" + String(repeating: "  ", count: depth) }
    for character in compact {
      if inString {
        output.append(character)
        if escaped {
          escaped = false
        } else if character == "\\" {
          escaped = true
        } else if character == "\"" {
          inString = false
        }
        previous = character
        continue
      }
      switch character {
      case " ", "\n", "\t", "\r": continue
      case "{", "[":
        if "{[".contains(previous) { output += newline() }
        output.append(character)
        depth += 1
      case "}", "]":
        depth -= 1
        if !"{[".contains(previous) { output += newline() }
        output.append(character)
      case ",": output += "," + newline()
      case ":": output += ": "
      default:
        if "{[".contains(previous) { output += newline() }
        output.append(character)
        inString = character == "\""
      }
      previous = character
    }
    return output
  }
}
