/// The example every command shows in its help.
func example(_ lines: String..., note: String? = nil) -> String {
  (note.map { "\($0)\n\n" } ?? "") + "Example:\n" + lines.map { "  \($0)" }.joined(separator: "\n")
}
