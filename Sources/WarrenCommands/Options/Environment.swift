import Glibc

/// The environment variables Warren itself reads; nothing below the command line does.
struct Environment: Sendable {
  let lookup: @Sendable (String) -> String?

  static let process = Environment { name in
    guard let value = getenv(name).map({ String(cString: $0) }), !value.isEmpty else { return nil }
    return value
  }

  subscript(name: String) -> String? { lookup(name) }
}
