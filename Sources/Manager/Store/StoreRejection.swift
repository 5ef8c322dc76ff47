import ClusterModel

/// Why a command was not applied: the state it was decided on had moved. The same on every manager.
package enum StoreRejection: Error, Sendable, Equatable, CustomStringConvertible {
  case version(StoreObjectKey, expected: UInt64, actual: UInt64)
  case nameTaken(StoreObjectKey, by: String)

  package var description: String {
    switch self {
    case .version(let key, let expected, let actual): "\(key) is at version \(actual), not \(expected)"
    case .nameTaken(let key, let owner): "the name of \(key) is taken by \(owner)"
    }
  }
}
