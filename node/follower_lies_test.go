package node

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/stoa-rooms/stoa/ledger"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/storage/storagetest"
)

func TestShrunkLog(t *testing.T) {
	x := follow(t, 10)
	if err := x.round(); err != nil {
		t.Fatal(err)
	}
	for name, a := range map[string]answer{
		"an older checkpoint": func(ctx context.Context, path string) ([]byte, error) {
			if path == "checkpoint" {
				return []byte(x.log.At(7)), nil
			}
			return honest(x.log)(ctx, path)
		},
		"nothing": func(context.Context, string) ([]byte, error) { return nil, reason.Reject(reason.NotFound, "") },
	} {
		x.own(a)
		if err := x.round(); reason.Of(err) != reason.LogShrunk || x.f.state() != reason.LogShrunk {
			t.Errorf("%s: %v, state %q", name, err, x.f.state())
		}
		x.holds(x.log, 10)
		x.own(honest(x.log))
		if err := x.round(); err != nil || x.f.state() != "" {
			t.Errorf("after %s: %v, state %q", name, err, x.f.state())
		}
	}
	// Another node that is behind has not shrunk.
	x.own(away)
	behind := x.log.Branch(7)
	x.node(storagetest.Key(5).Public(), honest(behind))
	if err := x.round(); reason.Of(err) == reason.LogShrunk {
		t.Errorf("a node that is behind: %v", err)
	}
}

// TestForks lets a node sign two histories, and shows them to the follower in each way there is.
func TestForks(t *testing.T) {
	other := func(x *following, at int64, size int) *storagetest.Log {
		b := x.log.Branch(at)
		b.Append(size - int(at))
		return b
	}
	for name, show := range map[string]func(x *following) error{
		"served, larger": func(x *following) error {
			x.own(honest(other(x, 290, 310)))
			return x.round()
		},
		"served, of one size": func(x *following) error {
			x.own(honest(other(x, 290, 300)))
			return x.round()
		},
		"served, smaller": func(x *following) error {
			x.own(honest(other(x, 200, 270)))
			return x.round()
		},
		"heard, of one size": func(x *following) error {
			return errors.Join(x.f.told(other(x, 0, 300).At(300)), x.round())
		},
		"heard, smaller": func(x *following) error {
			return errors.Join(x.f.told(other(x, 0, 1).At(1)), x.round())
		},
		// The node shows the follower only one history; somebody who follows the other one has its tiles.
		"heard, larger, and explained by another": func(x *following) error {
			b := other(x, 100, 400)
			if err := x.f.told(b.At(400)); err != nil {
				x.t.Errorf("evidence: %v", err)
			}
			if err := x.round(); reason.Of(err) != reason.LogInvalid {
				x.t.Errorf("before anybody explains it: %v", err)
			}
			x.node(storagetest.Key(5).Public(), honest(b))
			return x.round()
		},
	} {
		t.Run(name, func(t *testing.T) {
			x := follow(t, 300)
			dir := t.TempDir()
			x.open(dir)
			if err := x.round(); err != nil {
				t.Fatal(err)
			}
			if err := show(x); !errors.Is(err, errForked) || x.f.state() != reason.LogFork {
				t.Fatalf("have %v, state %q", err, x.f.state())
			}
			fork, err := x.kept().Fork()
			if err != nil || fork == nil {
				t.Fatalf("kept: %v, %v", fork, err)
			}
			if err := fork.Check(x.log.Origin(), x.log.Node.Public()); err != nil {
				t.Error(err)
			}
			x.holds(x.log, 300)
			if len(x.forks) != 1 || x.forks[0].Second != fork.Second {
				t.Errorf("told of %d forks", len(x.forks))
			}
			if err := x.f.told(x.log.At(300)); reason.Of(err) != reason.AnnounceStale {
				t.Errorf("a checkpoint of a forked log: %v", err)
			}
			// The next process knows, says so once, and follows no further.
			if err := x.store.Close(); err != nil {
				t.Fatal(err)
			}
			x.open(dir)
			x.forks = nil
			x.takeAsked()
			ctx, stop := context.WithCancel(t.Context())
			ended := make(chan error)
			go func() { ended <- x.f.Run(ctx) }()
			stop()
			if err := <-ended; err != nil || len(x.takeAsked()) > 0 {
				t.Errorf("have %v; it asked for more", err)
			}
			if err := x.round(); !errors.Is(err, errForked) || len(x.forks) == 0 {
				t.Errorf("after a restart: %v, %d forks", err, len(x.forks))
			}
		})
	}
}

// change is an honest answer with the resources at some paths changed.
func (x *following) change(prefix string, to func(honest []byte) []byte) answer {
	return func(_ context.Context, path string) ([]byte, error) {
		data, err := x.log.Serve(path)
		if err == nil && strings.HasPrefix(path, prefix) {
			data = to(bytes.Clone(data))
		}
		return data, err
	}
}

// TestLies serves what the checkpoint does not say. Whatever it is, nothing of it is kept, the follower says log-invalid,
// and goes on once it is served the truth.
func TestLies(t *testing.T) {
	flip := func(at int) func([]byte) []byte {
		return func(data []byte) []byte {
			data[min(at, len(data)-1)] ^= 1
			return data
		}
	}
	for name, lie := range map[string]func(x *following) answer{
		"another tile":  func(x *following) answer { return x.change("tile/", flip(100)) },
		"a longer tile": func(x *following) answer { return x.change("tile/", func(d []byte) []byte { return append(d, d...) }) },
		"an empty tile": func(x *following) answer { return x.change("tile/", func([]byte) []byte { return nil }) },
		"another statement": func(x *following) answer {
			return x.change("statements/", func(d []byte) []byte {
				text := []byte(x.log.Entries[600].Text)
				return bytes.Replace(d, text, flip(200)(bytes.Clone(text)), 1)
			})
		},
		"statements cut": func(x *following) answer {
			return x.change("statements/", func(d []byte) []byte { return d[:len(d)/2] })
		},
		"no statements": func(x *following) answer { return x.change("statements/", func([]byte) []byte { return []byte("[]") }) },
		"not JSON": func(x *following) answer {
			return x.change("statements/", func([]byte) []byte { return []byte("null") })
		},
		"a MiB too many": func(x *following) answer {
			return x.change("statements/", func([]byte) []byte { return make([]byte, 3<<20) })
		},
		"another node's signature": func(x *following) answer { return x.change("checkpoint", flip(400)) },
		"a checkpoint without end": func(x *following) answer {
			return x.change("checkpoint", func(d []byte) []byte { return append(d, make([]byte, 1<<20)...) })
		},
		"another signature of a statement": func(x *following) answer {
			return x.change("statements/", func(d []byte) []byte {
				return bytes.Replace(d, []byte(x.log.Entries[600].Text), []byte(forged(x.log.Entries[600].Text)), 1)
			})
		},
		"statements in another order": func(x *following) answer {
			return x.change("statements/", func(d []byte) []byte {
				texts := strings.Split(strings.Trim(string(d), "[]"), ",")
				slices.Reverse(texts)
				return []byte("[" + strings.Join(texts, ",") + "]")
			})
		},
		"nothing where something is signed for": func(x *following) answer {
			return func(_ context.Context, path string) ([]byte, error) {
				if strings.HasPrefix(path, "statements/") {
					return nil, reason.Reject(reason.NotFound, "")
				}
				return x.log.Serve(path)
			}
		},
		"2^60 entries": func(x *following) answer {
			return x.change("checkpoint", func([]byte) []byte {
				return []byte(strings.Replace(x.log.At(610), "\n610\n", "\n1152921504606846976\n", 1))
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			x := follow(t, 590)
			if err := x.round(); err != nil {
				t.Fatal(err)
			}
			x.log.Append(20)
			x.own(lie(x))
			for range 2 {
				if err := x.round(); reason.Of(err) != reason.LogInvalid || x.f.state() != reason.LogInvalid {
					t.Fatalf("have %v, state %q", err, x.f.state())
				}
				x.holds(x.log, 590)
			}
			// Somebody else may serve what the node does not.
			x.own(away)
			x.node(storagetest.Key(5).Public(), honest(x.log))
			if err := x.round(); err != nil {
				t.Errorf("by way of another: %v", err)
			}
			x.holds(x.log, 610)
			x.own(honest(x.log))
			if err := x.round(); err != nil || x.f.state() != "" {
				t.Errorf("the truth: %v, state %q", err, x.f.state())
			}
		})
	}
}

// TestReasonsOfOthersProveNothing lets a node answer with the reasons that a follower finds itself.
func TestReasonsOfOthersProveNothing(t *testing.T) {
	x := follow(t, 10)
	for _, r := range []reason.Reason{reason.LogFork, reason.LogInvalid, reason.LogShrunk, reason.StorageFailed} {
		for _, at := range []string{"checkpoint", "tile/", "statements/"} {
			x.log.Append(3)
			x.own(func(_ context.Context, path string) ([]byte, error) {
				if strings.HasPrefix(path, at) {
					return nil, reason.Reject(r, "")
				}
				return x.log.Serve(path)
			})
			if err := x.round(); err == nil || reason.Of(err) != reason.Internal || x.f.state() != "" {
				t.Errorf("%s for %s: %v, state %q", r, at, err, x.f.state())
			}
		}
	}
	x.own(honest(x.log))
	if err := x.round(); err != nil {
		t.Error(err)
	}
	x.holds(x.log, x.log.Tree.Size)
}

// forged is a statement with a signature that is not its signer's, and so with the same id.
func forged(text string) string {
	dot := strings.LastIndexByte(text, '.')
	return text[:dot+1] + strings.Repeat("A", len(text)-dot-1)
}

// TestClaimsTheLargestLog follows a node that signs for 2^53 - 1 entries and can show the edge of such a tree, which is a
// few tiles of anything. It costs no more than those.
func TestClaimsTheLargestLog(t *testing.T) {
	x := follow(t, 0)
	edge := func(path string) []byte {
		at, err := ledger.ParsePath(path)
		if err != nil {
			t.Fatal(err)
		}
		return bytes.Repeat([]byte{byte(at.Level), 7}, at.MaxBytes()/2)
	}
	hashes := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			tile := tlog.TileForIndex(8, index)
			size := int64(ledger.MaxSize) >> (8 * tile.L)
			tile.W = int(min(256, size-tile.N*256))
			at := ledger.Resource{Kind: ledger.KindTile, Level: tile.L, N: tile.N, Width: tile.W}
			var err error
			if out[i], err = tlog.HashFromTile(tile, edge(at.Path()), index); err != nil {
				return nil, err
			}
		}
		return out, nil
	})
	root, err := tlog.TreeHash(ledger.MaxSize, hashes)
	if err != nil {
		t.Fatal(err)
	}
	text, err := ledger.SignCheckpoint(x.log.Origin(), ledger.Tree{Size: ledger.MaxSize, Root: root}, x.log.Node)
	if err != nil {
		t.Fatal(err)
	}
	x.own(func(_ context.Context, path string) ([]byte, error) {
		if path == "checkpoint" {
			return []byte(text), nil
		}
		if strings.HasPrefix(path, "tile/") {
			return edge(path), nil
		}
		return []byte(`["a.b.c"]`), nil
	})
	if err := x.round(); reason.Of(err) != reason.LogInvalid {
		t.Errorf("have %v", err)
	}
	if asked := x.takeAsked(); len(asked) > 10 {
		t.Errorf("asked for %d resources: %q", len(asked), asked)
	}
	x.holds(x.log, 0)
}

// TestStalls follows by way of a node that takes a request and never answers.
func TestStalls(t *testing.T) {
	x := follow(t, 300)
	x.f.cfg.timeout = 5 * time.Millisecond
	x.own(func(ctx context.Context, _ string) ([]byte, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	})
	if err := x.round(); !errors.Is(err, context.DeadlineExceeded) || x.f.state() != "" {
		t.Errorf("have %v, state %q", err, x.f.state())
	}
	x.node(storagetest.Key(5).Public(), honest(x.log))
	if err := x.round(); err != nil {
		t.Errorf("by way of another: %v", err)
	}
	x.holds(x.log, 300)

	ctx, stop := context.WithCancel(t.Context())
	x.f.cfg.timeout = time.Hour
	ended := make(chan error)
	go func() { ended <- x.f.Run(ctx) }()
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
