extension String {
  /// At most so many bytes of whole characters, with an ellipsis in place of what is missing.
  package func clipped(toBytes limit: Int) -> String {
    if utf8.count <= limit { return self }
    var text = ""
    for character in self {
      if text.utf8.count + character.utf8.count + 3 > limit { break }
      text.append(character)
    }
    return text + "…"
  }
}
