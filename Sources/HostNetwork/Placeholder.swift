enum HostNetworkPlaceholder {}
