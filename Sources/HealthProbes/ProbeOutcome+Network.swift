import ClusterModel

extension ProbeOutcome {
  static func success(_ text: String) -> ProbeOutcome { ProbeOutcome(isSuccess: true, output: line(text)) }
  static func failure(_ text: String) -> ProbeOutcome { ProbeOutcome(isSuccess: false, output: line(text)) }
}
