/// The text of a file, or of standard input, as it was read.
struct DocumentSource {
  /// As it was given, for messages.
  let name: String
  /// What it names is meant from there.
  let directory: String
  let text: String
}
