package import ClusterModel
import SwiftProtobuf

extension ManagerAddress {
  package init(wire: Warren_V1_ManagerEntry) {
    self.init(node: NodeID(wire.nodeID), address: wire.address, weight: Int(wire.weight))
  }

  package var wire: Warren_V1_ManagerEntry {
    .with {
      $0.nodeID = node.rawValue
      $0.address = address
      $0.weight = UInt32(clamping: weight)
    }
  }
}
