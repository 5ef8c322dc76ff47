/// The example every command shows in its help.
///
/// Each start of the program makes those of all commands: no generic code, whose types the runtime would have to look up first.
func example(_ lines: String..., note: String? = nil) -> String {
  var text = note.map { "\($0)\n\nExample:" } ?? "Example:"
  for line in lines { text += "\n  \(line)" }
  return text
}
