package node

import (
	"bytes"
	"context"
	"encoding/base64"
	"iter"
	"slices"
	"strings"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/api/link"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/invites"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/rooms"
	"github.com/stoa-rooms/stoa/statement"
	"github.com/stoa-rooms/stoa/storage"
)

// Erase implements server.Privacy. The statement and the end of all that is stored are one write; what is in memory goes
// then, and then the bytes on disk.
func (c *community) Erase(_ context.Context, member identity.PublicKey, req api.EraseRequest) error {
	st, _, err := submitted(req.Erase, func(e *statement.Erase) int64 { return e.IssuedAt }, c.now())
	if err != nil {
		return err
	}
	if st.Signer() != member {
		return reason.Reject(reason.StatementAuthority, "the erasure is signed by another key")
	}
	if state, founded := c.journal.fold(); founded {
		if err := state.CheckErase(member); err != nil {
			return err // before the logs are read
		}
	}
	with, err := c.erasure(member)
	if err != nil {
		return err
	}
	if err := c.journal.append(func(invites.State) (draft, error) {
		return draft{statements: []statement.Statement{st}, with: with}, nil
	}); err != nil {
		return err
	}
	c.forgetMember(member)
	c.log.Info("a member erased themselves", "member", member)
	c.rewrite()
	return nil
}

// erasure is what takes a member out of the store.
func (c *community) erasure(member identity.PublicKey) (storage.Batch, error) {
	of := storage.Erasure{Member: member}
	if err := c.journal.concerning(member, func(_ identity.PublicKey, _ int64, st statement.Statement) error {
		if b, ok := st.Body().(*statement.Rules); !ok || b == nil { // the community's name is the community's
			of.Texts = append(of.Texts, st.Commitments()...)
		}
		return nil
	}); err != nil {
		return storage.Batch{}, err
	}
	batch := storage.Batch{Erase: []storage.Erasure{of}}
	for plan, err := range c.journal.store.Schedules() {
		if err != nil {
			return batch, err
		}
		if st, err := statement.Parse(plan.First); err == nil && st.Signer() == member {
			batch.DropSchedules = append(batch.DropSchedules, plan.ID)
		}
	}
	return batch, nil
}

// forgetMember takes a member out of memory.
func (c *community) forgetMember(member identity.PublicKey) {
	c.names.drop(member)
	c.earnings.drop(member)
	c.queue.answered(member) // who came by an invite while their request waited
	c.forgetMu.Lock()
	forgetters := slices.Clone(c.forgetters)
	c.forgetMu.Unlock()
	for _, forget := range forgetters {
		forget(member)
	}
}

// onErasure lets somebody else who has people in memory forget them too.
func (c *community) onErasure(forget func(member identity.PublicKey)) {
	c.forgetMu.Lock()
	defer c.forgetMu.Unlock()
	c.forgetters = append(c.forgetters, forget)
}

// drop forgets what a member chose.
func (o *own) drop(member identity.PublicKey) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.topics, member)
	o.follow(o.popularLocked())
}

// rewrite makes the bytes of what was erased go. If the disk does not let it now, the next erasure or start does it.
func (c *community) rewrite() {
	if err := c.journal.store.Rewrite(); err != nil {
		c.log.Error("what was erased is not gone from the disk yet: it will be at the next start at the latest", "error", err)
	}
}

// carryOut erases here who has erased themselves elsewhere, or before a backup was restored.
func (c *community) carryOut() error {
	state, founded := c.journal.fold()
	if !founded {
		return nil
	}
	some := false
	for member := range state.Erasures() {
		done, err := c.journal.store.Erased(member)
		if err != nil {
			return err
		}
		if done {
			continue
		}
		batch, err := c.erasure(member)
		if err != nil {
			return err
		}
		if err := c.journal.store.Commit(batch); err != nil {
			return err
		}
		c.forgetMember(member)
		some = true
		c.log.Info("a member erased themselves at another node", "member", member)
	}
	if some {
		c.rewrite()
	}
	return nil
}

// drop forgets what somebody has done here, so that it is not written down again.
func (e *earnings) drop(key identity.PublicKey) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.tallies, key)
	delete(e.stale, key)
	delete(e.due, key)
	delete(e.branch, key)
}

// drop forgets how somebody is called.
func (n *names) drop(key identity.PublicKey) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.depictLocked(key, n.byKey[key].picture, statement.Commitment{})
	delete(n.byKey, key)
	n.sorted = nil
}

// concerning calls fn with every statement that a member signed or that is about them, in the logs of this community, as
// far as they are here.
func (j *journal) concerning(member identity.PublicKey, fn func(log identity.PublicKey, index int64, st statement.Statement) error) error {
	state, founded := j.fold()
	if !founded {
		return nil
	}
	siblings, err := j.siblings(state.Community())
	if err != nil {
		return err
	}
	if err := concerning(j.key.Public(), j.store.Entries, member, fn); err != nil {
		return err
	}
	for _, f := range siblings {
		if err := concerning(f.Log().Node, f.Entries, member, fn); err != nil {
			return err
		}
	}
	return nil
}

// namedAtOnce is how many entries that name somebody are read before the store is let go. Whoever takes them may be slow,
// and an erasure waits for those who read.
const namedAtOnce = 500

func concerning(log identity.PublicKey, entries func(from int64) iter.Seq2[storage.Entry, error], member identity.PublicKey, fn func(identity.PublicKey, int64, statement.Statement) error) error {
	name := []byte(member.String())
	for next := int64(0); next >= 0; {
		found, then, err := naming(name, entries(next))
		if err != nil {
			return err
		}
		next = then
		for _, e := range found {
			st, err := statement.Parse(e.Text)
			if err != nil || !st.Concerns(member) {
				continue // of a kind that this version does not know
			}
			if err := fn(log, e.Index, st); err != nil {
				return err
			}
		}
	}
	return nil
}

// naming are the first entries that have a name in them, namedAtOnce at most, and the index to go on from; -1 at the end.
func naming(name []byte, entries iter.Seq2[storage.Entry, error]) (found []storage.Entry, next int64, err error) {
	for e, err := range entries {
		if err != nil {
			return nil, 0, err
		}
		if hasName(e, name) {
			found = append(found, e)
		}
		if len(found) == namedAtOnce {
			return found, e.Index + 1, nil
		}
	}
	return found, -1, nil
}

// hasName reports whether somebody's name is in an entry. Only those that have it are parsed: a log may have a million, and
// verifying each takes a minute.
func hasName(e storage.Entry, name []byte) bool {
	for part := range strings.SplitSeq(e.Text, ".") {
		if raw, err := base64.RawURLEncoding.DecodeString(part); err == nil && bytes.Contains(raw, name) {
			return true
		}
	}
	return false
}

// forget takes somebody out of every room, and ends the rooms that they made: their titles are theirs.
func (h *hallway) forget(member identity.PublicKey) {
	for _, r := range h.live() {
		// A room that is over already has forgotten them.
		_ = r.do(h.ctx, func() error {
			r.role.forgetMember(member)
			r.stream.close(member, reason.Reject(reason.MemberErased, ""))
			return nil
		})
	}
	h.tell()
}

// forgetMember implements role.
func (h *hosting) forgetMember(member identity.PublicKey) {
	h.dropApps(member)
	if o := h.via[member]; o != nil { // the home of theirs has heard of it, or will
		delete(o.visits, member)
		o.send(link.Left{Member: member, Reason: reason.RoomNotHere})
		h.line.changed = true
	}
	if _, over := h.state.Ended(); !over {
		h.must(rooms.Command{Do: rooms.Forget{Who: member}})
	}
	if h.over {
		return
	}
	h.forget(member) // who listened has left no event
	delete(h.visits, member)
	delete(h.foreign, member)
	delete(h.guests, member)
	h.stream.kept = nil // who resumes gets a snapshot, without the name
	h.sendRecord()
	if err := h.store(h.state); err != nil {
		h.log.Error("the room's record is as it was", "room", h.id, "error", err)
	}
}

// forgetMember implements role. The host is told as it is told of everybody who goes.
func (r *relaying) forgetMember(member identity.PublicKey) {
	r.dropApps(member)
	if l := r.locals[member]; l != nil {
		if r.up != nil && l.inside {
			r.up.send(link.Gone{Member: member})
		}
		r.dismiss(member, reason.Reject(reason.MemberErased, ""))
	}
	r.stream.kept = nil
}
