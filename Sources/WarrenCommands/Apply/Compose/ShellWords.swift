/// Splits a line into words as a shell does: quotes and backslashes keep blanks together; nothing is expanded.
enum ShellWords {
  static func split(_ line: String) throws(ValueError) -> [String] {
    var words: [String] = []
    var word: String?
    var quote: Character?
    var rest = line[...]
    while let character = rest.popFirst() {
      switch (quote, character) {
      case (nil, "'"), (nil, "\""):
        quote = character
        word = word ?? ""
      case (let open?, character) where open == character: quote = nil
      case (nil, "\\"):
        guard let next = rest.popFirst() else { throw ValueError("'\(line)' ends with a backslash; write a list of words instead") }
        word = (word ?? "") + String(next)
      case ("\"", "\\"):
        if let next = rest.first, "\"\\$`".contains(next) {
          rest.removeFirst()
          word = (word ?? "") + String(next)
        } else {
          word = (word ?? "") + "\\"
        }
      case (nil, _) where character.isWhitespace:
        if let finished = word { words.append(finished) }
        word = nil
      default: word = (word ?? "") + String(character)
      }
    }
    if let quote { throw ValueError("'\(line)' has no second \(quote); write a list of words instead") }
    if let word { words.append(word) }
    return words
  }
}
