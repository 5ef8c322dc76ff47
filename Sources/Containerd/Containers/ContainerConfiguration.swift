/// How containers are made on this node.
package struct ContainerConfiguration: Sendable {
  /// Absolute path of the program that writes containers' output: Warren itself (see `LogDriver`).
  package var logDriver: String
  package var logLimits = LogLimits()
  /// For the FIFOs of exec; on a tmpfs. Made when missing; its content does not survive `Containers.cleanUp`.
  package var runDirectory: String
  package var runtime = "io.containerd.runc.v2"
  /// The OCI runtime's program, such as `crun`; nil means runc.
  package var runtimeBinary: String?
  /// For the grace of a stop and the pauses between repeated calls.
  package var clock: any Clock<Duration> = .continuous

  package init(logDriver: String, runDirectory: String) {
    self.logDriver = logDriver
    self.runDirectory = runDirectory
  }
}
