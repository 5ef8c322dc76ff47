/// A proposed change of who takes part. Without changes and with `.auto` it leaves a joint configuration.
package struct ConfigurationChange: Hashable, Sendable {
  package struct Step: Hashable, Sendable {
    package enum Kind: UInt8, Sendable {
      case addVoter = 0
      case remove = 1
      /// Changes nothing in the core; for what the application keeps about the member, in `context`.
      case update = 2
      case addLearner = 3
    }

    package var kind: Kind
    package var member: MemberID

    package init(_ kind: Kind, _ member: MemberID) {
      self.kind = kind
      self.member = member
    }
  }

  package enum Transition: UInt8, Sendable {
    /// One step at once; several by way of a joint configuration that ends by itself.
    case auto = 0
    /// By way of a joint configuration that ends by itself.
    case jointImplicit = 1
    /// By way of a joint configuration that stays until it is left.
    case jointExplicit = 2
  }

  package var steps: [Step]
  package var transition: Transition
  /// For the application, such as the new member's address.
  package var context: [UInt8]

  package init(_ steps: [Step] = [], transition: Transition = .auto, context: [UInt8] = []) {
    self.steps = steps
    self.transition = transition
    self.context = context
  }

  /// Whether the joint configuration that this change needs ends by itself; nil when it needs none.
  var jointAutoLeave: Bool? { transition != .auto || steps.count > 1 ? transition != .jointExplicit : nil }

  var leavesJoint: Bool { transition == .auto && steps.isEmpty }
}

/// An entry's payload: transition, number of steps, each step's kind and member (8 bytes, little endian), context. An empty payload leaves
/// a joint configuration.
extension ConfigurationChange {
  package var encoded: [UInt8] {
    if self == ConfigurationChange() { return [] }
    var bytes: [UInt8] = [transition.rawValue, UInt8(truncatingIfNeeded: steps.count)]
    for step in steps {
      bytes.append(step.kind.rawValue)
      for shift in stride(from: 0, to: 64, by: 8) { bytes.append(UInt8(truncatingIfNeeded: step.member.rawValue >> UInt64(shift))) }
    }
    return bytes + context
  }

  /// - Throws: `RaftError.malformed`.
  package init(encoded bytes: [UInt8]) throws(RaftError) {
    self.init()
    if bytes.isEmpty { return }
    guard bytes.count >= 2, let transition = Transition(rawValue: bytes[0]), bytes.count >= 2 + 9 * Int(bytes[1]) else { throw .malformed }
    self.transition = transition
    for place in 0..<Int(bytes[1]) {
      let start = 2 + 9 * place
      guard let kind = Step.Kind(rawValue: bytes[start]) else { throw .malformed }
      var member: UInt64 = 0
      for offset in 0..<8 { member |= UInt64(bytes[start + 1 + offset]) << UInt64(8 * offset) }
      steps.append(Step(kind, MemberID(rawValue: member)))
    }
    context = Array(bytes[(2 + 9 * steps.count)...])
  }
}
