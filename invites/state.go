// Package invites says what the statements of a community mean: who its nodes are, who its members are, who brought
// whom, and who may still invite.
//
// It is a fold. A [State] starts as [New], and each [Entry] of a log takes it one step on with [State.Apply], or is
// refused with a reason and changes nothing. The same entries in the same order give the same State everywhere, so
// nobody has to be believed: a node restores its State from a snapshot ([State.Encode], [Decode]), a follower replays
// a log ([Replay]), and anybody with a file checks one member's chain offline ([VerifyExport]).
//
// Several nodes may run one community, each with a log of its own. [Merge] folds the union of the logs; it gives the
// same State whatever order the entries arrived in. Where nodes that could not reach each other brought two people in
// by one invite, one of them counts, the same everywhere; the other is displaced ([State.Displaced]).
//
// The chain from the founder to a member is made of four kinds of statement. A node's grant gives a member numbered
// slots; the member's invite spends one slot on a one-time key; the newcomer's join carries a redeem signed with that
// key; the node's admit accepts the join. Where the rules say so, a join without a redeem is enough, with a steward's
// approve (ask) or alone (open). The root's own statements stand above: rules, which bound the grants, and
// delegates, which say what keys are nodes.
//
// A State is an immutable value: older ones stay valid, and any number of goroutines may read one. No clock is read;
// where time matters it comes with the statement or as an argument, in seconds since 1970.
package invites

import (
	"slices"

	"github.com/benbjohnson/immutable"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

// Entry is one leaf of a log: a statement and where it stands.
type Entry struct {
	Log       identity.PublicKey // the node that keeps the log
	Index     int64              // of the leaf, from 0
	Statement statement.Statement
}

// State is a community as its logs tell it so far. Make one with [New] or [Decode]; the zero value is of no use.
type State struct {
	community identity.PublicKey
	applied   int64                                      // entries so far: the place of the next
	logs      *immutable.Map[identity.PublicKey, extent] // for each log, how far it is folded
	rules     *statement.Rules                           // in force; nil before the first; never changed
	rulesID   statement.ID                               // of the rules in force
	roots     []placed                                   // what the root said, in order; copied to be changed
	delegates []delegate                                 // in order; copied to be changed
	members   table[identity.PublicKey, member]          // by first admission; number 0 is the founder
	displaced int                                        // how many of the members are displaced
	erased    *immutable.Map[identity.PublicKey, struct{}]
	left      int                                   // how many of the erased are not displaced
	grants    list[grant]                           // in order
	invites   table[statement.ID, invite]           // in order
	approvals table[statement.ID, approval]         // in order
	joins     *immutable.Map[statement.ID, pending] // not admitted yet
}

// extent is what is folded of one log.
type extent struct {
	size  int64 // one more than the last index applied
	order int64 // the highest of the rules that it holds; 0 without any
}

// placed is a statement's id and its place among all entries applied, which orders chains.
type placed struct {
	id    statement.ID
	place int64
}

// New is the State of a community of which nothing is known but its root key.
func New(community identity.PublicKey) State {
	return State{
		community: community,
		logs:      immutable.NewMap[identity.PublicKey, extent](byPrefix[identity.PublicKey]{}),
		members:   newTable[identity.PublicKey, member](),
		grants:    newList[grant](),
		invites:   newTable[statement.ID, invite](),
		approvals: newTable[statement.ID, approval](),
		joins:     immutable.NewMap[statement.ID, pending](byPrefix[statement.ID]{}),
		erased:    immutable.NewMap[identity.PublicKey, struct{}](byPrefix[identity.PublicKey]{}),
	}
}

// Community is the root key.
func (s State) Community() identity.PublicKey { return s.community }

// Size is how far a log has been folded: one more than the index of its last entry that was applied.
func (s State) Size(log identity.PublicKey) int64 {
	n, _ := s.logs.Get(log)
	return n.size
}

// Rules are the rules in force, and false before the first.
func (s State) Rules() (statement.Rules, bool) {
	if s.rules == nil {
		return statement.Rules{}, false
	}
	return *s.rules, true
}

// RulesMissing is the id of the rules in force if a log does not hold them, nor later ones. What its node grants and
// whom it admits goes by its own log's rules, so it has to put these there ([Merge]).
func (s State) RulesMissing(log identity.PublicKey) (statement.ID, bool) {
	in, _ := s.logs.Get(log)
	return s.rulesID, s.rules != nil && in.order < s.rules.Order && !s.rulesID.IsZero()
}

// ApplyAll applies entries in order, all of them or none.
func (s State) ApplyAll(entries []Entry) (State, error) {
	next := s
	for _, e := range entries {
		var err error
		if next, err = next.Apply(e); err != nil {
			return s, err
		}
	}
	return next, nil
}

// Apply takes the State one entry on. A refusal is a *reason.RejectError, and the State returned with it is the old
// one. The entries of one log must come by rising index; gaps are allowed, for what a log holds besides. The one error
// that is no refusal is [ErrReplay].
//
// Apply is how a node takes its own next entries, on a State from [Merge] too. It is stricter than Merge: it holds an
// entry against all that is known, from whichever log, and never displaces anybody. What it takes, a later Merge keeps,
// except for who is displaced then. Merge over the same entries may know more than Apply on top of the last Merge: what
// was void may count once the entry it waited for is there; the log of a new node counts as soon as its delegate is in
// any log; and guests of somebody who was displaced and admitted again go back to them. It also counts places anew.
// Entries of other nodes are for Merge.
func (s State) Apply(e Entry) (State, error) {
	if err := s.checkPlace(e); err != nil {
		return s, err
	}
	next, err := s.applyBody(e)
	if err != nil {
		return s, err
	}
	next.applied++
	in, _ := next.logs.Get(e.Log)
	in.size = e.Index + 1
	next.logs = next.logs.Set(e.Log, in)
	return next, nil
}

// checkPlace refuses an entry for where it stands.
func (s State) checkPlace(e Entry) error {
	if err := checkIndex(e, s.Size(e.Log)); err != nil {
		return err
	}
	if !needsNode(e) || s.isNode(e.Log) {
		return nil
	}
	return rejectLog(e.Log)
}

// checkIndex refuses an entry that is none, or that is not at index next or after it.
func checkIndex(e Entry, next int64) error {
	switch {
	case e.Statement.IsZero():
		return reason.Reject(reason.StatementKind, "an entry without a statement")
	case e.Index < 0 || e.Index >= statement.MaxInt:
		return reason.Reject(reason.StatementAuthority, "no log has an index %d", e.Index)
	case e.Index < next:
		return reason.Reject(reason.StatementDuplicate, "index %d of the log of %s has been passed", e.Index, e.Log)
	default:
		return nil
	}
}

// needsNode reports whether an entry counts only in the log of a node. The root's word on nodes and rules does anywhere.
func needsNode(e Entry) bool {
	kind := e.Statement.Kind()
	return kind != statement.KindDelegate && kind != statement.KindRules
}

func rejectLog(log identity.PublicKey) error {
	return reason.Reject(reason.StatementAuthority, "%s keeps no log of this community", log)
}

func (s State) applyBody(e Entry) (State, error) {
	switch b := e.Statement.Body().(type) {
	case *statement.Delegate:
		return s.applyDelegate(e, b)
	case *statement.Rules:
		return s.applyRules(e, b)
	case *statement.Revoke:
		return s.applyRevoke(e, b)
	case *statement.Grant:
		return s.applyGrant(e, b)
	case *statement.Invite:
		return s.applyInvite(e, b)
	case *statement.Join:
		return s.applyJoin(e, b)
	case *statement.Approve:
		return s.applyApprove(e, b)
	case *statement.Admit:
		return s.applyAdmit(e, b)
	case *statement.Erase:
		return s.applyErase(e, b)
	case *statement.Create:
		return s, s.checkCreate(e, b)
	case *statement.End:
		next, _, err := s.applySpoken(e, b.IssuedAt)
		return next, err
	case *statement.Act:
		return s, checkAct(e, b)
	default:
		return s, rejectKind(e)
	}
}

// checkAct refuses what was done in a room, but for removals and their lifting. They are in the log so that nobody can
// deny them; the community's members are none the less for it.
func checkAct(e Entry, b *statement.Act) error {
	if b.Do != "remove" && b.Do != "lift_removal" {
		return rejectKind(e)
	}
	return nil
}

func rejectKind(e Entry) error {
	return reason.Reject(reason.StatementKind, "a %s does not belong into a log", e.Statement.Kind())
}

// checkAudience refuses what is meant for another community.
func checkAudience(community, aud identity.PublicKey) error {
	if aud != community {
		return reason.Reject(reason.StatementAudience, "meant for community %s", aud)
	}
	return nil
}

// checkRoot refuses what only the root may say, from anybody else.
func checkRoot(community identity.PublicKey, e Entry, aud identity.PublicKey) error {
	if err := checkAudience(community, aud); err != nil {
		return err
	}
	if e.Statement.Signer() != community {
		return reason.Reject(reason.StatementAuthority, "only the root may sign a %s", e.Statement.Kind())
	}
	return nil
}

// withRoot remembers a statement of the root, for chains.
func (s State) withRoot(e Entry) State {
	s.roots = append(slices.Clip(s.roots), placed{e.Statement.ID(), s.applied})
	return s
}

// checkCreate says whether a room may be opened. Rooms live in package rooms; the fold only knows who may.
func (s State) checkCreate(e Entry, b *statement.Create) error {
	if err := checkAudience(s.community, b.Community); err != nil {
		return err
	}
	if _, ok := s.current(e.Statement.Signer()); !ok {
		return reason.Reject(reason.MemberUnknown, "%s opens a room", e.Statement.Signer())
	}
	if !s.isNode(b.Node) {
		return rejectHost(b.Node)
	}
	return nil
}

func rejectHost(node identity.PublicKey) error {
	return reason.Reject(reason.StatementAuthority, "the host %s is no node of this community", node)
}
