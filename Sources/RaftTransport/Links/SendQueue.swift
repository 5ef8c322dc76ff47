import DequeModule
package import Raft

/// Messages for one member that wait until its connection takes them.
package struct SendQueue: Sendable {
  package struct Limit: Sendable {
    package var messages: Int
    /// Of payloads, contexts and about what is around them.
    package var bytes: Int

    package init(messages: Int, bytes: Int) {
      self.messages = messages
      self.bytes = bytes
    }
  }

  private let limit: Limit
  private var messages: Deque<Message> = []
  package private(set) var bytes = 0
  /// Whether there is, or may be soon, a connection that takes them.
  package var isOpen = false

  package init(limit: Limit) { self.limit = limit }

  package var count: Int { messages.count }
  package var isEmpty: Bool { messages.isEmpty }

  /// False when it must be dropped: there is no connection or no room. A message of any size fits into an empty queue.
  package mutating func add(_ message: Message) -> Bool {
    guard isOpen, messages.count < limit.messages, messages.isEmpty || bytes + message.queueSize <= limit.bytes else { return false }
    messages.append(message)
    bytes += message.queueSize
    return true
  }

  /// The next ones, up to about `limit` bytes.
  package mutating func take(_ limit: Int) -> [Message] {
    var taken: [Message] = []
    var size = 0
    while size < limit, let message = messages.popFirst() {
      size += message.queueSize
      taken.append(message)
    }
    bytes -= size
    return taken
  }

  /// - Returns: how many were dropped.
  package mutating func close() -> Int {
    defer {
      messages = []
      bytes = 0
      isOpen = false
    }
    return messages.count
  }
}

extension Message {
  /// About what it takes in memory, in bytes.
  var queueSize: Int { 64 + context.count + entries.reduce(0) { $0 + 32 + $1.data.count } }
}
