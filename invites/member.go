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
	Sponsor  identity.PublicKey // whose invite it was
	Invite   statement.ID
	Join     statement.ID
	Admit    statement.ID
	Admitted int64 // seconds since 1970: the admit's iat
	Order    int64 // of the admitting node's delegate, and
	Index    int64 // the admit's index in its log: of conflicting admits the lower pair wins
}

// member is a Member as it is kept.
type member struct {
	key         identity.PublicKey
	join, admit statement.ID
	sponsor     number // a member with a lower number
	invite      number
	grants      number // the newest; the others follow by prev
	invites     number // the newest; the others follow by prev
	admitted    int64
	order       int64
	index       int64
	joined      int64 // place of the join
	place       int64 // place of the admit
}

// Member finds a member by key.
func (s State) Member(key identity.PublicKey) (Member, bool) {
	n, ok := s.members.find(key)
	if !ok {
		return Member{}, false
	}
	return s.member(n), true
}

func (s State) member(n number) Member {
	m := s.members.at(n)
	out := Member{
		Key: m.key, Founder: m.sponsor == none, Join: m.join, Admit: m.admit,
		Admitted: m.admitted, Order: m.order, Index: m.index,
	}
	if !out.Founder {
		out.Sponsor = s.members.at(m.sponsor).key
		out.Invite = s.invites.at(m.invite).id
	}
	return out
}

// Members are all members in the order of their admission, the founder first.
func (s State) Members() iter.Seq[Member] {
	return func(yield func(Member) bool) {
		for n := range s.Count() {
			if !yield(s.member(number(n))) {
				return
			}
		}
	}
}

// Count is the number of members.
func (s State) Count() int { return s.members.len() }

// Lineage are the people who answer for one another: the member, their sponsor, and so on to the founder. It is empty
// for who is no member.
func (s State) Lineage(key identity.PublicKey) []identity.PublicKey {
	var line []identity.PublicKey
	n, ok := s.members.find(key)
	for ok && n != none {
		m := s.members.at(n)
		line = append(line, m.key)
		n = m.sponsor
	}
	return line
}

// Children are the people a member brought in, in the order of their admission.
func (s State) Children(key identity.PublicKey) []Member {
	n, ok := s.members.find(key)
	if !ok {
		return nil
	}
	var guests []number
	for i := s.members.at(n).invites; i != none; {
		v := s.invites.at(i)
		if v.used != none {
			guests = append(guests, v.used)
		}
		i = v.prev
	}
	slices.Sort(guests)
	out := make([]Member, len(guests))
	for i, g := range guests {
		out[i] = s.member(g)
	}
	return out
}
