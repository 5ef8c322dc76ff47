import Yams

/// `web.yaml:3:5`.
struct Place: Hashable, CustomStringConvertible {
  let file: String
  var line = 0
  var column = 0

  init(file: String, _ mark: Mark? = nil) {
    self.file = file
    if let mark { (line, column) = (mark.line, mark.column) }
  }

  init(file: String, line: Int) {
    self.file = file
    (self.line, column) = (line, 1)
  }

  var description: String { line > 0 ? "\(file):\(line):\(column)" : file }
}
