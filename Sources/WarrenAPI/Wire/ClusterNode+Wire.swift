package import ClusterModel

extension ClusterNode {
  package init(wire: Warren_V1_Node) throws(WarrenError) {
    var roles: Set<Role> = []
    for role in wire.roles { roles.insert(try Role(wire: role, default: nil, field: "Node.roles")) }
    self.init(id: NodeID(wire.id), roles: roles, description: NodeDescription(wire: wire.description_p))
    meta = Meta(wire: wire.meta)
    labels = wire.labels
    availability = try Availability(wire: wire.availability, default: .active, field: "Node.availability")
    state = try State(wire: wire.state, default: .down, field: "Node.state")
    message = wire.message
    apiAddress = wire.apiAddress
    raftAddress = wire.raftAddress
    runtimeProblem = wire.runtimeProblem
    keys = wire.keys
    memberID = wire.memberID
    drainDeadline = wire.hasDrainDeadline ? Timestamp(wire: wire.drainDeadline) : nil
    authority = wire.authority
    leaving = wire.leaving
    forced = wire.forced
    unknown = UnknownFields(of: wire)
  }

  package var wire: Warren_V1_Node {
    var node = Warren_V1_Node()
    node.id = id.rawValue
    node.meta = meta.wire
    node.roles = roles.map(\.rawValue).sorted().compactMap { Warren_V1_Role(rawValue: Int($0)) }
    node.labels = labels
    node.availability = Warren_V1_Availability(availability)
    node.description_p = description.wire
    node.state = Warren_V1_NodeState(state)
    node.message = message
    node.apiAddress = apiAddress
    node.raftAddress = raftAddress
    node.runtimeProblem = runtimeProblem
    node.keys = keys
    node.memberID = memberID
    if let drainDeadline { node.drainDeadline = drainDeadline.wire }
    node.authority = authority
    node.leaving = leaving
    node.forced = forced
    node.restore(unknown)
    return node
  }
}
