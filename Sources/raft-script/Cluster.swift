import Raft

/// The nodes of a scenario, numbered from 1, and the messages between them. Nothing happens here unless a directive says so.
struct Cluster: Sendable {
  private(set) var members: [ScriptMember] = []
  /// Sent and not delivered yet, in the order they were sent.
  private(set) var messages: [Message] = []
  /// What the present directive led to, in words.
  var trace: [String] = []

  mutating func add(_ member: ScriptMember) { members.append(member) }

  func position(_ id: MemberID) throws(ScriptError) -> Int {
    guard let position = members.firstIndex(where: { $0.id == id }) else { throw ScriptError("there is no node \(id)") }
    return position
  }

  /// Changes one node; what the node refuses becomes the directive's error.
  mutating func change(_ id: MemberID, _ body: (inout ScriptMember) throws(RaftError) -> Void) throws(ScriptError) {
    let position = try position(id)
    do throws(RaftError) {
      try body(&members[position])
    } catch {
      throw ScriptError(error)
    }
  }

  mutating func restart(_ id: MemberID) throws(ScriptError) {
    let position = try position(id)
    messages.removeAll { $0.to == id && $0.isReliable }
    try members[position].restart(random: SplitMix64(seed: id.rawValue))
  }

  mutating func send(_ message: Message) { messages.append(message) }

  // MARK: One step of one node

  mutating func processReady(_ id: MemberID) throws(ScriptError) {
    let position = try position(id)
    let ready = members[position].node.ready()
    trace += ready.text(of: id, writesAtOnce: !members[position].options.asyncStorageWrites)
    if members[position].options.asyncStorageWrites {
      messages += ready.messages
      if ready.hasAppend { members[position].appendWork.append(ready) }
      if !ready.committedEntries.isEmpty { members[position].applyWork.append(ready) }
    } else {
      members[position].write(ready)
      try members[position].apply(ready.committedEntries)
      messages += ready.messages + ready.messagesAfterAppend.filter { $0.to != id }
      members[position].node.advance(ready)
    }
  }

  /// Finishes the oldest write, and sends what waited for it.
  mutating func processAppendThread(_ id: MemberID) throws(ScriptError) {
    let position = try position(id)
    guard !members[position].appendWork.isEmpty else { return trace.append("\(id) append thread: nothing to do") }
    let work = members[position].appendWork.removeFirst()
    members[position].write(work)
    messages += work.messagesAfterAppend
    trace.append("\(id) append thread: \(work.writtenText)")
    trace += work.messagesAfterAppend.map { "  \($0.text)" }
  }

  /// Finishes the oldest batch of entries to apply.
  mutating func processApplyThread(_ id: MemberID) throws(ScriptError) {
    let position = try position(id)
    guard !members[position].applyWork.isEmpty else { return trace.append("\(id) apply thread: nothing to do") }
    let work = members[position].applyWork.removeFirst()
    try members[position].apply(work.committedEntries)
    messages += work.messagesAfterApply
    trace.append("\(id) apply thread: applies \(work.committedEntries.map(\.text).joined(separator: ", "))")
  }

  // MARK: Messages

  /// Delivers or drops what is under way to a node. Returns how many messages there were.
  @discardableResult
  mutating func deliver(to id: MemberID, kind: Message.Kind? = nil, dropping: Bool = false) throws(ScriptError) -> Int {
    var taken: [Message] = []
    var kept: [Message] = []
    for message in messages {
      let isMeant = message.to == id && (kind == nil || message.kind == kind) && !(dropping && message.isReliable)
      if isMeant { taken.append(message) } else { kept.append(message) }
    }
    messages = kept
    for message in taken {
      if dropping {
        trace.append("dropped \(message.text)")
        continue
      }
      trace.append("\(id) receives \(ScriptNotation.name(message.kind)) from \(message.kind.isLocal ? "itself" : message.from.description)")
      let position = try position(id)
      do throws(RaftError) {
        try members[position].node.step(message)
      } catch {
        trace.append("  \(ScriptError(error))")
      }
    }
    return taken.count
  }

  /// Lets these nodes work, and the messages to them arrive, until nothing is left to do.
  mutating func stabilize(_ ids: [MemberID]) throws(ScriptError) {
    var isBusy = true
    while isBusy {
      isBusy = false
      for id in ids where members[try position(id)].node.hasReady {
        try processReady(id)
        isBusy = true
      }
      for id in ids where try deliver(to: id) > 0 { isBusy = true }
      for id in ids {
        while !members[try position(id)].appendWork.isEmpty {
          try processAppendThread(id)
          isBusy = true
        }
      }
      for id in ids {
        while !members[try position(id)].applyWork.isEmpty {
          try processApplyThread(id)
          isBusy = true
        }
      }
    }
  }
}
