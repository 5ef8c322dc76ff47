import ClusterModel
import Glibc
import Testing

@testable import HostNetwork

@Suite struct IPv4SubnetTests {
  @Test func readsAndPrints() throws {
    let subnet = try IPv4Subnet("10.88.3.7/16")
    #expect(subnet.description == "10.88.0.0/16")
    #expect(subnet.gateway == "10.88.0.1")
  }

  @Test(arguments: ["", "10.88.0.0", "10.88.0.0/33", "10.88.0/16", "10.88.0.256/16", "a.b.c.d/8", "10.0.0.0/8/8"])
  func refuses(_ text: String) { #expect(throws: WarrenError.self) { try IPv4Subnet(text) } }

  @Test func overlap() throws {
    let subnet = try IPv4Subnet("10.88.0.0/16")
    #expect(subnet.overlaps(try IPv4Subnet("10.88.200.0/24")))
    #expect(subnet.overlaps(try IPv4Subnet("10.0.0.0/8")))
    #expect(!subnet.overlaps(try IPv4Subnet("10.89.0.0/16")))
    #expect(subnet.neighbour.description == "10.89.0.0/16")
    #expect(try IPv4Subnet("255.255.0.0/16").neighbour.description == "255.254.0.0/16")
  }
}

@Suite struct HostRoutesTests {
  private let table = """
    Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
    wlan0\t00000000\t0100A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0
    eth0\t00000000\t0100A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0
    *\t00000000\t00000000\t0200\t0\t0\t0\t00000000\t0\t0\t0
    eth0\t0000A8C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0
    podman0\t0000580A\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0
    """

  @Test func readsTheKernelsTable() throws {
    let routes = HostRoutes.parse(table)
    #expect(routes.map(\.interface) == ["wlan0", "eth0", "eth0", "podman0"])
    #expect(routes.map(\.subnet.description) == ["0.0.0.0/0", "0.0.0.0/0", "192.168.0.0/24", "10.88.0.0/16"])
  }

  @Test func theDefaultRouteIsTheCheapest() { #expect(HostRoutes.defaultInterface(table) == "eth0") }

  @Test func aClashIsNamedWithAWayOut() throws {
    func network(_ subnet: String, bridge: String = "warren0") throws -> NetworkConfiguration {
      NetworkConfiguration(bridge: bridge, subnet: try IPv4Subnet(subnet), stateDirectory: "/s")
    }
    let error = try #require(throws: WarrenError.self) { try HostRoutes.check(try network("10.88.0.0/16"), ignoring: [], table: table) }
    #expect(error.code == .failedPrecondition)
    for word in ["10.88.0.0/16", "podman0", "podman's", "--cni-subnet", "10.89.0.0/16"] { #expect(error.message.contains(word)) }
    #expect(throws: WarrenError.self) { try HostRoutes.check(try network("192.168.0.0/16"), ignoring: [], table: table) }
    try HostRoutes.check(try network("10.89.0.0/16"), ignoring: [], table: table)
    try HostRoutes.check(try network("10.88.0.0/16", bridge: "podman0"), ignoring: [], table: table)
    try HostRoutes.check(try network("10.88.0.0/16"), ignoring: ["podman0"], table: table)
  }
}

@Suite struct ListeningSocketTests {
  /// The kernel hands its table out in pages of some thirty sockets.
  @Test func findsEveryOneOfMany() throws {
    var descriptors: [Int32] = []
    defer { for descriptor in descriptors { close(descriptor) } }
    var ports: Set<UInt16> = []
    for _ in 0..<200 {
      let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
      try #require(descriptor >= 0)
      descriptors.append(descriptor)
      try #require(listen(descriptor, 1) == 0)
      var address = sockaddr_in()
      var size = socklen_t(MemoryLayout<sockaddr_in>.size)
      withUnsafeMutablePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { _ = getsockname(descriptor, $0, &size) }
      }
      ports.insert(address.sin_port.bigEndian)
    }
    #expect(ports.subtracting(HostPorts.listening().map(\.port)).isEmpty)
  }

  private let table = """
      sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
       0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0 100 0 0 10 0
       1: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4712 1 0 100 0 0 10 0
       2: 0100007F:1F91 0100007F:9999 01 00000000:00000000 00:00000000 00000000     0        0 4713 1 0 100 0 0 10 0
      nonsense
    """

  @Test func onlyListenersAreRead() {
    let sockets = ListeningSocket.parse(table, transport: .tcp)
    #expect(
      sockets == [
        ListeningSocket(address: "127.0.0.1", port: 8080, transport: .tcp, inode: 4711),
        ListeningSocket(address: "", port: 80, transport: .tcp, inode: 4712),
      ])
  }

  @Test func addressesThatOverlapBlock() {
    let sockets = ListeningSocket.parse(table, transport: .tcp)
    #expect(sockets[0].blocks(PublishedPort(hostPort: 8080, containerPort: 1)))
    #expect(sockets[0].blocks(PublishedPort(hostIP: "127.0.0.1", hostPort: 8080, containerPort: 1)))
    #expect(!sockets[0].blocks(PublishedPort(hostIP: "10.0.0.1", hostPort: 8080, containerPort: 1)))
    #expect(sockets[1].blocks(PublishedPort(hostIP: "10.0.0.1", hostPort: 80, containerPort: 1)))
    #expect(!sockets[1].blocks(PublishedPort(hostPort: 80, containerPort: 1, transport: .udp)))
  }
}

@Suite struct ResolverConfigurationTests {
  @Test func loopbackServersAreLeftOut() {
    let text = ResolverConfiguration.text(host: "# c\nnameserver 127.0.0.53\nnameserver 10.0.0.1\nsearch lan\n", upstream: nil)
    #expect(text == "nameserver 10.0.0.1\nsearch lan\n")
  }

  @Test func serversWithoutAnIPv4AddressAreLeftOut() {
    let host = "nameserver fe80::1%eth0\nnameserver 10.0.0.1\n"
    #expect(ResolverConfiguration.text(host: host, upstream: nil) == "nameserver 10.0.0.1\n")
    #expect(ResolverConfiguration.text(host: "nameserver 2001:db8::1\n", upstream: "nameserver 10.0.0.2\n") == "nameserver 10.0.0.2\n")
  }

  @Test func whenNoneIsLeftTheUpstreamIsAsked() {
    #expect(ResolverConfiguration.text(host: "nameserver 127.0.0.53\n", upstream: "nameserver 10.0.0.2\n") == "nameserver 10.0.0.2\n")
  }

  @Test func andAfterThatNobody() {
    let text = ResolverConfiguration.text(host: "search lan\nnameserver ::1\n", upstream: "nameserver 127.0.0.1\n")
    #expect(text == "search lan\n")
    #expect(!ResolverConfiguration.hasNameServer(text))
  }

  @Test func whatWasChosenIsAllThatIsAsked() {
    let text = ResolverConfiguration.text(
      host: "search lan\nnameserver 10.0.0.1\n", upstream: "nameserver 10.0.0.2\n", chosen: ["10.0.0.3", "10.0.0.4"])
    #expect(text == "search lan\nnameserver 10.0.0.3\nnameserver 10.0.0.4\n")
  }
}

@Suite struct CNITests {
  private let network: NetworkConfiguration

  init() throws {
    network = NetworkConfiguration(
      bridge: "wt0", subnet: try IPv4Subnet("10.77.0.0/24"), pluginPaths: ["/a", "/b"], stateDirectory: "/s")
  }

  @Test func bridgeConfiguration() throws {
    #expect(
      try CNIRequest.bridgeConfiguration(network)
        == #"{"bridge":"wt0","cniVersion":"0.4.0","hairpinMode":true,"ipMasq":false,"ipam":{"dataDir":"/s","ranges":[[{"subnet":"10.77.0.0/24"}]],"#
        + #""routes":[{"dst":"0.0.0.0/0"}],"type":"host-local"},"isGateway":true,"name":"wt0","type":"bridge"}"#
    )
  }

  @Test func packetsAreNoLargerThanTheNodesLink() throws {
    #expect(try CNIRequest.bridgeConfiguration(network, mtu: 1400).contains(#""isGateway":true,"mtu":1400,"name""#))
  }

  @Test func environmentOfACall() {
    let request = CNIRequest(command: .delete, containerID: "c", namespace: "", pluginPaths: ["/a", "/b"])
    #expect(
      request.environment == ["CNI_COMMAND": "DEL", "CNI_CONTAINERID": "c", "CNI_NETNS": "", "CNI_IFNAME": "eth0", "CNI_PATH": "/a:/b"])
  }

  @Test func answers() throws {
    #expect(try CNIResponse.address(from: #"{"cniVersion":"0.4.0","ips":[{"version":"4","address":"10.77.0.9/24"}]}"#) == "10.77.0.9")
    #expect(throws: WarrenError.self) { try CNIResponse.address(from: "{}") }
    #expect(CNIResponse.failure(output: #"{"code":11,"msg":"no addresses","details":"range full"}"#, errors: "") == "no addresses: range full")
    #expect(CNIResponse.failure(output: "", errors: "boom\n") == "boom")
    #expect(CNIResponse.failure(output: "\n", errors: "") == "the plugin failed without a word")
  }
}
