package node

import (
	"fmt"
	"maps"
	"slices"

	"github.com/go-json-experiment/json"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/rooms"
	"github.com/stoa-rooms/stoa/statement"
	"github.com/stoa-rooms/stoa/storage"
)

// keptReminders names a member's reminders among what is kept for them alone.
const keptReminders = "reminders"

// maxReminders is how many rooms one member may be reminded of.
const maxReminders = 200

// late is how long after its start somebody is still reminded of a room, in seconds: the node was down.
const late = 15 * 60

// reminder is one room that a member wants to be reminded of.
type reminder struct {
	Schedule statement.ID `json:"schedule"`
	Before   int64        `json:"before"` // seconds
	Told     int64        `json:"told"`   // the start of the date they were reminded of last, Unix seconds
}

// loadPrivate brings back who wants to be reminded, and whose calendars read.
func (s *schedules) loadPrivate() error {
	store := s.community.journal.store
	for kept, err := range store.PrivatesNamed(keptReminders) {
		if err != nil {
			return fmt.Errorf("node: %w", err)
		}
		var list []reminder
		if err := json.Unmarshal(kept.Value, &list); err != nil {
			return fmt.Errorf("node: the reminders of %s: %w", kept.Member, err)
		}
		s.reminded[kept.Member] = list
	}
	for kept, err := range store.PrivatesNamed(keptFeed) {
		if err != nil {
			return fmt.Errorf("node: %w", err)
		}
		if len(kept.Value) == len(feedHash{}) {
			s.feeds[feedHash(kept.Value)] = kept.Member
		}
	}
	return nil
}

// reminderOf is how long before each date a member is reminded of a room; nil when they are not.
func (s *schedules) reminderOf(member identity.PublicKey, id statement.ID) *int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.reminded[member] {
		if r.Schedule == id {
			return &r.Before
		}
	}
	return nil
}

// Remind implements server.Schedules.
func (s *schedules) Remind(member identity.PublicKey, id statement.ID, before *int64) error {
	a, known := s.known(id)
	if before != nil && (!known || a.Cancelled() || !s.mayKnow(a.Plan, member)) {
		return reason.Reject(reason.ScheduleUnknown, "%s", id)
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	s.mu.Lock()
	list := slices.DeleteFunc(slices.Clone(s.reminded[member]), func(r reminder) bool { return r.Schedule == id })
	s.mu.Unlock()
	if before != nil {
		if len(list) >= maxReminders {
			list = slices.DeleteFunc(list, func(r reminder) bool { // of what nobody plans any more
				_, known := s.known(r.Schedule)
				return !known
			})
		}
		if len(list) >= maxReminders {
			return reason.Reject(reason.ScheduleLimit, "%d reminders", len(list))
		}
		list = append(list, reminder{Schedule: id, Before: *before})
	}
	return s.keepReminders(member, list)
}

// keepReminders stores a member's reminders. The caller holds writing.
func (s *schedules) keepReminders(member identity.PublicKey, list []reminder) error {
	kept := storage.Private{Member: member, Name: keptReminders}
	if len(list) > 0 {
		var err error
		if kept.Value, err = json.Marshal(list); err != nil {
			return fmt.Errorf("node: %w", err)
		}
	}
	if err := s.community.journal.store.Commit(storage.Batch{Private: []storage.Private{kept}}); err != nil {
		return fmt.Errorf("node: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reminded[member] = list
	if len(list) == 0 {
		delete(s.reminded, member)
	}
	return nil
}

// remind tells members whose time has come, each of each date once, however often the node is restarted.
func (s *schedules) remind(at int64) {
	s.mu.Lock()
	reminded := maps.Clone(s.reminded)
	s.mu.Unlock()
	for member, list := range reminded {
		all := s.dueOf(list, at)
		if len(all) == 0 {
			continue
		}
		if err := s.noteTold(member, all); err != nil {
			s.log.Error("a reminder is not given: it would be given again and again", "error", err)
			continue
		}
		for _, one := range all {
			s.told(member, one)
		}
	}
}

// due is that a date of a scheduled room is about to come.
type due struct {
	schedule rooms.PlanAnnouncement
	start    int64 // Unix seconds
}

// dueOf is what a member with these reminders is to be told at a time in Unix seconds.
func (s *schedules) dueOf(list []reminder, at int64) []due {
	var all []due
	for _, r := range list {
		a, ok := s.known(r.Schedule)
		if !ok {
			continue
		}
		next, ok := a.Next(at)
		if !ok || next.Start <= r.Told || at < next.Start-r.Before || at >= next.Start+late {
			continue
		}
		all = append(all, due{schedule: a, start: next.Start})
	}
	return all
}

// noteTold stores what a member is about to be told.
func (s *schedules) noteTold(member identity.PublicKey, all []due) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	s.mu.Lock()
	list := slices.Clone(s.reminded[member])
	s.mu.Unlock()
	for _, one := range all {
		for i := range list {
			if list[i].Schedule == one.schedule.ID {
				list[i].Told = one.start
			}
		}
	}
	return s.keepReminders(member, list)
}
