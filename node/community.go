package node

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/invites"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
	"github.com/stoa-rooms/stoa/storage"
)

// community answers for the one community of this node: who is a member and how one becomes one. What a statement means
// is decided by package invites; here it is read, held against the clock, and written down.
type community struct {
	journal  *journal
	earnings *earnings
	queue    *queue
	names    *names
	owner    *ownerLink
	self     api.Node // what Node says before a community is there
	now      func() time.Time
	log      *slog.Logger
	meters   *meters

	places func(ctx context.Context, member identity.PublicKey) ([]exportedRoom, error) // what live rooms hold; set before anything runs

	forgetMu   sync.Mutex
	forgetters []func(member identity.PublicKey) // who else has people in memory; guarded by forgetMu
}

// submitted reads a statement that somebody submits now: of one kind, and not dated ahead.
func submitted[B statement.Body](text string, iat func(B) int64, now time.Time) (statement.Statement, B, error) {
	var none B
	st, err := statement.ParseKind[B](text)
	if err != nil {
		return statement.Statement{}, none, err
	}
	body := st.Body().(B)
	if at := iat(body); at > seconds(now)+statement.Slack {
		return statement.Statement{}, none, reason.Reject(reason.StatementTime, "iat %d, the node's clock says %d", at, seconds(now))
	}
	return st, body, nil
}

// Node implements server.Community.
func (c *community) Node() api.Node {
	info := c.self
	info.Now = millis(c.now())
	if state, founded := c.journal.fold(); founded {
		if _, ruled := state.Rules(); ruled { // a node that was just added to a community has to fetch them
			about := c.about(state)
			info.Community = &about
		}
		info.Restored = c.journal.unapproved(state)
	}
	return info
}

// about is the community as anybody may see it.
func (c *community) about(state invites.State) api.Community {
	rules, _ := state.Rules()
	name, _, err := c.journal.store.Text(rules.Name)
	if err != nil {
		c.log.Error("the community's name cannot be read", "error", err)
	}
	return api.Community{
		ID:      state.Community(),
		Name:    name.Text,
		Entry:   rules.Entry,
		Rules:   rules,
		Members: state.Count(),
	}
}

// Found implements server.Community.
func (c *community) Found(_ context.Context, req api.FoundRequest) (api.Member, error) {
	now := c.now()
	if _, founded := c.journal.fold(); founded {
		return api.Member{}, reason.Reject(reason.FoundedAlready, "")
	}
	if err := c.owner.check(req.Secret, now); err != nil {
		return api.Member{}, err
	}
	rulesSt, rules, err := submitted(req.Rules, func(r *statement.Rules) int64 { return r.IssuedAt }, now)
	if err != nil {
		return api.Member{}, err
	}
	delegateSt, delegate, err := submitted(req.Delegate, func(d *statement.Delegate) int64 { return d.IssuedAt }, now)
	if err != nil {
		return api.Member{}, err
	}
	root := rulesSt.Signer()
	if err := c.checkFounding(root, rules, delegateSt.Signer(), delegate, req.Name, now); err != nil {
		return api.Member{}, err
	}
	profileSt, profile, err := c.profile(req.Profile, root, root, now)
	if err != nil {
		return api.Member{}, err
	}
	d := draft{
		statements: []statement.Statement{rulesSt, delegateSt},
		with:       storage.Batch{Texts: []statement.Text{req.Name}, Profiles: []statement.Statement{profileSt}},
	}
	if err := c.grantOnAdmission(&d, root, root, rules, now); err != nil {
		return api.Member{}, err
	}
	if err := c.journal.found(root, d); err != nil {
		return api.Member{}, err
	}
	c.owner.close()
	c.names.set(root, profile)
	c.log.Info("the community is founded", "community", root, "founder", root)
	return c.names.member(root), nil
}

// checkFounding holds the founding statements together: one root key, this node, a usable name.
func (c *community) checkFounding(root identity.PublicKey, rules *statement.Rules, delegator identity.PublicKey, delegate *statement.Delegate, name statement.Text, now time.Time) error {
	switch {
	case rules.Community != root || delegate.Community != root:
		return reason.Reject(reason.StatementAudience, "the founding statements name another community than their signer")
	case delegator != root:
		return reason.Reject(reason.StatementAuthority, "rules and delegate are signed by different keys")
	case delegate.Node != c.self.Node:
		return reason.Reject(reason.StatementAudience, "the delegate names another node")
	case delegate.Expires <= seconds(now):
		return reason.Reject(reason.StatementExpired, "the delegate has expired")
	case name.Commitment() != rules.Name:
		return reason.Reject(reason.TextMismatch, "the rules commit to another community name")
	}
	return api.CheckCommunityName(name.Text)
}

// profile reads a profile of one member of one community.
func (c *community) profile(text string, member, community identity.PublicKey, now time.Time) (statement.Statement, *statement.Profile, error) {
	st, profile, err := submitted(text, func(p *statement.Profile) int64 { return p.IssuedAt }, now)
	switch {
	case err != nil:
		return st, nil, err
	case st.Signer() != member:
		return st, nil, reason.Reject(reason.StatementAuthority, "the profile is signed by another key")
	case profile.Community != community:
		return st, nil, reason.Reject(reason.StatementAudience, "the profile is for another community")
	}
	return st, profile, api.CheckProfile(profile)
}

// grantOnAdmission adds the invites that a member begins with.
func (c *community) grantOnAdmission(d *draft, member, community identity.PublicKey, rules *statement.Rules, now time.Time) error {
	if rules.AdmitSlots == 0 {
		return nil
	}
	grant, err := statement.Sign(&statement.Grant{
		Community: community,
		IssuedAt:  seconds(now),
		Member:    member,
		Slots:     rules.AdmitSlots,
		Why:       statement.WhyAdmission,
	}, c.journal.key)
	if err != nil {
		return err
	}
	d.statements = append(d.statements, grant)
	return nil
}

// Join implements server.Community. The same join sent twice is answered twice and written once, so a client whose
// answer was lost may ask again.
func (c *community) Join(_ context.Context, req api.JoinRequest) (api.Member, error) {
	now := c.now()
	joinSt, join, err := submitted(req.Join, func(j *statement.Join) int64 { return j.IssuedAt }, now)
	if err != nil {
		return api.Member{}, err
	}
	member := joinSt.Signer()
	profileSt, profile, err := c.profile(req.Profile, member, join.Community, now)
	if err != nil {
		return api.Member{}, err
	}
	if state, founded := c.journal.fold(); founded {
		if m, ok := state.Member(member); ok && m.Join == joinSt.ID() {
			return c.names.member(member), nil
		}
	}
	err = c.journal.append(func(state invites.State) (draft, error) {
		if err := state.CheckJoin(joinSt, seconds(now)); err != nil {
			return draft{}, err
		}
		admit, err := statement.Sign(&statement.Admit{
			Community: state.Community(),
			IssuedAt:  seconds(now),
			Member:    member,
			Join:      joinSt.ID(),
			Way:       statement.EntryInvite,
		}, c.journal.key)
		if err != nil {
			return draft{}, err
		}
		rules, _ := state.Rules()
		d := draft{
			statements: []statement.Statement{joinSt, admit},
			with:       storage.Batch{Profiles: []statement.Statement{profileSt}},
		}
		return d, c.grantOnAdmission(&d, member, state.Community(), &rules, now)
	})
	if err != nil {
		return api.Member{}, err
	}
	c.names.set(member, profile)
	c.settle() // they may have asked before
	return c.names.member(member), nil
}

// Member implements server.Community.
func (c *community) Member(key identity.PublicKey) (api.Member, error) {
	state, founded := c.journal.fold()
	if !founded {
		return api.Member{}, reason.Reject(reason.FoundedNot, "")
	}
	if _, ok := state.Member(key); ok {
		return c.names.member(key), nil
	}
	if state.Erased(key) {
		return api.Member{}, reason.Reject(reason.MemberErased, "")
	}
	if _, lost := state.Displaced(key); lost {
		return api.Member{}, reason.Reject(reason.AdmitLost, "")
	}
	return api.Member{}, reason.Reject(reason.MemberUnknown, "")
}

// forget forgets what is known of the community beside the log, once that is gone.
func (c *community) forget() {
	c.names.clear()
	c.queue.clear()
	c.earnings.clear()
}

// founding is what the founder needs to know to go on delegating.
func founding(state invites.State) *api.Founding {
	f := &api.Founding{Nodes: []api.NodeTerm{}, Order: state.NextOrder()}
	for n := range state.Nodes() {
		if !n.Revoked {
			f.Nodes = append(f.Nodes, api.NodeTerm{Node: n.Key, Expires: n.Expires * 1000})
		}
	}
	return f
}

// Me implements server.Community.
func (c *community) Me(_ context.Context, key identity.PublicKey) (api.Me, error) {
	state, founded := c.journal.fold()
	if !founded {
		return api.Me{}, reason.Reject(reason.FoundedNot, "")
	}
	member, ok := state.Member(key)
	if !ok {
		return api.Me{}, reason.Reject(reason.MemberUnknown, "")
	}
	me := api.Me{
		Member:  c.names.member(key),
		Founder: member.Founder,
		Left:    len(state.FreeSlots(key, seconds(c.now()))),
		Joined:  member.Admitted * 1000,
	}
	if me.Steward = state.Steward(key); me.Steward {
		me.Waiting = len(c.queue.waiting())
	}
	if member.Founder {
		me.Founding = founding(state)
	}
	for _, k := range state.Lineage(key) {
		me.Chain = append(me.Chain, c.names.member(k))
	}
	return me, nil
}
