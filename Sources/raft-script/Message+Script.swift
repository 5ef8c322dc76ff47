import Raft

extension Message {
  /// In the form of the recorded vectors: without what is zero.
  var json: JSONValue {
    var json: [String: JSONValue] = [
      "type": .string(ScriptNotation.name(kind)), "from": .number(sender), "to": .number(to.rawValue), "term": .number(term),
    ]
    if logTerm != 0 { json["logTerm"] = .number(logTerm) }
    if index != 0 { json["index"] = .number(index) }
    if commit != 0 { json["commit"] = .number(commit) }
    if !entries.isEmpty { json["entries"] = .array(entries.map(\.json)) }
    if isRejection {
      json["reject"] = true
      json["rejectHint"] = .number(rejectHint)
    }
    if let metadata = snapshot?.metadata { json["snapshot"] = [.number(metadata.index), .number(metadata.term)] }
    return .object(json)
  }

  /// The append and apply threads have the numbers that they have in etcd-io/raft.
  private var sender: UInt64 {
    switch kind {
    case .storageAppendResponse: .max
    case .storageApplyResponse: .max - 1
    default: from.rawValue
    }
  }

  /// One line for people.
  var text: String {
    let origin =
      switch kind {
      case .storageAppendResponse: "append thread"
      case .storageApplyResponse: "apply thread"
      default: from.description
      }
    var words = ["\(origin) -> \(to) \(ScriptNotation.name(kind))"]
    if term != 0 { words.append("term \(term)") }
    if logTerm != 0 || index != 0 { words.append("log \(logTerm)/\(index)") }
    if isRejection { words.append(kind == .appendResponse ? "rejected, hint \(rejectHint)" : "rejected") }
    if commit != 0 { words.append("commit \(commit)") }
    if readPosition != 0 { words.append("reads \(readPosition)") }
    if !context.isEmpty { words.append("read \(String(decoding: context, as: UTF8.self))") }
    if isTransfer { words.append("for a transfer") }
    if !entries.isEmpty { words.append("[\(entries.map(\.text).joined(separator: ", "))]") }
    if let metadata = snapshot?.metadata { words.append("snapshot \(metadata.term)/\(metadata.index)") }
    return words.joined(separator: " ")
  }

  /// Neither the disk nor the state machine nor the node itself is a network: what they say cannot be lost.
  var isReliable: Bool { kind.isLocal || from == to }
}

extension Entry {
  var json: JSONValue {
    let type =
      switch kind {
      case .command: "Normal"
      case .singleChange: "ConfChange"
      case .configurationChange: "ConfChangeV2"
      }
    return [.number(term), .number(index), .string(type), .string(content)]
  }

  var text: String {
    switch kind {
    case .command: "\(term)/\(index)\(data.isEmpty ? "" : " \(content)")"
    case .singleChange, .configurationChange: "\(term)/\(index) change(\(content))"
    }
  }

  private var content: String {
    if kind == .command { return String(decoding: data, as: UTF8.self) }
    guard let change = try? ConfigurationChange(encoded: data) else { return "unreadable" }
    return ScriptNotation.text(change.steps)
  }
}
