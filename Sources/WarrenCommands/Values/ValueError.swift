/// What is wrong with a value given on the command line, for people: what was expected, with an example.
struct ValueError: Error, Equatable, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}
