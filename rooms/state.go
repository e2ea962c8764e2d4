// Package rooms is the state machine of one live conversation: who is in it, who may do what, who may be heard.
//
// A [State] is an immutable value. The host makes one with [New] when a member creates a room, and from then on feeds
// it [Command] values, one at a time, each with the time the host gave it. [State.Apply] answers with the state after
// the command and the [Event] values that tell what changed, or with a refusal (a *reason.RejectError of a room-*
// reason) and no change at all. There is no clock in here: time passes only through the At of commands, and [Tick] is
// the command that does nothing else; [State.Next] says when the next one is due. The same commands therefore always
// give the same state, on the host, in a simulation and in a replay.
//
// Everybody in a room is in exactly one place:
//   - on the stage, as a moderator or a speaker, in the order of joining it. A lost connection leaves the place held
//     for [Hold], muted, so that a reload of the page or a change of network costs nobody their role;
//   - in the audience, as a connected listener, perhaps with a raised hand in the queue;
//   - nowhere but in the hand queue: a listener with a raised hand whose connection was lost, held as long.
//
// A room that has not ended always has a moderator on its stage, and a connected one within [Grace], if anybody on the
// stage is connected. The last one's place is held: for Hold when their connection is lost, for Grace when they leave
// others behind. When the grace is over, the connected speaker who has been on the stage longest moderates as well (or,
// when no moderator is awaited and all are reconnecting, the longest of those). Moderators by appointment need no
// succession: they moderate already. When the stage is empty, the room ends. Ending forgets everything and everybody.
//
// What moderators do is kept in a log ([State.Log]), each command as the act that they signed.
//
// [State.MaySend] is the only source of the permission to be heard. [State.Record] is what must survive a restart of
// the host, and [Restore] goes on from it.
//
// Around the conversation: an [Announcement] tells other nodes of a room, and a [Directory] is what a node knows of the
// rooms of others. A room outlives its host: a [Tenure] proves who hosts it now, a [Handover] is one change of hosts,
// [Tenure.Compare] says whose tenure counts when a partition left two, and [Takeover] is the room at its new host.
package rooms

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/benbjohnson/immutable"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

// The times of a room, in milliseconds.
const (
	Hold      = 60_000 // how long the place of somebody who lost their connection is held
	OfferLife = 30_000 // how long an offer of the stage stands
	AskAgain  = 10_000 // until somebody who was asked to unmute may be asked again

	// Grace is how long a room waits for its last moderator. A page that is loaded anew, a change of network and a
	// host that is lost and replaced (10 s) fit into it; and nobody waits longer for somebody who can mute.
	Grace = 30_000
)

// Limits bound a room. A zero means the default.
type Limits struct {
	People int `json:"people,omitzero"` // everybody together; 10,000
	Stage  int `json:"stage,omitzero"`  // moderators, speakers and unanswered offers; 50
	Hands  int `json:"hands,omitzero"`  // raised hands; 500
	Guests int `json:"guests,omitzero"` // guests, who are not among the people; 2,000
}

// Config is what a room is made from. It never changes.
type Config struct {
	ID      statement.ID       `json:"id"`      // the id of the create statement
	Creator identity.PublicKey `json:"creator"` // the first moderator
	At      int64              `json:"at"`      // when the host accepted it, Unix milliseconds
	Limits  Limits             `json:"limits,omitzero"`
}

// State is a room at one moment. It is a value: Apply returns another. The zero value is not a room; use New.
type State struct {
	config Config
	at     int64  // the latest time the room has seen, ms
	last   uint32 // the last person number given
	ended  Ended  // Why is "" while the room lives

	stage    []StagePerson                                    // in the order of joining; never modified in place
	hands    []Hand                                           // in the order of raising; never modified in place
	offers   []StageOffer                                     // in the order of offering; never modified in place
	audience *immutable.SortedMap[identity.PublicKey, uint32] // the connected listeners and their numbers
	entries  *immutable.SortedMap[uint32, identity.PublicKey] // the same by number: the order of entering
	removed  *immutable.SortedMap[identity.PublicKey, Removal]
	over     int64                                           // when the next removal is over, ms; 0: none is
	raised   *immutable.SortedMap[identity.PublicKey, int64] // in slow mode: who raised a hand lately, and when
	settings Settings
	log      []Order // never modified in place
	vacant   int64   // since when no moderator is connected, ms; 0 while one is

	named []identity.PublicKey // whom the creator appointed with the opening, until they are withdrawn; never modified in place

	entry  statement.RoomEntry
	chosen *immutable.SortedMap[identity.PublicKey, struct{}] // who may enter while entry is chosen
}

// Command is one action, with who does it and when. The host sets At; it need not be later than the one before, for a
// room's time never goes back (but see State.SetBack).
type Command struct {
	At    int64              // Unix milliseconds
	Actor identity.PublicKey // the zero key for Tick
	Do    Action

	// Act is the action as a moderator signed it, and Reason the text that it commits to. The host has checked both. If
	// the command changes anything, they go into the room's log.
	Act    statement.Statement
	Reason statement.Text
}

// New opens a room. The creator is its only person: on the stage, a moderator, muted, not yet connected. Their place
// is held for Hold from c.At; if they have not entered by then, the room ends.
func New(c Config) State {
	s := empty(c, c.At)
	s.last, s.vacant = 1, c.At
	s.stage = []StagePerson{{Key: c.Creator, Number: 1, Role: Moderator, Muted: true, Until: c.At + Hold, Since: c.At}}
	return s
}

func empty(c Config, at int64) State {
	return State{
		config:   c,
		at:       at,
		audience: immutable.NewSortedMap[identity.PublicKey, uint32](byKey{}),
		entries:  immutable.NewSortedMap[uint32, identity.PublicKey](byNumber{}),
		removed:  immutable.NewSortedMap[identity.PublicKey, Removal](byKey{}),
		raised:   immutable.NewSortedMap[identity.PublicKey, int64](byKey{}),
		entry:    statement.RoomMembers,
		chosen:   noChosen(),
	}
}

// byKey and byNumber order the maps. Ordered maps, not hashed ones: nobody can choose keys that collide.
type (
	byKey    struct{}
	byNumber struct{}
)

// Compare implements immutable.Comparer.
func (byKey) Compare(a, b identity.PublicKey) int { return bytes.Compare(a[:], b[:]) }

// Compare implements immutable.Comparer.
func (byNumber) Compare(a, b uint32) int { return cmp.Compare(a, b) }

// Apply is the transition. It first lets the time up to c.At pass (expired offers and held places go), then does the
// action. A refusal is a *reason.RejectError of a room-* reason; it returns s itself and no events, the passing of
// time included.
//
// What somebody may safely ask for twice is not refused: if the room already is as the action would leave it, Apply
// succeeds without events. Each Action says when that is.
func (s State) Apply(c Command) (State, []Event, error) {
	t := &turn{State: s, actor: c.Actor, act: c.Act, reason: c.Reason}
	t.at = max(s.at, c.At)
	t.expire()
	if t.ended.Why != "" {
		switch c.Do.(type) {
		case Leave, Disconnect, Tick:
			return t.State, t.events, nil
		default:
			return s, nil, reason.Reject(reason.RoomEnded, "%s", t.ended.Why)
		}
	}
	before := len(t.events)
	if err := c.Do.apply(t); err != nil {
		return s, nil, err
	}
	if len(t.events) > before && !c.Act.IsZero() {
		t.note(Order{At: t.at, Act: c.Act.Text(), Reason: c.Reason, Role: isAboutRoles(c.Do)})
	}
	t.succeed()
	return t.State, t.events, nil
}

// Next is the earliest time, in Unix milliseconds, at which a Tick changes something; 0 if none will.
func (s State) Next() int64 {
	var next int64
	due := func(at int64) {
		if at != 0 && (next == 0 || at < next) {
			next = at
		}
	}
	for _, p := range s.stage {
		due(p.Until)
	}
	for _, h := range s.hands {
		due(h.Until)
	}
	for _, o := range s.offers {
		due(o.Expires)
	}
	due(s.over)
	if s.vacant != 0 && slices.ContainsFunc(s.stage, StagePerson.connected) {
		due(s.vacant + Grace)
	}
	return next
}

// Config is what the room was made from.
func (s State) Config() Config { return s.config }

// Ended reports whether and why the room is over. Why is "" while it lives.
func (s State) Ended() (Ended, bool) { return s.ended, s.ended.Why != "" }

// turn is one Apply: the state as far as it is, and the events so far. It is thrown away on a refusal, so that nothing
// needs undoing; what it shares with the state it began from is never modified, only replaced.
type turn struct {
	State
	actor  identity.PublicKey
	act    statement.Statement
	reason statement.Text
	events []Event
}

func (t *turn) tell(e ...Event) { t.events = append(t.events, e...) }

// expire lets what is due at t.at happen.
func (t *turn) expire() {
	for _, o := range t.offers {
		if o.Expires <= t.at {
			t.endOffer(o.Key, OfferExpired)
		}
	}
	for _, h := range t.hands {
		if h.Until != 0 && h.Until <= t.at {
			t.lowerHand(h.Key, identity.PublicKey{})
		}
	}
	for _, p := range t.stage {
		if p.Until != 0 && p.Until <= t.at {
			t.leaveStage(StageLeft{Key: p.Key, Why: LeftLost})
		}
	}
	t.pardon()
	t.succeed()
}

// end is the end of the room: of all that was in it, only why it ended is kept.
func (t *turn) end(why EndedWhy, by identity.PublicKey) {
	last, entry := t.last, t.entry
	t.State = empty(t.config, t.at)
	t.last, t.entry = last, entry
	t.ended = Ended{Why: why, By: by}
	t.tell(t.ended)
}

// here refuses an actor who is not connected to the room.
func (t *turn) here() error {
	if t.Present(t.actor) {
		return nil
	}
	if t.Removed(t.actor) {
		return reason.Reject(reason.RoomRemoved, "")
	}
	return reason.Reject(reason.RoomNotHere, "")
}

// moderates refuses an actor who is not a connected moderator.
func (t *turn) moderates() error {
	if err := t.here(); err != nil {
		return err
	}
	if role, _ := t.Role(t.actor); role != Moderator {
		return reason.Reject(reason.RoomRole, "a %s does not moderate", role)
	}
	return nil
}

// command refuses unless the actor moderates and who has a place in the room; it returns who's role.
func (t *turn) command(who identity.PublicKey) (Role, error) {
	if err := t.moderates(); err != nil {
		return "", err
	}
	role, ok := t.Role(who)
	if !ok {
		return "", reason.Reject(reason.RoomPersonGone, "")
	}
	return role, nil
}

// indexOf finds somebody in one of the lists.
func indexOf[T keyed](list []T, k identity.PublicKey) int {
	return slices.IndexFunc(list, func(e T) bool { return e.key() == k })
}

// without is the list without its i-th element, in new memory.
func without[T any](list []T, i int) []T {
	return slices.Concat(list[:i], list[i+1:])
}

// with is the list and one more, in new memory.
func with[T any](list []T, e T) []T {
	return slices.Concat(list, []T{e})
}

// replaced is the list with another i-th element, in new memory.
func replaced[T any](list []T, i int, e T) []T {
	list = slices.Clone(list)
	list[i] = e
	return list
}

type keyed interface{ key() identity.PublicKey }

// orDefault resolves a limit.
func orDefault(n, standard int) int {
	if n == 0 {
		return standard
	}
	return n
}

func (l Limits) people() int { return orDefault(l.People, 10_000) }
func (l Limits) stage() int  { return orDefault(l.Stage, 50) }
func (l Limits) guests() int { return orDefault(l.Guests, 2_000) }
func (l Limits) hands() int  { return orDefault(l.Hands, 500) }
