package node

import (
	"time"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/api/link"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/invites"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

// entryCheck holds what a home brings against what this node demands. It believes nothing that the home says by itself.
type entryCheck struct {
	self  identity.PublicKey
	deny  denied
	blame func(identity.PublicKey) // a node sent what is invalid for everyone for ever
}

// entry is an entry that has been checked; only the nonce is left to the room.
type entry struct {
	member    identity.PublicKey
	epoch     int64
	nonce     string
	foreigner foreigner
}

// fresh is how old, in seconds, an enter or act may be: the slack of two clocks.
const fresh = statement.Slack

// enter checks an entry: the member's own word, the home's ticket for it, the member's name, and the chain that leads
// from the root of their community to them.
func (c entryCheck) enter(m link.Enter, home identity.PublicKey, room statement.ID, now time.Time) (entry, error) {
	st, body, err := submitted(m.Enter, func(e *statement.Enter) int64 { return e.IssuedAt }, now)
	if err != nil {
		return entry{}, err
	}
	switch {
	case body.Room != room:
		return entry{}, reason.Reject(reason.StatementAudience, "an enter for another room")
	case body.Home != home || body.Host != c.self:
		return entry{}, reason.Reject(reason.StatementAudience, "an enter by way of another home, or to another host")
	case body.IssuedAt < seconds(now)-fresh:
		return entry{}, reason.Reject(reason.EnterStale, "signed %d s ago", seconds(now)-body.IssuedAt)
	}
	if err := c.ticket(m.Ticket, st, home, room, now); err != nil {
		return entry{}, err
	}
	profile, err := statement.ParseKind[*statement.Profile](m.Profile)
	if err != nil {
		return entry{}, err
	}
	if profile.Signer() != st.Signer() {
		return entry{}, reason.Reject(reason.StatementAuthority, "the profile is another's")
	}
	about := profile.Body().(*statement.Profile)
	if err := api.CheckProfile(about); err != nil {
		return entry{}, err
	}
	if err := c.chain(m.Chain, st.Signer(), about.Community, home); err != nil {
		return entry{}, err
	}
	return entry{member: st.Signer(), epoch: body.Epoch, nonce: body.Nonce, foreigner: foreignerOf(about)},
		c.deny.check(home, about.Community, st.Signer())
}

// ticket checks that the home vouches for exactly this enter.
func (c entryCheck) ticket(text string, enter statement.Statement, home identity.PublicKey, room statement.ID, now time.Time) error {
	st, body, err := submitted(text, func(t *statement.Ticket) int64 { return t.IssuedAt }, now)
	if err != nil {
		return err
	}
	switch {
	case st.Signer() != home, body.Room != room, body.Host != c.self, body.Member != enter.Signer(), body.Enter != enter.ID():
		return reason.Reject(reason.TicketForged, "the ticket is for something else")
	case body.Expires+statement.Slack < seconds(now):
		return reason.Reject(reason.TicketExpired, "at %d, now %d", body.Expires, seconds(now))
	}
	return nil
}

// chain verifies from the root down that the member belongs to their community, and that the home is one of its nodes.
func (c entryCheck) chain(export []byte, member, community, home identity.PublicKey) error {
	report, err := invites.VerifyExport(export)
	switch {
	case err != nil:
		return reason.Reject(reason.ChainInvalid, "%v", err)
	case report.Member != member || report.Community != community:
		return reason.Reject(reason.ChainInvalid, "the chain is another's")
	}
	if n, ok := report.State.Node(home); !ok || n.Revoked {
		return reason.Reject(reason.ChainInvalid, "%s is no node of the member's community", home)
	}
	return nil
}

// checkLend checks that a member lets a home open their microphone in a room, and says who.
func checkLend(text string, room statement.ID, home identity.PublicKey, now time.Time) (identity.PublicKey, error) {
	st, body, err := submitted(text, func(l *statement.Lend) int64 { return l.IssuedAt }, now)
	switch {
	case err != nil:
		return identity.PublicKey{}, err
	case body.Room != room || body.Home != home:
		return identity.PublicKey{}, reason.Reject(reason.StatementAudience, "a lend for another room, or to another node")
	case body.Expires+statement.Slack < seconds(now):
		return identity.PublicKey{}, reason.Reject(reason.StatementExpired, "at %d, now %d", body.Expires, seconds(now))
	}
	return st.Signer(), nil
}

// denied is whom this node has nothing to do with: nodes, communities and members, by their keys.
type denied map[identity.PublicKey]bool

// check says why somebody is not let in; nil if nothing is against it.
func (d denied) check(node, community, member identity.PublicKey) error {
	switch {
	case d[node]:
		return reason.Reject(reason.NodeDenied, "%s", node)
	case d[community], d[member]:
		return reason.Reject(reason.CommunityDenied, "%s", community)
	}
	return nil
}
