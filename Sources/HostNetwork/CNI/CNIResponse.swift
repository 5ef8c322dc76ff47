import ClusterModel
import Foundation

/// What a CNI plugin answered.
enum CNIResponse {
  private struct Result: Decodable {
    struct IP: Decodable { var address: String }
    var ips: [IP]?
  }
  private struct Failure: Decodable {
    var code: Int?
    var msg: String?
    var details: String?
  }

  /// The first IPv4 address of an ADD's result, without its prefix length.
  static func address(from output: String) throws -> String {
    guard let result = try? JSONDecoder().decode(Result.self, from: Data(output.utf8)),
      let address = result.ips?.map(\.address).first(where: { $0.contains(".") })
    else { throw WarrenError(.internalError, "The CNI bridge plugin gave no IPv4 address; it said: \(output.prefix(400))") }
    return String(address.prefix { $0 != "/" })
  }

  /// The plugin's own words, from the error object it prints on standard output or, failing that, from standard error.
  static func failure(output: String, errors: String) -> String {
    guard let failure = try? JSONDecoder().decode(Failure.self, from: Data(output.utf8)), let message = failure.msg else {
      let words = (errors.isEmpty ? output : errors).trimmed
      return words.isEmpty ? "the plugin failed without a word" : words
    }
    return [message, failure.details].compactMap { $0 }.filter { !$0.isEmpty }.joined(separator: ": ")
  }
}
