package invites

import (
	"cmp"
	"math"
	"slices"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

// union is a Merge on its way. An entry that refers to something which no entry so far has said waits until one does.
// Nothing that stands is ever taken back, and every entry is tried again only when what it waited for is there, so the
// work grows with the number of entries.
type union struct {
	law
	applied int64 // entries that stand; the place of the next
	seen    int64
	waiting map[need][]item
	ready   []item // what they waited for is there
	void    []voided

	roots     []placed
	rooted    map[statement.ID]bool
	delegates []*delegated // in the order of the fold, as all that follows
	people    []*person
	grants    []*gift
	offers    []*offer
	consents  []*consent
	requests  []*request
	entrances []*entrance

	personOf  map[identity.PublicKey]*person
	giftOf    map[statement.ID]*gift
	offerOf   map[statement.ID]*offer
	consentOf map[statement.ID]*consent
	requestOf map[statement.ID]*request
	seats     map[seatName]*seat

	granted map[grantedBy]int64 // slots
	seated  map[atSeat]bool
	revoked map[revokedBy]int64 // the index of the revoke
	erased  map[erasedBy]bool
}

// person is a member, or somebody who would be one if nobody else were.
type person struct {
	number
	key   identity.PublicKey
	src   sources // their admits; of the founder the rules
	word  sources // of them those by which somebody vouched for them
	first leaf    // of the founder
	place int64   // of the founder
	since int64   // the earliest iat of their admits: their periods count from there
	early []early // grants for periods that have not begun, by rising latest

	entrances []*entrance
	circle    int       // settled: people of one circle may have brought in one another
	by        *entrance // settled: the one that counts; nil of the founder and of who is displaced
	lost      *entrance // settled: of who is displaced, or would be but for an entrance that closes a circle
	sponsored *person   // settled: the sponsor by the lost entrance
}

// seat is a slot of grants of one name.
type seat struct {
	owner *person
	by    *entrance // settled: who came in on it
}

type seatName struct {
	grantName
	slot int64
}

type grantName struct {
	of     *person
	why    reward
	period int64
}

// gift is a grant.
type gift struct {
	number
	name   grantName
	id     statement.ID
	slots  int64
	issued int64
	place  int64
	src    sources
}

// offer is an invite.
type offer struct {
	number
	id      statement.ID
	key     identity.PublicKey
	gift    *gift
	slot    int64
	seat    *seat
	issued  int64
	expires int64
	place   int64
	src     sources
	revoked bool
	used    *person // settled
}

// request is a join.
type request struct {
	id       statement.ID
	member   identity.PublicKey
	offer    *offer // nil without an invite
	seat     *seat  // the invite's, or, without one, a seat of its own
	place    int64
	src      sources
	admitted bool
}

// consent is an approve.
type consent struct {
	number
	id      statement.ID
	request *request
	by      *person
	place   int64
	src     sources
}

// entrance is an admit that stands; whether it counts is settled at the end.
type entrance struct {
	person  *person
	request *request
	consent *consent // nil if it was not by asking
	owner   *person  // who invited or approved; the founder by the open door
	id      statement.ID
	order   int64 // of the node's delegate
	at      leaf
	issued  int64
	place   int64
	late    bool // settled: it closes a circle
}

// What one log holds.
type (
	grantedBy struct {
		log  *keeper
		name grantName
	}
	atSeat struct {
		log  *keeper
		seat *seat
	}
	erasedBy struct {
		log *keeper
		key identity.PublicKey
	}
	revokedBy struct {
		log   *keeper
		offer *offer
	}
)

// item is an entry and where it stands.
type item struct {
	Entry
	at   leaf
	seen int64 // its place among all entries
}

type voided struct {
	item
	err error
}

// early is a grant for whoever was admitted no later than latest.
type early struct {
	latest int64
	item
	err error
}

// need is what an entry waits for.
type need struct {
	what what
	id   [32]byte
}

type what uint8

const (
	nothing what = iota
	aPerson
	aGrant
	anInvite
	aJoin
	anApproval
	aSponsored // person: somebody vouched for them
	aPeriod    // of a person, to begin
)

// refusal is why an entry is void whose need nobody met.
func (n need) refusal() error {
	switch id := statement.ID(n.id); n.what {
	case aPerson:
		return reason.Reject(reason.MemberUnknown, "%s", identity.PublicKey(n.id))
	case aGrant:
		return reason.Reject(reason.InviteNone, "no grant is called %s", id)
	case anInvite:
		return reason.Reject(reason.InviteUnknown, "no invite is called %s", id)
	case anApproval:
		return rejectUnapproved(id)
	case aSponsored:
		return rejectUnvouched(identity.PublicKey(n.id))
	default:
		return reason.Reject(reason.StatementAuthority, "no join before this is called %s", id)
	}
}

func newUnion(community identity.PublicKey) *union {
	return &union{
		law:       newLaw(community),
		waiting:   make(map[need][]item),
		rooted:    make(map[statement.ID]bool),
		personOf:  make(map[identity.PublicKey]*person),
		giftOf:    make(map[statement.ID]*gift),
		offerOf:   make(map[statement.ID]*offer),
		consentOf: make(map[statement.ID]*consent),
		requestOf: make(map[statement.ID]*request),
		seats:     make(map[seatName]*seat),
		granted:   make(map[grantedBy]int64),
		seated:    make(map[atSeat]bool),
		revoked:   make(map[revokedBy]int64),
		erased:    make(map[erasedBy]bool),
	}
}

// person finds or begins a person.
func (u *union) person(key identity.PublicKey) *person {
	p, ok := u.personOf[key]
	if !ok {
		p = &person{number: number(len(u.people)), key: key, since: math.MaxInt64}
		u.people = append(u.people, p)
		u.personOf[key] = p
	}
	return p
}

// refuse makes an entry void without a look at it.
func (u *union) refuse(e Entry, err error) {
	u.seen++
	u.void = append(u.void, voided{item{Entry: e, seen: u.seen}, err})
}

// take folds the next entry, and those that waited for it.
func (u *union) take(e Entry) {
	it := item{Entry: e, at: u.leaf(e), seen: u.seen + 1}
	if err := it.at.log.advance(e); err != nil {
		u.refuse(e, err)
		return
	}
	u.seen++
	u.try(it)
	for len(u.ready) > 0 {
		it, u.ready = u.ready[0], u.ready[1:]
		u.try(it)
	}
}

// try lets an entry stand, wait, or be void.
func (u *union) try(it item) {
	switch wants, err := u.stand(it); {
	case err != nil:
		u.void = append(u.void, voided{it, err})
	case wants.what == aPeriod: // it waits with the person
	case wants.what != nothing:
		u.waiting[wants] = append(u.waiting[wants], it)
	default:
		u.applied++
		it.at.log.size = max(it.at.log.size, it.at.index+1)
	}
}

// met says something at a leaf, and calls those who waited for it.
func (u *union) met(n need, src *sources, at leaf) {
	before := *src
	src.add(at)
	waiting, ok := u.waiting[n]
	if !ok || *src == before { // said again where it was said before
		return
	}
	rest := waiting[:0]
	for _, it := range waiting {
		if src.known(it.at) {
			u.ready = append(u.ready, it)
		} else {
			rest = append(rest, it)
		}
	}
	if u.waiting[n] = rest; len(rest) == 0 {
		delete(u.waiting, n)
	}
}

// wait keeps a grant until its period has begun for the person.
func (p *person) wait(e early) {
	i, _ := slices.BinarySearchFunc(p.early, e, func(a, b early) int {
		return cmp.Or(cmp.Compare(a.latest, b.latest), cmp.Compare(b.seen, a.seen))
	})
	p.early = slices.Insert(p.early, i, e)
}

// began says that the person was admitted at that time, and calls the grants that waited for it.
func (u *union) began(p *person, at int64) {
	p.since = min(p.since, at)
	for n := len(p.early); n > 0 && p.early[n-1].latest >= p.since; n-- {
		u.ready = append(u.ready, p.early[n-1].item)
		p.early = p.early[:n-1]
	}
}

// leftOver are all entries without force, in the order in which they came.
func (u *union) leftOver() []voided {
	all := u.void
	for n, items := range u.waiting {
		for _, it := range items {
			all = append(all, voided{it, n.refusal()})
		}
	}
	for _, p := range u.people {
		for _, e := range p.early {
			all = append(all, voided{e.item, e.err})
		}
	}
	slices.SortFunc(all, func(a, b voided) int { return cmp.Compare(a.seen, b.seen) })
	return all
}
