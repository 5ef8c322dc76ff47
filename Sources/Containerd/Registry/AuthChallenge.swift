/// One `WWW-Authenticate` challenge: `Bearer realm="…",service="…",scope="…"`. https://www.rfc-editor.org/rfc/rfc9110#section-11.6.1
struct AuthChallenge: Hashable, Sendable {
  /// Lower case: `bearer`, `basic`.
  var scheme: String
  /// Names in lower case.
  var parameters: [String: String] = [:]

  /// All challenges of one header value. What cannot be understood is left out.
  static func parse(_ header: String) -> [AuthChallenge] {
    var scanner = Scanner(bytes: Array(header.utf8))
    var challenges: [AuthChallenge] = []
    while let word = scanner.token() {
      scanner.skip(" \t")
      if scanner.take("=") {
        guard let value = scanner.value() else { break }
        if !challenges.isEmpty { challenges[challenges.count - 1].parameters[word.lowercased()] = value }
      } else {
        challenges.append(AuthChallenge(scheme: word.lowercased()))
      }
    }
    return challenges
  }

  private struct Scanner {
    let bytes: [UInt8]
    var position = 0

    mutating func skip(_ characters: String) {
      while position < bytes.count, characters.utf8.contains(bytes[position]) { position += 1 }
    }

    mutating func take(_ character: Unicode.Scalar) -> Bool {
      guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
      position += 1
      return true
    }

    mutating func token() -> String? {
      skip(" \t,")
      let start = position
      while position < bytes.count, !" \t,=\"".utf8.contains(bytes[position]) { position += 1 }
      return position > start ? String(decoding: bytes[start..<position], as: UTF8.self) : nil
    }

    mutating func value() -> String? {
      skip(" \t")
      guard take("\"") else { return token() }
      var content: [UInt8] = []
      while position < bytes.count {
        let byte = bytes[position]
        position += 1
        if byte == UInt8(ascii: "\"") { return String(decoding: content, as: UTF8.self) }
        if byte == UInt8(ascii: "\\"), position < bytes.count {
          content.append(bytes[position])
          position += 1
        } else {
          content.append(byte)
        }
      }
      return nil
    }
  }
}
