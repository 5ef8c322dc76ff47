/// containerd's services on this connection.
extension ContainerdClient {
  var containers: Containerd_Services_Containers_V1_Containers.Client<Transport> { .init(wrapping: grpc) }
  var content: Containerd_Services_Content_V1_Content.Client<Transport> { .init(wrapping: grpc) }
  var diff: Containerd_Services_Diff_V1_Diff.Client<Transport> { .init(wrapping: grpc) }
  var events: Containerd_Services_Events_V1_Events.Client<Transport> { .init(wrapping: grpc) }
  var images: Containerd_Services_Images_V1_Images.Client<Transport> { .init(wrapping: grpc) }
  var leases: Containerd_Services_Leases_V1_Leases.Client<Transport> { .init(wrapping: grpc) }
  var snapshots: Containerd_Services_Snapshots_V1_Snapshots.Client<Transport> { .init(wrapping: grpc) }
  var tasks: Containerd_Services_Tasks_V1_Tasks.Client<Transport> { .init(wrapping: grpc) }
}
