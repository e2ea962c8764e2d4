package invites

import (
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

// stand lets an entry stand, or says what it waits for, or why it never will.
func (u *union) stand(it item) (need, error) {
	if needsNode(it.Entry) && !it.at.log.isNode(it.at) {
		return need{}, rejectLog(it.Log)
	}
	switch b := it.Statement.Body().(type) {
	case *statement.Delegate:
		return need{}, u.standDelegate(it, b)
	case *statement.Rules:
		return need{}, u.standRules(it, b)
	case *statement.Revoke:
		return u.standRevoke(it, b)
	case *statement.Grant:
		return u.standGrant(it, b)
	case *statement.Invite:
		return u.standInvite(it, b)
	case *statement.Join:
		return u.standJoin(it, b)
	case *statement.Approve:
		return u.standApprove(it, b)
	case *statement.Admit:
		return u.standAdmit(it, b)
	case *statement.Erase:
		return u.standErase(it, b)
	case *statement.Create:
		return u.standCreate(it, b)
	case *statement.End:
		d, err := u.spoken(it.Entry, it.at, b.IssuedAt)
		if err == nil {
			d.says(it.at)
		}
		return need{}, err
	case *statement.Act:
		return need{}, checkAct(it.Entry, b)
	default:
		return need{}, rejectKind(it.Entry)
	}
}

// says notes how far a node's log has force by a delegate.
func (d *delegated) says(at leaf) { d.said = max(d.said, at.index+1) }

// checkLaw refuses what the root did not say, or said before in the same log.
func (u *union) checkLaw(it item, aud identity.PublicKey) error {
	if err := checkRoot(u.community, it.Entry, aud); err != nil {
		return err
	}
	return u.refused[it.at]
}

// root remembers a statement of the root for chains, once.
func (u *union) root(it item) {
	if id := it.Statement.ID(); !u.rooted[id] {
		u.rooted[id] = true
		u.roots = append(u.roots, placed{id, u.applied})
	}
}

func (u *union) standDelegate(it item, b *statement.Delegate) error {
	if err := u.checkLaw(it, b.Community); err != nil {
		return err
	}
	u.root(it)
	if d := u.delegated[it.Statement.ID()]; !d.listed {
		d.listed = true
		u.delegates = append(u.delegates, d)
	}
	return nil
}

// standRules keeps rules for chains if they were in force in their own log; something there may go by them.
func (u *union) standRules(it item, b *statement.Rules) error {
	if err := u.checkLaw(it, b.Community); err != nil {
		return err
	}
	for r := range u.rulesAt(leaf{it.at.log, it.at.index + 1}) { // those of its own log first
		if r != b {
			return nil
		}
		break
	}
	u.root(it)
	p := u.person(b.Community)
	if p.src.none() {
		p.first, p.place, p.since = it.at, u.applied, u.founded()
	}
	u.met(need{aPerson, b.Community}, &p.src, it.at)
	u.met(need{aSponsored, b.Community}, &p.word, it.at)
	return nil
}

func (u *union) standRevoke(it item, b *statement.Revoke) (need, error) {
	if err := checkAudience(u.community, b.Community); err != nil {
		return need{}, err
	}
	if d, ok := u.withdraws(withdrawal{it.at, it.Statement.ID(), b}); ok {
		if err := u.checkLaw(it, b.Community); err != nil {
			return need{}, err
		}
		if d.revoke == it.Statement.ID() {
			u.root(it)
		}
		return need{}, nil
	}
	v, ok := u.offerOf[b.Statement]
	if !ok || !v.src.known(it.at) {
		return need{anInvite, b.Statement}, nil
	}
	if err := checkRevoker(u.community, v.seat.owner.key, it.Entry, b); err != nil {
		return need{}, err
	}
	by := revokedBy{it.at.log, v}
	if _, twice := u.revoked[by]; twice {
		return need{}, rejectRevoked(v.id)
	}
	u.revoked[by] = it.at.index
	v.revoked = true
	return need{}, nil
}

func (u *union) standGrant(it item, b *statement.Grant) (need, error) {
	if err := checkAudience(u.community, b.Community); err != nil {
		return need{}, err
	}
	d, err := u.spoken(it.Entry, it.at, b.IssuedAt)
	if err != nil {
		return need{}, err
	}
	p, ok := u.personOf[b.Member]
	if !ok || !p.src.known(it.at) {
		return need{aPerson, b.Member}, nil
	}
	why, err := rewardOf(b.Why)
	if err != nil {
		return need{}, err
	}
	if why == forAdmission && !p.word.known(it.at) {
		return need{aSponsored, b.Member}, nil
	}
	name := grantName{p, why, b.Period}
	latest, err := u.allowedGrant(it.at, name, b)
	if err != nil {
		return need{}, err
	}
	if p.since > latest {
		p.wait(early{latest, it, reason.Reject(reason.StatementAuthority, "period %d of %s has not begun", b.Period, p.key)})
		return need{what: aPeriod}, nil
	}
	by := grantedBy{it.at.log, name}
	u.granted[by] = max(u.granted[by], b.Slots)
	d.says(it.at)
	g := &gift{
		number: number(len(u.grants)), name: name, id: it.Statement.ID(), slots: b.Slots, issued: b.IssuedAt, place: u.applied,
	}
	u.grants = append(u.grants, g)
	u.giftOf[g.id] = g
	u.met(need{aGrant, g.id}, &g.src, it.at)
	return need{}, nil
}

// allowedGrant holds a grant against the rules that it may go by, and the grants in the same log.
func (u *union) allowedGrant(at leaf, name grantName, b *statement.Grant) (latest int64, err error) {
	other := name
	switch name.why {
	case forHosting:
		other.why = forSpeaking
	case forSpeaking:
		other.why = forHosting
	default:
	}
	var refusal error
	allowed := false
	for r := range u.rulesAt(at) {
		begun, err := allowGrant(r, name.why, b, u.granted[grantedBy{at.log, other}])
		switch {
		case err != nil && refusal == nil:
			refusal = err
		case err == nil && (!allowed || begun > latest):
			allowed, latest = true, begun
		}
		if allowed && name.of.since <= latest {
			break
		}
	}
	if allowed {
		return latest, nil
	}
	return 0, refusal
}

func (u *union) standInvite(it item, b *statement.Invite) (need, error) {
	if err := checkAudience(u.community, b.Community); err != nil {
		return need{}, err
	}
	author, ok := u.personOf[it.Statement.Signer()]
	if !ok || !author.src.known(it.at) {
		return need{aPerson, it.Statement.Signer()}, nil
	}
	g, ok := u.giftOf[b.Grant]
	if !ok || !g.src.known(it.at) {
		return need{aGrant, b.Grant}, nil
	}
	if g.name.of != author {
		return need{}, reason.Reject(reason.InviteNone, "%s has no grant %s", author.key, g.id)
	}
	if err := checkSlot(g.id, g.slots, g.issued, b); err != nil {
		return need{}, err
	}
	if err := u.allowedInvite(it.at, b); err != nil {
		return need{}, err
	}
	name := seatName{g.name, b.Slot}
	if u.seats[name] == nil {
		u.seats[name] = &seat{owner: author}
	}
	v, ok := u.offerOf[it.Statement.ID()]
	if !ok {
		v = &offer{
			number: number(len(u.offers)), id: it.Statement.ID(), key: b.Key, gift: g, slot: b.Slot, seat: u.seats[name],
			issued: b.IssuedAt, expires: b.Expires, place: u.applied,
		}
		u.offers = append(u.offers, v)
		u.offerOf[v.id] = v
	} else if v.src.first.log == it.at.log {
		return need{}, rejectKnown("invite", v.id)
	}
	u.met(need{anInvite, v.id}, &v.src, it.at)
	return need{}, nil
}

func rejectKnown(what string, id statement.ID) error {
	return reason.Reject(reason.StatementDuplicate, "%s %s is known", what, id)
}

func (u *union) allowedInvite(at leaf, b *statement.Invite) error {
	var refusal error
	for r := range u.rulesAt(at) {
		err := allowInvite(r, b)
		if err == nil {
			return nil
		}
		if refusal == nil {
			refusal = err
		}
	}
	return refusal
}

func (u *union) standJoin(it item, b *statement.Join) (need, error) {
	if b.Redeemed().IsZero() {
		return u.standAsk(it, b)
	}
	redeem, err := redeemed(u.community, b)
	if err != nil {
		return need{}, err
	}
	v, ok := u.offerOf[redeem.Invite]
	if !ok || !v.src.known(it.at) {
		return need{anInvite, redeem.Invite}, nil
	}
	signer := it.Statement.Signer()
	if err := checkRedeem(v.key, signer, b, redeem); err != nil {
		return need{}, err
	}
	if signer == u.community || signer == v.seat.owner.key {
		return need{}, rejectMember(signer)
	}
	if err := checkExpiry(v.id, v.expires, b.IssuedAt); err != nil {
		return need{}, err
	}
	return need{}, u.request(it, v, v.seat)
}

// standAsk keeps a join by nobody's invite. Whether the rules let anybody in by it is for the admit.
func (u *union) standAsk(it item, b *statement.Join) (need, error) {
	switch {
	case b.Community != u.community:
		return need{}, reason.Reject(reason.InviteCommunity, "a join of %s", b.Community)
	case it.Statement.Signer() == u.community:
		return need{}, rejectMember(u.community)
	default:
		return need{}, u.request(it, nil, &seat{})
	}
}

// request says a join. One that is said in two logs is one.
func (u *union) request(it item, v *offer, s *seat) error {
	r, ok := u.requestOf[it.Statement.ID()]
	if !ok {
		r = &request{id: it.Statement.ID(), member: it.Statement.Signer(), offer: v, seat: s, place: u.applied}
		u.requests = append(u.requests, r)
		u.requestOf[r.id] = r
	} else if r.src.first.log == it.at.log {
		return rejectKnown("join", r.id)
	}
	u.met(need{aJoin, r.id}, &r.src, it.at)
	return nil
}

func (u *union) standApprove(it item, b *statement.Approve) (need, error) {
	if err := checkAudience(u.community, b.Community); err != nil {
		return need{}, err
	}
	if err := checkSteward(u.community, it.Entry); err != nil {
		return need{}, err
	}
	by, ok := u.personOf[it.Statement.Signer()]
	if !ok || !by.src.known(it.at) {
		return need{aPerson, it.Statement.Signer()}, nil
	}
	r, ok := u.requestOf[b.Join]
	if !ok || !r.src.known(it.at) {
		return need{aJoin, b.Join}, nil
	}
	if err := checkApproved(r.member, r.offer != nil, b); err != nil {
		return need{}, err
	}
	c, ok := u.consentOf[it.Statement.ID()]
	if !ok {
		c = &consent{number: number(len(u.consents)), id: it.Statement.ID(), request: r, by: by, place: u.applied}
		u.consents = append(u.consents, c)
		u.consentOf[c.id] = c
	} else if c.src.first.log == it.at.log {
		return need{}, rejectKnown("approve", c.id)
	}
	u.met(need{anApproval, c.id}, &c.src, it.at)
	return need{}, nil
}

func (u *union) standAdmit(it item, b *statement.Admit) (need, error) {
	if err := checkAudience(u.community, b.Community); err != nil {
		return need{}, err
	}
	d, err := u.spoken(it.Entry, it.at, b.IssuedAt)
	if err != nil {
		return need{}, err
	}
	r, ok := u.requestOf[b.Join]
	if !ok || !r.src.known(it.at) {
		return need{aJoin, b.Join}, nil
	}
	if err := checkJoined(r.member, b); err != nil {
		return need{}, err
	}
	if err := checkWay(r.offer != nil, b); err != nil {
		return need{}, err
	}
	c := &entrance{
		request: r, id: it.Statement.ID(), order: d.order, at: it.at, issued: b.IssuedAt, place: u.applied,
	}
	wants, err := u.findOwner(c, b)
	if err != nil || wants.what != nothing {
		return wants, err
	}
	at := atSeat{it.at.log, r.seat}
	if u.seated[at] { // a node that admits two on one slot brings in no second one
		return need{}, reason.Reject(reason.InviteUsed, "somebody came in on the slot of join %s", r.id)
	}
	u.seated[at], r.admitted = true, true
	d.says(it.at)
	p := u.person(b.Member)
	c.person = p
	p.entrances = append(p.entrances, c)
	u.entrances = append(u.entrances, c)
	u.began(p, b.IssuedAt)
	u.met(need{aPerson, p.key}, &p.src, it.at)
	if b.Way != statement.EntryOpen {
		u.met(need{aSponsored, p.key}, &p.word, it.at)
	}
	return need{}, nil
}

// findOwner finds by whose word an admit is, or what it waits for.
func (u *union) findOwner(c *entrance, b *statement.Admit) (need, error) {
	switch b.Way {
	case statement.EntryInvite:
		v := c.request.offer
		c.owner = v.seat.owner
		if index, ok := u.revoked[revokedBy{c.at.log, v}]; ok && index < c.at.index {
			return need{}, rejectRevoked(v.id)
		}
		return need{}, checkExpiry(v.id, v.expires, b.IssuedAt)
	case statement.EntryAsk:
		by, ok := u.consentOf[b.Approve]
		if !ok || !by.src.known(c.at) {
			return need{anApproval, b.Approve}, nil
		}
		if by.request != c.request {
			return need{}, rejectOtherApproval(b)
		}
		c.consent, c.owner = by, by.by
	default:
		founder, ok := u.personOf[u.community]
		if !ok || !founder.src.known(c.at) {
			return need{aPerson, u.community}, nil
		}
		c.owner = founder
	}
	return need{}, u.allowedEntry(c.at, b.Way)
}

// allowedEntry holds a way in without an invite against the rules that an admit may go by.
func (u *union) allowedEntry(at leaf, way statement.Entry) error {
	for r := range u.rulesAt(at) {
		if allowEntry(r, way) == nil {
			return nil
		}
	}
	return rejectClosed(way)
}

func (u *union) standCreate(it item, b *statement.Create) (need, error) {
	if err := checkAudience(u.community, b.Community); err != nil {
		return need{}, err
	}
	p, ok := u.personOf[it.Statement.Signer()]
	if !ok || !p.src.known(it.at) {
		return need{aPerson, it.Statement.Signer()}, nil
	}
	if k, ok := u.keepers[b.Node]; !ok || !k.isNode(it.at) {
		return need{}, rejectHost(b.Node)
	}
	return need{}, nil
}
