package import ClusterModel
package import GRPCCore
import GRPCProtobuf
import GRPCSupport
import SwiftProtobuf

extension RPCError {
  /// As it goes over the wire: the status with its message, and an `ErrorDetail` among the status details.
  package init(_ error: WarrenError) {
    let message = error.description.clipped(toBytes: 4096)
    var detail = Warren_V1_ErrorDetail()
    detail.code = error.code.rawValue
    detail.reason = error.reason?.rawValue ?? ""
    if let hint = error.message.ranges(of: "; ").last { detail.hint = String(error.message[hint.upperBound...]).clipped(toBytes: 1024) }
    let code = Code(error.code)
    let details = (try? Google_Protobuf_Any(message: detail)).map { [ErrorDetails.any($0)] } ?? []
    let status = GoogleRPCStatus(code: code, message: message, details: details)
    self.init(code: code, message: message, metadata: status.rpcErrorMetadata)
  }

  /// What the server said beyond the status; nil when the failure is the transport's own.
  package var detail: Warren_V1_ErrorDetail? {
    guard let status = try? unpackGoogleRPCStatus() else { return nil }
    return status.details.lazy.compactMap(\.any).compactMap { try? Warren_V1_ErrorDetail(unpackingAny: $0) }.first
  }
}

extension WarrenError {
  /// A server's answer. `ErrorDetail` names the exact code; a server without it is understood by its status.
  package init(_ error: RPCError) {
    let code = error.detail.flatMap { Code(rawValue: $0.code) } ?? Code(error.code)
    self.init(code, error.message, cause: error.cause, reason: error.detail.flatMap { Reason(rawValue: $0.reason) })
  }
}
