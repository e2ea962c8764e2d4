package node

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/checkup"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/invites"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
	"github.com/stoa-rooms/stoa/storage"
)

// socketName is the file in the data directory through which admin commands reach a running node. Whoever may open it
// may command the node, so only its owner may.
const socketName = "admin.sock"

// admin is what the command line may ask of a node, running or not.
type admin struct {
	journal *journal
	names   *names
	owner   *ownerLink
	now     func() time.Time

	at     address // of the running node; zero when none runs
	forget func()  // what goes with the community besides the log

	examine    func(context.Context) []checkup.Finding // of the running node
	conditions func() []api.Condition                  // of the running node
}

// tree writes who invited whom.
func (a *admin) tree(w io.Writer) error {
	state, founded := a.journal.fold()
	if !founded {
		return reason.Reject(reason.FoundedNot, "")
	}
	return a.branch(w, state, state.Community(), "")
}

func (a *admin) branch(w io.Writer, state invites.State, key identity.PublicKey, indent string) error {
	now := seconds(a.now())
	name := a.names.member(key).Name
	if state.Erased(key) {
		name = "(erased)"
	}
	if _, err := fmt.Fprintf(w, "%s%s  %s  (%s%d invites left)\n",
		indent, name, key, wayIn(state, key), len(state.FreeSlots(key, now))); err != nil {
		return fmt.Errorf("node: %w", err)
	}
	for _, child := range state.Children(key) {
		if err := a.branch(w, state, child.Key, indent+"  "); err != nil {
			return err
		}
	}
	return nil
}

// wayIn says how somebody came in, if it was not by an invite.
func wayIn(state invites.State, key identity.PublicKey) string {
	switch m, _ := state.Member(key); m.Way {
	case statement.EntryAsk:
		return "asked, "
	case statement.EntryOpen:
		return "by the open door, "
	default:
		return ""
	}
}

// unclaim forgets the community, as long as its founder is its only member, and opens a new owner link.
func (a *admin) unclaim(w io.Writer) error {
	err := a.journal.reset(func(state invites.State) error {
		if n := state.Count(); n > 1 {
			return reason.Reject(reason.FounderNotAlone, "%d members", n)
		}
		return nil
	})
	if err != nil {
		return err
	}
	a.forget()
	if a.at.url == "" {
		_, err = fmt.Fprintln(w, "The node is unclaimed. Its next start prints a new owner link.")
	} else {
		_, err = fmt.Fprintf(w, "The node is unclaimed. Its new owner link is\n%s\n", a.at.owner(a.owner.open(a.now())))
	}
	if err != nil {
		return fmt.Errorf("node: %w", err)
	}
	return nil
}

// export writes a member's chain, or the founder's for the zero key, as `stoa verify` reads it.
func (a *admin) export(w io.Writer, member identity.PublicKey) error {
	export, err := a.journal.export(member)
	if err != nil {
		return err
	}
	data, err := export.Encode()
	if err != nil {
		return fmt.Errorf("node: %w", err)
	}
	if _, err := w.Write(data); err != nil {
		return fmt.Errorf("node: %w", err)
	}
	return nil
}

// handler serves the admin commands.
func (a *admin) handler() http.Handler {
	mux := http.NewServeMux()
	answer := func(f func(w io.Writer, r *http.Request) error) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			var out bytes.Buffer
			if err := f(&out, r); err != nil {
				http.Error(w, plain(err), reason.Of(err).Status())
				return
			}
			_, _ = w.Write(out.Bytes())
		}
	}
	mux.HandleFunc("GET /tree", answer(func(w io.Writer, _ *http.Request) error { return a.tree(w) }))
	mux.HandleFunc("GET /audit", answer(func(w io.Writer, _ *http.Request) error { return a.audit(w) }))
	mux.HandleFunc("GET /checkup", answer(func(w io.Writer, r *http.Request) error {
		return json.MarshalWrite(w, a.examine(r.Context()))
	}))
	mux.HandleFunc("GET /ready", a.serveReady)
	mux.HandleFunc("POST /unclaim", answer(func(w io.Writer, _ *http.Request) error { return a.unclaim(w) }))
	mux.HandleFunc("GET /export", answer(func(w io.Writer, r *http.Request) error {
		member, err := optionalKey(r.URL.Query().Get("member"))
		if err != nil {
			return err
		}
		return a.export(w, member)
	}))
	mux.HandleFunc("GET /backup", a.serveBackup)
	return mux
}

func optionalKey(text string) (identity.PublicKey, error) {
	if text == "" {
		return identity.PublicKey{}, nil
	}
	key, err := identity.ParseDID(text)
	if err != nil {
		return key, fmt.Errorf("%q is not a member's did:key, such as stoa invite tree shows: %w", text, err)
	}
	return key, nil
}

// plain is an error as the command line shows it: the sentence, and the detail for who wants it.
func plain(err error) string {
	var reject *reason.RejectError
	if !errors.As(err, &reject) {
		return err.Error()
	}
	if reject.Detail == "" {
		return reject.Reason.Sentence("en")
	}
	return fmt.Sprintf("%s (%s)", reject.Reason.Sentence("en"), reject.Detail)
}

// adminServer answers on the admin socket.
type adminServer struct {
	listener net.Listener
	http     *http.Server
}

// openAdmin listens on the socket. A file left behind by a killed node is replaced: the lock on the store says that no
// other node has this directory.
func openAdmin(ctx context.Context, dir string, a *admin, log *slog.Logger) (*adminServer, error) {
	path := filepath.Join(dir, socketName)
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("cannot replace the admin socket: %w", err)
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "unix", path)
	if err != nil {
		// The path may be longer than a socket's may be (108 bytes); the node is of use without.
		log.Warn("no admin socket: stoa invite, export and unclaim work only while the node is stopped", "error", err)
		return &adminServer{}, nil
	}
	if err := os.Chmod(path, 0o600); err != nil {
		_ = listener.Close()
		return nil, fmt.Errorf("cannot protect the admin socket: %w", err)
	}
	return &adminServer{
		listener: listener,
		http:     &http.Server{Handler: a.handler(), ReadHeaderTimeout: 5 * time.Second},
	}, nil
}

// run answers until ctx ends.
func (s *adminServer) run(ctx context.Context) error {
	if s.listener == nil {
		<-ctx.Done()
		return nil
	}
	stop := context.AfterFunc(ctx, func() { _ = s.http.Close() })
	defer stop()
	if err := s.http.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("node: admin socket: %w", err)
	}
	return nil
}

// Tree writes who invited whom in the community of a data directory, whether or not a node runs on it.
func Tree(ctx context.Context, dir string, w io.Writer) error {
	return ask(ctx, dir, w, http.MethodGet, "/tree", func(a *admin) error { return a.tree(w) })
}

// Unclaim makes the node of a data directory forget its community, while the founder is its only member.
func Unclaim(ctx context.Context, dir string, w io.Writer) error {
	return ask(ctx, dir, w, http.MethodPost, "/unclaim", func(a *admin) error { return a.unclaim(w) })
}

// Export writes the chain of a member, given by did:key ("" for the founder), as JSON that `stoa verify` checks.
func Export(ctx context.Context, dir, member string, w io.Writer) error {
	key, err := optionalKey(member)
	if err != nil {
		return errors.New(plain(err))
	}
	return ask(ctx, dir, w, http.MethodGet, "/export?member="+member, func(a *admin) error { return a.export(w, key) })
}

// ask puts a command to the node that runs on dir, or carries it out on the store if none does.
func ask(ctx context.Context, dir string, w io.Writer, method, path string, offline func(*admin) error) error {
	answered, err := askRunning(ctx, dir, w, method, path)
	if err != nil || answered {
		return err
	}
	return askStore(dir, offline)
}

// askRunning puts a command to the node that runs on dir; answered is false if none does.
func askRunning(ctx context.Context, dir string, w io.Writer, method, path string) (answered bool, err error) {
	resp, err := dialAdmin(ctx, dir, method, path)
	if err != nil || resp == nil {
		return false, err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return true, fmt.Errorf("the node's answer broke off: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		return true, errors.New(string(bytes.TrimSpace(body)))
	}
	if _, err := w.Write(body); err != nil {
		return true, fmt.Errorf("node: %w", err)
	}
	return true, nil
}

func askStore(dir string, command func(*admin) error) (err error) {
	quiet := slog.New(slog.DiscardHandler)
	store, err := storage.Open(storage.Options{Dir: dir, Log: quiet})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	c, err := openCommunity(Config{Log: quiet, Now: time.Now}, store)
	if err != nil {
		return err
	}
	if err := command(&admin{journal: c.journal, names: c.names, owner: c.owner, now: c.now, forget: c.forget}); err != nil {
		return errors.New(plain(err))
	}
	return nil
}
