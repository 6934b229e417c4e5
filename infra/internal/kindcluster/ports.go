package kindcluster

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"syscall"
)

// checkPorts fails when a port that is to be published is in use, and says by
// whom. All ports in use are named at once.
func (e *Engine) checkPorts(ctx context.Context, mappings []PortMapping) error {
	var taken, ports []string
	for _, m := range mappings {
		if m.HostPort == 0 || m.Protocol == "SCTP" {
			continue
		}
		free, err := bindable(m)
		if err != nil {
			return err
		}
		if free {
			continue
		}
		holder, found := e.holder(ctx, m)
		if !found && holder == "" {
			continue
		}
		taken = append(taken, fmt.Sprintf("port %d of %s is in use by %s", m.HostPort, m.ListenAddress, holder))
		ports = append(ports, strconv.Itoa(int(m.HostPort)))
	}
	if len(taken) == 0 {
		return nil
	}
	return &Failure{
		Cause: "a port that is to be published is not free", Seen: strings.Join(taken, "; "),
		Next: "stop what uses it, or choose another port than " + strings.Join(ports, ", "),
	}
}

// bindable tells whether a port can be listened on right now. A port that
// this user may not bind but the engine may counts as not bindable, so that
// the list of listening sockets decides.
func bindable(m PortMapping) (bool, error) {
	address := net.JoinHostPort(m.ListenAddress, strconv.Itoa(int(m.HostPort)))
	var socket interface{ Close() error }
	var err error
	if m.Protocol == "UDP" {
		socket, err = net.ListenPacket("udp", address)
	} else {
		socket, err = net.Listen("tcp", address)
	}
	if err == nil {
		return true, socket.Close()
	}
	if errors.Is(err, syscall.EADDRNOTAVAIL) {
		return false, &Failure{Cause: fmt.Sprintf("this host has no address %s to publish port %d on", m.ListenAddress, m.HostPort), Err: err,
			Next: "set listen_address to 127.0.0.1, or to an address that `ip address` shows"}
	}
	return false, nil
}

// Holder names who listens on a TCP port of 127.0.0.1; found is false when nobody does.
func (e *Engine) Holder(ctx context.Context, port int32) (name string, found bool) {
	return e.holder(ctx, PortMapping{ListenAddress: "127.0.0.1", HostPort: port, Protocol: "TCP"})
}

// holder names who listens on a port; found is false when no socket of the
// host does.
func (e *Engine) holder(ctx context.Context, m PortMapping) (name string, found bool) {
	socket, found := e.listening(m)
	if !found {
		// Without rights to bind, a free port looks taken: trust the list.
		return "", false
	}
	process, pid := e.processOf(socket.inode)
	switch process {
	case "":
		return fmt.Sprintf("a process of user %s", socket.uid), true
	case "docker-proxy", "dockerd":
		if names, err := lines(ctx, e.docker, "ps", "--filter", fmt.Sprintf("publish=%d", m.HostPort), "--format", "{{.Names}}"); err == nil && len(names) > 0 {
			return "the container " + names[0], true
		}
	}
	return fmt.Sprintf("%s (pid %s)", process, pid), true
}

// overlaps tells whether sockets on two addresses keep each other out.
func overlaps(listen string, bound netip.Addr) bool {
	wanted, err := netip.ParseAddr(listen)
	if err != nil || wanted.IsUnspecified() || bound.IsUnspecified() {
		return true
	}
	return wanted == bound.Unmap()
}
