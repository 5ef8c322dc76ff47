/// The appends on their way to one member: a window over the last index of each message, in order.
package struct Inflights: Hashable, Sendable {
  private struct Flight: Hashable {
    var last: LogIndex
    var bytes: Int
  }

  package let messageLimit: Int
  /// 0 is without a limit. One message may exceed it, the next has to wait.
  package let byteLimit: Int
  private var flights: [Flight] = []
  /// Those before it have landed; their room is used again once they are half of all.
  private var landed = 0
  private var bytes = 0

  package init(messageLimit: Int, byteLimit: Int = 0) {
    self.messageLimit = messageLimit
    self.byteLimit = byteLimit
  }

  package var count: Int { flights.count - landed }
  package var isFull: Bool { count >= messageLimit || (byteLimit > 0 && bytes >= byteLimit) }

  /// A message that ends with `last` went out. Only while the window is not full.
  package mutating func add(_ last: LogIndex, bytes size: Int) {
    flights.append(Flight(last: last, bytes: size))
    bytes += size
  }

  /// Everything up to `index` has arrived.
  package mutating func free(through index: LogIndex) {
    while landed < flights.count, flights[landed].last <= index {
      bytes -= flights[landed].bytes
      landed += 1
    }
    if landed * 2 >= flights.count {
      flights.removeFirst(landed)
      landed = 0
    }
  }

  package mutating func reset() {
    flights.removeAll(keepingCapacity: true)
    landed = 0
    bytes = 0
  }
}
