import GRPCCore
import SwiftProtobuf
import WarrenAPI

extension WarrenClient {
  /// All pages of the services, by name.
  func allServices(_ options: CallOptions) async throws -> [Warren_V1_Service] {
    var request = Warren_V1_ListServicesRequest()
    var services: [Warren_V1_Service] = []
    repeat {
      let page = try await call { try await $0.listServices(request, options: options) }
      services += page.services
      request.page.token = page.nextPageToken
    } while !request.page.token.isEmpty
    return services.sorted { $0.spec.name < $1.spec.name }
  }

  /// All pages of the tasks of a service (id or name), or of every service when it is empty; by service and slot, newest first.
  func allTasks(service: String, node: String = "", currentOnly: Bool, _ options: CallOptions) async throws -> [Warren_V1_Task] {
    var request = Warren_V1_ListTasksRequest()
    request.service = service
    request.nodeID = node
    request.currentOnly = currentOnly
    var tasks: [Warren_V1_Task] = []
    repeat {
      let page = try await call { try await $0.listTasks(request, options: options) }
      tasks += page.tasks
      request.page.token = page.nextPageToken
    } while !request.page.token.isEmpty
    return tasks.sorted {
      ($0.serviceName, $0.slot, $1.meta.createdAt.seconds, $1.meta.version, $0.id) < (
        $1.serviceName, $1.slot, $0.meta.createdAt.seconds, $0.meta.version, $1.id
      )
    }
  }

  func allNodes(_ options: CallOptions) async throws -> [Warren_V1_Node] {
    var request = Warren_V1_ListNodesRequest()
    var nodes: [Warren_V1_Node] = []
    repeat {
      let page = try await call { try await $0.listNodes(request, options: options) }
      nodes += page.nodes
      request.page.token = page.nextPageToken
    } while !request.page.token.isEmpty
    return nodes.sorted { $0.id < $1.id }
  }
}
