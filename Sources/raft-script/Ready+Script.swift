import Raft

extension Ready {
  /// What a node wants done, for people: one line, and one for each message it sends with that.
  /// - Parameter writesAtOnce: what waits for the write is sent at the same time; else the append thread sends it.
  func text(of id: MemberID, writesAtOnce: Bool) -> [String] {
    var parts: [String] = []
    if let softState {
      parts.append("is \(ScriptNotation.name(softState.role))\(softState.leader == .none ? "" : ", leader \(softState.leader)")")
    }
    if hardState != nil || snapshot != nil || !entries.isEmpty { parts.append(writtenText) }
    if !committedEntries.isEmpty { parts.append("applies \(committedEntries.map(\.text).joined(separator: ", "))") }
    for state in readStates { parts.append("read \(String(decoding: state.context, as: UTF8.self)) at \(state.index)") }
    let sent = messages.map { "  \($0.text)" }
    let promised = writesAtOnce ? messagesAfterAppend.filter { $0.to != id }.map { "  \($0.text)" } : []
    return ["\(id) ready: \(parts.isEmpty ? "sends" : parts.joined(separator: "; "))"] + sent + promised
  }

  /// What is to be written.
  var writtenText: String {
    var parts: [String] = []
    if let hardState {
      parts.append("term \(hardState.term)\(hardState.vote == .none ? "" : " vote \(hardState.vote)") commit \(hardState.commit)")
    }
    if let metadata = snapshot?.metadata { parts.append("snapshot \(metadata.term)/\(metadata.index)") }
    if !entries.isEmpty { parts.append(entries.map(\.text).joined(separator: ", ")) }
    return "writes \(parts.isEmpty ? "nothing" : parts.joined(separator: ", "))"
  }
}
