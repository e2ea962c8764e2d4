// Package invitestest builds communities of real signed statements, for tests.
//
//	c := invitestest.New(t)
//	c.Found()                                   // delegate, rules and the founder's grant are in the log
//	ann := c.Person("ann")
//	c.Admit(c.Founder, ann)                     // invite, join, admit and grant too
//	invite, key := c.Invite(ann)                // logged
//	join := c.Join(invite, key, c.Person("bob")) // signed, not logged
//
// All keys come from names and time stands still unless the test moves it, so two runs sign the same bytes.
package invitestest

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strconv"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/invites"
	"github.com/stoa-rooms/stoa/ledger"
	"github.com/stoa-rooms/stoa/statement"
)

// Start is the time at which a community begins, in seconds since 1970: 15 January 2027.
const Start = 1_800_000_000

// TB is what a test of package testing or of rapid offers.
type TB interface {
	Helper()
	Fatalf(format string, args ...any)
}

// Community is a community as one of its nodes knows it, with the node's log in memory. [Community.Sibling] makes further
// nodes. It is not safe for use by several goroutines.
type Community struct {
	Founder identity.PrivateKey
	Node    identity.PrivateKey
	Now     int64           // the iat of what is signed, in seconds since 1970; move it as needed
	Rules   statement.Rules // what Found signs, and what Invite takes its life from; change it before Found
	State   invites.State   // the fold of the log, and of what was heard of others

	t       TB
	name    string // of the node, in one-time keys; "" for the first
	serial  int    // makes one-time keys differ
	entries []invites.Entry
	tree    ledger.Tree
	hashes  Hashes
	heard   []heard
}

// New makes the keys of a community; nothing is said yet.
func New(t TB) *Community {
	t.Helper()
	c := &Community{Now: Start, t: t}
	c.Founder, c.Node = c.Person("founder"), c.Person("node")
	c.Rules = statement.Rules{
		Community: c.ID(), IssuedAt: Start, Order: 1, Entry: statement.EntryInvite,
		Name:       statement.Text{Text: "The Painted Porch"}.Commitment(),
		AdmitSlots: 2, PeriodSlots: 3, Period: 7 * 86400, InviteLife: 7 * 86400,
		HostPeople: 3, HostTime: 600, SpeakTime: 600, Probation: 70 * 86400,
	}
	c.State = invites.New(c.ID())
	return c
}

// ID is the community's root key.
func (c *Community) ID() identity.PublicKey { return c.Founder.Public() }

// Person makes a key from a name.
func (c *Community) Person(name string) identity.PrivateKey {
	c.t.Helper()
	seed := sha256.Sum256([]byte("invitestest " + name))
	key, err := identity.FromSeed(seed[:])
	if err != nil {
		c.t.Fatalf("key of %s: %v", name, err)
	}
	return key
}

// Sign signs a body, whatever it says.
func (c *Community) Sign(body statement.Body, by identity.Signer) statement.Statement {
	c.t.Helper()
	s, err := statement.Sign(body, by)
	if err != nil {
		c.t.Fatalf("sign %s: %v", body.Kind(), err)
	}
	return s
}

// Entry is the statement as the next leaf of the log, without putting it there.
func (c *Community) Entry(s statement.Statement) invites.Entry {
	return invites.Entry{Log: c.Node.Public(), Index: c.tree.Size, Statement: s}
}

// Try puts a statement into the log if the fold takes it, and returns the refusal if not.
func (c *Community) Try(s statement.Statement) error {
	c.t.Helper()
	e := c.Entry(s)
	next, err := c.State.Apply(e)
	if err != nil {
		return err
	}
	tree, fresh, err := ledger.Append(c.tree, c.hashes, []statement.ID{s.ID()})
	if err != nil {
		c.t.Fatalf("append: %v", err)
	}
	for _, h := range fresh {
		c.hashes = append(c.hashes, h.Hash)
	}
	c.State, c.tree, c.entries = next, tree, append(c.entries, e)
	return nil
}

// Log puts statements into the log. The test fails if the fold refuses one.
func (c *Community) Log(all ...statement.Statement) {
	c.t.Helper()
	for _, s := range all {
		if err := c.Try(s); err != nil {
			c.t.Fatalf("log %s: %v", s.Kind(), err)
		}
	}
}

// Found logs what founds a community: a delegate for Node, the Rules, and the founder's grant.
func (c *Community) Found() {
	c.t.Helper()
	c.Log(
		c.Sign(&statement.Delegate{
			Community: c.ID(), IssuedAt: c.Now, Expires: c.Now + 366*86400, Node: c.Node.Public(), Order: 1,
		}, c.Founder),
		c.Sign(&c.Rules, c.Founder),
		c.Grant(c.ID()),
	)
}

// Grant signs, and does not log, the grant that a member gets on admission.
func (c *Community) Grant(member identity.PublicKey) statement.Statement {
	c.t.Helper()
	return c.Sign(&statement.Grant{
		Community: c.ID(), IssuedAt: c.Now, Member: member, Slots: c.Rules.AdmitSlots, Why: statement.WhyAdmission,
	}, c.Node)
}

// Invite logs an invite on the member's first free slot, as long-lived as the rules allow, and returns its one-time key.
func (c *Community) Invite(by identity.PrivateKey) (statement.Statement, identity.PrivateKey) {
	c.t.Helper()
	free := c.State.FreeSlots(by.Public(), c.Now)
	if len(free) == 0 {
		c.t.Fatalf("%s has no free slot", by.Public())
	}
	key := c.OneTime()
	s := c.Sign(&statement.Invite{
		Community: c.ID(), IssuedAt: c.Now, Expires: c.Now + c.Rules.InviteLife, Key: key.Public(),
		Grant: free[0].Grant, Slot: free[0].Slot,
	}, by)
	c.Log(s)
	return s, key
}

// OneTime makes a key that was not made before.
func (c *Community) OneTime() identity.PrivateKey {
	c.t.Helper()
	c.serial++
	return c.Person("one-time " + c.name + strconv.Itoa(c.serial))
}

// Join signs, and does not log, the join of a new member by an invite and its one-time key.
func (c *Community) Join(invite statement.Statement, key, member identity.PrivateKey) statement.Statement {
	c.t.Helper()
	redeem := c.Sign(&statement.Redeem{Community: c.ID(), Invite: invite.ID(), Member: member.Public()}, key)
	return c.Sign(&statement.Join{Community: c.ID(), IssuedAt: c.Now, Redeem: redeem.Text()}, member)
}

// Accept signs, and does not log, the admit of whoever signed the join.
func (c *Community) Accept(join statement.Statement) statement.Statement {
	c.t.Helper()
	return c.Sign(&statement.Admit{
		Community: c.ID(), IssuedAt: c.Now, Member: join.Signer(), Join: join.ID(), Way: statement.EntryInvite,
	}, c.Node)
}

// Admit logs all that makes member a member by an invite of sponsor: invite, join, admit, and the new member's grant.
func (c *Community) Admit(sponsor, member identity.PrivateKey) {
	c.t.Helper()
	invite, key := c.Invite(sponsor)
	join := c.Join(invite, key, member)
	c.Log(join, c.Accept(join), c.Grant(member.Public()))
}

// Ask signs, and does not log, the join of somebody by nobody's invite.
func (c *Community) Ask(member identity.PrivateKey) statement.Statement {
	c.t.Helper()
	return c.Sign(&statement.Join{Community: c.ID(), IssuedAt: c.Now}, member)
}

// Approve signs, and does not log, the founder's approval of a join.
func (c *Community) Approve(join statement.Statement) statement.Statement {
	c.t.Helper()
	return c.Sign(&statement.Approve{
		Community: c.ID(), IssuedAt: c.Now, Member: join.Signer(), Join: join.ID(),
	}, c.Founder)
}

// Let signs, and does not log, the admit of whoever asked: by an approval, or by the open door for the zero Statement.
func (c *Community) Let(join, approve statement.Statement) statement.Statement {
	c.t.Helper()
	b := &statement.Admit{
		Community: c.ID(), IssuedAt: c.Now, Member: join.Signer(), Join: join.ID(), Way: statement.EntryOpen,
	}
	if !approve.IsZero() {
		b.Way, b.Approve = statement.EntryAsk, approve.ID()
	}
	return c.Sign(b, c.Node)
}

// Change logs the founder's next rules.
func (c *Community) Change(edit func(r *statement.Rules)) {
	c.t.Helper()
	r := c.Rules
	r.Order++
	r.IssuedAt = c.Now
	edit(&r)
	c.Log(c.Sign(&r, c.Founder))
	c.Rules = r
}

// Entries are the log.
func (c *Community) Entries() []invites.Entry { return c.entries }

// Tree is the head of the log.
func (c *Community) Tree() ledger.Tree { return c.tree }

// Hashes are the stored hashes of the log.
func (c *Community) Hashes() Hashes { return c.hashes }

// Checkpoint is the signed head of the log.
func (c *Community) Checkpoint() string {
	c.t.Helper()
	text, err := ledger.SignCheckpoint(ledger.Origin(c.ID(), c.Node.Public()), c.tree, c.Node)
	if err != nil {
		c.t.Fatalf("checkpoint: %v", err)
	}
	return text
}

// Export is the export of a member's chain through all the logs heard of, or of these whole logs for the zero key.
func (c *Community) Export(member identity.PublicKey) *invites.Export {
	c.t.Helper()
	x := &invites.Export{Community: c.ID(), Member: member, Checkpoints: map[identity.PublicKey]string{}}
	wanted, rooted := make(map[statement.ID]bool), make(map[statement.ID]bool)
	if !member.IsZero() {
		ids, err := c.State.Chain(member)
		if err != nil {
			c.t.Fatalf("chain: %v", err)
		}
		for _, id := range ids {
			wanted[id] = true
		}
		for _, id := range c.State.Roots() {
			rooted[id] = true
		}
	}
	for _, h := range append([]heard{{c, c.tree.Size}}, c.heard...) {
		for _, e := range h.from.entries[:h.size] {
			if id := e.Statement.ID(); member.IsZero() || wanted[id] || rooted[id] {
				delete(wanted, id) // once, from the first log that has it; what the root said from every log
				x.Checkpoints[e.Log] = h.from.Checkpoint()
				if err := x.Add(e, h.from.tree, h.from.hashes); err != nil {
					c.t.Fatalf("export: %v", err)
				}
			}
		}
	}
	return x
}

// Hashes are stored hashes in memory, by index.
type Hashes []tlog.Hash

// ReadHashes implements tlog.HashReader.
func (h Hashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		if index >= int64(len(h)) {
			return nil, fmt.Errorf("invitestest: stored hash %d of %d", index, len(h))
		}
		out[i] = h[index]
	}
	return out, nil
}

// Forged is an export of the log and of statements after it that the fold does not take.
func (c *Community) Forged(all ...statement.Statement) *invites.Export {
	c.t.Helper()
	next := *c
	next.hashes, next.entries = slices.Clip(c.hashes), slices.Clip(c.entries)
	for _, s := range all {
		e := next.Entry(s)
		tree, fresh, err := ledger.Append(next.tree, next.hashes, []statement.ID{s.ID()})
		if err != nil {
			c.t.Fatalf("append: %v", err)
		}
		for _, h := range fresh {
			next.hashes = append(next.hashes, h.Hash)
		}
		next.tree, next.entries = tree, append(next.entries, e)
	}
	return next.Export(identity.PublicKey{})
}
