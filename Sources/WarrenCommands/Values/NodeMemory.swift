/// `--memory` of a node: a bare number is GiB, as it always was; a unit may be given.
enum NodeMemory {
  static func parse(_ text: String) throws -> Int64 {
    try ByteSize.parse(text.allSatisfy { $0.isNumber || $0 == "." } ? text + "GiB" : text)
  }
}
