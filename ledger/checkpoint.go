package ledger

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/stoa-rooms/stoa/identity"
)

// MaxCheckpoint is the longest checkpoint that is read, in bytes: ours are 400; witnesses may add signatures.
const MaxCheckpoint = 16 << 10

// ErrCheckpoint says that a text is no checkpoint of the log it was taken for, or not signed by the log's node.
var ErrCheckpoint = errors.New("ledger: not a checkpoint of this log")

// SignCheckpoint writes the checkpoint of a head: a signed note of origin, size and root.
func SignCheckpoint(origin string, t Tree, s identity.Signer) (string, error) {
	if t.Size < 0 || t.Size > MaxSize {
		return "", fmt.Errorf("ledger: a log has no size %d", t.Size)
	}
	if t.Size == 0 {
		t.Root = emptyRoot()
	}
	v, err := verifier(origin, s.Public())
	if err != nil {
		return "", fmt.Errorf("ledger: sign checkpoint: %w", err)
	}
	text := fmt.Sprintf("%s\n%d\n%s\n", origin, t.Size, base64.StdEncoding.EncodeToString(t.Root[:]))
	signed, err := note.Sign(&note.Note{Text: text}, signer{v, s})
	if err != nil {
		return "", fmt.Errorf("ledger: sign checkpoint: %w", err)
	}
	return string(signed), nil
}

// ParseCheckpoint reads the checkpoint of the log origin and verifies the signature of its node's key. Signatures of
// others and extension lines are passed over. The error is [ErrCheckpoint].
func ParseCheckpoint(text, origin string, key identity.PublicKey) (Tree, error) {
	if len(text) > MaxCheckpoint {
		return Tree{}, fmt.Errorf("%w: %d bytes", ErrCheckpoint, len(text))
	}
	v, err := verifier(origin, key)
	if err != nil {
		return Tree{}, fmt.Errorf("%w: %w", ErrCheckpoint, err)
	}
	n, err := note.Open([]byte(text), note.VerifierList(v))
	if err != nil {
		return Tree{}, fmt.Errorf("%w: %w", ErrCheckpoint, err)
	}
	lines := strings.Split(strings.TrimSuffix(n.Text, "\n"), "\n")
	if len(lines) < 3 || lines[0] != origin {
		return Tree{}, fmt.Errorf("%w: another origin, or no size and root", ErrCheckpoint)
	}
	if slices.Contains(lines[3:], "") {
		return Tree{}, fmt.Errorf("%w: an empty line", ErrCheckpoint)
	}
	return parseTree(lines[1], lines[2])
}

// parseTree reads the size and the root of a checkpoint, each in the only form it can be written.
func parseTree(size, root string) (Tree, error) {
	n, err := strconv.ParseInt(size, 10, 64)
	if err != nil || n < 0 || n > MaxSize || strconv.FormatInt(n, 10) != size {
		return Tree{}, fmt.Errorf("%w: malformed size", ErrCheckpoint)
	}
	raw, err := base64.StdEncoding.Strict().DecodeString(root)
	if err != nil || len(raw) != tlog.HashSize {
		return Tree{}, fmt.Errorf("%w: malformed root", ErrCheckpoint)
	}
	t := Tree{Size: n, Root: tlog.Hash(raw)}
	if n == 0 && t.Root != emptyRoot() {
		return Tree{}, fmt.Errorf("%w: an empty log has another root", ErrCheckpoint)
	}
	return t, nil
}

// emptyRoot is the head of the log without leaves: SHA-256 of nothing (RFC 6962, section 2.1).
func emptyRoot() tlog.Hash {
	h, _ := tlog.TreeHash(0, nil) // reads nothing
	return h
}

// verifier is the key under the log's name. Its key hash is, as C2SP signed-note has it for Ed25519, the first four
// bytes of SHA-256(name ‖ 0x0A ‖ 0x01 ‖ key).
func verifier(origin string, key identity.PublicKey) (note.Verifier, error) {
	text, err := note.NewEd25519VerifierKey(origin, key[:])
	if err != nil {
		return nil, err
	}
	return note.NewVerifier(text)
}

// signer signs notes with a key that may live elsewhere.
type signer struct {
	note.Verifier
	key identity.Signer
}

// Sign implements note.Signer.
func (s signer) Sign(message []byte) ([]byte, error) { return s.key.Sign(message) }
