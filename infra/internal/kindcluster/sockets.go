package kindcluster

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// socket is a line of /proc/net/tcp or /proc/net/udp.
type socket struct {
	address netip.Addr
	port    int32
	uid     string
	inode   string
}

// States of a socket in these files that keep a port.
const (
	tcpListen = "0A"
	udpBound  = "07"
)

// listening finds a socket that keeps m's port.
func (e *Engine) listening(m PortMapping) (socket, bool) {
	files, state := []string{"tcp", "tcp6"}, tcpListen
	if m.Protocol == "UDP" {
		files, state = []string{"udp", "udp6"}, udpBound
	}
	for _, name := range files {
		for _, s := range readSockets(filepath.Join(e.proc, "net", name), state) {
			if s.port == m.HostPort && overlaps(m.ListenAddress, s.address) {
				return s, true
			}
		}
	}
	return socket{}, false
}

// readSockets returns the sockets of a file that are in a state; none when
// the file cannot be read.
func readSockets(file, state string) []socket {
	f, err := os.Open(file)
	if err != nil {
		return nil
	}
	defer f.Close()
	var sockets []socket
	for scanner := bufio.NewScanner(f); scanner.Scan(); {
		fields := strings.Fields(scanner.Text())
		if len(fields) < 10 || fields[3] != state {
			continue
		}
		if address, port, ok := parseAddress(fields[1]); ok {
			sockets = append(sockets, socket{address: address, port: port, uid: fields[7], inode: fields[9]})
		}
	}
	return sockets
}

// parseAddress reads "0100007F:1389": words of four bytes in the order of the
// machine, then the port.
func parseAddress(text string) (netip.Addr, int32, bool) {
	words, number, found := strings.Cut(text, ":")
	raw, err := hex.DecodeString(words)
	port, errPort := strconv.ParseUint(number, 16, 16)
	if !found || err != nil || errPort != nil || len(raw)%4 != 0 {
		return netip.Addr{}, 0, false
	}
	bytes := make([]byte, 0, len(raw))
	for i := 0; i < len(raw); i += 4 {
		bytes = binary.NativeEndian.AppendUint32(bytes, binary.BigEndian.Uint32(raw[i:]))
	}
	address, ok := netip.AddrFromSlice(bytes)
	return address, int32(port), ok
}

// processOf finds the process that has a socket open; "" when none that this
// user may look into has.
func (e *Engine) processOf(inode string) (name, pid string) {
	links, err := filepath.Glob(filepath.Join(e.proc, "[0-9]*", "fd", "*"))
	if err != nil {
		return "", ""
	}
	for _, link := range links {
		if target, err := os.Readlink(link); err != nil || target != "socket:["+inode+"]" {
			continue
		}
		process := filepath.Dir(filepath.Dir(link))
		comm, err := os.ReadFile(filepath.Join(process, "comm"))
		if err == nil {
			return strings.TrimSpace(string(comm)), filepath.Base(process)
		}
	}
	return "", ""
}
