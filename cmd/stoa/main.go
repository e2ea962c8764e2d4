// Command stoa runs a node and speaks to it.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
	_ "golang.org/x/crypto/x509roots/fallback" // so that certificates can be checked where the system has no list of authorities

	"github.com/stoa-rooms/stoa/invites"
	"github.com/stoa-rooms/stoa/node"
	"github.com/stoa-rooms/stoa/reason"
)

// version is the release this binary was built as.
const version = "0.1.0"

// cli is the command line. Each flag may also stand in the file given by --config, and in the environment as STOA_ and
// its name.
type cli struct {
	Run     runCmd     `cmd:"" help:"Run a node."`
	Rooms   roomsCmd   `cmd:"" help:"List the live rooms at your node."`
	Join    joinCmd    `cmd:"" help:"Go into a room: follow it, listen, speak."`
	Invite  inviteCmd  `cmd:"" help:"About invites."`
	Export  exportCmd  `cmd:"" help:"Write a member's invite chain, with its proofs, to standard output."`
	Verify  verifyCmd  `cmd:"" help:"Check an exported chain, or all that the node's log holds, from the root key down."`
	Backup  backupCmd  `cmd:"" help:"Write a backup of a node into a file, while it runs or while it does not."`
	Restore restoreCmd `cmd:"" help:"Make a data directory of a backup."`
	Doctor  doctorCmd  `cmd:"" help:"Say what is wrong with a node and what to do, whether or not it runs."`
	Ready   readyCmd   `cmd:"" help:"Say whether the node that runs may get visitors, by the exit status too: for the health check of a container."`
	Unclaim unclaimCmd `cmd:"" help:"Forget the community, while its founder is its only member."`
	Version versionCmd `cmd:"" help:"Print the version."`
}

// dataFlag names the data directory.
type dataFlag struct {
	Data string `help:"The node's data directory (default ${default})." default:"data" placeholder:"DIR"`
}

type runCmd struct{ nodeFlags }

// nodeFlags are how a node is run.
type nodeFlags struct {
	dataFlag

	HTTP        string          `name:"http" help:"TCP address of the page and the API (default 127.0.0.1:7080; with --domain :443)." placeholder:"ADDR"`
	Media       string          `help:"UDP address of the audio (default ${default})." default:"127.0.0.1:7081" placeholder:"ADDR"`
	MediaTCP    string          `name:"media-tcp" help:"TCP address of the audio, for people whose network blocks UDP; off for none (default: the same number as --media, if it is free)." placeholder:"ADDR"`
	PublicURL   string          `name:"public-url" help:"The URL people use, where a proxy stands in front." placeholder:"URL"`
	Proxies     []string        `name:"trusted-proxy" env:"STOA_TRUSTED_PROXY" help:"The address or network (CIDR) of a proxy in front that is not on this machine, whose X-Forwarded-For is believed." placeholder:"CIDR"`
	MediaPublic []string        `name:"media-public" help:"An address at which people reach the audio, where it is not the one it listens on." placeholder:"ADDR"`
	TLSCert     string          `name:"tls-cert" help:"Certificate chain, PEM." placeholder:"FILE"`
	TLSKey      string          `name:"tls-key" help:"Private key of the certificate, PEM." placeholder:"FILE"`
	Domain      string          `help:"Serve HTTPS under this name, with a certificate that the node obtains and renews by itself (ACME)." placeholder:"NAME"`
	Redirect    string          `name:"http-redirect" help:"With --domain: TCP address at which http leads to https; off for none (default :80)." placeholder:"ADDR"`
	ACMECA      string          `name:"acme-ca" help:"With --domain: directory of the certificate authority (default Let's Encrypt, to whose terms you agree)." placeholder:"URL"`
	P2P         []string        `name:"p2p" env:"STOA_P2P" help:"A multiaddr to listen on for other nodes (default ${default})." default:"/ip4/127.0.0.1/tcp/0" placeholder:"MULTIADDR"`
	P2PPublic   []string        `name:"p2p-public" env:"STOA_P2P_PUBLIC" help:"A multiaddr at which other nodes reach this one, where it is not the one it listens on." placeholder:"MULTIADDR"`
	Peers       []string        `name:"peer" env:"STOA_PEER" help:"A node to stay connected to: its multiaddr with /p2p/ at the end, or a /dnsaddr name." placeholder:"MULTIADDR"`
	MDNS        bool            `name:"mdns" help:"Find other nodes on the local network by multicast DNS. For nodes that listen beyond this machine."`
	Topics      []string        `name:"topic" env:"STOA_TOPIC" help:"A topic whose rooms are of interest here, such as gardening." placeholder:"TOPIC"`
	Deny        []string        `name:"deny" env:"STOA_DENY" help:"The did:key of a node, community or member to have nothing to do with." placeholder:"DID"`
	NoPush      bool            `name:"no-push" env:"STOA_NO_PUSH" help:"Tell nobody whose page is closed: no push service is ever called."`
	Metrics     string          `name:"metrics" help:"TCP address of the metrics, for Prometheus; without it there are none." placeholder:"ADDR"`
	Config      kong.ConfigFlag `help:"Read flags from a YAML file." placeholder:"FILE"`
	LogLevel    string          `name:"log-level" help:"debug, info, warn or error." enum:"debug,info,warn,error" default:"info"`
}

// Run runs a node until it is told to stop.
func (c *runCmd) Run(ctx context.Context, out io.Writer) error {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.LogLevel)); err != nil {
		return fmt.Errorf("--log-level: %w", err)
	}
	cfg := c.config()
	cfg.Log = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
	cfg.Out = out
	return node.Run(ctx, cfg)
}

// config is the configuration that the flags make.
func (c *nodeFlags) config() node.Config {
	return node.Config{
		Data:        c.Data,
		HTTP:        c.HTTP,
		PublicURL:   c.PublicURL,
		Proxies:     c.Proxies,
		Media:       c.Media,
		MediaTCP:    c.MediaTCP,
		MediaPublic: c.MediaPublic,
		P2P:         c.P2P,
		P2PPublic:   c.P2PPublic,
		Peers:       c.Peers,
		MDNS:        c.MDNS,
		Topics:      c.Topics,
		Deny:        c.Deny,
		NoPush:      c.NoPush,
		Metrics:     c.Metrics,
		TLSCert:     c.TLSCert,
		TLSKey:      c.TLSKey,
		Domain:      c.Domain,
		ACMECA:      c.ACMECA,
		Redirect:    c.Redirect,
		Version:     version,
	}
}

type inviteCmd struct {
	Tree treeCmd `cmd:"" help:"Show who invited whom."`
}

type treeCmd struct{ dataFlag }

// Run prints the invite tree.
func (c *treeCmd) Run(ctx context.Context, out io.Writer) error { return node.Tree(ctx, c.Data, out) }

type exportCmd struct {
	dataFlag

	Member string `arg:"" optional:"" help:"The member's did:key; the founder if left out."`
}

// Run prints the export.
func (c *exportCmd) Run(ctx context.Context, out io.Writer) error {
	return node.Export(ctx, c.Data, c.Member, out)
}

type verifyCmd struct {
	dataFlag

	File string `arg:"" optional:"" help:"A file that stoa export wrote; - for standard input. Without it, the logs of the data directory are checked whole."`
}

// maxExport is the largest export that verify reads.
const maxExport = 64 << 20

// Run checks an export and prints the chain it proves, or checks the whole log.
func (c *verifyCmd) Run(ctx context.Context, out io.Writer) error {
	if c.File == "" {
		return node.Audit(ctx, c.Data, out)
	}
	in := io.NopCloser(io.Reader(os.Stdin))
	if c.File != "-" {
		file, err := os.Open(c.File)
		if errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("there is no file %s; stoa export writes one", c.File)
		}
		if err != nil {
			return fmt.Errorf("cannot read the export: %w", err)
		}
		in = file
	}
	defer func() { _ = in.Close() }()
	data, err := io.ReadAll(io.LimitReader(in, maxExport+1))
	if err != nil {
		return fmt.Errorf("cannot read the export: %w", err)
	}
	if len(data) > maxExport {
		return fmt.Errorf("%s is larger than any export (%d MiB)", c.File, maxExport>>20)
	}
	report, err := invites.VerifyExport(data)
	switch {
	case reason.Of(err) == reason.RequestInvalid:
		return fmt.Errorf("%s is not a file that stoa export wrote: %w", c.File, err)
	case err != nil:
		return fmt.Errorf("the chain does not hold: %w", err)
	}
	return printReport(out, report)
}

type backupCmd struct {
	dataFlag

	File string `arg:"" help:"The file to write, which must not be there yet."`
}

// Run writes a backup.
func (c *backupCmd) Run(ctx context.Context, out io.Writer) error {
	return node.Backup(ctx, c.Data, c.File, out)
}

type restoreCmd struct {
	dataFlag

	File string `arg:"" help:"A file that stoa backup wrote."`
}

// Run makes a data directory of a backup.
func (c *restoreCmd) Run(out io.Writer) error { return node.Restore(c.File, c.Data, out) }

type readyCmd struct{ dataFlag }

// Run asks the running node.
func (c *readyCmd) Run(ctx context.Context, out io.Writer) error { return node.Ready(ctx, c.Data, out) }

type unclaimCmd struct{ dataFlag }

// Run forgets the community.
func (c *unclaimCmd) Run(ctx context.Context, out io.Writer) error {
	return node.Unclaim(ctx, c.Data, out)
}

type versionCmd struct{}

// Run prints the version.
func (versionCmd) Run(out io.Writer) error {
	if _, err := fmt.Fprintln(out, "stoa", version); err != nil {
		return fmt.Errorf("cannot write: %w", err)
	}
	return nil
}

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// run is the whole program: it parses the arguments, does the command, and returns the exit status.
func run(args []string, out, errs io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	parser, err := kong.New(&cli{},
		kong.Name("stoa"),
		kong.Description("A federated, peer-to-peer audio rooms node. Start with: stoa run"),
		kong.Configuration(readConfiguration),
		kong.DefaultEnvars("STOA"),
		kong.Writers(out, errs),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.BindTo(out, (*io.Writer)(nil)),
	)
	if err != nil {
		_, _ = fmt.Fprintln(errs, "stoa:", err)
		return 1
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	command, err := parser.Parse(args)
	switch {
	case err != nil && args[0] == "doctor":
		return misconfigured(args, err, out)
	case err != nil:
		_, _ = fmt.Fprintln(errs, "stoa:", err)
		return 2
	}
	if err := command.Run(); errors.Is(err, errUnwell) {
		return 1 // it has been said
	} else if err != nil {
		_, _ = fmt.Fprintln(errs, "stoa:", err)
		return 1
	}
	return 0
}
