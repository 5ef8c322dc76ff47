import ClusterModel

/// A service as a file has it.
struct DeclaredService {
  var spec: ServiceSpec
  var place: Place
}
