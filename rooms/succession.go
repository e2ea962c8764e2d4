package rooms

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/statement"
)

// The pace of an election, in milliseconds. A host that stops answering is gone for each listed node at most PingEvery ×
// (MissesGone + 1) = 4 s later, and the nodes notice within PingEvery of one another. The first in line therefore waits
// CollectLost for the others' lost statements, and claims 5.5 s after the kill at the latest. That leaves 4.5 s of
// SilenceMost for members to be taken over, or for the second in line to claim in its place.
const (
	PingEvery   = 1_000  // between two pings of a listed node to the host; also how long it waits for the answer
	MissesGone  = 3      // pings in a row without an answer after which the host is gone
	CollectLost = 1_500  // how long the first in line waits for lost statements: PingEvery and half a second of travel
	ClaimStep   = 1_500  // what each further place waits more, so that a claim reaches it before it makes its own
	RenewAfter  = 20_000 // from hearing of a rival until its lost statements are used: see Rivals
	SilenceMost = 10_000 // from the loss of a host until its room is heard again
)

// ClaimDelay is how long, in milliseconds, a listed node waits between losing the host and claiming the room. ahead is how
// many of those before it on the list it can reach now: whoever is lost together with the host is not waited for. The
// one with nobody ahead need not wait for it all: it claims at once when every listed node it can reach has said lost.
// The others must wait, even then, or all would claim together.
func ClaimDelay(ahead int) int64 { return CollectLost + int64(ahead)*ClaimStep }

// ClaimEpoch is the epoch that the node at a place of the list claims, counting places from 0. Each has one of its own,
// and statement.MaxEpochs is as many as there are places: of two claims against one host no two share an epoch, so that
// (epoch, host) and the person numbers of an epoch are never ambiguous.
func ClaimEpoch(epoch int64, place int) int64 { return epoch + 1 + int64(place) }

// Compare orders the tenures of one room by the rule for the time after a partition: positive if t counts and u has to
// give way, negative the other way round, 0 only if they are the same (or of two rooms, which do not compete). It
// assumes that the hosts of both are alive and that neither has restarted; see Decide and Prefer.
//
// The tenures are followed from the first host to where they part. If one of them ends there, its host is the old one:
// a claim prevails over it if the listed nodes that signed lost are more than the old host and the other listed nodes
// together. If both go on there, with rival claims, one that prevails over the host that both left goes before one that
// does not; then the one with more signatures counts; then the newer list, the earlier place, the lower key.
//
// This is a total order, whatever is compared: of any set of hosts exactly one has to give way to none.
func (t Tenure) Compare(u Tenure) int {
	if t.Room != u.Room {
		return 0
	}
	common := min(len(t.steps), len(u.steps))
	for i := range common {
		if c := compareSteps(t.steps[i], u.steps[i]); c != 0 {
			return c
		}
	}
	switch {
	case len(t.steps) > common:
		return sign(t.steps[common].margin())
	case len(u.steps) > common:
		return -sign(u.steps[common].margin())
	}
	return 0
}

// sign is 1 for a claim that prevails over the old host, -1 for one that does not; a tie goes to the old host.
func sign(margin int) int {
	if margin > 0 {
		return 1
	}
	return -1
}

// margin is how many nodes more are on the claimant's side of a partition than on the old host's. That one counts as
// one, and so does every listed node that has not said lost: what a node has not signed cannot be held against the host.
func (s step) margin() int { return s.signed - (1 + s.listed - s.signed) }

// compareSteps orders two claims to follow one host. The epoch and the id only tell claims of one node apart.
func compareSteps(a, b step) int {
	return cmp.Or(
		cmp.Compare(sign(a.margin()), sign(b.margin())),
		cmp.Compare(a.signed, b.signed),
		cmp.Compare(a.list, b.list),
		cmp.Compare(b.place, a.place),
		bytes.Compare(b.host[:], a.host[:]),
		cmp.Compare(a.epoch, b.epoch),
		bytes.Compare(b.claim[:], a.claim[:]),
	)
}

// parting is the claim of u by which it leaves the tenure t; false unless u goes on from t.
func (t Tenure) parting(u Tenure) (step, bool) {
	n := len(t.steps)
	if t.Room != u.Room || n >= len(u.steps) {
		return step{}, false
	}
	same := func(a, b step) bool { return a.claim == b.claim }
	return u.steps[n], slices.EqualFunc(t.steps, u.steps[:n], same)
}

// Extends reports whether t goes on from u: u's host is a former host of t's line.
func (t Tenure) Extends(u Tenure) bool {
	_, ok := u.parting(t)
	return ok
}

// Decision is what a host does about another host of its room.
type Decision string

// The decisions.
const (
	// Stay is to host on, and to announce the room again at once, so that the other hears of it.
	Stay Decision = "stay"
	// Yield is to host no more and to follow the other.
	Yield Decision = "yield"
	// Ask is to show the own tenure to the other, which is the old host and alone knows whether it has restarted, and
	// to host on until it answers: it yields, or says that it stays, and then the asker yields.
	Ask Decision = "ask"
)

// Decide is what the host of t does about the host of other, of whom it knows that it lives: it met it on a stream.
// since is when this host last started, in Unix seconds. An old host that started after a claim was made (it restarted
// while it was lost) yields on a tie; the claimant cannot know this, and so asks.
func (t Tenure) Decide(other Tenure, since int64) Decision {
	if t.Room != other.Room || t.Host == other.Host {
		return Stay
	}
	if claim, ok := t.parting(other); ok && claim.margin() == 0 && since >= claim.issued {
		return Yield
	}
	if claim, ok := other.parting(t); ok && claim.margin() == 0 {
		return Ask
	}
	if t.Compare(other) < 0 {
		return Yield
	}
	return Stay
}

// Hear is Decide about the host of an announcement. An old host's announcement from before the claim is no sign of
// life, and no reason to yield.
func (t Tenure) Hear(a Announcement, since int64) Decision {
	if claim, ok := a.Tenure.parting(t); ok && !a.livesAfter(claim) {
		return Stay
	}
	return t.Decide(a.Tenure, since)
}

// Prefer reports whether somebody who hears two announcements of one room follows a rather than b. Of one host and epoch
// that is the newer one, and nothing after the end. Of an old host and somebody who claimed after it, the old one is
// preferred only if Compare says so and its announcement is younger than the claim: else it may just be lost. Once it
// has ended the room, no later claim counts.
func Prefer(a, b Announcement) bool {
	if a.Host == b.Host && a.Epoch == b.Epoch {
		return b.State != statement.RoomEnded && a.Number > b.Number
	}
	if claim, ok := b.Tenure.parting(a.Tenure); ok {
		if b.State == statement.RoomEnded && claim.issued > b.Issued {
			return false
		}
		return claim.margin() > 0 || !b.livesAfter(claim)
	}
	if claim, ok := a.Tenure.parting(b.Tenure); ok {
		if a.State == statement.RoomEnded && claim.issued > a.Issued {
			return true
		}
		return claim.margin() <= 0 && a.livesAfter(claim)
	}
	return a.Tenure.Compare(b.Tenure) > 0
}

// livesAfter reports whether an announcement shows that its host lives after that claim against it.
func (a Announcement) livesAfter(claim step) bool { return a.Issued > claim.issued }

// Successors is the list of nodes that a host names to follow it: the homes of the moderators in the order of their
// appointment, then of the speakers as they came to the stage, then of the listeners as they entered; each once, five at
// most. home is where somebody is connected, zero for the host itself; follows says of a node that it follows the log of
// the room's community and has a living stream to the host. In a room of thousands whose homes are few it looks at
// everybody: call it when homes or the stage change, not at each action.
func Successors(s State, self identity.PublicKey, home func(identity.PublicKey) identity.PublicKey, follows func(node identity.PublicKey) bool) []identity.PublicKey {
	var list []identity.PublicKey
	full := func() bool { return len(list) == statement.MaxSuccessors }
	add := func(person identity.PublicKey) {
		node := home(person)
		if !full() && !node.IsZero() && node != self && !slices.Contains(list, node) && follows(node) {
			list = append(list, node)
		}
	}
	stage := s.Stage()
	slices.SortStableFunc(stage, func(a, b StagePerson) int { return cmp.Compare(a.Since, b.Since) })
	for _, p := range stage {
		if p.Role == Moderator {
			add(p.Key)
		}
	}
	for _, p := range s.stage {
		if p.Role == Speaker {
			add(p.Key)
		}
	}
	for it := s.entries.Iterator(); !it.Done() && !full(); {
		_, k, _ := it.Next()
		add(k)
	}
	return list
}
