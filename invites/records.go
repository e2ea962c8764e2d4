package invites

import (
	"github.com/benbjohnson/immutable"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/statement"
)

// building is a list on its way to be immutable.
type building[V any] struct{ rows *immutable.ListBuilder[V] }

func newBuilding[V any]() building[V] { return building[V]{immutable.NewListBuilder[V]()} }

func (b building[V]) len() int          { return b.rows.Len() }
func (b building[V]) at(n number) V     { return b.rows.Get(int(n)) }
func (b building[V]) put(n number, v V) { b.rows.Set(int(n), v) }

// records are the members, grants, invites and approvals of a State that is put together at once.
type records struct {
	members  building[member]
	memberOf *immutable.MapBuilder[identity.PublicKey, number]
	grants   building[grant]
	invites  building[invite]
	inviteOf *immutable.MapBuilder[statement.ID, number]

	approvals  building[approval]
	approvalOf *immutable.MapBuilder[statement.ID, number]
}

func newRecords() records {
	return records{
		members:  newBuilding[member](),
		memberOf: immutable.NewMapBuilder[identity.PublicKey, number](byPrefix[identity.PublicKey]{}),
		grants:   newBuilding[grant](),
		invites:  newBuilding[invite](),
		inviteOf: immutable.NewMapBuilder[statement.ID, number](byPrefix[statement.ID]{}),

		approvals:  newBuilding[approval](),
		approvalOf: immutable.NewMapBuilder[statement.ID, number](byPrefix[statement.ID]{}),
	}
}

// into ends the building and gives the records to s.
func (r *records) into(s *State) {
	for n := range number(r.members.len()) {
		if r.members.at(n).displaced {
			s.displaced++
		}
	}
	s.members = table[identity.PublicKey, member]{list[member]{r.members.rows.List()}, r.memberOf.Map()}
	s.grants = list[grant]{r.grants.rows.List()}
	s.invites = table[statement.ID, invite]{list[invite]{r.invites.rows.List()}, r.inviteOf.Map()}
	s.approvals = table[statement.ID, approval]{list[approval]{r.approvals.rows.List()}, r.approvalOf.Map()}
}
