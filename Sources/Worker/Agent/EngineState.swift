/// What a worker knows of its container engine.
enum EngineState: Equatable {
  case unknown
  case well(version: String)
  /// Why it cannot be used; the words of when that was first noticed.
  case ill(String)

  var isWell: Bool { if case .well = self { true } else { false } }
  var problem: String? { if case .ill(let problem) = self { problem } else { nil } }

  /// The state after another look.
  func after(_ look: Result<String, any Error>, words: (any Error) -> String) -> EngineState {
    switch look {
    case .success(let version): .well(version: version)
    // The same words as long as it lasts, so that nothing is stored again and again.
    case .failure(let error): problem == nil ? .ill(words(error)) : self
    }
  }
}
