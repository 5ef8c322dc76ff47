extension String {
  /// How many characters have to be inserted, removed or changed (Levenshtein).
  func editDistance(to other: String) -> Int {
    let (left, right) = (Array(prefix(64)), Array(other.prefix(64)))
    var row = Array(0...right.count)
    for (i, character) in left.enumerated() {
      var diagonal = row[0]
      row[0] = i + 1
      for (j, candidate) in right.enumerated() {
        let substituted = diagonal + (character == candidate ? 0 : 1)
        diagonal = row[j + 1]
        row[j + 1] = Swift.min(substituted, row[j] + 1, row[j + 1] + 1)
      }
    }
    return row[right.count]
  }
}
