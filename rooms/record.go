package rooms

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/go-json-experiment/json"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/statement"
)

// Record is what of a room must survive a restart of its host: the roles, the stage, the hand queue, the settings, the
// removals and the log of what moderators did.
// It names no listener who has not raised a hand, and nothing that a restart resets anyway: everybody comes back muted
// and unconnected, and offers are void. It is stored while the room lives and erased when it ends.
type Record struct {
	Room    Config        `json:"room"`
	Stage   []StageRecord `json:"stage"`
	Hands   []HandRecord  `json:"hands,omitempty"`
	Removed []Removal     `json:"removed,omitempty"`

	Settings Settings `json:"settings,omitzero"`
	Log      []Order  `json:"log,omitempty"`
	Door     Door     `json:"door,omitzero"` // absent in records of earlier versions: members

	Named []identity.PublicKey `json:"named,omitempty"` // moderators who may yet come
}

// StageRecord is one person of a Record's stage.
type StageRecord struct {
	Key    identity.PublicKey `json:"key"`
	Number uint32             `json:"number"`
	Role   Role               `json:"role"`
	By     identity.PublicKey `json:"by,omitzero"`
	Since  int64              `json:"since,omitzero"` // absent in records of earlier versions
}

// HandRecord is one hand of a Record's queue.
type HandRecord struct {
	Key      identity.PublicKey `json:"key"`
	Number   uint32             `json:"number"`
	Question string             `json:"question,omitempty"`
	At       int64              `json:"at"`
}

// Record is the durable part of a room that lives. Durable tells from events whether it may have changed.
func (s State) Record() Record {
	r := Record{Room: s.config, Removed: s.Removals(), Door: Door{Entry: s.entry, Chosen: s.Chosen()}, Settings: s.settings, Log: s.Log(), Named: slices.Clone(s.named)}
	for _, p := range s.stage {
		r.Stage = append(r.Stage, StageRecord{Key: p.Key, Number: p.Number, Role: p.Role, By: p.By, Since: p.Since})
	}
	for _, h := range s.hands {
		r.Hands = append(r.Hands, HandRecord{Key: h.Key, Number: h.Number, Question: h.Question, At: h.At})
	}
	return r
}

// Restore is the room of a Record that State.Record made or ParseRecord read, after a restart at the given time in
// Unix milliseconds. Everybody on the stage is muted and unconnected, and every place and hand is held for Hold.
func Restore(r Record, at int64) State {
	s := empty(r.Room, at)
	for _, p := range r.Stage {
		s.last = max(s.last, p.Number)
		s.stage = append(s.stage, StagePerson{
			Key: p.Key, Number: p.Number, Role: p.Role, By: p.By, Since: p.Since, Muted: true, Until: at + Hold,
			Hushed: true, // who had been muted by a moderator is not known any more
		})
	}
	for _, h := range r.Hands {
		s.last = max(s.last, h.Number)
		s.hands = append(s.hands, Hand{
			Key: h.Key, Number: h.Number, Question: h.Question, At: h.At, Until: at + Hold,
		})
	}
	for _, m := range r.Removed {
		s.removed = s.removed.Set(m.Key, m)
	}
	s.over, s.vacant = s.nextOver(), at
	s.settings, s.log, s.named = r.Settings, r.Log, r.Named
	if r.Door.Entry != "" {
		s = s.Opened(r.Door)
	}
	return s
}

// Within is the Record with no more of its log, and of the proofs of its removals, than fit into so many bytes: what of
// it one message can carry. People, hands and the removals themselves are never left out.
func (r Record) Within(size int) Record {
	fits := func() bool {
		data, err := r.Encode()
		return err != nil || len(data) <= size
	}
	for lines := len(r.Log); lines > 0 && !fits(); lines /= 2 {
		r.Log = trimmed(slices.Clone(r.Log), lines/2, maxLogBytes)
	}
	if !fits() {
		r.Removed = slices.Clone(r.Removed)
		for i := range r.Removed {
			r.Removed[i].Act, r.Removed[i].Reason = "", statement.Text{}
		}
	}
	return r
}

// EpochNumbers is how many person numbers there are for one epoch: those of epoch e are above e × EpochNumbers (in
// epoch 1 from 1). A line of tenures cannot get beyond epoch 1 + MaxHandovers × statement.MaxEpochs = 81, so they fit
// into 32 bits.
const EpochNumbers = 1 << 24

// Takeover is the room of a Record at the host of that epoch, from 2: as Restore, and the numbers of those who come are
// new. A number that an earlier host gave (to a listener, whom no Record names, or to somebody who came after the copy
// was made) may still be on its way in audio or events, and must not turn into somebody else's voice.
//
// A host that restarts in an epoch above 1 takes over from itself.
func Takeover(r Record, epoch, at int64) State {
	s := Restore(r, at)
	s.last = max(s.last, uint32(min(max(epoch, 0), math.MaxUint32/EpochNumbers))*EpochNumbers)
	return s
}

// Encode writes the Record as JSON.
func (r Record) Encode() ([]byte, error) {
	data, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("rooms: encoding a record: %w", err)
	}
	return data, nil
}

// ParseRecord reads what Encode wrote. It refuses anything that State.Record cannot have made: unknown or repeated
// members, people in two places, a stage without a moderator, numbers given twice.
func ParseRecord(data []byte) (Record, error) {
	var r Record
	if err := json.Unmarshal(data, &r, json.RejectUnknownMembers(true)); err != nil {
		return Record{}, fmt.Errorf("rooms: reading a record: %w", err)
	}
	if err := r.check(); err != nil {
		return Record{}, fmt.Errorf("rooms: reading a record: %w", err)
	}
	return r, nil
}

// maxTime bounds the times of a record, in Unix milliseconds: the integers that JSON readers agree on (RFC 7493).
const maxTime = 1<<53 - 1

func (r Record) check() error {
	c := checker{people: map[identity.PublicKey]bool{}, numbers: map[uint32]bool{}}
	l := r.Room.Limits
	c.require(!r.Room.ID.IsZero() && !r.Room.Creator.IsZero(), "a room without id or creator")
	c.require(l.People >= 0 && l.Stage >= 0 && l.Hands >= 0 && l.Guests >= 0, "negative limits")
	c.require(len(r.Stage) <= l.stage() && len(r.Hands) <= l.hands(), "more than the limits allow")
	c.time(r.Room.At)
	moderators := 0
	for _, p := range r.Stage {
		c.person(p.Key)
		c.number(p.Number)
		c.require(p.Role == Moderator || p.Role == Speaker, "a role that is not on the stage")
		c.require(p.Role == Moderator || p.By.IsZero() && p.Since == 0, "a speaker whom somebody appointed")
		c.time(p.Since)
		if p.Role == Moderator {
			moderators++
		}
	}
	c.require(moderators > 0, "no moderator")
	for _, h := range r.Hands {
		c.person(h.Key)
		c.number(h.Number)
		c.time(h.At)
	}
	for _, m := range r.Removed {
		if m.Lifted == 0 { // who was let in again may be here
			c.person(m.Key)
		}
		c.require(m.valid(), "a removal of nobody, by nobody or out of time")
	}
	c.require(len(r.Named) <= statement.MaxModerators, "more moderators than a plan names")
	c.require(r.Settings.Slow >= 0 && r.Settings.Slow <= MaxSlow, "a slow mode out of range")
	c.require(len(r.Log) <= MaxLog, "more log than is kept")
	for _, o := range r.Log {
		c.time(o.At)
		c.require((o.Act == "") != o.Made.IsZero(), "a line of the log that says nothing, or two things")
	}
	c.door(r.Door, l)
	return c.err
}

// door allows for those on the stage, who are chosen beyond the limit when a room is made one for chosen people.
func (c *checker) door(d Door, l Limits) {
	c.require(d.Entry != "" || len(d.Chosen) == 0, "chosen people without an entry")
	c.require(len(d.Chosen) <= MaxChosen+l.stage() && d.distinct() == nil, "a list of chosen people that is too long, or has one twice")
	c.require(d.Entry == "" || Door{Entry: d.Entry}.Check() == nil, "an entry that is none")
}

// checker keeps the first thing that is wrong.
type checker struct {
	people  map[identity.PublicKey]bool
	numbers map[uint32]bool
	err     error
}

func (c *checker) require(ok bool, otherwise string) {
	if !ok && c.err == nil {
		c.err = errors.New(otherwise)
	}
}

func (c *checker) person(k identity.PublicKey) {
	c.require(!k.IsZero() && !c.people[k], "somebody in two places, or nobody in one")
	c.people[k] = true
}

func (c *checker) number(n uint32) {
	c.require(n != 0 && !c.numbers[n], "a person number given twice, or none")
	c.numbers[n] = true
}

func (c *checker) time(at int64) { c.require(at >= 0 && at <= maxTime, "a time out of range") }
