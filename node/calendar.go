package node

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/api/ics"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/rooms"
	"github.com/stoa-rooms/stoa/statement"
	"github.com/stoa-rooms/stoa/storage"
)

// keptFeed names the hash of a member's calendar token among what is kept for them alone.
const keptFeed = "calendar"

// feedHash is the SHA-256 of a calendar token. The token itself is nowhere but in the member's calendar.
type feedHash [sha256.Size]byte

// Linked implements server.Calendars.
func (s *schedules) Linked(member identity.PublicKey) (bool, error) {
	_, ok, err := s.community.journal.store.Private(member, keptFeed)
	return ok, err
}

// Link implements server.Calendars.
func (s *schedules) Link(member identity.PublicKey) (string, error) {
	var raw [32]byte
	_, _ = rand.Read(raw[:]) // never fails since Go 1.24
	token := base64.RawURLEncoding.EncodeToString(raw[:])
	hash := feedHash(sha256.Sum256([]byte(token)))
	return token, s.setFeed(member, &hash)
}

// Unlink implements server.Calendars.
func (s *schedules) Unlink(member identity.PublicKey) error { return s.setFeed(member, nil) }

func (s *schedules) setFeed(member identity.PublicKey, hash *feedHash) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	kept := storage.Private{Member: member, Name: keptFeed}
	if hash != nil {
		kept.Value = hash[:]
	}
	if err := s.community.journal.store.Commit(storage.Batch{Private: []storage.Private{kept}}); err != nil {
		return fmt.Errorf("node: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for old, of := range s.feeds {
		if of == member {
			delete(s.feeds, old)
		}
	}
	if hash != nil {
		s.feeds[*hash] = member
	}
	return nil
}

// reader is the member whose calendar has a token.
func (s *schedules) reader(token string) (identity.PublicKey, error) {
	hash := feedHash(sha256.Sum256([]byte(token)))
	s.mu.Lock()
	member, ok := s.feeds[hash]
	s.mu.Unlock()
	if !ok {
		return member, reason.Reject(reason.CalendarUnknown, "")
	}
	// What is stored decides: it may have been erased.
	kept, ok, err := s.community.journal.store.Private(member, keptFeed)
	if err == nil && (!ok || !bytes.Equal(kept, hash[:])) {
		err = reason.Reject(reason.CalendarUnknown, "withdrawn")
	}
	if err == nil {
		if _, refusal := s.community.Member(member); refusal != nil {
			err = reason.Reject(reason.CalendarUnknown, "of somebody who is no member: %v", refusal)
		}
	}
	return member, err
}

// Feed implements server.Calendars: all that is planned in the community, and elsewhere what the member is reminded of.
// The public one has what anybody may listen to.
func (s *schedules) Feed(token string, only *statement.ID) ([]byte, error) {
	shows := func(a rooms.PlanAnnouncement) bool { return s.isOurs(a.Plan) && isPublic(a.Schedule.Entry) }
	if token != api.PublicFeed {
		member, err := s.reader(token)
		if err != nil {
			return nil, err
		}
		shows = func(a rooms.PlanAnnouncement) bool {
			return s.mayKnow(a.Plan, member) && (s.isOurs(a.Plan) || s.reminderOf(member, a.ID) != nil || only != nil)
		}
	}
	var list []rooms.PlanAnnouncement
	for _, a := range s.all() {
		if (only == nil || a.ID == *only) && shows(a) {
			list = append(list, a)
		}
	}
	if only != nil && len(list) == 0 {
		return nil, reason.Reject(reason.ScheduleUnknown, "%s", *only)
	}
	slices.SortFunc(list, func(a, b rooms.PlanAnnouncement) int {
		return cmp.Or(cmp.Compare(a.Schedule.Start, b.Schedule.Start), bytes.Compare(a.ID[:], b.ID[:]))
	})
	return s.write(list)
}

// isPublic reports whether anybody may know of a room: because anybody may listen.
func isPublic(entry statement.RoomEntry) bool { return entry == "public" }

func (s *schedules) isOurs(p rooms.Plan) bool {
	state, founded := s.community.journal.fold()
	return founded && state.Community() == p.Community
}

// File implements server.Calendars.
func (s *schedules) File(id statement.ID, member identity.PublicKey) ([]byte, error) {
	a, ok := s.known(id)
	if !ok || !s.mayKnow(a.Plan, member) {
		return nil, reason.Reject(reason.ScheduleUnknown, "%s", id)
	}
	return s.write([]rooms.PlanAnnouncement{a})
}

func (s *schedules) write(list []rooms.PlanAnnouncement) ([]byte, error) {
	name := "Stoa"
	state, founded := s.community.journal.fold()
	if founded {
		name = s.community.about(state).Name
	}
	entries := make([]ics.Entry, 0, len(list))
	for _, a := range list {
		about := a.Name
		if s.isOurs(a.Plan) {
			about = name
		}
		url := s.url + "/r/" + a.ID.String()
		entries = append(entries, ics.Entry{Plan: a.Plan, Title: a.Title.Text, About: about + "\n" + url, URL: url})
	}
	var out bytes.Buffer
	err := ics.Write(&out, name, entries, seconds(s.community.now()))
	return out.Bytes(), err
}
