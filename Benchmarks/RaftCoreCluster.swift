import Raft

/// Three members in one thread with their logs in memory: what the Raft core itself costs, without disks, networks or tasks.
struct RaftCoreCluster {
  private var nodes: [RawNode] = []
  /// Under way to each member.
  private var inboxes: [[Message]]
  /// Commands that the leader's state machine was given.
  private(set) var applied = 0

  static let size = 3

  init() throws(RaftError) {
    inboxes = Array(repeating: [], count: Self.size)
    let voters = MemberSet((1...UInt64(Self.size)).map { MemberID(rawValue: $0) })
    for voter in voters {
      nodes.append(try RawNode(options: RaftOptions(id: voter), configuration: ConfigurationState(voters: voters)))
    }
    nodes[0].campaign()
    settle()
  }

  /// Proposes commands one by one, as clients do, and lets everything that follows happen.
  mutating func commit(_ commands: [[UInt8]]) throws(RaftError) {
    for command in commands { try nodes[0].propose([command]) }
    settle()
  }

  /// Proposes commands together, as a driver does with what has queued.
  mutating func commit(together commands: [[UInt8]]) throws(RaftError) {
    try nodes[0].propose(commands)
    settle()
  }

  private mutating func settle() {
    var isBusy = true
    while isBusy {
      isBusy = false
      for place in nodes.indices {
        for message in take(place) { try? nodes[place].step(message) }
        while nodes[place].hasReady {
          work(place)
          isBusy = true
        }
      }
    }
  }

  private mutating func take(_ place: Int) -> [Message] {
    var messages: [Message] = []
    swap(&messages, &inboxes[place])
    return messages
  }

  /// Writes and applies at once; the log is cut off now and then, as it is behind a snapshot.
  private mutating func work(_ place: Int) {
    let ready = nodes[place].ready()
    if !ready.entries.isEmpty { nodes[place].changeStableLog { $0.append(ready.entries) } }
    if place == 0 { applied += ready.committedEntries.count { !$0.data.isEmpty } }
    for message in ready.messages { send(message, from: place) }
    for message in ready.messagesAfterAppend { send(message, from: place) }
    for message in ready.messagesAfterApply { send(message, from: place) }
    if let last = ready.committedEntries.last, last.index - nodes[place].log.stable.base.index > 4096 {
      nodes[place].changeStableLog { $0.compact(through: min(last.index, $0.lastIndex) - 1024) }
    }
  }

  private mutating func send(_ message: Message, from place: Int) {
    let target = Int(message.to.rawValue) - 1
    if target == place { try? nodes[place].step(message) } else { inboxes[target].append(message) }
  }
}
