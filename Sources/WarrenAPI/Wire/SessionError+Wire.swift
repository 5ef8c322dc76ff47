package import ClusterModel

extension Warren_V1_SessionError {
  /// An error that is not a `WarrenError` is an internal one.
  package init(_ error: any Error) {
    self.init()
    let error = error as? WarrenError ?? WarrenError(.internalError, "it failed unexpectedly: \(error)")
    code = error.code.rawValue
    message = error.description.clipped(toBytes: 4096)
  }
}

extension WarrenError {
  package init(wire: Warren_V1_SessionError) {
    self.init(Code(rawValue: wire.code) ?? .internalError, wire.message)
  }
}
