extension ContainerSpec {
  /// The kernel's bound on one argument or environment entry (`MAX_ARG_STRLEN`), without its final NUL.
  package static let longestArgument = 131_071
  package static let longestStopGrace: Duration = .seconds(3600)

  /// - Throws: `invalidArgument` naming the value that is wrong.
  package func validate() throws(WarrenError) {
    try validateArguments()
    try validateEnvironment()
    try validateIdentity()
    try LabelRules.validate(labels, of: "container")
    try Mount.validate(mounts)
    try validatePrivileges()
    try Ulimit.validate(ulimits)
    try validateStop()
  }

  private func validateArguments() throws(WarrenError) {
    for argument in (entrypoint ?? []) + args {
      if argument.hasNUL { throw .invalid("argument \(argument.quoted) is not valid", "it contains a NUL byte", "remove it") }
      if argument.utf8.count > Self.longestArgument {
        throw .invalid(
          "an argument is too long", "it has \(argument.utf8.count) bytes, the kernel takes \(Self.longestArgument)", "pass it in a file")
      }
    }
    if entrypoint?.first == "" { throw .invalid("the entrypoint is not valid", "its first word is empty", "name the program to run") }
  }

  private func validateEnvironment() throws(WarrenError) {
    for entry in env {
      // Values may be secret: only the key is ever repeated.
      guard let separator = entry.firstIndex(of: "=") else {
        throw .invalid("environment entry \(entry.quoted) is not valid", "it has no =", "write it as KEY=VALUE")
      }
      let key = String(entry[..<separator])
      if key.isEmpty { throw .invalid("an environment entry is not valid", "there is nothing before its =", "write it as KEY=VALUE") }
      if let bad = key.unicodeScalars.first(where: { $0.value <= 0x20 || $0.value == 0x7F }) {
        throw .invalid("environment key \(key.quoted) is not valid", "it contains \(bad == " " ? "a blank" : "a control character")", "remove it")
      }
      if entry.hasNUL { throw .invalid("the value of environment key \(key.quoted) is not valid", "it contains a NUL byte", "remove it") }
      if entry.utf8.count > Self.longestArgument {
        throw .invalid(
          "environment entry \(key.quoted) is too long", "it has \(entry.utf8.count) bytes, the kernel takes \(Self.longestArgument)",
          "pass it in a file")
      }
    }
  }

  private func validateIdentity() throws(WarrenError) {
    if !user.isEmpty {
      let parts = user.split(separator: ":", omittingEmptySubsequences: false)
      let what = "user \(user.quoted) is not valid"
      let remedy = "write it as USER[:GROUP], each a name or a number"
      if parts.count > 2 { throw .invalid(what, "it has more than one colon", remedy) }
      for part in parts {
        if part.isEmpty { throw .invalid(what, "a name is missing", remedy) }
        if part.allSatisfy(\.isNumber), UInt32(part).map({ $0 < UInt32.max }) != true {
          throw .invalid(what, "\(part) is no user or group id", remedy)
        }
        if part.utf8.count > 255 || !part.unicodeScalars.allSatisfy({ $0.isASCIIAlphanumeric || "._-$@".unicodeScalars.contains($0) }) {
          throw .invalid(what, "\(String(part).quoted) is neither a name nor a number", remedy)
        }
      }
    }
    if !workingDirectory.isEmpty, !workingDirectory.isCleanAbsolutePath {
      throw .invalid("working directory \(workingDirectory.quoted) is not valid", "it is not an absolute path", "begin it with / and leave out ..")
    }
    if !hostname.isEmpty {
      let what = "hostname \(hostname.quoted) is not valid"
      let remedy = "use up to 64 letters, digits, hyphens and dots"
      if hostname.utf8.count > 64 { throw .invalid(what, "it has \(hostname.utf8.count) characters", remedy) }
      for label in hostname.split(separator: ".", omittingEmptySubsequences: false) {
        if let why = String(label).whyNotDNSLabel { throw .invalid(what, "a part of it is not a DNS label: \(why)", remedy) }
      }
    }
  }

  private func validatePrivileges() throws(WarrenError) {
    for name in capAdd + capDrop where !LinuxNames.isCapability(name) {
      throw .invalid(
        "capability \(name.quoted) is not valid", "Linux has none of that name", "use a name of capabilities(7), such as NET_ADMIN, or ALL")
    }
    for device in devices {
      let parts = device.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
      let what = "device \(device.quoted) is not valid"
      let remedy = "write it as /dev/NAME[:/dev/NAME[:rwm]]"
      if parts.count > 3 { throw .invalid(what, "it has more than two colons", remedy) }
      if let path = parts.prefix(2).first(where: { !$0.isCleanAbsolutePath }) {
        throw .invalid(what, "\(path.quoted) is not an absolute path", remedy)
      }
      if parts.count == 3, parts[2].isEmpty || !parts[2].allSatisfy({ "rwm".contains($0) }) || Set(parts[2]).count != parts[2].count {
        throw .invalid(what, "\(parts[2].quoted) is not made of r, w and m", remedy)
      }
    }
  }

  private func validateStop() throws(WarrenError) {
    if stopGrace < .zero || stopGrace > Self.longestStopGrace {
      throw .invalid("stop timeout \(stopGrace) is not valid", "it is out of range", "use 0s to 1h")
    }
    if !stopSignal.isEmpty, !LinuxNames.isSignal(stopSignal) {
      throw .invalid(
        "stop signal \(stopSignal.quoted) is not valid", "Linux has no such signal", "use a name such as SIGTERM, or a number from 1 to 64")
    }
  }
}

extension Mount {
  static func validate(_ mounts: [Mount]) throws(WarrenError) {
    if mounts.count > 256 { throw .invalid("\(mounts.count) mounts are too many", "at most 256 are allowed", "use fewer") }
    var targets: Set<String> = []
    for mount in mounts {
      let what = "mount at \(mount.target.quoted) is not valid"
      if !mount.target.isCleanAbsolutePath { throw .invalid(what, "its target is not an absolute path", "begin it with / and leave out ..") }
      let target = mount.target.normalisedPath
      if target == "/" { throw .invalid(what, "it would hide the whole image", "mount below /") }
      if !targets.insert(target).inserted { throw .invalid(what, "two mounts have this target", "mount each target once") }
      switch mount.kind {
      case .bind:
        if !mount.source.isCleanAbsolutePath {
          throw .invalid(what, "its source \(mount.source.quoted) is not an absolute path", "name a folder or file of the node, beginning with /")
        }
        if mount.tmpfsSizeBytes != 0 { throw .invalid(what, "only a tmpfs has a size", "leave the size out") }
      case .tmpfs:
        if !mount.source.isEmpty { throw .invalid(what, "a tmpfs has no source", "leave the source out") }
        if mount.tmpfsSizeBytes > UInt64(Int64.max) { throw .invalid(what, "its size is out of range", "use a smaller size") }
      }
    }
  }
}

extension Ulimit {
  static func validate(_ ulimits: [Ulimit]) throws(WarrenError) {
    var names: Set<String> = []
    for ulimit in ulimits {
      let what = "ulimit \(ulimit.name.quoted) is not valid"
      if !LinuxNames.ulimits.contains(ulimit.name) {
        throw .invalid(what, "Linux has none of that name", "use one of \(LinuxNames.ulimits.sorted().joined(separator: ", "))")
      }
      if !names.insert(ulimit.name).inserted { throw .invalid(what, "it is given twice", "give it once") }
      if ulimit.soft > ulimit.hard {
        throw .invalid(what, "its soft limit \(ulimit.soft) is above the hard limit \(ulimit.hard)", "lower the soft limit")
      }
    }
  }
}
