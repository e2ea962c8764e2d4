package node

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/ledger"
	"github.com/stoa-rooms/stoa/rooms"
	"github.com/stoa-rooms/stoa/statement"
	"github.com/stoa-rooms/stoa/storage"
)

// Whoever was removed from one room of a series stays removed in the next, until the removal is over or a moderator of any
// of its rooms lifts it. A room's record ends with the room, so what it knew of removals is kept with the plan, and each
// room that is opened from it begins with that. Another node of the community learns of them from the log.

// keptSeries is under what name, with the id of the plan, the removals of a series are stored.
const keptSeries = "removed/"

// loadRemoved brings back who was removed from a series.
func (s *schedules) loadRemoved(p rooms.Plan) error {
	raw, ok, err := s.community.journal.store.Private(p.Author, keptSeries+p.ID.String())
	if err != nil || !ok {
		return err
	}
	var list []rooms.Removal
	if err := json.Unmarshal(raw, &list); err != nil {
		return fmt.Errorf("node: who was removed from %s: %w", p.ID, err)
	}
	s.removed[p.ID] = list
	return nil
}

// series is the removals that a room opened from a plan begins with, at a time in Unix milliseconds.
func (s *schedules) series(id statement.ID, at int64) []rooms.Removal {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(s.removed[id]), func(r rooms.Removal) bool { return r.Until != 0 && r.Until <= at })
}

// carry keeps what a room that was opened from a plan knows of removals, for the rooms to come.
func (s *schedules) carry(id, room statement.ID, known []rooms.Removal) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	s.mu.Lock()
	p, ours := s.plans[id]
	list := slices.Clone(s.removed[id])
	s.mu.Unlock()
	if !ours {
		return nil
	}
	at := millis(s.community.now())
	for _, r := range known {
		list = slices.DeleteFunc(list, func(o rooms.Removal) bool { return o.Key == r.Key })
		if r.Room.IsZero() {
			r.Room = room
		}
		if r.Lifted == 0 {
			list = append(list, r)
		}
	}
	list = slices.DeleteFunc(list, func(r rooms.Removal) bool { return r.Until != 0 && r.Until <= at })
	slices.SortFunc(list, func(a, b rooms.Removal) int { return cmp.Compare(a.At, b.At) })
	return s.keepRemoved(p, list[max(0, len(list)-keptRemoved):])
}

// keepRemoved stores the removals of a series. The caller holds writing.
func (s *schedules) keepRemoved(p rooms.Plan, list []rooms.Removal) error {
	kept := storage.Private{Member: p.Author, Name: keptSeries + p.ID.String()}
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
	s.removed[p.ID] = list
	if len(list) == 0 {
		delete(s.removed, p.ID)
	}
	return nil
}

// pardon forgets of somebody who erased themselves that they were removed, and the reasons that they gave.
func (s *schedules) pardon(member identity.PublicKey) {
	s.writing.Lock()
	defer s.writing.Unlock()
	changed := map[statement.ID][]rooms.Removal{}
	s.mu.Lock()
	for id, list := range s.removed {
		if !slices.ContainsFunc(list, func(r rooms.Removal) bool { return r.Key == member || r.By == member }) {
			continue
		}
		list = slices.DeleteFunc(slices.Clone(list), func(r rooms.Removal) bool { return r.Key == member })
		for i := range list {
			if list[i].By == member {
				list[i].Reason = statement.Text{}
			}
		}
		changed[id] = list
	}
	plans := map[statement.ID]rooms.Plan{}
	for id := range changed {
		if p, ok := s.plans[id]; ok && p.Author != member { // of what they planned themselves everything goes
			plans[id] = p
		}
	}
	s.mu.Unlock()
	for id, p := range plans {
		if err := s.keepRemoved(p, changed[id]); err != nil {
			s.log.Error("somebody who erased themselves is still among the people removed from a series, by their key", "error", err)
		}
	}
}

// heardActs takes removals and what lifted them out of new entries of another node's log. The room that they are of was
// created in the same log, before.
func (s *schedules) heardActs(log ledger.Log, entries []ledger.Entry) {
	if state, founded := s.community.journal.fold(); !founded || state.Community() != log.Community {
		return
	}
	for _, e := range entries {
		if !saysAct(e.Text) {
			continue // most entries, of which nothing is parsed here
		}
		st, err := statement.ParseKind[*statement.Act](e.Text)
		if err != nil {
			continue // kept without force, as all that cannot be read
		}
		if err := s.heardAct(log, st); err != nil {
			s.log.Error("a removal from a series is not kept here", "error", err)
		}
	}
}

// saysAct reports whether a statement has the header of an act.
func saysAct(text string) bool {
	header, _, _ := strings.Cut(text, ".")
	raw, err := base64.RawURLEncoding.DecodeString(header)
	return err == nil && bytes.Contains(raw, []byte(`"stoa-act+jwt"`))
}

func (s *schedules) heardAct(log ledger.Log, st statement.Statement) error {
	act := st.Body().(*statement.Act)
	kept, ok, err := s.community.journal.store.FollowedLog(log)
	if err != nil || !ok {
		return err
	}
	index, ok, err := kept.IndexOf(act.Room)
	if err != nil || !ok {
		return err
	}
	entry, ok, err := kept.Entry(index)
	if err != nil || !ok {
		return err
	}
	create, err := statement.ParseKind[*statement.Create](entry.Text)
	if err != nil || create.Body().(*statement.Create).Schedule.IsZero() {
		return nil //nolint:nilerr // not a room of a series
	}
	r := rooms.Removal{Key: act.Target, By: st.Signer(), At: act.IssuedAt * 1000, Act: st.Text(), Room: act.Room}
	switch {
	case api.ActionType(act.Do) != api.ActRemove:
		r.Lifted = r.At
	case act.Duration != nil:
		r.Until = r.At + *act.Duration*1000
	}
	return s.carry(create.Body().(*statement.Create).Schedule, act.Room, []rooms.Removal{r})
}
