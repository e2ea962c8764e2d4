package api

import (
	"slices"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/statement"
)

// Verdict is what a client makes of a moderator's command, after it has verified the act.
type Verdict string

// The verdicts. An event that is no moderator's command has none ("").
const (
	// VerdictProven: signed by somebody whose authority leads back, act by act, to the creator who signed the create statement.
	VerdictProven Verdict = "proven"
	// VerdictVouched: rightly signed, by somebody who moderates because the room made them a moderator when no other was left,
	// or because they did before this client came; or of an earlier time, brought along by a host. It rests on the host's
	// word.
	VerdictVouched Verdict = "vouched"
	// VerdictRefused: without an act, or with one of somebody else, for another room, person or action, said before, or by
	// nobody who moderates. It must not be shown as what a moderator did.
	VerdictRefused Verdict = "refused"
)

// actSlack is how far, in milliseconds, the time of an act may be from that of its event: what a host takes, and a
// minute for the way.
const actSlack = (statement.Slack + 60) * 1000

// maxActs bounds the numbers of acts that an Authority remembers.
const maxActs = 4096

// Authority verifies moderators' commands for somebody in a room. It begins with the first snapshot and takes every event
// in order; from then on it knows who moderates by what it saw, and not by what the host says of a command.
type Authority struct {
	room    statement.ID
	creator identity.PublicKey // the zero key without a create statement that is the room's
	offices map[identity.PublicKey]office
	named   map[identity.PublicKey]bool // whom the creator appointed with the opening, and nobody withdrew
	former  map[identity.PublicKey]bool // who moderated at any time
	acts    map[entryOf]int64           // the last number
	last    statement.ID                // the last act: one command may have several events
}

// office is why somebody moderates.
type office struct {
	standing Verdict
	by       identity.PublicKey // who appointed them; zero for the creator, and whom the room made one
}

// entryOf is one entry of a person, under which their acts are numbered.
type entryOf struct {
	who   identity.PublicKey
	nonce string
}

// NewAuthority begins for a room.
func NewAuthority(room statement.ID) *Authority {
	return &Authority{
		room: room, offices: map[identity.PublicKey]office{}, named: map[identity.PublicKey]bool{},
		former: map[identity.PublicKey]bool{}, acts: map[entryOf]int64{},
	}
}

// Take takes in the next event, and says what to make of it if it is a moderator's command.
func (a *Authority) Take(event Event) Verdict {
	if e, ok := event.(Snapshot); ok {
		a.begin(e)
		return ""
	}
	by := By(event)
	verdict := Verdict("")
	if by != nil || event.Header().Act != "" {
		verdict = a.judge(event, by)
	}
	switch e := event.(type) {
	case StageJoined:
		if e.Person.Role == RoleModerator {
			a.admit(e.Person.Key, a.opened(e.Person.Key))
		}
	case RoleChanged:
		delete(a.offices, e.Key)
		delete(a.named, e.Key)
		switch {
		case e.Role != RoleModerator || verdict == VerdictRefused:
		case verdict == "":
			a.admit(e.Key, office{standing: VerdictVouched})
		default:
			a.admit(e.Key, office{standing: verdict, by: *by})
		}
	case StageLeft:
		delete(a.offices, e.Key)
		if e.Why == "stepped_down" {
			delete(a.named, e.Key)
		}
	}
	return verdict
}

// Replay is what to make of each line of a log, beginning with the create statement. Whoever moderates now, as this
// Authority saw it, is vouched for where no line makes them a moderator.
func (a *Authority) Replay(create string, orders []Order) []Verdict {
	b := NewAuthority(a.room)
	b.found(create)
	for who := range a.offices {
		if _, creator := b.offices[who]; !creator {
			b.admit(who, office{standing: VerdictVouched})
		}
	}
	verdicts := make([]Verdict, len(orders))
	for i, o := range orders {
		verdicts[i] = b.line(o)
	}
	return verdicts
}

// begin takes a snapshot: the moderators are those on its stage, by the chain of acts that makes them so, or else by the
// host's word.
func (a *Authority) begin(s Snapshot) {
	chain := NewAuthority(a.room)
	chain.found(s.Create)
	for _, o := range s.Roles {
		chain.line(o)
	}
	a.creator, a.named, a.former = chain.creator, chain.named, chain.former
	a.offices = map[identity.PublicKey]office{}
	for _, p := range s.Stage {
		if p.Role != RoleModerator {
			continue
		}
		o, ok := chain.offices[p.Key]
		if !ok {
			o = office{standing: VerdictVouched}
		}
		a.admit(p.Key, o)
	}
}

// found takes the create statement, whose signer is the first moderator, and appoints those whom it names.
func (a *Authority) found(create string) {
	st, err := statement.ParseKind[*statement.Create](create)
	if err != nil || st.ID() != a.room {
		return
	}
	a.creator = st.Signer()
	a.admit(a.creator, office{standing: VerdictProven})
	for _, who := range st.Body().(*statement.Create).Moderators {
		if who != a.creator {
			a.named[who] = true
			a.admit(who, a.opened(who))
		}
	}
}

// opened is why somebody moderates who comes in as a moderator: the creator appointed them with the opening, or the host
// says so.
func (a *Authority) opened(who identity.PublicKey) office {
	if a.named[who] {
		return office{standing: VerdictProven, by: a.creator}
	}
	return office{standing: VerdictVouched}
}

func (a *Authority) admit(who identity.PublicKey, o office) {
	a.offices[who] = o
	a.former[who] = true
}

// line takes one line of a log.
func (a *Authority) line(o Order) Verdict {
	if o.Act == "" {
		if o.Made != nil {
			a.admit(*o.Made, office{standing: VerdictVouched})
		}
		return VerdictVouched
	}
	st, body, ok := a.read(o.Act, o.Reason)
	signer, known := a.offices[st.Signer()]
	if !ok || !known || !near(body, o.At) || !a.rises(st, body) {
		return VerdictRefused
	}
	switch ActionType(body.Do) {
	case ActAppoint:
		if _, already := a.offices[body.Target]; !already || a.offices[body.Target].standing == VerdictVouched {
			a.admit(body.Target, office{standing: signer.standing, by: st.Signer()})
		}
	case ActWithdraw:
		if !a.mayWithdraw(st.Signer(), body.Target) {
			return VerdictRefused
		}
		delete(a.offices, body.Target)
		delete(a.named, body.Target)
	default: // nobody's role
	}
	return signer.standing
}

// read reads an act for this room, with the reason beside it if there is one.
func (a *Authority) read(text string, why *Text) (st statement.Statement, body *statement.Act, ok bool) {
	st, err := statement.ParseKind[*statement.Act](text)
	if err != nil {
		return st, nil, false
	}
	body = st.Body().(*statement.Act)
	fits := why == nil || body.Reason != nil && why.Commitment() == *body.Reason
	return st, body, body.Room == a.room && fits && ActionType(body.Do).Moderates()
}

// judge holds an event against the act that it came with, and the signer against the roles as they were before it.
func (a *Authority) judge(event Event, by *identity.PublicKey) Verdict {
	head := event.Header()
	st, body, ok := a.read(head.Act, head.Reason)
	if !ok || by == nil || st.Signer() != *by || !fits(event, body) {
		return VerdictRefused
	}
	if !near(body, head.At) { // a removal that a host brings along from before
		if ActionType(body.Do) == ActRemove && body.IssuedAt*1000 < head.At && a.former[*by] {
			return VerdictVouched
		}
		return VerdictRefused
	}
	signer, moderates := a.offices[*by]
	if !moderates || !a.ranks(st.Signer(), body) || !a.rises(st, body) {
		return VerdictRefused
	}
	return signer.standing
}

// ranks refuses what nobody may do to somebody who moderates.
func (a *Authority) ranks(signer identity.PublicKey, body *statement.Act) bool {
	switch ActionType(body.Do) {
	case ActMute, ActMove, ActRemove:
		_, moderates := a.offices[body.Target]
		return !moderates
	case ActWithdraw:
		return a.mayWithdraw(signer, body.Target)
	default:
		return true
	}
}

func (a *Authority) mayWithdraw(signer, who identity.PublicKey) bool {
	return signer == who || signer == a.creator || a.offices[who].by == signer
}

// rises refuses an act that was said before: its number is not above the last of its entry, and it is not the one whose
// events are still coming.
func (a *Authority) rises(st statement.Statement, body *statement.Act) bool {
	entry := entryOf{st.Signer(), body.Nonce}
	if st.ID() == a.last {
		return true
	}
	if body.Number <= a.acts[entry] {
		return false
	}
	if len(a.acts) >= maxActs {
		clear(a.acts)
	}
	a.acts[entry], a.last = body.Number, st.ID()
	return true
}

func near(body *statement.Act, at int64) bool {
	d := body.IssuedAt*1000 - at
	return -actSlack <= d && d <= actSlack
}

// By is the moderator by whom an event says that it came about; nil where none did.
func By(event Event) *identity.PublicKey {
	switch e := event.(type) {
	case HandLowered:
		return e.By
	case StageOffered:
		return &e.Offer.By
	case StageLeft:
		return e.By
	case Muted:
		return e.By
	case RoleChanged:
		return e.By
	case Removed:
		return &e.By
	case RemovalEnded:
		return e.By
	case UnmuteAsked:
		return &e.By
	case SettingsChanged:
		return &e.By
	case EntryChanged:
		return &e.By
	case Ended:
		return e.By
	default:
		return nil
	}
}

// fits reports whether an event is what the act asked for.
func fits(event Event, act *statement.Act) bool {
	is := func(target identity.PublicKey, actions ...ActionType) bool {
		return act.Target == target && slices.Contains(actions, ActionType(act.Do))
	}
	switch e := event.(type) {
	case HandLowered:
		return is(e.Key, ActDismissHand, ActRemove)
	case StageOffered:
		return is(e.Offer.Key, ActOffer)
	case StageLeft:
		return e.Why == "moved" && is(e.Key, ActMove) || e.Why == "removed" && is(e.Key, ActRemove)
	case Muted:
		return is(e.Key, ActMute) || ActionType(act.Do) == ActMuteAll
	case RoleChanged:
		return e.Role == RoleModerator && is(e.Key, ActAppoint) || e.Role == RoleSpeaker && is(e.Key, ActWithdraw)
	case Removed:
		return is(e.Key, ActRemove) && lasts(e, act)
	case RemovalEnded:
		return is(e.Key, ActLift)
	case UnmuteAsked:
		return is(e.Key, ActAskToUnmute)
	case EntryChanged:
		return ActionType(act.Do) == ActSetEntry && act.Entry == e.Entry
	case SettingsChanged:
		return sets(e.Settings, act)
	case Ended:
		return ActionType(act.Do) == ActEnd
	default:
		return false
	}
}

// lasts reports whether a removal ends when the act says, counted from its event or from its own time.
func lasts(e Removed, act *statement.Act) bool {
	if act.Duration == nil || e.Until == 0 {
		return act.Duration == nil && e.Until == 0
	}
	d := e.Until - *act.Duration*1000 - act.IssuedAt*1000
	return -actSlack <= d && d <= actSlack
}

// sets reports whether settings are as the act wanted its one of them.
func sets(s RoomSettings, act *statement.Act) bool {
	on := act.Switch != nil && *act.Switch == statement.SwitchOn
	switch ActionType(act.Do) {
	case ActLockStage:
		return act.Switch != nil && s.Locked == on
	case ActAskMode:
		return act.Switch != nil && s.Ask == on
	case ActSlowMode:
		return act.Duration == nil && s.Slow == 0 || act.Duration != nil && s.Slow == *act.Duration
	default:
		return false
	}
}
