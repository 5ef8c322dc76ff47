import ClusterModel

/// `HOST[:CONTAINER[:rwm]]` of `--device`.
struct DeviceMapping: Hashable {
  var host: String
  var container: String
  var access: String

  /// - Throws: `WarrenError(.invalidArgument)` when it is not of that form.
  init(_ text: String) throws(WarrenError) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    let isAccess = { (part: String) in !part.isEmpty && part.allSatisfy { "rwm".contains($0) } }
    host = parts[0]
    container = parts[0]
    access = "rwm"
    switch parts.count {
    case 1: break
    case 2 where isAccess(parts[1]): access = parts[1]
    case 2: container = parts[1]
    case 3 where isAccess(parts[2]): (container, access) = (parts[1], parts[2])
    default: throw Self.malformed(text)
    }
    guard host.hasPrefix("/"), container.hasPrefix("/") else { throw Self.malformed(text) }
  }

  private static func malformed(_ text: String) -> WarrenError {
    WarrenError(.invalidArgument, "bad device \(text); write HOST[:CONTAINER[:rwm]] with absolute paths, such as /dev/ttyUSB0")
  }
}
