extension [String] {
  /// `NAME=value` entries with later ones added: one of a name already there replaces the value where the first one stood.
  func merged(with later: [String]) -> [String] {
    var result: [String] = []
    var position: [Substring: Int] = [:]
    for variable in self + later {
      let name = variable.prefix { $0 != "=" }
      if let index = position[name] {
        result[index] = variable
      } else {
        position[name] = result.count
        result.append(variable)
      }
    }
    return result
  }
}
