package invites

import (
	"errors"
	"fmt"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/ledger"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

// MaxExport is the largest file that VerifyExport reads, in bytes.
const MaxExport = 64 << 20

// exportFormat names the layout of the file.
const exportFormat = "stoa-export-1"

// minStatement is fewer bytes than any statement has. It keeps a file of empty ones from filling the memory.
const minStatement = 100

// Export is a file that proves, to whoever trusts the community's root key and nothing else, how somebody became a
// member: the statements of their chain, each with the proof that it is in a node's log, and the logs' checkpoints. It
// may as well hold whole logs. Set the first fields, then [Export.Add] the statements. A chain may run through the logs
// of several nodes; the order of statements of different logs says nothing.
type Export struct {
	Community   identity.PublicKey            `json:"community"`
	Member      identity.PublicKey            `json:"member,omitzero"` // whose chain it is; zero for whole logs
	Checkpoints map[identity.PublicKey]string `json:"checkpoints"`     // by the log's node
	Statements  []ExportedEntry               `json:"statements"`
}

// ExportedEntry is an [Entry] with its proof.
type ExportedEntry struct {
	Log       identity.PublicKey `json:"log"`
	Index     int64              `json:"index"`
	Statement string             `json:"statement"`
	Proof     tlog.RecordProof   `json:"proof"` // of inclusion in the log's checkpoint
}

// UnmarshalJSONFrom refuses an entry without a statement at once.
func (e *ExportedEntry) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	type plain ExportedEntry
	if err := json.UnmarshalDecode(dec, (*plain)(e)); err != nil {
		return err
	}
	if len(e.Statement) < minStatement {
		return errors.New("an entry without a statement")
	}
	return nil
}

// Add puts in one entry, by its index among those of its log, with its proof in the tree that the log's checkpoint is of,
// read from r.
func (x *Export) Add(e Entry, tree ledger.Tree, r tlog.HashReader) error {
	proof, err := ledger.ProveInclusion(r, tree.Size, e.Index)
	if err != nil {
		return fmt.Errorf("invites: export: %w", err)
	}
	at := len(x.Statements)
	for i, before := range slices.Backward(x.Statements) {
		if before.Log == e.Log && before.Index <= e.Index {
			break // nearly always the last
		}
		if before.Log == e.Log {
			at = i
		}
	}
	x.Statements = slices.Insert(x.Statements, at, ExportedEntry{
		Log: e.Log, Index: e.Index, Statement: e.Statement.Text(), Proof: proof,
	})
	return nil
}

// exportFile is the file: an Export and its format.
type exportFile struct {
	Format string `json:"format"`
	Export
}

// Encode writes the file.
func (x *Export) Encode() ([]byte, error) {
	data, err := json.Marshal(exportFile{exportFormat, *x}, json.Deterministic(true), jsontext.WithIndent(" "))
	if err != nil {
		return nil, fmt.Errorf("invites: export: %w", err)
	}
	return append(data, '\n'), nil
}

// Report is what a file proves.
type Report struct {
	Community   identity.PublicKey
	Checkpoints map[identity.PublicKey]ledger.Tree // by the log's node
	Statements  int                                // that hold
	Void        int                                // that do not, after a node was revoked; whole logs only
	Member      identity.PublicKey                 // zero for whole logs
	Lineage     []identity.PublicKey               // member, sponsor, …, founder; empty for whole logs
	State       State                              // all the file says
}

// VerifyExport checks a file from [Export.Encode], offline and believing nothing but the key of the community it names:
// every signature, that every statement is in a log whose checkpoint its node signed, that the root made that key a
// node, and that the statements hold together, as [Merge] has it. An error names the first statement that does not, and keeps
// the *reason.RejectError, [ledger.ErrProof] or [ledger.ErrCheckpoint] that says why.
//
// A chain leaves out what a log holds besides. It proves that the member was admitted, not that nothing followed.
func VerifyExport(data []byte) (Report, error) {
	x, err := parseExport(data)
	if err != nil {
		return Report{}, err
	}
	trees := make(map[identity.PublicKey]ledger.Tree, len(x.Checkpoints))
	for log, text := range x.Checkpoints {
		if trees[log], err = ledger.ParseCheckpoint(text, ledger.Origin(x.Community, log), log); err != nil {
			return Report{}, fmt.Errorf("checkpoint of %s: %w", log, err)
		}
	}
	entries := make([]Entry, len(x.Statements))
	for i, raw := range x.Statements {
		if entries[i], err = checkExported(raw, trees); err != nil {
			return Report{}, fmt.Errorf("%s: %w", describe(i, raw.Log, raw.Index), err)
		}
	}
	r := Report{Community: x.Community, Checkpoints: trees, Member: x.Member}
	if err := r.fold(entries); err != nil {
		return Report{}, err
	}
	for log := range trees {
		if !r.State.isNode(log) {
			return Report{}, fmt.Errorf("checkpoint of %s: %w", log,
				reason.Reject(reason.StatementAuthority, "nothing here makes it a node of the community"))
		}
	}
	if x.Member.IsZero() {
		return r, nil
	}
	if r.Lineage = r.State.Lineage(x.Member); len(r.Lineage) == 0 {
		return Report{}, reason.Reject(reason.MemberUnknown, "the statements do not make %s a member", x.Member)
	}
	return r, nil
}

func parseExport(data []byte) (Export, error) {
	if len(data) > MaxExport {
		return Export{}, reason.Reject(reason.RequestTooLarge, "a file of %d bytes, of %d at most", len(data), MaxExport)
	}
	var x exportFile
	if err := json.Unmarshal(data, &x, json.RejectUnknownMembers(true)); err != nil {
		return Export{}, reason.Reject(reason.RequestInvalid, "not an export: %v", err)
	}
	if x.Format != exportFormat || x.Community.IsZero() {
		return Export{}, reason.Reject(reason.RequestInvalid, "not an export of format %s with a community", exportFormat)
	}
	return x.Export, nil
}

// checkExported parses one statement and finds it in its log.
func checkExported(raw ExportedEntry, trees map[identity.PublicKey]ledger.Tree) (Entry, error) {
	tree, ok := trees[raw.Log]
	if !ok {
		return Entry{}, fmt.Errorf("%w: there is none", ledger.ErrCheckpoint)
	}
	st, err := statement.Parse(raw.Statement)
	if err != nil {
		return Entry{}, err
	}
	if err := ledger.CheckInclusion(raw.Proof, tree, raw.Index, st.ID()); err != nil {
		return Entry{}, err
	}
	return Entry{Log: raw.Log, Index: raw.Index, Statement: st}, nil
}

// fold folds the entries. All must hold, unless the file holds whole logs and one of their nodes was revoked: then some
// of what it said is void, and what was built on that.
func (r *Report) fold(entries []Entry) error {
	var first Entry
	var refusal error
	r.State = Replay(r.Community, slices.Values(entries), func(e Entry, err error) {
		if r.Void == 0 {
			first, refusal = e, err
		}
		r.Void++
	})
	r.Statements = len(entries) - r.Void
	if refusal == nil || (r.Member.IsZero() && r.State.anyRevoked()) {
		return nil
	}
	at := slices.IndexFunc(entries, func(e Entry) bool {
		return e.Log == first.Log && e.Index == first.Index && e.Statement.ID() == first.Statement.ID()
	})
	return fmt.Errorf("%s: %w", describe(at, first.Log, first.Index), refusal)
}

func describe(i int, log identity.PublicKey, index int64) string {
	return fmt.Sprintf("statement %d, leaf %d of the log of %s", i+1, index, log)
}
