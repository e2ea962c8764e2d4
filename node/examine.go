package node

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/certs"
	"github.com/stoa-rooms/stoa/checkup"
	"github.com/stoa-rooms/stoa/media"
	"github.com/stoa-rooms/stoa/statement"
	"github.com/stoa-rooms/stoa/storage"
)

// examiner looks at how a node is run. What it finds is a [checkup.Finding]; the sentences are there.
type examiner struct {
	cfg Config
	at  address // of the page

	// Of a node that runs; nil when none does.
	community *community
	nodes     *network
	media     *media.Server
	certs     *certs.Certs
}

// From when on something is worth a warning.
const (
	diskLow      = 1 << 30             // bytes free
	filesFew     = 4096                // descriptors; a visitor takes one or two
	certSoon     = 14 * 24 * time.Hour // a renewal was due 16 days ago
	delegateSoon = 60 * 24 * time.Hour
	clockOff     = statement.Slack * time.Second
	visitTime    = 5 * time.Second // for the page to answer its own node
	clockTime    = 2 * time.Second // for other nodes to tell the time
)

// running is all that a node that runs can find out about itself.
func (e *examiner) running(ctx context.Context) []checkup.Finding {
	all := []checkup.Finding{e.https(ctx), e.udp(), e.tcp()}
	if from := e.cfg.proxies.Distrusted(); from.IsValid() {
		all = append(all, checkup.Find(checkup.ProxyDistrusted, "addr", from.String()))
	}
	all = append(all, e.peers(), e.reach(), e.clock(ctx), e.disk(), e.store())
	all = append(all, e.data()...)
	return append(all, e.delegate(), e.buffers(), e.files())
}

// data looks at who may read the data directory and the node's key.
func (e *examiner) data() []checkup.Finding {
	var all []checkup.Finding
	for _, part := range []struct {
		path string
		want fs.FileMode
	}{{e.cfg.Data, 0o700}, {filepath.Join(e.cfg.Data, storage.KeyFile), 0o600}} {
		info, err := os.Stat(part.path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return append(all, checkup.Find(checkup.DataNone, "path", e.cfg.Data))
		case err != nil:
			return append(all, checkup.Find(checkup.DataForeign, "path", part.path, "error", err.Error()))
		case info.Mode().Perm()&0o077 != 0:
			all = append(all, checkup.Find(checkup.DataOpen, "path", part.path,
				"mode", fmt.Sprintf("%04o", info.Mode().Perm()), "want", fmt.Sprintf("%o", part.want)))
		}
	}
	if len(all) == 0 {
		all = append(all, checkup.Find(checkup.DataOK))
	}
	return all
}

func (e *examiner) store() checkup.Finding {
	store := e.community.journal.store
	if err := store.Ready(); err != nil {
		return checkup.Find(checkup.StoreFailed, "error", err.Error())
	}
	return checkup.Find(checkup.StoreWrites, "entries", strconv.FormatInt(store.Head().Size, 10))
}

func (e *examiner) disk() checkup.Finding {
	size, err := storage.SizeOf(e.cfg.Data)
	values := []string{"free", sizeText(size.Free), "used", sizeText(size.Used), "needed", sizeText(size.Needed)}
	switch {
	case err != nil:
		return checkup.Find(checkup.DiskUnknown, "error", err.Error())
	case size.Free < size.Needed:
		return checkup.Find(checkup.DiskFull, values...)
	case size.Free < diskLow:
		return checkup.Find(checkup.DiskLow, values...)
	}
	return checkup.Find(checkup.DiskOK, values...)
}

// sizeText is a number of bytes for people.
func sizeText(n uint64) string {
	switch {
	case n >= 10<<30:
		return fmt.Sprintf("%d GiB", n>>30)
	case n >= 1<<30:
		return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
	}
	if n >= 1<<20 {
		return fmt.Sprintf("%d MiB", n>>20)
	}
	return fmt.Sprintf("%d KiB", n>>10)
}

// https asks the page for the node behind it, as a browser would.
func (e *examiner) https(ctx context.Context) checkup.Finding {
	u, err := url.Parse(e.at.url)
	if err == nil && u.Scheme == "http" && loopback(u.Hostname()) {
		return checkup.Find(checkup.HTTPSLocal, "url", e.at.url)
	}
	if err == nil && u.Scheme == "http" {
		return checkup.Find(checkup.HTTPSPlain, "url", e.at.url)
	}
	if err := e.certs.Trouble(); err != nil {
		return checkup.Find(checkup.HTTPSWaits, "error", err.Error())
	}
	ctx, cancel := context.WithTimeout(ctx, visitTime)
	defer cancel()
	expires, there, err := knock(ctx, e.at.url)
	var cert *tls.CertificateVerificationError
	switch {
	case errors.As(err, &cert):
		return checkup.Find(checkup.HTTPSCertificate, "url", e.at.url, "error", cert.Err.Error())
	case err != nil:
		return checkup.Find(checkup.HTTPSUnreachable, "url", e.at.url, "error", err.Error())
	case e.community != nil && there.Node != e.community.self.Node || there.Node.IsZero():
		return checkup.Find(checkup.HTTPSOther, "url", e.at.url)
	case time.Until(expires) < certSoon:
		return checkup.Find(checkup.HTTPSEnds, "url", e.at.url, "until", expires.UTC().Format(time.DateOnly))
	}
	return checkup.Find(checkup.HTTPSOK, "url", e.at.url, "until", expires.UTC().Format(time.DateOnly))
}

// knock asks what is behind a URL, and returns the end of its certificate's life.
func knock(ctx context.Context, at string) (expires time.Time, there api.Node, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at+api.Base+api.PathNode, http.NoBody)
	if err != nil {
		return expires, there, fmt.Errorf("node: %w", err)
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		return expires, there, err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.TLS != nil && len(resp.TLS.PeerCertificates) > 0 {
		expires = resp.TLS.PeerCertificates[0].NotAfter
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return expires, there, fmt.Errorf("node: %w", err)
	}
	_ = json.Unmarshal(data, &there) // what cannot be read is no node of ours
	return expires, there, nil
}

// udp says what is known about the way of the audio: who has come it.
func (e *examiner) udp() checkup.Finding {
	reached := e.media.Reached()
	addr := e.media.LocalAddr()
	udp, ok := addr.(*net.UDPAddr)
	if !ok {
		return checkup.Find(checkup.UDPNone, "port", "")
	}
	port := strconv.Itoa(udp.Port)
	near := reached.UDP[media.FromMachine] + reached.UDP[media.FromNetwork]
	switch {
	case reached.UDP[media.FromInternet] > 0:
		return checkup.Find(checkup.UDPOK, "count", strconv.FormatUint(reached.UDP[media.FromInternet], 10))
	case udp.IP.IsLoopback() && len(e.cfg.MediaPublic) == 0:
		return checkup.Find(checkup.UDPLocal, "addr", udp.String())
	case near > 0:
		return checkup.Find(checkup.UDPNear, "count", strconv.FormatUint(near, 10), "port", port)
	}
	return checkup.Find(checkup.UDPNone, "port", port)
}

// tcp says the same about those whom UDP does not reach.
func (e *examiner) tcp() checkup.Finding {
	came := e.media.Reached().TCP[media.FromInternet]
	tcp, ok := e.media.TCPAddr().(*net.TCPAddr)
	switch {
	case !ok && e.cfg.MediaTCP == media.NoTCP:
		return checkup.Find(checkup.TCPOff)
	case !ok:
		return checkup.Find(checkup.TCPTaken, "addr", cmp.Or(e.cfg.MediaTCP, e.cfg.Media))
	case came > 0:
		return checkup.Find(checkup.TCPOK, "count", strconv.FormatUint(came, 10))
	case tcp.IP.IsLoopback() && len(e.cfg.MediaPublic) == 0:
		return checkup.Find(checkup.TCPLocal, "addr", tcp.String())
	}
	return checkup.Find(checkup.TCPNone, "port", strconv.Itoa(tcp.Port))
}

func (e *examiner) peers() checkup.Finding {
	connected := len(e.nodes.host.Peers())
	switch {
	case connected > 0:
		return checkup.Find(checkup.PeersOK, "count", strconv.Itoa(connected))
	case len(e.cfg.Peers) > 0:
		return checkup.Find(checkup.PeersLost, "count", strconv.Itoa(len(e.cfg.Peers)))
	}
	return checkup.Find(checkup.PeersAlone)
}

func (e *examiner) reach() checkup.Finding {
	can, known := e.nodes.host.Reachable()
	switch {
	case len(e.cfg.P2PPublic) == 0 && !slices.ContainsFunc(e.cfg.P2P, func(addr string) bool { return !localMultiaddr(addr) }):
		return checkup.Find(checkup.ReachLocal)
	case !known:
		return checkup.Find(checkup.ReachUnknown)
	case can:
		return checkup.Find(checkup.ReachOK)
	}
	return checkup.Find(checkup.ReachNot)
}

// clock compares this node's clock with that of others.
func (e *examiner) clock(ctx context.Context) checkup.Finding {
	ctx, cancel := context.WithTimeout(ctx, clockTime)
	defer cancel()
	off := e.nodes.clocks(ctx)
	if len(off) == 0 {
		return checkup.Find(checkup.ClockAlone)
	}
	slices.Sort(off)
	// Of an even number, the one of the two in the middle that is nearer: half of the others are with this node then.
	by, count := min(off[len(off)/2].Abs(), off[(len(off)-1)/2].Abs()), strconv.Itoa(len(off))
	if by > clockOff {
		return checkup.Find(checkup.ClockOff, "by", by.Round(time.Second).String(), "count", count)
	}
	return checkup.Find(checkup.ClockOK, "by", by.Round(100*time.Millisecond).String(), "count", count)
}

func (e *examiner) delegate() checkup.Finding {
	state, founded := e.community.journal.fold()
	if !founded {
		return checkup.Find(checkup.DelegateNone)
	}
	self, approved := state.Node(e.community.self.Node)
	if !approved {
		return checkup.Find(checkup.DelegateRestored)
	}
	ends := time.Unix(self.Expires, 0)
	until := ends.UTC().Format(time.DateOnly)
	switch left := ends.Sub(e.community.now()); {
	case left <= 0 || self.Revoked:
		return checkup.Find(checkup.DelegateEnded, "until", until)
	case left < delegateSoon:
		return checkup.Find(checkup.DelegateSoon, "until", until)
	}
	return checkup.Find(checkup.DelegateOK, "until", until)
}

func (e *examiner) buffers() checkup.Finding {
	granted, ok := socketBuffer(media.SocketBuffer)
	if ok && granted < media.SocketBuffer {
		return checkup.Find(checkup.BuffersSmall, "granted", sizeOfBuffer(granted), "wanted", sizeOfBuffer(media.SocketBuffer),
			"bytes", strconv.Itoa(media.SocketBuffer))
	}
	return checkup.Find(checkup.BuffersOK)
}

func sizeOfBuffer(n int) string { return fmt.Sprintf("%d KiB", n>>10) }

func (e *examiner) files() checkup.Finding {
	limit, ok := fileLimit()
	if ok && limit < filesFew {
		return checkup.Find(checkup.FilesFew, "limit", strconv.FormatUint(limit, 10))
	}
	return checkup.Find(checkup.FilesOK, "limit", strconv.FormatUint(limit, 10))
}
