import ClusterModel
import Containerd
import Foundation
import TestKit
import Testing

@Suite struct DockerCredentialsTests {
  private static let helper = """
    #!/bin/sh
    read -r server || true
    case "$server" in
      hub.example|https://index.docker.io/v1/) echo '{"ServerURL":"x","Username":"bob","Secret":"s"}';;
      token.example) echo '{"Username":"<token>","Secret":"t"}';;
      broken.example) echo oops;;
      *) echo 'credentials not found in native keychain'; exit 1;;
    esac
    """

  @Test func asksHelpers() async throws {
    let config = #"{"credHelpers":{"token.example":"fake"},"credsStore":"fake","auths":{"docker.io":{}}}"#
    try await RegistryClientTests.temporary(["config.json": config, "bin/docker-credential-fake": Self.helper]) { directory async throws in
      let credentials = DockerCredentials(path: "\(directory)/config.json", helperPath: "\(directory)/bin:/usr/bin:/bin")
      #expect(try await credentials.credential(for: "hub.example") == .basic(user: "bob", password: "s"))
      #expect(try await credentials.credential(for: "docker.io") == .basic(user: "bob", password: "s"))
      #expect(try await credentials.credential(for: "token.example") == .identityToken("t"))
      #expect(try await credentials.credential(for: "unknown.example") == nil)
      let error = await #expect(throws: WarrenError.self) { try await credentials.credential(for: "broken.example") }
      #expect(error?.message.contains("docker-credential-fake") == true)
    }
  }

  /// One that waits for a person has started something that goes on.
  @Test func helpersHaveLimits() async throws {
    let hanging = "#!/bin/sh\nsleep 86400 &\necho $! >\"$0.pid\"\nwait\n"
    let talking = "#!/bin/sh\nwhile echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; do :; done\n"
    let files = [
      "config.json": #"{"credHelpers":{"a.example":"hanging","b.example":"talking"}}"#, "bin/docker-credential-hanging": hanging,
      "bin/docker-credential-talking": talking,
    ]
    try await RegistryClientTests.temporary(files) { directory async throws in
      let path = "\(directory)/bin:/usr/bin:/bin"
      let impatient = DockerCredentials(path: "\(directory)/config.json", helperPath: path, helperLimit: .milliseconds(500))
      let late = await #expect(throws: WarrenError.self) { try await impatient.credential(for: "a.example") }
      #expect(late?.code == .deadlineExceeded && late?.message.contains("docker-credential-hanging did not answer for a.example") == true)
      let pid = try #require(Int32(try String(contentsOfFile: "\(directory)/bin/docker-credential-hanging.pid", encoding: .utf8).filter(\.isNumber)))
      try await eventually("what the helper started is gone") {
        try kill(pid, 0) != 0 || String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8).contains(") Z ")
      }
      let patient = DockerCredentials(path: "\(directory)/config.json", helperPath: path, helperLimit: .seconds(600))
      let large = await #expect(throws: WarrenError.self) { try await patient.credential(for: "b.example") }
      #expect(large?.message.contains("docker-credential-talking wrote more than 64 KiB for b.example") == true, "\(large?.message ?? "")")
    }
  }

  /// The name is longer than a pipe holds, so that the helper is gone before all of it is written.
  @Test func aHelperMayAnswerBeforeItHasReadTheName() async throws {
    let hasty = "#!/bin/sh\necho '{\"Username\":\"bob\",\"Secret\":\"s\"}'\n"
    let files = ["config.json": #"{"credsStore":"hasty"}"#, "bin/docker-credential-hasty": hasty]
    try await RegistryClientTests.temporary(files) { directory async throws in
      let credentials = DockerCredentials(path: "\(directory)/config.json", helperPath: "\(directory)/bin:/usr/bin:/bin")
      #expect(try await credentials.credential(for: String(repeating: "x", count: 1 << 20)) == .basic(user: "bob", password: "s"))
    }
  }

  @Test func readsTheFile() async throws {
    let auth = Data("bob:a:b".utf8).base64EncodedString()
    let config =
      #"{"auths":{"https://index.docker.io/v1/":{"auth":"\#(auth)"},"r.example:5000":{"username":"u","password":"p"},"bad.example":{"auth":"!"}}}"#
    try await RegistryClientTests.temporary(["config.json": config, "garbage.json": "{"]) { directory async throws in
      let credentials = DockerCredentials(path: "\(directory)/config.json")
      #expect(try await credentials.credential(for: "docker.io") == .basic(user: "bob", password: "a:b"))
      #expect(try await credentials.credential(for: "r.example:5000") == .basic(user: "u", password: "p"))
      #expect(try await credentials.credential(for: "r.example") == nil)
      await #expect(throws: WarrenError.self) { try await credentials.credential(for: "bad.example") }
      await #expect(throws: WarrenError.self) { try await DockerCredentials(path: "\(directory)/garbage.json").credential(for: "x") }
      #expect(try await DockerCredentials(path: "\(directory)/none.json").credential(for: "x") == nil)
    }
  }

  @Test func namesAMissingHelper() async throws {
    try await RegistryClientTests.temporary(["config.json": #"{"credsStore":"absent"}"#]) { directory async throws in
      let error = await #expect(throws: WarrenError.self) {
        try await DockerCredentials(path: "\(directory)/config.json").credential(for: "x")
      }
      #expect(error?.message.contains("docker-credential-absent") == true)
    }
  }
}
