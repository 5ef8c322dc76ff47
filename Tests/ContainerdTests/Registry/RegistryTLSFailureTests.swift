import ClusterModel
import NIOSSL
import Testing

@testable import Containerd

@Suite struct RegistryTLSFailureTests {
  @Test func aCertificateForAnotherNameIsSaidAtOnce() {
    let failure = RegistryTransport.failure(NIOSSLExtraError.failedToValidateHostname, name: "r.example:5000")
    #expect(!failure.isTransient)
    #expect(failure.error.message.contains("r.example:5000") && failure.error.message.contains("another name"))
  }
}
