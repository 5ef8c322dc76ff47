/// https://github.com/grpc/grpc/blob/master/doc/statuscodes.md
enum GRPCStatus {
  private static let names = [
    "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS",
    "UNAUTHENTICATED",
  ]

  /// nil for a code that does not exist.
  static func name(_ code: Int) -> String? { names.indices.contains(code) ? names[code] : nil }
}
