package node

import (
	"fmt"
	"slices"

	"github.com/go-json-experiment/json"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/api/link"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/rooms"
	"github.com/stoa-rooms/stoa/statement"
	"github.com/stoa-rooms/stoa/storage"
)

// Whom the author of a scheduled room chose is in no statement. It is kept with what is the author's own, at the nodes of
// their community; the homes of the others are told of their own members alone. So is the room, as long as it is for chosen
// people (confided.go).

// keptChosen is under what name, with the id of the plan, the list of a scheduled room is stored.
const keptChosen = "chosen/"

// loadChosen brings back whom the author of a plan chose.
func (s *schedules) loadChosen(p rooms.Plan) error {
	raw, ok, err := s.community.journal.store.Private(p.Author, keptChosen+p.ID.String())
	if err != nil || !ok {
		return err
	}
	var list []identity.PublicKey
	if err := json.Unmarshal(raw, &list); err != nil {
		return fmt.Errorf("node: whom %s chose: %w", p.Author, err)
	}
	s.chosen[p.ID] = list
	return nil
}

// chosenList is the list of a plan as it is stored; of an empty one nothing is.
func chosenList(p rooms.Plan, list []identity.PublicKey) (storage.Private, error) {
	kept := storage.Private{Member: p.Author, Name: keptChosen + p.ID.String()}
	if len(list) == 0 {
		return kept, nil
	}
	var err error
	if kept.Value, err = json.Marshal(list); err != nil {
		return kept, fmt.Errorf("node: %w", err)
	}
	return kept, nil
}

// mayKnow reports whether a scheduled room may be shown to a member.
func (s *schedules) mayKnow(p rooms.Plan, member identity.PublicKey) bool {
	if p.Schedule.Entry != statement.RoomChosen || p.MayOpen(member) {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Contains(s.chosen[p.ID], member)
}

// forAll leaves out what is for chosen people.
func forAll(list []coming) []coming {
	return slices.DeleteFunc(list, func(a coming) bool { return a.Schedule.Entry == statement.RoomChosen })
}

// Invited implements server.Schedules.
func (s *schedules) Invited(member identity.PublicKey) []api.Scheduled {
	at := seconds(s.community.now())
	list := slices.DeleteFunc(s.coming(at), func(a coming) bool {
		return a.Schedule.Entry != statement.RoomChosen || !s.mayKnow(a.Plan, member)
	})
	if len(list) == 0 {
		return nil
	}
	return s.wireAll(list[:min(len(list), hallwayPlans)], at)
}

// whom is the people whom the author of a plan chose, for somebody who may open it; nil for anybody else.
func (s *schedules) whom(p rooms.Plan, member identity.PublicKey) []api.Member {
	if !p.MayOpen(member) {
		return nil
	}
	s.mu.Lock()
	list := s.chosen[p.ID]
	s.mu.Unlock()
	var people []api.Member
	for _, key := range list {
		people = append(people, s.nodes.hallway.people.known(key))
	}
	return people
}

// door is who may enter a room that is opened from a schedule: whom its author chose, them, whoever may open it, and whom
// the opener adds.
func (s *schedules) door(create *statement.Create, opener identity.PublicKey, more []identity.PublicKey) rooms.Door {
	door := rooms.Door{Entry: create.Entry, Chosen: more}
	a, ok := s.known(create.Schedule)
	if !ok {
		return door
	}
	s.mu.Lock()
	list := slices.Clone(s.chosen[create.Schedule])
	s.mu.Unlock()
	if create.Entry == statement.RoomChosen {
		list = slices.Concat([]identity.PublicKey{a.Author}, a.Schedule.Moderators, list)
	}
	door.Chosen = nil
	for _, key := range slices.Concat(list, more) {
		if key != opener && !slices.Contains(door.Chosen, key) && len(door.Chosen) < rooms.MaxChosen {
			door.Chosen = append(door.Chosen, key)
		}
	}
	return door
}

// homes is which nodes are told of a plan for chosen people, and of whom: the other nodes of this community, which host it as
// well as this one, and those at which the people are at home who may enter.
func (s *schedules) homes(p rooms.Plan) map[identity.PublicKey][]identity.PublicKey {
	s.mu.Lock()
	chosen := s.chosen[p.ID]
	s.mu.Unlock()
	homes := s.nodes.whose(slices.Concat([]identity.PublicKey{p.Author}, p.Schedule.Moderators, chosen))
	for _, sibling := range s.nodes.siblings() {
		homes[sibling] = chosen
	}
	return homes
}

// confide tells of a plan for chosen people.
func (s *schedules) confide(a rooms.PlanAnnouncement) {
	for node, people := range s.homes(a.Plan) {
		s.nodes.tell(node, nil, link.Invited{Bundle: a.Raw, People: append([]identity.PublicKey{}, people...)})
	}
}

// met has the plans announced again of which a node that has come is told: it was away, perhaps, when they were.
func (s *schedules) met(node identity.PublicKey) {
	for _, a := range s.all() {
		if a.Schedule.Entry != statement.RoomChosen || !s.isOurs(a.Plan) {
			continue
		}
		if _, is := s.homes(a.Plan)[node]; is {
			s.mu.Lock()
			s.again[a.ID] = true
			s.mu.Unlock()
		}
	}
}

// repeat has the plans announced again for which somebody is chosen.
func (s *schedules) repeat(key identity.PublicKey) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id := range s.plans {
		if slices.Contains(s.chosen[id], key) {
			s.again[id] = true
		}
	}
}

// invited takes in what another node confides of a scheduled room.
func (s *schedules) invited(from identity.PublicKey, m link.Invited, deny denied) error {
	a, err := rooms.ParsePlan(m.Bundle)
	if err == nil {
		err = checkPlanTexts(a)
	}
	if err == nil {
		err = deny.check(a.Node, a.Community, a.Author)
	}
	if err == nil && (a.Node != from || a.Schedule.Entry != statement.RoomChosen) {
		err = reason.Reject(reason.AnnounceHost, "told by another node, or not for chosen people")
	}
	if err != nil {
		return err
	}
	state, _ := s.community.journal.fold()
	people := m.People
	if state.Community() != a.Community {
		people = slices.DeleteFunc(slices.Clone(people), func(key identity.PublicKey) bool {
			_, member := state.Member(key)
			return !member
		})
	}
	if err := (rooms.Door{Entry: statement.RoomChosen, Chosen: people}).Check(); err != nil {
		return err
	}
	if err := s.take(a, people); err != nil {
		return err
	}
	s.nodes.hallway.tell()
	return nil
}

// take keeps a confided plan: of this community for good, of another one as long as it is repeated.
func (s *schedules) take(a rooms.PlanAnnouncement, people []identity.PublicKey) error {
	s.mu.Lock()
	if err := s.stillKnown(a.Plan); err != nil {
		s.mu.Unlock()
		return err
	}
	if own, ok := s.plans[a.ID]; ok && a.Newer(own) && own.Latest.ID() != a.Latest.ID() {
		s.mu.Unlock()
		return reason.Reject(reason.AnnounceStale, "a newer schedule is stored")
	}
	_, err := s.agenda.Add(a, millis(s.community.now()))
	if err == nil && !s.isOurs(a.Plan) {
		s.chosen[a.ID] = people
	}
	s.mu.Unlock()
	if err != nil || !s.isOurs(a.Plan) {
		return err
	}
	return s.adopt(a.Plan, &people)
}

// forgetChosenLocked forgets the lists of plans of others that are announced no more. The caller holds mu.
func (s *schedules) forgetChosenLocked() {
	for id := range s.chosen {
		_, own := s.plans[id]
		if _, heard := s.agenda.Get(id); !own && !heard {
			delete(s.chosen, id)
		}
	}
}

// unchoose takes somebody who erased themselves out of all lists.
func (s *schedules) unchoose(member identity.PublicKey) {
	s.writing.Lock()
	defer s.writing.Unlock()
	var changed []storage.Private
	s.mu.Lock()
	for id, list := range s.chosen {
		if !slices.Contains(list, member) {
			continue
		}
		list = slices.DeleteFunc(slices.Clone(list), func(key identity.PublicKey) bool { return key == member })
		s.chosen[id] = list
		if p, own := s.plans[id]; own && p.Author != member { // of what they planned themselves everything goes
			if kept, err := chosenList(p, list); err == nil {
				changed = append(changed, kept)
			}
		}
	}
	s.mu.Unlock()
	if len(changed) == 0 {
		return
	}
	if err := s.community.journal.store.Commit(storage.Batch{Private: changed}); err != nil {
		s.log.Error("somebody who erased themselves is still on lists of chosen people, by their key", "error", err)
	}
}
