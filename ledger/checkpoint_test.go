package ledger_test

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/ledger"
)

func key(tb testing.TB, name string) identity.PrivateKey {
	tb.Helper()
	seed := sha256.Sum256([]byte(name))
	k, err := identity.FromSeed(seed[:])
	if err != nil {
		tb.Fatal(err)
	}
	return k
}

func checkpoint(tb testing.TB, origin string, tree ledger.Tree, by identity.Signer) string {
	tb.Helper()
	text, err := ledger.SignCheckpoint(origin, tree, by)
	if err != nil {
		tb.Fatal(err)
	}
	return text
}

// signNote signs a text as C2SP signed-note has it, without the library.
func signNote(tb testing.TB, name, text string, by identity.PrivateKey) string {
	tb.Helper()
	public := by.Public()
	id := sha256.Sum256(append([]byte(name+"\n\x01"), public[:]...))
	sig, err := by.Sign([]byte(text))
	if err != nil {
		tb.Fatal(err)
	}
	return text + "\n— " + name + " " + base64.StdEncoding.EncodeToString(append(id[:4], sig...)) + "\n"
}

func TestCheckpointIsTheNoteOfC2SP(t *testing.T) {
	node := key(t, "node")
	origin := ledger.Origin(key(t, "community").Public(), node.Public())
	tree, _ := grow(t, 5, 5)
	root := base64.StdEncoding.EncodeToString(tree.Root[:])
	want := signNote(t, origin, origin+"\n5\n"+root+"\n", node)
	if got := checkpoint(t, origin, tree, node); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got, err := ledger.ParseCheckpoint(want, origin, node.Public()); err != nil || got != tree {
		t.Errorf("parsed %+v, %v", got, err)
	}
}

func TestCheckpointOfTheEmptyLog(t *testing.T) {
	node := key(t, "node")
	text := checkpoint(t, "log", ledger.Tree{}, node)
	if !strings.HasPrefix(text, "log\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n") {
		t.Errorf("not the hash of nothing:\n%s", text)
	}
	tree, err := ledger.ParseCheckpoint(text, "log", node.Public())
	if err != nil || tree.Size != 0 {
		t.Errorf("parsed %+v, %v", tree, err)
	}
}

func TestSignCheckpointRefuses(t *testing.T) {
	for _, tree := range []ledger.Tree{{Size: -1}, {Size: ledger.MaxSize + 1}} {
		if _, err := ledger.SignCheckpoint("log", tree, key(t, "node")); err == nil {
			t.Errorf("size %d is signed", tree.Size)
		}
	}
	if _, err := ledger.SignCheckpoint("a log", ledger.Tree{}, key(t, "node")); err == nil {
		t.Error("an origin with a space is signed")
	}
}

func TestParseCheckpointRefuses(t *testing.T) {
	node, other := key(t, "node"), key(t, "other")
	tree, _ := grow(t, 5, 5)
	root := base64.StdEncoding.EncodeToString(tree.Root[:])
	good := checkpoint(t, "log", tree, node)
	loose := root[:42] + string(root[42]+1) + "=" // the two bits that hold nothing
	cases := map[string]string{
		"nothing":             "",
		"no signature":        "log\n5\n" + root + "\n",
		"another key":         checkpoint(t, "log", tree, other),
		"another origin":      checkpoint(t, "log2", tree, node),
		"origin in the text":  signNote(t, "log", "log2\n5\n"+root+"\n", node),
		"a size not signed":   strings.Replace(good, "\n5\n", "\n6\n", 1),
		"no root":             signNote(t, "log", "log\n5\n", node),
		"size with a zero":    signNote(t, "log", "log\n05\n"+root+"\n", node),
		"size with a plus":    signNote(t, "log", "log\n+5\n"+root+"\n", node),
		"size below nothing":  signNote(t, "log", "log\n-5\n"+root+"\n", node),
		"size past counting":  signNote(t, "log", "log\n9223372036854775807\n"+root+"\n", node),
		"size past an int64":  signNote(t, "log", "log\n99999999999999999999\n"+root+"\n", node),
		"short root":          signNote(t, "log", "log\n5\nAAAA\n", node),
		"loose bits in root":  signNote(t, "log", "log\n5\n"+loose+"\n", node),
		"empty with a root":   signNote(t, "log", "log\n0\n"+root+"\n", node),
		"an empty line":       signNote(t, "log", "log\n5\n"+root+"\n\nmore\n", node),
		"a carriage return":   signNote(t, "log", "log\n5\n"+root+"\r\n", node),
		"longer than is read": good + strings.Repeat("— x AAAAAAAA\n", 2000),
	}
	for name, text := range cases {
		if tree, err := ledger.ParseCheckpoint(text, "log", node.Public()); !errors.Is(err, ledger.ErrCheckpoint) {
			t.Errorf("%s: %+v, %v", name, tree, err)
		}
	}
}

func TestParseCheckpointPassesOverExtensionsAndWitnesses(t *testing.T) {
	node := key(t, "node")
	tree, _ := grow(t, 5, 5)
	text := signNote(t, "log", "log\n5\n"+base64.StdEncoding.EncodeToString(tree.Root[:])+"\nlater\n", node)
	text += strings.SplitAfter(signNote(t, "witness", text, key(t, "witness")), "\n\n")[2]
	if got, err := ledger.ParseCheckpoint(text, "log", node.Public()); err != nil || got != tree {
		t.Errorf("%+v, %v of\n%s", got, err, text)
	}
}

// forked is a log of n leaves whose last leaf is another.
func forked(t *testing.T, n int) (ledger.Tree, memory) {
	t.Helper()
	tree, m := grow(t, n-1, n)
	other, fresh, err := ledger.Append(tree, m, ids(1000, 1001))
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range fresh {
		m = append(m, h.Hash)
	}
	return other, m
}

func TestFork(t *testing.T) {
	node := key(t, "node")
	sign := func(tree ledger.Tree) string { return checkpoint(t, "log", tree, node) }
	five, _ := grow(t, 5, 5)
	nine, m := grow(t, 9, 9)
	other, _ := forked(t, 5)
	proof, err := ledger.ProveConsistency(m, 5, 9)
	if err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		name string
		fork ledger.Fork
		want error
	}{
		{"two heads of one size", ledger.Fork{First: sign(five), Second: sign(other)}, nil},
		{"a head that another does not begin with", ledger.Fork{
			First: sign(other), Second: sign(nine), Other: five.Root, Proof: proof,
		}, nil},
		{"one head twice", ledger.Fork{First: sign(five), Second: sign(five)}, ledger.ErrFork},
		{"an honest log", ledger.Fork{First: sign(five), Second: sign(nine), Other: five.Root, Proof: proof}, ledger.ErrFork},
		{"no proof", ledger.Fork{First: sign(other), Second: sign(nine)}, ledger.ErrFork},
		{"a proof from elsewhere", ledger.Fork{
			First: sign(five), Second: sign(nine), Other: other.Root, Proof: proof,
		}, ledger.ErrFork},
		{"the larger first", ledger.Fork{First: sign(nine), Second: sign(other), Other: five.Root, Proof: proof}, ledger.ErrFork},
		{"from the empty log", ledger.Fork{First: sign(ledger.Tree{}), Second: sign(nine)}, ledger.ErrFork},
		{"another signer", ledger.Fork{
			First: sign(five), Second: checkpoint(t, "log", other, key(t, "other")),
		}, ledger.ErrCheckpoint},
		{"another log", ledger.Fork{First: checkpoint(t, "log2", five, node), Second: sign(other)}, ledger.ErrCheckpoint},
	}
	for _, c := range cases {
		if err := c.fork.Check("log", node.Public()); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
}

func FuzzParseCheckpoint(f *testing.F) {
	node := key(f, "node")
	tree, _ := grow(f, 5, 5)
	f.Add(checkpoint(f, "log", tree, node))
	f.Add(checkpoint(f, "log", ledger.Tree{}, node))
	f.Add("log\n5\nAAAA\n\n— log AAAA\n")
	f.Fuzz(func(t *testing.T, text string) {
		// A text that is signed as it is gets past the signature, to where sizes and roots are read.
		for _, note := range []string{text, signNote(t, "log", text, node)} {
			tree, err := ledger.ParseCheckpoint(note, "log", node.Public())
			if err != nil {
				if !errors.Is(err, ledger.ErrCheckpoint) {
					t.Errorf("an error of no kind: %v", err)
				}
				continue
			}
			again, err := ledger.ParseCheckpoint(checkpoint(t, "log", tree, node), "log", node.Public())
			if err != nil || again != tree {
				t.Errorf("%+v read back as %+v, %v", tree, again, err)
			}
		}
	})
}

func FuzzCheckProofs(f *testing.F) {
	f.Add(int64(5), int64(9), []byte{1, 2, 3})
	f.Add(int64(1<<62), int64(1<<62+1), make([]byte, 64*8))
	f.Fuzz(func(t *testing.T, index, size int64, raw []byte) {
		proof := make([]tlog.Hash, len(raw)/8)
		for i := range proof {
			copy(proof[i][:], raw[i*8:])
		}
		head := ledger.Tree{Size: size, Root: tlog.Hash{1}}
		if ledger.CheckInclusion(proof, head, index, id(0)) == nil {
			t.Error("a leaf in a tree of a made-up root")
		}
		old := ledger.Tree{Size: index, Root: tlog.Hash{2}}
		if index != 0 && ledger.CheckConsistency(proof, old, head) == nil {
			t.Error("a made-up root goes on from another")
		}
	})
}
