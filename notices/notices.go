// Package notices decides who is told of what, and when it is quiet.
//
// A room that opens is worth a word to whoever follows one of its topics, its creator, or wants to hear of every room of
// their community; a person who comes on a stage, to whoever follows them; a planned room, to whoever asked to be reminded.
// [Wishes.Judge] says for one room and one member whether there is a word for them, and the strongest reason there is. It
// is a pure function of what it is given: the room, the wishes, what the member was told before, and the time.
//
// Nobody is told of what is their own, of what somebody made whom they block, of a community that they hid, or twice of
// one room. How many words there may be in an hour is bounded for each kind by itself, so that strangers who open rooms on a
// topic cannot drown what friends do. What comes in quiet hours is a word all the same: it waits in the list, and nothing
// rings.
package notices

import (
	"slices"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/statement"
)

// Kind is why somebody is told.
type Kind string

// The kinds, the strongest first: of several reasons the first is given.
const (
	Reminder  Kind = "reminder"  // they asked to be reminded of a planned room
	Person    Kind = "person"    // somebody whom they follow opened the room, or came on its stage
	Community Kind = "community" // a room of their community opened
	Topic     Kind = "topic"     // a room opened on a topic that they follow
)

// Times, in milliseconds.
const (
	FreshFor = 10 * 60_000          // how long after its creation a room counts as opening
	Ahead    = 2 * 60_000           // how far ahead of this node's clock a creation may be
	hour     = 60 * 60_000          // for the bounds
	KeepFor  = 7 * 24 * 60 * 60_000 // how long it is remembered what somebody was told
)

// perHour is how many words of a kind there may be in an hour. Reminders are bounded by who asks for them.
func perHour(k Kind) int {
	switch k {
	case Person, Community:
		return 12
	case Topic:
		return 6
	default:
		return 1000
	}
}

// Room is a live room, as far as it matters here.
type Room struct {
	ID        statement.ID
	Schedule  statement.ID // that it was opened from, or zero
	Creator   identity.PublicKey
	Community identity.PublicKey
	Topics    []string
	Language  string
	Created   int64                // Unix milliseconds
	Came      []identity.PublicKey // who has come on the stage since it was last looked at
}

// Wishes are what one member wants to be told.
type Wishes struct {
	Member identity.PublicKey
	Home   identity.PublicKey // their community

	OfReminders, OfPeople, OfCommunity, OfTopics bool // the kinds that they have not switched off

	Topics    []string                          // that they follow
	Languages []string                          // that they understand; none: any
	Hidden    []identity.PublicKey              // communities of which they want to hear nothing
	Follows   func(who identity.PublicKey) bool // nil: nobody
	Blocks    func(who identity.PublicKey) bool // nil: nobody
	Inside    func(room statement.ID) bool      // whether they are in a room; nil: in none
}

// Told is that a member was told of a room before.
type Told struct {
	Room     statement.ID // of a reminder: the schedule
	Schedule statement.ID // that the room was opened from, or zero
	Kind     Kind
	At       int64 // Unix milliseconds
	Start    int64 // of a reminder: the date it was about, Unix milliseconds
}

// Word is why a member is told of a room.
type Word struct {
	Kind  Kind
	By    identity.PublicKey // for Person: whom they follow; else the creator
	Topic string             // for Topic
}

// Judge says whether a member is to be told of a room, at a time in Unix milliseconds.
func (w Wishes) Judge(r Room, told []Told, at int64) (Word, bool) {
	if r.Creator == w.Member || w.blocks(r.Creator) || slices.Contains(w.Hidden, r.Community) || knows(r, told, at) {
		return Word{}, false
	}
	word, ok := w.why(r, at)
	if !ok || Spent(word.Kind, told, at) || w.Inside != nil && w.Inside(r.ID) {
		return Word{}, false
	}
	return word, true
}

// knows reports whether a member has heard of a room: told of it by itself, or reminded of what it was opened from just now.
func knows(r Room, told []Told, at int64) bool {
	return slices.ContainsFunc(told, func(t Told) bool {
		return t.Kind != Reminder && t.Room == r.ID ||
			t.Kind == Reminder && !r.Schedule.IsZero() && t.Room == r.Schedule && t.At > at-hour
	})
}

// why is the strongest reason to tell of a room.
func (w Wishes) why(r Room, at int64) (Word, bool) {
	opens := r.Created > at-FreshFor && r.Created <= at+Ahead
	if who, ok := w.followed(r, opens); ok && w.OfPeople {
		return Word{Kind: Person, By: who}, true
	}
	if !opens || len(w.Languages) > 0 && !slices.Contains(w.Languages, r.Language) {
		return Word{}, false
	}
	if w.OfCommunity && r.Community == w.Home {
		return Word{Kind: Community, By: r.Creator}, true
	}
	if w.OfTopics {
		for _, topic := range r.Topics {
			if slices.Contains(w.Topics, topic) {
				return Word{Kind: Topic, By: r.Creator, Topic: topic}, true
			}
		}
	}
	return Word{}, false
}

// followed is somebody in a room whom the member follows: who opens it, else who came on its stage.
func (w Wishes) followed(r Room, opens bool) (identity.PublicKey, bool) {
	if opens && w.follows(r.Creator) {
		return r.Creator, true
	}
	for _, who := range r.Came {
		if who != w.Member && w.follows(who) && !w.blocks(who) {
			return who, true
		}
	}
	return identity.PublicKey{}, false
}

// Remind says whether a member who asked for it is to be reminded of a date of a planned room: not when they were told just
// now that it is open, nor twice of one date.
func (w Wishes) Remind(schedule statement.ID, start int64, told []Told, at int64) bool {
	return w.OfReminders && !slices.ContainsFunc(told, func(t Told) bool {
		return t.Kind == Reminder && t.Room == schedule && t.Start == start ||
			t.Kind != Reminder && t.Schedule == schedule && t.At > at-hour
	})
}

// Spent reports whether a member has heard all that an hour holds of a kind.
func Spent(k Kind, told []Told, at int64) bool {
	count := 0
	for _, t := range told {
		if t.Kind == k && t.At > at-hour {
			count++
		}
	}
	return count >= perHour(k)
}

func (w Wishes) follows(who identity.PublicKey) bool { return w.Follows != nil && w.Follows(who) }

func (w Wishes) blocks(who identity.PublicKey) bool { return w.Blocks != nil && w.Blocks(who) }
