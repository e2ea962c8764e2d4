package invites

import (
	"encoding/binary"
	"math"

	"github.com/benbjohnson/immutable"
)

// number is where a member, grant or invite stands in its list. Records point at one another by number: it is an
// eighth of an id, needs no garbage collection, and a smaller number is an older record.
type number uint32

// none is no record.
const none number = math.MaxUint32

// rows are numbered records that can be changed in place, from the point of view of whoever holds them.
type rows[V any] interface {
	at(n number) V
	put(n number, v V)
}

// list is an immutable list of records. A copy of a list is not touched by changes to the other.
type list[V any] struct{ rows *immutable.List[V] }

func newList[V any]() list[V] { return list[V]{immutable.NewList[V]()} }

func (l *list[V]) len() int          { return l.rows.Len() }
func (l *list[V]) at(n number) V     { return l.rows.Get(int(n)) }
func (l *list[V]) put(n number, v V) { l.rows = l.rows.Set(int(n), v) }
func (l *list[V]) add(v V) number {
	l.rows = l.rows.Append(v)
	return number(l.rows.Len() - 1)
}

// table is a list whose records have a name.
type table[K ~[32]byte, V any] struct {
	list[V]
	index *immutable.Map[K, number]
}

func newTable[K ~[32]byte, V any]() table[K, V] {
	return table[K, V]{newList[V](), immutable.NewMap[K, number](byPrefix[K]{})}
}

// find is the number of the record called k.
func (t *table[K, V]) find(k K) (number, bool) { return t.index.Get(k) }

// append adds a record under a name that is not in the table.
func (t *table[K, V]) append(k K, v V) number {
	n := t.add(v)
	t.index = t.index.Set(k, n)
	return n
}

// byPrefix hashes keys and ids by their first bytes: they are random as they are.
type byPrefix[K ~[32]byte] struct{}

// Hash implements immutable.Hasher.
func (byPrefix[K]) Hash(k K) uint32 { return binary.LittleEndian.Uint32(k[:4]) }

// Equal implements immutable.Hasher.
func (byPrefix[K]) Equal(a, b K) bool { return a == b }
