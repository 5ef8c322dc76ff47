import NIOCore

/// Options of every connection: nothing waits to be sent together, and an end that no longer answers is noticed.
struct SocketOption {
  let option: ChannelOptions.Types.SocketOption
  let value: Int

  static func all(silence: Duration) -> [SocketOption] {
    [
      SocketOption(option: .init(level: .tcp, name: .tcp_nodelay), value: 1),
      SocketOption(option: .init(level: .socket, name: .so_keepalive), value: 1),
      // tcp(7): TCP_KEEPIDLE and TCP_KEEPINTVL in seconds, TCP_USER_TIMEOUT in milliseconds; the latter also decides how many probes.
      SocketOption(option: .init(level: .tcp, name: .init(rawValue: 4)), value: 1),
      SocketOption(option: .init(level: .tcp, name: .init(rawValue: 5)), value: 1),
      SocketOption(option: .init(level: .tcp, name: .init(rawValue: 18)), value: Int(silence / .milliseconds(1))),
    ]
  }
}
