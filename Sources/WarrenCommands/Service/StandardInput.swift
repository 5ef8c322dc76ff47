import Dispatch
import Glibc

/// Standard input as a stream of chunks. A read blocks, so it has a thread of its own; the process ends without waiting for it.
enum StandardInput {
  static func chunks() -> AsyncStream<[UInt8]> {
    AsyncStream { continuation in
      DispatchQueue(label: "stdin").async {
        while true {
          let chunk = [UInt8](unsafeUninitializedCapacity: 32 << 10) { buffer, count in
            var result = read(0, buffer.baseAddress, buffer.count)
            while result < 0, errno == EINTR { result = read(0, buffer.baseAddress, buffer.count) }
            count = max(0, result)
          }
          if chunk.isEmpty { return continuation.finish() }
          continuation.yield(chunk)
        }
      }
    }
  }
}
