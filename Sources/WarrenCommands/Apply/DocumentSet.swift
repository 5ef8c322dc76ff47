/// What several files say together.
struct DocumentSet {
  var services: [DeclaredService] = []
  /// What of Compose files has no counterpart in Warren.
  var unsupported: [DocumentError] = []
  var warnings: [DocumentError] = []
}
