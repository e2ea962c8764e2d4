// Package node puts a node together: it builds every part, owns their lifetimes, and runs one loop per room.
//
// The rules are not here. What a statement means is decided in package invites, who may do what in a room in package
// rooms; this package reads what comes in, gives it a time and a place, has it stored, and tells everybody concerned.
package node

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"runtime/debug"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/api/server"
	"github.com/stoa-rooms/stoa/certs"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/media"
	"github.com/stoa-rooms/stoa/p2p"
	"github.com/stoa-rooms/stoa/storage"
	"github.com/stoa-rooms/stoa/web"
)

// Slots is K, the number of audio streams that a listener receives.
const Slots = 3

// Config is how a node is run.
type Config struct {
	Data        string   // the data directory; made if it is not there
	HTTP        string   // address of the page and the API; none: 127.0.0.1:7080, or with Domain :443
	PublicURL   string   // the URL people use, where it is not http://HTTP or https://Domain
	Proxies     []string // addresses and networks of proxies in front that are not on this machine
	Media       string   // UDP address of the audio, such as 127.0.0.1:7081
	MediaTCP    string   // TCP address of the audio for networks without UDP; none: Media's, if it is free; "off": nowhere
	MediaPublic []string // addresses that clients reach Media at, where they are not Media itself
	P2P         []string // multiaddrs to listen on for other nodes
	P2PPublic   []string // multiaddrs at which other nodes reach P2P, where they are not P2P itself
	Peers       []string // multiaddrs of nodes to stay connected to
	MDNS        bool     // find nodes on the local network
	Topics      []string // topics whose rooms are of interest here
	Deny        []string // did:keys of nodes, communities and members to have nothing to do with
	Metrics     string   // TCP address of the metrics; none: no metrics
	TLSCert     string   // PEM files; both or neither
	TLSKey      string
	Domain      string // a name to obtain a certificate for; none: TLSCert or none
	ACMECA      string // URL of the authority's directory; none: certs.DefaultAuthority
	Redirect    string // TCP address at which http leads to https, with Domain; none: :80; "off": nowhere
	Version     string
	NoPush      bool // tell nobody whose page is closed: no push service is ever called

	Log *slog.Logger     // required
	Out io.Writer        // gets the lines that a person or a script reads: name, space, value
	Now func() time.Time // nil: the system clock

	meters  *meters         // set by Run
	proxies *server.Proxies // as Proxies has them; set by run
	push    *http.Client    // in tests: calls push services, instead of the one that calls public addresses alone
}

// Run runs a node until ctx ends. An error says what could not be started or what broke.
func Run(ctx context.Context, cfg Config) error {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	cfg.setDefaults()
	cfg.meters = newMeters(cfg.Version)
	store, err := storage.Open(storage.Options{Dir: cfg.Data, Log: cfg.Log, Observe: cfg.meters.committed})
	if err != nil {
		return err
	}
	err = run(ctx, cfg, store)
	return errors.Join(err, closeStore(store))
}

// setDefaults fills in addresses that depend on one another.
func (cfg *Config) setDefaults() {
	switch {
	case cfg.HTTP != "":
	case cfg.Domain != "":
		cfg.HTTP = ":443"
	default:
		cfg.HTTP = "127.0.0.1:7080"
	}
	if cfg.Redirect == "" {
		cfg.Redirect = ":80"
	}
}

// publicURL is the URL people use, as far as it is configured.
func (cfg *Config) publicURL(listening net.Addr) string {
	if cfg.PublicURL != "" || cfg.Domain == "" {
		return cfg.PublicURL
	}
	if _, port, err := net.SplitHostPort(listening.String()); err == nil && port != "443" {
		return "https://" + net.JoinHostPort(cfg.Domain, port)
	}
	return "https://" + cfg.Domain
}

// certs is how the page is to be encrypted. What is obtained for a domain is kept in the data directory.
func (cfg *Config) certs() certs.Config {
	return certs.Config{
		Cert: cfg.TLSCert, Key: cfg.TLSKey,
		Domain: cfg.Domain, Authority: cfg.ACMECA, Dir: filepath.Join(cfg.Data, "certs"), Agent: "stoa/" + cfg.Version,
		Log: cfg.Log,
	}
}

// closeTime bounds the end of the store on a disk that does not answer. What was acknowledged is on it already.
const closeTime = 2 * time.Second

func closeStore(store *storage.Store) error {
	closed := make(chan error, 1)
	go func() { closed <- store.Close() }()
	select {
	case err := <-closed:
		return err
	case <-time.After(closeTime):
		return errors.New("the disk does not answer, so the store was left as it is; nothing that was acknowledged is lost")
	}
}

func run(ctx context.Context, cfg Config, store *storage.Store) error {
	c, err := openCommunity(cfg, store)
	if err != nil {
		return err
	}
	encryption, err := certs.Open(cfg.certs())
	if err != nil {
		return err
	}
	if cfg.proxies, err = server.ParseProxies(cfg.Proxies); err != nil {
		return err
	}
	listener, err := listen(ctx, cfg.HTTP)
	if err != nil {
		return err
	}
	defer func() { _ = listener.Close() }()
	public, err := mediaAddresses(cfg.MediaPublic)
	if err != nil {
		return err
	}
	audio, err := media.New(media.Config{Addr: cfg.Media, TCP: cfg.MediaTCP, Public: public, Slots: Slots, Log: cfg.Log})
	if err != nil {
		return err
	}
	nodes, err := openNetwork(cfg, c) //nolint:contextcheck // it lives until it is run and ended, not until ctx
	if err != nil {
		return err
	}
	return serve(ctx, cfg, c, audio, nodes, listener, encryption)
}

// serve runs what has been opened, until ctx ends or a part fails. Parts end in the order in which people depend on
// them: rooms tell everybody, then the audio and the other nodes are left, and the store last of all, by the caller.
// Nothing runs on after it.
func serve(ctx context.Context, cfg Config, c *community, audio *media.Server, nodes *network, listener net.Listener, encryption *certs.Certs) error {
	at, err := addressOf(cfg.publicURL(listener.Addr()), listener.Addr(), encryption.TLS())
	if err != nil {
		return errors.Join(err, nodes.host.Close())
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	group, ctx := errgroup.WithContext(ctx)
	lasting, stopLasting := context.WithCancel(context.WithoutCancel(ctx)) // outlives the rooms
	defer stopLasting()
	h, err := newHallway(ctx, c, audio, nodes, cfg.Log)
	if err != nil {
		return errors.Join(err, nodes.host.Close())
	}
	if err := h.hang(ctx, group, cfg, at); err != nil {
		stop()
		return errors.Join(err, group.Wait(), nodes.host.Close())
	}
	c.onErasure(h.forget)
	c.onErasure(h.bell.drop)
	c.onErasure(nodes.plans.erase)
	nodes.begin(lasting, h)
	group.Go(func() error { return audio.Run(lasting) })
	group.Go(func() error { return nodes.run(lasting) })
	group.Go(func() error { return c.run(ctx) })
	group.Go(func() error { return c.earnings.run(lasting) })
	group.Go(func() error {
		<-ctx.Done()
		h.wait.Wait()
		stopLasting()
		return c.journal.save()
	})
	if err := open(ctx, group, cfg, c, h, at, listener, encryption); err != nil {
		stop()
		_ = group.Wait() // the reason is err
		return err
	}
	if ctx.Err() == nil {
		announce(cfg, c, at, nodes.host)
	}
	err = group.Wait()
	if errors.Is(err, context.Canceled) || errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// open brings back the rooms once the audio is ready, and lets the command line and then everybody else in.
func open(ctx context.Context, group *errgroup.Group, cfg Config, c *community, h *hallway, at address, listener net.Listener, encryption *certs.Certs) error {
	select {
	case <-h.media.Ready():
	case <-ctx.Done():
		return nil // told to stop, or the audio failed: the group knows
	}
	if err := h.resume(); err != nil {
		return err
	}
	close(h.nodes.ready)
	eye := examiner{cfg: cfg, at: at, community: c, nodes: h.nodes, media: h.media, certs: encryption}
	admin, err := openAdmin(ctx, cfg.Data, &admin{
		journal: c.journal, names: c.names, owner: c.owner, now: c.now, at: at, forget: func() {
			c.forget()
			h.endAll()
		},
		examine:    eye.running,
		conditions: health{h, encryption}.Conditions,
	}, cfg.Log)
	if err != nil {
		return err
	}
	group.Go(func() error { return admin.run(ctx) })

	mine, err := openOwn(c.journal.store, h.people, h.bell, func() int64 { return millis(c.now()) }, h.nodes.follow)
	if err != nil {
		return err
	}
	h.nodes.plans.url = at.url
	c.onErasure(mine.drop)
	page := web.Files()
	if page == nil {
		cfg.Log.Warn("this binary was built without the web client: there is only the API; build it with make build")
	}
	pages, err := server.New(server.Config{
		Node:      c.self.Node,
		PublicURL: at.url,
		Origins:   at.origins,
		Proxies:   cfg.proxies,
		Web:       page,
		Community: c,
		Entry:     c,
		Invites:   c,
		Rooms:     h,
		Schedules: h.nodes.plans,
		Calendars: h.nodes.plans,
		Doors:     h,
		Media:     h,
		People:    h.people,
		Own:       mine,
		Notices:   h.bell,
		Apps:      h,
		Nodes:     h.nodes,
		Logs:      publicLogs{h.nodes},
		Operator:  &operator{eye},
		Privacy:   c,
		Health:    health{h, encryption},
		Watch:     cfg.meters,
		Clock:     cfg.Now,
		Log:       cfg.Log,
	})
	if err != nil {
		return err
	}
	cfg.meters.registry.MustRegister(&scrape{hallway: h, pages: pages})
	group.Go(func() error { return pages.Serve(ctx, listener, encryption.TLS()) })
	if err := obtainCertificate(ctx, group, cfg, encryption, at); err != nil {
		return err
	}
	return serveMetrics(ctx, group, cfg)
}

// openFrugally opens the journal. To read a large community makes more garbage than the node ever will again: it is
// collected early, and what is free afterwards is given back to the system.
func openFrugally(store *storage.Store, key identity.PrivateKey, log *slog.Logger) (*journal, error) {
	const percent = 20
	before := debug.SetGCPercent(percent)
	journal, err := openJournal(store, key, log)
	debug.SetGCPercent(before)
	debug.FreeOSMemory()
	return journal, err
}

// openCommunity brings the community back from the store.
func openCommunity(cfg Config, store *storage.Store) (*community, error) {
	key := store.Key()
	peer, err := p2p.PeerID(key.Public())
	if err != nil {
		return nil, err
	}
	journal, err := openFrugally(store, key, cfg.Log)
	if err != nil {
		return nil, err
	}
	names := newNames()
	if err := names.load(store); err != nil {
		return nil, err
	}
	queue, err := openQueue(store)
	if err != nil {
		return nil, err
	}
	earnings, err := openEarnings(journal, cfg.Now, cfg.Log)
	if err != nil {
		return nil, err
	}
	if cfg.meters == nil { // a command on a directory without a node
		cfg.meters = newMeters(cfg.Version)
	}
	journal.wrote = cfg.meters.wrote
	c := &community{
		meters:  cfg.meters,
		journal: journal,

		earnings: earnings,
		queue:    queue,

		names: names,
		owner: &ownerLink{},
		self:  api.Node{Node: key.Public(), Peer: peer, Version: cfg.Version, Slots: Slots},
		now:   cfg.Now,
		log:   cfg.Log,
	}
	return c, c.carryOut() // what a backup did not know of yet, or a crash left
}

// announce prints what a person or a script needs to go on.
func announce(cfg Config, c *community, at address, peers *p2p.Host) {
	if at.plain {
		cfg.Log.Warn("browsers refuse the microphone, and keys, to a plain http page that is not on loopback: "+
			"give --tls-cert and --tls-key, or put a proxy with HTTPS in front and name it with --public-url", "url", at.url)
	}
	line := func(name, value string) { _, _ = fmt.Fprintf(cfg.Out, "%s %s\n", name, value) }
	line("node", c.self.Node.String())
	line("peer", c.self.Peer)
	line("web", at.url)
	if state, founded := c.journal.fold(); founded && c.journal.unapproved(state) {
		cfg.Log.Warn("this node was restored from a backup: until the founder has signed in on its page and approved it at /node, nobody new "+
			"can join and no room can be opened", "url", at.url)
	} else if !founded {
		line("owner", at.owner(c.owner.open(c.now())))
	}
	for _, addr := range peers.Addrs() {
		line("p2p", addr)
	}
}

// listen opens the TCP address, and explains a failure.
func listen(ctx context.Context, addr string) (net.Listener, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, explainListen(err, addr, "the page", "--http", "127.0.0.1:7080")
	}
	return l, nil
}

// explainListen says what to do about an address that cannot be listened on.
func explainListen(err error, addr, what, flag, example string) error {
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("cannot listen on %s for %s: another program, perhaps another node, is listening there; choose another address with %s", addr, what, flag)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("cannot listen on %s for %s: ports below 1024 need a permission that this user has not (CAP_NET_BIND_SERVICE; deploy/stoa.service gives it); give it, or choose another address with %s", addr, what, flag)
	}
	return fmt.Errorf("cannot listen on %s for %s: %w; give %s an address such as %s", addr, what, err, flag, example)
}
