package node

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/go-json-experiment/json"

	"github.com/stoa-rooms/stoa/api/server"
	"github.com/stoa-rooms/stoa/certs"
	"github.com/stoa-rooms/stoa/checkup"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/media"
	"github.com/stoa-rooms/stoa/p2p"
	"github.com/stoa-rooms/stoa/storage"
)

// Doctor finds out what is wrong with the node of a configuration: from the node itself while one runs on its data
// directory, and else by looking at what it would need to run. It changes nothing.
func Doctor(ctx context.Context, cfg Config) []checkup.Finding {
	cfg.setDefaults()
	all, err := askNode(ctx, cfg.Data)
	if err == nil {
		return all
	}
	e := &examiner{cfg: cfg}
	all = append(e.configuration(), e.data()...)
	all = append(all, e.stopped()...)
	all = append(all, e.ports(ctx)...)
	if f, ok := e.proxied(ctx); ok {
		all = append(all, f)
	}
	if synced, known := clockSynced(); known && synced {
		all = append(all, checkup.Find(checkup.ClockSynced))
	} else if known {
		all = append(all, checkup.Find(checkup.ClockLoose))
	}
	return append(all, e.buffers(), e.files())
}

// askNode asks the node that runs on a directory.
func askNode(ctx context.Context, dir string) ([]checkup.Finding, error) {
	if _, err := os.Stat(filepath.Join(dir, socketName)); err != nil {
		return nil, err // no node has run here, or it ended well
	}
	var all []checkup.Finding
	var answer bytes.Buffer
	err := ask(ctx, dir, &answer, http.MethodGet, "/checkup", func(*admin) error { return errors.New("no node runs") })
	if err == nil {
		err = json.Unmarshal(answer.Bytes(), &all)
	}
	return all, err
}

// configuration reads what would keep a node from starting.
func (e *examiner) configuration() []checkup.Finding {
	var all []checkup.Finding
	failed := func(err error) {
		if err != nil {
			all = append(all, checkup.Find(checkup.ConfigFailed, "error", err.Error()))
		}
	}
	_, err := certs.Open(e.cfg.certs())
	failed(err)
	_, err = server.ParseProxies(e.cfg.Proxies)
	failed(err)
	_, err = mediaAddresses(e.cfg.MediaPublic)
	failed(err)
	if e.cfg.PublicURL != "" {
		_, err = addressOf(e.cfg.PublicURL, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1}, nil)
		failed(err)
	}
	for _, text := range e.cfg.Deny {
		if _, err := identity.ParseDID(text); err != nil {
			failed(fmt.Errorf("--deny %q is not a did:key: %w", text, err))
		}
	}
	for _, addrs := range [][]string{e.cfg.P2P, e.cfg.P2PPublic, e.cfg.Peers} {
		failed(p2p.CheckAddrs(addrs))
	}
	return all
}

// stopped looks at the store and the disk of a node that does not run.
func (e *examiner) stopped() []checkup.Finding {
	if _, err := os.Stat(filepath.Join(e.cfg.Data, storage.KeyFile)); err != nil {
		return nil // data has said it; looking at a store would make one
	}
	all := []checkup.Finding{e.disk()}
	var report strings.Builder
	entries, unapproved := int64(0), false
	err := askStore(e.cfg.Data, func(a *admin) error {
		entries = a.journal.store.Head().Size
		if state, founded := a.journal.fold(); founded {
			unapproved = a.journal.unapproved(state)
		}
		if entries == 0 {
			return nil
		}
		return a.audit(&report)
	})
	switch {
	case errors.Is(err, storage.ErrLocked):
		return append(all, checkup.Find(checkup.StoreHeld, "error", err.Error()))
	case errors.Is(err, storage.ErrDiskFull) && all[0].Code == checkup.DiskFull:
		return all
	case err != nil:
		return append(all, checkup.Find(checkup.StoreDamaged, "error", err.Error()))
	}
	all = append(all, checkup.Find(checkup.StoreOK, "entries", strconv.FormatInt(entries, 10)))
	if unapproved {
		all = append(all, checkup.Find(checkup.DelegateRestored))
	}
	return all
}

// proxied looks at the certificate of a page behind a proxy, which answers while the node does not.
func (e *examiner) proxied(ctx context.Context) (checkup.Finding, bool) {
	if !strings.HasPrefix(e.cfg.PublicURL, "https://") {
		return checkup.Finding{}, false
	}
	e.at.url = strings.TrimRight(e.cfg.PublicURL, "/")
	f := e.https(ctx)
	return f, f.Code != checkup.HTTPSOther // without the node, the proxy says what it likes
}

// ports tries to listen where the node would.
func (e *examiner) ports(ctx context.Context) []checkup.Finding {
	type place struct{ network, addr, flag string }
	all := []place{{"tcp", e.cfg.HTTP, "--http"}, {"udp", e.cfg.Media, "--media"}}
	if e.cfg.Domain != "" && e.cfg.Redirect != "off" {
		all = append(all, place{"tcp", e.cfg.Redirect, "--http-redirect"})
	}
	if e.cfg.Metrics != "" {
		all = append(all, place{"tcp", e.cfg.Metrics, "--metrics"})
	}
	if e.cfg.MediaTCP != "" && e.cfg.MediaTCP != media.NoTCP {
		all = append(all, place{"tcp", e.cfg.MediaTCP, "--media-tcp"})
	}
	for _, text := range e.cfg.P2P {
		if network, addr, ok := hostPort(text); ok {
			all = append(all, place{network, addr, "--p2p"})
		}
	}
	var busy []checkup.Finding
	var free []string
	if e.cfg.MediaTCP == "" && tryListen(ctx, "tcp", e.cfg.Media) != nil { // the node does without
		busy = append(busy, checkup.Find(checkup.TCPTaken, "addr", e.cfg.Media))
	}
	for _, p := range all {
		err := tryListen(ctx, p.network, p.addr)
		if err == nil {
			free = append(free, p.addr+"/"+p.network)
			continue
		}
		who := "unknown"
		if errors.Is(err, syscall.EADDRINUSE) {
			who = holder(p.network, p.addr)
		}
		if op, ok := errors.AsType[*net.OpError](err); ok {
			err = op.Err
		}
		busy = append(busy, checkup.Find(checkup.PortsBusy, "addr", p.addr, "flag", p.flag, "error", err.Error(), "holder", who))
	}
	if len(busy) == 0 {
		return []checkup.Finding{checkup.Find(checkup.PortsOK, "addrs", strings.Join(free, ", "))}
	}
	return busy
}

func tryListen(ctx context.Context, network, addr string) error {
	if network == "udp" {
		conn, err := (&net.ListenConfig{}).ListenPacket(ctx, network, addr)
		if err == nil {
			_ = conn.Close()
		}
		return err
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, network, addr)
	if err == nil {
		_ = l.Close()
	}
	return err
}

// hostPort is the address that a multiaddr listens on.
func hostPort(text string) (network, addr string, ok bool) {
	parts := strings.Split(text, "/") // "", ip4, host, tcp, port, …
	if len(parts) < 5 || parts[3] != "tcp" && parts[3] != "udp" {
		return "", "", false
	}
	ip, err := netip.ParseAddr(parts[2])
	if err != nil {
		return "", "", false
	}
	return parts[3], net.JoinHostPort(ip.String(), parts[4]), true
}

// localMultiaddr reports whether a multiaddr is reached from this machine only.
func localMultiaddr(text string) bool {
	_, addr, ok := hostPort(text)
	if !ok {
		return false
	}
	ap, err := netip.ParseAddrPort(addr)
	return err == nil && ap.Addr().IsLoopback()
}

// holder says who listens on a port, as far as this user may know: from Linux's /proc (proc(5)).
func holder(network, addr string) string {
	_, port, err := net.SplitHostPort(addr)
	number, convErr := strconv.ParseUint(port, 10, 16)
	if err != nil || convErr != nil {
		return "unknown"
	}
	inodes := map[string]bool{}
	for _, table := range []string{network, network + "6"} {
		data, err := os.ReadFile("/proc/net/" + table) //nolint:gosec // one of four names
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(data)) {
			fields := strings.Fields(line)
			// 0A is LISTEN; UDP sockets have no such state.
			if len(fields) > 9 && strings.HasSuffix(fields[1], fmt.Sprintf(":%04X", number)) && (network == "udp" || fields[3] == "0A") {
				inodes["socket:["+fields[9]+"]"] = true
			}
		}
	}
	links, _ := filepath.Glob("/proc/[0-9]*/fd/*")
	for _, link := range links {
		if to, err := os.Readlink(link); err == nil && inodes[to] {
			pid := strings.Split(link, "/")[2]
			name, _ := os.ReadFile("/proc/" + pid + "/comm") //nolint:gosec // a process's name
			return fmt.Sprintf("%s, process %s", strings.TrimSpace(string(name)), pid)
		}
	}
	return "a process of another user"
}
