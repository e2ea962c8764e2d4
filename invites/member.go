package invites

import (
	"iter"
	"slices"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/statement"
)

// Member is a person of the community and how they came in.
type Member struct {
	Key      identity.PublicKey
	Founder  bool               // the root: a member by the first rules, with no admit, join, invite or sponsor
	Way      statement.Entry    // "" for the founder
	Sponsor  identity.PublicKey // whose invite or approval it was, or the root; if they are displaced, who stands for their guests
	Invite   statement.ID       // by the way invite
	Approve  statement.ID       // by the way ask
	Join     statement.ID
	Admit    statement.ID
	Admitted int64 // seconds since 1970: the admit's iat
	Order    int64 // of the admitting node's delegate, and
	Index    int64 // the admit's index in its log: of conflicting admits the lower pair wins
	Erased   bool  // who erased themselves is no member; only Children has them
}

// admission is how somebody came in.
type admission struct {
	join, admit statement.ID
	invite      number // none if it was not by an invite
	approval    number // none if it was not by asking
	sponsor     number // the invite's author, or who approved; if displaced, the next member above them; none for the founder
	admitted    int64
	order       int64
	index       int64
	joined      int64 // place of the join
	place       int64 // place of the admit
}

// way is how it was. The founder came in by no way.
func (a admission) way() statement.Entry {
	switch {
	case a.invite != none:
		return statement.EntryInvite
	case a.approval != none:
		return statement.EntryAsk
	default:
		return statement.EntryOpen
	}
}

// member is a Member as it is kept, or somebody who was one and is displaced.
type member struct {
	key identity.PublicKey
	admission
	displaced bool        // somebody else came in on the same slot, and their admit counts
	others    []admission // that do not count, but what the member did may rest on them; without sponsors; never changed
	grants    number      // the newest; the others follow by prev
	invites   number      // the newest; the others follow by prev
	guests    number      // one whom they are the sponsor of; the others follow by sibling
	sibling   number
}

// founder is the root as a member, by its first rules.
func founder(key identity.PublicKey, iat, index, place int64) member {
	return newMember(key, admission{sponsor: none, invite: none, approval: none, admitted: iat, index: index, joined: place, place: place})
}

// newMember is a member who has done nothing yet.
func newMember(key identity.PublicKey, by admission) member {
	return member{key: key, admission: by, grants: none, invites: none, guests: none, sibling: none}
}

// cameBy reports whether invite n is how they are a member.
func (m member) cameBy(n number) bool { return !m.displaced && m.invite == n }

// current is the number of a member who is neither displaced nor erased.
func (s State) current(key identity.PublicKey) (number, bool) {
	n, ok := s.members.find(key)
	if !ok || s.members.at(n).displaced || s.Erased(key) {
		return none, false
	}
	return n, true
}

// Member finds a member by key.
func (s State) Member(key identity.PublicKey) (Member, bool) {
	n, ok := s.current(key)
	if !ok {
		return Member{}, false
	}
	return s.member(n), true
}

// Displaced reports whether somebody who was admitted is no member, because another came in on the same slot by an
// admit that counts: the winner.
func (s State) Displaced(key identity.PublicKey) (winner identity.PublicKey, displaced bool) {
	n, ok := s.members.find(key)
	if !ok || !s.members.at(n).displaced {
		return winner, false
	}
	w, _ := winnerOf(&s.members, &s.grants, &s.invites, s.members.at(n).invite)
	return s.members.at(w).key, true
}

func (s State) member(n number) Member {
	m := s.members.at(n)
	out := Member{
		Key: m.key, Founder: m.sponsor == none, Join: m.join, Admit: m.admit,
		Admitted: m.admitted, Order: m.order, Index: m.index, Erased: s.Erased(m.key),
	}
	if !out.Founder {
		out.Way, out.Sponsor = m.way(), s.members.at(m.sponsor).key
	}
	if m.invite != none {
		out.Invite = s.invites.at(m.invite).id
	}
	if m.approval != none {
		out.Approve = s.approvals.at(m.approval).id
	}
	return out
}

// Members are all members in the order in which they were first admitted, the founder first.
func (s State) Members() iter.Seq[Member] {
	return func(yield func(Member) bool) {
		for n := range number(s.members.len()) {
			if m := s.members.at(n); !m.displaced && !s.Erased(m.key) && !yield(s.member(n)) {
				return
			}
		}
	}
}

// Count is the number of members.
func (s State) Count() int { return s.members.len() - s.displaced - s.left }

// Lineage are the people who answer for one another: the member, their sponsor, and so on to the founder. It is empty
// for who is no member.
func (s State) Lineage(key identity.PublicKey) []identity.PublicKey {
	var line []identity.PublicKey
	n, ok := s.current(key)
	for ok && n != none {
		m := s.members.at(n)
		line = append(line, m.key)
		n = m.sponsor
	}
	return line
}

// Children are the people whom a member is the sponsor of, in the order in which they were first admitted: those who
// erased themselves too, and also of a sponsor who did, since the people below them stay.
func (s State) Children(key identity.PublicKey) []Member {
	n, ok := s.members.find(key)
	if !ok || s.members.at(n).displaced {
		return nil
	}
	var guests []number
	for i := s.members.at(n).guests; i != none; i = s.members.at(i).sibling {
		guests = append(guests, i)
	}
	slices.Sort(guests)
	out := make([]Member, len(guests))
	for i, g := range guests {
		out[i] = s.member(g)
	}
	return out
}

// linkMember makes member n, who is not displaced, the one who used their invite, if any, and a guest of their sponsor.
func linkMember(members rows[member], invites rows[invite], n number) {
	m := members.at(n)
	if m.invite != none {
		redeem(invites, m.invite, n)
	}
	sponsor := members.at(m.sponsor)
	m.sibling, sponsor.guests = sponsor.guests, n
	members.put(m.sponsor, sponsor)
	members.put(n, m)
}
